"""The folder of built artifacts: which files it holds, checked and hashed."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from wheelhouse_tasks import artifact, metadata, parallel
from wheelhouse_tasks.errors import (
    BadArtifact,
    BadArtifacts,
    DigestMismatch,
    Failed,
    NotAnArtifact,
    NothingToDo,
    UsageError,
)
from wheelhouse_tasks.plan import LocalFile, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from wheelhouse_tasks.artifact import Artifact

BLOCK = 1 << 20


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
    for path in paths:
        try:
            named = artifact.parse(path.name)
        except NotAnArtifact as error:
            skipped.append(Skipped(path.name, error.problem))
            continue
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            skipped.append(Skipped(path.name, "a link to outside the folder"))
        elif not path.is_file():
            skipped.append(Skipped(path.name, "not a regular file"))
        else:
            found.append((path, named))
    return found, skipped


def read(files: Iterable[tuple[Path, Artifact]], workers: int) -> list[LocalFile]:
    """Return the files checked and hashed.

    Raises BadArtifact, or BadArtifacts for several: every finding of every file in one go.
    """
    results = parallel.run(_checked, files, workers)
    bad = tuple(result for result in results if isinstance(result, BadArtifact))
    if bad:
        raise bad[0] if len(bad) == 1 else BadArtifacts(bad)
    return [result for result in results if isinstance(result, LocalFile)]


def _checked(named: tuple[Path, Artifact]) -> LocalFile | BadArtifact:
    path, said = named
    try:
        sha256, md5, size = digests(path)
        return LocalFile(path, said, metadata.read(path, said), size, sha256, md5)
    except BadArtifact as error:
        return error
    except OSError as error:
        return BadArtifact(said.filename, f"cannot be read: {error.strerror}")


def digests(path: Path) -> tuple[str, str, int]:
    """Return sha256, md5 and size in bytes of a file, read once in large blocks."""
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            md5.update(block)
            size += len(block)
    return sha256.hexdigest(), md5.hexdigest(), size


def save(blocks: Iterable[bytes], target: Path, named: Artifact, sha256: str | None) -> int:
    """Write a file whole and verified, or not at all; return its bytes.

    It appears under its name only after its sha256 was found right; without one, its archive must be whole and say what
    its name says. Raises DigestMismatch, BadArtifact or Failed; what was there before stays.
    """
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    digest, size = hashlib.sha256(), 0
    try:
        try:
            with part.open("xb") as file:
                for block in blocks:
                    digest.update(block)
                    size += file.write(block)
                file.flush()
                os.fsync(file.fileno())
            if sha256 is None:
                metadata.read(part, named)
            elif digest.hexdigest() != sha256:
                raise DigestMismatch(target.name, sha256, digest.hexdigest())
            if target.is_dir():
                raise Failed(str(target), "is a folder")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise Failed(str(target), f"cannot be written: {error.strerror or error}") from None
    return size
