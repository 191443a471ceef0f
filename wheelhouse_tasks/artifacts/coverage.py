"""Which Pythons and platforms the artifacts of a version cover, and what they lack."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts.artifact import natural
from wheelhouse_tasks.artifacts.tags import parts, serves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.artifacts.tags import Tag

SDIST = "sdist"


def fits(artifact: Artifact, patterns: Sequence[str]) -> bool:
    """Return whether one of the *patterns* (over `python-abi-platform`, or `sdist`) fits, or there are none.

    A wheel for several tags fits where its whole label does, or any one of its tags.
    """
    labels = {artifact.label, *("-".join(tag) for tag in _tags(artifact))} if artifact.is_wheel else {SDIST}
    return not patterns or any(fnmatchcase(label, pattern) for label in labels for pattern in patterns)


def unmet(patterns: Iterable[str], artifacts: Sequence[Artifact]) -> list[str]:
    """Return the patterns that no artifact fits."""
    return [pattern for pattern in patterns if not any(fits(artifact, [pattern]) for artifact in artifacts)]


def uncovered(earlier: Iterable[Artifact], artifacts: Sequence[Artifact]) -> list[str]:
    """Return the labels of *earlier* artifacts in whose place *artifacts* offer nothing.

    Every interpreter that installs wheels of an earlier tag must install wheels of some tag that is offered.
    """
    wheels = [artifact for artifact in artifacts if artifact.is_wheel]
    offered = {tag for wheel in wheels for tag in _tags(wheel)}
    lacking = []
    for artifact in earlier:
        if artifact.is_wheel:
            wanted = [part for tag in _tags(artifact) for part in parts(tag)]
            covered = all(any(serves(ours, tag) for ours in offered) for tag in wanted)
        else:
            covered = len(wheels) < len(artifacts)
        if not covered:
            lacking.append(artifact.label)
    return sorted(dict.fromkeys(lacking), key=natural)


def previous(versions: Iterable[Version], version: Version) -> Version | None:
    """Return the newest release before *version*; a pre-release only where there is no other."""
    older = [candidate for candidate in versions if candidate < version]
    return max(older, key=lambda candidate: (not candidate.is_prerelease, candidate), default=None)


def _tags(wheel: Artifact) -> Iterator[Tag]:
    """Return every tag of a compressed tag set (PEP 425)."""
    python, abi, platform = (part.split(".") for part in wheel.tags)
    return product(python, abi, platform)
