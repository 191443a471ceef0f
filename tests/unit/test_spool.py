"""Bytes in pieces: the same in memory and in a file, which does not outlive them."""

import gc
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from wheelhouse_tasks.spool import LIMIT, Spool, replaced


@pytest.mark.parametrize("count", [0, 3, LIMIT // 4])
def test_bytes_come_back(count: int) -> None:
    """What was written is read as a whole, in parts and by line, with its size and digests."""
    lines = [f"{number}\n".encode() for number in range(count)]
    content, spool = b"".join(lines), Spool(lines)
    assert (spool.size, spool.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert spool.md5 == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert list(spool.lines()) == lines
    assert (spool.read(0, spool.size), spool.read(1, 4)) == (content, content[1:4])
    assert b"".join(spool.blocks(2, len(content))) == content[2:]
    spool.write(b"more")
    source = spool.source
    assert (source.read_bytes() if isinstance(source, Path) else source) == content + b"more"


def test_few_bytes_need_no_file() -> None:
    """Small pages stay in memory."""
    assert Spool([b"x" * LIMIT]).source == b"x" * LIMIT


def test_file_goes_with_the_spool() -> None:
    """Nothing is left in the temporary folder when nobody needs the bytes any more."""
    spool = Spool([b"x" * (LIMIT + 1)])
    path = spool.source
    assert isinstance(path, Path)
    assert path.stat().st_size == LIMIT + 1
    del spool
    gc.collect()
    assert not path.exists()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("new", [b"", b"ab", b"aba", b"longer than that"])
def test_bytes_are_replaced_wherever_blocks_end(size: int, new: bytes) -> None:
    """What is cut by the end of a block is replaced as in the whole, also where it begins within another one."""
    for content in (b"", b"aba", b"xabay", b"ababa", b"aabaxabab", b"abaabaab", b"abxaba" * 9):
        blocks = [content[start : start + size] for start in range(0, len(content), size)]
        assert b"".join(replaced(iter(blocks), b"aba", new)) == content.replace(b"aba", new)


def test_bytes_are_replaced_block_by_block() -> None:
    """No more than a block, and what may be the begin of another match, is in memory."""
    read = list[int]()

    def blocks() -> Iterator[bytes]:
        for number in range(5):
            read.append(number)
            yield b"x" * 1000

    pieces = replaced(blocks(), b"abc", b"d")
    assert (len(next(pieces)), read) == (998, [0])
    assert [len(piece) for piece in pieces] == [1000, 1000, 1000, 1000, 2]
