"""Where artifacts are fetched from: index pages and buckets on the web, pages on disk, containers, plain folders."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name

from wheelhouse_tasks.artifacts import artifact, attestation, dist
from wheelhouse_tasks.artifacts.companions import ATTESTATION
from wheelhouse_tasks.artifacts.local import Skipped
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.errors import (
    BadListing,
    BadPage,
    BlankPage,
    ObjectMissing,
    PageMissing,
    Unsupported,
    WebError,
)
from wheelhouse_tasks.pages import flat, layout
from wheelhouse_tasks.pages.links import PAGE_LIMIT, Link
from wheelhouse_tasks.retry import TryAgainError, pause, retry
from wheelhouse_tasks.settings.locations import FolderIndex, Location, WebIndex
from wheelhouse_tasks.sources import index_page, listings, offer
from wheelhouse_tasks.sources.fetch_plan import Candidate
from wheelhouse_tasks.sources.offer import ARTIFACT_SUFFIXES, Offer
from wheelhouse_tasks.storage.folder import FolderStore
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import BLOCK, READ_RETRIES, Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wheelhouse_tasks.sources.listings import Listing

#: Stands for the root of a container, which a page in it cannot know the URL of.
CONTAINER = "https://container.invalid/"
FORBIDDEN = 403


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


def open_source(place: Location, *, timeout: float, retries: int, workers: int, ca_bundle: str | None = None) -> Source:
    """Return the source at *place*. Raises UsageError for a provider that cannot be used."""
    if isinstance(place, WebIndex):
        from wheelhouse_tasks.sources.web import Web

        web = Web(place.url, timeout=timeout, retries=retries, ca_bundle=ca_bundle)
        return IndexSource(place.label, web.url, web)
    if not isinstance(place, FolderIndex):
        return StoreSource(open_store(place), workers)
    if (place.path / "files").is_dir():
        return StoreSource(FolderStore(place.path), workers)
    page = IndexSource(place.label, place.path.absolute().as_uri(), FileReader())
    if place.path.is_dir():
        return FolderSource(place.path, page if (place.path / layout.FLAT).is_file() else None)
    return page


class Found(NamedTuple):
    """What is at a URL."""

    #: After redirects.
    url: str
    links: list[Link]
    #: Keys and sizes, where it is a listing.
    objects: Mapping[str, int | None] | None = None


class IndexSource:
    """An index page of any maker (project page, flat page, folder listing, root page, JSON), or a bucket's listing."""

    def __init__(self, label: str, url: str, reader: Reader) -> None:
        self.label = label
        self.url = url
        self.reader = reader

    def offer(self, project: str) -> Offer:
        """Return the links of the page, or, where it names the project's page only, of that page."""
        if not urlsplit(self.url).path.rstrip("/").endswith("simple") or listings.asks_for(self.url):
            return self._of_root(project)
        try:  # the root page of a large index names every project
            return self._of_page(_below(self.url, f"{project}/"), project)
        except (WebError, BlankPage) as error:
            doubt = _doubt(error)
        try:
            return _sure(self._of_root(project), doubt)
        except PageMissing as error:
            raise doubt or error from None

    def _of_page(self, url: str, project: str) -> Offer:
        """Return what the page of a project offers, which may have moved."""
        found = self._links(url)
        offered = self._offer(found, project)
        if found.url != url and not (offered.candidates or offered.skipped):
            index_page.check_moved(url, found.url, project)
        return offered

    def _of_root(self, project: str) -> Offer:
        """Return what the page or listing at the URL offers, or that of the project which it names."""
        below = [] if listings.asks_for(self.url) else [_below(self.url, layout.FLAT), _below(self.url, "simple/")]
        found, doubt = self._first(self.url, *below)
        if found.objects is not None:
            return self._listed(found.objects, found.url, project)
        direct = self._offer(found, project)
        if direct.candidates or direct.skipped:
            return direct
        for link in found.links:
            if (
                not link.filename
                and canonicalize_name(link.last_folder) == project
                and link.url.rstrip("/") != found.url.rstrip("/")
            ):
                return self._of_page(link.url, project)
        return _sure(direct, doubt)

    def blocks(self, candidate: Candidate) -> Iterator[bytes]:
        """Yield a file's bytes; without a promised digest they come from the link's own host, or not at all."""
        promised = candidate.sha256 or candidate.link.digest
        return self.reader.blocks(candidate.link.url, stay=promised is None)

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the attestation beside a file, from its own host."""
        return _bounded(self.reader.blocks(candidate.link.url + ATTESTATION, stay=True))

    def _first(self, *urls: str) -> tuple[Found, BlankPage | None]:
        """Return the first of what is there, and the blank page that it stands in for.

        Object stores answer no request for a folder. Whatever is neither "not there" nor in doubt ends the search: no
        other page stands in for one that is damaged.
        """
        first: WebError | BlankPage | None = None
        blank: BlankPage | None = None
        for url in urls:
            try:
                return self._found(url), blank
            except BlankPage as error:
                first, blank = first or error, blank or error
            except WebError as error:
                first = first or error
                _doubt(error)
        raise first or PageMissing(self.label, "is not there")

    def _links(self, url: str) -> Found:
        content, final, kind = self.reader.page(url)
        with index_page.named_as(url, final):
            return Found(final, index_page.read(content, final, kind))

    def _found(self, url: str) -> Found:
        """Return what is at a URL, be it a page or a listing, which is followed to its end."""
        content, final, kind = self.reader.page(url)
        with index_page.named_as(url, final):
            listing = listings.parse(content, final, kind)
        if listing is None:
            try:
                with index_page.named_as(url, final):
                    return Found(final, index_page.read(content, final, kind))
            except BadPage:
                final, listing = listings.in_json(final), self._swift(final, kind)
                if listing is None:
                    raise
        found = listings.follow(listing, final, self._listing)
        kept = {each.key: each.size for each in found if each.key.endswith((*ARTIFACT_SUFFIXES, layout.FLAT))}
        return Found(final, [], kept)

    def _swift(self, url: str, kind: str) -> Listing | None:
        """Return the listing that Swift answers with plain text, which tells neither sizes nor where it ends."""
        try:
            return self._listing(listings.in_json(url)) if kind.lower().startswith("text/plain") else None
        except BadListing:
            raise
        except (BadPage, PageMissing):
            return None

    def _listing(self, url: str) -> Listing | None:
        return listings.parse(*self.reader.page(url))

    def _listed(self, objects: Mapping[str, int | None], url: str, project: str) -> Offer:
        """Return what a bucket holds: what its pages say of the project, and every object that they do not link."""
        told, rest = offer.arrange(objects, project, listings.prefix(url))
        root = listings.root(url)
        found = [link for key in told for link in index_page.read_beside(*self.reader.page(root + quote(key)))]
        linked, path = {unquote(urlsplit(link.url).path) for link in found}, unquote(urlsplit(root).path)
        unlinked = {key: objects[key] for key in rest if path + key not in linked}
        return self._offer(Found(url, [*found, *offer.of_keys(unlinked, lambda key: root + quote(key))]), project)

    def _offer(self, found: Found, project: str) -> Offer:
        guarded = offer.settled(offer.guarded(link, found.url) for link in found.links)
        return offer.of_links(guarded, project, self.label)


def _doubt(error: WebError | BlankPage) -> WebError | BlankPage | None:
    """Return None for what is not there, *error* where that is in doubt, and raise what is neither.

    Object stores answer 403 for what they do not have, and with a blank page where a folder has a marker.
    """
    if isinstance(error, PageMissing):
        return None
    if isinstance(error, WebError) and error.status != FORBIDDEN:
        raise error
    return error


def _sure(offered: Offer, doubt: WebError | BlankPage | None) -> Offer:
    """Return what is offered; raise the *doubt* where that is nothing."""
    if doubt and not (offered.candidates or offered.skipped):
        raise doubt
    return offered


def _below(url: str, name: str) -> str:
    """Return the URL of a page in a folder, with the folder's query."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{name}").geturl()


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
        return _bounded(self.store.read(candidate.link.url + ATTESTATION))

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
                attested = path.with_name(path.name + ATTESTATION).is_file()
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
        return _bounded(_read(path.with_name(path.name + ATTESTATION)))


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
