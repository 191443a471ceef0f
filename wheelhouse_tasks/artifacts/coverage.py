"""Which Pythons and platforms the artifacts of a version cover, and what they lack."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts.artifact import natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact

    Tags = tuple[str, str, str]

#: A platform with the oldest system that it runs on (PEP 600, 656; macOS in the platform compatibility tags).
AGED = re.compile(r"(manylinux|musllinux|macosx)_(\d+)_(\d+)_(\w+)")
#: What PEP 600 calls the older names.
LEGACY = {"manylinux1": "manylinux_2_5", "manylinux2010": "manylinux_2_12", "manylinux2014": "manylinux_2_17"}
UNIVERSAL = {"universal2": {"x86_64", "arm64", "universal2"}}
CPYTHON = re.compile(r"cp3(\d+)")
SDIST = "sdist"


def fits(artifact: Artifact, patterns: Sequence[str]) -> bool:
    """Tell whether one of the *patterns* (over `python-abi-platform`, or `sdist`) fits, or there are none.

    A wheel for several tags fits where its whole label does, or any one of its tags.
    """
    labels = {artifact.label, *("-".join(tag) for tag in _tags(artifact))} if artifact.is_wheel else {SDIST}
    return not patterns or any(fnmatchcase(label, pattern) for label in labels for pattern in patterns)


def unmet(patterns: Iterable[str], artifacts: Sequence[Artifact]) -> list[str]:
    """Return the patterns that no artifact fits."""
    return [pattern for pattern in patterns if not any(fits(each, [pattern]) for each in artifacts)]


def uncovered(earlier: Iterable[Artifact], artifacts: Sequence[Artifact]) -> list[str]:
    """Return the labels of those of the *earlier* artifacts for which nobody would find an artifact any more.

    Each tag of an earlier wheel must be covered by some wheel: of the same platform with a system as old or older, or
    of any platform, and of the same Python and ABI, or of a stable or no ABI.
    """
    wheels = [each for each in artifacts if each.is_wheel]
    lacking = []
    for each in earlier:
        if each.is_wheel:
            found = all(any(_covers(wheel, tag) for wheel in wheels) for tag in _tags(each))
        else:
            found = len(wheels) < len(artifacts)
        if not found:
            lacking.append(each.label)
    return sorted(dict.fromkeys(lacking), key=natural)


def previous(versions: Iterable[Version], version: Version) -> Version | None:
    """Return the newest release before *version*; a pre-release only where there is no other."""
    older = [each for each in versions if each < version]
    return max(older, key=lambda each: (not each.is_prerelease, each), default=None)


def _tags(wheel: Artifact) -> Iterator[Tags]:
    """Return every tag of a compressed tag set (PEP 425)."""
    python, abi, platform = (part.split(".") for part in wheel.tags)
    return product(python, abi, platform)


def _covers(wheel: Artifact, tag: Tags) -> bool:
    return any(_runs(python, abi, tag) and _reaches(platform, tag[2]) for python, abi, platform in _tags(wheel))


def _runs(python: str, abi: str, tag: Tags) -> bool:
    """Tell whether what took *tag* takes this Python and ABI too."""
    if (python, abi) == tag[:2]:
        return True
    if abi == "none":
        return python in (tag[0], f"py{tag[0][2:3]}")
    oldest, wanted = CPYTHON.fullmatch(python), CPYTHON.fullmatch(tag[0])
    if abi == "abi3" and oldest and wanted and not tag[1].endswith("t"):  # free-threaded Pythons have no abi3
        return int(oldest[1]) <= int(wanted[1])
    return False


def _reaches(platform: str, wanted: str) -> bool:
    """Tell whether a wheel for *platform* runs wherever one for the *wanted* platform does."""
    if platform in ("any", wanted):
        return True
    ours, theirs = (AGED.fullmatch(_modern(each)) for each in (platform, wanted))
    if not ours or not theirs or ours[1] != theirs[1]:
        return False
    as_old = (int(ours[2]), int(ours[3])) <= (int(theirs[2]), int(theirs[3]))
    return as_old and (ours[4] == theirs[4] or theirs[4] in UNIVERSAL.get(ours[4], ()))


def _modern(platform: str) -> str:
    name, _, machine = platform.partition("_")
    return f"{LEGACY[name]}_{machine}" if name in LEGACY else platform


def matrix(cells: Mapping[str, str]) -> tuple[list[str], list[list[str]]]:
    """Return the columns and rows of a table of Python and ABI by platform, given what to say of each label."""
    wheels = {tuple(label.split("-", 2)): text for label, text in cells.items() if label != SDIST}
    platforms = sorted({platform for _, _, platform in wheels}, key=natural)
    rows = []
    for python, abi in sorted({(python, abi) for python, abi, _ in wheels}, key=lambda row: [*map(natural, row)]):
        name = python if python == abi else f"{python} {abi}"
        rows.append([name, *(wheels.get((python, abi, platform), "") for platform in platforms)])
    if SDIST in cells:
        rows.append([SDIST, cells[SDIST], *[""] * (len(platforms) - 1)])
    return ["Python", *(platform.partition(".")[0] for platform in platforms)] if platforms else ["", ""], rows
