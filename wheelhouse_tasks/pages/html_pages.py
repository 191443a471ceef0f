"""Render and read the HTML pages of a wheelhouse: PEP 503, 592, 629, 658 and 714.

Equal input gives equal bytes. Pages are ASCII: pip decodes them by the charset of a header that a store may not send.
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
    from collections.abc import Iterable


def render_project(project: str, files: Iterable[File]) -> bytes:
    """Return the HTML page of one project."""
    folder = f"../../{file_name(quoted(project), '')}"
    anchors = [f"<a {attributes(file, folder)}>{html.escape(file.filename)}</a><br>\n" for file in in_order(files)]
    return page(f"Links for {project}", STATUS, anchors, len(anchors))


def render_root(projects: Iterable[str]) -> bytes:
    """Return the HTML page that names every project."""
    rows = [f'<a href="{name}/">{name}</a><br>\n' for name in sorted(filter(is_project, projects))]
    return page("Simple index", "", rows, len(rows))


def read_root(page: bytes | None) -> set[str]:
    """Return the projects that a root page of ours names, in HTML or JSON."""
    found = re.findall(rb'<a href="([a-z0-9-]+)/">|"name": "([a-z0-9-]+)"', page or b"")
    return {name for pair in found for each in pair if is_project(name := each.decode())}


def read_project(page: bytes | None) -> dict[str, bool]:
    """Return the file names that a project's HTML page of ours links, and whether it promises their METADATA."""
    found = re.findall(rb'<a href="[^">]*"([^>]*)>([^<]+)</a><br>', page or b"")
    return {name.decode("ascii", "replace"): b" data-core-metadata=" in said for said, name in found}


STATUS = '<meta name="pypi:project-status" content="active">\n'


def page(title: str, head: str, body: Iterable[str], count: int) -> bytes:
    """Return a page that begins with its number of links, by which `fetch` knows one that was cut off."""
    shown = text_of(title)
    start = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="{API_VERSION}">
<meta name="wheelhouse:links" content="{count}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{shown}</title>
{head}</head>
<body>
<h1>{shown}</h1>
"""
    parts = (start, *body, "</body>\n</html>\n")
    return b"".join([part.encode("ascii", "xmlcharrefreplace") for part in parts])


def attributes(file: File, folder: str) -> str:
    """Return the attributes of the link to a file. Never a hash but `sha256=`."""
    attributes = f'href="{folder}{name_quoted(file.filename)}#sha256={file.sha256}"'
    if file.requires_python:
        attributes += f' data-requires-python="{text_of(file.requires_python)}"'
    if file.metadata_sha256:  # PEP 714: both names
        digest = f'metadata="sha256={file.metadata_sha256}"'
        attributes += f" data-core-{digest} data-dist-info-{digest}"
    if file.upload_time:
        attributes += f' data-upload-time="{text_of(file.upload_time)}"'
    attributes += f' data-size="{file.size}"'
    if file.yanked is not None:  # with a value: pip ignores the bare attribute
        attributes += f' data-yanked="{text_of(file.yanked)}"'
    if file.attested:
        attributes += f' {ATTESTED}="true"'
    return attributes
