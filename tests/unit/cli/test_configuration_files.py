"""The configuration files of invoke as the program reads them: what is wrong in one is one line, and exit 2."""

from pathlib import Path

import pytest
from in_process import wheelhouse_here
from outcomes import failed

#: The name of a file, what is in it, and what the program says of it.
DAMAGED: dict[str, tuple[str, str | bytes, str]] = {
    "yaml": ("invoke.yaml", "wheelhouse: [", "invoke.yaml: cannot be read: ParserError in line 1"),
    "secret": (
        "invoke.yaml",
        "wheelhouse:\n  title: *hush5ecret\n",
        "invoke.yaml: cannot be read: ComposerError in line 2",
    ),
    "json": ("invoke.json", '{"wheelhouse": ', "invoke.json: cannot be read: JSONDecodeError in line 1"),
    "python": ("invoke.py", "\nwheelhouse = (\n", "invoke.py: cannot be read: SyntaxError in line 2"),
    "import": ("invoke.py", "import not_there\n", "invoke.py: cannot be read: No module named 'not_there'"),
    "bytes": ("invoke.yaml", b"\xff", "invoke.yaml: cannot be read: "),
    "no table": ("invoke.yaml", "3", "invoke configuration: holds a single value where a table belongs"),
    "value": ("invoke.yaml", "wheelhouse: 3", "invoke configuration: holds a single value where a table belongs"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_configuration_file_is_named_in_one_line(kind: str, tmp_path: Path) -> None:
    """The line names the file and the place, and quotes nothing of it; nothing is done."""
    name, content, problem = DAMAGED[kind]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    done = wheelhouse_here(tmp_path, "upload")
    failed(done, 2, problem)
    assert (done.stderr.count("\n"), "hush5ecret" in done.stderr) == (1, False)


def test_damaged_configuration_of_the_user_is_named(tmp_path: Path) -> None:
    """A file in the home folder is named as the one of the project is."""
    (tmp_path / ".invoke.yaml").write_text("a: [")
    failed(wheelhouse_here(tmp_path, "status", env={"HOME": str(tmp_path)}), 2, "~/.invoke.yaml: cannot be read")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nada.yaml", "nada.yaml: there is no such file (--config)"),
        ("folder", "folder: there is no such file (--config)"),
        ("some.txt", "some.txt: cannot be read: expected a file that ends in .yaml, .yml, .json, .py"),
        ("bad.yaml", "bad.yaml: cannot be read: ParserError in line 1"),
    ],
)
def test_configuration_that_is_asked_for_must_be_there(name: str, problem: str, tmp_path: Path) -> None:
    """A file that `--config`, or invoke's variable, names is read, or the run ends: its settings would be missing."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "some.txt").touch()
    (tmp_path / "bad.yaml").write_text("a: [")
    failed(wheelhouse_here(tmp_path, "--config", name, "status"), 2, problem)
    failed(wheelhouse_here(tmp_path, "status", env={"INVOKE_RUNTIME_CONFIG": name}), 2, problem)


def test_configuration_that_is_asked_for_is_heeded(tmp_path: Path) -> None:
    """The settings of a file that `--config` names hold."""
    (tmp_path / "ci.yaml").write_text("wheelhouse:\n  keep: none\n")
    failed(
        wheelhouse_here(tmp_path, "-f", "ci.yaml", "status"), 2, "keep (invoke configuration): expected a whole number"
    )
