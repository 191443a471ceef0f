"""A container, read through the storage API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_tasks.artifacts import artifact, attestation
from wheelhouse_tasks.artifacts.companions import ATTESTATION
from wheelhouse_tasks.artifacts.local import Skipped
from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.objects import hidden_since
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.container.published import Keeping
from wheelhouse_tasks.errors import BadPage, ObjectMissing, Unsupported
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pages.links import PAGE_LIMIT
from wheelhouse_tasks.people import flat
from wheelhouse_tasks.retry import StartAnewError, TryAgainError, pause, retry
from wheelhouse_tasks.sources import index_page, offer
from wheelhouse_tasks.sources.download import read_bounded
from wheelhouse_tasks.sources.fetch_plan import Candidate
from wheelhouse_tasks.sources.offer import Offer
from wheelhouse_tasks.storage.port import READ_RETRIES, Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

#: Stands for the URL of a container's root, which its page cannot know.
ROOT_URL = "https://container.invalid/"


class StoreSource:
    """A container, read through the storage API."""

    def __init__(self, store: Store, workers: int) -> None:
        self.store = store
        self.workers = workers

    @property
    def label(self) -> str:
        """Return the label of the container."""
        return self.store.label

    def offer(self, project: str) -> Offer:
        """Return the artifacts of *project* in the container, with what its pages, their metadata or bytes state."""
        view = look(Project(self.store, project, Keeping(workers=self.workers)))
        candidates = []
        yanked = {name: file.yanked for name, file in view.files().items() if file.yanked is not None}
        for name, file in view.files().items():
            link = Link(layout.file_name(project, name), name, file.sha256, None, file.size, attested=file.attested)
            candidates.append(
                Candidate(
                    artifact=artifact.parse(name), sha256=file.sha256, source=self.label, link=link, size=file.size
                )
            )
        root = self._root(project, is_known=bool(view.entries))
        return Offer(candidates=(*candidates, *root.candidates), skipped=root.skipped, yanked={**root.yanked, **yanked})

    def waiting(self, project: str) -> dict[str, datetime]:
        """Return when each artifact was taken off the pages that is not deleted yet, by file name."""
        prefix = layout.file_name(project, "")
        return hidden_since(self.store, [entry.name for entry in self.store.list(prefix)], prefix)

    def blocks(self, candidate: Candidate, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes of an object, from byte *start* on.

        A read that is cut off is continued if a sha256 can prove the result. Raises TryAgainError where another try
        may help, StartAnewError where that must begin at byte 0.
        """
        done = start
        while True:
            start = done
            try:
                for block in self.store.read(candidate.link.url, start):
                    done += len(block)
                    yield block
            except TryAgainError:
                if done == start or candidate.sha256 is None:
                    raise
            except Unsupported as error:
                if start:  # this provider can only read from the beginning, or the object is shorter by now
                    raise StartAnewError(error) from None
                raise
            else:
                return
            time.sleep(pause(0, 0.0))

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the attestation beside an object."""
        return read_bounded(self.store.read(candidate.link.url + ATTESTATION), attestation.LIMIT)

    def _root(self, project: str, *, is_known: bool) -> Offer:
        """Return the artifacts at the root, where wheelhouse-uploader keeps them, with what its page states.

        There are none where the flat page is ours, nor where there is no flat page and the project *is_known*.
        """
        page = self._flat()
        if is_known if page is None else flat.is_ours(page):
            return Offer(candidates=())
        sizes = {entry.name: entry.size for entry in self.store.list("")}
        links, missing = [], []
        for link in self._links(page):
            name = unquote(link.url.removeprefix(ROOT_URL))
            if name in sizes:
                links.append(link._replace(url=name, size=sizes.pop(name)))
            elif offer.is_of(link.filename, project):
                missing.append(Skipped(link.filename, f"linked by {layout.FLAT}, and not in the container"))
        links += offer.of_keys({name: size for name, size in sizes.items() if "/" not in name})
        root = offer.of_links(offer.settled(links), project, label=self.label)
        return Offer(candidates=root.candidates, skipped=(*root.skipped, *missing), yanked=root.yanked)

    def _links(self, page: bytes | None) -> list[Link]:
        """Return the links of a flat page of another maker."""
        try:
            return [] if page is None else index_page.read_beside(page, ROOT_URL, layout.HTML_TYPE)
        except BadPage as error:
            raise BadPage(f"{self.label}/{layout.FLAT}", error.problem, error.remedy) from None

    def _flat(self) -> bytes | None:
        """Return the flat page; of one of ours the beginning, which shows that it is. None where there is no page."""

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
