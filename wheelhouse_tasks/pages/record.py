"""The record of one artifact on the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import artifact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact


@dataclass(frozen=True, slots=True)
class File:
    """What the pages state about one artifact."""

    filename: str
    size: int
    sha256: str
    #: The change mark of the object that the other facts were read from.
    mark: str
    requires_python: str | None = None
    #: The sha256 of the METADATA that lies beside a wheel; None where there is none.
    metadata_sha256: str | None = None
    #: In UTC, `2026-01-31T12:00:00.000000Z`; empty where it is unknown.
    upload_time: str = ""
    #: Why the file was yanked, which may be empty; None where it was not (PEP 592).
    yanked: str | None = None
    #: The change mark of the object that holds the reason.
    yank_mark: str = ""
    #: Whether an attestation (PEP 740) lies beside the file.
    attested: bool = False


def in_order(files: Iterable[File]) -> list[File]:
    """Return files by version, wheels before the sdist. Raises NotAnArtifact for a name that no page may show."""
    return [file for pairs in by_version(files).values() for _, file in pairs]


def by_version(files: Iterable[File]) -> dict[Version, list[tuple[Artifact, File]]]:
    """Return files with their parsed names, by version, in order; wheels come before the sdist."""
    versions: dict[Version, list[tuple[Artifact, File]]] = {}
    for file in files:
        parsed = artifact.parse(file.filename)
        versions.setdefault(parsed.version, []).append((parsed, file))
    for pairs in versions.values():
        pairs.sort(key=lambda pair: (not pair[0].is_wheel, pair[0].filename))
    return {version: versions[version] for version in sorted(versions)}
