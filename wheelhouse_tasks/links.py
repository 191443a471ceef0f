"""Read the links of an index page, whoever made it: HTML pages of any shape, and PEP 691 JSON."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

from wheelhouse_tasks.errors import BadPage, one_line
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE_LIMIT = 128 << 20
"""Bytes of a page that are read at most."""

SHA256 = re.compile(r"[0-9a-f]{64}")
#: HTML's white space, which surrounds a URL in an attribute without being part of it.
BLANKS = " \t\n\f\r"


@dataclass(frozen=True)
class Link:
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
    if kind.endswith("json"):
        return _parse_json(page, url)
    if (
        kind
        and not kind.startswith("text/html")
        and not kind.endswith(("+html", "xhtml+xml"))
        and not _looks_html(page)
    ):
        raise BadPage(shown, f"is {one_line(kind)!r}, not an index page (HTML or JSON)")
    return _parse_html(page, url, _charset(content_type))


def _looks_html(page: bytes) -> bool:
    """Tell a page that a store serves as application/octet-stream."""
    return page.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html"))


def _charset(content_type: str) -> str:
    found = re.search(r"charset=[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
    try:
        b"".decode(found[1] if found else "utf-8")
    except LookupError:
        return "utf-8"
    return found[1] if found else "utf-8"


def _parse_html(page: bytes, url: str, charset: str) -> list[Link]:
    from lxml import etree

    target: Any = _Anchors()
    # A target: the tree parser silently drops what is nested deeper than 256, or follows 10 MB of text.
    parser = etree.HTMLParser(target=target, encoding=charset, huge_tree=True)
    if page.strip():
        try:
            etree.fromstring(page, parser)
        except etree.LxmlError as error:
            raise BadPage(mask_url(url), f"cannot be read as HTML: {one_line(str(error))}") from None
    if target.promised not in (None, str(len(target.anchors))):
        raise BadPage(mask_url(url), f"is cut off: {len(target.anchors)} links of {one_line(str(target.promised))}")
    base = urljoin(url, target.base.strip(BLANKS)) if target.base else url
    return [link for link in (_html_link(attributes, base) for attributes in target.anchors) if link]


class _Anchors:
    """Collects what lxml's parser meets."""

    def __init__(self) -> None:
        self.anchors: list[dict[str, str]] = []
        self.base: str | None = None
        #: How many links a page of ours says it has.
        self.promised: str | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "a" and "href" in attributes:
            self.anchors.append(dict(attributes))
        elif tag == "base" and self.base is None and "href" in attributes:
            self.base = attributes["href"]
        elif tag == "meta" and attributes.get("name") == "wheelhouse:links":
            self.promised = attributes.get("content")

    def close(self) -> None:
        """End."""


def _html_link(attributes: Mapping[str, str], base: str) -> Link | None:
    size = attributes.get("data-size", "")
    return _link(
        attributes["href"].strip(BLANKS),
        base,
        yanked=attributes.get("data-yanked"),
        size=int(size) if size.isdecimal() else None,
    )


def _parse_json(page: bytes, url: str) -> list[Link]:
    shown = mask_url(url)
    try:
        value = json.loads(page)
    except (ValueError, RecursionError) as error:
        raise BadPage(shown, f"cannot be read as JSON: {one_line(str(error))}") from None
    if not isinstance(value, dict) or not isinstance(value.get("meta"), dict):
        raise BadPage(shown, "is not a page of the simple repository API (PEP 691)")
    version = str(value["meta"].get("api-version", ""))
    if not version.startswith("1."):
        raise BadPage(shown, f"has API version {one_line(version)!r}, expected 1.x")
    rows, folders = value.get("files", []), value.get("projects", [])
    if not isinstance(rows, list) or not isinstance(folders, list):
        raise BadPage(shown, "has no list of files or projects")
    found = [_json_link(row, url, shown) for row in rows]
    found += [
        _link(f"{row['name']}/", url) for row in folders if isinstance(row, dict) and isinstance(row.get("name"), str)
    ]
    return [link for link in found if link]


def _json_link(row: Any, url: str, shown: str) -> Link | None:
    if not isinstance(row, dict) or not isinstance(row.get("url"), str):
        raise BadPage(shown, "has a file without a url")
    hashes, yanked, size = row.get("hashes"), row.get("yanked", False), row.get("size")
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    return _link(
        row["url"],
        url,
        yanked=None if yanked is False or yanked is None else (yanked if isinstance(yanked, str) else ""),
        size=size if isinstance(size, int) else None,
        sha256=sha256 if isinstance(sha256, str) else None,
    )


def _link(
    href: str, base: str, *, yanked: str | None = None, size: int | None = None, sha256: str | None = None
) -> Link | None:
    """Return the link, or None where it leads to nothing that could be fetched."""
    try:
        parts = urlsplit(urljoin(base, href))
        if parts.scheme not in ("http", "https", "file") or (parts.scheme == "file") != base.startswith("file:"):
            return None
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        return None
    problem = ""
    if sha256 is None and parts.fragment:
        sha256, problem = _fragment_digest(parts.fragment)
    elif sha256 is not None and not SHA256.fullmatch(sha256.lower()):
        sha256, problem = None, "its sha256 is malformed"
    filename = unquote(parts.path.rpartition("/")[2])
    return Link(parts._replace(fragment="").geturl(), filename, sha256 and sha256.lower(), yanked, size, problem)


def _fragment_digest(fragment: str) -> tuple[str | None, str]:
    """Return the sha256 of a URL's fragment, or what is wrong with it: a malformed digest is not "no digest"."""
    for part in fragment.split("&"):
        name, _, digest = part.partition("=")
        if name.lower() == "sha256":
            if SHA256.fullmatch(digest.lower()):
                return digest.lower(), ""
            return None, "its sha256 is malformed"
    return None, ""
