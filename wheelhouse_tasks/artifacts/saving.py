"""Save an artifact that was fetched, whole and verified, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Generator
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import attestation, metadata
from wheelhouse_tasks.artifacts.companions import attestation_of
from wheelhouse_tasks.artifacts.dist import digest_of, sha256_of
from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import BadArtifact, Conflict, DigestMismatch, Failed
from wheelhouse_tasks.files import Parts, part_of, whole
from wheelhouse_tasks.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from wheelhouse_tasks.artifacts.artifact import Artifact

#: How wheels and sdists begin; what was packed once more begins so when it is unpacked.
ARCHIVES = (b"PK", b"\x1f\x8b")
#: Packing what is packed makes it longer by one in so many bytes, and by a header.
PACKED_GROWTH, PACKED_FRAME = 1000, 1024


def save(  # noqa: PLR0913
    blocks: Iterable[bytes],
    target: Path,
    named: Artifact,
    sha256: str | None,
    *,
    size: int | None = None,
    digest: tuple[str, str] | None = None,
    replace: bool = True,
    parts: Parts | None = None,
) -> int:
    """Write a file whole and verified, or not at all; return its bytes.

    It appears under its name only after its sha256 was compared, and within its promised *size*; without a sha256,
    its archive must be whole, hold what its name promises, and fit the other *digest*, if there is one (algorithm and
    hexadecimal digits). Unless *replace*, a file there must have the same bytes.
    Raises DigestMismatch or BadArtifact for wrong bytes, Conflict or Failed; what was there before stays.
    """
    parts = parts or Parts()
    with whole(target, parts) as part:
        limit = None if size is None else size + size // PACKED_GROWTH + PACKED_FRAME
        got, written = _write(part, blocks, limit)
        wrong = _wrong(part, named, sha256, size, digest, got, written)
        if wrong:
            # maybe packed on the way, which nobody asked for: whatever the headers claim, the sha256 decides
            with part_of(part, parts) as unpacked:
                got, written = _write(unpacked, _unpack(part, wrong), size or written * metadata.BOMB_RATIO)
                if _wrong(unpacked, named, sha256, size, digest, got, written):
                    raise wrong
        if target.is_dir():
            raise Failed(str(target), "is a folder")
        if not replace and target.exists() and sha256_of(target) != got:
            raise Conflict(str(target), "is there with other bytes than were fetched", "remove it")
    return written


def _write(part: Path, blocks: Iterable[bytes], limit: int | None) -> tuple[str, int]:
    """Fill an empty file, up to the block that goes beyond *limit*; return its sha256 and size."""
    digest, written = hashlib.sha256(), 0
    try:
        with part.open("r+b") as file:  # one that was removed meanwhile is not made again
            for block in blocks:
                digest.update(block)
                written += file.write(block)
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
        _write(part, [text], None)
