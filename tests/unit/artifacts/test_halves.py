"""A fetch that was interrupted goes on in the next run: what belongs to it for certain, and what is thrown away."""

import errno
import fcntl
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_tasks import files
from wheelhouse_tasks.artifacts import artifact, halves, saving
from wheelhouse_tasks.artifacts.halves import LEAST, LIFETIME, Halves, half_name
from wheelhouse_tasks.errors import BadArtifact, DigestMismatch, Failed, StoreError, WebError
from wheelhouse_tasks.retry import StartAnewError, TryAgainError

WHEEL, OTHER = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
NAMED = artifact.parse(WHEEL)
BODY = hashlib.shake_256(b"wheel").digest(3 * LEAST)
SHA256, ZEROS = hashlib.sha256(BODY).hexdigest(), "0" * 64
HALF = half_name(WHEEL, SHA256)


def contents(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder, hidden files too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@dataclass
class Server:
    """A file whose answers raise an error after as many bytes as `stops` has, in turn, and then come whole."""

    body: bytes = BODY
    stops: list[tuple[int, BaseException]] = field(default_factory=list)
    #: Whether it can begin at another byte than the first.
    goes_on: bool = True
    starts: list[int] = field(default_factory=list)

    def __call__(self, start: int) -> Iterator[bytes]:
        """Yield the bytes from one of them on."""
        self.starts.append(start)
        if start and not self.goes_on:
            raise StartAnewError(WebError("x", "does not go on"))
        stop, error = self.stops.pop(0) if self.stops else (len(self.body), None)
        end = min(start + stop, len(self.body))
        for at in range(start, end, LEAST // 4):
            yield self.body[at : min(at + LEAST // 4, end)]
        if error:
            raise error


def fetch(blocks: Callable[[int], Iterable[bytes]], folder: Path, size: int | None = None, sha256: str = SHA256) -> int:
    """Fetch the wheel in a run of its own."""
    run = Halves(outlive=True)
    try:
        return saving.save(blocks, folder / WHEEL, NAMED, sha256, size=size, parts=run)
    finally:
        run.finish()


STOPPED = WebError("x", "could not be read")


def test_next_run_goes_on(tmp_path: Path) -> None:
    """A run that stopped leaves a hidden file; the next one asks for the rest, and nothing but the wheel is left."""
    server = Server(stops=[(2 * LEAST + 5, STOPPED)])
    with pytest.raises(WebError):
        fetch(server, tmp_path)
    assert contents(tmp_path) == {HALF: BODY[: 2 * LEAST + 5]}
    assert fetch(server, tmp_path) == len(BODY)
    assert server.starts == [0, 2 * LEAST + 5]
    assert contents(tmp_path) == {WHEEL: BODY}


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        pytest.param(STOPPED, True, id="network"),
        pytest.param(StoreError("x", "cut off"), True, id="provider"),
        pytest.param(TryAgainError(STOPPED), True, id="another try"),
        pytest.param(KeyboardInterrupt(), True, id="Ctrl-C"),
        pytest.param(StartAnewError(STOPPED), False, id="cannot be continued"),
        pytest.param(BadArtifact("x", "damaged"), False, id="wrong bytes"),
        pytest.param(OSError(28, "No space left on device"), False, id="full disk"),
    ],
)
@pytest.mark.parametrize("size", [LEAST - 1, LEAST])
def test_what_is_kept(error: BaseException, kept: bool, size: int, tmp_path: Path) -> None:
    """The beginning of a file is kept, unless it is small, may be no beginning, or the disk is full."""
    with suppress(type(error), Failed):
        fetch(Server(stops=[(size, error)]), tmp_path)
    assert contents(tmp_path) == ({HALF: BODY[:size]} if kept and size >= LEAST else {})


@pytest.mark.parametrize(("outlive", "sha256"), [(False, SHA256), (True, None)], ids=["scratch", "no sha256"])
def test_what_never_is(outlive: bool, sha256: str | None, tmp_path: Path) -> None:
    """Without a sha256 nothing shows what a half belongs to; in a folder that goes away, none is of use."""
    run = Halves(outlive=outlive)
    with pytest.raises(WebError):
        saving.save(Server(stops=[(2 * LEAST, STOPPED)]), tmp_path / WHEEL, NAMED, sha256, parts=run)
    assert (contents(tmp_path), run.finish()) == ({}, {})


DAMAGED = b"x" + BODY[1 : 2 * LEAST]


@pytest.mark.parametrize("size", [len(BODY), None], ids=["size promised", "no size"])
@pytest.mark.parametrize(
    ("half", "starts"),
    [
        pytest.param(b"", [0], id="empty"),
        pytest.param(BODY[:5], [5], id="small"),
        pytest.param(BODY[:-1], [len(BODY) - 1], id="but for one byte"),
        pytest.param(BODY, [], id="whole"),
        pytest.param(DAMAGED, [len(DAMAGED), 0], id="damaged"),
        pytest.param(BODY[:-5] + bytes(5), None, id="zeros at its end after a loss of power"),
        pytest.param(BODY + b"x", None, id="too long"),
    ],
)
def test_half_of_an_earlier_run(half: bytes, starts: list[int] | None, size: int | None, tmp_path: Path) -> None:
    """Whatever a half holds, the file comes right in one run; one that cannot be right is asked for from its start."""
    (tmp_path / HALF).write_bytes(half)
    server = Server()
    assert fetch(server, tmp_path, size) == len(BODY)
    assert contents(tmp_path) == {WHEEL: BODY}
    assert server.starts == (starts if starts is not None else [0] if size else [len(half), 0])


def test_server_without_ranges(tmp_path: Path) -> None:
    """A source that begins at the first byte only is asked for all of it, at once, in the same run."""
    (tmp_path / HALF).write_bytes(BODY[:LEAST])
    server = Server(goes_on=False)
    assert fetch(server, tmp_path) == len(BODY)
    assert (server.starts, contents(tmp_path)) == ([LEAST, 0], {WHEEL: BODY})


def test_other_bytes_at_the_server(tmp_path: Path) -> None:
    """A file that has other bytes by now is read once more from its start, and the error leaves nothing behind."""
    (tmp_path / HALF).write_bytes(BODY[:LEAST])
    server = Server(body=bytes(len(BODY)))
    with pytest.raises(DigestMismatch):
        fetch(server, tmp_path)
    assert (server.starts, contents(tmp_path)) == ([LEAST, 0], {})


def test_a_half_is_of_one_file_and_one_sha256(tmp_path: Path) -> None:
    """The half of another file, or of this one with other bytes, is not gone on with."""
    (tmp_path / half_name(OTHER, SHA256)).write_bytes(BODY[:LEAST])
    (tmp_path / half_name(WHEEL, ZEROS)).write_bytes(bytes(LEAST))
    server = Server()
    fetch(server, tmp_path)
    assert server.starts == [0]


class Both:
    """Two runs of which the second begins, and ends, while the first one writes."""

    def __init__(self, folder: Path, second: Server) -> None:
        self.folder = folder
        self.second = second

    def __call__(self, start: int) -> Iterator[bytes]:
        """Yield the bytes, with another run in between."""
        yield BODY[start : LEAST + start]
        with suppress(WebError):
            fetch(self.second, self.folder)
        yield BODY[LEAST + start :]


@pytest.mark.parametrize("stops", [[], [(2 * LEAST, STOPPED)]], ids=["completes", "stops"])
@pytest.mark.parametrize("half", [b"", BODY[:LEAST]], ids=["new", "of an earlier run"])
def test_two_runs_at_once(half: bytes, stops: list[tuple[int, BaseException]], tmp_path: Path) -> None:
    """The second run writes a file of its own, from its start, and leaves that of the first alone."""
    (tmp_path / HALF).write_bytes(half)
    second = Server(stops=stops)
    assert fetch(Both(tmp_path, second), tmp_path) == len(BODY)
    assert (second.starts, contents(tmp_path)) == ([0], {WHEEL: BODY})


def test_half_that_was_taken_away(tmp_path: Path) -> None:
    """A run whose half somebody removed does not pass off what another run made in its place."""

    def robbed(_: int) -> Iterator[bytes]:
        yield BODY
        (tmp_path / HALF).unlink()
        (tmp_path / HALF).write_bytes(b"another run's")

    with pytest.raises(Failed, match="cannot be written: No such file"):
        fetch(robbed, tmp_path)
    assert contents(tmp_path) == {HALF: b"another run's"}


def test_half_that_another_run_completes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half whose name is gone by the time that it is locked is none to write to."""
    lock = fcntl.flock
    (tmp_path / HALF).write_bytes(BODY[:LEAST])

    def completed(file: IO[bytes], flags: int) -> None:
        (tmp_path / HALF).unlink(missing_ok=True)
        lock(file, flags)

    monkeypatch.setattr(fcntl, "flock", completed)
    server = Server()
    fetch(server, tmp_path)
    assert (server.starts, contents(tmp_path)) == ([0], {WHEEL: BODY})


def test_folder_where_nothing_can_be_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system knows no locks a fetch works, and none goes on."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    server = Server(stops=[(LEAST, STOPPED)])
    with pytest.raises(WebError):
        fetch(server, tmp_path)
    fetch(server, tmp_path)
    assert (server.starts, contents(tmp_path)) == ([0, 0], {WHEEL: BODY})


def link(path: Path) -> None:
    """Make a link to a file beside it."""
    path.symlink_to("x")


def link_to_nothing(path: Path) -> None:
    """Make a link to a file that is not there."""
    path.symlink_to("nowhere")


@pytest.mark.parametrize("make", [link, link_to_nothing, Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_left_alone(make: Callable[[Path], object], tmp_path: Path) -> None:
    """Where something else has the name of a half, the file is written without one; no link is followed."""
    (tmp_path / "x").write_bytes(BODY[:LEAST])
    make(tmp_path / HALF)
    server = Server()
    fetch(server, tmp_path)
    assert server.starts == [0]
    assert (tmp_path / WHEEL).read_bytes() == BODY
    assert (tmp_path / "x").read_bytes() == BODY[:LEAST]
    assert not (tmp_path / "nowhere").exists()


def test_end_of_a_run_with_threads_under_way(tmp_path: Path) -> None:
    """What is kept is reported; a thread that wakes up later writes no more, and completes nothing."""
    run, asleep, swept = Halves(outlive=True), threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def slow(_: int) -> Iterator[bytes]:
        yield BODY[: 2 * LEAST]
        asleep.set()
        swept.wait()
        yield BODY[2 * LEAST :]

    def save() -> None:
        try:
            saving.save(slow, tmp_path / WHEEL, NAMED, SHA256, parts=run)
        except Failed as error:
            errors.append(error)

    thread = threading.Thread(target=save)
    thread.start()
    asleep.wait()
    assert run.finish() == {WHEEL: 2 * LEAST}
    swept.set()
    thread.join()
    assert [str(error) for error in errors] == [f"{tmp_path / WHEEL}: interrupted"]
    assert contents(tmp_path) == {HALF: BODY[: 2 * LEAST]}


def test_end_of_a_run_in_the_middle_of_a_block(tmp_path: Path) -> None:
    """What is reported is what is there: a block that is being written is counted."""
    run, writing, ended = Halves(outlive=True), threading.Event(), threading.Event()

    def save() -> None:
        with suppress(Failed), run.half_of(tmp_path / WHEEL, SHA256) as half:
            half.write(BODY[: 2 * LEAST])
            write = half.file.write

            def slowly(block: memoryview) -> int:
                writing.set()
                ended.wait(0.1)  # in which whoever does not wait for us has reported
                return write(block)

            half.file.write = slowly  # type: ignore[method-assign,assignment]
            half.write(BODY[2 * LEAST :])

    thread = threading.Thread(target=save)
    thread.start()
    writing.wait()
    left = run.finish()
    ended.set()
    thread.join()
    assert (left, contents(tmp_path)) == ({WHEEL: len(BODY)}, {HALF: BODY})


def test_what_came_in_another_try_is_not_reported(tmp_path: Path) -> None:
    """A half that the same run completed later is none of those that are left."""
    run, server = Halves(outlive=True), Server(stops=[(LEAST, STOPPED)])
    with suppress(WebError):
        saving.save(server, tmp_path / WHEEL, NAMED, SHA256, parts=run)
    saving.save(server, tmp_path / WHEEL, NAMED, SHA256, parts=run)
    assert (run.finish(), server.starts, contents(tmp_path)) == ({}, [0, LEAST], {WHEEL: BODY})


LONG = "demo-1.0-" + "a" * 200 + ".whl"


@pytest.mark.parametrize(
    ("name", "age", "stale"),
    [
        pytest.param(HALF, 10 * LIFETIME, False, id="asked for"),
        pytest.param(half_name(LONG, SHA256), 10 * LIFETIME, False, id="asked for, with a long name"),
        pytest.param(half_name(WHEEL, ZEROS), 0, True, id="other bytes of a file that is asked for"),
        pytest.param(half_name(OTHER, SHA256), 0, True, id="of a file that is there"),
        pytest.param(half_name("demo-2.0.tar.gz", SHA256), LIFETIME, False, id="of another version"),
        pytest.param(half_name("demo-2.0.tar.gz", SHA256), LIFETIME + 1, True, id="of another version, and old"),
        pytest.param(f".{'0' * 16}.part", LIFETIME, False, id="nobody's"),
        pytest.param(f".{'0' * 16}.part", LIFETIME + 1, True, id="nobody's, and old"),
    ],
)
def test_staleness(name: str, age: float, stale: bool) -> None:
    """A half goes once its file has arrived or has other bytes; what no plan asks for goes after a week."""
    wanted: Mapping[str, str | None] = {WHEEL: SHA256, LONG: SHA256, "demo-1.0.zip": None}
    assert halves.is_stale(name, age, wanted, [*wanted, OTHER]) == stale
    assert files.is_part(name)
    assert len(name) <= 143


def test_tidy(tmp_path: Path) -> None:
    """A fetch removes what is stale, but for what another run writes, and reports what it goes on with."""
    others = {"demo.part": b"x", WHEEL: b"x", half_name("demo-2.0.tar.gz", ZEROS): b"x", HALF: BODY[:LEAST]}
    busy, old = half_name(WHEEL, "1" * 64), half_name(WHEEL, "2" * 64)
    for name, content in {**others, busy: b"x", old: b"x"}.items():
        (tmp_path / name).write_bytes(content)
    with Halves(outlive=True).half_of(tmp_path / WHEEL, "1" * 64) as half:
        assert halves.tidy(tmp_path, {WHEEL: SHA256}, [WHEEL], time.time()) == {WHEEL: LEAST}
        assert contents(tmp_path) == {**others, busy: b"x"}
        half.is_unneeded = True
    assert halves.tidy(tmp_path, {}, [], time.time() + LIFETIME + 60) == {}
    assert contents(tmp_path) == {"demo.part": b"x", WHEEL: b"x"}


def test_tidy_of_what_cannot_be_read(tmp_path: Path) -> None:
    """A folder that cannot be read, and what is no file, end no fetch."""
    (tmp_path / half_name(OTHER, ZEROS)).mkdir()
    assert halves.tidy(tmp_path, {}, [OTHER], time.time()) == {}
    assert halves.tidy(tmp_path / "nowhere", {WHEEL: SHA256}, [WHEEL], time.time()) == {}


@given(
    half=st.one_of(st.integers(0, 40).map(lambda size: bytes(range(size))), st.binary(max_size=50)),
    server=st.sampled_from(["goes on", "begins anew", "lies"]),
    sizes=st.booleans(),
)
def test_any_half_comes_right(half: bytes, server: str, sizes: bool) -> None:
    """Whatever is there, and whatever the server answers to a range, one run ends with the promised bytes."""
    body = bytes(range(40))
    sha256, starts = hashlib.sha256(body).hexdigest(), []

    def blocks(start: int) -> Iterator[bytes]:
        starts.append(start)
        if start and server == "begins anew":
            raise StartAnewError(STOPPED)
        yield body[start + 1 if start and server == "lies" else start :]

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / half_name(WHEEL, sha256)).write_bytes(half)
        fetch(blocks, Path(folder), len(body) if sizes else None, sha256)
        assert contents(Path(folder)) == {WHEEL: body}
    assert len(starts) <= 2


class Ending(Halves):
    """The halves of a run that ends when a file was just made, and whose threads die then."""

    def _adopted(self, target: Path, sha256: str | None) -> halves.Half | None:
        half = super()._adopted(target, sha256)
        self.finish()
        self.left = contents(target.parent)
        return half


def test_half_that_was_just_made_goes_with_the_run(tmp_path: Path) -> None:
    """No empty file stays where the run ends before a byte was written, and the thread never wakes up."""
    parts = Ending(outlive=True)
    with pytest.raises(Failed, match="interrupted"), parts.half_of(tmp_path / WHEEL, SHA256) as half:
        half.write(b"x")
    assert (parts.left, contents(tmp_path)) == ({}, {})
