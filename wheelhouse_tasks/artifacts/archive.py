"""What is wrong with an archive: a RECORD that tells something else, and what PyPI refuses to take.

The archive was read to its end before (`metadata.read`), so it is whole and of a bounded size.
PyPI's rules: `warehouse/forklift/legacy.py` and `warehouse/utils/zipfiles.py`.
"""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import tarfile
import zipfile
from email.parser import HeaderParser
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from wheelhouse_tasks.blocks import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheelhouse_tasks.artifacts.local import LocalFile

BOMB_SIZE, BOMB_RATIO = 64 << 20, 50
"""An archive that unpacks to more than this many bytes *and* this many times its size is refused."""

END_OF_ZIP, END_SIZE = b"PK\x05\x06", 22
ENCRYPTED, STREAMED = 0x1, 0x8


def record_problems(path: Path) -> Iterator[str]:
    """Yield where the RECORD of a wheel differs from what the wheel holds (binary distribution format)."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        record = next(name for name in names if name.endswith(".dist-info/RECORD") and name.count("/") == 1)
        try:
            rows = [row for row in csv.reader(archive.read(record).decode().splitlines()) if row]
        except (UnicodeDecodeError, csv.Error):
            yield "its RECORD cannot be read"
            return
        held = {name for name in names if not name.endswith("/")}
        listed = {_member(row[0], held): row[1] if len(row) > 1 else "" for row in rows}
        unlisted = sorted(name for name in held - listed.keys() if not name.startswith(f"{record}."))
        if unlisted:
            yield f"its RECORD does not list {_some(unlisted)}"
        if listed.keys() - held:
            yield f"its RECORD lists {_some(sorted(listed.keys() - held))}, which it does not hold"
        wrong = [name for name in sorted(held & listed.keys() - {record}) if not _same(archive, name, listed[name])]
        wrong = [name for name in wrong if not name.startswith(f"{record}.")]
        if wrong:
            yield f"its RECORD has another digest, or none, for {_some(wrong)}"


def _member(path: str, held: set[str]) -> str:
    """Return the name of the member that a RECORD means; backends on Windows write it with backslashes."""
    return path if path in held else path.replace("\\", "/")


def _same(archive: zipfile.ZipFile, name: str, digest: str) -> bool:
    """Tell whether a member has the digest of a RECORD: `sha256=…`, in base64 without padding."""
    algorithm, _, expected = digest.partition("=")
    if algorithm not in ("sha256", "sha384", "sha512"):
        return False
    found = hashlib.new(algorithm)
    with archive.open(name) as member:
        while block := member.read(BLOCK):
            found.update(block)
    return base64.urlsafe_b64encode(found.digest()).rstrip(b"=").decode() == expected.rstrip("=")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(repr, names[:3])) + more


def pypi_problems(file: LocalFile) -> Iterator[str]:
    """Yield why PyPI would refuse an archive."""
    if file.artifact.is_wheel:
        yield from _wheel(file)
    elif file.artifact.filename.endswith(".tar.gz"):
        yield from _sdist(file)


def _wheel(file: LocalFile) -> Iterator[str]:
    name, version = file.artifact.filename.split("-")[:2]
    with zipfile.ZipFile(file.path) as archive:
        infos, names = archive.infolist(), archive.namelist()
        yield from _zip(archive, infos, file)
        folder = f"{name}-{version}.dist-info"
        if f"{folder}/METADATA" not in names:
            yield f"its .dist-info folder is not called {folder!r}"
            return
        for each in _license_files(file.metadata.text):
            if not {f"{folder}/licenses/{each}", f"{folder}/license_files/{each}", f"{folder}/{each}"} & set(names):
                yield f"its License-File {each!r} is not in it"
        if f"{folder}/entry_points.txt" in names:
            yield from _entry_points(archive.read(f"{folder}/entry_points.txt"))


def _zip(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], file: LocalFile) -> Iterator[str]:
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        yield f"holds {_some(sorted({name for name in names if names.count(name) > 1}))} twice"
    packed = sorted(i.filename for i in infos if i.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    if packed:
        yield f"{_some(packed)} is compressed in another way than deflate"
    if any(info.flag_bits & ENCRYPTED for info in infos):
        yield "is encrypted"
    streamed = sorted(info.filename for info in infos if info.flag_bits & STREAMED)
    if streamed:
        yield f"{_some(streamed)} was written with a data descriptor"
    if archive.comment:
        yield "has a comment"
    else:
        with file.path.open("rb") as raw:
            raw.seek(-END_SIZE, 2)
            if raw.read(len(END_OF_ZIP)) != END_OF_ZIP:
                yield "has bytes behind its end"
    if sum(info.file_size for info in infos) > max(BOMB_SIZE, BOMB_RATIO * file.size):
        yield f"unpacks to more than {BOMB_RATIO} times its size"


def _sdist(file: LocalFile) -> Iterator[str]:
    folder, size = file.artifact.filename.removesuffix(".tar.gz"), 0
    names = set()
    with tarfile.open(file.path, "r:gz") as archive:
        for member in archive:
            names.add(member.name.removeprefix("./"))
            size += member.size
            if member.issparse():
                yield f"{member.name!r} is sparse"
    if f"{folder}/PKG-INFO" not in names:
        yield f"its folder is not called {folder!r}"
        return
    for each in _license_files(file.metadata.text):
        if f"{folder}/{each}" not in names:
            yield f"its License-File {each!r} is not in it"
    if size > max(BOMB_SIZE, BOMB_RATIO * file.size):
        yield f"unpacks to more than {BOMB_RATIO} times its size"


def knows_license_files(metadata_version: str) -> bool:
    """Tell whether License-File is a field of that version of the metadata, and a promise: from 2.4 on (PEP 639)."""
    try:
        return Version(metadata_version) >= Version("2.4")
    except InvalidVersion:
        return False


def _license_files(text: bytes) -> list[str]:
    """Return the License-Files that the metadata promises."""
    headers = HeaderParser().parsestr(text.decode())
    return headers.get_all("License-File", []) if knows_license_files(headers.get("Metadata-Version", "")) else []


def _entry_points(content: bytes) -> Iterator[str]:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(content.decode())
    except (UnicodeDecodeError, configparser.Error) as error:
        yield f"its entry_points.txt cannot be read: {type(error).__name__}"
        return
    for group in parser.sections():
        for name, value in parser.items(group):
            if not EntryPoint.pattern.match(value):
                yield f"its entry point {name!r} of {group!r} is not valid: {value!r}"
