"""How a task fails: one clear line, the documented exit code, no traceback, nothing half-written, no secret told."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import scripted_index
import servers
import wheels
from in_process import inv_here
from outcomes import MODES, SENTINEL, failed
from projects import inv, make_project


@dataclass
class Case:
    """What is wrong, and how it must end."""

    code: int
    said: str
    words: tuple[str, ...] = ("wheelhouse.upload",)
    env: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], object] = lambda project: wheels.make_wheel(project / "dist", "demo", "1.0")


def nothing(project: Path) -> None:
    """Leave the project as it is: an empty dist/."""


def remove_dist(project: Path) -> None:
    """Take dist/ away."""
    (project / "dist").rmdir()


def corrupt(project: Path) -> None:
    """Make a good wheel and a truncated one."""
    wheels.make_wheel(project / "dist", "demo", "1.0")
    wheel = wheels.make_wheel(project / "dist", "demo", "2.0")
    wheel.write_bytes(wheel.read_bytes()[:-40])


def disagree(project: Path) -> None:
    """Make a wheel whose METADATA says another version."""
    wheels.make_wheel(project / "dist", "demo", "1.0")
    wheels.make_wheel(project / "dist", "demo", "2.0", metadata="Metadata-Version: 2.1\nName: demo\nVersion: 2.1\n")


def configure(text: str) -> Callable[[Path], object]:
    """Return a preparation that writes invoke.yaml."""
    return lambda project: (project / "invoke.yaml").write_text(text)


def tool_table(text: str) -> Callable[[Path], object]:
    """Return a preparation that writes a [tool.wheelhouse] table."""
    return lambda project: (project / "pyproject.toml").write_text(f"[tool.wheelhouse]\n{text}\n")


REMOTE = {"WHEELHOUSE_PROVIDER": "s3", "WHEELHOUSE_USERNAME": "user", "WHEELHOUSE_SECRET": SENTINEL}


FETCH, RELEASE = ("wheelhouse.fetch",), ("wheelhouse.release",)


RELEASE_1 = (*RELEASE, "--version", "1.0", "--no-fetch")


CASES = {
    "missing folder": Case(1, "dist: there is no such folder", prepare=remove_dist),
    "empty folder": Case(1, "dist: holds no wheel or sdist", prepare=nothing),
    "corrupt wheel": Case(1, "demo-2.0-py3-none-any.whl: the archive is damaged", prepare=corrupt),
    "metadata disagrees": Case(1, "its metadata says version '2.1', its file name '2.0'", prepare=disagree),
    "unknown provider": Case(
        2, "unknown storage provider 's33' (did you mean 's3'?)", env={"WHEELHOUSE_PROVIDER": "S33"}
    ),
    "no credentials": Case(2, "set WHEELHOUSE_USERNAME and WHEELHOUSE_SECRET, both", env={"WHEELHOUSE_PROVIDER": "s3"}),
    "wrong region": Case(2, "'mars' is no region of AWS", env={**REMOTE, "WHEELHOUSE_REGION": "mars"}),
    "options that do not fit": Case(
        2,
        "its settings or credentials do not fit",
        env={**REMOTE, "WHEELHOUSE_PROVIDER": "ovh", "WHEELHOUSE_REGION": "mars"},
    ),
    "server down": Case(
        1,
        "cannot be reached: Connection refused",
        env={**REMOTE, "WHEELHOUSE_HOST": "127.0.0.1", "WHEELHOUSE_PORT": "DOWN", "WHEELHOUSE_SECURE": "no"},
    ),
    "unknown setting": Case(
        2, "unknown setting 'containr' (did you mean 'container'?)", prepare=tool_table("containr='x'")
    ),
    "unknown setting, invoke": Case(
        2,
        "unknown setting 'max-workers' (did you mean 'max_workers'?)",
        prepare=configure("wheelhouse: {max-workers: 3}"),
    ),
    "secret in a file": Case(2, "'secret' is not a setting", prepare=tool_table(f"secret='{SENTINEL}'")),
    "wrong number": Case(2, "expected a whole number from 1 to 64, got 'many'", env={"WHEELHOUSE_MAX_WORKERS": "many"}),
    "wrong boolean": Case(2, "expected yes or no, got 'maybe'", env={"WHEELHOUSE_FLAT_INDEX": "maybe"}),
    "page named like its folder": Case(2, "slash_pages: a folder cannot", env={"WHEELHOUSE_SLASH_PAGES": "yes"}),
    "climbing prefix": Case(2, "prefix: '../x' is not a relative path", env={"WHEELHOUSE_PREFIX": "../x"}),
    "broken pyproject": Case(
        2, "pyproject.toml: cannot be read", prepare=lambda p: (p / "pyproject.toml").write_text("[")
    ),
    "missing container": Case(1, "wheelhouse: there is no such folder", FETCH),
    "invalid version": Case(2, "version: 'banana' is not a valid version", (*FETCH, "--version", "banana")),
    "invalid project": Case(2, "project: '../demo' is not a valid project name", (*FETCH, "--project", "../demo")),
    "missing index": Case(1, "nowhere: there is no such file or folder", (*FETCH, "--index", "nowhere")),
    "index down": Case(
        1, "could not be read: Connection refused", (*FETCH, "--index", f"http://u:{SENTINEL}@127.0.0.1:DOWN/")
    ),
    "index provider": Case(2, "unknown storage provider 'gopher'", (*FETCH, "--index", "gopher://x/")),
    "index option": Case(2, "unknown option 'token'", (*FETCH, "--index", f"s3://x/?token={SENTINEL}")),
    "no version": Case(2, "version: not given (release needs --version X.Y.Z, or --plan FILE)", RELEASE),
    "no check url": Case(
        2, "check_url: not set", (*RELEASE_1, "--repository-url", f"https://u:{SENTINEL}@example.org/")
    ),
    "unknown repository": Case(2, "repository: 'inhouse' is not in ", (*RELEASE_1, "--repository", "inhouse")),
    "other index in twine's variables": Case(
        2,
        "TWINE_REPOSITORY_URL: is set, but",
        RELEASE_1,
        {"TWINE_REPOSITORY_URL": f"https://u:{SENTINEL}@example.org/"},
    ),
    "nothing of that version": Case(
        1,
        "demo 2.0: no artifact",
        (*RELEASE, "--version", "2.0", "--no-fetch"),
        {
            "WHEELHOUSE_REPOSITORY_URL": "http://127.0.0.1:INDEX/legacy/",
            "WHEELHOUSE_CHECK_URL": "http://127.0.0.1:INDEX/simple/",
        },
    ),
    "package index down": Case(
        1,
        "could not be read: Connection refused",
        RELEASE_1,
        {
            "WHEELHOUSE_REPOSITORY_URL": f"http://u:{SENTINEL}@127.0.0.1:DOWN/",
            "WHEELHOUSE_CHECK_URL": "http://127.0.0.1:DOWN/",
        },
    ),
}


def with_ports(text: str, ports: dict[str, str]) -> str:
    """Return a text in which the name of each server gives way to its port."""
    return re.sub("|".join(ports), lambda name: ports[name[0]], text)


Run = Callable[..., CompletedProcess[str]]


def check(case: Case, mode: str, folder: Path, run: Run) -> CompletedProcess[str]:
    """Run the task of a case in a project, assert how it ends, and that nothing is written; return how it ended."""
    project = make_project(folder / "project")
    case.prepare(project)
    before, after = MODES[mode]
    with scripted_index.running(folder / "index") as index:
        ports = {"DOWN": str(servers.closed_port()), "INDEX": str(index.port)}
        words = [with_ports(word, ports) for word in case.words]
        env = {key: with_ports(value, ports) for key, value in case.env.items()}
        done = run(project, *before, *words, *after, env={"WHEELHOUSE_RETRIES": "1", **env})
    failed(done, case.code, case.said, debug=mode == "debug")
    assert not (project / "wheelhouse").exists()
    return done


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_one_line_and_the_code(case: Case, mode: str, tmp_path: Path) -> None:
    """Each kind of bad input ends as documented, however much output is asked for."""
    check(case, mode, tmp_path, inv_here)


def test_one_line_and_the_code_of_a_process(tmp_path: Path) -> None:
    """A shell sees the same of a process: its exit code, one line on stderr, and no traceback."""
    ends = [check(CASES["corrupt wheel"], "plain", tmp_path / run.__name__, run) for run in (inv, inv_here)]
    assert len({(done.returncode, done.stdout, done.stderr) for done in ends}) == 1, ends
