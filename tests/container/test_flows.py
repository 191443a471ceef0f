"""The main job, end to end: real wheels, real servers, separate processes, pip, uv and twine as the clients."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import servers
import wheels
from folders import digests
from projects import index_env, inv, make_project, s3_env

INSTALLERS = [programs.pip_install, programs.uv_install]


def matrix(folder: Path, workers: int = 4, version: str = "1.0") -> dict[str, str]:
    """Make 24 wheels and an sdist of `demo`, spread over the dist folders of CI workers; return their digests."""
    everything: dict[str, str] = {}
    for worker in range(workers):
        dist = folder / f"dist-{worker}"
        dist.mkdir()
        for tag in wheels.MATRIX[worker::workers]:
            wheels.make_wheel(dist, "demo", version, tag)
        everything |= digests(dist)
    wheels.make_sdist(folder / "dist-0", "demo", version)
    return everything | digests(folder / "dist-0")


def upload_at_once(project: Path, workers: int, env: dict[str, str]) -> None:
    """Upload each worker's folder in a process of its own, all at the same time."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "invoke", "wheelhouse.upload", "--local-folder", f"dist-{worker}"],
            cwd=project,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for worker in range(workers)
    ]
    said = [process.communicate(timeout=programs.STUCK)[0] for process in started]
    assert [process.returncode for process in started] == [0] * workers, "\n".join(said)


def fetched(project: Path, *words: str, env: dict[str, str]) -> dict[str, str]:
    """Fetch version 1.0 into a new folder; return the digests of what is in it."""
    folder = project / f"fetched-{len(list(project.iterdir()))}"
    done = inv(project, "wheelhouse.fetch", "--version", "1.0", "--local-folder", folder.name, *words, env=env)
    assert done.returncode == 0, done.stderr
    return digests(folder)


def test_matrix_through_s3(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """24 wheels and an sdist from four processes at once come back over HTTP and through the storage API."""
    project = make_project(tmp_path / "project")
    everything = matrix(project)
    env = s3_env(s3, bucket_name)
    upload_at_once(project, 4, env)
    # what no page of 1.0 may bring along
    wheels.make_wheel(project / "dist", "demo", "1.0.1")
    wheels.make_wheel(project / "dist", "demo-extra", "1.0")
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0

    assert len(everything) == 25
    assert fetched(project, env=env) == everything
    for page in ("index.html", "simple/demo/index.html", "simple-json/demo/index.html", ""):
        assert fetched(project, "--index", f"{s3.url}/{bucket_name}/{page}", env=env) == everything


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


@pytest.mark.parametrize("place", ["local", "s3"])
def test_upload_is_idempotent(place: str, request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path) -> None:
    """A second run sends nothing; the same name with other bytes is refused before anything is sent."""
    project = make_project(tmp_path / "project")
    env = s3_env(request.getfixturevalue("s3"), bucket_name) if place == "s3" else {}
    wheels.make_wheel(project / "dist", "demo", "1.0")
    wheels.make_sdist(project / "dist", "demo", "1.0")
    first = json.loads(inv(project, "wheelhouse.upload", "--json", env=env).stdout)
    second = json.loads(inv(project, "wheelhouse.upload", "--json", env=env).stdout)
    assert (len(first["uploaded"]), len(first["pages"])) == (2, 5)
    assert (second["uploaded"], second["pages"], second["present"]) == ([], [], first["uploaded"])

    before = fetched(project, env=env)
    wheels.make_wheel(project / "dist", "demo", "1.0", payload=b"other")
    wheels.make_wheel(project / "dist", "demo", "2.0")
    refused = inv(project, "wheelhouse.upload", env=env)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "demo-1.0-py3-none-any.whl: already published with other bytes; nothing was sent" in refused.stderr
    assert fetched(project, env=env) == before
    missing = inv(project, "wheelhouse.fetch", "--version", "2.0", "--local-folder", "none", env=env)
    assert "versions there: 1.0)" in missing.stderr
    assert inv(project, "wheelhouse.upload", "--overwrite", env=env).returncode == 0
    changed = {name: digest for name, digest in digests(project / "dist").items() if name.startswith("demo-1.0")}
    assert changed.keys() == before.keys()
    assert changed != before
    assert fetched(project, env=env) == changed


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    """`--dry-run`, and invoke's own `--dry`, show the plan and leave no trace (case 77)."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    for words in (("wheelhouse.upload", "--dry-run"), ("--dry", "wheelhouse.upload"), ("wheelhouse.upload", "--dry")):
        done = inv(project, *words)
        assert (done.returncode, "demo-1.0-py3-none-any.whl" in done.stdout) == (0, True)
        assert not (project / "wheelhouse").exists()


def test_skipped_files_are_listed(tmp_path: Path) -> None:
    """Whatever in dist/ is no artifact is named with the reason, and not uploaded."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    (project / "dist" / "notes.txt").write_text("x")
    (project / "dist" / "demo-1.0.egg").write_text("x")
    (project / "dist" / "wrong-py3-none-any.whl").write_text("x")
    done = inv(project, "wheelhouse.upload")
    assert done.returncode == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("skipped")] == [
        "skipped demo-1.0.egg",
        "skipped notes.txt",
        "skipped wrong-py3-none-any.whl",
    ]
    files = sorted(path.name for path in (project / "wheelhouse/files/demo").iterdir())
    assert files == ["demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl.metadata"]


def test_fetch_is_by_pep_440_and_503(tmp_path: Path) -> None:
    """`1.0` finds `1.0.0` and not `1.0+local`; a project is found however it is spelt, and its neighbours are not."""
    project = make_project(tmp_path / "project")
    for name, version in (("My.Demo", "1.0.0"), ("my-demo", "1.0+local"), ("my-demo-extra", "1.0")):
        wheels.make_wheel(project / "dist", name, version)
    assert inv(project, "wheelhouse.upload").returncode == 0
    words = ("wheelhouse.fetch", "--project", "MY_demo", "--version", "1.0", "--local-folder", "got")
    assert inv(project, *words).returncode == 0
    assert [path.name for path in (project / "got").iterdir()] == ["my_demo-1.0.0-py3-none-any.whl"]


def test_fetch_from_a_folder_without_pages(tmp_path: Path) -> None:
    """A plain folder of artifacts is a wheelhouse too, and a second fetch finds everything there."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(tmp_path, "demo", "1.0")
    words = ("wheelhouse.fetch", "--index", str(tmp_path), "--json")
    first, second = (json.loads(inv(project, *words).stdout) for _ in range(2))
    assert (first["downloaded"], first["present"]) == (["demo-1.0-py3-none-any.whl"], [])
    assert (second["downloaded"], second["present"]) == ([], ["demo-1.0-py3-none-any.whl"])


@pytest.mark.parametrize("page", ["", "auto/", "wheelhouse-uploader"])
def test_fetch_from_foreign_pages(page: str, web: servers.Nginx, tmp_path: Path, bucket_name: str) -> None:
    """A folder listing, and a flat page with raw links and no digests, are read; what is unverified is said."""
    project, shelf = make_project(tmp_path / "project"), web.root / bucket_name
    shelf.mkdir()
    wheel = wheels.make_wheel(shelf, "demo", "1.0+local.1", payload=os.urandom(3_000_000))
    if page != "auto/":
        (shelf / "index.html").write_text(f"<html><body><li><a href='{wheel.name}'>{wheel.name}</a><li></body></html>")
    url = f"{web.url}/{'auto/' if page == 'auto/' else ''}{bucket_name}/"
    done = inv(project, "wheelhouse.fetch", "--index", url)
    assert done.returncode == 0, done.stderr
    assert "promises no sha256" in done.stdout
    assert (project / "dist" / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("index", ["pypi", "devpi_index"])
def test_release(index: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A release joins the wheelhouse's wheels with a local sdist, uploads, compares, and has nothing to do again."""
    server: servers.PackageIndex = request.getfixturevalue(index)
    name = f"demo-{index.replace('_', '-')}"
    project = make_project(tmp_path / "project", name=name)
    for tag in wheels.MATRIX[:3]:
        wheels.make_wheel(project / "dist", name, "1.0", tag)
    wheels.make_wheel(project / "dist", name, "0.9")
    assert inv(project, "wheelhouse.upload").returncode == 0
    for path in (project / "dist").iterdir():
        path.unlink()
    wheels.make_sdist(project / "dist", name, "1.0")

    words = ("wheelhouse.release", "--version", "1.0", "--json")
    dry = inv(project, *words, "--dry-run", env=index_env(server))
    assert dry.returncode == 0, dry.stderr
    assert len(list((project / "dist").iterdir())) == 1
    done = inv(project, *words, env=index_env(server))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert json.loads(dry.stdout) == {**result, "sums": None, "dry_run": True}
    assert [file.endswith(".whl") for file in result["uploaded"]] == [True, True, True, False]
    again = json.loads(inv(project, *words, env=index_env(server)).stdout)
    assert (again["uploaded"], again["present"]) == ([], result["uploaded"])

    target = tmp_path / "target"
    done = programs.uv_install(
        "--no-build",
        "--python-version",
        "3.11",
        "--python-platform",
        "x86_64-manylinux_2_28",
        "--default-index",
        server.simple_url,
        name,
        target=target,
    )
    assert done.returncode == 0, done.stderr
    fetched_back = inv(project, "wheelhouse.fetch", "--index", server.simple_url, "--local-folder", "back")
    assert fetched_back.returncode == 0, fetched_back.stderr
    assert digests(project / "back") == result["sha256"]


def test_release_finds_conflicts_first(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A file that the index shows with other bytes stops the release before anything is uploaded (case 69)."""
    project = make_project(tmp_path / "project", name="demo-conflict")
    wheels.make_wheel(project / "dist", "demo-conflict", "1.0")
    words = ("wheelhouse.release", "--version", "1.0", "--no-fetch")
    assert inv(project, *words, env=index_env(pypi)).returncode == 0
    wheels.make_wheel(project / "dist", "demo-conflict", "1.0", payload=b"other")
    wheels.make_sdist(project / "dist", "demo-conflict", "1.0")
    done = inv(project, *words, env=index_env(pypi))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "nothing was uploaded" in done.stderr
    assert not (project / "wheelhouse").exists()


def test_release_stops_at_twine_check(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """What `twine check --strict` finds ends a strict release with nothing uploaded (case 68)."""
    project = make_project(tmp_path / "project", name="demo-strict")
    metadata = "Metadata-Version: 2.1\nName: demo-strict\nVersion: 1.0\n"
    wheels.make_wheel(project / "dist", "demo-strict", "1.0", metadata=metadata)
    done = inv(project, "wheelhouse.release", "--version", "1.0", "--no-fetch", "--strict", env=index_env(pypi))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "twine check --strict" in done.stderr
