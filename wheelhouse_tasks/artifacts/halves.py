"""Half-fetched artifacts: written by one run at a time, and kept for the next one where their sha256 is promised."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import BadArtifact, DigestMismatch, Failed
from wheelhouse_tasks.files import PART, Parts, is_part
from wheelhouse_tasks.retry import StartAnewError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

#: Fewer bytes than this are fetched again about as fast as they are asked for.
LEAST = BLOCK
#: Seconds after which a half that no plan asks for is removed: a week.
LIFETIME = 7 * 24 * 3600
#: How much of a file's name and of its sha256 is in the name of its half: some file systems take 143 bytes only.
NAME, DIGEST = 64, 32
NAMED = re.compile(rf"\.(.+)\.[0-9a-f]{{{DIGEST}}}{re.escape(PART)}")
#: What shows that the bytes are no beginning of the file, or that the disk has no room for them.
USELESS = (BadArtifact, DigestMismatch, StartAnewError, OSError)
#: The byte that a lock is on where a lock keeps others from reading; no file is that large.
FAR = 1 << 62


def half_name(filename: str, sha256: str) -> str:
    """Return how the half of a file is called: after the file, for people, and after the bytes that it will have."""
    return f".{filename[:NAME]}.{sha256[:DIGEST]}{PART}"


@dataclass(eq=False)
class Half:
    """An artifact that is being written: an open file, which is locked where another run could go on with it."""

    target: Path
    path: Path
    file: IO[bytes]
    #: Whether the next run may go on with it.
    outlives: bool
    #: Whether *target* was completed in another way.
    is_unneeded: bool = False
    #: Whether the run has ended.
    is_over: bool = False
    #: Held while a block is written; an RLock as that of Parts is.
    _writing: threading.RLock = field(default_factory=threading.RLock)

    def read(self) -> tuple[hashlib._Hash, int]:
        """Return the sha256 so far and the size of the bytes that are there."""
        digest, size = hashlib.sha256(), 0
        self.file.seek(0)
        while block := self.file.read(BLOCK):
            digest.update(block)
            size += len(block)
        return digest, size

    def clear(self) -> None:
        """Begin anew."""
        self.file.seek(0)
        self.file.truncate()

    def write(self, block: bytes) -> None:
        """Append bytes; raise Failed once the run has ended: a thread that wakes up later writes no more."""
        with self._writing:
            if self.is_over:
                raise Failed(str(self.target), "interrupted")
            rest = memoryview(block)
            while rest:
                rest = rest[self.file.write(rest) :]

    def end(self) -> None:
        """Let nothing more be written; return when the block is whole that is being written."""
        with self._writing:
            self.is_over = True

    def is_there(self) -> bool:
        """Return whether the name is still that of the open file: whoever took it away may have made another."""
        try:
            return os.path.samestat(os.fstat(self.file.fileno()), os.lstat(self.path))
        except (FileNotFoundError, ValueError):  # ValueError: the open file was let go
            return False

    def place(self) -> None:
        """Give the file its final name."""
        if not self.is_there():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._let_go()
        self.path.replace(self.target)

    def remove(self) -> None:
        """Remove the file."""
        if self.is_there():
            self._let_go()
            self.path.unlink(missing_ok=True)

    def _let_go(self) -> None:
        if os.name == "nt":  # there a file that is open can be neither renamed nor removed
            self.file.close()


class Halves(Parts):
    """The half-fetched files of one run, written by several threads until it ends.

    Where they may *outlive* it, one with a promised sha256 is called after the file and the sha256, so that it is
    certain what it belongs to. A run that writes it holds a lock on it, which ends with the process, however that ends.
    """

    def __init__(self, *, outlive: bool = False) -> None:
        super().__init__()
        self.outlive = outlive
        self._open: set[Half] = set()
        #: What was kept, with the name of its file.
        self._left: dict[Path, str] = {}

    @contextmanager
    def half_of(self, target: Path, sha256: str | None) -> Iterator[Half]:
        """Yield the half of *target* to be completed, which becomes *target* when the block ends.

        Where the block fails it is removed, unless it outlives the run and may be the beginning of the file. What was
        at *target* before stays. Raises Failed that names *target*.
        """
        try:
            half = self._adopted(target, sha256) or self._private(target)
            with self._lock:
                self._open.add(half)
                half.is_over = self._ended
            try:
                yield half
                if half.is_unneeded:
                    half.remove()
                    return
                os.fsync(half.file.fileno())
                with self.unless_ended(target):
                    half.place()
            except BaseException as error:
                with self._lock:
                    self._give_up(half, is_useless=isinstance(error, USELESS))
                raise
            finally:
                with self._lock:
                    self._open.discard(half)
                    self._there.discard(half.path)
                    half.file.close()
        except OSError as error:
            raise Failed(str(target), f"cannot be written: {error.strerror or error}") from None

    def finish(self) -> dict[str, int]:
        """End the run: remove what nothing can go on with; return the bytes of what is kept, by the name of its file.

        A thread that wakes up later makes no file, and completes none.
        """
        self.end()
        with self._lock:
            for half in self._open:
                half.end()
                self._give_up(half, is_useless=False)
            return _sizes({name: path for path, name in self._left.items()})

    def _private(self, target: Path) -> Half:
        path = self.make(target)
        return Half(target, path, path.open("r+b", buffering=0), outlives=False)

    def _adopted(self, target: Path, sha256: str | None) -> Half | None:
        """Return the half of an earlier run, or an empty one for the next; None where it is another run's."""
        if sha256 is None or not self.outlive:
            return None
        path = target.with_name(half_name(target.name, sha256))
        with self.unless_ended(target), suppress(OSError):  # then it is written as if nothing outlived the run
            file = opened(path, os.O_CREAT)
            if file:
                half = Half(target, path, file, outlives=True)
                if half.is_there():
                    self._open.add(half)  # before anybody can end the run: it would stay for ever, empty
                    return half
                file.close()  # whoever held the lock has completed or removed it
        return None

    def _give_up(self, half: Half, *, is_useless: bool) -> None:
        """Keep a half for the next run, or remove it."""
        if half.outlives and not is_useless and half.is_there() and half.path.stat().st_size >= LEAST:
            self._left[half.path] = half.target.name
        else:
            half.remove()


def opened(path: Path, flags: int = 0) -> IO[bytes] | None:
    """Return a file that is open and locked; None where it is no file, or another run holds it.

    *flags* are further flags of `os.open`. Raises OSError, also where the file system knows no locks.
    """
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    file = os.fdopen(os.open(path, os.O_RDWR | flags, 0o666), "r+b", buffering=0)
    try:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode):
            _lock(file)
            return file
    except (BlockingIOError, PermissionError):
        pass
    except OSError:
        file.close()
        if not status.st_size:
            path.unlink(missing_ok=True)
        raise
    file.close()
    return None


def _lock(file: IO[bytes]) -> None:
    """Lock a file until it is closed; raise BlockingIOError or PermissionError where another run holds it."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_stale(name: str, age: float, wanted: Mapping[str, str | None], files: Collection[str]) -> bool:
    """Return whether a half-written file is of no use, given its name and its age in seconds.

    *wanted* has the promised sha256 of each file that is about to be fetched, *files* the names of these and of those
    that are there already. A half of one of them with another sha256 is of no use; any other is given its time.
    """
    if any(sha256 and name == half_name(filename, sha256) for filename, sha256 in wanted.items()):
        return False
    match = NAMED.fullmatch(name)
    if match and match[1] in {filename[:NAME] for filename in files}:
        return True
    return age > LIFETIME


def tidy(folder: Path, wanted: Mapping[str, str | None], files: Collection[str], now: float) -> dict[str, int]:
    """Remove the half-written files of earlier runs that are of no use, unless a run writes them.

    Returns the bytes of those that the run goes on with, by the names of their files. *now* is in seconds since 1970.
    """
    parts: set[str] = set()
    with suppress(OSError):  # a folder that cannot be read may still be written to
        parts |= {path.name for path in folder.iterdir() if is_part(path.name)}
    for part in parts:
        path = folder / part
        with suppress(OSError):
            if is_stale(part, now - path.lstat().st_mtime, wanted, files):
                _remove_unused(path)
    halves = {name: half_name(name, sha256) for name, sha256 in wanted.items() if sha256 and parts}
    return _sizes({name: folder / half for name, half in halves.items() if half in parts})


def _sizes(paths: Mapping[str, Path]) -> dict[str, int]:
    """Return the bytes of those files that are there: another run may complete one at any time."""
    sizes = {}
    for name, path in paths.items():
        with suppress(OSError):
            sizes[name] = path.lstat().st_size
    return sizes


def _remove_unused(path: Path) -> None:
    file = opened(path)
    if file:
        Half(path, path, file, outlives=True).remove()
        file.close()
