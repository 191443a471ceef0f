"""Read the listing that a bare bucket or container answers with: S3 and its like, Azure Blob, Swift.

A listing comes in pages. One that does not surely say whether another follows is refused: part of a listing taken for
all of it would be files that are missed silently.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, quote, unquote, unquote_plus, urlencode, urlsplit

from wheelhouse_tasks.errors import BadListing, BadPage, WebError, one_line
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PAGES, OBJECTS = 10_000, 1_000_000
"""A listing that goes on beyond is given up: a server may never end."""

#: How a listing begins. One with a DOCTYPE is none: no store writes it, and it is what entities are declared in.
HEAD = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:[\w.-]+:)?"
    rb"(ListBucketResult|EnumerationResults)(?=[\s/>])",
    re.DOTALL,
)
#: The elements that stand for objects, and all that are read.
ROWS = {"Contents", "Blob"}
READ = {*ROWS, "Key", "Size", "Name", "Content-Length", "CommonPrefixes", "BlobPrefix"}
READ |= {"EncodingType", "IsTruncated", "NextMarker", "NextContinuationToken"}
#: What asks for a part of a listing.
MARKERS = ("marker", "continuation-token", "start-after")
#: What a person writes behind the URL of a bucket to ask for its listing.
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
    """One object of a listing."""

    key: str
    #: Bytes, where the listing tells.
    size: int | None


class Listing(NamedTuple):
    """One page of a listing."""

    objects: list[Object]
    #: The next page; empty where this is the last one.
    next_url: str


def parse(page: bytes, url: str, content_type: str) -> Listing | None:
    """Return the listing that was read from *url* (after redirects), or None where *page* is something else.

    Raises BadListing for one that is damaged, shows folders in place of what is in them, or hides its end, and BadPage
    for JSON that is no listing.
    """
    head = HEAD.match(page[:4096])
    if head:
        return (_s3 if head[1] == b"ListBucketResult" else _azure)(_read_xml(page, url), url)
    if content_type.partition(";")[0].strip().lower().endswith("json") and page.lstrip()[:1] == b"[":
        return _swift(page, url)
    return None


def follow(first: Listing, url: str, read: Callable[[str], Listing | None]) -> Iterator[Object]:
    """Yield the objects of a listing whose *first* page came from *url*, to its end; *read* returns that at a URL.

    Raises BadListing for a listing that repeats itself, stops in the middle or does not end.
    """
    found, seen, count = first, {url}, 0
    while True:
        count += len(found.objects)
        if count > OBJECTS or len(seen) > PAGES:
            raise BadListing(mask_url(url), f"lists more than {OBJECTS:,} objects", "narrow it down: ?prefix=")
        yield from found.objects
        if not found.next_url:
            return
        if found.next_url in seen:
            raise BadListing(mask_url(url), "is a listing that repeats itself: it never gets to its end")
        seen.add(found.next_url)
        try:
            following = read(found.next_url)
        except WebError as error:
            problem = f"{error.problem}, though the page before says that the listing goes on there"
            raise BadListing(error.subject, problem, error.remedy) from None
        if following is None:
            raise BadListing(
                mask_url(found.next_url), "is no listing, though the page before says that it goes on there"
            )
        found = following


def root(url: str) -> str:
    """Return the URL that all quoted keys are below, given that of a listing; it ends in "/"."""
    parts = urlsplit(url)
    return parts._replace(path=f"{parts.path.rstrip('/')}/", query="", fragment="").geturl()


def prefix(url: str) -> str:
    """Return what all keys of a listing begin with."""
    return parse_qs(urlsplit(url).query).get("prefix", [""])[0]


def asks_for(url: str) -> bool:
    """Tell a URL that can be nothing but that of a listing."""
    return not QUERY.isdisjoint(parse_qs(urlsplit(url).query, keep_blank_values=True))


def in_json(url: str) -> str:
    """Return the URL at which Swift answers with JSON what it answers with plain text at *url*."""
    # Ceph heeds no query without the slash
    parts = urlsplit(_with(url, {"format": "json"}))
    return parts._replace(path=f"{parts.path.rstrip('/')}/").geturl()


class _Element(NamedTuple):
    """An element of a listing."""

    #: The names of its ancestors and its own, without namespaces, joined by "/".
    path: str
    text: str
    #: How many objects began before it ended.
    number: int
    #: Whether its text is quoted as in a URL.
    encoded: bool


class _Elements:
    """Collects what lxml's parser meets, without building a tree."""

    def __init__(self) -> None:
        self.found: list[_Element] = []
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
            self.found.append(_Element(path, "".join(self.text), self.number, self.encoded))
        self.text.clear()

    def close(self) -> list[_Element]:
        return self.found


def _read_xml(page: bytes, url: str) -> list[_Element]:
    from lxml import etree

    target: Any = _Elements()
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        found: Any = etree.fromstring(page, parser)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise BadListing(mask_url(url), f"cannot be read as XML: {one_line(str(error))}") from None
    elements: list[_Element] = found
    return elements


def _s3(elements: list[_Element], url: str) -> Listing:
    top = "ListBucketResult/"
    said = {each.path.removeprefix(top): each.text for each in elements}
    encoded = said.get("EncodingType") == "url"
    decode = unquote_plus if encoded else str
    found = _objects(elements, url, f"{top}Contents", f"{top}Contents/Key", f"{top}Contents/Size", decode)
    _refuse_folders(f"{top}CommonPrefixes" in {each.path for each in elements}, url)
    truncated, asked = said.get("IsTruncated", "").strip(), parse_qs(urlsplit(url).query)
    if truncated not in ("true", "false"):
        raise BadListing(mask_url(url), "is a listing that does not say whether it is complete")
    if truncated == "false":
        return Listing(found, "")
    token = said.get("NextContinuationToken", "")
    if token or asked.get("list-type") == ["2"]:
        return Listing(found, _next(_with(url, {"list-type": "2"}), "continuation-token", token))
    last, marker = found[-1].key if found else "", said.get("NextMarker", "")
    if marker != last:  # SeaweedFS says that it encodes it, and does not
        marker = decode(marker)
    return Listing(found, _next(url, "marker", marker or last))


def _azure(elements: list[_Element], url: str) -> Listing:
    top = "EnumerationResults/"
    rows = f"{top}Blobs/Blob"
    found = _objects(elements, url, rows, f"{rows}/Name", f"{rows}/Properties/Content-Length", str)
    _refuse_folders(any(each.path == f"{top}Blobs/BlobPrefix" for each in elements), url)
    markers = [each.text for each in elements if each.path == f"{top}NextMarker"]
    if not markers:
        raise BadListing(mask_url(url), "is a listing that does not say whether it is complete")
    return Listing(found, _next(url, "marker", markers[0]) if markers[0] else "")


def _objects(
    elements: list[_Element], url: str, row: str, key: str, size: str, decode: Callable[[str], str]
) -> list[Object]:
    """Return the objects, in order."""
    keys: dict[int, str] = {}
    sizes: dict[int, int | None] = {}
    rows = 0
    for each in elements:
        if each.path == row:
            rows += 1
        elif each.path == key:
            keys[each.number] = unquote(each.text) if each.encoded else decode(each.text)
        elif each.path == size:
            sizes[each.number] = _size(each.text.strip())
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
    _refuse_folders(any("subdir" in row for row in rows), url)
    if not all(isinstance(row["name"], str) and row["name"] for row in rows):
        raise BadListing(shown, "is a listing with an object that has no name")
    found = [Object(row["name"], _size(str(row["bytes"]))) for row in rows]
    # it says nowhere how many there are: what follows the last one is asked for, until nothing does
    return Listing(found, _next(in_json(url), "marker", found[-1].key) if found else "")


def _refuse_folders(has_folders: bool, url: str) -> None:
    if has_folders:
        raise BadListing(mask_url(url), "shows folders in place of what is in them", "leave out ?delimiter=")


def _next(url: str, parameter: str, marker: str) -> str:
    if not marker:
        raise BadListing(mask_url(url), "is a listing that is cut off, and does not say where it goes on")
    return _with(url, {parameter: marker})


def _with(url: str, change: Mapping[str, str]) -> str:
    """Return *url* with other values in its query; a marker replaces any other."""
    gone = {*change, *MARKERS} if change.keys() & set(MARKERS) else set(change)
    parts = urlsplit(url)
    rest = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in gone]
    return parts._replace(query=urlencode([*rest, *change.items()], quote_via=quote), fragment="").geturl()
