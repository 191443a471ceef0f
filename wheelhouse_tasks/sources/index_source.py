"""An index page of any maker, or the listing of a bucket, that artifacts are fetched from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name

from wheelhouse_tasks.artifacts import attestation
from wheelhouse_tasks.artifacts.companions import ATTESTATION
from wheelhouse_tasks.errors import (
    BadListing,
    BadPage,
    BlankPage,
    LoginPage,
    NotAnIndexPage,
    PageMissing,
    WebError,
)
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.sources import index_page, listings, offer
from wheelhouse_tasks.sources.download import Progress, read_bounded
from wheelhouse_tasks.sources.offer import ARTIFACT_SUFFIXES, Offer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wheelhouse_tasks.pages.link import Link
    from wheelhouse_tasks.sources.fetch_plan import Candidate
    from wheelhouse_tasks.sources.listings import Listing

FORBIDDEN = 403


class Reader(Protocol):
    """Reads pages and files, given their URLs."""

    def page(self, url: str) -> tuple[bytes, str, str]:
        """Return a page, its URL after redirects, and its content type; raise PageMissing or WebError."""

    def blocks(self, url: str, progress: Progress, *, stay: bool) -> Iterator[bytes]:
        """Yield the bytes of a file that are missing; with *stay*, reject a redirect to another host."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """What is at a URL: a page, or a listing."""

    #: The URL after redirects.
    url: str
    links: list[Link]
    #: The sizes of the objects, by key; None where it is a page.
    objects: Mapping[str, int | None] | None = None


class IndexSource:
    """An index page of any maker (project page, flat page, folder listing, root page, JSON), or a bucket's listing.

    It is read as pip reads it, by `--find-links` and by `--index-url`.
    """

    def __init__(self, label: str, url: str, *, reader: Reader, trust: frozenset[str] = frozenset()) -> None:
        self.label = label
        self.url = url
        self.reader = reader
        #: The hosts that may send files without a digest.
        self.trust = trust

    def offer(self, project: str) -> Offer:
        """Return the artifacts that the page links, or those of the project's page, where it links only that one."""
        if not urlsplit(self.url).path.rstrip("/").endswith("simple") or listings.asks_for(self.url):
            return self._of_root(project)
        try:  # first: the root page of a large package index names every project
            return self._of_page(_below(self.url, f"{project}/"), project)
        except (WebError, BlankPage) as error:
            doubt = _doubt(error)
        try:
            return _certain(self._of_root(project), doubt)
        except PageMissing as error:
            raise doubt or error from None

    def blocks(self, candidate: Candidate, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes of a file. Without a promised digest, only the host of its link may send them."""
        progress = Progress(done=start, proven=not candidate.unverified)
        return self.reader.blocks(candidate.link.url, progress, stay=candidate.unverified)

    def attestation(self, candidate: Candidate) -> bytes:
        """Return the attestation beside a file; only the host of the file's link may send it."""
        blocks = self.reader.blocks(candidate.link.url + ATTESTATION, Progress(), stay=True)
        return read_bounded(blocks, attestation.LIMIT)

    def _of_page(self, url: str, project: str) -> Offer:
        """Return what the page of a project offers; raise BadPage where a redirect led to another project's page."""
        page = self._first_page(url)
        offered = self._offer(page, project)
        if page.url != url and not (offered.candidates or offered.skipped):
            index_page.check_moved(url, page.url, project)
        return offered

    def _of_root(self, project: str) -> Offer:
        """Return what the page or listing at the source's URL offers, or the project's page that it links."""
        below = [] if listings.asks_for(self.url) else [_below(self.url, layout.FLAT), _below(self.url, "simple/")]
        try:
            root, doubt = self._first(self.url, *below)
        except (WebError, BlankPage, NotAnIndexPage) as error:
            if listings.asks_for(self.url) or (isinstance(error, WebError) and error.status is None):
                raise
            return self._without_root(project, error)
        return self._of_found_root(root, project, doubt)

    def _of_found_root(self, root: Resource, project: str, doubt: BlankPage | None) -> Offer:
        if root.objects is not None:
            return self._of_listing(root.objects, root.url, project)
        offered = self._offer(root, project)
        if offered.candidates or offered.skipped:
            return offered
        for link in root.links:
            if _names(link, project) and link.url.rstrip("/") != root.url.rstrip("/"):
                try:
                    return self._of_page(link.url, project)
                except (WebError, BlankPage, NotAnIndexPage) as error:
                    return self._without_root(project, error)
        if not doubt and not any(link.filename.endswith(ARTIFACT_SUFFIXES) for link in root.links):
            # a root may name some of the projects that it has, or none
            return self._without_root(project, None)
        return _certain(offered, doubt)

    def _without_root(self, project: str, doubt: WebError | BadPage | None) -> Offer:
        """Return what the page of a project below the URL offers: pip asks an index for nothing else.

        Raises *doubt*, the error of the root page, where there is no such page either.
        """
        try:
            offered = self._of_page(_below(self.url, f"{project}/"), project)
        except LoginPage as error:
            raise doubt or error from None
        except (BlankPage, NotAnIndexPage):
            offered = Offer(candidates=())
        except WebError as error:
            if error.status is None and not isinstance(error, PageMissing):
                raise
            if not doubt:
                _doubt(error)
            offered = Offer(candidates=())
        return _certain(offered, doubt)

    def _of_listing(self, objects: Mapping[str, int | None], url: str, project: str) -> Offer:
        """Return what a bucket offers: the links of its pages on the project, and each object that they do not link."""
        pages, others = offer.arrange(objects, project, prefix=listings.prefix(url))
        root = listings.root(url)
        links = [link for key in pages for link in index_page.read_beside(*self.reader.page(root + quote(key)))]
        linked, path = {unquote(urlsplit(link.url).path) for link in links}, unquote(urlsplit(root).path)
        unlinked = {key: objects[key] for key in others if path + key not in linked}
        links += offer.of_keys(unlinked, lambda key: root + quote(key))
        return self._offer(Resource(url=url, links=links), project)

    def _offer(self, resource: Resource, project: str) -> Offer:
        links = offer.settled(offer.guarded(link, resource.url, self.trust) for link in resource.links)
        return offer.of_links(links, project, label=self.label)

    def _first(self, *urls: str) -> tuple[Resource, BlankPage | None]:
        """Return what is at the first URL that has something, and the error of a blank page before it.

        Object stores do not answer the request for a folder. Only a page that is missing, blank or forbidden lets the
        search go on: no other page replaces one that is damaged.
        """
        first: WebError | BlankPage | None = None
        blank: BlankPage | None = None
        for url in urls:
            try:
                return self._resource(url), blank
            except BlankPage as error:
                first, blank = first or error, blank or error
            except WebError as error:
                first = first or error
                _doubt(error)
        raise first or PageMissing(self.label, "is not there")

    def _first_page(self, url: str) -> Resource:
        """Return the page of a folder; object stores have it under its own name only."""
        try:
            return self._page(url)
        except (WebError, BlankPage) as error:
            doubt = _doubt(error)
            if not url.endswith("/"):
                raise
            missing = error
        try:
            return self._page(url + layout.FLAT)
        except PageMissing:
            raise doubt or missing from None

    def _page(self, url: str) -> Resource:
        content, final, kind = self.reader.page(url)
        with index_page.named_as(url, final):
            return Resource(url=final, links=index_page.read(content, final, kind))

    def _resource(self, url: str) -> Resource:
        """Return what is at a URL, a page or a listing with all of its parts."""
        content, final, kind = self.reader.page(url)
        with index_page.named_as(url, final):
            listing = listings.parse(content, final, kind)
        if listing is None:
            try:
                with index_page.named_as(url, final):
                    return Resource(url=final, links=index_page.read(content, final, kind))
            except BadPage:
                final, listing = listings.in_json(final), self._swift(final, kind)
                if listing is None:
                    raise
        objects = listings.follow(listing, final, read=self._listing)
        wanted = (*ARTIFACT_SUFFIXES, layout.FLAT)
        return Resource(url=final, links=[], objects={key: size for key, size in objects if key.endswith(wanted)})

    def _swift(self, url: str, kind: str) -> Listing | None:
        """Return the listing of Swift in JSON: its plain text has neither sizes nor a mark of its end."""
        try:
            return self._listing(listings.in_json(url)) if kind.lower().startswith("text/plain") else None
        except BadListing:
            raise
        except (BadPage, PageMissing):
            return None

    def _listing(self, url: str) -> Listing | None:
        return listings.parse(*self.reader.page(url))


def _doubt(error: WebError | BlankPage) -> WebError | BlankPage | None:
    """Return None for a missing page, and *error* where the page may be missing; raise any other error.

    Object stores answer 403 for a page that they do not have, and a blank page where a folder has a marker.
    """
    if isinstance(error, PageMissing):
        return None
    if isinstance(error, WebError) and error.status != FORBIDDEN:
        raise error
    return error


def _names(link: Link, project: str) -> bool:
    """Return whether a link leads to the page of a project: `demo/`, `demo` and `demo/index.html` are its names."""
    path = unquote(urlsplit(link.url).path).rstrip("/").removesuffix(f"/{layout.FLAT}")
    return canonicalize_name(path.rpartition("/")[2]) == project


def _certain(offered: Offer, doubt: WebError | BadPage | None) -> Offer:
    """Return an offer; raise *doubt* where the offer is empty."""
    if doubt and not (offered.candidates or offered.skipped):
        raise doubt
    return offered


def _below(url: str, name: str) -> str:
    """Return the URL of a page in a folder, with the folder's query."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{name}").geturl()
