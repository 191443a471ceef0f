"""An index page of any maker, or the listing of a bucket, that artifacts are fetched from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import quote, unquote, urlsplit

from packaging.utils import canonicalize_name

from wheelhouse_tasks.artifacts import attestation
from wheelhouse_tasks.errors import (
    BadListing,
    BadPage,
    BlankPage,
    PageMissing,
    WebError,
)
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.sources import index_page, listings, offer
from wheelhouse_tasks.sources.download import bounded
from wheelhouse_tasks.sources.offer import ARTIFACT_SUFFIXES, Offer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wheelhouse_tasks.pages.link import Link
    from wheelhouse_tasks.sources.fetch_plan import Candidate
    from wheelhouse_tasks.sources.listings import Listing

FORBIDDEN = 403


class Reader(Protocol):
    """How pages and files are read, given their URLs."""

    def page(self, url: str) -> tuple[bytes, str, str]:
        """Return a page, the URL that it really came from, and its content type; raise PageMissing or WebError."""

    def blocks(self, url: str, *, stay: bool) -> Iterator[bytes]:
        """Yield a file's bytes; *stay* at its host."""


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
        return bounded(self.reader.blocks(candidate.link.url + attestation.SUFFIX, stay=True))

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
