"""Read the links of an index page, whoever made it: HTML pages of any shape, and PEP 691 JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.errors import BadPage, one_line
from wheelhouse_tasks.pages import html_links
from wheelhouse_tasks.pages.layout import KNOWN_API
from wheelhouse_tasks.pages.link import link_to
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from wheelhouse_tasks.pages.link import Link

PAGE_LIMIT = 128 << 20
"""Bytes of a page that are read at most."""

COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


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
        and not html_links.looks_like_html(page)
    ):
        raise BadPage(shown, f"is {kind!r}, not an index page (HTML or JSON)")
    return html_links.parse(page, url, content_type)


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
        link_to(f"{row['name']}/", url, url)
        for row in folders
        if isinstance(row, dict) and isinstance(row.get("name"), str)
    ]
    return [link for link in found if link]


def _json_link(row: Any, url: str, shown: str) -> Link | None:
    if not isinstance(row, dict) or not isinstance(row.get("url"), str):
        raise BadPage(shown, "has a file without a url")
    hashes, yanked, size = row.get("hashes"), row.get("yanked", False), row.get("size")
    link = link_to(
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
