"""The name of an artifact: it holds the project, the version and the tags."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from wheelhouse_tasks.artifacts import companions
from wheelhouse_tasks.errors import NotAnArtifact, UsageError, one_line
from wheelhouse_tasks.names import project_name

NAME_LIMIT = 255 - companions.LONGEST
"""Bytes of a file name: the longest companion of an artifact must still fit a file system's 255."""

# Stricter than `packaging`, which accepts `../x-1.0.tar.gz`, `<b>-1.0.tar.gz` and a newline in a wheel's tag.
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]*")
SAFE_TAG = re.compile(r"[A-Za-z0-9_.]+")
#: What the name of every artifact ends with.
SUFFIXES = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A wheel or sdist, as its file name describes it."""

    #: The name as it is; never re-made from its parts, because `1.0` and `1.0.0` are one version.
    filename: str
    #: PEP 503 name of the project.
    project: NormalizedName
    version: Version
    #: Python, ABI and platform tags as written, `("", "", "")` for an sdist.
    tags: tuple[str, str, str]
    build: str = ""

    @property
    def is_wheel(self) -> bool:
        """Return whether it is a wheel, not an sdist."""
        return self.filename.endswith(".whl")

    @property
    def label(self) -> str:
        """Return ``cp312-cp312-win_amd64`` or ``sdist``."""
        return "-".join(self.tags) if self.is_wheel else "sdist"

    def sort_key(self) -> tuple[str, Version, bool, str]:
        """Return a key that orders by project and version, and puts wheels before the sdist."""
        return (self.project, self.version, not self.is_wheel, self.filename)


@functools.lru_cache(maxsize=1 << 17)  # each page and each listing of a run has the same names
def parse(filename: str) -> Artifact:
    """Return the artifact that has the name *filename*.

    Wheels are named as in the binary distribution format, sdists as in PEP 625 (or `.zip`, which old ones are).
    Raises NotAnArtifact, whose problem names what is wrong with the name.
    """
    try:
        if filename.endswith(".whl"):
            check_safe(filename)
            project, version, tags, build = _wheel(filename)
            artifact = Artifact(filename, project, version, tags, build)
        elif filename.endswith((".tar.gz", ".zip")):
            check_safe(filename)
            project, version = parse_sdist_filename(filename)
            artifact = Artifact(filename, project, version, ("", "", ""))
        else:
            raise NotAnArtifact(one_line(filename), "not a wheel (.whl) or an sdist (.tar.gz, .zip)")
        project_name(artifact.project)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise NotAnArtifact(one_line(filename), one_line(str(error))) from None
    except UsageError as error:
        raise NotAnArtifact(filename, error.problem) from None
    return artifact


def _wheel(filename: str) -> tuple[NormalizedName, Version, tuple[str, str, str], str]:
    """Return project, version, tags and build of a wheel; each part of its name is one of few, and read once."""
    name, _, rest = filename.removesuffix(".whl").partition("-")
    version, _, tail = rest.partition("-")
    try:
        return _project(name), _version(version), *_tagged(tail)
    except InvalidWheelFilename:
        parse_wheel_filename(filename)  # says the same of the whole name
        raise


@functools.lru_cache(maxsize=4096)
def _project(name: str) -> NormalizedName:
    return parse_wheel_filename(f"{name}-1-py3-none-any.whl")[0]


@functools.lru_cache(maxsize=16384)
def _version(version: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion as error:
        raise InvalidWheelFilename(str(error)) from None


@functools.lru_cache(maxsize=4096)
def _tagged(tail: str) -> tuple[tuple[str, str, str], str]:
    build = parse_wheel_filename(f"x-1-{tail}.whl")[2]
    python, abi, platform = tail.split("-")[-3:]
    if not all(SAFE_TAG.fullmatch(tag) for tag in (python, abi, platform)):
        raise UsageError("tags", "wheel tags hold letters, digits, '_' and '.' only")
    return (python, abi, platform), "".join(map(str, build))


def check_safe(filename: str) -> None:
    """Raise NotAnArtifact for a name that could escape a folder, a page or a terminal."""
    if not SAFE_NAME.fullmatch(filename) or ".." in filename:
        raise NotAnArtifact(one_line(filename), "holds characters that no artifact name has")
    if len(filename) > NAME_LIMIT:
        raise NotAnArtifact(filename[:60] + "…", f"longer than {NAME_LIMIT} bytes")


@functools.lru_cache(maxsize=4096)
def natural(tag: str) -> tuple[list[str | int], str]:
    """Return a key that orders cp39 before cp312, and cp39 and cp039 in the same way each time."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"([0-9]+)", tag)], tag
