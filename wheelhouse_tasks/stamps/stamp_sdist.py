"""Write an sdist anew under a stamped version, where a wheel that is built from it has that version too.

pip refuses an sdist whose wheel has another version than its name. So the version has to stand in pyproject.toml as a
text that can be replaced, or the backend has to take it from PKG-INFO.
"""

from __future__ import annotations

import gzip
import io
import math
import re
import tarfile
import tomllib
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_tasks.artifacts import artifact

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.requirements import Requirement

    from wheelhouse_tasks.artifacts.artifact import Artifact

#: Backends that were seen to take a `version` in pyproject.toml as it stands.
STATIC = frozenset(
    (
        "setuptools.build_meta",
        "setuptools.build_meta:__legacy__",
        "hatchling.build",
        "flit_core.buildapi",
        "poetry.core.masonry.api",
        "pdm.backend",
        "uv_build",
        "scikit_build_core.build",
    )
)
#: The backend that was seen to take a `dynamic` version from the PKG-INFO of an sdist, from this release on.
HATCHLING, FOLLOWS = "hatchling.build", Version("1.22")
SETUPTOOLS = frozenset(["setuptools.build_meta", "setuptools.build_meta:__legacy__"])
#: What setuptools_scm 10 and later takes a version from, rather than from PKG-INFO: left out.
SCM_VERSION = "scm_version.json"
#: Where a version is written out: the standard's table, and Poetry's own of before.
TABLES = (("project",), ("tool", "poetry"))
FILE_LIMIT = 8 << 20


class CannotStamp(Exception):
    """A wheel that is built from the sdist would have another version."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def rewrite(path: Path, named: Artifact, version: Version, folder: Path) -> Path:
    """Write the sdist at *path* anew into *folder*, as of *version*; return its path.

    Equal input gives equal bytes. Raises CannotStamp where that would not install.
    """
    stem = named.filename.removesuffix(".tar.gz")
    if stem == named.filename:
        raise CannotStamp("it is no .tar.gz")
    fresh = f"{stem.rpartition('-')[0]}-{version}"
    target = folder / artifact.parse(f"{fresh}.tar.gz").filename
    with tarfile.open(path, "r:gz") as source:
        members = source.getmembers()
        pyproject = _pyproject(_content(source, members, "pyproject.toml"), named, version)
        with (
            target.open("wb") as file,
            gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for member in members:
                inside = _inside(member.name)
                if _of_egg_info(inside, named) == SCM_VERSION:
                    continue
                stream = source.extractfile(member) if member.isreg() else None
                if inside == "pyproject.toml":
                    stream = io.BytesIO(pyproject)
                elif stream and "PKG-INFO" in (inside, _of_egg_info(inside, named)):
                    stream = io.BytesIO(_with_version(stream.read(FILE_LIMIT), version))
                _renamed(member, fresh)
                if isinstance(stream, io.BytesIO):
                    member.size = len(stream.getvalue())
                archive.addfile(member, stream)
    return target


def _inside(name: str) -> str:
    """Return the name of a member below the folder that holds all of them."""
    return name.removeprefix("./").partition("/")[2]


def _of_egg_info(inside: str, named: Artifact) -> str:
    """Return the name of a member within the .egg-info folder of the project, or an empty text elsewhere."""
    folder, _, name = inside.rpartition("/")
    project = folder.rpartition("/")[2].removesuffix(".egg-info")
    return name if folder.endswith(".egg-info") and canonicalize_name(project) == named.project else ""


def _content(source: tarfile.TarFile, members: list[tarfile.TarInfo], name: str) -> bytes:
    for member in members:
        stream = source.extractfile(member) if member.isreg() and _inside(member.name) == name else None
        if stream:
            return stream.read(FILE_LIMIT)
    raise CannotStamp(f"it has no {name}")


def _renamed(member: tarfile.TarInfo, folder: str) -> None:
    """Put a member, and the target of a hard link, into another top folder."""

    def renamed(name: str) -> str:
        return "/".join([folder, *([_inside(name)] if _inside(name) else [])])

    member.name = renamed(member.name)
    if member.islnk():
        member.linkname = renamed(member.linkname)
    if member.issparse():
        member.type = tarfile.REGTYPE
    if not math.isfinite(member.mtime):  # of a pax header that says so, and that tarfile does not write
        member.mtime = 0
    kept = ("path", "linkpath", "size")
    member.pax_headers = {
        name: text
        for name, text in member.pax_headers.items()
        if name not in kept and not name.startswith("GNU.sparse")
    }


def _with_version(content: bytes, version: Version) -> bytes:
    head, blank, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    head, count = re.subn(rb"(?im)^Version:.*$", f"Version: {version}".encode(), head)
    if count != 1:
        raise CannotStamp(f"a PKG-INFO of it has {count} Version fields, expected one")
    return head + blank + body


def _pyproject(content: bytes, named: Artifact, version: Version) -> bytes:
    """Return pyproject.toml as of *version*; raise CannotStamp where the wheel would have another one."""
    try:
        text = content.decode()
        settings = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise CannotStamp("its pyproject.toml cannot be read") from None
    system = _table(settings, ("build-system",))
    backend = str(system.get("build-backend", "setuptools.build_meta:__legacy__"))
    if "backend-path" in system:
        raise CannotStamp("its build backend is its own")
    for table in TABLES:
        written = _table(settings, table).get("version")
        if isinstance(written, str):
            if backend not in STATIC or not _means(written, named.version):
                raise CannotStamp(f"its version in pyproject.toml is not the one that {backend} builds")
            return _replaced(text, settings, table, str(version)).encode()
    if (backend == HATCHLING and _may_follow(settings)) or (backend in SETUPTOOLS and _has_scm(settings)):
        return content
    raise CannotStamp(f"its build backend, {backend}, takes the version from elsewhere than PKG-INFO")


def _may_follow(settings: dict[str, Any]) -> bool:
    """Return whether any hatchling that the build may use reads the version from PKG-INFO."""
    requirement = _required(settings, "hatchling")
    if requirement is None:
        return False
    named = (clause.version.removesuffix(".*") for clause in requirement.specifier if clause.operator != "===")
    candidates = [FOLLOWS, Version("999"), *map(Version, named)]
    return any(version >= FOLLOWS and requirement.specifier.contains(version) for version in candidates)


def _has_scm(settings: dict[str, Any]) -> bool:
    """Return whether setuptools asks setuptools_scm for the version, which reads it from PKG-INFO."""
    requirement = _required(settings, "setuptools-scm")
    if requirement is None or "version" in _table(settings, ("tool", "setuptools", "dynamic")):
        return False
    return "setuptools_scm" in _table(settings, ("tool",)) or "simple" in requirement.extras


def _required(settings: dict[str, Any], project: str) -> Requirement | None:
    """Return the requirement of the build on a project, or None."""
    from packaging.requirements import InvalidRequirement, Requirement

    requires = _table(settings, ("build-system",)).get("requires")
    for text in requires if isinstance(requires, list) else []:
        try:
            requirement = Requirement(str(text))
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == project:
            return requirement
    return None


def _table(settings: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    for name in names:
        below = settings.get(name)
        settings = below if isinstance(below, dict) else {}
    return settings


def _means(text: str, version: Version) -> bool:
    try:
        return Version(text) == version
    except InvalidVersion:
        return False


def _replaced(text: str, settings: dict[str, Any], table: tuple[str, ...], version: str) -> str:
    """Return *text* with the version of a table replaced, and nothing else; raise CannotStamp where it is not found."""
    header = r"\s*\.\s*".join(map(re.escape, table))
    line = re.compile(
        rf"(?m)(?P<before>^[ \t]*\[[ \t]*{header}[ \t]*\][^\n]*\n(?:(?![ \t]*\[)[^\n]*\n)*?[ \t]*version[ \t]*=[ \t]*)"
        r"(?P<quote>[\"'])[^\"'\n]*(?P=quote)"
    )
    replaced = line.sub(rf"\g<before>\g<quote>{version}\g<quote>", text, count=1)
    _table(settings, table)["version"] = version
    if tomllib.loads(replaced) != settings:
        raise CannotStamp("its version is not on a line of its own in pyproject.toml")
    return replaced
