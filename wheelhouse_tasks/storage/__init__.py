"""The storage port: what the rest of the package asks of a container, whoever keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wheelhouse_tasks.location import LOCAL
from wheelhouse_tasks.retry import retry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wheelhouse_tasks.location import Container

BLOCK = 1 << 20
"""Bytes read, hashed and sent at once."""

READ_RETRIES = 3
"""How often an object is read again from its start after its bytes were cut off."""


@dataclass(frozen=True)
class Entry:
    """One object of a listing."""

    #: Name below the container's prefix.
    name: str
    size: int
    #: Changes whenever the object is written: an ETag, or the like.
    mark: str
    #: When it was written, UTC, as in PEP 700; empty where the provider does not say.
    modified: str = ""


@dataclass(frozen=True)
class Payload:
    """Bytes to store, and everything that is stored with them."""

    source: Path | bytes
    size: int
    sha256: str
    #: What most providers compare with; computed in the same pass as sha256.
    md5: str
    content_type: str
    cache_control: str
    #: User metadata; keys are lower-case letters and digits, which every provider keeps.
    facts: Mapping[str, str] = field(default_factory=dict)


class Store(Protocol):
    """A container. Every method may be called from several threads at once.

    Beside the errors named below, each raises AccessDenied, Unreachable, Overloaded (after the retries) or StoreError,
    and ContainerMissing where the container is not there.
    """

    @property
    def label(self) -> str:
        """Return what to call it in messages."""

    def create(self) -> None:
        """Create the container unless it is there."""

    def list(self, prefix: str) -> list[Entry]:
        """Return every object below *prefix* ("" or ending in "/"), complete and sorted by name."""

    def facts(self, name: str) -> tuple[Entry, dict[str, str]]:
        """Return one object's entry and user metadata; raise ObjectMissing."""

    def read(self, name: str) -> Iterator[bytes]:
        """Yield one object's bytes in blocks; raise ObjectMissing, or TryAgainError where the answer was cut off."""

    def put(self, name: str, payload: Payload, *, only_new: bool = False) -> Entry:
        """Store an object whole or not at all.

        With *only_new*, where the provider can tell, an object already there is left alone and Conflict raised.
        Raise BadArtifact where the source no longer has the bytes that were hashed.
        """

    def delete(self, name: str) -> None:
        """Delete an object; one that is not there is fine."""

    def public_url(self) -> str | None:
        """Return the URL below which objects are readable, ending in "/", or None where the provider does not know."""


def open_store(container: Container) -> Store:
    """Return the store of *container*; nothing is asked of it yet.

    Raises UsageError for a provider or options that cannot be used.
    """
    if container.provider == LOCAL:
        from wheelhouse_tasks.storage.folder import FolderStore

        return FolderStore(Path(container.container) / container.prefix)
    from wheelhouse_tasks.storage.cloud import CloudStore

    return CloudStore(container)


def read_all(store: Store, name: str) -> bytes:
    """Return one object's bytes; raise ObjectMissing."""
    return retry(lambda: b"".join(store.read(name)), READ_RETRIES)
