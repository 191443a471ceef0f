"""Read the links of an HTML page of any shape and any maker."""

from __future__ import annotations

import codecs
import functools
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from wheelhouse_tasks.errors import BadPage, LoginPage, one_line
from wheelhouse_tasks.pages.layout import KNOWN_API
from wheelhouse_tasks.pages.link import Link, link_to, resolve
from wheelhouse_tasks.pages.quoting import path_quoted
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Our own attribute of a link whose file has an attestation beside it.
ATTESTED = "data-attestation"
#: The end of a page that ends within a tag.
CUT, CUT_LIMIT = re.compile(rb"<[a-zA-Z/!][^<>]*\Z"), 65536
#: A tag that is added to a page; the parser meets it unless the page ends within a tag, an attribute or a comment.
END = "wheelhouse-end"
OPENED, CLOSED = re.compile(rb"<(?:html|body)[\s>]", re.IGNORECASE), re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)
#: A content type that names no charset, or one in which ASCII bytes are ASCII.
ASCII_CHARSET = re.compile(
    r"\A(?!.*charset)|charset=[\"']?(utf-8|us-ascii|iso-8859-1)[\"']?\s*\Z", re.IGNORECASE | re.DOTALL
)
#: The two parts of most relative links: a folder, and a name whose URL is that of the folder with the name behind it.
PLAIN_FOLDER = re.compile(r"(?:[\w.%+!~-]+/)*", re.ASCII)
PLAIN_NAME = re.compile(r"((?!\.{1,2}(?:#|\Z))[\w.%+!~-]+)(?:#sha256=([0-9a-f]{64}))?", re.ASCII)
#: HTML's white space: it may surround a URL in an attribute, and is no part of the URL.
BLANKS = " \t\n\f\r"


def parse(page: bytes, url: str, content_type: str) -> list[Link]:
    """Return the links of an HTML page that was read from *url*; raise BadPage as `links.parse` does."""
    shown = mask_url(url)
    anchors = _read_anchors(_in_utf8(page, content_type, shown), shown)
    if anchors.version and not KNOWN_API.fullmatch(anchors.version):
        raise BadPage(shown, f"has API version {one_line(anchors.version)!r}, expected 1.x")
    if anchors.promised not in (None, str(len(anchors.rows))):
        raise BadPage(shown, f"is cut off: {len(anchors.rows)} links of {one_line(str(anchors.promised))}")
    base = _base(url, anchors.base)
    links = [link for link in (_link(*row, base=base, page=url) for row in anchors.rows) if link]
    if anchors.asks_password and not any(link.filename.endswith((".whl", ".tar.gz", ".zip")) for link in links):
        raise LoginPage(shown, "is a login page, not an index page")
    return links


def is_unfinished(page: bytes) -> bool:
    """Return whether a page opens `html` or `body` and does not close it.

    Many makers leave the end tags out, so this alone does not prove that the page is cut off.
    """
    return bool(OPENED.search(page[:4096])) and not CLOSED.search(page[-CUT_LIMIT:])


def looks_like_html(page: bytes) -> bool:
    """Return whether a page begins like HTML, which some stores serve as application/octet-stream."""
    return page.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))


class _Anchors:
    """What lxml's parser meets of a page."""

    def __init__(self) -> None:
        #: Of each link href, data-yanked, data-size and whether it is attested; dicts would need ten times the memory.
        self.rows: list[tuple[str, str | None, str, bool]] = []
        #: The first base of the page.
        self.base: str | None = None
        #: The number of links that a page of ours states.
        self.promised: str | None = None
        #: The version of the simple repository API that the page states (PEP 629); empty where it states none.
        self.version = ""
        self.asks_password = False
        #: Whether the page ends outside of every tag and comment.
        self.ended = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.ended = tag == END
        if tag == "a" and "href" in attributes:
            get = attributes.get
            self.rows.append((attributes["href"], get("data-yanked"), get("data-size", ""), ATTESTED in attributes))
        elif tag == "base" and self.base is None and "href" in attributes:
            self.base = attributes["href"]
        elif tag == "meta" and attributes.get("name") == "wheelhouse:links":
            self.promised = attributes.get("content")
        elif tag == "meta" and attributes.get("name") == "pypi:repository-version":
            self.version = attributes.get("content", "").strip()
        elif tag == "input" and attributes.get("type", "").lower() == "password":
            self.asks_password = True

    def close(self) -> None:
        """Do nothing; lxml calls it at the end of the page."""


def _read_anchors(page: bytes, shown: str) -> _Anchors:
    """Read a page in UTF-8; raise BadPage where it ends in the middle of something."""
    from lxml import etree

    if CUT.search(page[-CUT_LIMIT:]):
        raise BadPage(shown, "is cut off in the middle of a tag")
    target: Any = _Anchors()
    # lxml's tree would lack, without an error, what is nested deeper than 256 levels or stands behind 10 MB of text
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True)
    if page and not page.isspace():
        try:
            etree.fromstring(page + f"<{END}>".encode(), parser)
        except etree.LxmlError as error:
            raise BadPage(shown, f"cannot be read as HTML: {one_line(str(error))}") from None
        if not target.ended:
            raise BadPage(shown, "is cut off in the middle of a tag, a comment or a script")
    anchors: _Anchors = target
    return anchors


def _in_utf8(page: bytes, content_type: str, shown: str) -> bytes:
    """Return a page in UTF-8, with replacements for bytes that its charset does not have: lxml would stop at one.

    Raises BadPage for a page that ends in the middle of a letter.
    """
    if page.isascii() and ASCII_CHARSET.search(content_type):
        return page
    for mark, charset in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if page.startswith(mark):
            _check_last_letter(page, charset, shown)
            return page.removeprefix(codecs.BOM_UTF8).decode(charset, "replace").encode()
    declared = re.search(r"charset=[\"']?([\w.:-]+)", content_type, re.IGNORECASE | re.ASCII)
    try:
        charset = codecs.lookup(declared[1] if declared else "utf-8").name
        if not charset.startswith(("utf-16", "utf-32")) and not _keeps_ascii(charset):
            charset = "utf-8"  # no page can be written in the declared one
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
    except UnicodeError:  # the page is in another charset
        return
    if decoder.getstate()[0]:
        raise BadPage(shown, "is cut off in the middle of a letter")


def _keeps_ascii(charset: str) -> bool:
    """Return whether a charset keeps ASCII bytes as they are, and its backslash begins no escape."""
    text = b"<a>\\x41".decode(charset)
    return text.startswith("<a>") and not text.endswith("A")


def _base(url: str, base: str | None) -> str:
    """Return the URL that the links of a page are relative to."""
    try:
        return urljoin(url, base.strip(BLANKS)) if base else url
    except ValueError:
        return url


def _link(href: str, yanked: str | None, size: str, attested: bool, *, base: str, page: str) -> Link | None:
    number = int(size) if size.isdecimal() and len(size) < 16 else None
    folder, slash, rest = href.rpartition("/")
    plain = PLAIN_NAME.fullmatch(rest)
    folder_url = _plain_folder(folder + slash, base, page) if plain else None
    if plain and folder_url:
        name, digest = plain.groups()
        filename, name = name.replace("%2B", "+"), name.replace("+", "%2B")  # enough for most, and unquote is slow
        if "%" in filename or "!" in filename:
            filename, name = unquote(name), path_quoted(name)
        return Link(folder_url + name, filename, digest, yanked, number, "", attested)
    return link_to(href.strip(BLANKS), base, page=page, yanked=yanked, size=number, attested=attested)


@functools.lru_cache(maxsize=1024)
def _plain_folder(href: str, base: str, page: str) -> str | None:
    """Return the URL of a folder; None where it is not plain, or nothing can be fetched from it."""
    parts = resolve(f"{href}x", base, page=page) if PLAIN_FOLDER.fullmatch(href) else None
    return parts.geturl()[:-1] if parts else None
