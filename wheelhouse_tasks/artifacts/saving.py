"""Save an artifact that was fetched, whole and verified, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Generator
from contextlib import suppress
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import attestation
from wheelhouse_tasks.artifacts.companions import attestation_of
from wheelhouse_tasks.artifacts.dist import digest_of, sha256_of
from wheelhouse_tasks.artifacts.halves import Half, Halves
from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import BadArtifact, Conflict, DigestMismatch, Failed
from wheelhouse_tasks.files import Parts, whole
from wheelhouse_tasks.retry import StartAnewError
from wheelhouse_tasks.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from hashlib import _Hash as Hash
    from pathlib import Path

    from wheelhouse_tasks.artifacts.artifact import Artifact

#: How wheels and sdists begin; what was packed once more begins so when it is unpacked.
ARCHIVES = (b"PK", b"\x1f\x8b")
#: Packing what is packed makes it longer by one in so many bytes, and by a header.
PACKED_GROWTH, PACKED_FRAME = 1000, 1024


def save(  # noqa: PLR0913
    blocks: Callable[[int], Iterable[bytes]],
    target: Path,
    named: Artifact,
    sha256: str | None,
    *,
    size: int | None = None,
    digest: tuple[str, str] | None = None,
    replace: bool = True,
    parts: Halves | None = None,
) -> int:
    """Write a file whole and verified, or not at all; return its bytes.

    *blocks* returns its bytes from one of them on: what an earlier try or run left is gone on with, and where that
    comes to another sha256, or StartAnewError is raised, the file is begun anew.
    It appears under its name only after its sha256 was compared, and within its promised *size*; without a sha256,
    its archive must be whole, hold what its name promises, and fit the other *digest*, if there is one (algorithm and
    hexadecimal digits). Unless *replace*, a file there must have the same bytes.
    Raises DigestMismatch or BadArtifact for wrong bytes, Conflict or Failed; what was there before stays.
    """
    parts = parts or Halves()
    with parts.half_of(target, sha256) as half:
        limit = None if size is None else size + size // PACKED_GROWTH + PACKED_FRAME
        got, written = _fill(half, blocks, sha256, size, limit)
        wrong = _wrong(half.path, named, sha256, size, digest, got, written)
        if not wrong:
            _check_place(target, got, replace=replace)
            return written
        from wheelhouse_tasks.artifacts import metadata

        # maybe packed on the way, which nobody asked for: whatever the headers claim, the sha256 decides
        with parts.half_of(target, None) as unpacked:
            got, written = _write(unpacked, _unpack(half.path, wrong), size or written * metadata.BOMB_RATIO)
            if _wrong(unpacked.path, named, sha256, size, digest, got, written):
                raise wrong
            _check_place(target, got, replace=replace)
        half.is_unneeded = True
    return written


def _check_place(target: Path, sha256: str, *, replace: bool) -> None:
    """Raise Failed or Conflict where a file must not become *target*."""
    if target.is_dir():
        raise Failed(str(target), "is a folder")
    if not replace and target.exists() and sha256_of(target) != sha256:
        raise Conflict(str(target), "is there with other bytes than were fetched", "remove it")


def _fill(
    half: Half, blocks: Callable[[int], Iterable[bytes]], sha256: str | None, size: int | None, limit: int | None
) -> tuple[str, int]:
    """Complete a half, from where an earlier try or run stopped if that leads to *sha256*; return sha256 and size."""
    digest, start = half.read()
    if start and digest.hexdigest() == sha256:
        return sha256, start
    if start and (size is None or start < size):
        with suppress(StartAnewError):
            got, written = _write(half, blocks(start), limit, digest, start)
            if got == sha256:
                return got, written
    half.clear()
    return _write(half, blocks(0), limit)


def _write(
    half: Half, blocks: Iterable[bytes], limit: int | None, digest: Hash | None = None, start: int = 0
) -> tuple[str, int]:
    """Append to a half of *start* bytes, up to the block that goes beyond *limit*; return its sha256 and size."""
    digest, written = digest or hashlib.sha256(), start
    try:
        for block in blocks:
            digest.update(block)
            half.write(block)
            written += len(block)
            if limit is not None and written > limit:
                break
    finally:
        if isinstance(blocks, Generator):  # a download that is given up lets go of its connection at once
            blocks.close()
    return digest.hexdigest(), written


def _wrong(
    part: Path,
    named: Artifact,
    sha256: str | None,
    size: int | None,
    digest: tuple[str, str] | None,
    got: str,
    written: int,
) -> BadArtifact | DigestMismatch | None:
    """Return what is wrong with a file of sha256 *got*, given what its page promises."""
    if size is not None and written != size:
        what = "is longer than the" if written > size else f"ends after {written} of the"
        return BadArtifact(named.filename, f"{what} {count(size, 'byte')} that its page promises")
    if sha256 is not None:
        return None if got == sha256 else DigestMismatch(named.filename, sha256, got)
    if digest and (other := digest_of(part, digest[0], len(digest[1]))) != digest[1]:
        return DigestMismatch(named.filename, digest[1], other, digest[0])
    from wheelhouse_tasks.artifacts import metadata

    try:
        metadata.read(part, named)
    except BadArtifact as error:
        return error
    return None


def _unpack(part: Path, wrong: Exception) -> Iterator[bytes]:
    """Yield the archive that a gzip file holds; raise *wrong* where it holds none."""
    try:
        with gzip.open(part) as file:
            if not file.peek(2).startswith(ARCHIVES):
                raise wrong
            while block := file.read(BLOCK):
                yield block
    except (OSError, EOFError, zlib.error):
        raise wrong from None


def save_attestation(text: bytes, beside: Path, sha256: str, parts: Parts) -> None:
    """Write the attestation of the artifact at *beside*, unless one that fits its *sha256* is there.

    Raises BadArtifact for an attestation of other bytes, Failed where it cannot be written.
    """
    target = attestation_of(beside)
    problem = attestation.problem(text, sha256)
    if problem:
        raise BadArtifact(target.name, problem, "it was not kept")
    try:
        if target.is_file() and not attestation.problem(target.read_bytes(), sha256):
            return
    except OSError as error:
        raise Failed(str(target), f"cannot be read: {error.strerror or error}") from None
    with whole(target, parts) as part:
        part.write_bytes(text)
