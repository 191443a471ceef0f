"""A folder of artifacts, and the pages and files of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from wheelhouse_tasks.artifacts import attestation, dist
from wheelhouse_tasks.errors import BadPage, PageMissing, WebError
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pages.links import PAGE_LIMIT
from wheelhouse_tasks.sources.download import bounded
from wheelhouse_tasks.sources.fetch_plan import Candidate
from wheelhouse_tasks.sources.offer import ARTIFACT_SUFFIXES, Offer
from wheelhouse_tasks.storage.port import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_tasks.sources.index_source import IndexSource


class FolderSource:
    """A folder of artifacts, with or without a page that says more of them."""

    def __init__(self, path: Path, page: IndexSource | None = None) -> None:
        self.path = path
        self.label = str(path)
        self.page = page

    def offer(self, project: str) -> Offer:
        """Return what the page says, and the artifacts in the folder that it does not link, hashed."""
        said_by_page = self.page.offer(project) if self.page else Offer(())
        linked = {each.artifact.filename for each in said_by_page.candidates}
        linked |= {each.name for each in said_by_page.skipped}
        found, skipped = dist.scan(self.path)
        candidates = []
        for path, said in found:
            if said.project == project and path.name not in linked:
                try:
                    sha256, _, size = dist.digests(path)
                except OSError as error:
                    raise WebError(str(path), f"cannot be read: {error.strerror}") from None
                attested = path.with_name(path.name + attestation.SUFFIX).is_file()
                link = Link(path.as_uri(), path.name, sha256, attested=attested)
                candidates.append(Candidate(said, sha256, self.label, link, size))
        unfit = tuple(each for each in skipped if each.name.endswith(ARTIFACT_SUFFIXES) and each.name not in linked)
        return Offer((*said_by_page.candidates, *candidates), (*said_by_page.skipped, *unfit))

    def blocks(self, candidate: Candidate) -> Iterator[bytes]:
        """Yield a file's bytes."""
        return _read(_path(candidate.link.url))

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the file beside it."""
        path = _path(candidate.link.url)
        return bounded(_read(path.with_name(path.name + attestation.SUFFIX)))


class FileReader:
    """Reads pages and files of this machine by their file: URLs."""

    def page(self, url: str) -> tuple[bytes, str, str]:
        """Return a page; for a folder its index.html."""
        path = _path(url)
        if path.is_dir():
            path, url = path / "index.html", url.rstrip("/") + "/index.html"
        try:
            with path.open("rb") as file:
                content = file.read(PAGE_LIMIT + 1)
        except FileNotFoundError:
            raise PageMissing(str(path), "there is no such file or folder") from None
        except OSError as error:
            raise WebError(str(path), f"cannot be read: {error.strerror}") from None
        if len(content) > PAGE_LIMIT:
            raise BadPage(str(path), f"is larger than {PAGE_LIMIT >> 20} MiB")
        return content, url, layout.JSON_TYPE if content.lstrip()[:1] == b"{" else layout.HTML_TYPE

    def blocks(self, url: str, *, stay: bool) -> Iterator[bytes]:  # noqa: ARG002
        """Yield a file's bytes."""
        return _read(_path(url))


def _path(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise WebError(str(path), f"cannot be read: {error.strerror}") from None
