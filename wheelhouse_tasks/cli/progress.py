"""How far work has come: what its threads count, and the words for it. The clock is an argument."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.text import count, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds over which a rate is measured: a file that begins or ends does not make it jump.
WINDOW = 10.0
#: Seconds after which a rate means something.
SETTLED = 1.0
UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True, kw_only=True)
class Way:
    """How far one file is."""

    name: str
    #: Bytes.
    done: int
    #: Bytes; None where nobody knows them.
    size: int | None


@dataclass(frozen=True, kw_only=True)
class State:
    """How far work is."""

    title: str
    #: Files that are done, and all of them, where that is known.
    done: int
    files: int | None
    #: Bytes that are done, and all of them, where that is known.
    bytes_done: int
    size: int | None
    #: Bytes in a second; None before it can be measured.
    rate: float | None
    #: Seconds since the work began, and until it ends, where that can be estimated.
    elapsed: float
    left: float | None
    #: The files under way, the oldest first.
    transfers: tuple[Way, ...] = ()


class CountedTransfer:
    """One file on its way, counted."""

    def __init__(self, name: str, size: int | None, lock: threading.RLock) -> None:
        self.name = name
        self.size = size
        #: The byte that is next, and the bytes that went by, also those of tries that failed.
        self.done = 0
        self.moved = 0
        self._lock = lock

    def advance(self, size: int) -> None:
        """Count *size* more bytes of the file."""
        with self._lock:
            self.done += size
            self.moved += size

    def restart(self, at: int = 0) -> None:
        """Count from byte *at* on."""
        with self._lock:
            self.done = at


class CountedWork:
    """Work whose threads count their files and bytes; *clock* gives seconds."""

    def __init__(self, title: str, files: int | None, size: int | None, clock: Callable[[], float]) -> None:
        self.title = title
        self.files = files
        self.size = size
        self._clock = clock
        self._began = clock()
        self._done = 0
        self._bytes_done = 0
        #: The bytes of files that are not under way any more: a rate follows from what moved.
        self._moved = 0
        self._under_way: dict[CountedTransfer, None] = {}
        self._pace = Pace(self._began)
        #: Held for a moment by whoever counts; an RLock, since Python 3.14 may leave it held at Ctrl-C (gh-148874).
        self._lock = threading.RLock()

    def expect(self, files: int, size: int = 0) -> None:
        """Count on so many more files, and bytes in them."""
        with self._lock:
            self.files = (self.files or 0) + files
            if size:
                self.size = (self.size or 0) + size

    @contextmanager
    def transfer(self, name: str, size: int | None = None) -> Iterator[CountedTransfer]:
        """Count a file as under way, and as done at the end."""
        transfer = CountedTransfer(name, size, self._lock)
        with self._lock:
            self._under_way[transfer] = None
        try:
            yield transfer
        except BaseException:
            with self._lock:
                del self._under_way[transfer]
                self._moved += transfer.moved
            raise
        with self._lock:
            del self._under_way[transfer]
            unseen = 0 if size is None else max(size - transfer.done, 0)
            self._done += 1
            self._bytes_done += transfer.done if size is None else size
            self._moved += transfer.moved + unseen

    def state(self) -> State:
        """Return how far the work is now."""
        with self._lock:
            now = self._clock()
            under_way = tuple(Way(name=file.name, done=file.done, size=file.size) for file in self._under_way)
            bytes_done = self._bytes_done + sum(way.done for way in under_way)
            rate = self._pace.rate(now, self._moved + sum(file.moved for file in self._under_way))
            return State(
                title=self.title,
                done=self._done,
                files=self.files,
                bytes_done=bytes_done,
                size=self.size,
                rate=rate,
                elapsed=now - self._began,
                left=self._left(now - self._began, bytes_done, rate),
                transfers=under_way,
            )

    def _left(self, elapsed: float, bytes_done: int, rate: float | None) -> float | None:
        """Return the seconds that are left: by the bytes, or by the files where there are no bytes to count.

        Files of other sizes would tell nothing of the one under way.
        """
        if self.size:
            return max(self.size - bytes_done, 0) / rate if rate else None
        if self.files and self._done and elapsed >= SETTLED and not bytes_done:
            return max(self.files - self._done, 0) * elapsed / self._done
        return None


class Pace:
    """The rate of the last seconds."""

    def __init__(self, now: float) -> None:
        self._looks = deque([(now, 0)])

    def rate(self, now: float, moved: int) -> float | None:
        """Return bytes in a second, given all that *moved*; None so early that it would be chance."""
        self._looks.append((now, moved))
        while len(self._looks) > 2 and now - self._looks[1][0] >= WINDOW:
            self._looks.popleft()
        then, before = self._looks[0]
        return (moved - before) / (now - then) if now - then >= SETTLED else None


def sentence(state: State) -> str:
    """Return one line for all: `upload: 12 of 60 files, 31.2 of 300.0 MB, 10.1 MB/s, 27 s left`."""
    return f"{state.title}: {', '.join(_parts(state).values())}"


def _parts(state: State) -> dict[str, str]:
    """Return what is known, by kind: files, bytes, rate, time."""
    parts = {}
    if state.files:
        parts["files"] = f"{state.done} of {count(state.files)}"
    elif state.done:
        parts["files"] = count(state.done)
    if state.size or state.bytes_done:
        parts["bytes"] = amount(state.bytes_done, state.size)
        if state.rate is not None:
            parts["rate"] = f"{size_text(round(state.rate))}/s"
    if state.left is not None:
        parts["time"] = f"{duration(state.left)} left"
    elif not parts:
        parts["time"] = f"{duration(state.elapsed)} so far"
    return parts


#: What is left out, in this order, of a line that is too long.
LEFT_OUT = ("rate", "files", "bytes")


def fitting(state: State, width: int) -> str:
    """Return as much of the sentence as fits into so many columns; what matters least is left out first."""
    parts = _parts(state)
    for kind in ("", *LEFT_OUT):
        if len(parts) > 1:
            parts.pop(kind, None)
        line = f"{state.title}: {', '.join(parts.values())}"
        if len(line) <= width:
            return line
    return shortened(", ".join(parts.values()), width)


def amount(done: int, size: int | None) -> str:
    """Return bytes of all bytes, in the unit of all: `31.2 of 300.0 MB`."""
    if not size:
        return size_text(done)
    whole = size_text(size)
    unit = whole.rpartition(" ")[2]
    part = done / UNITS[unit]
    return f"{part:.0f} of {whole}" if unit == "B" else f"{part:.1f} of {whole}"


def duration(seconds: float) -> str:
    """Return a time for people: `27 s`, `2 min 05 s`, `1 h 03 min`."""
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE:02} min"


def shortened(text: str, width: int) -> str:
    """Return *text* in at most so many columns: the begin and the end of a file name tell most."""
    if len(text) <= width:
        return text
    dots = "..."[: max(width - 2, 0)]
    kept = max(width - len(dots), 0)
    return text[: kept - kept // 2] + dots + text[len(text) - kept // 2 :]
