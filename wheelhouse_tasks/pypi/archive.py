"""What is wrong with an archive: a RECORD of other files, and what PyPI refuses.

The archive was read to its end before (`metadata.read`), so it is whole and of a bounded size. PyPI's rules have their
place in pypi/warehouse beside them, commit 6b62157 of 2026-08-21, read on 2026-11-26.
"""

from __future__ import annotations

import base64
import configparser
import csv
import hashlib
import posixpath
import re
import tarfile
import zipfile
from collections import Counter
from email.parser import HeaderParser
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.pypi import zip_records
from wheelhouse_tasks.pypi.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wheelhouse_tasks.artifacts.local import LocalFile

#: An archive that unpacks to more than this many bytes *and* this many times its size is refused:
#: `COMPRESSION_RATIO_MIN_SIZE` and `COMPRESSION_RATIO_THRESHOLD` in warehouse/forklift/legacy.py, of zip archives only.
BOMB_SIZE, BOMB_RATIO = 64 << 20, 50
#: `_is_valid_dist_file` in warehouse/forklift/legacy.py.
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: `_ENTRY_POINT_NAME_RE` and `_validate_entrypoints` in warehouse/utils/wheel.py.
SCRIPT_NAME, SCRIPTS = re.compile(r"[\w.-]+"), ("console_scripts", "gui_scripts")
#: What no Python source in an archive may hold, all of one row together: warehouse/utils/scanner_rules. In two parts,
#: because this is the source of a project that is itself released to PyPI.
FORBIDDEN: Mapping[str, tuple[tuple[bytes, ...], ...]] = {
    "PyArmor": tuple(
        (b"__pyarmor" + rest,) for rest in (b"__(__name__, __file__,", b"_enter__", b"_exit__", b"_assert__", b"_bcc__")
    ),
    "SourceDefender": ((b"---BEGIN" + b" PYE FILE---", b"---END" + b" PYE FILE---"),),
}
#: `_SCAN_EXTENSIONS` and `_SCAN_MAX_FILE_SIZE` in warehouse/utils/scanner.py.
SCANNED, SCANNED_SIZE = (".py", ".pye"), 5 << 20

ENCRYPTED, STREAMED = 0x1, 0x8


def record_problems(path: Path) -> Iterator[Problem]:
    """Yield where the RECORD of a wheel differs from what the wheel holds (binary distribution format).

    PyPI accepts a RECORD of other files, and sends a mail (`validate_record` in warehouse/utils/wheel.py): that is
    doubtful. A file of other bytes than its RECORD promises is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        record = next(name for name in names if name.endswith(".dist-info/RECORD") and name.count("/") == 1)
        try:
            rows = [row for row in csv.reader(archive.read(record).decode().splitlines()) if row]
        except (UnicodeDecodeError, csv.Error):
            yield Problem("its RECORD cannot be read")
            return
        held = {name for name in names if not name.endswith("/")}
        listed = {_member(row[0], held): row[1] if len(row) > 1 else "" for row in rows}
        unlisted = sorted(name for name in held - listed.keys() if not name.startswith(f"{record}."))
        if unlisted:
            yield Problem(f"its RECORD does not list {_some(unlisted)}", doubtful=True)
        if listed.keys() - held:
            lost = _some(sorted(listed.keys() - held))
            yield Problem(f"its RECORD lists {lost}, which it does not hold", doubtful=True)
        compared = [name for name in sorted(held & listed.keys() - {record}) if not name.startswith(f"{record}.")]
        bare = [name for name in compared if not listed[name]]
        if bare:
            yield Problem(f"its RECORD has no digest for {_some(bare)}", doubtful=True)
        wrong = [name for name in compared if listed[name] and not _same(archive, name, listed[name])]
        if wrong:
            yield Problem(f"its RECORD has another digest, or none, for {_some(wrong)}")


def _member(path: str, held: set[str]) -> str:
    """Return the name of the member that a RECORD lists, which backends on Windows write with backslashes."""
    return path if path in held else path.replace("\\", "/")


def _same(archive: zipfile.ZipFile, name: str, digest: str) -> bool:
    """Return whether a member has the digest of a RECORD: `sha256=…`, in base64 without padding."""
    algorithm, _, expected = digest.partition("=")
    if algorithm not in ("sha256", "sha384", "sha512"):
        return False
    computed = hashlib.new(algorithm)
    with archive.open(name) as member:
        while block := member.read(BLOCK):
            computed.update(block)
    return base64.urlsafe_b64encode(computed.digest()).rstrip(b"=").decode() == expected.rstrip("=")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(map(repr, names[:3])) + more


def pypi_problems(file: LocalFile) -> Iterator[Problem]:
    """Yield why PyPI would refuse an archive: `_is_valid_dist_file`, `file_upload` in warehouse/forklift/legacy.py."""
    if zipfile.is_zipfile(file.path) and tarfile.is_tarfile(file.path):
        yield Problem("is both a zip archive and a tar archive")
    if file.artifact.is_wheel:
        yield from _wheel(file)
    elif file.artifact.filename.endswith(".tar.gz"):
        yield from _sdist(file)


def _wheel(file: LocalFile) -> Iterator[Problem]:
    name, version = file.artifact.filename.split("-")[:2]
    with zipfile.ZipFile(file.path) as archive:
        yield from _zip(archive, file)
        names = set(archive.namelist())
        folder = f"{name}-{version}.dist-info"
        if f"{folder}/METADATA" not in names:
            yield Problem(f"its .dist-info folder is not called {folder!r}")
            return
        for license_file in _license_files(file.metadata.text):
            if f"{folder}/licenses/{license_file}" not in names:
                yield Problem(f"its License-File {license_file!r} is not in it, at {folder}/licenses/{license_file}")
        if f"{folder}/entry_points.txt" in names:
            yield from _entry_points(archive.read(f"{folder}/entry_points.txt"))
        for info in archive.infolist():
            if info.filename.lower().endswith(SCANNED) and info.file_size <= SCANNED_SIZE:
                yield from _source(info.filename, archive.read(info))


def _zip(archive: zipfile.ZipFile, file: LocalFile) -> Iterator[Problem]:
    infos = archive.infolist()
    packed = sorted(info.filename for info in infos if info.compress_type not in PACKINGS)
    if packed:
        yield Problem(f"{_some(packed)} is compressed in another way than deflate")
    if any(info.flag_bits & ENCRYPTED for info in infos):
        yield Problem("is encrypted")
    if sum(info.file_size for info in infos) > max(BOMB_SIZE, BOMB_RATIO * file.size):
        yield Problem(f"unpacks to more than {BOMB_RATIO} times its size")
    if archive.comment:  # PyPI's documentation says that it takes none, its code does
        yield Problem("has a comment", doubtful=True)
    streamed = sorted(info.filename for info in infos if info.flag_bits & STREAMED)
    if streamed:  # all of them, where the records tell the first one
        yield Problem(f"{_some(streamed)} was written with a data descriptor")
    twice = sorted(name for name, times in Counter(archive.namelist()).items() if times > 1)
    if twice:
        yield Problem(f"holds {_some(twice)} twice")
    if streamed or twice:
        return
    with file.path.open("rb") as raw:
        ambiguous = zip_records.problem(archive, raw)
    if ambiguous:
        yield Problem(ambiguous)


def _sdist(file: LocalFile) -> Iterator[Problem]:
    names = []
    with tarfile.open(file.path, "r:gz") as archive:
        for member in archive:
            names.append(member.name)
            if member.issparse():
                yield Problem(f"{member.name!r} is sparse")
            if member.isfile() and member.name.lower().endswith(SCANNED) and member.size <= SCANNED_SIZE:
                content = archive.extractfile(member)
                yield from _source(member.name, content.read() if content else b"")
    try:
        folder = posixpath.commonpath(names)
    except ValueError:  # absolute ones among others
        folder = ""
    if folder in ("", ".", "/"):
        yield Problem("holds more than one folder at its top")
        return
    if f"{folder}/PKG-INFO" not in names:
        yield Problem(f"has no PKG-INFO in its folder {folder!r}")
        return
    expected = file.artifact.filename.removesuffix(".tar.gz")
    if folder != expected:
        yield Problem(f"its folder is not called {expected!r}, but {folder!r}", doubtful=True)
    for license_file in _license_files(file.metadata.text):
        if f"{folder}/{license_file}" not in names:
            yield Problem(f"its License-File {license_file!r} is not in it")


def _source(name: str, content: bytes) -> Iterator[Problem]:
    """Yield each kind of encryption that a file of Python source has."""
    for maker, marks in FORBIDDEN.items():
        if any(all(mark in content for mark in together) for together in marks):
            yield Problem(f"holds {name!r}, which {maker} encrypted")


def knows_license_files(metadata_version: str) -> bool:
    """Return whether License-File is a promise in that version of the metadata, as from 2.4 on (PEP 639)."""
    try:
        return Version(metadata_version) >= Version("2.4")
    except InvalidVersion:
        return False


def _license_files(text: bytes) -> list[str]:
    """Return the License-Files that the metadata promises."""
    headers = HeaderParser().parsestr(text.decode())
    return headers.get_all("License-File", []) if knows_license_files(headers.get("Metadata-Version", "")) else []


def _entry_points(content: bytes) -> Iterator[Problem]:
    """Yield what is wrong with entry points: PyPI reads the names of scripts, and no value and no other group."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(content.decode())
    except (UnicodeDecodeError, configparser.Error) as error:
        yield Problem(f"its entry_points.txt cannot be read: {type(error).__name__}")
        return
    for group in parser.sections():
        for name, value in parser.items(group):
            if group in SCRIPTS and not SCRIPT_NAME.fullmatch(name):
                yield Problem(f"its entry point {name!r} of {group!r} has a name that is not valid")
            if not EntryPoint.pattern.match(value):
                yield Problem(f"its entry point {name!r} of {group!r} is not valid: {value!r}", doubtful=True)
