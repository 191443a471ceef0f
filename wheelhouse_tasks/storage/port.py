"""The storage port: the methods that the rest of the package calls on a container, whoever keeps it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from wheelhouse_tasks.retry import retry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


ABSENT = ""
"""The mark of an object that is not there."""

READ_RETRIES = 3
"""How often an object is read again from its start after its bytes were cut off."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of a listing."""

    #: Name below the container's prefix.
    name: str
    size: int
    #: Changes whenever the object is written: an ETag, or the like.
    mark: str
    #: When it was written, UTC, as in PEP 700; empty where the provider does not show it.
    modified: str = ""


@dataclass(frozen=True)
class Payload:
    """Bytes, and everything that is stored with them."""

    source: Path | bytes
    size: int
    sha256: str
    #: The digest that most providers compare; computed in the same pass as sha256.
    md5: str
    content_type: str
    cache_control: str
    #: User metadata; keys are lower-case letters and digits, which every provider keeps.
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Which conditions of a write a provider honours, as a trial showed."""

    #: A write that expects no object.
    absent: bool
    #: A write that expects a mark.
    mark: bool
    #: Whether marks are the md5 of the bytes, so that whoever read an object knows its mark.
    md5: bool


class Store(Protocol):
    """A container. Every method may be called from several threads at once.

    Beside the errors named below, each raises AccessDenied, Unreachable, Overloaded (after the retries) or StoreError,
    and ContainerMissing where the container is not there.
    """

    @property
    def label(self) -> str:
        """Return the name of the container in messages."""

    def create(self) -> bool:
        """Create the container; return whether it was not there."""

    @property
    def lists_in_pieces(self) -> bool:
        """Return whether a piece of a listing costs less than all of it."""

    def list(self, prefix: str, *, after: str = "", until: str | None = None) -> list[Entry]:
        """Return the objects below *prefix* ("" or ending in "/"), complete and sorted by name.

        Return only the piece of the listing behind the name *after*, and up to the name *until*, where they are given.
        """

    def facts(self, name: str) -> tuple[Entry, dict[str, str]]:
        """Return one object's entry and user metadata; raise ObjectMissing."""

    def read(self, name: str, start: int = 0) -> Iterator[bytes]:
        """Yield one object's bytes in blocks, from byte *start*, which is below its size, on.

        Raise ObjectMissing; TryAgainError where the answer was cut off; Unsupported where the provider begins every
        answer at byte 0.
        """

    def put(self, name: str, payload: Payload, *, expect: str | None = None) -> Entry:
        """Store an object whole or not at all.

        *expect* is the mark that the object must have, or ABSENT. Where the provider honours that condition and the
        mark is another, raise Changed, with nothing written. Raise BadArtifact where the source no longer has the bytes
        that were hashed.
        """

    def recorded_conditions(self) -> Conditions | None:
        """Return which conditions of `put` are honoured, or None where nobody has tried; nothing is written."""

    def conditions(self) -> Conditions:
        """Return which conditions of `put` are honoured; they are tried once for each container."""

    def delete(self, name: str) -> None:
        """Delete an object, if it is there."""

    def public_url(self) -> str | None:
        """Return the URL below which objects are readable, ending in "/", or None where the provider does not know."""


def make_payload(
    content: bytes, content_type: str, cache_control: str, facts: Mapping[str, str] | None = None
) -> Payload:
    """Return bytes with their size and digests, ready to be stored."""
    sha256, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Payload(content, len(content), sha256, md5, content_type, cache_control, facts or {})


def read_all(store: Store, name: str) -> bytes:
    """Return one object's bytes; raise ObjectMissing."""
    return retry(lambda: b"".join(store.read(name)), READ_RETRIES)
