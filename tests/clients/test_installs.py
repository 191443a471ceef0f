"""Pip and uv install what `upload` made, as it says."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import servers
import wheels
from projects import inv, make_project, s3_env

INSTALLERS = [programs.pip_install, programs.uv_install]


@pytest.mark.parametrize("install", INSTALLERS)
def test_installs_from_s3_pages(
    install: Callable[..., CompletedProcess[str]],
    s3: servers.S3Server,
    s3_web: servers.Nginx,
    bucket_name: str,
    tmp_path: Path,
) -> None:
    """Pip and uv install from the flat page in the bucket, and from the project pages through a web server."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0+local.1")
    done = inv(project, "wheelhouse.upload", env=s3_env(s3, bucket_name))
    assert done.returncode == 0, done.stderr
    flat = install("--no-index", "--find-links", f"{s3.url}/{bucket_name}/index.html", "demo", target=tmp_path / "flat")
    assert flat.returncode == 0, flat.stderr
    base = f"{s3_web.url}/s3/{bucket_name}"
    for tree in ("simple", "simple-json"):
        done = install("--index-url", f"{base}/{tree}/", "demo==1.0+local.1", target=tmp_path / tree)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / tree / "demo" / "__init__.py").is_file()


@pytest.mark.parametrize("install", INSTALLERS)
def test_installs_from_local_default(
    install: Callable[..., CompletedProcess[str]], web: servers.Nginx, tmp_path: Path, bucket_name: str
) -> None:
    """With no settings at all the folder `wheelhouse/` can be installed from, over file: and over a web server."""
    project = make_project(web.root / bucket_name)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    done = inv(project, "wheelhouse.upload")
    assert done.returncode == 0, done.stderr
    for number, base in enumerate(((project / "wheelhouse").as_uri(), f"{web.url}/{bucket_name}/wheelhouse")):
        simple = install("--index-url", f"{base}/simple/", "demo", target=tmp_path / f"simple{number}")
        assert simple.returncode == 0, simple.stderr
        flat = install("--no-index", "--find-links", f"{base}/index.html", "demo", target=tmp_path / f"flat{number}")
        assert flat.returncode == 0, flat.stderr
    json = install("--index-url", f"{web.url}/{bucket_name}/wheelhouse/simple-json/", "demo", target=tmp_path / "json")
    assert json.returncode == 0, json.stderr


def test_prints_commands_that_work(tmp_path: Path) -> None:
    """The install commands that `upload` prints install what was uploaded."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    said = inv(project, "wheelhouse.upload").stdout
    printed = [line.partition("pip install ")[::2] for line in said.splitlines() if "pip install " in line]
    assert len(printed) == 3
    for number, (program, words) in enumerate(printed):
        install = programs.uv_install if program.endswith("uv ") else programs.pip_install
        alone = ["--no-index"] if "--find-links" in words else []  # nothing but this wheelhouse is asked
        done = install(*alone, *words.split(), target=tmp_path / str(number))
        assert done.returncode == 0, done.stderr
