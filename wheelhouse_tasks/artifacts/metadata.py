"""The metadata within a wheel or sdist, read with bounds."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import IO, TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import BadArtifact, one_line
from wheelhouse_tasks.text import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wheelhouse_tasks.artifacts.artifact import Artifact

METADATA_LIMIT = 8 << 20
"""Bytes of a METADATA or PKG-INFO that are read at most; a small archive can promise hundreds of megabytes."""

BOMB_SIZE, BOMB_RATIO = 1 << 30, 100
"""An archive that unpacks to more than this many bytes *and* this many times its size is refused unread."""

PATIENCE = 100
"""Reads beyond the end of an archive before it counts as cut off."""


@dataclass(frozen=True)
class Metadata:
    """The part of the core metadata that the pages need."""

    #: The exact bytes of METADATA (a wheel's) or PKG-INFO (an sdist's).
    text: bytes
    #: Normalised white space; None where absent or not a valid specifier, which pages must not carry.
    requires_python: str | None
    #: Digest of the METADATA of a wheel, to be served beside it (PEP 658); None for an sdist.
    sha256: str | None
    #: A Requires-Python that pages must not carry; empty where there is none.
    bad_requires: str = ""


def read(path: Path, artifact: Artifact) -> Metadata:
    """Return the metadata of the file at *path*, whose name is that of *artifact*.

    The whole archive is read once, so that a damaged member is found before anything is uploaded.
    Raises BadArtifact if it is damaged, hides a bomb, or names another project or version.
    """
    try:
        if artifact.is_wheel:
            text = _wheel_metadata(path, artifact)
        elif artifact.filename.endswith(".zip"):
            text = _zip_sdist_metadata(path, artifact)
        else:
            text = _tar_sdist_metadata(path, artifact)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile) as error:
        raise _bad(artifact, f"the archive is damaged: {error or type(error).__name__}") from None
    except (NotImplementedError, RuntimeError, UnicodeError, ValueError) as error:
        # unknown compression, encryption, names that cannot be decoded
        raise _bad(artifact, f"the archive cannot be read: {error}") from None
    except OSError as error:
        raise _bad(artifact, f"cannot be read: {error.strerror or error}") from None
    return _checked(text, artifact)


def _checked(text: bytes, artifact: Artifact) -> Metadata:
    """Return the metadata; raise BadArtifact where it names another project or version than the file name."""
    try:
        headers = HeaderParser().parsestr(text.decode())
    except UnicodeDecodeError:
        raise _bad(artifact, "its metadata is not UTF-8") from None
    name, version = headers.get("Name", "").strip(), headers.get("Version", "").strip()
    if not name or not version:
        raise _bad(artifact, "its metadata has no Name or no Version")
    if canonicalize_name(name) != artifact.project:
        raise _bad(artifact, f"its metadata says project {name!r}, its file name {artifact.project!r}")
    try:
        same_version = Version(version) == artifact.version
    except ValueError:  # InvalidVersion, or more digits than Python converts
        raise _bad(artifact, f"its metadata says version {version[:60]!r}, which is not valid (PEP 440)") from None
    if not same_version:
        raise _bad(artifact, f"its metadata says version {version!r}, its file name {str(artifact.version)!r}")
    requires = " ".join(headers.get("Requires-Python", "").split())
    fit = _is_specifier(requires)
    sha256 = hashlib.sha256(text).hexdigest() if artifact.is_wheel else None
    return Metadata(text, requires if fit and requires else None, sha256, "" if fit else requires)


def _is_specifier(requires: str) -> bool:
    try:
        SpecifierSet(requires)
    except InvalidSpecifier:
        return False
    return requires.isascii()  # it travels in a header


def _wheel_metadata(path: Path, artifact: Artifact) -> bytes:
    with zipfile.ZipFile(path) as archive:
        members = [info.filename for info in archive.infolist()]
        folders = {name.split("/")[0] for name in members if name.split("/")[0].endswith(".dist-info")}
        if len(folders) != 1:
            raise _bad(artifact, f"has {len(folders)} .dist-info folders, expected one")
        folder = folders.pop()
        if not _names(folder.removesuffix(".dist-info"), artifact):
            raise _bad(artifact, f"its {folder!r} belongs to another project or version")
        for member in ("METADATA", "WHEEL", "RECORD"):
            if members.count(f"{folder}/{member}") != 1:
                raise _bad(artifact, f"has {members.count(f'{folder}/{member}')} of {folder}/{member}, expected one")
        return _zip_member(archive, f"{folder}/METADATA", path, artifact)


def _zip_sdist_metadata(path: Path, artifact: Artifact) -> bytes:
    with zipfile.ZipFile(path) as archive:
        names = [info.filename for info in archive.infolist() if _is_pkg_info(info.filename, artifact)]
        if len(names) != 1:
            raise _bad(artifact, f"has {len(names)} of PKG-INFO at its top, expected one")
        return _zip_member(archive, names[0], path, artifact)


def _zip_member(archive: zipfile.ZipFile, name: str, path: Path, artifact: Artifact) -> bytes:
    """Return one member, once the checksum of every member was compared."""
    size = path.stat().st_size
    if sum(info.file_size for info in archive.infolist()) > max(BOMB_SIZE, BOMB_RATIO * size):
        raise _bad(artifact, f"unpacks to more than {BOMB_RATIO} times its size")
    if archive.getinfo(name).file_size > METADATA_LIMIT:
        raise _bad(artifact, f"its {name} is larger than {METADATA_LIMIT >> 20} MiB")
    for info in archive.infolist():
        _check_member(archive, info, artifact)
    with archive.open(name) as member:
        return _bounded(member, name, artifact)


def _check_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, artifact: Artifact) -> None:
    """Read a member to its end, where its checksum is compared; zipfile itself accepts fewer bytes than promised."""
    size = 0
    with archive.open(info) as member:
        while block := member.read(BLOCK):
            size += len(block)
    if size != info.file_size:
        raise _bad(
            artifact, f"the archive is damaged: {info.filename!r} has {count(size, 'byte')}, not {info.file_size}"
        )


def _tar_sdist_metadata(path: Path, artifact: Artifact) -> bytes:
    texts: list[bytes] = []
    limit = max(BOMB_SIZE, BOMB_RATIO * path.stat().st_size)
    with gzip.open(path, "rb") as unpacked:
        stream = _Counted(unpacked, limit, lambda: _bad(artifact, f"unpacks to more than {BOMB_RATIO} times its size"))
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                if _is_pkg_info(member.name, artifact) and member.isfile():
                    content = archive.extractfile(member)
                    if content is not None:
                        texts.append(_bounded(content, member.name, artifact))
        while stream.read(BLOCK):  # to the end, where gzip keeps its checksum
            pass
    if len(texts) != 1:
        raise _bad(artifact, f"has {len(texts)} of PKG-INFO at its top, expected one")
    return texts[0]


class _Counted(io.RawIOBase):
    """A reader that gives up after *limit* bytes."""

    def __init__(self, stream: gzip.GzipFile, limit: int, refuse: Callable[[], BadArtifact]) -> None:
        self.stream, self.left, self.refuse = stream, limit, refuse
        self.ends = 0

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(size)
        self.ends = 0 if data else self.ends + 1
        if self.ends > PATIENCE:  # a member that promises to be endless is skipped block by block
            raise EOFError("it ends in the middle of a member")
        self.left -= len(data)
        if self.left < 0:
            raise self.refuse()
        return data


def _bounded(stream: IO[bytes], name: str, artifact: Artifact) -> bytes:
    data = stream.read(METADATA_LIMIT + 1)
    if len(data) > METADATA_LIMIT:
        raise _bad(artifact, f"its {name} is larger than {METADATA_LIMIT >> 20} MiB")
    return data


def _is_pkg_info(member: str, artifact: Artifact) -> bool:
    folder, slash, name = member.removeprefix("./").partition("/")
    return bool(slash) and name == "PKG-INFO" and _names(folder, artifact)


def _names(stem: str, artifact: Artifact) -> bool:
    """Return whether ``name-version`` names the project and version of *artifact*, in any spelling."""
    name, _, version = stem.rpartition("-")
    try:
        return canonicalize_name(name) == artifact.project and Version(version) == artifact.version
    except ValueError:
        return False


def _bad(artifact: Artifact, problem: str) -> BadArtifact:
    return BadArtifact(artifact.filename, one_line(problem))
