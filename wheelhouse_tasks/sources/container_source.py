"""A container, read through the storage API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_tasks.artifacts import artifact, attestation
from wheelhouse_tasks.artifacts.local import Skipped
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.errors import BadPage, ObjectMissing, Unsupported
from wheelhouse_tasks.pages import flat, layout
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pages.links import PAGE_LIMIT
from wheelhouse_tasks.retry import TryAgainError, pause, retry
from wheelhouse_tasks.sources import index_page, offer
from wheelhouse_tasks.sources.download import bounded
from wheelhouse_tasks.sources.fetch_plan import Candidate
from wheelhouse_tasks.sources.offer import Offer
from wheelhouse_tasks.storage.port import BLOCK, READ_RETRIES, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Stands for the root of a container, which a page in it cannot know the URL of.
CONTAINER = "https://container.invalid/"


class StoreSource:
    """A container, read through the storage API."""

    def __init__(self, store: Store, workers: int) -> None:
        self.store = store
        self.workers = workers

    @property
    def label(self) -> str:
        """Return the container's label."""
        return self.store.label

    def offer(self, project: str) -> Offer:
        """Return the artifacts of the container with what its page, their metadata, or their bytes say."""
        view = Project(self.store, project, self.workers)
        view.look()
        candidates = []
        for name, file in view.files().items():
            url = layout.file_name(project, name)
            link = Link(url, name, file.sha256, None, file.size, attested=file.attested)
            candidates.append(Candidate(artifact.parse(name), file.sha256, self.label, link, file.size))
        root = self._root(project, known=bool(view.entries))
        return Offer((*candidates, *root.candidates), root.skipped)

    def blocks(self, candidate: Candidate) -> Iterator[bytes]:
        """Yield an object's bytes; those that were cut off go on where they stopped, if a sha256 is there to prove it.

        Raises TryAgainError where only a new start can help.
        """
        got = 0
        while True:
            began = got
            try:
                for block in self.store.read(candidate.link.url, got):
                    got += len(block)
                    yield block
            except TryAgainError:
                if got == began or candidate.sha256 is None:
                    raise
            except Unsupported as error:
                if began:  # this provider always begins at 0
                    raise TryAgainError(error) from None
                raise
            else:
                return
            time.sleep(pause(0, 0.0))

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the object beside a file."""
        return bounded(self.store.read(candidate.link.url + attestation.SUFFIX))

    def _root(self, project: str, *, known: bool) -> Offer:
        """Return the artifacts at the root, where wheelhouse-uploader keeps them, with what its page says of them.

        A container whose flat page is ours has none, nor has one without the page in which the project is *known*.
        """
        page = self._flat()
        if known if page is None else flat.is_ours(page):
            return Offer(())
        objects = {entry.name: entry.size for entry in self.store.list("")}
        found, lost = [], []
        for link in self._promises(page):
            name = unquote(link.url.removeprefix(CONTAINER))
            if name in objects:
                found.append(link._replace(url=name, size=objects.pop(name)))
            elif offer.is_of(link.filename, project):
                lost.append(Skipped(link.filename, f"linked by {layout.FLAT}, and not in the container"))
        found += offer.of_keys({name: size for name, size in objects.items() if "/" not in name})
        root = offer.of_links(offer.settled(found), project, self.label)
        return Offer(root.candidates, (*root.skipped, *lost))

    def _promises(self, page: bytes | None) -> list[Link]:
        try:
            return [] if page is None else index_page.read_beside(page, CONTAINER, layout.HTML_TYPE)
        except BadPage as error:
            raise BadPage(f"{self.label}/{layout.FLAT}", error.problem, error.remedy) from None

    def _flat(self) -> bytes | None:
        """Return the flat page, or so much of it that shows it to be ours; None where there is none."""

        def read() -> bytes:
            content = bytearray()
            for block in self.store.read(layout.FLAT):
                content += block
                if flat.is_ours(bytes(content[:BLOCK])):
                    break
                if len(content) > PAGE_LIMIT:
                    raise BadPage(f"{self.label}/{layout.FLAT}", f"is larger than {PAGE_LIMIT >> 20} MiB")
            return bytes(content)

        try:
            return retry(read, READ_RETRIES)
        except ObjectMissing:
            return None
