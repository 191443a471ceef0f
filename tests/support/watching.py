"""A Ui that keeps what commands count of their work."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from wheelhouse_tasks.ui import Silent


@dataclass
class Way:
    """What was counted of one file."""

    name: str
    size: int | None
    #: The bytes of the last try.
    done: int = 0
    #: Whether it ended well.
    ended: bool = False

    def advance(self, size: int) -> None:
        """Count."""
        self.done += size

    def restart(self, at: int = 0) -> None:
        """Count from another byte on."""
        self.done = at


@dataclass
class Watched:
    """What was counted of some work."""

    title: str
    files: int | None
    size: int | None
    ways: list[Way] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, files: int, size: int = 0) -> None:
        """Count on more."""
        self.files = (self.files or 0) + files
        self.size = (self.size or 0) + size

    @contextmanager
    def transfer(self, name: str, size: int | None = None) -> Iterator[Way]:
        """Keep a file."""
        way = Way(name, size)
        with self.lock:
            self.ways.append(way)
        yield way
        way.ended = True

    @property
    def counted(self) -> dict[str, int]:
        """Return the bytes that were counted of each file that ended well."""
        return {way.name: way.done for way in self.ways if way.ended}


class Watcher(Silent):
    """Keeps all work, in the order in which it began."""

    def __init__(self) -> None:
        self.works: list[Watched] = []

    @contextmanager
    def work(self, title: str, *, files: int | None = None, size: int | None = None) -> Iterator[Watched]:
        """Keep work."""
        work = Watched(title, files, size)
        self.works.append(work)
        yield work

    def the(self, title: str) -> Watched:
        """Return the only work of a title that had files."""
        [work] = [work for work in self.works if work.title == title and work.ways]
        return work
