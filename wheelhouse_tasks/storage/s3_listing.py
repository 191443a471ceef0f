"""Read the listing of a bucket through a driver of S3 or its like, which signs and sends.

libcloud makes an object with some forty attributes of each row, and a request that fails in the middle begins the
listing anew. Here a row becomes an `Entry`, and a request that fails is repeated alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import StoreError
from wheelhouse_tasks.storage.port import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.storage.driver import Worker


@dataclass(frozen=True, kw_only=True)
class Part:
    """One answer of a listing."""

    entries: list[Entry]
    #: The key after which the listing goes on; empty where it ends.
    last_key: str


@dataclass(frozen=True)
class Parts:
    """The answers of one container, each read once: the same bytes, asked for again, are the same entries."""

    label: str
    #: Digest of an answer, and what was read in it, by prefix and marker.
    known: dict[tuple[str, str], tuple[bytes, Part]] = field(default_factory=dict)

    def read(self, answer: bytes, prefix: str, marker: str, start: int) -> Part:
        """Return what is in the answer to *prefix* and *marker*; names begin at *start* of a key."""
        digest = hashlib.sha256(answer).digest()
        known, part = self.known.get((prefix, marker), (b"", None))
        if part is None or known != digest:
            part = parse(answer, self.label, start)
            self.known[prefix, marker] = digest, part
        return part


def ask(worker: Worker, prefix: str, marker: str) -> bytes:
    """Return the answer of a provider: the rows whose keys begin with *prefix* and come after *marker*."""
    driver = worker.driver
    params = {name: text for name, text in (("prefix", prefix), ("marker", marker)) if text}
    answer = driver.connection.request(driver._get_container_path(worker.container), params=params, raw=True)  # noqa: SLF001
    content = b"".join(answer.iter_content(BLOCK))
    if int(answer.status) != 200:
        raise ValueError(answer.status)  # the border makes an error of the refusal that the transport remembers
    return content


def parse(answer: bytes, label: str, start: int = 0) -> Part:
    """Return what is in an answer; raise StoreError where it does not state clearly whether it is the last.

    A part of a listing that passed for all of it would hide files.
    """
    try:
        rows, namespace = _root(answer)
        key, size, tag, modified, row = (
            namespace + name for name in ("Key", "Size", "ETag", "LastModified", "Contents")
        )
        entries = []
        last_key = ""
        for element in rows.iter(row):
            texts = {child.tag: child.text or "" for child in element}
            last_key = texts[key]
            mark = texts[tag].strip('"')
            entries.append(Entry(last_key[start:], int(texts[size]), mark, texts.get(modified, "")))
        if len(entries) != sum(child.tag.endswith("Contents") for child in rows):
            raise ValueError(namespace)  # a row of another namespace is a file all the same
        cut = {"true": True, "false": False}[(rows.findtext(f"{namespace}IsTruncated") or "").strip().lower()]
    except (ET.ParseError, LookupError, ValueError):
        raise StoreError(label, "its listing is cut off or damaged", "try again") from None
    if cut and not last_key:
        raise StoreError(label, "its listing is empty in the middle")
    return Part(entries=entries, last_key=last_key if cut else "")


def _root(answer: bytes) -> tuple[ET.Element, str]:
    """Return the root of a listing, and the namespace that its tags begin with, which not every server has."""
    root = ET.XML(answer)
    namespace, _, name = root.tag.rpartition("}")
    if name != "ListBucketResult":
        raise ValueError(name)
    return root, namespace + "}" * bool(namespace)


def read_all(
    request: Callable[[str], bytes], parts: Parts, prefix: str, start: int, *, after: str = "", until: str | None = None
) -> list[Entry]:
    """Return the entries behind the key *after*, up to the name *until*; *request* returns the answer to a marker."""
    entries: list[Entry] = []
    marker = after
    while True:
        part = parts.read(request(marker), prefix, marker, start)
        entries += part.entries
        if until is not None and entries and entries[-1].name > until:
            return [entry for entry in entries if entry.name <= until]
        if not part.last_key or part.entries[-1].name == until:
            return entries
        if part.last_key == marker:  # it knows no such parameter
            raise StoreError(parts.label, "its listing does not go on where it was cut off")
        marker = part.last_key
