"""Read the links of an index page of any maker: HTML of any shape, and JSON (PEP 691)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from wheelhouse_tasks.errors import BadPage, NotAnIndexPage, one_line
from wheelhouse_tasks.pages import html_links
from wheelhouse_tasks.pages.layout import KNOWN_API
from wheelhouse_tasks.pages.link import link_to
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from wheelhouse_tasks.pages.link import Link

PAGE_LIMIT = 128 << 20
"""The largest page that is read, in bytes."""

#: How pages begin that are compressed with gzip or zstandard.
COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


def parse(page: bytes, url: str, content_type: str) -> list[Link]:
    """Return the links of a page that was read from *url* (after redirects).

    Leaves out links from which nothing can be fetched (`mailto:`, a broken URL). Raises BadPage for a page that is
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
        and not html_links.looks_like_html(page)
    ):
        raise NotAnIndexPage(shown, f"is {kind!r}, not an index page (HTML or JSON)")
    return html_links.parse(page, url, content_type)


def _parse_json(page: bytes, url: str) -> list[Link]:
    shown = mask_url(url)
    try:
        value = json.loads(page)
    except (ValueError, RecursionError) as error:
        raise BadPage(shown, f"cannot be read as JSON: {one_line(str(error))}") from None
    if not isinstance(value, dict) or not isinstance(value.get("meta"), dict):
        raise NotAnIndexPage(shown, "is not a page of the simple repository API (PEP 691)")
    version = str(value["meta"].get("api-version", ""))
    if not KNOWN_API.fullmatch(version):
        raise BadPage(shown, f"has API version {one_line(version)!r}, expected 1.x")
    rows, folders = value.get("files", []), value.get("projects", [])
    named = "files" in value or "projects" in value
    if not named or not isinstance(rows, list) or not isinstance(folders, list):
        raise BadPage(shown, "has no list of files or projects")
    links = [_json_link(row, url) for row in rows]
    links += [
        link_to(f"{canonicalize_name(row['name'])}/", url, page=url)
        for row in folders
        if isinstance(row, dict) and isinstance(row.get("name"), str)
    ]
    return [link for link in links if link]


def _json_link(row: Any, url: str) -> Link | None:
    if not isinstance(row, dict) or not isinstance(row.get("url"), str):
        raise BadPage(mask_url(url), "has a file without a url")
    yanked, size = row.get("yanked") or None, row.get("size")  # what is not true says nothing (PEP 691)
    link = link_to(
        row["url"],
        url,
        page=url,
        yanked=yanked if yanked is None or isinstance(yanked, str) else "",
        size=size if isinstance(size, int) and not isinstance(size, bool) and 0 < size < 1 << 50 else None,
        hashes=row.get("hashes"),
        attested=bool(row.get("_attestation")),
    )
    filename = row.get("filename")
    return link._replace(filename=filename) if link and isinstance(filename, str) else link
