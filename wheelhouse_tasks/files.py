"""Files that appear under their names whole, or not at all."""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: How a half-written file is called at its end; it begins with a dot.
PART = ".part"


class Parts:
    """The half-written files of one run, made by several threads until it ends."""

    def __init__(self) -> None:
        self._there: set[Path] = set()
        self._ended = False
        #: A file that is made while the others are removed would stay for ever. Python 3.14 lets an interrupt leave a
        #: lock held that a `with` was about to enter (gh-148874): that of the same thread, which then removes the rest.
        self._lock = threading.RLock()

    def make(self, target: Path) -> Path:
        """Return an empty file beside *target*; raise Failed once the run has ended."""
        part = target.with_name(f".{secrets.token_hex(8)}{PART}")
        with self.unless_ended(target):
            part.touch(exist_ok=False)
            self._there.add(part)
        return part

    @contextmanager
    def unless_ended(self, target: Path) -> Iterator[None]:
        """Keep the run from ending meanwhile; raise Failed that names *target* once it has ended."""
        with self._lock:
            if self._ended:
                raise Failed(str(target), "interrupted")
            yield

    def remove(self, part: Path) -> None:
        """Remove a file that was made, unless it has its final name by now."""
        part.unlink(missing_ok=True)
        self._there.discard(part)

    def end(self) -> None:
        """Remove what an interrupt left half-written; a thread that wakes up later makes no more."""
        with self._lock:
            self._ended = True
            left = tuple(self._there)
        for part in left:
            self.remove(part)


def is_part(name: str) -> bool:
    """Return whether a file is half-written, given its name."""
    return name.startswith(".") and name.endswith(PART)


@contextmanager
def part_of(
    target: Path, parts: Parts | None = None, *, place: Callable[[Path, Path], None] = os.replace
) -> Iterator[Path]:
    """Yield an empty file beside *target* to be written, which becomes *target* when the block ends.

    Where the block, or the way to the disk, fails, it is removed, and what was at *target* before stays. *place* gives
    the file its name. Raises OSError as the system does, for callers with errors of their own.
    """
    parts = parts or Parts()
    part = parts.make(target)
    try:
        yield part
        with part.open("r+b") as file:  # one that was removed meanwhile is not made again
            os.fsync(file.fileno())
        place(part, target)
    finally:
        parts.remove(part)


@contextmanager
def whole(target: Path, parts: Parts | None = None) -> Iterator[Path]:
    """Yield an empty file as `part_of` does; raise Failed that names *target* where it cannot be written."""
    try:
        with part_of(target, parts) as part:
            yield part
    except OSError as error:
        raise Failed(str(target), f"cannot be written: {error.strerror or error}") from None


def write_text(target: Path, text: str) -> None:
    """Write a text file, in UTF-8; raise Failed where that cannot be done."""
    with whole(target) as part:
        part.write_bytes(text.encode())
