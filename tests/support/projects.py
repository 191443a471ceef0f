"""Projects that mount the collection, and the ways to run a task in them."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

import programs
import servers
import wheels
from paths import ROOT

#: The environment in which a program finds that what newer Pythons warn of is an error.
NEWER_PYTHON = {"PYTHONPATH": str(Path(__file__).parent / "newer_python"), "PYTHONWARNINGS": "error"}
MOUNT = "import wheelhouse_tasks\nfrom invoke import Collection\n\nns = Collection(wheelhouse_tasks)\n"


def make_project(folder: Path, tasks: str = MOUNT, name: str = "demo") -> Path:
    """Make a project with a tasks.py of three lines and a pyproject.toml that names it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tasks.py").write_text(tasks)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1.0"\n')
    (folder / "dist").mkdir()
    return folder


def clone(folder: Path) -> Path:
    """Copy what git would: tracked files, and new ones that are not ignored."""
    listed = programs.run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        source = ROOT / name
        if source.is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return folder


def inv(project: Path, *words: str | Path, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """Run `inv` as a person in the project's folder would, with *env* on top of the test's environment."""
    return programs.run(sys.executable, "-m", "invoke", *words, cwd=project, env={**os.environ, **(env or {})})


def s3_env(server: servers.S3Server, bucket: str, **more: str) -> dict[str, str]:
    """Return the environment that a CI worker needs for a bucket of *server*."""
    return {
        "WHEELHOUSE_PROVIDER": "S3",
        "WHEELHOUSE_CONTAINER": bucket,
        "WHEELHOUSE_HOST": server.host,
        "WHEELHOUSE_PORT": str(server.port),
        "WHEELHOUSE_SECURE": "no",
        "WHEELHOUSE_REGION": "us-east-1",
        "WHEELHOUSE_USERNAME": server.key,
        "WHEELHOUSE_SECRET": server.secret,
        **more,
    }


def index_env(index: servers.PackageIndex) -> dict[str, str]:
    """Return the environment that a release to the package index *index* needs."""
    return {
        "WHEELHOUSE_REPOSITORY_URL": index.upload_url,
        "WHEELHOUSE_CHECK_URL": index.simple_url,
        "TWINE_USERNAME": index.username,
        "TWINE_PASSWORD": index.password,
    }


def uploaded(tmp_path: Path, *tags: str, name: str = "demo") -> Path:
    """Return a project with an empty dist/ and wheels in its wheelhouse."""
    project = make_project(tmp_path / "project", name=name)
    for tag in tags or ("py3-none-any",):
        wheels.make_wheel(project / "dist", name, "1.0", tag)
    assert inv(project, "wheelhouse.upload").returncode == 0
    for path in (project / "dist").iterdir():
        path.unlink()
    return project
