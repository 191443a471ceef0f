"""Sessions of nox: one for each task, with its flags, its words and its exit code."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import wheels
from outcomes import SENTINEL
from paths import ROOT
from projects import make_project

import wheelhouse_tasks

NOXFILE = """\
import sys
import nox
import wheelhouse_tasks.nox


@nox.session(python=False)
def build(session):
    session.run(sys.executable, "-c", "print('built')")
    session.notify("wheelhouse-upload", posargs=["--container", "nightly"])
"""
#: A nox of 2023, which ran every session that nobody named.
OLD_NOX = """\
def session(func=None, python=None, py=None, reuse_venv=None, name=None, venv_backend=None, tags=None):
    raise AssertionError
"""


@pytest.fixture
def nox_project(tmp_path: Path) -> Path:
    """Return a project with a wheel and a noxfile, and no tasks.py."""
    project = make_project(tmp_path / "project")
    (project / "tasks.py").unlink()
    (project / "noxfile.py").write_text(NOXFILE)
    wheels.make_wheel(project / "dist")
    return project


def nox(project: Path, *words: str, env: dict[str, str] | None = None) -> CompletedProcess[str]:
    """Run nox as a person in the project's folder would."""
    environ = {**os.environ, "PYTHONWARNINGS": "", **(env or {})}
    return programs.run(sys.executable, "-m", "nox", *words, cwd=project, env=environ)


def test_every_task_has_a_session_with_its_help(nox_project: Path) -> None:
    """`nox -l` shows a session for each task, with the first line of its help, and runs none by itself."""
    lines = nox(nox_project, "-l").stdout.splitlines()
    shown = dict(line[2:].split(" -> ", 1) for line in lines if line.startswith("- "))
    tasks = wheelhouse_tasks.ns.tasks
    assert shown == {f"wheelhouse-{name}": (task.__doc__ or "").splitlines()[0] for name, task in tasks.items()}
    assert [line for line in lines if line.startswith("* ")] == ["* build"]
    assert "wheelhouse-release -- --help" in nox(nox_project, "--usage", "wheelhouse-release").stdout


def test_noxfile_of_the_readme(nox_project: Path) -> None:
    """The noxfile that README shows gives every session."""
    shown = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    (nox_project / "noxfile.py").write_text(next(text for text in shown if "import nox" in text))
    listed = nox(nox_project, "-l").stdout
    assert [name for name in wheelhouse_tasks.ns.task_names if f"- wheelhouse-{name} -> " not in listed] == []


def test_session_takes_the_flags_of_its_task(nox_project: Path) -> None:
    """What stands behind `--` reaches the task, and nothing of nox stands in its result."""
    done = nox(nox_project, "-s", "wheelhouse-upload", "--", "--dry-run", "--container", "other")
    assert (done.returncode, "dry run: nothing was written" in done.stdout) == (0, True), done.stderr
    assert not (nox_project / "other").exists()
    done = nox(nox_project, "-s", "wheelhouse-upload", "--", "--container", "other", "--json")
    assert (done.returncode, done.stdout[:2]) == (0, "{\n"), done.stderr
    assert (nox_project / "other/simple/demo/index.html").is_file()


def test_upload_fetch_and_status_from_another_folder(nox_project: Path, tmp_path: Path) -> None:
    """Paths start at the noxfile, wherever nox is started."""
    noxfile = ("-f", str(nox_project / "noxfile.py"))
    for words in (("upload",), ("fetch", "--", "--version", "1.0", "--local-folder", "got"), ("status",)):
        done = nox(tmp_path, *noxfile, "-s", f"wheelhouse-{words[0]}", *words[1:])
        assert done.returncode == 0, done.stderr
    assert (nox_project / "wheelhouse/index.html").is_file()
    assert [path.name for path in (nox_project / "got").iterdir()] == ["demo-1.0-py3-none-any.whl"]


def test_session_of_the_project_queues_ours(nox_project: Path) -> None:
    """A build of the project may notify a session, with words of its own; it runs once it was built."""
    done = nox(nox_project)
    assert done.returncode == 0, done.stderr
    assert (nox_project / "nightly/index.html").is_file()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("--frob",), 2, id="a flag that is none"),
        pytest.param((), 2, id="no container in CI"),
        pytest.param(("--container", "x", "--local-folder", "none"), 1, id="no wheel"),
    ],
)
def test_session_ends_with_the_code_of_its_task(words: tuple[str, ...], code: int, nox_project: Path) -> None:
    """The session that runs alone gives its exit code to nox."""
    done = nox(nox_project, "-s", "wheelhouse-upload", "--", *words, env={"CI": "true"})
    assert done.returncode == code, done.stderr
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr


def test_other_sessions_run_after_one_that_failed(nox_project: Path) -> None:
    """Among several sessions one that fails is a failed session like any other: nox ends with 1, once all have run."""
    done = nox(nox_project, "-s", "wheelhouse-check", "build", env={"WHEELHOUSE_CONTAINER": "not-there"})
    assert done.returncode == 1
    assert "wheelhouse-check: failed" in done.stderr
    assert "built" in done.stdout


def test_report_is_written_of_a_session_that_failed(nox_project: Path) -> None:
    """`nox --report` holds the session that failed, also where it ran alone."""
    report = nox_project / "report.json"
    done = nox(nox_project, "--report", str(report), "-s", "wheelhouse-upload", "--", "--frob")
    assert (done.returncode, '"failed"' in report.read_text()) == (1, True)


def test_install_only_runs_no_task(nox_project: Path) -> None:
    """`nox --install-only` runs no command, and so uploads nothing."""
    done = nox(nox_project, "--install-only", "-s", "wheelhouse-upload")
    assert done.returncode == 0, done.stderr
    assert not (nox_project / "wheelhouse").exists()


@pytest.mark.parametrize("more", [(), ("--verbose",), ("--debug",)], ids=str)
@pytest.mark.parametrize("flag", [("--secret", SENTINEL), (f"--secret={SENTINEL}",)], ids=["two words", "one word"])
def test_secret_behind_the_dashes_is_printed_nowhere(
    flag: tuple[str, ...], more: tuple[str, ...], nox_project: Path
) -> None:
    """Neither nox nor the task prints a secret of the command line, whatever comes of it."""
    place = ("--provider", "s3", "--container", "x", "--host", "127.0.0.1", "--port", "1", "--username", "me")
    retries = {"WHEELHOUSE_RETRIES": "0"}
    done = nox(nox_project, "-v", "-s", "wheelhouse-upload", "--", *place, *flag, *more, env=retries)
    assert (done.returncode, "cannot be reached" in done.stderr) == (1, True), done.stderr
    assert SENTINEL not in done.stdout + done.stderr


def test_interrupt_ends_nox_with_130(nox_project: Path) -> None:
    """Ctrl-C ends the task, then nox, with 130."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(programs.STUCK)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        words = (sys.executable, "-m", "nox", "-s", "wheelhouse-fetch", "--", "--index", url)
        environ = {**os.environ, "PYTHONWARNINGS": ""}
        pipe = subprocess.PIPE
        with subprocess.Popen(words, cwd=nox_project, env=environ, stderr=pipe, text=True, process_group=0) as process:
            try:
                connection, _ = server.accept()
                with connection:
                    os.killpg(process.pid, signal.SIGINT)
                    _, said = process.communicate(timeout=programs.STUCK)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
    assert (process.returncode, "error: interrupted" in said) == (130, True), said
    assert "Traceback" not in said


def test_module_without_nox_names_what_is_missing() -> None:
    """Where nox is not installed the import fails in one sentence that names it."""
    code = "import sys; sys.modules['nox'] = None; import wheelhouse_tasks.nox"
    done = programs.run(sys.executable, "-c", code)
    assert done.stderr.splitlines()[-1].startswith("ModuleNotFoundError: nox: is not installed in this Python")


def test_module_with_an_old_nox_names_the_one_that_it_needs(tmp_path: Path) -> None:
    """A nox that would run our sessions by itself is refused."""
    (tmp_path / "nox").mkdir()
    (tmp_path / "nox/__init__.py").write_text(OLD_NOX)
    (tmp_path / "nox/command.py").write_text("class CommandFailed(Exception): pass\n")
    (tmp_path / "nox/popen.py").write_text("def popen(args): pass\n")
    done = programs.run(
        sys.executable, "-c", "import wheelhouse_tasks.nox", env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    assert done.stderr.splitlines()[-1] == "ImportError: nox: is too old, expected 2024.4.15 or newer (upgrade it)"


def test_registering_the_sessions_imports_nothing_heavy() -> None:
    """A noxfile pays for no library that only a running task needs."""
    heavy = ["libcloud", "requests", "lxml", "twine", "rich", "urllib3", "setuptools"]
    code = (
        "import sys, nox; nox.session, nox.Session; before = set(sys.modules); import wheelhouse_tasks.nox; "
        f"print([name for name in {heavy} if name in set(sys.modules) - before])"
    )
    done = programs.run(sys.executable, "-c", code, env={**os.environ, "PYTHONWARNINGS": ""}, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("secret", [{"WHEELHOUSE_SECRET": SENTINEL}, {}], ids=["with secrets", "fork without secrets"])
def test_pull_request_is_known_in_nox(secret: dict[str, str], nox_project: Path) -> None:
    """Nox passes what the service sets: the build of a pull request uploads nothing, and is a success."""
    build = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}
    done = nox(nox_project, "-s", "wheelhouse-upload", env={**build, "WHEELHOUSE_PROVIDER": "s3", **secret})
    assert (done.returncode, "this is the build of a pull request (GitHub Actions)" in done.stdout) == (0, True)
