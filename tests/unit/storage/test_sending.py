"""How the bytes of an object are sent: led elsewhere, promised, and what is known of a container's server."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import pytest
from fake_store import FakeStore
from fronts import served
from stores import payload

from wheelhouse_tasks.errors import BadArtifact
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage import trial
from wheelhouse_tasks.storage.cloud import CloudStore
from wheelhouse_tasks.storage.honoured import Honoured
from wheelhouse_tasks.storage.port import Conditions, make_payload
from wheelhouse_tasks.storage.sending import promise_of


class Shelf(BaseHTTPRequestHandler):
    """Keeps what is put, or leads to another address."""

    protocol_version = "HTTP/1.1"
    elsewhere: ClassVar[str] = ""
    #: Bytes that an object loses, but for the record.
    damage: ClassVar[int] = 0
    bodies: ClassVar[dict[str, bytes]]
    headers_of: ClassVar[dict[str, dict[str, str]]]

    def do_PUT(self) -> None:
        """Keep the body, and answer with its md5 as S3 does."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.endswith(trial.RECORD):
            body = body[self.damage :]
        self.bodies[self.path] = body
        self.headers_of[self.path] = {name.lower(): text for name, text in self.headers.items()}
        self.send_response(307 if self.elsewhere else 200)
        if self.elsewhere:
            self.send_header("Location", self.elsewhere + self.path)
        self.send_header("ETag", f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        """Answer with what is kept."""
        body = self.bodies[self.path.partition("?")[0]]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_DELETE(self) -> None:
        """Drop what is kept."""
        self.bodies.pop(self.path.partition("?")[0], None)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be silent."""


@contextmanager
def shelf(elsewhere: str = "", damage: int = 0) -> Iterator[tuple[int, dict[str, bytes], dict[str, dict[str, str]]]]:
    """Yield the port of a shelf, what it keeps, and the headers that came with it, by path."""
    bodies, headers_of = dict[str, bytes](), dict[str, dict[str, str]]()
    with served(Shelf, elsewhere=elsewhere, damage=damage, bodies=bodies, headers_of=headers_of) as port:
        yield port, bodies, headers_of


def store_at(port: int) -> CloudStore:
    """Return a container of S3 there."""
    credentials = Credentials("key", "secret")
    return CloudStore(Container("minio", "b", host="127.0.0.1", port=port, secure=False, credentials=credentials))


@pytest.mark.parametrize("content", [b"", b"bytes"], ids=["empty", "full"])
@pytest.mark.parametrize("as_file", [True, False])
def test_a_provider_may_lead_an_object_elsewhere(content: bytes, as_file: bool, tmp_path: Path) -> None:
    """An object arrives whole where its request is led, as S3 does while a new container is not known everywhere."""
    path = tmp_path / "x y+z"
    path.write_bytes(content)
    with shelf() as (port, kept, _), shelf(f"http://127.0.0.1:{port}") as (first, seen, headers):
        store_at(first).put("a/x y+z", payload(path if as_file else content))
    assert kept == seen == {"/b/a/x%20y%2Bz": content}
    # few providers accept an empty object in chunks
    assert "transfer-encoding" not in headers["/b/a/x%20y%2Bz"]


def test_a_file_is_promised_by_its_md5_until_more_is_known(tmp_path: Path) -> None:
    """Where nobody tried whether the server compares the sha256, it is told the md5 of a file."""
    path = tmp_path / "x"
    path.write_bytes(b"bytes")
    with shelf() as (port, _, headers):
        store_at(port).put("x", payload(path))
    assert headers["/b/x"].keys() >= {"content-md5"}
    assert headers["/b/x"]["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "x-amz-checksum-sha256" not in headers["/b/x"]


def test_md5_of_other_bytes_is_never_promised(tmp_path: Path) -> None:
    """A file that changed since it was hashed is refused before anything is sent, where its md5 is made later."""
    path = tmp_path / "x"
    path.write_bytes(b"before")
    promised = payload(path)
    path.write_bytes(b"after!")
    with shelf() as (port, kept, _), pytest.raises(BadArtifact, match="other bytes than were hashed"):
        store_at(port).put("x", promised)
    assert kept == {}


def test_what_is_compared_by_sha256_needs_no_md5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No md5 is made of a file where the server compares its sha256."""
    path = tmp_path / "x"
    path.write_bytes(b"bytes")
    promised = payload(path)
    monkeypatch.delattr(hashlib, "md5")
    promise = promise_of(promised, ValueError(), by_sha256=True)
    assert (promise.sha256, promise.md5) == (promised.sha256, "")


@pytest.mark.parametrize(
    ("record", "known"),
    [
        ('{"absent": true, "mark": true, "md5": true, "sha256": true}', True),
        ('{"absent": true, "mark": true, "md5": true}', False),
        ('{"absent": true, "mark": true, "md5": true, "sha256": true, "more": true}', False),
        ("[]", False),
        ("{", False),
    ],
)
def test_a_record_that_says_less_is_none(record: str, known: bool) -> None:
    """The record of another release, which tried other things, does not keep them from being tried."""
    store = FakeStore()
    store.put(trial.RECORD, make_payload(f'{{"here": {record}}}'.encode(), "", ""))
    assert trial.recorded(trial.records_in(store), "here") == (Conditions(**json.loads(record)) if known else None)


@pytest.mark.parametrize(
    "record",
    [
        b'{"there": {"absent": true, "mark": true, "md5": true, "sha256": true}}',
        b'{"absent": true, "mark": true, "md5": true, "sha256": true}',
    ],
    ids=["of another server", "of nobody knows which"],
)
def test_a_server_is_tried_whatever_another_one_honours(record: bytes) -> None:
    """A record that came with copied objects vouches for the server where it was made, and stays there for that one."""
    store = FakeStore()
    store.put(trial.RECORD, make_payload(record, "", ""))
    honoured = Honoured(store, "here", lambda name, payload, *_: store.put(name, payload))
    assert honoured.recorded() is None
    tried = honoured.tried()
    assert (tried.absent, tried.mark, tried.sha256) == (False, False, False)
    assert [entry.name for entry in store.list("")] == [trial.RECORD]
    records = trial.records_in(store)
    assert trial.recorded(records, "here") == tried
    assert (trial.recorded(records, "there") is not None) == (b"there" in record)


@pytest.mark.parametrize("damage", [1, 0], ids=["damages", "is whole"])
def test_a_record_that_is_not_true_any_more_hides_no_damage(damage: int, tmp_path: Path) -> None:
    """Where the server has stopped to compare the sha256, damaged bytes are noticed as before, by their md5."""
    path = tmp_path / "x"
    path.write_bytes(b"bytes")
    record = {"127.0.0.1": {"absent": False, "mark": False, "md5": True, "sha256": True}}
    with shelf(damage=damage) as (port, kept, headers):
        store = store_at(port)
        store.put(trial.RECORD, make_payload(json.dumps(record).encode(), "", ""))
        assert store.conditions().sha256
        with pytest.raises(BadArtifact) if damage else nullcontext():
            store.put("x", payload(path))
    assert headers["/b/x"].keys() >= {"content-md5"}
    assert sorted(kept) == ["/b/.wheelhouse/conditions.json", *([] if damage else ["/b/x"])]
