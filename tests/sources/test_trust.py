"""Files without a digest that another host sends: refused, unless the setting `trust` names that host."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import wheels
from outcomes import failed
from projects import inv, make_project
from scripted import Scripted, scripted

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
#: The second name of this machine: another host to whoever compares names.
OTHER = "localhost"


@pytest.fixture
def assets(tmp_path: Path) -> Iterator[Scripted]:
    """Run the server that has the files, without any digest."""
    (tmp_path / "made").mkdir()
    made = [wheels.make_wheel(tmp_path / "made"), wheels.make_sdist(tmp_path / "made")]
    with scripted() as script:
        script.answers = {f"/{path.name}": (200, {}, path.read_bytes()) for path in made}
        yield script


def elsewhere(assets: Scripted, name: str) -> str:
    """Return the URL of a file under the other name of this machine."""
    return f"http://{OTHER}:{assets.port}/{name}"


def lead(kind: str, server: Scripted, assets: Scripted) -> None:
    """Serve a page whose files are on the other host: by its links, or by where its own links redirect."""
    for name in (WHEEL, SDIST):
        server.answers[f"/{name}"] = (302, {"Location": elsewhere(assets, name)}, b"")
    hrefs = [elsewhere(assets, name) if kind == "links" else name for name in (WHEEL, SDIST)]
    server.page("/", "".join(f"<a href='{href}'>x</a>" for href in hrefs))


@pytest.mark.parametrize("kind", ["links", "redirects"])
@pytest.mark.parametrize("trusted", ["", "other.example", "ocalhost", f"not-{OTHER}"])
def test_host_that_is_not_trusted_is_refused_with_the_setting_named(
    kind: str, trusted: str, server: Scripted, assets: Scripted, tmp_path: Path
) -> None:
    """No byte is asked of a host of which `trust` has not the whole name."""
    project = make_project(tmp_path / "project")
    lead(kind, server, assets)
    env = {"WHEELHOUSE_TRUST": trusted}
    failed(inv(project, "wheelhouse.fetch", "--index", server.url, env=env), 1, f"see the setting 'trust': {OTHER}")
    assert list((project / "dist").iterdir()) == []
    assert kind == "redirects" or assets.requests == []


@pytest.mark.parametrize("kind", ["links", "redirects"])
def test_files_of_a_trusted_host_are_fetched_and_told_as_unverified(
    kind: str, server: Scripted, assets: Scripted, tmp_path: Path
) -> None:
    """What nothing vouches for is so in the plan, in one warning for all of its kind, and in the result."""
    project = make_project(tmp_path / "project")
    lead(kind, server, assets)
    env = {"WHEELHOUSE_TRUST": f"other.example {OTHER.upper()}"}
    done = inv(project, "wheelhouse.fetch", "--index", server.url, "--dry-run", env=env)
    assert (done.returncode, done.stdout.count("download, unverified")) == (0, 2), done.stderr
    done = inv(project, "wheelhouse.fetch", "--index", server.url, "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)["unverified"]) == [WHEEL, SDIST]
    [warning] = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    host = OTHER if kind == "links" else "127.0.0.1"
    assert f"{server.url} promises no sha256" in warning
    assert f"2 files, sent by {host} ({WHEEL}, {SDIST})" in warning
    assert sorted(path.name for path in (project / "dist").iterdir()) == [WHEEL, SDIST]


def test_archive_of_a_trusted_host_is_checked(server: Scripted, assets: Scripted, tmp_path: Path) -> None:
    """Trust is no blindness: what is no archive is not kept."""
    project = make_project(tmp_path / "project")
    lead("links", server, assets)
    assets.answers[f"/{WHEEL}"] = (200, {}, b"<html>Sign in</html>")
    env = {"WHEELHOUSE_TRUST": OTHER}
    failed(inv(project, "wheelhouse.fetch", "--index", server.url, env=env), 1, WHEEL)
    assert [path.name for path in (project / "dist").iterdir()] == [SDIST]


def test_release_and_status_heed_trust(server: Scripted, assets: Scripted, tmp_path: Path) -> None:
    """A release looks at the files of a trusted host, and warns; without it, it stops as a fetch does."""
    project = make_project(tmp_path / "project")
    lead("links", server, assets)
    with scripted() as index:
        index.page("/simple/demo/", "")
        env = {"WHEELHOUSE_REPOSITORY_URL": f"{index.url}legacy/", "WHEELHOUSE_CHECK_URL": f"{index.url}simple/"}
        words = ("wheelhouse.release", "--version", "1.0", "--dry-run", "--index", server.url)
        failed(inv(project, *words, env=env), 1, f"see the setting 'trust': {OTHER}")
        done = inv(project, *words, env={**env, "WHEELHOUSE_TRUST": OTHER})
    assert (done.returncode, done.stdout.count("warning: unverified: ")) == (0, 1), done.stderr
    done = inv(project, "wheelhouse.status", "--index", server.url, env={"WHEELHOUSE_TRUST": OTHER})
    assert done.returncode == 0, done.stderr
