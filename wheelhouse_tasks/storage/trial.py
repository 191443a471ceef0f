"""Trials of what a provider does: which conditions of a write it honours, with the container's record, and digests."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import asdict, fields
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from wheelhouse_tasks import parallel
from wheelhouse_tasks.errors import AccessDenied, BadArtifact, Changed, ObjectMissing, Unsupported, WheelhouseError
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Promise, make_payload, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
#: How a provider refuses a promise as such: it is told none, or knows no such header or signature.
NOT_PROMISED = (AccessDenied, Unsupported)


def records_in(store: Store) -> dict[str, Any]:
    """Return the container's record of each server; empty where there is none that can be read."""
    try:
        records = json.loads(read_all(store, RECORD))
    except (ObjectMissing, ValueError):
        return {}
    return records if isinstance(records, dict) else {}


def recorded(records: Mapping[str, Any], server: str) -> Conditions | None:
    """Return the conditions that a container's *records* have for a *server*, or None where they have none.

    A record moves with the objects where somebody copies them to another server, which may honour and compare less.
    """
    try:
        known = records[server]
        # one of an older release holds less, and would hide what it never tried
        return Conditions(**known) if known.keys() == {field.name for field in fields(Conditions)} else None
    except (KeyError, TypeError, AttributeError):
        return None


def record(records: Mapping[str, Any], server: str, conditions: Conditions, write: Write) -> None:
    """Store the container's *records* with what a trial of a *server* showed."""
    others = {name: known for name, known in records.items() if isinstance(known, dict)}
    content = json.dumps({**others, server: asdict(conditions)}).encode()
    write(RECORD, make_payload(content, "application/json", "no-cache"), None)


class Trial:
    """Writes of objects of our own, under conditions that hold and under others that do not.

    A kind of condition is honoured where both writes end as they should. Another write promises the sha256 of other
    bytes, and is refused where the provider compares it. Each object has one purpose, so that writes at the same time
    do not disturb each other: a far provider costs two delays.
    """

    def __init__(self, store: Store, write: Write) -> None:
        self._store = store
        self._write = write
        #: The names of the objects that may be there.
        self._written: dict[str, None] = {}

    def hold(self) -> Conditions:
        """Return what is honoured and compared; the objects stay until `clear`, but for an error.

        After Ctrl-C nothing is waited for: a silent server would not clear them either.
        """
        try:
            return self._hold()
        except Exception:
            with suppress(WheelhouseError):
                at_once(self.clear())
            raise

    def clear(self) -> list[Callable[[], object]]:
        """Return what deletes the objects, one by one."""
        return [partial(self._store.delete, name) for name in self._written]

    def _hold(self) -> Conditions:
        new, another, marked, promised, broken = (_unused_name() for _ in range(5))
        made, entry, kept, refused = at_once(
            [
                partial(self._makes, new, another),
                partial(self._put, marked, None),
                partial(self._keeps_promised, promised),
                partial(self._refuses_broken, broken),
            ]
        )
        # where the promise was no use the bytes are there without it
        fitting = kept or self._put(promised, None)
        seconds = [partial(self._heeds, marked, "0" * 32, holds=False)]
        seconds += [partial(self._replaces, promised, fitting)]
        seconds += [partial(self._heeds, made, ABSENT, holds=False)] if made else []
        wrong, right, *again = at_once(seconds)
        return Conditions(
            absent=all(again) and made is not None,
            mark=wrong and right,
            md5=entry.mark == _payload(marked).md5,
            sha256=kept is not None and refused,
        )

    def _put(self, name: str, expect: str | None, promise: Promise | None = None) -> Entry:
        self._written[name] = None  # before: nobody knows what became of a write that got no answer
        return self._write(name, _payload(name), expect, promise)

    def _makes(self, *names: str) -> str | None:
        """Return the first of two objects that is written where there is none; None where neither is.

        A write that got no answer is sent again, and refused for what it wrote itself: one refusal proves nothing.
        """
        return next((name for name in names if self._heeds(name, ABSENT, holds=True)), None)

    def _replaces(self, name: str, entry: Entry) -> bool:
        """Return whether an object is replaced under its mark, at the second try at the latest: as for `_makes`."""
        return self._heeds(name, entry.mark, holds=True) or self._heeds(name, self._put(name, None).mark, holds=True)

    def _heeds(self, name: str, expect: str, *, holds: bool) -> bool:
        try:
            self._put(name, expect)
        except Changed:
            return not holds
        except Unsupported:  # some providers answer 501 to any condition
            return False
        return holds

    def _keeps_promised(self, name: str) -> Entry | None:
        """Return an object that was sent with its sha256; None where the provider does not take it so."""
        try:
            return self._put(name, None, Promise(sha256=_payload(name).sha256))
        except (BadArtifact, *NOT_PROMISED):
            return None

    def _refuses_broken(self, name: str) -> bool:
        """Return whether the provider refuses bytes of another sha256 than it is told."""
        try:
            self._put(name, None, Promise(sha256=OTHER.sha256))
        except BadArtifact:
            del self._written[name]
            return True
        except NOT_PROMISED:
            return False
        return False


def _unused_name() -> str:
    return f"{FOLDER}{secrets.token_hex(8)}"


def _payload(name: str) -> Payload:
    return make_payload(name.encode(), "text/plain", "no-cache")


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Return the results of all calls, made at the same time."""
    return parallel.run(lambda call: call(), calls, len(calls))


def compares_digests(store: Store, write: Callable[[str, Payload, Promise], object], promise: Promise) -> bool:
    """Send an object of our own with a *promise* of other bytes; return whether the provider refuses it."""
    name = _unused_name()
    try:
        write(name, _payload(name), promise)
    except BadArtifact:
        return True
    store.delete(name)
    return False
