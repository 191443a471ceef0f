"""What the pages say of one artifact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import artifact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact


@dataclass(frozen=True)
class File:
    """What the pages say of one artifact."""

    filename: str
    size: int
    sha256: str
    #: Change mark of the object that the other facts were read from.
    mark: str
    requires_python: str | None = None
    #: sha256 of the METADATA that lies beside a wheel; None where none does.
    metadata_sha256: str | None = None
    #: UTC, `2026-01-31T12:00:00.000000Z`; empty where nobody knows.
    upload_time: str = ""
    #: Why it was yanked, maybe empty; None where it was not (PEP 592).
    yanked: str | None = None
    #: Change mark of the object that says so.
    yank_mark: str = ""
    #: Whether an attestation (PEP 740) lies beside it.
    attested: bool = False


def in_order(files: Iterable[File]) -> list[File]:
    """Return files by version, wheels before the sdist. Raises NotAnArtifact for a name that must be on no page."""
    return [file for pairs in by_version(files).values() for _, file in pairs]


def by_version(files: Iterable[File]) -> dict[Version, list[tuple[Artifact, File]]]:
    """Return files with what their names say: versions in order, wheels before the sdist."""
    versions: dict[Version, list[tuple[Artifact, File]]] = {}
    for file in files:
        said = artifact.parse(file.filename)
        versions.setdefault(said.version, []).append((said, file))
    for pairs in versions.values():
        pairs.sort(key=lambda pair: (not pair[0].is_wheel, pair[0].filename))
    return {version: versions[version] for version in sorted(versions)}
