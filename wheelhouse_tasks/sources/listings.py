"""Read the listing that a bucket or container without pages answers with: S3 and its like, Azure Blob, Swift.

A listing has several pages. A page that does not clearly state whether another follows is rejected: a part of a
listing that passed for all of it would hide files.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, quote, unquote, unquote_plus, urlencode, urlsplit

from wheelhouse_tasks.errors import BadListing, BadPage, WebError, one_line
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PAGES, OBJECTS = 10_000, 1_000_000
"""The longest listing that is read, because a server may never end one."""

#: The beginning of a listing. It has no DOCTYPE, which no store writes, and which could declare entities.
HEAD = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:[\w.-]+:)?"
    rb"(ListBucketResult|EnumerationResults)(?=[\s/>])",
    re.DOTALL,
)
#: The elements that are objects, and all elements that are read.
ROWS = {"Contents", "Blob"}
READ = {*ROWS, "Key", "Size", "Name", "Content-Length", "CommonPrefixes", "BlobPrefix"}
READ |= {"EncodingType", "IsTruncated", "NextMarker", "NextContinuationToken"}
#: The parameters of a URL that ask for a part of a listing.
MARKERS = ("marker", "continuation-token", "start-after")
#: The parameters of a URL that only the listing of a bucket has.
QUERY = {
    "list-type",
    "max-keys",
    "prefix",
    "encoding-type",
    "restype",
    "comp",
    "maxresults",
    "format",
    "limit",
    *MARKERS,
}


class Object(NamedTuple):
    """One object of a listing; a tuple, because a listing may have a million of them."""

    key: str
    #: In bytes; None where the listing states no size.
    size: int | None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of a listing."""

    objects: list[Object]
    #: The URL of the next page; empty where this is the last one.
    next_url: str = ""


def parse(page: bytes, url: str, content_type: str) -> Listing | None:
    """Return the page of a listing that was read from *url* (after redirects), or None where *page* is something else.

    Raises BadListing for one that is damaged, shows folders in place of their objects, or does not state its end, and
    BadPage for JSON that is no listing.
    """
    head = HEAD.match(page[:4096])
    if head:
        return (_s3 if head[1] == b"ListBucketResult" else _azure)(_read_xml(page, url), url)
    if content_type.partition(";")[0].strip().lower().endswith("json") and page.lstrip()[:1] == b"[":
        return _swift(page, url)
    return None


def follow(first: Listing, url: str, *, read: Callable[[str], Listing | None]) -> Iterator[Object]:
    """Yield all objects of a listing whose *first* page came from *url*; *read* returns the page at a URL.

    Raises BadListing for a listing that repeats itself, stops in the middle or does not end.
    """
    page, seen, count = first, {url}, 0
    while True:
        count += len(page.objects)
        if count > OBJECTS or len(seen) > PAGES:
            raise BadListing(mask_url(url), f"lists more than {OBJECTS:,} objects", "narrow it down: ?prefix=")
        yield from page.objects
        if not page.next_url:
            return
        if page.next_url in seen:
            raise BadListing(mask_url(url), "is a listing that repeats itself: it never gets to its end")
        seen.add(page.next_url)
        try:
            following = read(page.next_url)
        except WebError as error:
            problem = f"{error.problem}, though the page before says that the listing goes on there"
            raise BadListing(error.subject, problem, error.remedy) from None
        if following is None:
            raise BadListing(
                mask_url(page.next_url), "is no listing, though the page before says that it goes on there"
            )
        page = following


def root(url: str) -> str:
    """Return the URL of a bucket, with "/" at its end, given the URL of its listing; a quoted key follows it."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/", query="", fragment="").geturl()


def prefix(url: str) -> str:
    """Return the beginning of all keys of a listing."""
    return parse_qs(urlsplit(url).query).get("prefix", [""])[0]


def asks_for(url: str) -> bool:
    """Return whether a URL can only be that of a listing."""
    return not QUERY.isdisjoint(parse_qs(urlsplit(url).query, keep_blank_values=True))


def in_json(url: str) -> str:
    """Return the URL of the listing in JSON, given the *url* at which Swift answers with plain text."""
    # Ceph ignores the query if the slash is missing
    parts = urlsplit(_with(url, {"format": "json"}))
    return parts._replace(path=f"{parts.path.rstrip('/')}/").geturl()


class _Element(NamedTuple):
    """An element of a listing; a tuple, because each object has several of them."""

    #: The names of its ancestors and its own, without namespaces, joined by "/".
    path: str
    text: str
    #: The number of objects that began before the element ended.
    number: int
    #: Whether the text is quoted as in a URL.
    encoded: bool


class _Elements:
    """The elements that lxml's parser meets; it builds no tree."""

    def __init__(self) -> None:
        self.elements: list[_Element] = []
        self.paths = [""]
        self.text: list[str] = []
        self.number = 0
        self.encoded = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self.paths.append(f"{self.paths[-1]}/{name}" if self.paths[-1] else name)
        self.text.clear()
        self.number += name in ROWS
        self.encoded = attributes.get("Encoded") == "true"

    def data(self, text: str) -> None:
        self.text.append(text)

    def end(self, tag: str) -> None:
        path = self.paths.pop()
        if tag.rpartition("}")[2] in READ:
            self.elements.append(_Element(path, "".join(self.text), self.number, self.encoded))
        self.text.clear()

    def close(self) -> list[_Element]:
        return self.elements


def _read_xml(page: bytes, url: str) -> list[_Element]:
    from lxml import etree

    target: Any = _Elements()
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        closed: Any = etree.fromstring(page, parser)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise BadListing(mask_url(url), f"cannot be read as XML: {one_line(str(error))}") from None
    elements: list[_Element] = closed
    return elements


def _s3(elements: list[_Element], url: str) -> Listing:
    top = "ListBucketResult/"
    texts = {element.path.removeprefix(top): element.text for element in elements}
    decode = unquote_plus if texts.get("EncodingType") == "url" else str
    row = f"{top}Contents"
    objects = _objects(elements, url, row=row, key=f"{row}/Key", size=f"{row}/Size", decode=decode)
    _reject_folders("CommonPrefixes" in texts, url)
    truncated, query = texts.get("IsTruncated", "").strip(), parse_qs(urlsplit(url).query)
    if truncated not in ("true", "false"):
        raise BadListing(mask_url(url), "is a listing that does not say whether it is complete")
    if truncated == "false":
        return Listing(objects=objects)
    token = texts.get("NextContinuationToken", "")
    if token or query.get("list-type") == ["2"]:
        next_url = _next(_with(url, {"list-type": "2"}), "continuation-token", token)
        return Listing(objects=objects, next_url=next_url)
    last, marker = objects[-1].key if objects else "", texts.get("NextMarker", "")
    if marker != last:  # SeaweedFS states that it encodes the marker, and does not
        marker = decode(marker)
    return Listing(objects=objects, next_url=_next(url, "marker", marker or last))


def _azure(elements: list[_Element], url: str) -> Listing:
    top = "EnumerationResults/"
    row = f"{top}Blobs/Blob"
    size = f"{row}/Properties/Content-Length"
    objects = _objects(elements, url, row=row, key=f"{row}/Name", size=size, decode=str)
    _reject_folders(any(element.path == f"{top}Blobs/BlobPrefix" for element in elements), url)
    markers = [element.text for element in elements if element.path == f"{top}NextMarker"]
    if not markers:
        raise BadListing(mask_url(url), "is a listing that does not say whether it is complete")
    return Listing(objects=objects, next_url=_next(url, "marker", markers[0]) if markers[0] else "")


def _objects(
    elements: list[_Element], url: str, *, row: str, key: str, size: str, decode: Callable[[str], str]
) -> list[Object]:
    """Return the objects, in order; *row*, *key* and *size* are the paths of elements."""
    keys: dict[int, str] = {}
    sizes: dict[int, int | None] = {}
    rows = 0
    for element in elements:
        if element.path == row:
            rows += 1
        elif element.path == key:
            keys[element.number] = unquote(element.text) if element.encoded else decode(element.text)
        elif element.path == size:
            sizes[element.number] = _size(element.text.strip())
    if len(keys) != rows or not all(keys.values()):
        raise BadListing(mask_url(url), "is a listing with an object that has no name")
    return [Object(name, sizes.get(number)) for number, name in keys.items()]


def _size(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _swift(page: bytes, url: str) -> Listing:
    shown = mask_url(url)
    try:
        rows = json.loads(page)
    except (ValueError, RecursionError) as error:
        raise BadPage(shown, f"cannot be read as JSON: {one_line(str(error))}") from None
    if not all(isinstance(row, dict) and (row.keys() >= {"name", "bytes"} or "subdir" in row) for row in rows):
        raise BadPage(shown, "is JSON, but neither a page of the simple repository API nor the listing of a container")
    _reject_folders(any("subdir" in row for row in rows), url)
    if not all(isinstance(row["name"], str) and row["name"] for row in rows):
        raise BadListing(shown, "is a listing with an object that has no name")
    objects = [Object(row["name"], _size(str(row["bytes"]))) for row in rows]
    # Swift states no end: the objects after the last one are requested until there are none
    return Listing(objects=objects, next_url=_next(in_json(url), "marker", objects[-1].key) if objects else "")


def _reject_folders(has_folders: bool, url: str) -> None:
    if has_folders:
        raise BadListing(mask_url(url), "shows folders in place of what is in them", "leave out ?delimiter=")


def _next(url: str, parameter: str, marker: str) -> str:
    if not marker:
        raise BadListing(mask_url(url), "is a listing that is cut off, and does not say where it goes on")
    return _with(url, {parameter: marker})


def _with(url: str, change: Mapping[str, str]) -> str:
    """Return *url* with changed parameters; a marker replaces any other marker."""
    gone = {*change, *MARKERS} if change.keys() & set(MARKERS) else set(change)
    parts = urlsplit(url)
    rest = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in gone]
    return parts._replace(query=urlencode([*rest, *change.items()], quote_via=quote), fragment="").geturl()
