"""A wheelhouse in a folder that git publishes, such as a gh-pages branch."""

import os
import subprocess
from pathlib import Path

import programs
import pytest
import wheels
from projects import inv, make_project

from wheelhouse_tasks.commands.promote import promote
from wheelhouse_tasks.settings.resolve import resolve

WHEEL = "files/demo/demo-1.0-py3-none-any.whl"


def git(folder: Path, *words: str) -> str:
    """Run git in a folder, heeding no configuration of the machine."""
    env = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
    return subprocess.run(command, check=True, env=env, capture_output=True, text=True).stdout


def staged(folder: Path) -> list[str]:
    """Return what `git add` stages."""
    git(folder, "add", "--all")
    return git(folder, "diff", "--cached", "--name-only").splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that git manages, with a wheel."""
    made = make_project(tmp_path / "project")
    wheels.make_wheel(made / "dist")
    (made / ".gitignore").write_text("dist/\n")
    git(made, "init", "-q")
    git(made, "add", "--all")
    git(made, "commit", "-q", "-m", "x")
    return made


@pytest.mark.parametrize("where", ["pages", "docs/wheels", "wheelhouse"])
def test_named_folder_is_staged(where: str, project: Path) -> None:
    """What `upload` writes into a folder that somebody named, git adds: wheel and pages, and nothing hidden of ours."""
    done = inv(project, "wheelhouse.upload", "--container", where)
    assert done.returncode == 0, done.stderr
    names = staged(project)
    pages = ["index.html", "simple/index.html", "simple/demo/index.html", "simple-json/demo/index.html"]
    assert {f"{where}/{name}" for name in (WHEEL, f"{WHEEL}.metadata", *pages)} <= set(names)
    assert not [name for name in names if ".gitignore" in name]


@pytest.mark.parametrize("level", ["pyproject.toml", "environment"])
def test_default_folder_that_is_named_later_is_staged(level: str, project: Path) -> None:
    """The folder that nobody named is kept out of git, until a setting names it, which is said once."""
    assert inv(project, "wheelhouse.upload").returncode == 0
    assert staged(project) == []
    env = {"WHEELHOUSE_CONTAINER": "wheelhouse"} if level == "environment" else {}
    if level == "pyproject.toml":
        (project / "pyproject.toml").write_text('[tool.wheelhouse]\ncontainer = "wheelhouse"\n')
    assert "removed" not in inv(project, "wheelhouse.upload", "--dry-run", env=env).stdout
    done = inv(project, "wheelhouse.upload", env=env)
    assert f"removed {project / 'wheelhouse/.gitignore'}: git may add" in done.stdout
    assert f"wheelhouse/{WHEEL}" in staged(project)
    assert "removed" not in inv(project, "wheelhouse.upload", env=env).stdout


def test_gitignore_of_somebody_else_stays(project: Path) -> None:
    """What a person wrote into a folder that is named is theirs."""
    (project / "pages").mkdir()
    (project / "pages/.gitignore").write_text("*.metadata\n")
    assert inv(project, "wheelhouse.upload", "--container", "pages").returncode == 0
    assert (project / "pages/.gitignore").read_text() == "*.metadata\n"


def test_promoted_folder_is_staged(project: Path) -> None:
    """A folder that `promote` creates is named, and git adds it."""
    assert inv(project, "wheelhouse.upload").returncode == 0
    promote(resolve({}, {}, {}, project), version="1.0", to="stable")
    assert f"stable/{WHEEL}" in staged(project)


def test_pages_branch_installs(project: Path, tmp_path: Path) -> None:
    """The way that README shows: a work tree of the branch, an upload into it, a commit; a clone of it installs."""
    git(project, "worktree", "add", "-q", "--detach", "../pages")
    pages = tmp_path / "pages"
    git(pages, "checkout", "-q", "--orphan", "gh-pages")
    git(pages, "rm", "-rfq", ".")
    for version in ("1.0", "1.1"):
        wheels.make_wheel(project / "dist", version=version)
        done = inv(project, "wheelhouse.upload", "--container", "../pages/wheels")
        assert done.returncode == 0, done.stderr
        assert f"wheels/files/demo/demo-{version}-py3-none-any.whl" in staged(pages)
        git(pages, "commit", "-q", "-m", version)
    git(tmp_path, "clone", "-q", "--branch", "gh-pages", str(project), "published")
    page = tmp_path / "published/wheels/index.html"
    done = programs.pip_install("--no-index", "--find-links", page, "demo==1.1", target=tmp_path / "target")
    assert done.returncode == 0, done.stderr
    assert git(tmp_path / "published", "status", "--porcelain") == ""
