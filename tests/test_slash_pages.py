"""Ceph and Azurite, from end to end: upload, fetch, and installs straight from their endpoints."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import programs
import pytest
import requests
import servers
import wheels
from libcloud.storage.providers import get_driver
from projects import inv, make_project, s3_env

from wheelhouse_tasks.location import Container
from wheelhouse_tasks.secret import Credentials
from wheelhouse_tasks.storage import Conditions, open_store

INSTALLERS = [programs.pip_install, programs.uv_install]
#: Every page, under the name that a plain endpoint serves too.
SLASH_PAGES = {
    "simple/": "text/html; charset=utf-8",
    "simple/demo/": "text/html; charset=utf-8",
    "simple-json/": "application/vnd.pypi.simple.v1+json",
    "simple-json/demo/": "application/vnd.pypi.simple.v1+json",
}


@dataclass(frozen=True)
class Endpoint:
    """A container that anybody may read at its plain address, and what CI needs to write to it."""

    url: str
    env: dict[str, str]
    container: Container


@contextmanager
def connected(provider: str, server: servers.S3Server | servers.AzureServer) -> Iterator[Any]:
    """Connect to a server as its full user."""
    names = (server.account, server.key) if isinstance(server, servers.AzureServer) else (server.key, server.secret)
    driver: Any = get_driver(provider)(*names, secure=False, host=server.host, port=server.port)
    try:
        yield driver
    finally:
        driver.connection.connection.session.close()


def in_ceph(server: servers.S3Server, bucket: str) -> Endpoint:
    """Make a bucket of Ceph whose policy lets anybody read."""
    everything = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    with connected("s3", server) as driver:
        driver.create_container(bucket)
        driver.connection.request(f"/{bucket}", params={"policy": ""}, data=policy, method="PUT")
    credentials = Credentials(server.key, server.secret)
    place = Container(
        "s3", bucket, "", "us-east-1", server.host, server.port, secure=False, credentials=credentials, timeout=10
    )
    return Endpoint(f"{server.url}/{bucket}", s3_env(server, bucket), place)


def in_azure(server: servers.AzureServer, name: str) -> Endpoint:
    """Make a container of Azurite whose blobs anybody may read."""
    with connected("azure_blobs", server) as driver:
        driver.create_container(name)
        acl = {"restype": "container", "comp": "acl"}
        public = {"x-ms-blob-public-access": "blob"}
        driver.connection.request(f"/{name}", params=acl, headers=public, method="PUT")
    env = {
        "WHEELHOUSE_PROVIDER": "AZURE_BLOBS",
        "WHEELHOUSE_CONTAINER": name,
        "WHEELHOUSE_HOST": server.host,
        "WHEELHOUSE_PORT": str(server.port),
        "WHEELHOUSE_SECURE": "no",
        "WHEELHOUSE_USERNAME": server.account,
        "WHEELHOUSE_SECRET": server.key,
    }
    credentials = Credentials(server.account, server.key)
    place = Container(
        "azure_blobs", name, "", None, server.host, server.port, secure=False, credentials=credentials, timeout=10
    )
    return Endpoint(f"{server.url}/{name}", env, place)


@pytest.fixture(params=["ceph", "azure"])
def endpoint(request: pytest.FixtureRequest, bucket_name: str) -> Endpoint:
    """Make an empty container that anybody may read."""
    server = request.getfixturevalue(request.param)
    return in_ceph(server, bucket_name) if request.param == "ceph" else in_azure(server, bucket_name)


def filled(project: Path, endpoint: Endpoint, **env: str) -> dict[str, str]:
    """Upload a wheel for each platform, one with a local version, and an sdist; return what was uploaded, by sha256."""
    for tag in wheels.MATRIX[:4]:
        wheels.make_wheel(project / "dist", "demo", "1.0", tag)
    wheels.make_wheel(project / "dist", "demo", "1.0+local.1")
    wheels.make_sdist(project / "dist", "demo", "1.0")
    done = inv(project, "wheelhouse.upload", env={**endpoint.env, **env})
    assert done.returncode == 0, done.stderr
    return digests(project / "dist")


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of a folder."""
    files = (path for path in folder.iterdir() if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_upload_and_fetch(endpoint: Endpoint, tmp_path: Path) -> None:
    """What was uploaded comes back through the storage API and from each page, and a second upload writes nothing."""
    project = make_project(tmp_path / "project")
    everything = filled(project, endpoint)
    again = json.loads(inv(project, "wheelhouse.upload", "--json", env=endpoint.env).stdout)
    assert (again["uploaded"], again["pages"]) == ([], [])
    places = ["index.html", "simple/demo/index.html", "simple-json/demo/index.html"]
    indexes = [[], *(["--index", f"{endpoint.url}/{page}"] for page in places)]
    for number, index in enumerate(indexes):
        fetch = ["wheelhouse.fetch", "--local-folder", f"fetched-{number}", *index]
        done = inv(project, *fetch, env=endpoint.env)
        assert done.returncode == 0, f"{index}: {done.stderr}"
        assert digests(project / f"fetched-{number}") == everything


def test_conditional_writes_as_found(request: pytest.FixtureRequest, bucket_name: str) -> None:
    """Ceph refuses what must not be replaced, and every write that expects a mark; Azurite honours both conditions."""
    ceph = open_store(in_ceph(request.getfixturevalue("ceph"), bucket_name).container)
    azure = open_store(in_azure(request.getfixturevalue("azure"), bucket_name).container)
    assert ceph.conditions() == Conditions(absent=True, mark=False, md5=True)
    assert azure.conditions() == Conditions(absent=True, mark=True, md5=False)


def test_slash_pages_say_what_the_others_say(endpoint: Endpoint, tmp_path: Path) -> None:
    """Each page is also at its folder's address, with the same bytes, content type and lifetime, for `fetch` too."""
    project = make_project(tmp_path / "project")
    everything = filled(project, endpoint, WHEELHOUSE_SLASH_PAGES="yes")
    for name, kind in SLASH_PAGES.items():
        folder, page = (requests.get(f"{endpoint.url}/{name}{file}", timeout=10) for file in ("", "index.html"))
        for answer in (folder, page):
            said = (answer.status_code, answer.headers["Content-Type"], answer.headers["Cache-Control"])
            assert said == (200, kind, "no-cache"), answer.url
        assert folder.content == page.content
        fetch = ["wheelhouse.fetch", "--local-folder", name, "--index", f"{endpoint.url}/{name}"]
        done = inv(project, *fetch, env=endpoint.env)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        assert digests(project / name) == everything


@pytest.mark.parametrize("install", INSTALLERS)
def test_installs_from_the_plain_endpoint(
    install: Callable[..., CompletedProcess[str]], endpoint: Endpoint, tmp_path: Path
) -> None:
    """Pip and uv install from the flat page, and with `slash_pages` by --index-url from both trees of the bucket."""
    project = make_project(tmp_path / "project")
    filled(project, endpoint, WHEELHOUSE_SLASH_PAGES="yes")
    where = [
        ("--no-index", "--find-links", f"{endpoint.url}/index.html"),
        ("--index-url", f"{endpoint.url}/simple/"),
        ("--index-url", f"{endpoint.url}/simple-json/"),
    ]
    for number, words in enumerate(where):
        target = tmp_path / str(number)
        done = install(*words, "demo==1.0+local.1", target=target)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        assert (target / "demo" / "__init__.py").is_file()


def test_slash_pages_follow_every_upload(endpoint: Endpoint, tmp_path: Path) -> None:
    """Pages that were stored without their copies get them with the next upload, and both then change together."""
    project = make_project(tmp_path / "project")
    filled(project, endpoint)
    assert requests.get(f"{endpoint.url}/simple/demo/", timeout=10).status_code in {403, 404}
    for version in ("1.0", "2.0"):
        wheels.make_wheel(project / "dist", "demo", version, wheels.MATRIX[0])
        done = inv(project, "wheelhouse.upload", env={**endpoint.env, "WHEELHOUSE_SLASH_PAGES": "yes"})
        assert done.returncode == 0, done.stderr
        for name in SLASH_PAGES:
            folder, page = (requests.get(f"{endpoint.url}/{name}{file}", timeout=10) for file in ("", "index.html"))
            assert (folder.status_code, folder.content) == (200, page.content), name
