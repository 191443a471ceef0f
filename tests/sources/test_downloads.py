"""Downloads that survive: servers that cut off, stall, drip, lie and redirect, and what is left in the folder then."""

import base64
import errno
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import programs
import pytest
import servers
import wheels
from in_process import inv_here
from outcomes import SENTINEL, failed
from projects import inv, make_project, s3_env
from scripted import Answer, Handler, Scripted, scripted
from stores import payload

from wheelhouse_tasks.artifacts import artifact, saving
from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.commands.fetch import fetch
from wheelhouse_tasks.errors import BadArtifact, DigestMismatch, PageMissing, WebError
from wheelhouse_tasks.retry import LONGEST_PAUSE, StartAnewError, TryAgainError, retry
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.sources.download import Progress
from wheelhouse_tasks.sources.web import GATHERED, LONGEST_RETRY_AFTER, Web
from wheelhouse_tasks.ui import Silent

WHEEL = "demo-1.0-py3-none-any.whl"
FETCH = ("wheelhouse.fetch", "--index")
BODY = hashlib.shake_256(b"wheel").digest(3000)
ETAG, DATE = '"v1"', "Mon, 02 Nov 2026 10:00:00 GMT"
JSON = "application/vnd.pypi.simple.v1+json"


def sha256_of(content: bytes) -> str:
    """Return a digest."""
    return hashlib.sha256(content).hexdigest()


def contents(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder, hidden files too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


@dataclass
class Served:
    """A file with byte ranges, whose answers stop after as many bytes as `stops` says, then come whole."""

    body: bytes = BODY
    stops: list[int] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=lambda: {"ETag": ETAG})
    #: With the connection open, until the server ends.
    silently: bool = False

    def __call__(self, handler: Handler) -> None:
        """Answer a request."""
        validators = self.headers.values()
        asked = handler.headers["Range"] if handler.headers["If-Range"] in (None, *validators) else None
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        headers = {**self.headers, "Content-Length": str(len(self.body) - start)}
        if asked:
            headers["Content-Range"] = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
        handler.begin(206 if asked else 200, headers)
        stop = self.stops.pop(0) if self.stops else len(self.body)
        handler.wfile.write(memoryview(self.body)[start : start + stop])
        if stop < len(self.body) - start and self.silently:
            silence(handler)


def silence(handler: Handler) -> None:
    """Keep the connection until the client has left: it never says more."""
    handler.wfile.flush()
    handler.rfile.read(1)


def drip(handler: Handler) -> None:
    """Send a byte now and then, until the client has left."""
    handler.begin(200, {"Content-Type": "text/html"})
    handler.connection.settimeout(0.02)
    while True:
        handler.wfile.write(b" ")
        try:
            handler.connection.recv(1)
        except TimeoutError:
            continue
        return


def fetched(server: Scripted, *, retries: int = 3, timeout: float = programs.STUCK) -> bytes:
    """Return what comes of /x, begun anew as often as a fetch would."""
    web = Web(server.url, timeout=timeout, retries=retries)
    return retry(lambda: b"".join(web.blocks(f"{server.url}x")), retries)


def ranges(server: Scripted) -> list[str | None]:
    """Return the part of /x that each request asked for."""
    return server.asked("/x", "Range")


def test_silence_is_continued(server: Scripted) -> None:
    """A body that stalls is continued like one that is cut off."""
    server.answers["/x"] = Served(stops=[1000, 500], silently=True)
    assert fetched(server, timeout=programs.SILENCE) == BODY
    assert ranges(server) == [None, "bytes=1000-", "bytes=1500-"]


@pytest.fixture(params=["http", "https"])
def either(request: pytest.FixtureRequest, server: Scripted, certificate: Path) -> Iterator[tuple[Scripted, Web]]:
    """Run a server without TLS, then one with it; return it with a reader that trusts it, and loses patience soon."""
    with scripted(certificate) if request.param == "https" else nullcontext(server) as served:
        yield served, Web(served.url, timeout=programs.SILENCE, retries=3, ca_bundle=str(certificate))


def test_blocks_are_large(either: tuple[Scripted, Web]) -> None:
    """A body is passed on in large blocks, though TLS hands out a record of 16 kB at a time."""
    server, web = either
    body = hashlib.shake_256(b"large").digest(2_500_000)
    server.answers["/x"] = Served(body)
    *blocks, last = web.blocks(f"{server.url}x")
    assert b"".join([*blocks, last]) == body
    assert [len(block) >= GATHERED for block in blocks] == [True] * len(blocks)


@pytest.mark.parametrize("stop", [1, 16_383, 16_385, 300_000])
def test_what_came_before_a_silence_counts(stop: int, either: tuple[Scripted, Web]) -> None:
    """A body that falls silent within a block is continued behind its last byte, with TLS or without."""
    server, web = either
    body = hashlib.shake_256(b"silent").digest(400_000)
    server.answers["/x"] = Served(body, stops=[stop], silently=True)
    assert b"".join(web.blocks(f"{server.url}x")) == body
    assert ranges(server) == [None, f"bytes={stop}-"]


def test_what_came_before_a_drip_counts(either: tuple[Scripted, Web]) -> None:
    """A body that begins well, and then comes byte by byte, is given up within its block, and continued."""
    server, web = either
    sent = []

    def fade(handler: Handler) -> None:
        handler.begin(200, {"ETag": ETAG, "Content-Length": "3000"})
        handler.connection.settimeout(0.02)
        for number in range(3000):
            handler.wfile.write(BODY[number : number + 1])
            sent.append(number)
            try:
                handler.connection.recv(1)
            except TimeoutError:
                continue
            return

    server.in_turn("/x", fade, Served())
    assert b"".join(web.blocks(f"{server.url}x")) == BODY
    _, again = ranges(server)
    assert again is not None
    assert 0 < int(again.removeprefix("bytes=").removesuffix("-")) <= len(sent) < 3000


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        pytest.param({"ETag": ETAG}, ETAG, id="ETag"),
        pytest.param({"Last-Modified": DATE}, DATE, id="Last-Modified"),
        pytest.param({"ETag": ETAG, "Last-Modified": DATE}, ETAG, id="both"),
        pytest.param({"ETag": f"W/{ETAG}", "Last-Modified": DATE}, DATE, id="weak ETag and Last-Modified"),
        pytest.param({"ETag": ETAG, "Content-Encoding": "identity"}, ETAG, id="identity"),
        pytest.param({}, None, id="neither"),
        pytest.param({"ETag": f"W/{ETAG}"}, None, id="weak ETag"),
        pytest.param({"ETag": ETAG, "Content-Encoding": "gzip"}, None, id="packed"),
    ],
)
def test_continued(headers: dict[str, str], validator: str | None, server: Scripted) -> None:
    """A body that stops is continued where the server tells this file from others, and else begun anew."""
    server.answers["/x"] = Served(stops=[1000, 500], headers=headers)
    assert fetched(server) == BODY
    assert ranges(server) == ([None, "bytes=1000-", "bytes=1500-"] if validator else [None, None, None])
    assert server.asked("/x", "If-Range") == ([None, validator, validator] if validator else [None, None, None])


def part(start: int, total: int | str, body: bytes, **headers: str) -> Answer:
    """Return an answer that claims to be a part of a file."""
    return 206, {"Content-Range": f"bytes {start}-{start + len(body) - 1}/{total}", **headers}, body


OTHER = b"o" * 2000


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param((200, {"ETag": '"v2"'}, OTHER), id="another file by now"),
        pytest.param((200, {"ETag": ETAG}, BODY), id="a server without ranges"),
        pytest.param(part(0, 3000, OTHER), id="from the start"),
        pytest.param(part(999, 3000, OTHER), id="from a byte before"),
        pytest.param(part(1001, 3000, OTHER), id="from a byte behind"),
        pytest.param(part(1000, 3001, OTHER), id="of another size"),
        pytest.param((206, {}, OTHER), id="from nobody knows where"),
        pytest.param(part(1000, 3000, OTHER, **{"Content-Encoding": "gzip"}), id="packed"),
        pytest.param((206, {"Content-Range": "bytes 1000-2999"}, OTHER), id="malformed"),
        pytest.param((206, {"Content-Range": "items 1000-2999/3000"}, OTHER), id="other units"),
        pytest.param((206, {"Content-Type": "multipart/byteranges; boundary=x"}, OTHER), id="in several parts"),
        pytest.param((416, {"Content-Range": "bytes */900"}, b"sorry"), id="shorter by now"),
        pytest.param((416, {"Content-Range": "bytes */1000"}, b"sorry"), id="as long as what came"),
        pytest.param((416, {}, b"sorry"), id="416 that tells no size"),
    ],
)
def test_no_sequel(answer: Answer, server: Scripted) -> None:
    """What does not continue these very bytes is never appended to them; the file is begun anew."""
    server.in_turn("/x", Served(stops=[1000]), answer, Served())
    assert fetched(server) == BODY
    assert ranges(server) == [None, "bytes=1000-", None]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(part(1000, 3000, BODY[1000:]), id="the rest"),
        pytest.param(part(1000, "*", BODY[1000:]), id="of a size that is not told"),
    ],
)
def test_sequel(answer: Answer, server: Scripted) -> None:
    """A part that begins where the last one ended is appended."""
    server.in_turn("/x", Served(stops=[1000]), answer)
    assert fetched(server) == BODY
    assert ranges(server) == [None, "bytes=1000-"]


def test_sequel_in_small_parts(server: Scripted) -> None:
    """A server may send less than was asked for; the next request goes on from there."""
    server.in_turn("/x", Served(stops=[1000]), part(1000, 3000, BODY[1000:1700]), part(1700, 3000, BODY[1700:]))
    assert fetched(server) == BODY
    assert ranges(server) == [None, "bytes=1000-", "bytes=1700-"]


def chunked(body: bytes, end: bytes = b"0\r\n\r\n", **headers: str) -> Answer:
    """Return an answer in chunks."""

    def answer(handler: Handler) -> None:
        handler.begin(200, {"Transfer-Encoding": "chunked", **headers}, "HTTP/1.1")
        handler.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in (body[:700], body[700:])) + end)

    return answer


@pytest.mark.parametrize(
    ("size", "asked"), [(3000, [None, "bytes=3000-"]), (9, [None, "bytes=3000-", None])], ids=["whole", "another file"]
)
def test_chunks_without_an_end(size: int, asked: list[str | None], server: Scripted) -> None:
    """Where no length was told, 416 with the size of what came means that nothing is missing."""
    cut_off = chunked(BODY, b"", ETag=ETAG)
    server.in_turn("/x", cut_off, (416, {"Content-Range": f"bytes */{size}"}, b"sorry"), Served())
    assert fetched(server) == BODY
    assert ranges(server) == asked


def test_gone_in_the_middle(server: Scripted) -> None:
    """A file that is deleted meanwhile is a definite answer."""
    server.in_turn("/x", Served(stops=[1000]), (404, {}, b""))
    with pytest.raises(PageMissing, match=r"is not there \(404\)"):
        fetched(server)


def test_overload_in_the_middle(server: Scripted) -> None:
    """A server that is busy when it is asked for the rest is asked again."""
    server.in_turn("/x", Served(stops=[1000]), (503, {}, b""), Served())
    assert fetched(server) == BODY
    assert ranges(server) == [None, "bytes=1000-", "bytes=1000-"]


def test_no_progress_ends(server: Scripted) -> None:
    """A body that stops again and again is given up after `retries` sequels, with the reason."""
    server.answers["/x"] = Served(stops=[10] * 99)
    with pytest.raises(WebError, match="could not be read: IncompleteRead"):
        fetched(server, retries=2)
    assert ranges(server) == [None, "bytes=10-", "bytes=20-"]


def test_restarts_end(server: Scripted) -> None:
    """A server that never continues is given up after `retries` new starts."""
    server.answers["/x"] = lambda handler: (
        Served(stops=[10])(handler) if not handler.headers["Range"] else give_200(handler)
    )
    with pytest.raises(WebError, match="could not be read: IncompleteRead"):
        fetched(server, retries=2)
    assert ranges(server) == [None, "bytes=10-"] * 3


def give_200(handler: Handler) -> None:
    """Answer with the whole file, whatever was asked for."""
    handler.send(200, {"ETag": ETAG}, BODY)


@pytest.mark.parametrize("started", [0, 700])
@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        pytest.param({"ETag": ETAG}, [None, ETAG], id="ETag"),
        pytest.param({}, [None, None], id="no validator"),
    ],
)
def test_continued_because_a_digest_proves_it(
    headers: dict[str, str], asked: list[str | None], started: int, server: Scripted
) -> None:
    """Where a digest shows the outcome, a body is continued without a validator, also one that an older run began."""
    server.answers["/x"] = Served(stops=[1000 - started], headers=headers)
    web = Web(server.url, timeout=programs.STUCK, retries=1)
    assert b"".join(web.blocks(f"{server.url}x", Progress(done=started, proven=True))) == BODY[started:]
    assert ranges(server) == [f"bytes={started}-" if started else None, "bytes=1000-"]
    assert server.asked("/x", "If-Range") == [None, asked[1] if not started else None]


def test_packed_body_is_not_continued(server: Scripted) -> None:
    """A body that was packed on its way is begun anew, though a digest would show the outcome."""
    server.answers["/x"] = Served(stops=[1000], headers={"Content-Encoding": "gzip"})
    web = Web(server.url, timeout=programs.STUCK, retries=1)
    with pytest.raises(TryAgainError):
        b"".join(web.blocks(f"{server.url}x", Progress(proven=True)))
    assert ranges(server) == [None]


@pytest.mark.parametrize(
    "answer", [give_200, (416, {"Content-Range": "bytes */900"}, b""), part(1, 3000, BODY)], ids=["200", "416", "part"]
)
def test_what_an_older_run_began_is_begun_anew(answer: Answer, server: Scripted) -> None:
    """Where the server sends the whole file, has a shorter one, or another part, another try must begin at byte 0."""
    server.answers["/x"] = answer
    web = Web(server.url, timeout=programs.STUCK, retries=9)
    with pytest.raises(StartAnewError):
        b"".join(web.blocks(f"{server.url}x", Progress(done=1000, proven=True)))
    assert ranges(server) == ["bytes=1000-"]


def test_progress_keeps_on(server: Scripted) -> None:
    """A large file may stop more often than `retries`, as long as each part brings a block."""
    body = hashlib.shake_256(b"large").digest(4 * BLOCK)
    server.answers["/x"] = Served(body, stops=[BLOCK] * 3)
    assert fetched(server, retries=1) == body
    assert ranges(server) == [None, *(f"bytes={number * BLOCK}-" for number in (1, 2, 3))]


def test_unasked_part_is_refused(server: Scripted) -> None:
    """A part is no answer to a request for the whole."""
    server.answers["/x"] = part(0, 3000, BODY)
    with pytest.raises(WebError, match="the server answered 206"):
        fetched(server)


def shelf(server: Scripted, answer: Answer | None, body: bytes, *, size: bool = False, name: str = WHEEL) -> str:
    """Put a page with one link, which promises *body*, and an answer for it on a server; return the page's URL."""
    row = {
        "filename": name,
        "url": name,
        "hashes": {"sha256": sha256_of(body)},
        **({"size": len(body)} if size else {}),
    }
    page = json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "files": [row]})
    server.answers["/"] = (200, {"Content-Type": JSON}, page.encode())
    if answer:
        server.answers[f"/{name}"] = answer
    return server.url


def short(handler: Handler) -> None:
    """Send half of what Content-Length says."""
    handler.begin(200, {"Content-Length": "3000"})
    handler.wfile.write(BODY[:1500])


def short_without_length(handler: Handler) -> None:
    """Send half, and close: a whole body for all that HTTP knows."""
    handler.begin(200, {"ETag": ETAG})
    handler.wfile.write(BODY[:1500])


TRUNCATED = {
    "short of Content-Length": (short, "could not be read: IncompleteRead"),
    "short, no Content-Length": (short_without_length, f"sha256 is {sha256_of(BODY[:1500])}"),
    "chunks": (chunked(BODY[:1500], b"5dc\r\nabc"), "could not be read: "),
    "gzip": ((200, {"Content-Encoding": "gzip"}, gzip.compress(BODY)[:-100]), "sha256 is "),
}


@pytest.mark.parametrize("case", TRUNCATED)
def test_truncated(case: str, server: Scripted, tmp_path: Path) -> None:
    """A body that is cut off is asked for again; once it stays so the fetch fails and leaves nothing."""
    answer, said = TRUNCATED[case]
    project = make_project(tmp_path / "project")
    url = shelf(server, answer, BODY)
    failed(inv_here(project, *FETCH, url, env={"WHEELHOUSE_RETRIES": "2"}), 1, said)
    assert contents(project / "dist") == {}
    assert len(ranges_of(server)) > 1
    server.in_turn(f"/{WHEEL}", answer, Served())
    done = inv_here(project, *FETCH, url)
    assert (done.returncode, contents(project / "dist")) == (0, {WHEEL: BODY}), done.stderr


def ranges_of(server: Scripted) -> list[str | None]:
    """Return the part of the wheel that each request asked for."""
    return server.asked(f"/{WHEEL}", "Range")


@pytest.mark.parametrize("fault", ["cut", "reset", "hang"])
@pytest.mark.parametrize("maker", ["nginx", "SeaweedFS"])
def test_real_servers_continue(
    maker: str, fault: str, web: servers.Nginx, bucket_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Through a line on which no answer gets far, a file comes from a real server all the same."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist", payload=hashlib.shake_256(b"line").digest(4_000_000))
    if maker == "nginx":
        project.rename(web.root / bucket_name)
        project, port, place, env = web.root / bucket_name, int(web.url.rpartition(":")[2]), "/wheelhouse", {}
    else:
        s3: servers.S3Server = request.getfixturevalue("s3")
        port, place, env = s3.port, "", s3_env(s3, bucket_name)
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    with servers.faultproxy(port) as proxy:
        proxy.set(fault, after=1_500_000)
        url = f"http://127.0.0.1:{proxy.port}/{bucket_name}{place}/simple-json/demo/index.html"
        patience = {"WHEELHOUSE_TIMEOUT": "1", "WHEELHOUSE_RETRIES": "20"}  # a reset may swallow what was sent before
        done = inv(project, *FETCH, url, "--local-folder", "got", env=patience)
        assert (done.returncode, proxy.stats()["faulted"] > 3) == (0, True), done.stderr
    assert contents(project / "got") == {wheel.name: (project / "dist" / wheel.name).read_bytes()}


def test_short_of_the_promised_size(server: Scripted, tmp_path: Path) -> None:
    """Where the index promises a size, a shorter body is told as such."""
    project = make_project(tmp_path / "project")
    url = shelf(server, short_without_length, BODY, size=True)
    failed(inv(project, *FETCH, url), 1, f"{WHEEL}: ends after 1500 of the 3000 bytes that its page promises")
    assert contents(project / "dist") == {}


@pytest.mark.parametrize("older", [b"", b"older"], ids=["new", "older file there"])
def test_mismatch(older: bytes, server: Scripted, tmp_path: Path) -> None:
    """Wrong bytes are asked for once more, both digests are told, and an older file stays."""
    project = make_project(tmp_path / "project")
    if older:
        (project / "dist" / WHEEL).write_bytes(older)
    url = shelf(server, (200, {}, b"wrong"), BODY)
    done = inv_here(project, *FETCH, url, "--force")
    failed(done, 1, f"{WHEEL}: sha256 is {sha256_of(b'wrong')}, expected {sha256_of(BODY)} (the file was not kept)")
    assert contents(project / "dist") == ({WHEEL: older} if older else {})
    assert ranges_of(server) == [None, None]


PACKED = gzip.compress(b"PK" + BODY)


@pytest.mark.parametrize("size", [True, False], ids=["size promised", "no size"])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"Content-Encoding": "gzip"}, PACKED, id="packed and labelled"),
        pytest.param({}, PACKED, id="packed"),
        pytest.param({"Content-Encoding": "gzip"}, b"PK" + BODY, id="plain and labelled"),
    ],
)
def test_content_encoding(headers: dict[str, str], body: bytes, size: bool, server: Scripted, tmp_path: Path) -> None:
    """Whether a body was packed on its way is decided by the sha256, whatever its label says."""
    project = make_project(tmp_path / "project")
    url = shelf(server, (200, headers, body), b"PK" + BODY, size=size)
    done = inv_here(project, *FETCH, url)
    assert (done.returncode, contents(project / "dist")) == (0, {WHEEL: b"PK" + BODY}), done.stderr
    assert server.asked(f"/{WHEEL}", "Accept-Encoding") == ["identity"]


@pytest.mark.parametrize(
    "came",
    [
        pytest.param(gzip.compress(b"PK other"), id="other bytes"),
        pytest.param(gzip.compress(BODY), id="no archive"),
        pytest.param(PACKED[:-9], id="cut off"),
        pytest.param(PACKED[:-5] + b"12345", id="damaged"),
        pytest.param(b"\x1f\x8b", id="no gzip"),
        pytest.param(b"", id="empty"),
    ],
)
def test_packed_otherwise(came: bytes, tmp_path: Path) -> None:
    """What is not the promised file when unpacked either is told by the digest of what came."""
    with pytest.raises(DigestMismatch, match=f"sha256 is {sha256_of(came)}"):
        saving.save(lambda _: [came], tmp_path / WHEEL, artifact.parse(WHEEL), sha256_of(b"PK" + BODY))
    assert contents(tmp_path) == {}


def limited(project: Path, kilobytes: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `inv` where no file may grow beyond a size, as on a disk that is full."""
    task = f"ulimit -f {kilobytes}; exec {sys.executable} -m invoke {' '.join(words)}"
    return programs.run("bash", "-c", task, cwd=project)


@pytest.mark.parametrize("size", [True, False], ids=["size promised", "no size"])
def test_bomb(size: bool, server: Scripted, tmp_path: Path) -> None:
    """What unpacks to far more than it may hold is given up before it fills the disk."""
    project = make_project(tmp_path / "project")
    url = shelf(server, (200, {"Content-Encoding": "gzip"}, gzip.compress(b"PK" + bytes(50 << 20))), BODY, size=size)
    failed(limited(project, 20_000, *FETCH, url), 1, f"{WHEEL}: {'is longer than' if size else 'sha256 is'}")
    assert contents(project / "dist") == {}


def test_packed_without_a_digest(tmp_path: Path) -> None:
    """Without a sha256 the archive itself decides."""
    wheel = wheels.make_wheel(tmp_path).read_bytes()
    for came in (gzip.compress(wheel), wheel):
        saving.save(lambda _, came=came: [came], tmp_path / WHEEL, artifact.parse(WHEEL), None)  # type: ignore[misc]
        assert contents(tmp_path) == {WHEEL: wheel}
    with pytest.raises(BadArtifact, match="not a zip file"):
        saving.save(lambda _: [gzip.compress(b"PK")], tmp_path / WHEEL, artifact.parse(WHEEL), None)


def test_present(server: Scripted, tmp_path: Path) -> None:
    """A file that is there with the right sha256 is not asked for again, another is kept without --force."""
    project = make_project(tmp_path / "project")
    url = shelf(server, Served(), BODY)
    assert [inv(project, *FETCH, url).returncode for _ in range(2)] == [0, 0]
    assert server.requests == ["GET /", f"GET /{WHEEL}", "GET /"]
    (project / "dist" / WHEEL).write_bytes(b"mine")
    failed(inv(project, *FETCH, url), 1, "pass --force to replace it")
    assert contents(project / "dist") == {WHEEL: b"mine"}
    assert inv(project, *FETCH, url, "--force").returncode == 0
    assert contents(project / "dist") == {WHEEL: BODY}


def many(server: Scripted, bodies: Mapping[str, bytes | None]) -> str:
    """Serve a page of wheels with these tags, and those of them that have a body; return its URL."""
    names = {f"demo-1.0-{tag}.whl": body for tag, body in bodies.items()}
    links = [f"<a href='{name}#sha256={sha256_of(body or b'')}'>x</a>" for name, body in names.items()]
    server.page("/", "\n".join(links))
    server.answers |= {f"/{name}": (200, {"ETag": ETAG}, body) for name, body in names.items() if body is not None}
    return server.url


def test_disk_full(server: Scripted, tmp_path: Path) -> None:
    """A file for which there is no room is one line that names it; smaller ones are fetched."""
    project = make_project(tmp_path / "project")
    url = many(server, {"py2-none-any": bytes(300_000), "py3-none-any": b"small"})
    done = limited(project, 100, *FETCH, url)
    failed(done, 1, f"demo-1.0-py2-none-any.whl: cannot be written: {os.strerror(errno.EFBIG)}")
    assert contents(project / "dist") == {WHEEL: b"small"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system with room for very little."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if programs.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", folder).returncode:
        pytest.skip("this user may mount nothing")
    yield folder
    programs.run("umount", folder, check=True)


def test_small_disk(server: Scripted, small_disk: Path, tmp_path: Path) -> None:
    """On a disk that really is full the same happens, and what was there stays."""
    project = make_project(tmp_path / "project")
    (small_disk / "older.txt").write_bytes(b"older")
    url = shelf(server, Served(bytes(300_000)), bytes(300_000))
    done = inv(project, *FETCH, url, "--local-folder", str(small_disk))
    failed(done, 1, f"{WHEEL}: cannot be written: No space left on device")
    assert contents(small_disk) == {"older.txt": b"older"}


def file_for_folder(dist: Path) -> None:
    """Put a file where the folder should be."""
    dist.rmdir()
    dist.write_bytes(b"file")


def folder_for_file(dist: Path) -> None:
    """Put a folder where the wheel should be."""
    (dist / WHEEL).mkdir()


def read_only(dist: Path) -> None:
    """Take the right to write away."""
    dist.chmod(0o555)
    if os.access(dist, os.W_OK):
        pytest.skip("this user may write everywhere")


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        pytest.param(file_for_folder, "dist: cannot be created: File exists", id="folder is a file"),
        pytest.param(folder_for_file, f"{WHEEL}: is not a regular file (remove it)", id="name is a folder"),
        pytest.param(read_only, "cannot be written: Permission denied", id="read-only folder"),
    ],
)
def test_in_the_way(prepare: Callable[[Path], object], said: str, server: Scripted, tmp_path: Path) -> None:
    """A folder that cannot be written to is one line, and stays as it is."""
    project = make_project(tmp_path / "project")
    prepare(project / "dist")
    before = sorted(project.rglob("*"))
    failed(inv(project, *FETCH, shelf(server, Served(), BODY)), 1, said)
    assert sorted(path for path in project.rglob("*") if "__pycache__" not in path.parts) == before


def stalled(handler: Handler) -> None:
    """Begin a body, and say no more."""
    Served(stops=[1000], silently=True)(handler)


@pytest.mark.parametrize(
    ("page", "file", "said"),
    [
        pytest.param(None, stalled, f"no answer within {programs.SILENCE} s", id="stalled file"),
        pytest.param(None, drip, "comes with less than 1000 bytes a second", id="dripping file"),
        pytest.param(drip, None, "comes with less than 1000 bytes a second", id="dripping page"),
    ],
)
def test_endless(page: Answer | None, file: Answer | None, said: str, server: Scripted, tmp_path: Path) -> None:
    """A server that stops, or sends a byte now and then for ever, is given up."""
    project = make_project(tmp_path / "project")
    url = shelf(server, file, BODY)
    server.answers |= {"/": page} if page else {}
    env = {"WHEELHOUSE_TIMEOUT": str(programs.SILENCE), "WHEELHOUSE_RETRIES": "0"}
    failed(inv(project, *FETCH, url, env=env), 1, said)
    assert contents(project / "dist") == {}


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        pytest.param("99999", LONGEST_RETRY_AFTER, id="a day"),
        pytest.param("9" * 400, LONGEST_RETRY_AFTER, id="longer than the sun shines"),
        pytest.param("2", 2.0, id="two seconds"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", 0.0, id="a date"),
        pytest.param("-1", 0.0, id="the past"),
        pytest.param("", 0.0, id="nothing"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after(status: int, asked: str, pause: float, server: Scripted) -> None:
    """A server may ask for a pause, and not for one that nobody sits out."""
    server.answers["/x"] = (status, {"Retry-After": asked}, b"")
    with pytest.raises(TryAgainError) as refused:
        list(Web(server.url, timeout=programs.STUCK, retries=0).blocks(f"{server.url}x"))
    assert (refused.value.pause, LONGEST_RETRY_AFTER <= LONGEST_PAUSE) == (pause, True)


def redirect(url: str) -> Answer:
    """Return an answer that leads elsewhere."""
    return 302, {"Location": url, "Set-Cookie": "session=cookie; Path=/"}, b""


HARMLESS = {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection", "Range", "If-Range"}


def test_redirect_elsewhere(server: Scripted, tmp_path: Path) -> None:
    """Credentials stay with the server that they were given for, a file's continuation included."""
    project = make_project(tmp_path / "project")
    with scripted() as elsewhere:
        # a host of another name: to cookies, ports are all one
        target = f"http://localhost:{elsewhere.port}/{WHEEL}"
        url = shelf(server, redirect(target), BODY).replace("//", f"//me:{SENTINEL}@")
        elsewhere.answers[f"/{WHEEL}"] = Served(stops=[1000])
        done = inv(project, *FETCH, url, "--verbose")
        assert (done.returncode, contents(project / "dist")) == (0, {WHEEL: BODY}), done.stderr
        assert SENTINEL not in done.stdout + done.stderr
        assert all(request.headers["Authorization"] for request in server.seen)
        assert elsewhere.asked(f"/{WHEEL}", "Range") == [None, "bytes=1000-"]
        assert {name for request in elsewhere.seen for name in request.headers} <= HARMLESS


def test_links_elsewhere(server: Scripted, tmp_path: Path) -> None:
    """Links of a page carry its credentials to no other port."""
    project = make_project(tmp_path / "project")
    with scripted() as elsewhere:
        elsewhere.answers[f"/{WHEEL}"] = Served()
        server.page("/", f"<a href='{elsewhere.url}{WHEEL}#sha256={sha256_of(BODY)}'>x</a>")
        done = inv(project, *FETCH, server.url.replace("//", f"//me:{SENTINEL}@"))
        assert (done.returncode, contents(project / "dist")) == (0, {WHEEL: BODY}), done.stderr
        assert {name for request in elsewhere.seen for name in request.headers} <= HARMLESS


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://[bad/"])
def test_redirect_to_no_web_server(target: str, server: Scripted, tmp_path: Path) -> None:
    """A redirect to a file of this machine, or to what is no web server, is refused."""
    project = make_project(tmp_path / "project")
    failed(inv_here(project, *FETCH, shelf(server, redirect(target), BODY)), 1, "cannot be requested: ")
    assert contents(project / "dist") == {}


def test_redirect_away_from_https(server: Scripted, certificate: Path, tmp_path: Path) -> None:
    """A redirect from https to http is refused, and nothing secret goes there."""
    project = make_project(tmp_path / "project")
    server.answers[f"/{WHEEL}"] = Served()
    with scripted(certificate) as secure:
        leads_to = redirect(f"http://localhost:{server.port}/{WHEEL}")
        url = shelf(secure, leads_to, BODY).replace("//", f"//me:{SENTINEL}@")
        env = {"REQUESTS_CA_BUNDLE": str(certificate)}
        failed(inv(project, *FETCH, url, env=env), 1, f"{WHEEL}: redirects from https to http")
    assert contents(project / "dist") == {}
    assert {name for request in server.seen for name in request.headers} <= HARMLESS


def basic(user: str, password: str) -> str:
    """Return a header with credentials."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_netrc(server: Scripted, tmp_path: Path) -> None:
    """Credentials in the URL are stronger than those of ~/.netrc, and neither is told."""
    project = make_project(tmp_path / "project")
    netrc = Path(os.environ["HOME"], ".netrc")
    netrc.write_text(f"machine 127.0.0.1 login robot password {SENTINEL}\n")
    netrc.chmod(0o600)
    url = shelf(server, None, BODY)
    for each in (url, url.replace("//", "//me:mine@")):
        failed(inv(project, *FETCH, each, "--verbose"), 1, f"{url}{WHEEL}: is not there (404)")
    asked = [request.headers["Authorization"] for request in server.seen]
    assert asked == [basic("robot", SENTINEL)] * 2 + [basic("me", "mine")] * 2


def test_each_host_has_its_own_login_of_netrc(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two hosts that are read in turn, by a link or a redirect, get their own logins."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login one password 1\nmachine localhost login two password 2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    web = Web(server.url, timeout=programs.STUCK, retries=0)
    one, two = (f"http://{host}:{server.port}/" for host in ("127.0.0.1", "localhost"))
    server.answers |= {"/x": (200, {}, b"x"), "/to-one": redirect(f"{one}x"), "/to-two": redirect(f"{two}x")}
    for url in (f"{one}x", f"{two}x", f"{one}x", f"{two}x", f"{one}to-two", f"{two}to-one"):
        web.page(url)
    first, second = basic("one", "1"), basic("two", "2")
    assert [request.headers["Authorization"] for request in server.seen] == [
        *(first, second, first, second),
        *(first, second),
        *(second, first),
    ]


def test_a_link_with_its_own_login(server: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A link that holds a login sends it, where ~/.netrc has none for its host, and to no other link."""
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    web = Web(server.url, timeout=programs.STUCK, retries=0)
    server.answers["/x"] = (200, {}, b"x")
    for url in (f"{server.url}x", f"{server.url.replace('//', '//me:mine@')}x", f"{server.url}x"):
        web.page(url)
    assert server.asked("/x", "Authorization") == [None, basic("me", "mine"), None]


def test_environment_is_looked_up_once_for_a_host(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What the environment says of a host is looked up for its first request: its proxy, and its login."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine wheels.invalid login one password 1\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    web = Web("http://wheels.invalid/", timeout=programs.STUCK, retries=0)
    server.answers |= {"http://wheels.invalid/x": (200, {}, b"x")}
    for _ in range(3):
        web.page("http://wheels.invalid/x")
        netrc.unlink(missing_ok=True)
        monkeypatch.delenv("http_proxy", raising=False)
    assert server.asked("http://wheels.invalid/x", "Authorization") == [basic("one", "1")] * 3


def test_host_without_a_proxy(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host in NO_PROXY is asked without the proxy of the others, also where it redirects to one of them."""
    monkeypatch.setenv("http_proxy", server.url.replace("//", f"//me:{SENTINEL}@"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    far, near = "http://wheels.invalid/x", f"http://127.0.0.1:{server.port}/x"
    server.answers[far] = (200, {}, b"x")
    server.in_turn("/x", (200, {}, b"x"), redirect(far))
    web = Web(far, timeout=programs.STUCK, retries=0)
    for url in (far, near, near):
        web.page(url)
    proxied, direct = (far, basic("me", SENTINEL)), ("/x", None)
    sent = [(request.path, request.headers["Proxy-Authorization"]) for request in server.seen]
    assert sent == [proxied, direct, direct, proxied]


def test_proxy(server: Scripted, tmp_path: Path) -> None:
    """A proxy gets its own credentials and no others, and its password is not told."""
    project = make_project(tmp_path / "project")
    page = "http://wheels.invalid/"
    server.page(page, f"<a href='{WHEEL}#sha256={sha256_of(BODY)}'>x</a>")
    server.answers[f"{page}{WHEEL}"] = Served(stops=[1000])
    env = {"http_proxy": server.url.replace("//", f"//me:{SENTINEL}@"), "NO_PROXY": ""}
    done = inv(project, *FETCH, page, env=env)
    assert (done.returncode, contents(project / "dist")) == (0, {WHEEL: BODY}), done.stderr
    assert [request.headers["Proxy-Authorization"] for request in server.seen] == [basic("me", SENTINEL)] * 3
    assert [request.headers["Authorization"] for request in server.seen] == [None] * 3


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_that_is_down(scheme: str, tmp_path: Path) -> None:
    """A proxy that does not answer is one line without its password."""
    project = make_project(tmp_path / "project")
    proxy = f"http://me:{SENTINEL}@127.0.0.1:{servers.closed_port()}"
    env = {f"{scheme}_proxy": proxy, "NO_PROXY": "", "WHEELHOUSE_RETRIES": "1"}
    failed(inv(project, *FETCH, f"{scheme}://wheels.invalid/", env=env), 1, "could not be read: Connection refused")


def test_proxy_that_refuses(server: Scripted, tmp_path: Path) -> None:
    """A proxy that does not accept the password is one line without it."""
    project = make_project(tmp_path / "project")
    server.answers["http://wheels.invalid/"] = (407, {}, b"")
    env = {"http_proxy": server.url.replace("//", f"//me:{SENTINEL}@"), "NO_PROXY": ""}
    failed(
        inv(project, *FETCH, "http://wheels.invalid/", env=env), 1, "http://wheels.invalid/: the server answered 407"
    )


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        ("nowhere.pem", "could not be read: Could not find a suitable TLS CA certificate bundle"),
        ("dist", "its TLS certificate is not trusted"),
        ("tasks.py", "could not be read: "),
    ],
)
def test_bad_ca_bundle(bundle: str, said: str, certificate: Path, tmp_path: Path) -> None:
    """A REQUESTS_CA_BUNDLE that is not there, or holds no certificate, is one line."""
    project = make_project(tmp_path / "project")
    env = {"REQUESTS_CA_BUNDLE": str(project / bundle), "WHEELHOUSE_RETRIES": "1"}
    with scripted(certificate) as secure:
        failed(inv(project, *FETCH, secure.url.replace("//", f"//me:{SENTINEL}@"), env=env), 1, said)
        assert secure.seen == []


def test_no_tls(server: Scripted, tmp_path: Path) -> None:
    """A server that speaks no TLS is not said to have a bad certificate."""
    project = make_project(tmp_path / "project")
    url = server.url.replace("http:", "https:")
    failed(inv(project, *FETCH, url, env={"WHEELHOUSE_RETRIES": "1"}), 1, "answers without TLS (use http://")


def test_certificate_that_nobody_trusts(certificate: Path, tmp_path: Path) -> None:
    """Without a CA bundle that knows it, a server of our own is not trusted."""
    project = make_project(tmp_path / "project")
    with scripted(certificate) as secure:
        failed(inv(project, *FETCH, secure.url), 1, "its TLS certificate is not trusted")
        assert secure.seen == []


TAGS = [f"py3-none-{each}" for each in ("any", "win32", "win_amd64", "win_arm64", "linux_x86_64", "linux_i686")]


def interrupt(
    project: Path, url: str, kind: signal.Signals, ready: Callable[[], object], **env: str
) -> tuple[int, str]:
    """Fetch, and send a signal once all is ready; return the exit code and what was said."""
    task = [sys.executable, "-m", "invoke", *FETCH, url]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(task, cwd=project, env={**os.environ, **env}, **pipes)  # type: ignore[call-overload]
    try:
        ready()
        process.send_signal(kind)
        said = process.communicate(timeout=programs.STUCK)[1]
    finally:
        process.kill()
        process.communicate()
    return process.returncode, said


SIGNALS = pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])


@SIGNALS
def test_interrupted(kind: signal.Signals, server: Scripted, tmp_path: Path) -> None:
    """A signal in the middle of four downloads ends them all: what was whole stays, and nothing else."""
    project = make_project(tmp_path / "project")
    url = many(server, dict.fromkeys(TAGS, BODY))
    in_flight = threading.Barrier(5, timeout=programs.STUCK)

    def hang(handler: Handler) -> None:
        handler.begin(200, {"ETag": ETAG, "Content-Length": "3000"})
        handler.wfile.write(BODY[:1000])
        in_flight.wait()
        silence(handler)

    server.answers |= {f"/demo-1.0-{tag}.whl": hang for tag in TAGS[1:]}
    code, said = interrupt(project, url, kind, in_flight.wait, WHEELHOUSE_MAX_WORKERS="4")
    assert (code, said.count("\n"), "interrupted" in said) == (130, 1, True)
    assert contents(project / "dist") == {WHEEL: BODY}


@SIGNALS
def test_interrupted_between_two_tries(kind: signal.Signals, server: Scripted, tmp_path: Path) -> None:
    """Threads that are about to try again when the program is interrupted leave nothing behind."""
    project = make_project(tmp_path / "project")
    asked = threading.Event()

    def busy(handler: Handler) -> None:
        handler.send(503, {}, b"")
        asked.set()

    url = many(server, dict.fromkeys(TAGS, BODY))
    server.answers |= {f"/demo-1.0-{tag}.whl": busy for tag in TAGS}
    code, said = interrupt(project, url, kind, lambda: asked.wait(programs.STUCK), WHEELHOUSE_RETRIES="100")
    assert (code, said.count("\n"), contents(project / "dist")) == (130, 1, {})


class Interrupting(Silent):
    """Has Ctrl-C pressed at the first warning."""

    def warn(self, text: str) -> None:
        """Raise what Ctrl-C raises."""
        raise KeyboardInterrupt(text)


def test_nothing_begins_after_an_interrupt(server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that wakes up when the folder was swept asks for nothing, and leaves nothing there."""
    project = make_project(tmp_path / "project")
    url = many(server, dict.fromkeys(TAGS[:2], BODY))
    asleep, swept = threading.Event(), threading.Event()

    def sleep(_: float) -> None:
        asleep.set()
        assert swept.wait(programs.STUCK)

    def missing(handler: Handler) -> None:
        asleep.wait(programs.STUCK)
        handler.send(404, {}, b"")

    slow, lost = (f"/demo-1.0-{tag}.whl" for tag in TAGS[:2])
    server.answers |= {slow: (503, {}, b""), lost: missing}
    monkeypatch.setattr(retry, "__defaults__", (sleep,))
    before = threading.enumerate()
    with pytest.raises(KeyboardInterrupt, match="not fetched: "):
        fetch(resolve({}, {}, {"indexes": [url], "max_workers": 2}, project), Interrupting())
    swept.set()
    for thread in set(threading.enumerate()) - set(before):
        thread.join()
    assert sorted(server.requests) == ["GET /", f"GET {slow}", f"GET {lost}"]
    assert contents(project / "dist") == {}


FORTY = [
    f"cp{python}-cp{python}-manylinux_2_{glibc}_x86_64" for python in (311, 312, 313, 314) for glibc in range(20, 30)
]


@pytest.mark.parametrize("lost", [1, 3])
def test_some_of_many_fail(lost: int, server: Scripted, tmp_path: Path) -> None:
    """The files that can be had are fetched, and those that cannot are named."""
    project = make_project(tmp_path / "project")
    url = many(server, {tag: None if number < lost else tag.encode() for number, tag in enumerate(FORTY)})
    done = inv(project, *FETCH, url)
    names = [f"demo-1.0-{tag}.whl" for tag in FORTY]
    failed(done, 1, f"{names[0]}: is not there (404)")
    assert [name for name in names if name in done.stderr] == names[:lost]
    assert done.stdout.count("warning: not fetched: ") == lost
    assert f"{40 - lost} files fetched into" in done.stdout
    assert contents(project / "dist") == {
        name: tag.encode() for name, tag in list(zip(names, FORTY, strict=True))[lost:]
    }

    told = json.loads(inv(project, *FETCH, url, "--json").stdout)
    assert (told["exit_code"], told["downloaded"], sorted(told["present"])) == (1, [], names[lost:])


@pytest.mark.parametrize("status", [403, 404])
def test_many_files_that_fail_alike_are_one_line(status: int, server: Scripted, tmp_path: Path) -> None:
    """The cause is told once, with the files counted; the result has each, and the log is not flooded."""
    project = make_project(tmp_path / "project")
    url = many(server, dict.fromkeys(FORTY, b""))
    server.answers |= {path: (status, {}, b"") for path in server.answers if path != "/"}
    done = inv(project, *FETCH, url, "--json")
    names = sorted(f"demo-1.0-{tag}.whl" for tag in FORTY)
    start = {403: "error: access denied (403) (", 404: "error: is not there (404)"}[status]
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert line.startswith(start)
    assert line.endswith(f": 40 files ({', '.join(names[:3])} and 37 more)")
    assert done.stderr.count("warning: not fetched: ") == 3
    failures = json.loads(done.stdout)["failed"]
    assert sorted(failures) == names
    assert all(name in text and str(status) in text for name, text in failures.items())


def test_a_file_without_a_name_in_its_address(server: Scripted, tmp_path: Path) -> None:
    """A file that is fetched from an address that does not name it is named all the same."""
    project = make_project(tmp_path / "project")
    row = {"filename": WHEEL, "url": "/download/7", "hashes": {"sha256": sha256_of(BODY)}}
    page = json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "files": [row]})
    server.answers["/"] = (200, {"Content-Type": JSON}, page.encode())
    failed(inv(project, *FETCH, server.url), 1, f"error: {WHEEL}: {server.url}download/7: is not there (404)")


def test_release_of_some_of_many(server: Scripted, tmp_path: Path) -> None:
    """A release of which a file cannot be fetched uploads none."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path)
    url = many(server, {"py2-none-any": None, "py3-none-any": wheel.read_bytes()})
    with scripted() as index:
        index.page("/simple/demo/", "")
        env = {"WHEELHOUSE_REPOSITORY_URL": f"{index.url}legacy/", "WHEELHOUSE_CHECK_URL": f"{index.url}simple/"}
        done = inv(project, "wheelhouse.release", "--version", "1.0", "--index", url, env=env)
        failed(done, 1, "demo-1.0-py2-none-any.whl: is not there (404)")
        assert [request for request in index.requests if request.startswith("POST")] == []
        assert list(contents(project / "dist")) == [WHEEL]


def test_body_is_never_in_memory(server: Scripted, tmp_path: Path) -> None:
    """A file goes to the disk block by block, a resumed one too."""
    body = bytes(32 * BLOCK)
    digest, target = sha256_of(body), tmp_path / WHEEL
    server.answers["/x"] = Served(body, stops=[20 * BLOCK])
    web = Web(server.url, timeout=programs.STUCK, retries=1)
    tracemalloc.start()
    try:
        saving.save(lambda _: web.blocks(f"{server.url}x"), target, artifact.parse(WHEEL), digest, size=len(body))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (target.stat().st_size, peak < 6 * BLOCK) == (len(body), True), peak


def test_interrupted_download_leaves_nothing(tmp_path: Path) -> None:
    """After Ctrl-C in the middle of a download neither a file nor half of one is left, and the exit code is 130."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path, payload=os.urandom(200_000))
    with servers.static(tmp_path) as origin, servers.faultproxy(int(origin.url.rpartition(":")[2])) as proxy:
        (tmp_path / "index.html").write_text(f"<a href='{wheel.name}#sha256={payload(wheel).sha256}'>x</a>")
        proxy.set("hang", skip=1, after=100_000)
        task = [sys.executable, "-m", "invoke", "wheelhouse.fetch", "--index", f"{proxy.url}/index.html"]
        devnull, pipe = subprocess.DEVNULL, subprocess.PIPE
        with subprocess.Popen(task, cwd=project, stdout=devnull, stderr=pipe, text=True) as process:
            try:
                while not list((project / "dist").glob(".*.part")) and process.poll() is None:
                    time.sleep(0.01)
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=programs.STUCK)[1]
            finally:
                process.kill()
    assert (process.returncode, said.count("\n"), "interrupted" in said) == (130, 1, True)
    assert not list((project / "dist").iterdir())
