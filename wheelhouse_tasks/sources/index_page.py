"""Read an index page; reject another page in its place, such as a blank one or that of a site that is down."""

from __future__ import annotations

import html
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from wheelhouse_tasks.errors import BadPage, BlankPage, NotAnIndexPage
from wheelhouse_tasks.pages import links
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.sources.offer import ARTIFACT_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_tasks.pages.link import Link

#: The bytes of a blank page.
BLANK = b"\xef\xbb\xbf\0 \t\r\n\f"
#: The parts of a page that are no text.
UNSEEN = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>|<[a-z/!?][^>]*>", re.IGNORECASE | re.DOTALL)
SCRIPT = re.compile(r"<script\b", re.IGNORECASE)
HEADING = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
#: The titles that makers give to index pages (PEP 503 prescribes none): "Links for demo", "root/dev: links for demo".
NAMED = re.compile(
    r"(?:.*: )?(?:links for|index of|(?:directory )?listing (?:for|of)|contents of|files (?:in|of)) .*"
    r"|(?:simple |python |package |project )*(?:index|packages?|projects?|files|links|wheels|wheelhouse)",
    re.IGNORECASE | re.DOTALL,
)
#: A page that states its version of the simple repository API or, as ours do, its number of links.
DECLARED = re.compile(r"<meta\b[^>]*(?:pypi:repository-version|api-version|wheelhouse:links)", re.IGNORECASE)


def read(page: bytes, url: str, content_type: str) -> list[Link]:
    """Return the links of the index page that was read from *url*.

    Raises BlankPage for a blank page, BadPage as `links.parse` does, and NotAnIndexPage for a page that does not look
    like an index page: it links no file and no folder, and its title is not that of an index page.
    """
    page_links = read_beside(page, url, content_type)
    if _is_json(content_type) or any(_leads_on(link, url) for link in page_links):
        return page_links
    if not _has_title(page.decode("utf-8", "replace"), url):
        raise NotAnIndexPage(
            mask_url(url), "is not an index page: it names no file and no folder, and does not say that it is one"
        )
    return page_links


def read_beside(page: bytes, url: str, content_type: str) -> list[Link]:
    """Return the links of a page in a bucket or container; it may be any page, because the listing shows the files."""
    if not page.strip(BLANK) and not _is_json(content_type):
        raise BlankPage(mask_url(url), "is blank, expected an index page")
    return links.parse(page, url, content_type)


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower().endswith("json")


@contextmanager
def named_as(asked: str, url: str) -> Iterator[None]:
    """Put the URL that was *asked* for into a BadPage, where a redirect led from there to the bad page."""
    try:
        yield
    except BadPage as error:
        if asked == url or url.startswith("file:"):
            raise
        problem = f"leads to {mask_url(url)}, which {error.problem}"
        raise type(error)(mask_url(asked), problem, error.remedy) from None


def check_moved(asked: str, url: str, project: str) -> None:
    """Raise BadPage where a redirect led from the page of *project* at *asked* to a page of something else."""
    folders = [unquote(part) for part in urlsplit(url).path.split("/") if part]
    if not any(canonicalize_name(folder) == project for folder in folders[-2:]):
        raise BadPage(mask_url(asked), f"leads to another page, which names nothing of {project}: {mask_url(url)}")


def _leads_on(link: Link, url: str) -> bool:
    """Return whether a link leads to an artifact, below the folder of the page, or to a folder that is not above it."""
    if link.filename.endswith(ARTIFACT_SUFFIXES):
        return True
    here, there = urlsplit(url), urlsplit(link.url)
    same_host = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    if same_host and there.path.startswith(folder := here.path.rpartition("/")[0] + "/") and there.path != folder:
        return there.path != here.path
    above = same_host and here.path.startswith(there.path)
    return not link.filename and bool(link.last_folder) and not above


def _has_title(text: str, url: str) -> bool:
    """Return whether a page has the title of an index page, or no text at all, as one without files may have."""
    if DECLARED.search(text) or any(NAMED.fullmatch(heading) or _is_name(heading, url) for heading in _headings(text)):
        return True
    return not SCRIPT.search(text) and not UNSEEN.sub("", text).strip()


def _headings(text: str) -> Iterator[str]:
    for _, heading in HEADING.findall(text):
        yield " ".join(html.unescape(UNSEEN.sub("", heading)).split())


def _is_name(heading: str, url: str) -> bool:
    """Return whether a heading is the name of the page's folder."""
    folders = [unquote(part) for part in urlsplit(url).path.split("/") if part]
    return canonicalize_name(heading) in {canonicalize_name(folder) for folder in folders[-2:]}
