"""Artifacts on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.artifacts.metadata import Metadata


@dataclass(frozen=True)
class LocalFile:
    """An artifact on this machine, read and hashed."""

    path: Path
    artifact: Artifact
    metadata: Metadata
    #: Bytes.
    size: int
    sha256: str
    #: Its attestation (PEP 740), where the build made one.
    attestation: bytes | None = None


@dataclass(frozen=True)
class Skipped:
    """A file that was passed over, and why."""

    name: str
    reason: str
