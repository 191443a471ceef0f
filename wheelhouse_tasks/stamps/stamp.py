"""Give a development build a version that no other build has: one that installers agree with, and upgrade to.

A name that is changed alone makes pip drop the wheel ("inconsistent version"), so the wheel is written anew: the
Version of METADATA and its pins on other builds of the run, the names of its .dist-info and .data folders, and RECORD.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import tarfile
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packaging.version import Version

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import BadArtifact
from wheelhouse_tasks.stamps import pins
from wheelhouse_tasks.stamps.dates import holds_date

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.stamps.pins import Fresh

#: The oldest time that a zip archive can hold, and the newest that a stamp can.
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (1980, 9999))


def needs_stamp(named: Artifact) -> bool:
    """Return whether *named* is a development build whose version has no date."""
    return named.version.is_devrelease and not holds_date(named.version)


def stamped_version(version: Version, when: int) -> Version:
    """Return *version* with the time *when* (seconds since the epoch) in front of its local part."""
    stamp = datetime.fromtimestamp(when, UTC).strftime("%Y%m%d%H%M%S")
    return Version(f"{version.public}+{stamp}" + (f".{version.local}" if version.local else ""))


def source_date(environ: Mapping[str, str]) -> int | None:
    """Return SOURCE_DATE_EPOCH, seconds since the epoch, where it is set (reproducible-builds.org)."""
    text = environ.get("SOURCE_DATE_EPOCH", "")
    return int(text) if text.isdecimal() and len(text) < 12 else None


def newest_member(path: Path) -> int:
    """Return the newest time inside a wheel or sdist, seconds since the epoch; the times of a zip are read as UTC.

    A time that no calendar has does not count.
    """
    times: list[float]
    if path.name.endswith(".tar.gz"):
        with tarfile.open(path, "r:gz") as sdist:
            times = [member.mtime for member in sdist]
    else:
        with zipfile.ZipFile(path) as archive:
            times = [time for info in archive.infolist() if (time := _seconds(info.date_time)) is not None]
    return int(max((time for time in times if 0 <= time < LAST), default=FIRST))  # a pax header may say nan


def _seconds(date_time: tuple[int, ...]) -> int | None:
    year, month, day, hour, minute, second = date_time
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None


def rewrite(path: Path, named: Artifact, when: int, folder: Path, fresh_pins: Fresh | None = None) -> Path:
    """Write the wheel at *path* anew into *folder*, with a stamped version; return its path.

    Its pins on old versions are put on the new ones of *fresh_pins*. Equal input gives equal bytes.
    Raises BadArtifact where the wheel has no Version to replace.
    """
    version = str(stamped_version(named.version, when))
    with zipfile.ZipFile(path) as source:
        infos = source.infolist()
        old = next(info.filename.partition("/")[0] for info in infos if info.filename.endswith(".dist-info/METADATA"))
        stem = old.removesuffix(".dist-info")
        fresh = f"{stem.rpartition('-')[0]}-{version}"
        name = f"{path.name.split('-')[0]}-{version}-{path.name.split('-', 2)[2]}"
        target = folder / artifact.parse(name).filename
        record, rows = f"{fresh}.dist-info/RECORD", []
        with zipfile.ZipFile(target, "w") as archive:
            for info in infos:
                renamed = _renamed(info.filename, stem, fresh)
                if renamed == record or renamed.startswith(f"{record}."):
                    continue  # written below; signatures of the old one are void
                content = source.read(info)
                if renamed == f"{fresh}.dist-info/METADATA":
                    content = _with_version(content, version, named, fresh_pins or {})
                _copy(archive, info, renamed, content)
                if not renamed.endswith("/"):
                    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                    rows.append((renamed, f"sha256={digest}", str(len(content))))
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows([*rows, (record, "", "")])
            _copy(archive, source.getinfo(f"{stem}.dist-info/RECORD"), record, text.getvalue().encode())
    return target


def _renamed(name: str, stem: str, fresh: str) -> str:
    folder, slash, rest = name.partition("/")
    for suffix in (".dist-info", ".data"):
        if folder == stem + suffix:
            return f"{fresh}{suffix}{slash}{rest}"
    return name


def _with_version(content: bytes, version: str, named: Artifact, fresh: Fresh) -> bytes:
    head, blank, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    head, count = re.subn(rb"(?im)^Version:.*$", f"Version: {version}".encode(), head)
    if count != 1:
        raise BadArtifact(named.filename, f"its METADATA has {count} Version fields, expected one")
    return pins.follow(head.decode(), fresh).encode() + blank + body


def _copy(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, content: bytes) -> None:
    """Write a member with the time and permissions of an old one."""
    fresh = zipfile.ZipInfo(name, info.date_time)
    fresh.compress_type = zipfile.ZIP_STORED if info.compress_type == zipfile.ZIP_STORED else zipfile.ZIP_DEFLATED
    fresh.external_attr, fresh.create_system = info.external_attr, info.create_system
    archive.writestr(fresh, content)
