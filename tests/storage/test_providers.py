"""Each provider from end to end, how each refuses, and what moving a large file costs."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

import libcloud.common.aws
import programs
import pytest
import requests
import servers
import wheels
from fake_store import FakeStore
from folders import digests
from libcloud.storage.providers import DRIVERS
from paths import ROOT
from projects import NEWER_PYTHON, inv, make_project
from providers import FLAVOURS, Flavour, each, environment, place, publish
from scripted import Scripted, scripted

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import AccessDenied, ContainerMissing, StoreError, Unreachable, Unsupported
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.retry import StartAnewError, TryAgainError
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.sources.container_source import StoreSource
from wheelhouse_tasks.sources.fetch_plan import Candidate
from wheelhouse_tasks.storage.driver import NOT_OFFERED
from wheelhouse_tasks.storage.gaps import Clock, driver_class
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import make_payload, read_all


def test_newer_python_warns() -> None:
    """What stands for a newer Python in these tests warns as that does."""
    for line in ("import datetime; datetime.datetime.utcnow()", "import codecs, os; codecs.open(os.devnull)"):
        done = programs.run(sys.executable, "-c", line, env={**os.environ, **NEWER_PYTHON})
        assert "DeprecationWarning: " in done.stderr


def is_datetime(value: object) -> TypeGuard[Any]:
    """Tell whether something is the module datetime, or stands in for it."""
    return isinstance(value, ModuleType) and value.__name__ == "datetime"


@pytest.mark.parametrize("provider", sorted(set(DRIVERS) - NOT_OFFERED))
def test_no_driver_asks_a_clock_that_warns(provider: str) -> None:
    """No module of libcloud that is loaded with a driver has the datetime whose utcnow() Python 3.12 warns of."""
    driver_class(provider)
    for name, module in list(sys.modules.items()):
        if name.startswith("libcloud."):
            values = [value.datetime if is_datetime(value) else value for value in vars(module).values()]
            clocks = [value for value in values if isinstance(value, type) and issubclass(value, datetime)]
            assert set(clocks) <= {Clock}, name
            assert clocks or "utcnow(" not in Path(str(module.__file__)).read_text(), name


def test_clock_of_libcloud() -> None:
    """What stands in for libcloud's datetime tells the time of UTC without a zone, and is a datetime to libcloud."""
    before, now, after = datetime.now(UTC), Clock.utcnow(), datetime.now(UTC)
    assert before <= now.replace(tzinfo=UTC) <= after
    assert now.tzinfo is None
    assert Clock.utcfromtimestamp(86400.5) == datetime(1970, 1, 2, 0, 0, 0, 500000)  # noqa: DTZ001
    assert isinstance(before, Clock)
    assert not isinstance(before.date(), Clock)


@each()
def test_whole_flow(flavour: Flavour, request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path) -> None:
    """What is uploaded comes back through the storage API and to pip, nothing is sent twice, and all is in order.

    So it is where each warning is an error, as they may be in a host project.
    """
    server = request.getfixturevalue(flavour.server)
    url, env = publish(server, bucket_name), environment(place(flavour, server, bucket_name)) | NEWER_PYTHON
    project = make_project(tmp_path / "project")
    for tag in wheels.MATRIX[:2]:
        wheels.make_wheel(project / "dist", "demo", "1.0", tag)
    wheels.make_wheel(project / "dist", "demo", "1.0+local.1")
    sent, again = (json.loads(inv(project, "wheelhouse.upload", "--json", env=env).stdout) for _ in range(2))
    assert (len(sent["uploaded"]), again["uploaded"], again["pages"]) == (3, [], [])
    for number, index in enumerate(([], ["--index", f"{url}/simple-json/demo/index.html"])):
        done = inv(project, "wheelhouse.fetch", "--local-folder", f"got-{number}", *index, env=env)
        assert done.returncode == 0, done.stderr
        assert digests(project / f"got-{number}") == digests(project / "dist")
    done = inv(project, "wheelhouse.check", "--deep", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    page = requests.get(f"{url}/index.html", timeout=programs.STUCK)
    assert (page.headers["Content-Type"], page.headers["Cache-Control"]) == ("text/html; charset=utf-8", "no-cache")
    where = ("--no-index", "--find-links", f"{url}/index.html", "demo==1.0+local.1")
    done = programs.pip_install(*where, target=tmp_path / "installed")
    assert done.returncode == 0, done.stdout + done.stderr


def refused(at: Container, kind: type[StoreError] = AccessDenied) -> str:
    """Return the line that an upload ends with."""
    with pytest.raises(kind) as told:
        open_store(at).put("x.txt", make_payload(b"1", "text/plain", "no-cache"))
    return str(told.value)


#: What is said of a user whom nobody knows, and of a wrong secret. (Without an account Azurite has no container.)
LINES = {
    "s3-seaweedfs": ("does not know this user name (403 InvalidAccessKeyId)", "(403 SignatureDoesNotMatch)"),
    "s3-ceph": ("does not know this user name (403 InvalidAccessKeyId)", "(403 SignatureDoesNotMatch)"),
    "s3-swift": ("(403 SignatureDoesNotMatch)", "(403 SignatureDoesNotMatch)"),
    "swift-swift": ("refused the credentials (401)", "refused the credentials (401)"),
    "swift-ceph": ("refused the credentials (403)", "refused the credentials (401)"),
    "azure-azurite": ("there is no such container", "the account's key or the clock of this machine is wrong"),
}


@pytest.mark.parametrize("name", LINES)
def test_wrong_user_secret_container(name: str, request: pytest.FixtureRequest, bucket_name: str) -> None:
    """A wrong user name, secret and container are each told apart, as far as the provider does."""
    at = place(FLAVOURS[name], request.getfixturevalue(FLAVOURS[name].server), bucket_name)
    assert at.credentials
    user = Credentials("whoever", at.credentials.secret)
    secret = Credentials(at.credentials.username, "bm90LXRoZS1zZWNyZXQ=")
    for credentials, line in zip((user, secret), LINES[name], strict=True):
        assert line in refused(replace(at, credentials=credentials), StoreError)
    assert "there is no such container" in refused(at, ContainerMissing)


@pytest.mark.parametrize("minutes", [-60, 60])
@each("s3-seaweedfs", "s3-ceph", "s3-swift")
def test_clock_that_is_off(
    flavour: Flavour, minutes: int, request: pytest.FixtureRequest, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a clock that is an hour off, the line says that it is the clock."""

    class Off(datetime):
        @classmethod
        def utcnow(cls) -> "Off":
            return cls.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)

    at = place(flavour, request.getfixturevalue(flavour.server), bucket_name)
    open_store(at).create()
    monkeypatch.setattr(libcloud.common.aws, "datetime", Off)
    assert "the clock of this machine is further off than the provider allows (403 RequestTimeTooSkewed)" in refused(at)


def test_region(swift: servers.SwiftServer, bucket_name: str) -> None:
    """A wrong region is said to be the region; `minio` signs for any, though its driver knows of none."""
    at = place(FLAVOURS["s3-swift"], swift, bucket_name)
    open_store(at).create()
    for wrong in (replace(at, region="eu-west-1"), replace(at, provider="minio", region="mars-1")):
        assert "the container is in another region" in refused(wrong)
    assert open_store(replace(at, provider="minio")).list("") == []


def test_user_without_the_right(s3: servers.SeaweedFS, swift: servers.SwiftServer, bucket_name: str) -> None:
    """A user who may not write is told apart from one with a wrong secret."""
    for name, server, login in (
        ("s3-seaweedfs", s3, Credentials(s3.read_key, s3.read_secret)),
        ("swift-swift", swift, Credentials(swift.other_key, swift.other_secret)),
    ):
        at = place(FLAVOURS[name], server, bucket_name)
        open_store(at).create()
        assert "the credentials are good, but may not do this (403" in refused(replace(at, credentials=login))


def test_session_token_goes_along_and_may_expire() -> None:
    """The token of temporary credentials is signed and sent by every S3 driver, and the line says if it is too old."""
    body = b"<Error><Code>ExpiredToken</Code></Error>"
    with scripted() as script:
        script.answers["/bucket?Version=2006-03-01"] = (400, {"Content-Type": "application/xml"}, body)
        script.answers["/bucket"] = script.answers["/bucket?Version=2006-03-01"]
        for provider in ("s3", "s3_rgw", "minio"):
            credentials = Credentials("ASIA", "secret", "token-of-an-hour")
            at = Container(
                provider, "bucket", "", None, "127.0.0.1", script.port, secure=False, credentials=credentials
            )
            with pytest.raises(AccessDenied, match="the session token has expired"):
                open_store(at).list("")
            asked = script.seen[-1].headers
            assert asked["x-amz-security-token"] == "token-of-an-hour"
            assert "x-amz-security-token" in asked["Authorization"].partition("SignedHeaders=")[2]


LISTING = (200, {"Content-Type": "application/json"}, b"[]")
EXPIRED = (401, {"Content-Type": "text/plain"}, b"")


def swift_at(script: Scripted, **options: str) -> Container:
    """Return a container of a Swift whose every answer is scripted."""
    options = options or {"ex_force_auth_url": f"{script.url}auth"}
    login = Credentials("account:user", "secret")
    return Container("openstack_swift", "bucket", driver_options=options, credentials=login, retries=1)


def test_swift_token_is_kept_and_renewed() -> None:
    """One authentication serves until the token has expired; then there is another, and the request is repeated."""
    with scripted() as script:
        token = {"X-Auth-Token": "token", "X-Storage-Url": f"{script.url}v1/AUTH_account"}
        script.answers["/auth/v1.0"] = (200, token, b"")
        where = "/v1/AUTH_account/bucket?format=json"
        script.in_turn(where, LISTING, EXPIRED, LISTING)
        store = open_store(swift_at(script))
        assert (store.list(""), store.list("")) == ([], [])
        login, listed = "GET /auth/v1.0", f"GET {where}"
        assert script.requests == [login, listed, listed, login, listed]


def test_swift_with_keystone() -> None:
    """The address of Keystone, as OS_AUTH_URL tells it, is all that its third version needs."""
    endpoints = [{"interface": "public", "region": "one", "id": "1"}]
    with scripted() as script:
        endpoints[0]["url"] = f"{script.url}v1/AUTH_account"
        catalog = [{"type": "object-store", "name": "swift", "id": "1", "endpoints": endpoints}]
        token = {"expires_at": "2999-01-01T00:00:00.000000Z", "catalog": catalog, "user": {}, "roles": []}
        given = {"X-Subject-Token": "token", "Content-Type": "application/json"}
        script.answers["/v3/auth/tokens"] = (201, given, json.dumps({"token": token}).encode())
        script.answers["/v1/AUTH_account/bucket?format=json"] = LISTING
        url = {"ex_force_auth_url": f"{script.url}v3/", "ex_tenant_name": "project"}
        for store in (open_store(swift_at(script, **url)), open_store(replace(swift_at(script, **url), region="one"))):
            assert store.list("") == []
        assert script.requests == 2 * ["POST /v3/auth/tokens", "GET /v1/AUTH_account/bucket?format=json"]


@each("s3-seaweedfs", "swift-swift", "azure-azurite")
def test_server_that_stalls(flavour: Flavour, request: pytest.FixtureRequest, bucket_name: str) -> None:
    """A server that falls silent within a file, either way, is given up when the time is up."""
    server = request.getfixturevalue(flavour.server)
    at = place(flavour, server, bucket_name)
    open_store(at).create()
    payload = make_payload(b"x" * 2_000_000, "text/plain", "no-cache")
    open_store(at).put("x.txt", payload)
    with servers.faultproxy(server.port) as proxy:
        at = replace(at, port=proxy.port, timeout=0.5)
        stalled = open_store(at)
        proxy.set("hang", after=100_000)
        with pytest.raises(Unreachable, match="no answer within"):
            b"".join(stalled.read("x.txt"))
        proxy.set("hang")
        with pytest.raises(Unreachable, match="no answer within"):
            open_store(at).put("x.txt", payload)


@each("s3-seaweedfs", "s3_rgw-ceph", "swift-swift", "azure-azurite")
def test_answer_cut_off_in_its_headers(flavour: Flavour, request: pytest.FixtureRequest, bucket_name: str) -> None:
    """A listing, and an object, whose answer ends within its headers are asked for again: they are not empty."""
    server = request.getfixturevalue(flavour.server)
    at = place(flavour, server, bucket_name)
    open_store(at).create()
    open_store(at).put("x.txt", make_payload(b"content", "text/plain", "no-cache"))
    with servers.faultproxy(server.port) as proxy:
        store = open_store(replace(at, port=proxy.port, retries=2))
        assert [entry.name for entry in store.list("")] == ["x.txt"]  # authenticated, if need be
        for ask in (lambda: [entry.name for entry in store.list("")], lambda: [read_all(store, "x.txt")]):
            proxy.set("cut", after=60, count=1)
            proxy.close_all()
            assert ask() in (["x.txt"], [b"content"])
            assert proxy.stats()["faulted"] == 1


def offered(name: str, sha256: str | None) -> Candidate:
    """Return what a container is said to hold."""
    return Candidate(artifact=artifact.parse(name), sha256=sha256, source="", link=Link(name, name, sha256))


@each("s3-seaweedfs", "s3_rgw-ceph", "swift-swift", "swift-ceph", "azure-azurite")
def test_download_goes_on(flavour: Flavour, request: pytest.FixtureRequest, bucket_name: str) -> None:
    """A download whose every connection breaks after 1.5 MB goes on, if a sha256 is there to tell the outcome.

    So does one that an earlier run began, unless the object has become shorter.
    """
    server = request.getfixturevalue(flavour.server)
    at, name, content = place(flavour, server, bucket_name), "demo-1.0-py3-none-any.whl", os.urandom(3_500_000)
    open_store(at).create()
    open_store(at).put(name, make_payload(content, "", ""))
    with servers.faultproxy(server.port) as proxy:
        source = StoreSource(open_store(replace(at, port=proxy.port)), 1)
        b"".join(source.blocks(offered(name, "0" * 64)))  # authenticated, if need be
        proxy.set("cut", after=1_500_000)  # blocks are 1 MiB
        requests.get(f"http://127.0.0.1:{proxy.control}/closeall", timeout=programs.STUCK)
        assert b"".join(source.blocks(offered(name, "0" * 64))) == content
        with pytest.raises(TryAgainError):
            b"".join(source.blocks(offered(name, None)))
    source = StoreSource(open_store(at), 1)
    assert b"".join(source.blocks(offered(name, "0" * 64), 3_000_001)) == content[3_000_001:]
    with pytest.raises(StartAnewError):
        b"".join(source.blocks(offered(name, "0" * 64), len(content) + 1))


def test_download_that_cannot_go_on() -> None:
    """A provider that always begins at the first byte is asked for all of it again; a refusal stays one."""

    class Whole(FakeStore):
        error: StoreError = Unsupported("x", "answered 200")

        def read(self, name: str, start: int = 0) -> Iterator[bytes]:
            if start:
                raise self.error
            yield self.content(name)[:5]
            raise TryAgainError(StoreError(name, "was cut off"))

    store = Whole()
    store.put("demo-1.0.tar.gz", make_payload(b"0123456789", "", ""))
    wanted = offered("demo-1.0.tar.gz", "0" * 64)
    for start in (0, 5):
        with pytest.raises(StartAnewError):
            b"".join(StoreSource(store, 1).blocks(wanted, start))
    for store.error in (AccessDenied("x", "no longer"), StoreError("x", "answered 200")):
        with pytest.raises(type(store.error)):
            b"".join(StoreSource(store, 1).blocks(wanted))


SERVERS = {"s3": "SeaweedFS 4.42", "ceph": "Ceph 16.2", "swift": "Swift 2.38.3", "azure": "Azurite 3.35.0"} | {
    "moto": "moto 5.2.5",
    "google": "a stand-in for its XML API",
}
README = (ROOT / "README.md").read_text()


def test_table_of_the_readme() -> None:
    """The table says of each provider on which servers it is proven here, and calls all others unproven."""
    table = README.partition("## Providers")[2].partition("\n## ")[0]
    rows = {row[0]: row[2] for row in re.findall(r"^\| `(\w+)`(.*?) \|.*\| (.+?) \|$", table, re.MULTILINE)}
    proven = {
        provider: {SERVERS[each.server] for each in FLAVOURS.values() if each.provider == provider} for provider in rows
    }
    assert {each.provider for each in FLAVOURS.values()} < rows.keys() <= {*DRIVERS, "local"}
    for provider, said in rows.items():
        assert proven[provider] == {server for server in SERVERS.values() if server in said}, provider
        assert ("unproven" in said) == (not proven[provider] and provider != "local"), provider


MOVE = """
import hashlib, json, re, sys
from pathlib import Path
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage.port import Payload
from wheelhouse_tasks.storage.opening import open_store

at = json.loads(sys.stdin.readline())
store = open_store(Container(**{**at, "credentials": Credentials(*at["credentials"])}))
path, sha256 = Path(sys.argv[1]), hashlib.sha256()
with path.open("rb") as file:
    while block := file.read(1 << 20):
        sha256.update(block)
promised = sha256.hexdigest()
store.put("big", Payload(path, path.stat().st_size, promised, "text/plain", "no-cache"))
there = hashlib.sha256()
for block in store.read("big"):
    there.update(block)
assert there.hexdigest() == promised
store.delete("big")
# of this program alone: ru_maxrss begins with that of the process that started it
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@each("s3-seaweedfs", "swift-swift", "azure-azurite")
def test_memory_of_a_large_file(
    flavour: Flavour, request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path
) -> None:
    """256 MiB go and come back through 100 MiB of memory, all libraries included: none of it is kept."""
    at = place(flavour, request.getfixturevalue(flavour.server), bucket_name)
    open_store(at).create()
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(256 << 20)
    known = {name: getattr(at, name) for name in ("provider", "container", "region", "host", "port", "secure")}
    assert at.credentials
    said = json.dumps({**known, "credentials": [at.credentials.username, at.credentials.secret]})
    done = subprocess.run([sys.executable, "-c", MOVE, path], input=said, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 100, f"{done.stdout} MiB"
