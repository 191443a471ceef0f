"""Trials of what a provider does: which conditions of a write it honours, with the container's record, and digests."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, Protocol

from wheelhouse_tasks.errors import AccessDenied, BadArtifact, Changed, ObjectMissing, Unsupported
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Promise, make_payload, read_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.storage.port import Entry, Payload, Store

    class Write(Protocol):
        """Stores an object under a condition, whether or not the provider is known to honour it."""

        def __call__(self, name: str, payload: Payload, expect: str | None, promise: Promise | None = None, /) -> Entry:
            """Store it; *promise* is what the provider is told of its bytes, by default what is true."""


#: Holds the objects of a trial, and its record.
FOLDER = ".wheelhouse/"
RECORD = FOLDER + "conditions.json"
#: Whose digests are those of other bytes.
OTHER = make_payload(b"other", "", "")


def recorded(store: Store, server: str) -> Conditions | None:
    """Return the conditions that the container's record has for a *server*, or None where it has none.

    A record moves with the objects where somebody copies them to another server, which may honour and compare less.
    """
    try:
        known = _records(store)[server]
        # one of an older release holds less, and would hide what it never tried
        return Conditions(**known) if known.keys() == {field.name for field in fields(Conditions)} else None
    except (KeyError, TypeError, AttributeError):
        return None


def recorded_or_tried(store: Store, server: str, write: Write) -> Conditions:
    """Return what `recorded` does; where there is no such record, hold the trial and add it to the record."""
    known = recorded(store, server)
    if known:
        return known
    conditions = hold(store, write)
    others = {name: record for name, record in _records(store).items() if isinstance(record, dict)}
    content = json.dumps({**others, server: asdict(conditions)}).encode()
    write(RECORD, make_payload(content, "application/json", "no-cache"), None)
    return conditions


def _records(store: Store) -> dict[str, Any]:
    """Return the container's record of each server; empty where there is none that can be read."""
    try:
        records = json.loads(read_all(store, RECORD))
    except (ObjectMissing, ValueError):
        return {}
    return records if isinstance(records, dict) else {}


def hold(store: Store, write: Write) -> Conditions:
    """Write objects of our own, once under conditions that hold and once under conditions that do not.

    A kind of condition is honoured where both writes end as they should. Another write promises the sha256 of other
    bytes, and is refused where the provider compares it.
    """
    name, other = (f"{FOLDER}{secrets.token_hex(8)}" for _ in range(2))
    payload = make_payload(name.encode(), "text/plain", "no-cache")
    written = write(name, payload, None)

    def heeded(object_name: str, expect: str, *, holds: bool) -> bool:
        try:
            write(object_name, payload, expect)
        except Changed:
            return not holds
        except Unsupported:  # some providers answer 501 to any condition
            return False
        return holds

    def compares_sha256() -> bool:
        try:
            write(name, payload, None, Promise(sha256=payload.sha256))
            write(name, payload, None, Promise(sha256=OTHER.sha256))
        except BadArtifact:
            return True
        except (AccessDenied, Unsupported):  # it is told none, or knows no such header or signature
            return False
        return False

    try:
        absent = heeded(name, ABSENT, holds=False) and heeded(other, ABSENT, holds=True)
        mark = heeded(name, "0" * 32, holds=False) and heeded(name, written.mark, holds=True)
        sha256 = compares_sha256()
    finally:
        store.delete(name)
        store.delete(other)
    return Conditions(absent=absent, mark=mark, md5=written.mark == payload.md5, sha256=sha256)


def compares_digests(store: Store, write: Callable[[str, Payload, Promise], object], promise: Promise) -> bool:
    """Send an object of our own with a *promise* of other bytes; return whether the provider refuses it."""
    name = f"{FOLDER}{secrets.token_hex(8)}"
    payload = make_payload(name.encode(), "text/plain", "no-cache")
    try:
        write(name, payload, promise)
    except BadArtifact:
        return True
    store.delete(name)
    return False
