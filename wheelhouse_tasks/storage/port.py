"""The storage port: the methods that the rest of the package calls on a container, whoever keeps it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from io import BytesIO, FileIO
from typing import TYPE_CHECKING, BinaryIO, Protocol

from wheelhouse_tasks.retry import retry
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from wheelhouse_tasks.ui import Transfer


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
    content_type: str
    cache_control: str
    #: User metadata; keys are lower-case letters and digits, which every provider keeps.
    facts: Mapping[str, str] = field(default_factory=dict)
    #: Of bytes; empty for a file, which is read for it only where the provider compares no sha256.
    md5: str = ""
    #: What counts the bytes as they are read to be sent.
    transfer: Transfer = field(default=UNSEEN, compare=False, repr=False)

    def open(self) -> BinaryIO:
        """Return the bytes as a file at its begin, which counts what is read of it; raise OSError."""
        self.transfer.restart()
        if isinstance(self.source, bytes):
            return BytesIO(self.source)
        return Counted(self.source, self.transfer)


class Counted(FileIO):
    """A file that counts what is read of it, block by block."""

    def __init__(self, path: Path, transfer: Transfer) -> None:
        super().__init__(path, "rb")
        self._transfer = transfer

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to *size* bytes."""
        block = super().read(-1 if size is None else size)
        self._transfer.advance(len(block))
        return block


@dataclass(frozen=True, kw_only=True)
class Promise:
    """Digests that a provider is told of the bytes to come, so that it refuses other bytes."""

    #: Signed with the request, and sent in a header; empty where it is not known that the provider compares it.
    sha256: str = ""
    #: Sent in a header, and compared with the ETag; it takes longer than the other one.
    md5: str = ""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Which conditions of a write a provider honours, as a trial showed."""

    #: A write that expects no object.
    absent: bool
    #: A write that expects a mark.
    mark: bool
    #: Whether marks are the md5 of the bytes, so that whoever read an object knows its mark.
    md5: bool
    #: Whether bytes of another sha256 than the request promises are refused, which saves the md5 of a file.
    sha256: bool = False


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
    return Payload(content, len(content), sha256, content_type, cache_control, facts or {}, md5)


def read_all(store: Store, name: str) -> bytes:
    """Return one object's bytes; raise ObjectMissing."""
    return retry(lambda: b"".join(store.read(name)), READ_RETRIES)
