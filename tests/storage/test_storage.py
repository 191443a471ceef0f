"""One contract for every store: the fake, the folder, and every provider that a server can stand for."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import programs
import pytest
import requests
import servers
from fake_store import FakeStore
from providers import FLAVOURS, Flavour, each, place
from stores import payload, s3_container
from watching import Way

from wheelhouse_tasks import parallel
from wheelhouse_tasks.errors import (
    AccessDenied,
    BadArtifact,
    Changed,
    Conflict,
    ContainerMissing,
    ObjectMissing,
    StoreError,
    Unreachable,
    Unsupported,
)
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage.cloud import CloudStore
from wheelhouse_tasks.storage.folder import FolderStore
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Entry, Payload, Promise, Store, read_all

#: Names that stores, URLs and shells like to mistake.
ODD_NAMES = (
    "files/demo/demo-1.0+cpu.whl",
    "files/demo/demo-1!2.0.tar.gz",
    "a/index.html",
    "b c.txt",
    "é.txt",
    "~x.txt",
    "100%2B #1?.txt",
)
#: More than any driver sends in one piece: 5 MiB at the most.
BIG = 6_000_000


#: The driver of Rackspace's Cloud Files is the parent of Swift's: test_providers.py has it.
CLOUDS = [name for name in FLAVOURS if name != "cloudfiles-swift"]


@pytest.fixture(params=["fake", "folder", "folder with a prefix", *CLOUDS, "s3-seaweedfs with a prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path, bucket_name: str) -> Store:
    """Return a store whose container is not there yet."""
    kind, prefix = request.param.split()[0], "pre/fix é+/" if "prefix" in request.param else ""
    if kind == "fake":
        return FakeStore(exists=False)
    if kind == "folder":
        return open_store(Container("local", str(tmp_path / "container"), prefix))
    flavour = FLAVOURS[kind]
    return open_store(place(flavour, request.getfixturevalue(flavour.server), bucket_name, prefix=prefix))


def test_missing_container(store: Store) -> None:
    """A container that is not there is told apart from an empty one, and can be created twice."""
    with pytest.raises(ContainerMissing):
        store.list("")
    store.create()
    store.create()
    assert store.list("") == []


def test_put_read_list_delete(store: Store, tmp_path: Path) -> None:
    """Bytes come back as they went, from memory and from a file, under odd names too, and where there are none."""
    store.create()
    path = tmp_path / "big"
    path.write_bytes(os.urandom(BIG))
    contents = {name: name.encode() for name in ODD_NAMES} | {"files/empty": b""}
    put = {name: store.put(name, payload(content)) for name, content in contents.items()}
    put["files/demo/big.bin"] = store.put("files/demo/big.bin", payload(path))
    assert [entry.name for entry in store.list("")] == sorted(put)
    assert {entry.name: (entry.size, entry.mark) for entry in store.list("")} == {
        name: (entry.size, entry.mark) for name, entry in put.items()
    }
    for name, content in contents.items():
        assert read_all(store, name) == content
    assert read_all(store, "files/demo/big.bin") == path.read_bytes()
    for name in put:
        store.delete(name)
        store.delete(name)
    assert store.list("") == []


def test_bytes_are_counted_as_they_are_sent(store: Store, tmp_path: Path) -> None:
    """Each byte of a file counts once, and the last try of several alone, in however many pieces it goes."""
    store.create()
    path = tmp_path / "big"
    path.write_bytes(os.urandom(BIG))
    counted = Way("big.bin", BIG, done=BIG // 2)
    store.put("big.bin", payload(path, transfer=counted))
    assert 0 <= counted.done - BIG < 1000  # what commits the pieces counts for some


def test_range(store: Store, tmp_path: Path) -> None:
    """An object can be read from any byte on, under an odd name too."""
    store.create()
    path = tmp_path / "big"
    path.write_bytes(os.urandom(BIG))
    store.put("big #1?%2B+.bin", payload(path))
    for start in (0, 1, BIG // 2, BIG - 1):
        assert b"".join(store.read("big #1?%2B+.bin", start)) == path.read_bytes()[start:]


def test_prefix_of_a_listing(store: Store) -> None:
    """A listing holds what is below its prefix, at any depth, and nothing beside it."""
    store.create()
    for name in ("a/x", "a/b/y", "ab/z", "a.txt"):
        store.put(name, payload(b"1"))
    assert [entry.name for entry in store.list("a/")] == ["a/b/y", "a/x"]
    assert store.list("nothing/") == []


def test_pieces_of_a_listing(store: Store) -> None:
    """A piece of a listing begins behind a name, whether or not there is such an object, and ends with another one."""
    store.create()
    for name in ("a/1", "a/2", "a/3", "a/4", "b/1"):
        store.put(name, payload(b"1"))
    pieces = (("", "a/2"), ("a/2", "a/35"), ("a/35", None))
    listed = [[entry.name for entry in store.list("a/", after=after, until=until)] for after, until in pieces]
    assert listed == [["a/1", "a/2"], ["a/3"], ["a/4"]]


def test_missing_object(store: Store) -> None:
    """An object that is not there is a definite answer."""
    store.create()
    with pytest.raises(ObjectMissing):
        store.facts("nope.txt")
    with pytest.raises(ObjectMissing):
        read_all(store, "nope.txt")


def test_overwritten_object_changes_its_mark(store: Store) -> None:
    """A mark is the same in the listing and the facts, and another one after the object was written again."""
    store.create()
    first = store.put("x.txt", payload(b"1"))
    second = store.put("x.txt", payload(b"2"))
    assert first.mark != second.mark
    assert [entry.mark for entry in store.list("")] == [second.mark] == [store.facts("x.txt")[0].mark]


def test_facts_travel_with_the_object(store: Store) -> None:
    """User metadata comes back in full, or not at all where the provider has none."""
    store.create()
    facts = {"sha256": "0" * 64, "requirespython": ">=3.8, <4; !=3.9.1"}
    entry = store.put("x.txt", payload(b"1", facts=facts))
    found, kept = store.facts("x.txt")
    assert (found.name, found.size, found.mark) == ("x.txt", 1, entry.mark)
    assert kept == ({} if isinstance(store, FolderStore) else facts)


def test_conditional_put(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """What a provider honours is found out, and then refused with nothing written: also for files sent in parts."""
    store.create()
    found = store.conditions()
    if isinstance(store, CloudStore):
        assert found == FLAVOURS[request.node.callspec.params["store"].split()[0]].conditions
    path = tmp_path / "big"
    path.write_bytes(os.urandom(BIG))
    for content in (b"2", path):
        first = store.put("x.bin", payload(b"1"))
        if found.absent:
            with pytest.raises(Changed):
                store.put("x.bin", payload(content), expect=ABSENT)
        if found.mark:
            with pytest.raises(Changed):
                store.put("x.bin", payload(content), expect="0" * 32)
            assert read_all(store, "x.bin") == b"1"
            store.put("x.bin", payload(content), expect=first.mark)
            assert read_all(store, "x.bin") == (content if isinstance(content, bytes) else content.read_bytes())
        store.delete("x.bin")
        store.put("x.bin", payload(content), expect=ABSENT)
        assert store.facts("x.bin")[0].size == (1 if isinstance(content, bytes) else BIG)


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (Unsupported("x", "the provider answered 501"), Conditions(absent=False, mark=False, md5=True, sha256=True)),
        (Changed("x", "always"), Conditions(absent=False, mark=False, md5=True, sha256=True)),
        (Unreachable("x", "no answer"), None),
        (StoreError("x", "cannot be read: an error that says 501"), None),
        (AccessDenied("x", "no right"), None),
    ],
)
def test_conditions_that_are_not_answered(
    broken: StoreError,
    found: Conditions | None,
    s3: servers.S3Server,
    bucket_name: str,
) -> None:
    """A provider that refuses every condition honours none; a fault that passes is not taken down for an answer."""

    class Broken(CloudStore):
        def _send(self, name: str, payload: Payload, expect: str | None, promise: Promise) -> tuple[Entry, bool]:
            if expect is not None:
                raise broken
            return super()._send(name, payload, expect, promise)

    store = Broken(s3_container(s3, bucket_name))
    store.create()
    if found:
        assert store.conditions() == found
        store.put("x.txt", payload(b"1"), expect=ABSENT)
    else:
        with pytest.raises(type(broken)):
            store.conditions()
        assert store.list("") == []
    assert CloudStore(store.container).conditions() == (found or FLAVOURS["s3-seaweedfs"].conditions)


def test_eight_workers(store: Store) -> None:
    """Eight threads store, read and delete 200 objects, and all go well."""
    store.create()

    def carry(number: int) -> None:
        name, content = f"many/{number:03}", f"{number} ".encode() * number
        store.put(name, payload(content))
        assert read_all(store, name) == content
        if number % 4 == 0:
            store.delete(name)

    parallel.run(carry, range(200), 8)
    assert [entry.name for entry in store.list("many/")] == [f"many/{n:03}" for n in range(200) if n % 4]


@pytest.mark.parametrize(
    ("server", "objects"), [("s3", 3000), ("ceph", 3000), ("swift", 3000), ("azure", 3000), ("google", 1100)]
)
def test_listing_of_many_pages(
    server: str, objects: int, request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path
) -> None:
    """A listing of more objects than a page has is complete, through every API of a server; no other is among them."""
    at = request.getfixturevalue(server)
    stores = [open_store(place(each, at, bucket_name)) for each in FLAVOURS.values() if each.server == server]
    stores[0].create()
    names = [f"many/{number:04}" for number in range(objects)]
    (tmp_path / "x").write_bytes(b"x")
    same = payload(tmp_path / "x")
    if isinstance(at, servers.SwiftServer):  # which stores 50 in a second
        servers.list_in_swift(at, bucket_name, names)
    else:
        parallel.run(lambda name: stores[0].put(name, same), names, 8)
    stores[0].put("many0", same)
    for store in stores:
        assert [entry.name for entry in store.list("many/")] == names, store.label


def test_source_that_changed_is_not_stored(store: Store, tmp_path: Path) -> None:
    """A file that no longer has the bytes that were hashed is refused, and nothing of it stays.

    So it is whether its md5 is compared, or its sha256, once the provider is known to do so.
    """
    if isinstance(store, FakeStore):
        pytest.skip("the fake believes what it is told")
    store.create()
    path = tmp_path / "x.whl"
    for expect in (None, ABSENT):  # the latter is tried before
        for size in (1, BIG // 6):
            path.write_bytes(b"before" * size)
            promised = payload(path)
            path.write_bytes(b"after!" * size)
            with pytest.raises(BadArtifact):
                store.put("x/x.whl", promised, expect=expect)
            assert store.list("x/") == []


def test_folder_keeps_what_is_there_when_told(tmp_path: Path) -> None:
    """With ABSENT a file that is there is left alone; without, it is replaced."""
    store = FolderStore(tmp_path)
    store.put("x.txt", payload(b"1"), expect=ABSENT)
    with pytest.raises(Conflict):
        store.put("x.txt", payload(b"2"), expect=ABSENT)
    assert read_all(store, "x.txt") == b"1"
    store.put("x.txt", payload(b"2"))
    assert read_all(store, "x.txt") == b"2"
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]


@pytest.mark.parametrize("name", ["../x", "/abs", "a/../../x", "a/..", "", ".", "a\\..\\x", "a\0b"])
@pytest.mark.parametrize("act", ["put", "read", "facts", "delete"])
def test_folder_lets_no_name_out(name: str, act: str, tmp_path: Path) -> None:
    """No name leads out of the folder, for whatever is asked."""
    store = FolderStore(tmp_path / "container")
    store.create()
    (tmp_path / "x").write_text("mine")
    acts: dict[str, Callable[[], object]] = {
        "put": lambda: store.put(name, payload(b"1")),
        "read": lambda: read_all(store, name),
        "facts": lambda: store.facts(name),
        "delete": lambda: store.delete(name),
    }
    with pytest.raises(StoreError):
        acts[act]()
    assert (tmp_path / "x").read_text() == "mine"


def test_folder_hides_half_written_files(tmp_path: Path) -> None:
    """What a killed writer left is not listed, and neither are folders and pipes."""
    store = FolderStore(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".1234.part").write_text("half")
    os.mkfifo(tmp_path / "a" / "pipe")
    assert store.list("") == []


def test_s3_sends_types_and_caching(s3: servers.S3Server, bucket_name: str) -> None:
    """Content-Type and Cache-Control are those that were asked for."""
    store = open_store(s3_container(s3, bucket_name))
    store.create()
    store.put("x/index.html", payload(b"<html>", content_type="text/html; charset=utf-8", cache_control="no-cache"))
    answer = requests.get(f"{s3.url}/{bucket_name}/x/index.html", timeout=programs.STUCK)
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("text/html; charset=utf-8", "no-cache")


ACTS: dict[str, Callable[[Store], object]] = {
    "list": lambda store: store.list(""),
    "put": lambda store: store.put("x.txt", payload(b"2")),
    "read": lambda store: read_all(store, "x.txt"),
    "facts": lambda store: store.facts("x.txt"),
    "delete": lambda store: store.delete("x.txt"),
    "create": lambda store: store.create(),
}


def outcomes(store: Store) -> dict[str, type]:
    """Return the class of the error that each act ends with; it tells no secret."""
    found = {}
    for name, act in ACTS.items():
        with pytest.raises(StoreError) as told:
            act(store)
        assert WRONG_SECRET not in str(told.value)
        found[name] = told.type
    return found


#: In base64, as Azure wants it.
WRONG_SECRET = "bm90LXRoZS1zZWNyZXQ="


@each(*(name for name in CLOUDS if name != "s3-moto"))  # which lets everybody in
def test_wrong_secret(flavour: Flavour, request: pytest.FixtureRequest, bucket_name: str) -> None:
    """Every request with a wrong secret is AccessDenied, also where libcloud says success."""
    at = place(flavour, request.getfixturevalue(flavour.server), bucket_name)
    right = open_store(at)
    right.create()
    right.put("x.txt", payload(b"1"))
    assert at.credentials
    wrong = open_store(replace(at, credentials=Credentials(at.credentials.username, WRONG_SECRET)))
    assert outcomes(wrong) == dict.fromkeys(ACTS, AccessDenied)
    assert read_all(right, "x.txt") == b"1"


@each(*CLOUDS)
def test_server_down_or_silent(flavour: Flavour, request: pytest.FixtureRequest, bucket_name: str) -> None:
    """A server that is not there is Unreachable at once, and one that never answers when the time is up."""
    at = place(flavour, request.getfixturevalue(flavour.server), bucket_name, timeout=0.3)
    down = open_store(replace(at, port=servers.closed_port()))
    assert outcomes(down) == dict.fromkeys(ACTS, Unreachable)
    with servers.silent() as port:
        silent = open_store(replace(at, port=port))
        assert outcomes(silent) == dict.fromkeys(ACTS, Unreachable)


@pytest.mark.parametrize(("code", "tries"), [(503, 3), (500, 3), (429, 3), (400, 1)])
def test_s3_refusals_are_retried_where_that_may_help(
    code: int, tries: int, s3: servers.S3Server, bucket_name: str
) -> None:
    """429 and 5xx are tried again, from the start of the file, as often as told; other refusals are not."""
    right = open_store(s3_container(s3, bucket_name))
    right.create()
    with servers.faultproxy(s3.port) as proxy:
        place = replace(s3_container(s3, bucket_name), port=proxy.port, retries=2)
        proxy.set("status", code=code)
        with pytest.raises(StoreError, match=str(code)):
            open_store(place).put("x.txt", payload(b"123"))
        assert proxy.stats()["faulted"] == tries
        proxy.set("status", code=503, count=2)
        open_store(place).put("x.txt", payload(b"123"))
    assert read_all(right, "x.txt") == b"123"


def test_s3_body_cut_off_is_sent_again_in_full(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A connection that breaks within a file costs time only: the retry of libcloud would store 0 bytes."""
    right = open_store(s3_container(s3, bucket_name))
    right.create()
    path = tmp_path / "big"
    path.write_bytes(os.urandom(4_000_000))
    with servers.faultproxy(s3.port) as proxy:
        proxy.set("upreset", after=1_000_000, count=1)
        store = open_store(replace(s3_container(s3, bucket_name), port=proxy.port, retries=2))
        entry = store.put("big", payload(path))
        assert proxy.stats()["faulted"] == 1
    assert entry == Entry("big", 4_000_000, hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest())
    assert read_all(right, "big") == path.read_bytes()


def test_s3_one_request_for_one_object(s3: servers.S3Server, bucket_name: str) -> None:
    """Put, facts, read, and a listing cost one request each, over one connection."""
    open_store(s3_container(s3, bucket_name)).create()
    with servers.faultproxy(s3.port) as proxy:
        store = open_store(replace(s3_container(s3, bucket_name), port=proxy.port))
        store.put("x.txt", payload(b"1"))
        store.facts("x.txt")
        read_all(store, "x.txt")
        store.list("")
        assert proxy.stats()["connections"] == 1


def test_netrc_does_not_replace_credentials(
    s3: servers.S3Server, bucket_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry for the host in ~/.netrc is left alone: requests would send it in place of the signature."""
    (tmp_path / "netrc").write_text(f"machine {s3.host} login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    store = open_store(s3_container(s3, bucket_name))
    store.create()
    assert store.list("") == []


def test_s3_refuses_a_file_that_changed(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A published object is neither replaced nor deleted by a file that changed while it was sent."""
    store = open_store(s3_container(s3, bucket_name))
    store.create()
    store.put("x.whl", payload(b"published"))
    path = tmp_path / "x.whl"
    path.write_bytes(b"before")
    promised = payload(path)
    path.write_bytes(b"after!")
    with pytest.raises(BadArtifact):
        store.put("x.whl", promised)
    assert read_all(store, "x.whl") == b"published"
