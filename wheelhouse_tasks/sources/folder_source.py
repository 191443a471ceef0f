"""A folder of artifacts, and the reader of pages and files on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name

from wheelhouse_tasks.artifacts import attestation, dist
from wheelhouse_tasks.artifacts.companions import attestation_of
from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import BadPage, BlankPage, NotAnIndexPage, PageMissing, WebError
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pages.links import PAGE_LIMIT
from wheelhouse_tasks.sources.download import Progress, read_bounded
from wheelhouse_tasks.sources.fetch_plan import Candidate
from wheelhouse_tasks.sources.index_source import IndexSource
from wheelhouse_tasks.sources.offer import ARTIFACT_SUFFIXES, Offer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_tasks.artifacts.artifact import Artifact


class FolderSource:
    """A folder of artifacts, with or without a page that states more about them, or a tree of such folders."""

    def __init__(self, path: Path, label: str = "") -> None:
        self.path = path
        self.label = label or str(path)

    def offer(self, project: str) -> Offer:
        """Return what the page links, and the artifacts that it does not link, with their sha256.

        Those of the project's own folder count too: where the tree has no root page, pip reads it all the same.
        """
        own = self._own_folder(project)
        page = page_at(self.path, self.label) if (self.path / layout.FLAT).is_file() else None
        try:
            linked = page.offer(project) if page else Offer(candidates=())
        except (PageMissing, BlankPage, NotAnIndexPage):
            offered = FolderSource(own, self.label).offer(project) if own else Offer(candidates=())
            if not (offered.candidates or offered.skipped):
                raise
            return offered
        offered = self._with_unlinked(linked, project)
        if own is None or offered.candidates or offered.skipped:
            return offered
        return FolderSource(own, self.label).offer(project)

    def _own_folder(self, project: str) -> Path | None:
        folders = (path for path in sorted(self.path.iterdir()) if canonicalize_name(path.name) == project)
        return next((path for path in folders if path.is_dir()), None)

    def _with_unlinked(self, linked: Offer, project: str) -> Offer:
        names = {candidate.artifact.filename for candidate in linked.candidates}
        names |= {skipped.name for skipped in linked.skipped}
        artifacts, unfit = dist.scan(self.path)
        candidates = [
            self._candidate(path, artifact)
            for path, artifact in artifacts
            if artifact.project == project and path.name not in names
        ]
        skipped = [file for file in unfit if file.name.endswith(ARTIFACT_SUFFIXES) and file.name not in names]
        return Offer(candidates=(*linked.candidates, *candidates), skipped=(*linked.skipped, *skipped))

    def blocks(self, candidate: Candidate, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes of a file, from byte *start* on."""
        return _read(_path(candidate.link.url), start)

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the attestation beside a file."""
        path = attestation_of(_path(candidate.link.url))
        return read_bounded(_read(path), attestation.LIMIT)

    def _candidate(self, path: Path, artifact: Artifact) -> Candidate:
        try:
            sha256, size = dist.sha256_and_size(path)
        except OSError as error:
            raise WebError(str(path), f"cannot be read: {error.strerror}") from None
        attested = attestation_of(path).is_file()
        link = Link(path.as_uri(), path.name, sha256, attested=attested)
        return Candidate(artifact=artifact, sha256=sha256, source=self.label, link=link, size=size)


def page_at(path: Path, label: str) -> IndexSource:
    """Return the source at a page on this machine, or at the folder of one."""
    return IndexSource(label, path.absolute().as_uri(), reader=FileReader())


class FileReader:
    """Reads the pages and files of this machine, given their file: URLs."""

    def page(self, url: str) -> tuple[bytes, str, str]:
        """Return a page, its URL and its content type; the page of a folder is its index.html."""
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

    def blocks(self, url: str, progress: Progress, *, stay: bool) -> Iterator[bytes]:  # noqa: ARG002
        """Yield the bytes of a file that are missing; *stay* changes nothing, because a file has no host."""
        return _read(_path(url), progress.done)


def _path(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))


def _read(path: Path, start: int = 0) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            file.seek(start)
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise WebError(str(path), f"cannot be read: {error.strerror}") from None
