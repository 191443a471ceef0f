"""The completion of the `wheelhouse` program in shells that load it as README says."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import programs
import pytest
import servers
from screens import Screen

#: What is typed before the tab key, and what the line is then.
TYPED = {
    "wheelhouse upl": "wheelhouse upload",
    "wheelhouse upload --conta": "wheelhouse upload --container",
    "wheelhouse upload --provider mini": "wheelhouse upload --provider minio",
    "wheelhouse upload --local-folder so": "wheelhouse upload --local-folder some-folder/",
    "wheelhouse workflow az": "wheelhouse workflow azure",
}
ZSHRC = """\
PROMPT='$ '
autoload -Uz compinit && compinit -u
eval "$(wheelhouse --print-completion-script zsh)"
"""


@pytest.fixture
def zsh() -> Iterator[str]:
    """Return the path of zsh."""
    with servers.or_skip(servers.program("zsh")) as path:
        yield path


@pytest.fixture
def fish() -> Iterator[str]:
    """Return the path of fish."""
    with servers.or_skip(servers.program("fish")) as path:
        yield path


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a shell that finds the program, and no files of this machine's user."""
    (tmp_path / "some-folder").mkdir()
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    mine = dict.fromkeys(("HOME", "ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), str(tmp_path))
    return {**os.environ, **mine, "PATH": path, "TERM": "xterm"}


def test_completion_in_zsh(zsh: str, env: dict[str, str], tmp_path: Path) -> None:
    """The tab key completes commands, options and known values; a file name is left to zsh."""
    (tmp_path / ".zshrc").write_text(ZSHRC)
    with Screen(100) as screen, screen.program(zsh, "-o", "no_global_rcs", "-i", cwd=tmp_path, env=env):
        screen.wait(lambda lines: lines[-1] == "$")
        for typed, expected in TYPED.items():
            screen.type(f"{typed}\t")
            screen.wait(lambda lines, expected=expected: lines[-1] == f"$ {expected}")  # type: ignore[misc]
            screen.type("\x15")  # which empties the line
            screen.wait(lambda lines: lines[-1] == "$")


def test_completion_in_fish(fish: str, env: dict[str, str], tmp_path: Path) -> None:
    """Fish finds commands, options and known values; a file name is left to fish."""
    asked = "".join(f"complete --do-complete '{typed}'\n" for typed in TYPED)
    code = f"wheelhouse --print-completion-script fish | source\n{asked}"
    done = programs.run(fish, "--no-config", "-c", code, cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [
        expected.rpartition(" ")[2] for expected in TYPED.values()
    ]
