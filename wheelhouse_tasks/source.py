"""Where artifacts are fetched from: index pages on the web or on disk, containers, plain folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name

from wheelhouse_tasks import artifact, attestation, dist, links, pages
from wheelhouse_tasks.errors import BadPage, Failed, NotAnArtifact, PageMissing, WebError
from wheelhouse_tasks.links import PAGE_LIMIT, Link
from wheelhouse_tasks.location import FolderIndex, Location, WebIndex
from wheelhouse_tasks.plan import Candidate, Skipped
from wheelhouse_tasks.project import Project
from wheelhouse_tasks.storage import BLOCK, Store, open_store
from wheelhouse_tasks.storage.folder import FolderStore

if TYPE_CHECKING:
    from collections.abc import Iterator

ARTIFACT_SUFFIXES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")


@dataclass(frozen=True)
class Offer:
    """What a source holds of one project."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...] = ()


class Source(Protocol):
    """Something that artifacts can be fetched from; used from several threads at once."""

    @property
    def label(self) -> str:
        """Return what to call it in messages; no secret."""

    def offer(self, project: str) -> Offer:
        """Return what it holds of *project*; raise WheelhouseError where it cannot be read."""

    def blocks(self, candidate: Candidate) -> Iterator[bytes]:
        """Yield a file's bytes; raise WheelhouseError, or TryAgainError where a second try may help."""

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the attestation beside a file that is said to have one; raise as `blocks` does."""


class Reader(Protocol):
    """How pages and files are read, given their URLs."""

    def page(self, url: str) -> tuple[bytes, str, str]:
        """Return a page, the URL that it really came from, and its content type; raise PageMissing or WebError."""

    def blocks(self, url: str, *, stay: bool) -> Iterator[bytes]:
        """Yield a file's bytes; *stay* at its host."""


def open_source(place: Location, *, timeout: float, retries: int, workers: int) -> Source:
    """Return the source at *place*. Raises UsageError for a provider that cannot be used."""
    if isinstance(place, WebIndex):
        from wheelhouse_tasks.web import Web

        web = Web(place.url, timeout=timeout, retries=retries)
        return IndexSource(place.label, web.url, web)
    if not isinstance(place, FolderIndex):
        return StoreSource(open_store(place), workers)
    if (place.path / "files").is_dir():
        return StoreSource(FolderStore(place.path), workers)
    if place.path.is_dir() and not (place.path / "index.html").is_file():
        return FolderSource(place.path)
    return IndexSource(place.label, place.path.absolute().as_uri(), FileReader())


class IndexSource:
    """An index page of any maker: a project page, flat page, folder listing, root page or JSON."""

    def __init__(self, label: str, url: str, reader: Reader) -> None:
        self.label = label
        self.url = url
        self.reader = reader

    def offer(self, project: str) -> Offer:
        """Return the links of the page, or, where it names the project's page only, of that page."""
        folder = self.url.rstrip("/") + "/"
        if urlsplit(self.url).path.rstrip("/").endswith("simple"):  # the root page of a large index names every project
            try:
                return self._offer(*self._links(f"{folder}{project}/"), project)
            except (PageMissing, BadPage):
                pass
        found, url = self._first(self.url, f"{folder}index.html", f"{folder}simple/")
        offer = self._offer(found, url, project)
        if offer.candidates or offer.skipped:
            return offer
        for link in found:
            if (
                not link.filename
                and canonicalize_name(link.last_folder) == project
                and link.url.rstrip("/") != url.rstrip("/")
            ):
                return self._offer(*self._links(link.url), project)
        return offer

    def blocks(self, candidate: Candidate) -> Iterator[bytes]:
        """Yield a file's bytes; without a promised sha256 they come from the link's own host, or not at all."""
        return self.reader.blocks(candidate.link.url, stay=candidate.sha256 is None)

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the attestation beside a file, from its own host."""
        return _bounded(self.reader.blocks(candidate.link.url + attestation.SUFFIX, stay=True))

    def _first(self, *urls: str) -> tuple[list[Link], str]:
        """Return the links of the first page that is there: object stores answer no request for a folder."""
        first: Failed | None = None
        for url in urls:
            try:
                return self._links(url)
            except (WebError, BadPage) as error:
                first = first or error
                if not isinstance(error, PageMissing | BadPage) and "(403)" not in str(error):
                    break
        raise first or PageMissing(self.label, "is not there")

    def _links(self, url: str) -> tuple[list[Link], str]:
        content, final, kind = self.reader.page(url)
        return links.parse(content, final, kind), final

    def _offer(self, found: list[Link], page: str, project: str) -> Offer:
        candidates, skipped = [], []
        for link in found:
            try:
                said = artifact.parse(link.filename)
            except NotAnArtifact as error:
                if link.filename.endswith(ARTIFACT_SUFFIXES) and _could_be(link.filename, project):
                    skipped.append(Skipped(link.filename, error.problem))
                continue
            if said.project != project:
                continue
            if link.yanked is not None:
                skipped.append(Skipped(link.filename, f"yanked: {link.yanked}" if link.yanked else "yanked"))
                continue
            candidates.append(Candidate(said, link.sha256, self.label, _guarded(link, page), link.size))
        return Offer(tuple(candidates), tuple(skipped))


def _could_be(filename: str, project: str) -> bool:
    return canonicalize_name(filename).startswith(project)


def _guarded(link: Link, page: str) -> Link:
    """Return *link*, with a problem where it leaves the page's host, or https, and promises no digest."""
    here, there = urlsplit(page), urlsplit(link.url)
    elsewhere = here.hostname != there.hostname or (here.scheme == "https" and there.scheme != "https")
    if link.sha256 or link.problem or not elsewhere:
        return link
    return link._replace(problem="leads to another host, or away from https, without a sha256")


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
        return content, url, pages.JSON_TYPE if content.lstrip()[:1] == b"{" else pages.HTML_TYPE

    def blocks(self, url: str, *, stay: bool) -> Iterator[bytes]:  # noqa: ARG002
        """Yield a file's bytes."""
        return _read(_path(url))


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
            url = pages.file_name(project, name)
            link = Link(url, name, file.sha256, None, file.size, attested=file.attested)
            candidates.append(Candidate(artifact.parse(name), file.sha256, self.label, link, file.size))
        return Offer(tuple(candidates))

    def blocks(self, candidate: Candidate) -> Iterator[bytes]:
        """Yield an object's bytes."""
        return self.store.read(candidate.link.url)

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the object beside a file."""
        return _bounded(self.store.read(candidate.link.url + attestation.SUFFIX))


class FolderSource:
    """A folder of artifacts without any page."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.label = str(path)

    def offer(self, project: str) -> Offer:
        """Return the artifacts in the folder, hashed."""
        found, skipped = dist.scan(self.path)
        candidates = []
        for path, said in found:
            if said.project == project:
                try:
                    sha256, _, size = dist.digests(path)
                except OSError as error:
                    raise WebError(str(path), f"cannot be read: {error.strerror}") from None
                attested = path.with_name(path.name + attestation.SUFFIX).is_file()
                link = Link(path.as_uri(), path.name, sha256, attested=attested)
                candidates.append(Candidate(said, sha256, self.label, link, size))
        return Offer(tuple(candidates), tuple(each for each in skipped if each.name.endswith(ARTIFACT_SUFFIXES)))

    def blocks(self, candidate: Candidate) -> Iterator[bytes]:
        """Yield a file's bytes."""
        return _read(_path(candidate.link.url))

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the file beside it."""
        path = _path(candidate.link.url)
        return _bounded(_read(path.with_name(path.name + attestation.SUFFIX)))


def _bounded(blocks: Iterator[bytes]) -> bytes:
    """Return an attestation's bytes, or as many as show that it is none."""
    text = b""
    for block in blocks:
        text += block
        if len(text) > attestation.LIMIT:
            break
    return text


def _path(url: str) -> Path:
    return Path(url2pathname(urlsplit(url).path))


def _read(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise WebError(str(path), f"cannot be read: {error.strerror}") from None
