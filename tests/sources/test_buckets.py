"""`fetch` from what real servers answer: raw listings of buckets, folder listings, package indexes."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import programs
import pytest
import requests
import servers
import wheels
from folders import digest, digests
from libcloud.storage.types import Provider
from outcomes import failed
from projects import index_env, inv, make_project, s3_env
from stores import s3_driver

from wheelhouse_tasks.storage.gaps import driver_class

OPEN = {"acl": "public-read"}


def build(folder: Path, name: str = "demo") -> dict[str, Path]:
    """Make what is to be fetched, and what is not; return their paths by object name."""
    folder.mkdir()
    (folder / "old").mkdir()
    made = [wheels.make_wheel(folder, name, tag=tag) for tag in wheels.MATRIX[:5]]
    made += [wheels.make_sdist(folder, name), wheels.make_wheel(folder, name, "1.0+local.1")]
    made += [wheels.make_wheel(folder, name, "2.0"), wheels.make_wheel(folder, "zoo")]
    paths = {path.name: path for path in made}
    return {
        **paths,
        "deep/er & er/" + (last := wheels.make_wheel(folder / "old", name, tag="cp39-none-any")).name: last,
    }


def digests_of(paths: dict[str, Path], version: str = "1.0") -> dict[str, str]:
    """Return the sha256 of those of a version, by file name."""
    return {
        path.name: digest(path)
        for path in paths.values()
        if path.name.startswith(("demo", "fetched")) and path.name.split("-")[1].removesuffix(".tar.gz") == version
    }


def fetched(project: Path, *indexes: str, env: dict[str, str] | None = None) -> tuple[dict[str, str], Any]:
    """Fetch version 1.0; return the sha256 of each file that came, and what was said of them."""
    folder = project / f"got-{len(list(project.iterdir()))}"
    words = [word for index in indexes for word in ("--index", index)]
    words += ["--version", "1.0", "--local-folder", folder.name, "--json"]
    done = inv(project, "wheelhouse.fetch", *words, env=env)
    assert done.returncode == 0, done.stderr
    return digests(folder), json.loads(done.stdout)


def fill(server: servers.S3Server, bucket: str, objects: dict[str, Path]) -> None:
    """Create a bucket that anybody may list and read."""
    with s3_driver(server) as driver:
        container = driver.create_container(bucket)
        for name, path in objects.items():
            kind = "text/html" if path.suffix == ".html" else "application/octet-stream"
            driver.upload_object(str(path), container, name, extra={"content_type": kind, **OPEN})
        open_bucket(driver, bucket)


def open_bucket(driver: Any, bucket: str) -> None:
    """Let anybody list a bucket."""
    driver.connection.request(f"/{bucket}", params={"acl": ""}, headers={"x-amz-acl": "public-read"}, method="PUT")


QUERIES = ["", "/?max-keys=2", "?list-type=2&max-keys=3", "?encoding-type=url&max-keys=1", "/?prefix=demo-1.0"]


@pytest.mark.parametrize("fixture", ["s3", "ceph"])
def test_raw_bucket(fixture: str, request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path) -> None:
    """A bucket of SeaweedFS and of Ceph gives exactly the files of the version, however many pages list it."""
    server: servers.S3Server = request.getfixturevalue(fixture)
    project, objects = make_project(tmp_path / "project"), build(tmp_path / "made")
    fill(server, bucket_name, objects)
    for query in QUERIES:
        found, said = fetched(project, f"{server.url}/{bucket_name}{query}")
        expected = digests_of(objects)
        if "prefix" in query:
            del expected["demo-1.0-cp39-none-any.whl"]
        assert found == expected, query
        assert sorted(said["unverified"]) == sorted(expected)


def test_raw_bucket_of_azure(azure: servers.AzureServer, bucket_name: str, tmp_path: Path) -> None:
    """A container of Azurite gives exactly the files of the version, however many pages list it."""
    project, objects = make_project(tmp_path / "project"), build(tmp_path / "made")
    driver: Any = driver_class(Provider.AZURE_BLOBS)(
        azure.account, azure.key, secure=False, host=azure.host, port=azure.port
    )
    container = driver.create_container(bucket_name)
    for name, path in objects.items():
        driver.upload_object(str(path), container, name)
    acl, public = {"restype": "container", "comp": "acl"}, {"x-ms-blob-public-access": "container"}
    driver.connection.request(f"/{bucket_name}", params=acl, headers=public, method="PUT")
    driver.connection.connection.session.close()
    for query in ("", "&maxresults=2"):
        found, _ = fetched(project, f"{azure.url}/{bucket_name}?restype=container&comp=list{query}")
        assert found == digests_of(objects)


@pytest.mark.parametrize("query", ["/", "/?limit=2", "/?format=json&limit=3"])
def test_raw_container_of_swift(query: str, ceph: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A container that answers as Swift does, with text or JSON, gives exactly the files of the version."""
    project, objects = make_project(tmp_path / "project"), build(tmp_path / "made")
    fill(ceph, bucket_name, objects)
    found, _ = fetched(project, f"{ceph.url}/swift/v1/{bucket_name}{query}")
    assert found == digests_of(objects)


@pytest.mark.parametrize("place", ["whole bucket", "prefix"])
def test_bucket_of_ours(place: str, s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Where a bucket that can be listed holds a wheelhouse of ours, its pages tell the sha256, and what was removed."""
    project, objects = make_project(tmp_path / "project"), build(tmp_path / "made")
    env = s3_env(s3, bucket_name, **({"WHEELHOUSE_PREFIX": "a/b"} if place == "prefix" else {}))
    words = ("--local-folder", str(tmp_path / "made"))
    shutil.rmtree(tmp_path / "made" / "old")  # upload refuses what it would not search
    assert inv(project, "wheelhouse.upload", *words, env=env).returncode == 0
    gone = "*win_amd64"
    wheels.make_wheel(tmp_path / "made", tag="cp313-cp313-win_amd64")
    assert inv(project, "wheelhouse.upload", *words, env=env).returncode == 0
    removed = inv(project, "wheelhouse.remove", "--version", "1.0", "--only", gone, env=env)
    assert removed.returncode == 0, removed.stderr
    with s3_driver(s3) as driver:
        open_bucket(driver, bucket_name)
    del objects["deep/er & er/demo-1.0-cp39-none-any.whl"]
    query = "?max-keys=2" if place == "whole bucket" else "?prefix=a/&max-keys=2"
    found, said = fetched(project, f"{s3.url}/{bucket_name}/{query}")
    assert (found, said["unverified"]) == (digests_of(objects), [])


def page_of(objects: dict[str, Path], promised: Callable[[str], bool]) -> str:
    """Return an index page as wheelhouse-uploader writes it, with a raw `+` in its links."""
    rows = []
    for name, path in sorted(objects.items()):
        fragment = f"#sha256={digest(path)}" if promised(name) else ""
        rows.append(f'<li><a href="{name}{fragment}">{name}<a></li>')
    return "<html><body><p>\n" + "\n".join(rows) + "\n</p></body></html>\n"


@pytest.mark.parametrize("way", ["storage", "listing", "page", "folder"])
def test_container_of_wheelhouse_uploader(way: str, s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """What wheelhouse-uploader left is fetched, with a raw `+`, a file that its page forgot, and its promises kept."""
    project, objects = make_project(tmp_path / "project"), build(tmp_path / "made")
    objects = {name: path for name, path in objects.items() if "/" not in name}
    forgotten = f"demo-1.0-{wheels.MATRIX[0]}.whl"
    page = tmp_path / "made" / "index.html"
    known = {name: path for name, path in objects.items() if name != forgotten}
    page.write_text(page_of(known, lambda name: not name.endswith(".tar.gz")))
    fill(s3, bucket_name, {**objects, page.name: page})
    env = {"WHEELHOUSE_USERNAME": s3.key, "WHEELHOUSE_SECRET": s3.secret, "WHEELHOUSE_PROVIDER": "s3"}
    index = {
        "storage": f"s3://{bucket_name}?host={s3.host}&port={s3.port}&secure=no&region=us-east-1",
        "listing": f"{s3.url}/{bucket_name}",
        "page": f"{s3.url}/{bucket_name}/index.html",
        "folder": str(tmp_path / "made"),
    }[way]
    found, said = fetched(project, index, env=env if way == "storage" else {})
    expected, unpromised = digests_of(objects), {"demo-1.0.tar.gz", forgotten}
    if way == "page":
        del expected[forgotten]
    if way == "folder":  # a file of this machine is hashed where it lies
        unpromised -= {forgotten}
    assert found == expected
    assert set(said["unverified"]) == unpromised & expected.keys()


def test_local_version_of_wheelhouse_uploader(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A file whose link has a raw `+` comes with the sha256 that its page promises, through the storage API too."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path, version="1.0+local.1")
    page = tmp_path / "index.html"
    page.write_text(page_of({wheel.name: wheel}, lambda _: True))
    fill(s3, bucket_name, {wheel.name: wheel, page.name: page})
    env = {**s3_env(s3, bucket_name)}
    for number, index in enumerate((f"s3://{bucket_name}", f"{s3.url}/{bucket_name}")):
        words = ("--index", index, "--version", "1.0+local.1", "--local-folder", f"got{number}", "--json")
        done = inv(project, "wheelhouse.fetch", *words, env=env)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["unverified"] == []
        assert (project / f"got{number}" / wheel.name).read_bytes() == wheel.read_bytes()


def test_bucket_that_is_not_open(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A bucket that may not be listed, and has no page, is one line."""
    project = make_project(tmp_path / "project")
    with s3_driver(s3) as driver:
        driver.create_container(bucket_name)
    done = inv(project, "wheelhouse.fetch", "--index", f"{s3.url}/{bucket_name}")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "access denied (403)" in done.stderr


@pytest.mark.parametrize("slash", ["/", ""])
def test_folder_listing_of_nginx(slash: str, web: servers.Nginx, bucket_name: str, tmp_path: Path) -> None:
    """A folder that nginx lists gives exactly the files of the version that lie in it."""
    project = make_project(tmp_path / "project")
    objects = build(web.root / bucket_name)
    del objects["deep/er & er/demo-1.0-cp39-none-any.whl"]
    found, _ = fetched(project, f"{web.url}/auto/{bucket_name}{slash}")
    assert found == digests_of(objects)


def test_folder_listing_of_python(tmp_path: Path) -> None:
    """A folder that `python -m http.server` lists gives exactly the files of the version that lie in it."""
    project, objects = make_project(tmp_path / "project"), build(tmp_path / "made")
    del objects["deep/er & er/demo-1.0-cp39-none-any.whl"]
    with servers.static(tmp_path) as server:
        found, _ = fetched(project, f"{server.url}/made/")
    assert found == digests_of(objects)


@pytest.mark.parametrize("fixture", ["pypi", "devpi_index"])
def test_package_index(fixture: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A package index gives exactly the files of the version, verified, from its root and from the project's page."""
    index: servers.PackageIndex = request.getfixturevalue(fixture)
    name = "fetched-demo"
    project = make_project(tmp_path / "project", name=name)
    objects = {name: path for name, path in build(tmp_path / "made", name).items() if "/" not in name}
    for path in objects.values():
        if "+" not in path.name and "zoo" not in path.name:
            send(index, name, path)
    for url in (index.simple_url, f"{index.simple_url}{name}/"):
        found, said = fetched(project, url)
        assert (found, said["unverified"]) == (digests_of(objects), [])


def send(index: servers.PackageIndex, name: str, path: Path) -> None:
    """Upload a file with twine."""
    env = {**os.environ, **index_env(index)}
    words = ("--repository-url", index.upload_url, "--non-interactive", "--disable-progress-bar", path)
    programs.run(sys.executable, "-m", "twine", "upload", *words, env=env, check=True)
    assert name in requests.get(f"{index.simple_url}{name}/", timeout=programs.STUCK).text


def test_missing_bucket_on_fetch(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A container that is not there is an error of `fetch`, which creates none."""
    project = make_project(tmp_path / "project")
    for _ in range(2):
        done = inv(project, "wheelhouse.fetch", env=s3_env(s3, bucket_name))
        failed(done, 1, f"s3://{bucket_name}: there is no such container")
    assert not list((project / "dist").iterdir())
