"""Something that artifacts are fetched from, and how it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from wheelhouse_tasks.settings.locations import FolderIndex, Location, WebIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_tasks.sources.fetch_plan import Candidate
    from wheelhouse_tasks.sources.offer import Offer


class Source(Protocol):
    """Something that artifacts are fetched from; several threads may use it at once."""

    @property
    def label(self) -> str:
        """Return the name of the source in messages; it holds no secret."""

    def offer(self, project: str) -> Offer:
        """Return the artifacts of *project* in the source; raise WheelhouseError where it cannot be read."""

    def blocks(self, candidate: Candidate, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes of a file, from byte *start* on, which only a promised digest allows.

        Raises WheelhouseError, or TryAgainError where a second try may help, which is StartAnewError where that must
        begin at byte 0.
        """

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the attestation beside a file that is marked as attested; raise as `blocks` does."""


def open_source(
    place: Location,
    *,
    timeout: float,
    retries: int,
    workers: int,
    ca_bundle: str | None = None,
    trust: frozenset[str] = frozenset(),
) -> Source:
    """Return the source at *place*; raise UsageError for a provider that cannot be used.

    The hosts of *trust* may send files of which no page promises a digest. What one kind of source needs is imported
    for that kind alone: it is a good part of the time that a small fetch takes.
    """
    if isinstance(place, WebIndex):
        from wheelhouse_tasks.sources.index_source import IndexSource
        from wheelhouse_tasks.sources.web import Web

        web = Web(place.url, timeout=timeout, retries=retries, ca_bundle=ca_bundle, trust=trust)
        return IndexSource(place.label, web.url, reader=web, trust=trust)
    if not isinstance(place, FolderIndex):
        from wheelhouse_tasks.sources.container_source import StoreSource
        from wheelhouse_tasks.storage.opening import open_store

        return StoreSource(open_store(place), workers)
    if (place.path / "files").is_dir():
        from wheelhouse_tasks.sources.container_source import StoreSource
        from wheelhouse_tasks.storage.folder import FolderStore

        return StoreSource(FolderStore(place.path), workers)
    from wheelhouse_tasks.sources.folder_source import FolderSource, page_at

    return FolderSource(place.path) if place.path.is_dir() else page_at(place.path, place.label)
