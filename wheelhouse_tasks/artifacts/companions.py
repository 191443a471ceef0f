"""The companions of an artifact, which have its name and a suffix: metadata, attestation, and our marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: The METADATA of a wheel (PEP 658).
METADATA = ".metadata"
#: The attestation (PEP 740), as twine wants it.
ATTESTATION = ".publish.attestation"
#: Why the artifact was yanked (PEP 592).
YANKED = ".yanked"
#: When the artifact was taken off the pages.
REMOVED = ".removed"
#: In the order in which they are deleted: the last one keeps the artifact off the pages until everything else is gone.
SUFFIXES = (METADATA, YANKED, ATTESTATION, REMOVED)
LONGEST = max(map(len, SUFFIXES))

#: Behind a version: the artifacts of a promotion that is under way, a name in each line; they are on no page yet.
PROMOTING = ".promoting"


def split(name: str) -> tuple[str, str]:
    """Return the name of the artifact that a companion belongs to, and its suffix; an empty one for any other name."""
    suffix = next((suffix for suffix in SUFFIXES if name.endswith(suffix)), "")
    return name.removesuffix(suffix), suffix


def attestation_of(artifact: Path) -> Path:
    """Return where the attestation of an artifact lies in a folder."""
    return artifact.with_name(artifact.name + ATTESTATION)


def is_promotion(object_name: str) -> bool:
    """Return whether an object holds back the artifacts of a promotion."""
    return object_name.endswith(PROMOTING)
