"""The records of a zip archive in a row: what can be read in two ways is refused, whatever zipfile makes of it."""

import io
import struct
import zipfile
from collections.abc import Callable

import pytest

from wheelhouse_tasks.pypi import zip_records

LOCAL, ENTRY, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def packed(*names: str, extra: bytes = b"", comment: bytes = b"", method: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of some members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            info = zipfile.ZipInfo(name)
            info.extra, info.comment, info.compress_type = extra, comment, method
            archive.writestr(info, b"content of " + name.encode())
    return stream.getvalue()


def problem(content: bytes) -> str:
    """Return what is wrong with an archive."""
    stream = io.BytesIO(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return zip_records.problem(archive, stream)


def prepended(content: bytes) -> bytes:
    """Put bytes before an archive, which zipfile passes over."""
    return b"#!/bin/sh\n" + content


def between(content: bytes) -> bytes:
    """Put bytes between the members and the directory, whose place zipfile works out from its end."""
    at = content.index(ENTRY)
    return content[:at] + b"smuggled" + content[at:]


def hidden(content: bytes) -> bytes:
    """Take the first entry out of the directory; its content stays."""
    begin = content.index(ENTRY)
    after = content.index(ENTRY, begin + 1)
    end = content.index(END)
    count, size = struct.unpack_from("<H", content, end + 10)[0] - 1, end - after
    tail = content[end : end + 8] + struct.pack("<HHLL", count, count, size, begin) + content[end + 20 :]
    return content[:begin] + content[after:end] + tail


def renamed(content: bytes) -> bytes:
    """Give a member another name in its own header than in the directory."""
    return content.replace(b"a.py", b"b.py", 1)


def counted(content: bytes) -> bytes:
    """Say that there are more disks' entries than are here."""
    end = content.index(END)
    return content[: end + 8] + struct.pack("<H", 7) + content[end + 10 :]


def resized(content: bytes) -> bytes:
    """Tell another size in the header of a member."""
    return content[:22] + struct.pack("<L", 99) + content[26:]


def flagged(content: bytes) -> bytes:
    """Say in the header of a member that its sizes follow it."""
    return content[:6] + struct.pack("<H", 8) + content[8:]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(prepended, "has bytes at 0 that belong to no record", id="bytes before"),
        pytest.param(between, "that belong to no record", id="bytes between"),
        pytest.param(lambda content: content + b"\0", "has bytes behind its end", id="bytes behind"),
        pytest.param(lambda content: content + content, "behind its end", id="two archives"),
        pytest.param(lambda content: content[:-2] + b"\x09\0", "or fewer than its end says", id="bytes missing"),
        pytest.param(hidden, "its directory does not have 'a.py'", id="hidden member"),
        pytest.param(renamed, "its directory does not have 'b.py'", id="two names"),
        pytest.param(counted, "another place or size than its end says", id="disks"),
        pytest.param(resized, "its directory has another size for 'a.py'", id="two sizes"),
        pytest.param(flagged, "'a.py' was written with a data descriptor", id="data descriptor"),
    ],
)
def test_archive_that_can_be_read_in_two_ways(change: Callable[[bytes], bytes], expected: str) -> None:
    """What zipfile opens without a word is refused where its records tell something else."""
    content = change(packed("a.py", "x.py"))
    if content.count(END) == 1:
        assert expected in problem(content)
    else:  # zipfile reads the last one
        first = packed("a.py", "x.py")
        with zipfile.ZipFile(io.BytesIO(first)) as archive:
            assert expected in zip_records.problem(archive, io.BytesIO(content))


@pytest.mark.parametrize("name", ["a\tb.py", "a\nb.py", "a\x7fb.py", "a\x01.py", "\x1b[31m.py"])
def test_member_with_a_control_character_in_its_name(name: str) -> None:
    """A tab or its like in the name of a member is refused, and shown escaped."""
    assert problem(packed("a.py", name)) == f"its member {name!r} has a control character in its name"


UNICODE = b"\x01" + b"\0" * 4


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        pytest.param(struct.pack("<HH", 0x7075, 6) + UNICODE + b"a", "", id="name in UTF-8"),
        pytest.param(2 * (struct.pack("<HH", 0x7075, 6) + UNICODE + b"a"), "same extra field twice", id="two names"),
        pytest.param(struct.pack("<HH", 0x7075, 6) + UNICODE + b"\t", "has a control character", id="tab"),
        pytest.param(struct.pack("<HH", 0x7075, 6) + UNICODE + b"\xff", "whose name in UTF-8 is none", id="not UTF-8"),
        pytest.param(struct.pack("<HH", 0x9999, 1) + b"x", "", id="any other"),
        pytest.param(2 * (struct.pack("<HH", 0x9999, 1) + b"x"), "", id="any other twice"),
        pytest.param(struct.pack("<HHQQ", 1, 16, 15, 15), "", id="sizes of a large one"),
        pytest.param(2 * struct.pack("<HHQQ", 1, 16, 15, 15), "same extra field twice", id="two sizes"),
        pytest.param(struct.pack("<HHL", 1, 4, 15), "malformed sizes", id="short size"),
        pytest.param(struct.pack("<HHQQ", 1, 16, 15, 14), "has another size for 'a.py'", id="another size"),
    ],
)
def test_extra_fields_of_a_member(extra: bytes, expected: str) -> None:
    """What an extra field says of a member's name or size must be the one truth, and well-formed."""
    content = packed("a.py")  # zipfile itself would not write some of these, nor read them in the directory
    changed = content[:28] + struct.pack("<H", len(extra)) + content[30:34] + extra + content[34:]
    end = changed.index(END)
    begin = changed.index(ENTRY)
    changed = changed[: end + 16] + struct.pack("<L", begin) + changed[end + 20 :]
    found = problem(changed)
    assert expected in found
    assert bool(expected) == bool(found)


def test_comment_on_a_member() -> None:
    """A comment may hide anything."""
    assert problem(packed("a.py", comment=b"x")) == "has a comment on a member"


def test_name_in_another_encoding_than_utf8() -> None:
    """A name that is not UTF-8 is another one to each reader."""
    content = packed("ab.py").replace(b"ab.py", b"\x84b.py")
    assert problem(content) == "the name of its member '\\\\x84b.py' is not UTF-8"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_good_archives(method: int) -> None:
    """What Python's zipfile writes is right, with folders, other letters, nothing at all, or as a large archive."""
    assert problem(packed("a/", "a/b.py", "ä/ö.py", "€", method=method)) == ""
    assert problem(packed()) == ""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive, archive.open("a.py", "w", force_zip64=True) as member:
        member.write(b"x" * 100)
    assert problem(stream.getvalue()) == ""
