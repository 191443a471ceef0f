"""Read the links of an HTML page of any shape, whoever made it."""

from __future__ import annotations

import codecs
import functools
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from wheelhouse_tasks.errors import BadPage, one_line
from wheelhouse_tasks.pages.layout import KNOWN_API
from wheelhouse_tasks.pages.link import Link, link_to, resolve
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A page that ends within a tag.
CUT, CUT_LIMIT = re.compile(rb"<[a-zA-Z/!][^<>]*\Z"), 65536
#: A tag that is read at the end of a page, unless the page ends within another tag, an attribute or a comment.
END = "wheelhouse-end"
OPENED, CLOSED = re.compile(rb"<(?:html|body)[\s>]", re.IGNORECASE), re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)
#: Of a content type: no charset, or one in which ASCII bytes are ASCII.
ASCII_CHARSET = re.compile(
    r"\A(?!.*charset)|charset=[\"']?(utf-8|us-ascii|iso-8859-1)[\"']?\s*\Z", re.IGNORECASE | re.DOTALL
)
#: A relative link as most are: a folder, and a name that nothing needs to be done to but to put it behind the folder.
PLAIN_FOLDER = re.compile(r"(?:[\w.%+!~-]+/)*", re.ASCII)
PLAIN_NAME = re.compile(r"((?!\.{1,2}(?:#|\Z))[\w.%+!~-]+)(?:#sha256=([0-9a-f]{64}))?", re.ASCII)
#: HTML's white space, which surrounds a URL in an attribute without being part of it.
BLANKS = " \t\n\f\r"
#: Our own attribute of a link whose file has an attestation beside it.
ATTESTED = "data-attestation"


def is_unfinished(page: bytes) -> bool:
    """Tell an HTML page that does not close what it opens: of many makers, so that it alone proves nothing."""
    return bool(OPENED.search(page[:4096])) and not CLOSED.search(page[-CUT_LIMIT:])


def looks_like_html(page: bytes) -> bool:
    """Tell a page that a store serves as application/octet-stream."""
    return page.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))


def _utf8(page: bytes, content_type: str, shown: str) -> bytes:
    """Return a page in UTF-8, leniently: lxml would stop without a word at a byte that the charset does not have.

    Raises BadPage for one that ends in the middle of a letter.
    """
    if page.isascii() and ASCII_CHARSET.search(content_type):
        return page
    for mark, charset in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if page.startswith(mark):
            _check_last_letter(page, charset, shown)
            return page.removeprefix(codecs.BOM_UTF8).decode(charset, "replace").encode()
    found = re.search(r"charset=[\"']?([\w.:-]+)", content_type, re.IGNORECASE | re.ASCII)
    try:
        charset = codecs.lookup(found[1] if found else "utf-8").name
        if not charset.startswith(("utf-16", "utf-32")) and not _keeps_ascii(charset):
            charset = "utf-8"  # not one that a page could be written in
        _check_last_letter(page, charset, shown)
        return page.decode(charset, "replace").encode("utf-8", "replace")
    except (LookupError, UnicodeError):
        return page.decode("utf-8", "replace").encode()


def _check_last_letter(page: bytes, charset: str, shown: str) -> None:
    if not charset.startswith("utf-"):
        return
    decoder = codecs.getincrementaldecoder(charset)()
    try:
        decoder.decode(page)
    except UnicodeError:  # it is in another charset
        return
    if decoder.getstate()[0]:
        raise BadPage(shown, "is cut off in the middle of a letter")


def _keeps_ascii(charset: str) -> bool:
    """Tell whether ASCII bytes are ASCII in a charset, and a backslash is no escape, as in one of Python's own."""
    text = b"<a>\\x41".decode(charset)
    return text.startswith("<a>") and not text.endswith("A")


def parse(page: bytes, url: str, content_type: str) -> list[Link]:
    """Return the links of an HTML page that was read from *url*; raise BadPage as `links.parse` does."""
    from lxml import etree

    shown = mask_url(url)
    page = _utf8(page, content_type, shown)
    if CUT.search(page[-CUT_LIMIT:]):
        raise BadPage(shown, "is cut off in the middle of a tag")
    target: Any = _Anchors()
    # A target: the tree parser silently drops what is nested deeper than 256, or follows 10 MB of text.
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    if page and not page.isspace():
        try:
            etree.fromstring(page + f"<{END}>".encode(), parser)
        except etree.LxmlError as error:
            raise BadPage(shown, f"cannot be read as HTML: {one_line(str(error))}") from None
        if not target.ended:
            raise BadPage(shown, "is cut off in the middle of a tag, a comment or a script")
    if target.version and not KNOWN_API.fullmatch(target.version):
        raise BadPage(shown, f"has API version {one_line(target.version)!r}, expected 1.x")
    if target.promised not in (None, str(len(target.anchors))):
        raise BadPage(shown, f"is cut off: {len(target.anchors)} links of {one_line(str(target.promised))}")
    base = _base(url, target.base)
    found = [link for link in (_html_link(*each, base=base, page=url) for each in target.anchors) if link]
    if target.asks_password and not any(link.filename.endswith((".whl", ".tar.gz", ".zip")) for link in found):
        raise BadPage(shown, "is a login page, not an index page")
    return found


def _base(url: str, base: str | None) -> str:
    try:
        return urljoin(url, base.strip(BLANKS)) if base else url
    except ValueError:
        return url


class _Anchors:
    """Collects what lxml's parser meets."""

    def __init__(self) -> None:
        #: Of each link href, data-yanked, data-size, and whether it is attested: all would take ten times the memory.
        self.anchors: list[tuple[str, str | None, str, bool]] = []
        self.base: str | None = None
        #: How many links a page of ours says it has.
        self.promised: str | None = None
        #: Version of the simple repository API, where the page says one (PEP 629).
        self.version = ""
        self.asks_password = False
        #: Whether the parser came to the end of the page outside of every tag and comment.
        self.ended = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.ended = tag == END
        if tag == "a" and "href" in attributes:
            get = attributes.get
            self.anchors.append((attributes["href"], get("data-yanked"), get("data-size", ""), ATTESTED in attributes))
        elif tag == "base" and self.base is None and "href" in attributes:
            self.base = attributes["href"]
        elif tag == "meta" and attributes.get("name") == "wheelhouse:links":
            self.promised = attributes.get("content")
        elif tag == "meta" and attributes.get("name") == "pypi:repository-version":
            self.version = attributes.get("content", "").strip()
        elif tag == "input" and attributes.get("type", "").lower() == "password":
            self.asks_password = True

    def close(self) -> None:
        """End."""


def _html_link(href: str, yanked: str | None, size: str, attested: bool, *, base: str, page: str) -> Link | None:
    number = int(size) if size.isdecimal() and len(size) < 16 else None
    folder, slash, rest = href.rpartition("/")
    plain = PLAIN_NAME.fullmatch(rest)
    shelf = _folder(base, folder + slash, page) if plain else None
    if plain and shelf:
        name, digest = plain.groups()
        filename = name.replace("%2B", "+")  # nearly always all there is to do, and unquote is slow
        filename = unquote(name) if "%" in filename else filename
        return Link(shelf + name, filename, digest, yanked, number, "", attested)
    return link_to(href.strip(BLANKS), base, page, yanked=yanked, size=number, attested=attested)


@functools.lru_cache(maxsize=1024)
def _folder(base: str, href: str, page: str) -> str | None:
    """Return the URL of a plain folder."""
    parts = resolve(base, f"{href}x", page) if PLAIN_FOLDER.fullmatch(href) else None
    return parts.geturl()[:-1] if parts else None
