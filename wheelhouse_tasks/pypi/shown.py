"""The files that a package index shows of a project, and how they differ from those of a release."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.text import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.pages.link import Link


@dataclass(frozen=True)
class Shown:
    """One file of a project."""

    url: str
    #: By algorithm; empty where the package index shows none.
    digests: Mapping[str, str]
    #: Bytes, and the time of the upload, where the page has them (PEP 700).
    size: int | None = None
    uploaded: datetime | None = None


def of_links(links: Iterable[Link], page: bytes) -> dict[str, Shown]:
    """Return the files that the links of a page show, by name; *page* is empty unless it is JSON."""
    times = _times(page) if page else {}
    return {link.filename: _shown(link, times.get(link.filename)) for link in links}


def _shown(link: Link, uploaded: datetime | None) -> Shown:
    promise = ("sha256", link.sha256) if link.sha256 else link.digest
    digests = dict([promise]) if promise and not link.problem else {}
    return Shown(link.url, digests, link.size, uploaded)


def _times(page: bytes) -> dict[str, datetime]:
    """Return the time at which each file was uploaded, by name, from a JSON page."""
    rows = json.loads(page).get("files", [])
    times = {row.get("filename"): parse_time(str(row.get("upload-time"))) for row in rows}
    return {name: time for name, time in times.items() if time}


def difference(file: LocalFile, digests: Mapping[str, str]) -> str:
    """Return how a file differs from one that is shown with *digests*, or an empty text if it is the same.

    The file is read where the digest is not known yet.
    """
    if not digests:
        return "without a digest to compare"
    algorithm, there = next(iter(digests.items()))
    here = _digest(file, algorithm, there)
    return "" if here == there else f"with {algorithm} {there}, here with {here}"


def _digest(file: LocalFile, algorithm: str, there: str) -> str:
    if algorithm == "sha256":
        return file.sha256
    return _read_digest(file.path, file.sha256, algorithm, len(there))


@functools.lru_cache(maxsize=4096)
def _read_digest(path: Path, sha256: str, algorithm: str, length: int) -> str:
    """Return another digest of the file at *path*, which has *sha256*, and keep it for the next look."""
    del sha256
    return dist.digest_of(path, algorithm, length)
