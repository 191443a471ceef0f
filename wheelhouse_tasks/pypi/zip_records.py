"""The records of a zip archive, read in a row: a stream must show what the directory of the archive lists.

An archive that two readers understand differently can show one content to a checker and another to an installer. PyPI
refuses any such archive: `_validate_zipfile` and its neighbours in `warehouse/utils/zipfiles.py`, commit 6b62157 of
2026-08-21, read on 2026-11-26. The records are those of APPNOTE.TXT, sections 4.3.7 to 4.3.16.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

LOCAL, ENTRY, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
LARGE_END, LARGE_LOCATOR = b"PK\x06\x06", b"PK\x06\x07"
#: Of a local header: flags, method, sizes packed and unpacked, lengths of name and extra fields.
LOCAL_FIELDS = struct.Struct("<2xHH8xLLHH")
#: Of an entry of the directory: lengths of name, extra fields and comment.
ENTRY_FIELDS = struct.Struct("<24xHHH12x")
#: Of the end of the directory: entries on this disk, entries, size, offset, length of the comment.
END_FIELDS = struct.Struct("<4xHHLLH")
LARGE_END_FIELDS, LARGE_LOCATOR_FIELDS = struct.Struct("<Q12xQQQQ"), struct.Struct("<4xQ4x")
EXTRA_HEAD = struct.Struct("<HH")
STREAMED, STORED = 0x8, 0
#: A size that stands in the extra field of large archives.
ELSEWHERE = 0xFFFFFFFF
#: Extra fields: the sizes of a large member, and its name in UTF-8. `DISALLOW_DUPLICATE_EXTRA_IDS`.
LARGE_SIZES, UTF8_NAME = 0x0001, 0x7075
LARGE_LENGTHS = (0, 8, 16, 24, 28)
LARGE_END_SIZE = 44
#: `UNPRINTABLE_CHARS`.
UNPRINTABLE = frozenset((*range(0x20), 0x7F))


class AmbiguousError(ValueError):
    """An archive can be read in two ways."""


@dataclass
class _Directory:
    """The members and records that were read so far."""

    #: Sizes packed and unpacked that the directory lists, by name.
    sizes: dict[str, tuple[int, int]]
    local: set[bytes] = field(default_factory=set)
    entries: set[bytes] = field(default_factory=set)
    #: Where the directory begins, and how long it is.
    begin: int | None = None
    length: int = 0
    #: Entries, size and offset in its end for large archives.
    large: tuple[int, int, int] | None = None
    located: bool = False


def problem(archive: zipfile.ZipFile, stream: IO[bytes]) -> str:
    """Return how the bytes of an *archive* can be read in two ways, or an empty text."""
    directory = _Directory({info.orig_filename: (info.compress_size, info.file_size) for info in archive.infolist()})
    try:
        while not _next(stream, directory):
            pass
        end = stream.tell()
        if stream.seek(0, os.SEEK_END) != end:
            raise AmbiguousError("has bytes behind its end, or fewer than its end says")
    except AmbiguousError as error:
        return str(error)
    return ""


def _next(stream: IO[bytes], directory: _Directory) -> bool:
    """Read the next record; return whether it was the last one."""
    begin = stream.tell()
    signature = _read(stream, 4)
    if signature == LOCAL:
        _local(stream, directory)
    elif signature == ENTRY:
        directory.begin = begin if directory.begin is None else directory.begin
        _entry(stream, directory)
    elif signature == LARGE_END:
        size, here, count, length, offset = _fields(stream, LARGE_END_FIELDS)
        if here != count or size != LARGE_END_SIZE:
            raise AmbiguousError("has an end of its directory that is not well-formed")
        directory.large = (count, length, offset)
    elif signature == LARGE_LOCATOR:
        _fields(stream, LARGE_LOCATOR_FIELDS)
        directory.located = True
    elif signature == END:
        directory.begin = begin if directory.begin is None else directory.begin
        _end(stream, directory)
        return True
    else:
        raise AmbiguousError(f"has bytes at {begin} that belong to no record")
    return False


def _local(stream: IO[bytes], directory: _Directory) -> None:
    """Read the header of a member, and pass over its content."""
    flags, method, packed, size, name_length, extra_length = _fields(stream, LOCAL_FIELDS)
    name = _name(_read(stream, name_length))
    packed, size = _large_sizes(_read(stream, extra_length), method, packed, size)
    if flags & STREAMED:
        raise AmbiguousError(f"{_shown(name)} was written with a data descriptor")
    try:
        sizes = directory.sizes.get(name.decode())
    except UnicodeDecodeError:
        raise AmbiguousError(f"the name of its member {_shown(name)} is not UTF-8") from None
    if sizes is None:
        raise AmbiguousError(f"its directory does not have {_shown(name)}")
    if sizes != (packed, size):
        raise AmbiguousError(f"its directory has another size for {_shown(name)}")
    if name in directory.local:
        raise AmbiguousError(f"holds {_shown(name)} twice")
    directory.local.add(name)
    stream.seek(packed, os.SEEK_CUR)


def _large_sizes(extra: bytes, method: int, packed: int, size: int) -> tuple[int, int]:
    """Return the sizes of a member, which may stand in its extra fields."""
    seen = set()
    for kind, data in _extra_fields(extra):
        if kind in seen and kind in (LARGE_SIZES, UTF8_NAME):
            raise AmbiguousError("has a member with the same extra field twice")
        seen.add(kind)
        if kind == UTF8_NAME:
            try:
                _name(data[5:]).decode()
            except UnicodeDecodeError:
                raise AmbiguousError("has a member whose name in UTF-8 is none") from None
        if kind == LARGE_SIZES:
            packed, size = _from_large(data, method, packed, size)
    return packed, size


def _from_large(data: bytes, method: int, packed: int, size: int) -> tuple[int, int]:
    malformed = AmbiguousError("has a member with malformed sizes")
    if len(data) not in LARGE_LENGTHS:
        raise malformed
    numbers = struct.unpack(f"<{len(data) // 8}Q", data[: len(data) // 8 * 8])
    if not numbers:
        if ELSEWHERE in (packed, size):
            raise malformed
        return packed, size
    if len(numbers) == 1 and method != STORED:  # one number for both sizes
        raise malformed
    return numbers[min(len(numbers), 2) - 1], numbers[0] if size == ELSEWHERE else size


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while extra:
        if len(extra) < EXTRA_HEAD.size:
            raise AmbiguousError("has a member with malformed extra fields")
        kind, length = EXTRA_HEAD.unpack_from(extra)
        data, extra = extra[EXTRA_HEAD.size : EXTRA_HEAD.size + length], extra[EXTRA_HEAD.size + length :]
        if len(data) != length:
            raise AmbiguousError("has a member with malformed extra fields")
        yield kind, data


def _entry(stream: IO[bytes], directory: _Directory) -> None:
    """Read an entry of the directory."""
    name_length, extra_length, comment_length = _fields(stream, ENTRY_FIELDS)
    if comment_length:
        raise AmbiguousError("has a comment on a member")
    name = _name(_read(stream, name_length))
    _read(stream, extra_length)
    if name in directory.entries:
        raise AmbiguousError(f"holds {_shown(name)} twice")
    if name not in directory.local:
        raise AmbiguousError(f"does not hold {_shown(name)}, which its directory has")
    directory.entries.add(name)
    directory.length += len(ENTRY) + ENTRY_FIELDS.size + name_length + extra_length


def _end(stream: IO[bytes], directory: _Directory) -> None:
    """Read the end of the directory, and compare its numbers with the records that were read."""
    here, count, length, offset, comment_length = _fields(stream, END_FIELDS)
    stream.seek(comment_length, os.SEEK_CUR)
    if directory.large is not None and not directory.located:
        raise AmbiguousError("has two ends of its directory")
    stated = directory.large or (count, length, offset)
    if here != count or stated != (len(directory.entries), directory.length, directory.begin):
        raise AmbiguousError("has a directory of another place or size than its end says")
    if directory.entries != directory.local:
        raise AmbiguousError("holds members that its directory does not have")


def _name(name: bytes) -> bytes:
    if UNPRINTABLE.intersection(name):
        raise AmbiguousError(f"its member {_shown(name)} has a control character in its name")
    return name


def _shown(name: bytes) -> str:
    return repr(name.decode("utf-8", "backslashreplace"))


def _fields(stream: IO[bytes], layout: struct.Struct) -> tuple[int, ...]:
    return layout.unpack(_read(stream, layout.size))


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise AmbiguousError("ends in the middle of a record")
    return data
