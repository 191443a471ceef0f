"""Read the links of an index page, whoever made it: HTML pages of any shape, and PEP 691 JSON."""

from __future__ import annotations

import codecs
import functools
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from wheelhouse_tasks.errors import BadPage, one_line
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PAGE_LIMIT = 128 << 20
"""Bytes of a page that are read at most."""

SHA256 = re.compile(r"[0-9a-f]{64}")
#: What a page may promise a file's digest by, strongest first: how many hexadecimal digits each has.
ALGORITHMS: dict[str, tuple[int, ...]] = {
    "sha512": (128,),
    "sha3_512": (128,),
    "blake2b": (128, 64),
    "sha384": (96,),
    "sha3_384": (96,),
    "sha256": (64,),
    "sha3_256": (64,),
    "blake2s": (64,),
    "sha224": (56,),
    "sha3_224": (56,),
    "sha1": (40,),
    "md5": (32,),
}
HEX = re.compile(r"[0-9a-f]+")
#: A page that ends within a tag.
CUT, CUT_LIMIT = re.compile(rb"<[a-zA-Z/!][^<>]*\Z"), 65536
#: A tag that is read at the end of a page, unless the page ends within another tag, an attribute or a comment.
END = "wheelhouse-end"
OPENED, CLOSED = re.compile(rb"<(?:html|body)[\s>]", re.IGNORECASE), re.compile(rb"</(?:html|body)\s*>", re.IGNORECASE)
#: Versions of the simple repository API that we can read.
KNOWN_API = re.compile(r"1\.[0-9]+")
#: Of a content type: no charset, or one in which ASCII bytes are ASCII.
ASCII_CHARSET = re.compile(
    r"\A(?!.*charset)|charset=[\"']?(utf-8|us-ascii|iso-8859-1)[\"']?\s*\Z", re.IGNORECASE | re.DOTALL
)
#: A relative link as most are: a folder, and a name that nothing needs to be done to but to put it behind the folder.
PLAIN_FOLDER = re.compile(r"(?:[\w.%+!~-]+/)*", re.ASCII)
PLAIN_NAME = re.compile(r"((?!\.{1,2}(?:#|\Z))[\w.%+!~-]+)(?:#sha256=([0-9a-f]{64}))?", re.ASCII)
COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
#: HTML's white space, which surrounds a URL in an attribute without being part of it.
BLANKS = " \t\n\f\r"
#: Our own attribute of a link whose file has an attestation beside it.
ATTESTED = "data-attestation"


class Link(NamedTuple):
    """One link of a page."""

    #: Absolute, without its fragment.
    url: str
    #: Last part of the URL's path, decoded once; empty for the link to a folder.
    filename: str
    #: None where the page promises none.
    sha256: str | None = None
    #: Reason, maybe empty; None where the file is not yanked (PEP 592).
    yanked: str | None = None
    #: Bytes, where the page tells.
    size: int | None = None
    #: Why a link cannot be used for a download.
    problem: str = ""
    #: Whether the page says that an attestation (PEP 740) lies beside the file.
    attested: bool = False
    #: Algorithm and digest of the strongest other promise, where there is no sha256.
    digest: tuple[str, str] | None = None

    @property
    def last_folder(self) -> str:
        """Return the last part of the path of a link to a folder, decoded."""
        return unquote(urlsplit(self.url).path.rstrip("/").rpartition("/")[2])


def parse(page: bytes, url: str, content_type: str) -> list[Link]:
    """Return the links of a page that was read from *url* (after redirects).

    Links that lead to no file or folder (`mailto:`, a broken URL) are left out. Raises BadPage for a page that is
    neither HTML nor JSON, that is cut off, or whose links cannot all be read.
    """
    kind = content_type.partition(";")[0].strip().lower()
    shown = mask_url(url)
    if page.startswith(COMPRESSED):
        raise BadPage(shown, "holds compressed bytes that nothing declares")
    if kind.endswith("json"):
        return _parse_json(page, url)
    if (
        kind
        and not kind.startswith("text/html")
        and not kind.endswith(("+html", "xhtml+xml"))
        and not _looks_html(page)
    ):
        raise BadPage(shown, f"is {kind!r}, not an index page (HTML or JSON)")
    return _parse_html(_utf8(page, content_type, shown), url)


def is_unfinished(page: bytes) -> bool:
    """Tell an HTML page that does not close what it opens: of many makers, so that it alone proves nothing."""
    return bool(OPENED.search(page[:4096])) and not CLOSED.search(page[-CUT_LIMIT:])


def _looks_html(page: bytes) -> bool:
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


def _parse_html(page: bytes, url: str) -> list[Link]:
    from lxml import etree

    shown = mask_url(url)
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
    return _link(href.strip(BLANKS), base, page, yanked=yanked, size=number, attested=attested)


def _parse_json(page: bytes, url: str) -> list[Link]:
    shown = mask_url(url)
    try:
        value = json.loads(page)
    except (ValueError, RecursionError) as error:
        raise BadPage(shown, f"cannot be read as JSON: {one_line(str(error))}") from None
    if not isinstance(value, dict) or not isinstance(value.get("meta"), dict):
        raise BadPage(shown, "is not a page of the simple repository API (PEP 691)")
    version = str(value["meta"].get("api-version", ""))
    if not KNOWN_API.fullmatch(version):
        raise BadPage(shown, f"has API version {one_line(version)!r}, expected 1.x")
    rows, folders = value.get("files", []), value.get("projects", [])
    named = "files" in value or "projects" in value
    if not named or not isinstance(rows, list) or not isinstance(folders, list):
        raise BadPage(shown, "has no list of files or projects")
    found = [_json_link(row, url, shown) for row in rows]
    found += [
        _link(f"{row['name']}/", url, url)
        for row in folders
        if isinstance(row, dict) and isinstance(row.get("name"), str)
    ]
    return [link for link in found if link]


def _json_link(row: Any, url: str, shown: str) -> Link | None:
    if not isinstance(row, dict) or not isinstance(row.get("url"), str):
        raise BadPage(shown, "has a file without a url")
    hashes, yanked, size = row.get("hashes"), row.get("yanked", False), row.get("size")
    link = _link(
        row["url"],
        url,
        url,
        yanked=None if yanked is False or yanked is None else (yanked if isinstance(yanked, str) else ""),
        size=size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 50 else None,
        hashes=hashes,
        attested=row.get("_attestation") is True,
    )
    name = row.get("filename")
    return link._replace(filename=name) if link and isinstance(name, str) else link


def _link(
    href: str,
    base: str,
    page: str,
    *,
    yanked: str | None = None,
    size: int | None = None,
    hashes: object = None,
    attested: bool = False,
) -> Link | None:
    """Return the link, or None where it leads to nothing that could be fetched."""
    parts = _resolve(base, href, page)
    if parts is None:
        return None
    promise = _promise(hashes.items()) if isinstance(hashes, dict) else NO_PROMISE
    if promise == NO_PROMISE and parts.fragment:
        promise = _promise(part.partition("=")[::2] for part in unquote(parts.fragment).split("&"))
    sha256, digest, problem = promise
    if hashes is not None and not isinstance(hashes, dict):
        problem = "its hashes are malformed"
    filename = unquote(parts.path.rpartition("/")[2])
    return Link(parts._replace(fragment="").geturl(), filename, sha256, yanked, size, problem, attested, digest)


@functools.lru_cache(maxsize=1024)
def _folder(base: str, href: str, page: str) -> str | None:
    """Return the URL of a plain folder."""
    parts = _resolve(base, f"{href}x", page) if PLAIN_FOLDER.fullmatch(href) else None
    return parts.geturl()[:-1] if parts else None


def _resolve(base: str, href: str, page: str) -> SplitResult | None:
    """Return where a link leads, if that is something that could be fetched."""
    try:
        parts = urlsplit(urljoin(base, href))
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        return None
    if parts.scheme not in ("http", "https", "file") or (parts.scheme == "file") != page.startswith("file:"):
        return None
    return parts


Promise = tuple[str | None, tuple[str, str] | None, str]
NO_PROMISE: Promise = (None, None, "")


def _promise(hashes: Iterable[tuple[object, object]]) -> Promise:
    """Return the sha256, else the strongest other digest, or what is wrong: a malformed digest is not "no digest"."""
    found: dict[str, str] = {}
    for given, value in hashes:
        name = str(given).lower()
        if name not in ALGORITHMS or value is None:
            continue
        digest = value.lower() if isinstance(value, str) else ""
        if len(digest) not in ALGORITHMS[name] or not HEX.fullmatch(digest):
            return None, None, f"its {name} is malformed"
        if found.setdefault(name, digest) != digest:
            return None, None, f"it has two different {name}"
    if "sha256" in found:
        return found["sha256"], None, ""
    return next(((None, (name, found[name]), "") for name in ALGORITHMS if name in found), NO_PROMISE)
