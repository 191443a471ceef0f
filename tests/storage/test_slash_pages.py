"""Ceph, Azurite and Swift: pages and installs straight from their endpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import requests
import wheels
from folders import digests
from programs import STUCK
from projects import inv, make_project
from providers import FLAVOURS, environment, place, publish

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


@pytest.fixture(params=["s3-ceph", "azure-azurite", "swift-swift"])
def endpoint(request: pytest.FixtureRequest, bucket_name: str) -> Endpoint:
    """Make an empty container that anybody may read."""
    flavour = FLAVOURS[request.param]
    server = request.getfixturevalue(flavour.server)
    return Endpoint(publish(server, bucket_name), environment(place(flavour, server, bucket_name)))


def filled(project: Path, endpoint: Endpoint, **env: str) -> dict[str, str]:
    """Upload a wheel for each platform, one with a local version, and an sdist; return what was uploaded, by sha256."""
    for tag in wheels.MATRIX[:4]:
        wheels.make_wheel(project / "dist", "demo", "1.0", tag)
    wheels.make_wheel(project / "dist", "demo", "1.0+local.1")
    wheels.make_sdist(project / "dist", "demo", "1.0")
    done = inv(project, "wheelhouse.upload", env={**endpoint.env, **env})
    assert done.returncode == 0, done.stderr
    return digests(project / "dist")


def test_slash_pages_say_what_the_others_say(endpoint: Endpoint, tmp_path: Path) -> None:
    """Each page is also at its folder's address, with the same bytes, content type and lifetime, for `fetch` too."""
    project = make_project(tmp_path / "project")
    everything = filled(project, endpoint, WHEELHOUSE_SLASH_PAGES="yes")
    for name, kind in SLASH_PAGES.items():
        folder, page = (requests.get(f"{endpoint.url}/{name}{file}", timeout=STUCK) for file in ("", "index.html"))
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
    assert requests.get(f"{endpoint.url}/simple/demo/", timeout=STUCK).status_code in {403, 404}
    for version in ("1.0", "2.0"):
        wheels.make_wheel(project / "dist", "demo", version, wheels.MATRIX[0])
        done = inv(project, "wheelhouse.upload", env={**endpoint.env, "WHEELHOUSE_SLASH_PAGES": "yes"})
        assert done.returncode == 0, done.stderr
        for name in SLASH_PAGES:
            folder, page = (requests.get(f"{endpoint.url}/{name}{file}", timeout=STUCK) for file in ("", "index.html"))
            assert (folder.status_code, folder.content) == (200, page.content), name
