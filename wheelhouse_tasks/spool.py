"""Bytes that are written once in pieces and read again in pieces: in memory while they are few, else in a file."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks.blocks import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

LIMIT = 1 << 20
"""Bytes that are kept in memory."""


class Spool:
    """Bytes with their size and digests; the file that may hold them goes with the last reference."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._md5, self._sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        self._file: BinaryIO = io.BytesIO()
        self._path: Path | None = None
        for piece in _grouped(pieces):
            self.write(piece)

    def write(self, piece: bytes) -> None:
        """Add a piece at the end."""
        self._md5.update(piece)
        self._sha256.update(piece)
        self.size += len(piece)
        if self._path is None and self.size > LIMIT:
            self._spill()
        self._file.write(piece)

    def _spill(self) -> None:
        begun = self._file
        handle, name = tempfile.mkstemp(prefix="wheelhouse-")
        self._path, self._file = Path(name), os.fdopen(handle, "w+b")
        weakref.finalize(self, _remove, self._file, self._path)
        begun.seek(0)
        self._file.write(begun.read())

    @property
    def md5(self) -> str:
        """Return the md5, in hexadecimal digits."""
        return self._md5.hexdigest()

    @property
    def sha256(self) -> str:
        """Return the sha256, in hexadecimal digits."""
        return self._sha256.hexdigest()

    @property
    def source(self) -> Path | bytes:
        """Return the bytes, or the path of the file that holds them as long as the spool is there."""
        if self._path is None:
            return self.read(0, self.size)
        self._file.flush()
        return self._path

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from *start* up to *end*, or to the end of what is there."""
        return b"".join(self.blocks(start, end))

    def blocks(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from *start* up to *end* in blocks; nothing else is read or written until they are."""
        self._file.seek(start)
        while start < end and (block := self._file.read(min(BLOCK, end - start))):
            start += len(block)
            yield block
        self._file.seek(0, io.SEEK_END)

    def lines(self) -> Iterator[bytes]:
        """Yield the lines; nothing else is read or written until they are."""
        self._file.seek(0)
        yield from self._file
        self._file.seek(0, io.SEEK_END)


def replaced(blocks: Iterable[bytes], old: bytes, new: bytes) -> Iterator[bytes]:
    """Yield blocks with *new* in place of each *old*, as `bytes.replace` would make it of all of them together."""
    rest, kept = b"", len(old) - 1
    for block in blocks:
        *parts, rest = (rest + block).split(old)
        whole = max(len(rest) - kept, 0)  # what is behind may be the begin of another one
        yield b"".join([part + new for part in parts] + [rest[:whole]])
        rest = rest[whole:]
    yield rest


def _grouped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield larger pieces: most of a page are short, and each costs a call of every digest."""
    group, size = list[bytes](), 0
    for piece in pieces:
        group.append(piece)
        size += len(piece)
        if size >= GROUP:
            yield b"".join(group)
            group, size = [], 0
    yield b"".join(group)


GROUP = 1 << 16


def _remove(file: BinaryIO, path: Path) -> None:
    file.close()
    with suppress(OSError):
        path.unlink()
