"""The install commands that `upload` prints: those that work, found out once and kept in the container."""

import json
import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

import programs
import pytest
import servers
import wheels
from projects import inv, make_project, s3_env
from providers import FLAVOURS, environment, place
from stores import s3_container

from wheelhouse_tasks.settings.locations import Container
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import make_payload, read_all
from wheelhouse_tasks.storage.publish import make_public

FLAT, ALL = ["index.html"], ["index.html", "simple/"]


@dataclass(frozen=True)
class Told:
    """What an upload said: the lines, and the result."""

    text: str
    result: dict[str, object]

    @property
    def commands(self) -> list[str]:
        """Return the commands as they were printed."""
        starts = ("install it: ", "        or: ")
        return [line.partition(": ")[2] for line in self.text.splitlines() if line.startswith(starts)]


def told(project: Path, env: dict[str, str], *words: str) -> Told:
    """Upload; what is printed and the result name the same commands."""
    done = inv(project, "wheelhouse.upload", "--json", *words, env=env)
    assert done.returncode == 0, done.stderr
    said = Told(done.stderr, json.loads(done.stdout))
    assert said.result["commands"] == said.commands
    return said


def run(commands: list[str], folder: Path) -> None:
    """Run each command as a person would, into a folder of its own; nothing but this wheelhouse is asked."""
    for number, command in enumerate(commands):
        program, _, words = command.partition("pip install ")
        install = programs.uv_install if program == "uv " else programs.pip_install
        alone = ["--no-index"] if "--find-links" in words else []
        target = folder / f"target{number}"
        done = install(*alone, *shlex.split(words), target=target)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        assert (target / "demo/__init__.py").is_file()


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Return a project that has built a wheel with a local version."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0+local.1")
    return project


def test_plain_bucket_gets_no_index_url(s3: servers.SeaweedFS, bucket_name: str, wheel: Path, tmp_path: Path) -> None:
    """A bucket that answers no folder is installed from by its flat page; each run prints the same two commands."""
    first, second = (told(wheel, s3_env(s3, bucket_name)) for _ in range(2))
    assert first.commands == second.commands
    assert [command.split()[:2] for command in first.commands] == [["pip", "install"], ["uv", "pip"]]
    assert "--index-url" not in first.text
    assert "public_url" not in first.text + second.text
    assert (second.result["works"], second.result["url"]) == (FLAT, f"{s3.url}/{bucket_name}/")
    run(second.commands, tmp_path)


def test_plain_bucket_with_public_url_gets_no_index_url(
    s3: servers.SeaweedFS, bucket_name: str, wheel: Path, tmp_path: Path
) -> None:
    """An address that a setting names is tried too: it may be that of a plain bucket, and a prefix is quoted."""
    env = s3_env(s3, bucket_name, WHEELHOUSE_PUBLIC_URL=f"{s3.url}/{bucket_name}", WHEELHOUSE_PREFIX="a b/c&d")
    said = told(wheel, env)
    assert (said.result["works"], said.result["url"]) == (FLAT, f"{s3.url}/{bucket_name}/a%20b/c%26d/")
    run(said.commands, tmp_path)


def test_web_server_that_answers_folders_gets_all_commands(
    s3: servers.SeaweedFS, s3_web: servers.Nginx, bucket_name: str, wheel: Path, tmp_path: Path
) -> None:
    """A web server in front of a bucket, and one over a folder, serve `simple/` as an index."""
    env = s3_env(s3, bucket_name, WHEELHOUSE_PUBLIC_URL=f"{s3_web.url}/s3/{bucket_name}")
    said = told(wheel, env)
    assert (said.result["works"], len(said.commands)) == (ALL, 3)
    run(said.commands, tmp_path)


def test_folder_behind_a_web_server_gets_all_commands(
    web: servers.Nginx, bucket_name: str, wheel: Path, tmp_path: Path
) -> None:
    """A local container that a web server shows is installed from at its address."""
    env = {"WHEELHOUSE_CONTAINER": str(web.root / bucket_name), "WHEELHOUSE_PUBLIC_URL": f"{web.url}/{bucket_name}/"}
    said = told(wheel, env)
    assert (said.result["works"], len(said.commands), "once" in said.text) == (ALL, 3, False)
    run(said.commands, tmp_path)


@pytest.mark.parametrize("name", ["s3-ceph", "azure-azurite", "swift-swift"])
def test_slash_pages_get_all_commands(
    name: str, request: pytest.FixtureRequest, bucket_name: str, wheel: Path, tmp_path: Path
) -> None:
    """A plain endpoint that keeps names ending in a slash is an index with slash_pages: that is asked for anew."""
    flavour = FLAVOURS[name]
    env = environment(place(flavour, request.getfixturevalue(flavour.server), bucket_name))
    plain = told(wheel, env)
    assert "index.html" in str(plain.result["works"])
    run(plain.commands, tmp_path / "plain")
    slashed = told(wheel, {**env, "WHEELHOUSE_SLASH_PAGES": "yes"})
    assert (slashed.result["works"], len(slashed.commands)) == (ALL, 3)
    run(slashed.commands, tmp_path / "slashed")


def test_index_without_flat_page_gets_commands_that_work(
    s3: servers.SeaweedFS, s3_web: servers.Nginx, bucket_name: str, wheel: Path, tmp_path: Path
) -> None:
    """Without the flat page an index is the only way: none on the plain bucket, three through the web server."""
    env = s3_env(s3, bucket_name, WHEELHOUSE_FLAT_INDEX="no")
    plain = told(wheel, env)
    assert (plain.result["works"], plain.commands) == ([], [])
    said = told(wheel, {**env, "WHEELHOUSE_PUBLIC_URL": f"{s3_web.url}/s3/{bucket_name}/"})
    assert (said.result["works"], len(said.commands)) == (["simple/"], 3)
    run([command for command in said.commands if "--extra-index-url" not in command], tmp_path)


@pytest.mark.parametrize("name", ["s3-ceph", "azure-azurite"])
def test_private_container_needs_fetch(
    name: str, request: pytest.FixtureRequest, bucket_name: str, wheel: Path, tmp_path: Path
) -> None:
    """Where nobody can read, one line names `fetch`; once everybody can, the next run prints what works."""
    flavour = FLAVOURS[name]
    at: Container = place(flavour, request.getfixturevalue(flavour.server), bucket_name)
    open_store(at).create()
    for _ in range(2):
        private = told(wheel, environment(at))
        lines = [line for line in private.text.splitlines() if "installers need `fetch`" in line]
        assert (len(lines), private.commands, private.result["url"]) == (1, [], None)
        assert "public_url" not in private.text
    url = make_public(at)
    said = told(wheel, environment(at))
    assert (said.result["works"], said.result["url"]) == (FLAT, url)
    run(said.commands, tmp_path)


def test_container_that_settings_keep_private_is_not_asked(
    s3: servers.SeaweedFS, bucket_name: str, wheel: Path
) -> None:
    """With enable_cdn off and no public_url nobody is asked, and installers need fetch."""
    with servers.or_skip(servers.counting(s3.port)) as proxy:
        env = s3_env(s3, bucket_name, WHEELHOUSE_PORT=str(proxy.port), WHEELHOUSE_ENABLE_CDN="no")
        told(wheel, env)
        with proxy.requests() as asked:
            said = told(wheel, env)
    assert "(enable_cdn is off): installers need `fetch`" in said.text
    assert not [line for line in asked if ".wheelhouse/address" in line]


def test_address_is_asked_for_once(s3: servers.SeaweedFS, bucket_name: str, wheel: Path) -> None:
    """What works is kept in the container: later runs make one request for it, and ask the address nothing."""
    with servers.or_skip(servers.counting(s3.port)) as proxy, servers.or_skip(servers.counting(s3.port)) as public:
        url = f"http://{servers.HOST}:{public.port}/{bucket_name}/"
        env = s3_env(s3, bucket_name, WHEELHOUSE_PORT=str(proxy.port), WHEELHOUSE_PUBLIC_URL=url)
        with public.requests() as asked_first:
            first = told(wheel, env)
        with public.requests() as asked_again, proxy.requests() as requests:
            again = told(wheel, env)
        record = json.loads(read_all(open_store(s3_container(s3, bucket_name)), ".wheelhouse/address.json"))
    assert [line.split()[1].removeprefix(f"/{bucket_name}") for line in asked_first] == ["/index.html", "/simple/demo/"]
    assert asked_again == []
    assert [line.split()[0] for line in requests if ".wheelhouse/address" in line] == ["GET"]
    assert again.commands == first.commands != []
    assert (record["url"], record["works"]) == (url, FLAT)


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"for": 1, "url": "https://x.example/", "works": ["simple/"]}'])
def test_damaged_record_is_made_anew(record: str, s3: servers.SeaweedFS, bucket_name: str, wheel: Path) -> None:
    """A record that cannot be understood, or is of other settings, is no record."""
    expected = told(wheel, s3_env(s3, bucket_name)).commands
    store = open_store(s3_container(s3, bucket_name))
    store.put(".wheelhouse/address.json", make_payload(record.encode(), "application/json", "no-cache"))
    assert told(wheel, s3_env(s3, bucket_name)).commands == expected
    assert json.loads(read_all(store, ".wheelhouse/address.json"))["works"] == FLAT


def test_address_that_shows_something_else_gets_no_commands(
    web: servers.Nginx, s3: servers.SeaweedFS, bucket_name: str, wheel: Path
) -> None:
    """Another wheelhouse, a page for everything and a dead server are no address to install from, and no failure."""
    other = make_project(web.root / bucket_name)
    wheels.make_wheel(other / "dist", "demo", "0.1")
    assert inv(other, "wheelhouse.upload").returncode == 0
    dead = f"http://{servers.HOST}:{servers.closed_port()}/"
    reasons = {
        f"{web.url}/{bucket_name}/wheelhouse/": " does not show what was uploaded",
        f"{web.url}/{bucket_name}/nowhere/": ": is not there (404)",
        dead: ": could not be read",
    }
    for url, reason in reasons.items():
        said = told(wheel, s3_env(s3, bucket_name, WHEELHOUSE_PUBLIC_URL=url))
        assert (said.result["works"], said.commands) == ([], [])
        assert f"is not readable without credentials ({url}{reason}" in said.text


def test_folder_that_is_published_later_says_so(wheel: Path, tmp_path: Path) -> None:
    """A folder that git publishes is not there yet: the commands are those of its address, from then on."""
    env = {
        "WHEELHOUSE_CONTAINER": str(tmp_path / "pages"),
        "WHEELHOUSE_PUBLIC_URL": f"http://{servers.HOST}:{servers.closed_port()}/wheels",
    }
    said = told(wheel, env)
    assert f"once {env['WHEELHOUSE_PUBLIC_URL']}/ shows this folder" in said.text
    assert (len(said.commands), said.result["works"]) == (3, ALL)
    with servers.static(tmp_path / "pages") as site:
        said = told(wheel, {**env, "WHEELHOUSE_PUBLIC_URL": site.url})
        assert "once" not in said.text
        run(said.commands, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="0.0.0.0 leads to this machine on Linux only")
def test_pip_is_told_to_trust_a_host_without_https(
    s3: servers.SeaweedFS, bucket_name: str, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pip ignores http of another machine unless the command names the host: the printed one does."""
    monkeypatch.setenv("NO_PROXY", f"{os.environ['NO_PROXY']},0.0.0.0")
    url = f"http://0.0.0.0:{s3.port}/{bucket_name}/"
    said = told(wheel, s3_env(s3, bucket_name, WHEELHOUSE_PUBLIC_URL=url))
    assert [" --trusted-host 0.0.0.0 " in command for command in said.commands] == [True, False]
    run(said.commands, tmp_path)
