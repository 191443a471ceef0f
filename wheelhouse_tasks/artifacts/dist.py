"""The folder of built artifacts: which files it holds, checked and hashed."""

from __future__ import annotations

import gzip
import hashlib
import os
import secrets
import threading
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact, attestation, metadata
from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
from wheelhouse_tasks.errors import (
    BadArtifact,
    BadArtifacts,
    Conflict,
    DigestMismatch,
    Failed,
    NotAnArtifact,
    NothingToDo,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from wheelhouse_tasks.artifacts.artifact import Artifact

BLOCK = 1 << 20
PART = ".part"
#: How wheels and sdists begin; what was packed once more begins so when it is unpacked.
ARCHIVES = (b"PK", b"\x1f\x8b")
#: Packing what is packed makes it longer by one in so many bytes, and by a header.
PACKED_GROWTH, PACKED_FRAME = 1000, 1024


def scan(folder: Path) -> tuple[list[tuple[Path, Artifact]], list[Skipped]]:
    """Return the artifacts in *folder*, by name, and every other file with the reason why it is none.

    Raises NothingToDo for a folder that is missing, UsageError for one that is no folder or cannot be read.
    """
    found, skipped = [], []
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        raise NothingToDo(
            str(folder), "there is no such folder", "build the project first, or use --local-folder"
        ) from None
    except OSError as error:
        raise UsageError(str(folder), f"cannot be read as a folder: {error.strerror}") from None
    names = {path.name for path in paths}
    for path in paths:
        if path.name.removesuffix(attestation.SUFFIX) in names - {path.name}:
            continue  # goes with its artifact
        try:
            named = artifact.parse(path.name)
        except NotAnArtifact as error:
            skipped.append(Skipped(path.name, error.problem))
            continue
        reason = unfit(path)
        if reason:
            skipped.append(Skipped(path.name, reason))
        else:
            found.append((path, named))
    return found, skipped


def unfit(path: Path) -> str:
    """Return why a file called like an artifact is not taken, or an empty text."""
    inside = os.path.commonpath([os.path.realpath(path), os.path.realpath(path.parent)]) == os.path.realpath(
        path.parent
    )
    if not inside:
        return "a link to outside the folder"
    return "" if path.is_file() else "not a regular file"


def present(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the sha256 of those of *names* that are in the folder; raise Failed for one that is no file to take."""
    found = {}
    for name in names:
        path = folder / name
        if path.is_symlink() or path.exists():
            reason = unfit(path)
            if reason:
                raise Failed(str(path), f"is {reason}", "remove it")
            try:
                found[name] = digests(path)[0]
            except OSError as error:
                raise Failed(str(path), f"cannot be read: {error.strerror}") from None
    return found


def read(files: Iterable[tuple[Path, Artifact]], workers: int) -> list[LocalFile]:
    """Return the files checked and hashed.

    Raises BadArtifact, or BadArtifacts for several: every finding of every file in one go.
    """
    results = examine(files, workers)
    bad = tuple(result for result in results if isinstance(result, BadArtifact))
    if bad:
        raise bad[0] if len(bad) == 1 else BadArtifacts(bad)
    return [result for result in results if isinstance(result, LocalFile)]


def examine(files: Iterable[tuple[Path, Artifact]], workers: int) -> list[LocalFile | BadArtifact]:
    """Return the files checked and hashed, and for those that are damaged what is wrong."""
    return parallel.run(_checked, files, workers)


def _checked(named: tuple[Path, Artifact]) -> LocalFile | BadArtifact:
    path, said = named
    try:
        sha256, md5, size = digests(path)
        attested = _attestation(path, sha256)
        return LocalFile(path, said, metadata.read(path, said), size, sha256, md5, attested)
    except BadArtifact as error:
        return error
    except OSError as error:
        return BadArtifact(said.filename, f"cannot be read: {error.strerror}")


def _attestation(path: Path, sha256: str) -> bytes | None:
    """Return the attestation beside an artifact, if there is one; raise BadArtifact for that of another."""
    attested = path.with_name(path.name + attestation.SUFFIX)
    if not attested.is_file():
        return None
    with attested.open("rb") as file:
        text = file.read(attestation.LIMIT)
    problem = attestation.problem(text, sha256)
    if problem:
        raise BadArtifact(attested.name, problem, "remove it, or attest again")
    return text


def digests(path: Path) -> tuple[str, str, int]:
    """Return sha256, md5 and size in bytes of a file, read once in large blocks."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            md5.update(block)
            size += len(block)
    return sha256.hexdigest(), md5.hexdigest(), size


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

    It appears under its name only after its sha256 was found right, and within its promised *size*; without a sha256,
    its archive must be whole and say what its name says, and fit the other *digest*, if one is promised (algorithm and
    hexadecimal digits). Unless *replace*, a file there must have the same bytes.
    Raises DigestMismatch or BadArtifact for wrong bytes, Conflict or Failed; what was there before stays.
    """
    parts = parts or Parts()
    with parts.file(target) as part:
        limit = None if size is None else size + size // PACKED_GROWTH + PACKED_FRAME
        got, written = _write(part, blocks, limit)
        wrong = _wrong(part, named, sha256, size, digest, got, written)
        if wrong:
            # maybe packed on the way, which nobody asked for: whatever the headers say, the sha256 decides
            with parts.file(target) as unpacked:
                got, written = _write(unpacked, _unpack(part, wrong), size or written * metadata.BOMB_RATIO)
                if _wrong(unpacked, named, sha256, size, digest, got, written):
                    raise wrong
                unpacked.replace(part)
        if target.is_dir():
            raise Failed(str(target), "is a folder")
        if not replace and target.exists() and digests(target)[0] != got:
            raise Conflict(str(target), "is there with other bytes than were fetched", "remove it")
        part.replace(target)
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
            file.flush()
            os.fsync(file.fileno())
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
    """Return what is wrong with a file of sha256 *got*, given what its index promises of it."""
    if size is not None and written != size:
        what = "is longer than the" if written > size else f"ends after {written} of the"
        return BadArtifact(named.filename, f"{what} {size} bytes that its index promises")
    if sha256 is not None:
        return None if got == sha256 else DigestMismatch(named.filename, sha256, got)
    if digest and (found := digest_of(part, digest[0], len(digest[1]))) != digest[1]:
        return DigestMismatch(named.filename, digest[1], found, digest[0])
    try:
        metadata.read(part, named)
    except BadArtifact as error:
        return error
    return None


def digest_of(path: Path, algorithm: str, length: int) -> str:
    """Return a digest of a file by its algorithm; blake2b comes in several *lengths* of hexadecimal digits."""
    if algorithm == "blake2b":
        start: Callable[[], Any] = partial(hashlib.blake2b, digest_size=length // 2)
    else:
        start = partial(hashlib.new, algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        return hashlib.file_digest(file, start).hexdigest()


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


def save_attestation(text: bytes, beside: Path, sha256: str, parts: Parts) -> bool:
    """Write the attestation of the artifact at *beside*, unless one of its bytes is there; return whether it was.

    Raises BadArtifact for that of other bytes, Failed where it cannot be written.
    """
    target = beside.with_name(beside.name + attestation.SUFFIX)
    problem = attestation.problem(text, sha256)
    if problem:
        raise BadArtifact(target.name, problem, "it was not kept")
    with parts.file(target) as part:
        if target.is_file() and not attestation.problem(target.read_bytes(), sha256):
            return False
        _write(part, [text], None)
        part.replace(target)
    return True


class Parts:
    """Half-written files of this process, made by several threads until it ends."""

    def __init__(self) -> None:
        self._there: set[Path] = set()
        self._ended = False
        #: A file that is made while the others are removed would stay for ever.
        self._lock = threading.Lock()

    @contextmanager
    def file(self, target: Path) -> Iterator[Path]:
        """Yield an empty file to be written, then renamed to *target*; raise Failed where that cannot be done."""
        part = target.with_name(f".{secrets.token_hex(8)}{PART}")
        try:
            with self._lock:
                if self._ended:
                    raise Failed(str(target), "interrupted")
                part.touch(exist_ok=False)
                self._there.add(part)
            try:
                yield part
            finally:
                self._remove(part)
        except OSError as error:
            raise Failed(str(target), f"cannot be written: {error.strerror or error}") from None

    def end(self) -> None:
        """Remove what an interrupt left half-written; a thread that wakes up later makes no more."""
        with self._lock:
            self._ended = True
            left = tuple(self._there)
        for part in left:
            self._remove(part)

    def _remove(self, part: Path) -> None:
        part.unlink(missing_ok=True)
        self._there.discard(part)
