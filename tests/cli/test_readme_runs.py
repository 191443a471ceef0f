"""Each block of code in the README is run, or is made by a test: no line is there that nobody tried."""

import json
import os
import re
import shlex
import sys
from pathlib import Path
from urllib.request import urlopen

import programs
import pytest
import servers
import wheels
from in_process import inv_here
from projects import make_project
from readme import README, blocks, section
from screens import Screen
from scripted import Scripted

from wheelhouse_tasks.settings.resolve import resolve

#: How each block begins, and the module whose tests run it.
RUN_BY = {
    "text: CI worker 1": "",  # a picture
    "bash: python3 -m venv .venv && .venv/bin/pip install --quiet --editable '.[demo]'": ".ci/run",
    "bash: python3 -m venv .venv && .venv/bin/pip install --quiet --editable '.[dev]'": ".ci/run",
    "text: wheelhouse-tasks @": "cli/test_readme.py",
    "console: $ pip install -r": "cli/test_readme.py",
    "python: import wheelhouse_tasks\nfrom invoke import Collection": "cli/test_readme.py",
    "console: $ pip install --find-links https": __name__,
    "nginx: ": __name__,
    "console: $ wheelhouse fetch --project demo --version": __name__,
    "console: $ git worktree": __name__,
    "console: $ python -m build": __name__,
    "console: $ mkdir -p .github/workflows": "cli/test_readme_workflow.py",
    "yaml: # Wheels of demo": "cli/test_readme_workflow.py",
    "bash: inv wheelhouse.release": "release/test_release.py",
    "python: import nox": "clients/test_nox.py",
    "ini: [testenv:wheelhouse]": "clients/test_tox.py",
    "python: from wheelhouse_tasks import Wheelhouse": "cli/test_readme.py",
    "python: import wheelhouse_tasks\nfrom invoke import task": "cli/test_readme.py",
    "console: $ wheelhouse fetch --project demo --index": __name__,
    "toml: [tool.wheelhouse]": "cli/test_readme.py",
    "yaml: wheelhouse: ": __name__,
    "python: ns.add_collection": __name__,
    "text: Release demo 2.1.0": "unit/cli/test_plans.py",
    "text:   demo-1.0": "cli/test_progress_shown.py",
    "text: index.html": "",  # the layout
    "toml: [[tool.uv.index]]": __name__,
}


def test_each_block_is_run() -> None:
    """Each block of the README is one of those that a test runs, and none of those is missing."""
    texts = [
        f"{language}: {text}"
        for language, text in re.findall(r"^```(\w*)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    ]
    known = {text: [start for start in RUN_BY if text.startswith(start)] for text in texts}
    assert [text for text, starts in known.items() if len(starts) != 1] == []
    assert {starts[0] for starts in known.values()} == RUN_BY.keys()


def commands(heading: str) -> list[str]:
    """Return the commands of a section's console, without what explains them."""
    found = re.findall(r"^\$ (.*?)(?: +#.*)?$", section(heading), re.MULTILINE)
    assert found
    return found


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a person who has our programs, and is asked nothing."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    git = {f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    alone = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NO_CONFIG": "1"}
    return {**os.environ, "PATH": path, **git, **alone, "PYTHONWARNINGS": "", **more}


def run(folder: Path, command: str, **env: str) -> str:
    """Run a command, and return what it printed."""
    return programs.run("bash", "-c", command, cwd=folder, env=environment(**env), check=True).stdout


@pytest.fixture
def wheelhouse(tmp_path: Path) -> Path:
    """Return the wheelhouse of a project, with a wheel."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    done = inv_here(project, "wheelhouse.upload")
    assert done.returncode == 0, done.stderr
    return project / "wheelhouse"


def test_git_branch(tmp_path: Path) -> None:
    """The three commands publish the wheel on the branch that they name."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    run(tmp_path, "git init -q --bare origin && git clone -q origin first")
    run(tmp_path / "first", "git checkout -q --orphan gh-pages && git commit -q --allow-empty -m first")
    run(tmp_path / "first", "git push -q -u origin gh-pages")
    run(project, "git init -q -b main && git remote add origin ../origin && git fetch -q")
    for command in commands("How do I publish a folder with git?"):
        run(project, command)
    listed = run(tmp_path / "origin", "git ls-tree -r --name-only gh-pages")
    assert "wheels/files/demo/demo-1.0-py3-none-any.whl" in listed
    assert "wheels/index.html" in listed


def test_private_container(wheelhouse: Path, tmp_path: Path) -> None:
    """What is fetched is installed from the folder."""
    for command in commands("Who can read it? How do I keep it private?"):
        run(wheelhouse.parent, command, PIP_NO_INDEX="1", PIP_TARGET=str(tmp_path / "target"))
    assert (tmp_path / "target/demo/__init__.py").is_file()


def test_moving(wheelhouse: Path, tmp_path: Path) -> None:
    """What another index has is fetched and uploaded."""
    project = make_project(tmp_path / "new", name="other")
    with servers.static(wheelhouse) as server:
        for command in commands("Moving from s3pypi or dumb-pypi"):
            run(project, command.replace("https://my-bucket.example.org/", server.url + "/"))
    assert (project / "wheelhouse/files/demo/demo-1.0-py3-none-any.whl").is_file()


def test_installing(wheelhouse: Path, tmp_path: Path) -> None:
    """Each of the three commands installs from a wheelhouse that a web server shows."""
    with servers.static(wheelhouse) as server:
        for number, command in enumerate(commands("How do I install from it?")):
            target = tmp_path / f"target{number}"
            words = command.replace("https://my-wheelhouse.example.org", server.url)
            words += f" --target {shlex.quote(str(target))}" + " --no-index" * ("--find-links" in words)
            run(tmp_path, words)
            assert (target / "demo/__init__.py").is_file(), command


def test_nginx(wheelhouse: Path) -> None:
    """With the lines for nginx a folder's JSON page has its type."""
    with (
        servers.or_skip(servers.nginx(wheelhouse, more=blocks("nginx")[0])) as server,
        urlopen(f"{server.url}/simple-json/demo/") as answer,
    ):
        assert answer.headers["Content-Type"] == "application/vnd.pypi.simple.v1+json"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert json.load(answer)["name"] == "demo"


def test_uv_index(wheelhouse: Path, tmp_path: Path) -> None:
    """With the lines for uv a project takes the package from the wheelhouse."""
    project = tmp_path / "user"
    project.mkdir()
    with servers.static(wheelhouse) as server:
        lines = next(text for text in blocks("toml") if "tool.uv" in text)
        lines = lines.replace("https://my-wheelhouse.example.org", server.url)
        head = '[project]\nname = "user"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = ["demo"]\n\n'
        (project / "pyproject.toml").write_text(head + lines)
        run(project, f"uv lock --no-cache --no-python-downloads --python {sys.executable}", UV_NO_CONFIG="0")
        assert f"{server.url}/simple/" in (project / "uv.lock").read_text()


def test_invoke_yaml(tmp_path: Path) -> None:
    """The lines of invoke.yaml set what they say."""
    project = make_project(tmp_path / "project")
    (project / "invoke.yaml").write_text(next(text for text in blocks("yaml") if "invoke.yaml" in text))
    wheels.make_wheel(project / "dist")
    assert re.search(r"max_workers +16", inv_here(project, "wheelhouse.doctor", "--dry-run").stdout)
    assert resolve({}, {}, {}, project).options.max_workers == 8


def test_mounted_with_configuration(tmp_path: Path) -> None:
    """The line of tasks.py sets the container."""
    line = next(text for text in blocks("python") if "add_collection" in text)
    project = make_project(
        tmp_path / "project",
        f"import wheelhouse_tasks\nfrom invoke import Collection\n\nns = Collection()\n{line}",
    )
    wheels.make_wheel(project / "dist")
    assert inv_here(project, "wheelhouse.upload").returncode == 0
    assert (project / "nightly/index.html").is_file()


#: What differs from one build, run or machine to another.
OWN = {
    r"(?m)^(Release .*) to \S+(?: \(\S+\))?$": r"\1 to INDEX",
    r"\b[0-9a-f]{12}\b": "DIGITS",
    r"\bin k?B\b": "in UNIT",
    r"\b\d+(\.\d)? k?B|\b\d{3}\b|\b\d\.\d\b": "SIZE",
    r"into \S+/wheelhouse-\w+": "into TEMPORARY",
    r" +": " ",
}


def common(text: str) -> list[str]:
    """Return the lines of an output, without what is a build's, run's or machine's own."""
    for pattern, word in OWN.items():
        text = re.sub(pattern, word, text)
    return [line.strip() for line in text.strip().splitlines()]


def test_quick_start(tmp_path: Path, server: Scripted) -> None:
    """Each command of the quick start prints what the README shows; the build is that of the tests."""
    project = make_project(tmp_path / "demo")
    server.answers["/"] = (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><body></body></html>")
    index = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": server.url}
    steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", blocks("console")[1], re.MULTILINE)
    assert [command.split()[0] for command, _ in steps] == ["python", "wheelhouse", "pip", *["wheelhouse"] * 3]
    for command, shown in steps:
        if command == "python -m build":
            wheels.make_wheel(project / "dist")
            wheels.make_sdist(project / "dist")
            continue
        env = {"PIP_TARGET": str(tmp_path / "target"), "PIP_NO_INDEX": "1"} if command.startswith("pip ") else index
        with (
            Screen(240, 40) as screen,
            screen.program("bash", "-c", command, cwd=project, env=environment(**env)) as process,
        ):
            assert process.wait(programs.STUCK) == 0, screen.settled()
            printed = "\n".join(screen.settled()).replace(str(project), "/home/you/demo")
        assert common(printed) == common(shown), command
    assert (tmp_path / "target/demo/__init__.py").is_file()
