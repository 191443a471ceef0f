"""Render and read the HTML pages of a wheelhouse: PEP 503, 592, 629, 658 and 714.

Equal input gives equal bytes. Pages are ASCII, because pip decodes a page by the charset of a header that not every
store sends.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from wheelhouse_tasks.pages.html_links import ATTESTED
from wheelhouse_tasks.pages.layout import API_VERSION, file_name, is_project
from wheelhouse_tasks.pages.quoting import name_quoted, quoted, text_of
from wheelhouse_tasks.pages.record import File, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def render_project(project: str, files: Iterable[File]) -> bytes:
    """Return the HTML page of one project."""
    return b"".join(project_parts(project, files))


def project_parts(project: str, files: Iterable[File]) -> Iterator[bytes]:
    """Yield the HTML page of one project in pieces."""
    folder = f"../../{file_name(quoted(project), '')}"
    ordered = in_order(files)
    yield start_of(f"Links for {project}", head=STATUS, links=len(ordered))
    for file in ordered:
        anchor = f"<a {attributes(file, folder)}>{html.escape(file.filename)}</a><br>\n"
        yield anchor.encode("ascii", "xmlcharrefreplace")
    yield END


def render_root(projects: Iterable[str]) -> bytes:
    """Return the HTML page that names every project."""
    anchors = [f'<a href="{name}/">{name}</a><br>\n' for name in sorted(filter(is_project, projects))]
    return page("Simple index", anchors, head="", links=len(anchors))


def read_root(page: bytes | None) -> set[str]:
    """Return the projects that a root page of ours names; the page is HTML or JSON."""
    pairs = re.findall(rb'<a href="([a-z0-9-]+)/">|"name": "([a-z0-9-]+)"', page or b"")
    return {name.decode() for pair in pairs for name in pair if is_project(name.decode())}


def read_project(page: bytes | None) -> dict[str, bool]:
    """Return, for each file name that a project page of ours links, whether the page promises METADATA for it."""
    anchors = re.finditer(rb'<a href="[^">]*"([^>]*)>([^<]+)</a><br>', page or b"")
    return {anchor[2].decode("ascii", "replace"): b" data-core-metadata=" in anchor[1] for anchor in anchors}


STATUS = '<meta name="pypi:project-status" content="active">\n'


def page(title: str, body: Iterable[str], *, head: str, links: int) -> bytes:
    """Return a page that states its number of links at its beginning: `fetch` rejects a page that has fewer."""
    parts = [part.encode("ascii", "xmlcharrefreplace") for part in body]
    return b"".join([start_of(title, head=head, links=links), *parts, END])


END = b"</body>\n</html>\n"


def start_of(title: str, *, head: str, links: int) -> bytes:
    """Return the beginning of a page, up to its heading."""
    shown = text_of(title)
    start = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="{API_VERSION}">
<meta name="wheelhouse:links" content="{links}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{shown}</title>
{head}</head>
<body>
<h1>{shown}</h1>
"""
    return start.encode("ascii", "xmlcharrefreplace")


def attributes(file: File, folder: str) -> str:
    """Return the attributes of the link to a file. Its URL has no fragment but `sha256=`."""
    text = f'href="{folder}{name_quoted(file.filename)}#sha256={file.sha256}"'
    if file.requires_python:
        text += f' data-requires-python="{text_of(file.requires_python)}"'
    if file.metadata_sha256:  # PEP 714: both names
        digest = f'metadata="sha256={file.metadata_sha256}"'
        text += f" data-core-{digest} data-dist-info-{digest}"
    if file.upload_time:
        text += f' data-upload-time="{text_of(file.upload_time)}"'
    text += f' data-size="{file.size}"'
    if file.yanked is not None:  # pip ignores the attribute without a value
        text += f' data-yanked="{text_of(file.yanked)}"'
    if file.attested:
        text += f' {ATTESTED}="true"'
    return text
