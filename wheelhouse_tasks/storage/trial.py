"""Trials of what a provider does: which conditions of a write it honours, with the container's record, and digests."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import BadArtifact, Changed, ObjectMissing, Unsupported
from wheelhouse_tasks.storage.port import ABSENT, Conditions, make_payload, read_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.storage.port import Entry, Payload, Store

    #: Stores an object under a condition, whether or not the provider is known to honour it.
    Write = Callable[[str, Payload, str | None], Entry]

#: Holds the objects of a trial, and its record.
FOLDER = ".wheelhouse/"
RECORD = FOLDER + "conditions.json"


def recorded(store: Store) -> Conditions | None:
    """Return the conditions in the container's record, or None where there is no such record."""
    try:
        return Conditions(**json.loads(read_all(store, RECORD)))
    except (ObjectMissing, ValueError, TypeError):
        return None


def recorded_or_tried(store: Store, write: Write) -> Conditions:
    """Return the conditions in the container's record; where there is no such record, hold the trial and write it."""
    known = recorded(store)
    if known:
        return known
    conditions = hold(store, write)
    content = json.dumps(asdict(conditions)).encode()
    write(RECORD, make_payload(content, "application/json", "no-cache"), None)
    return conditions


def hold(store: Store, write: Write) -> Conditions:
    """Write objects of our own, once under conditions that hold and once under conditions that do not.

    A kind of condition is honoured where both writes end as they should.
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

    try:
        absent = heeded(name, ABSENT, holds=False) and heeded(other, ABSENT, holds=True)
        mark = heeded(name, "0" * 32, holds=False) and heeded(name, written.mark, holds=True)
    finally:
        store.delete(name)
        store.delete(other)
    return Conditions(absent=absent, mark=mark, md5=written.mark == payload.md5)


def compares_digests(store: Store, write: Callable[[str, Payload], object]) -> bool:
    """Send an object of our own with the digest of other bytes; return whether the provider refuses it."""
    name = f"{FOLDER}{secrets.token_hex(8)}"
    payload = make_payload(name.encode(), "text/plain", "no-cache")
    try:
        write(name, replace(payload, md5=make_payload(b"", "", "").md5))
    except BadArtifact:
        return True
    store.delete(name)
    return False
