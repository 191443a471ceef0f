"""A fetch: what it finds, where from, and what it leaves in the folder."""

import hashlib
import json
import os
import sys
from pathlib import Path
from types import FrameType

import pytest
import servers
import wheels
from outcomes import failed
from projects import inv, make_project, s3_env, uploaded
from scripted import scripted
from stores import payload

from wheelhouse_tasks.commands.fetch import fetch
from wheelhouse_tasks.settings.resolve import resolve


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


def test_fetch_compares_no_file_with_every_other(tmp_path: Path) -> None:
    """Whether a file is to be downloaded is looked up, not searched for: comparisons would grow with the square."""
    names = [f"demo-1.{number}-py3-none-any.whl" for number in range(200)]
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    for name in names:
        (shelf / name).write_bytes(name.encode())
    links = [f"<a href='{name}#sha256={hashlib.sha256(name.encode()).hexdigest()}'>x</a>" for name in names]
    (shelf / "index.html").write_text("\n".join(links))
    compared = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal compared
        compared += event == "call" and frame.f_code.co_name == "__eq__"

    settings = resolve({}, {}, {"project": "demo", "indexes": [str(shelf)], "max_workers": 1}, tmp_path)
    for done in ("downloaded", "present"):
        sys.setprofile(count)
        try:
            result = fetch(settings)
        finally:
            sys.setprofile(None)
        assert sorted(getattr(result, done)) == sorted(names)
    assert compared < 10 * len(names)


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


def test_rerun_completes_without_promised_digests(tmp_path: Path) -> None:
    """A fetch from pages without sha256 can be run again: the bytes are compared with those that are there."""
    project, shelf = make_project(tmp_path / "project"), tmp_path / "shelf"
    shelf.mkdir()
    wheel = wheels.make_wheel(shelf)
    (shelf / "index.html").write_text(f"<a href='{wheel.name}'>x</a>")
    words = ("wheelhouse.fetch", "--index", str(shelf))
    assert [inv(project, *words).returncode for _ in range(2)] == [0, 0]
    mine = wheels.make_wheel(project / "dist", payload=b"other").read_bytes()
    failed(inv(project, *words), 1, "is there with other bytes than were fetched")
    assert (project / "dist" / wheel.name).read_bytes() == mine


def test_name_of_a_json_row_counts(tmp_path: Path) -> None:
    """In JSON the file name is that of the row, whatever its URL ends in."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path)
    row = {"filename": wheel.name, "url": "/p/download/7", "hashes": {"sha256": payload(wheel).sha256}}
    page = {"meta": {"api-version": "1.0"}, "name": "demo", "files": [row]}
    with scripted() as server:
        server.answers["/"] = (200, {"Content-Type": "application/vnd.pypi.simple.v1+json"}, json.dumps(page).encode())
        server.answers["/p/download/7"] = (200, {}, wheel.read_bytes())
        assert inv(project, "wheelhouse.fetch", "--index", server.url).returncode == 0
    assert (project / "dist" / wheel.name).read_bytes() == wheel.read_bytes()


def test_paths_with_blanks(tmp_path: Path) -> None:
    """An index in a folder with a blank and other letters in its name is one index."""
    project = uploaded(tmp_path)
    (project / "wheelhouse").rename(tmp_path / "wheels & ünïcode")
    words = ("wheelhouse.fetch", "--index", str(tmp_path / "wheels & ünïcode"))
    assert inv(project, *words).returncode == 0
    assert inv(project, "wheelhouse.fetch", "--index", (tmp_path / "wheels & ünïcode").as_uri()).returncode == 0


def test_interrupted_transfer_leaves_no_file(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A download that is cut off leaves neither a file under its name nor half of one."""
    project = make_project(tmp_path / "project")
    env = s3_env(s3, bucket_name)
    wheels.make_wheel(project / "dist", "demo", "1.0", payload=bytes(range(256)) * 4000, tag=wheels.MATRIX[0])
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    with servers.faultproxy(s3.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}/{bucket_name}/index.html"
        proxy.set("cut", skip=1, after=3000)
        words = ("wheelhouse.fetch", "--index", url, "--local-folder", "got")
        done = inv(project, *words, env={"WHEELHOUSE_RETRIES": "1"})
        failed(done, 1, "could not be read")
        assert not list((project / "got").iterdir())
        proxy.set("cut", skip=1, after=3000, count=1)
        assert inv(project, *words).returncode == 0
    assert len(list((project / "got").iterdir())) == 1


def test_wrong_bytes_are_not_kept(tmp_path: Path) -> None:
    """A file with another sha256 than its page promises is refused, and not kept."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload").returncode == 0
    wheel = project / "wheelhouse/files/demo/demo-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")
    page = str(project / "wheelhouse/index.html")
    done = inv(project, "wheelhouse.fetch", "--index", page, "--local-folder", "got")
    failed(done, 1, "demo-1.0-py3-none-any.whl: sha256 is ")
    assert not list((project / "got").iterdir())


def test_other_bytes_in_dist_are_kept(tmp_path: Path) -> None:
    """A file in dist/ with other bytes than the wheelhouse's is left alone without --force."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload").returncode == 0
    published = wheel.read_bytes()
    wheels.make_wheel(project / "dist", "demo", "1.0", payload=b"other")
    mine = wheel.read_bytes()
    failed(inv(project, "wheelhouse.fetch"), 1, "pass --force to replace it")
    assert wheel.read_bytes() == mine
    assert inv(project, "wheelhouse.fetch", "--force").returncode == 0
    assert wheel.read_bytes() == published
