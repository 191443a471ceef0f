"""Render the pages of a wheelhouse: a pure function of the files that it holds.

HTML as in PEP 503, 592, 629, 658 and 714, JSON as in PEP 691 and 700; equal input gives equal bytes.
Pages are ASCII: pip decodes them by the charset of a header that a store may not send.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from wheelhouse_tasks import artifact
from wheelhouse_tasks.errors import BadPage, NotAnArtifact
from wheelhouse_tasks.links import SHA256

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

API_VERSION = "1.4"
HTML_TYPE = "text/html; charset=utf-8"
JSON_TYPE = "application/vnd.pypi.simple.v1+json"

#: Pages must be asked for again each time: uv takes a page without Cache-Control for fresh for ten minutes.
PAGE_CACHE = "no-cache"
#: A published name never changes its bytes.
FILE_CACHE = "public, max-age=31536000, immutable"

FLAT, ROOT = "index.html", "simple/index.html"
JSON_FOLDER = "simple-json/"
JSON_ROOT = JSON_FOLDER + "index.html"


@dataclass(frozen=True)
class File:
    """What the pages say of one artifact."""

    filename: str
    size: int
    sha256: str
    #: Change mark of the object that the other facts were read from.
    mark: str
    requires_python: str | None = None
    #: sha256 of the METADATA that lies beside a wheel; None where none does.
    metadata_sha256: str | None = None
    #: UTC, `2026-01-31T12:00:00.000000Z`; empty where nobody knows.
    upload_time: str = ""
    #: Why it was yanked, maybe empty; None where it was not (PEP 592).
    yanked: str | None = None
    #: Change mark of the object that says so.
    yank_mark: str = ""


def project_page(project: str) -> str:
    """Return the object name of a project's HTML page."""
    return f"simple/{project}/index.html"


def json_page(project: str) -> str:
    """Return the object name of a project's JSON page, which is also the cache of what is known of its files."""
    return f"{JSON_FOLDER}{project}/index.html"


def file_name(project: str, filename: str) -> str:
    """Return the object name of an artifact."""
    return f"files/{project}/{filename}"


def in_order(files: Iterable[File]) -> list[File]:
    """Return files by version, wheels before the sdist."""
    return sorted(files, key=lambda file: artifact.parse(file.filename).sort_key())


def render_project(project: str, files: Iterable[File]) -> bytes:
    """Return the HTML page of one project."""
    anchors = [_anchor(file, f"../../files/{project}/") for file in in_order(files)]
    return _page(f"Links for {project}", "".join(f"{anchor}<br>\n" for anchor in anchors), len(anchors))


def render_root(projects: Iterable[str]) -> bytes:
    """Return the HTML page that names every project."""
    names = sorted(projects)
    return _page("Simple index", "".join(f'<a href="{name}/">{name}</a><br>\n' for name in names), len(names))


def render_section(project: str, mark: str, files: Iterable[File]) -> str:
    """Return one project's part of the flat page; *mark* tells from which state of its JSON page it was made."""
    anchors = [_anchor(file, f"files/{project}/") for file in in_order(files)]
    rows = "".join(f"<li>{anchor}</li>\n" for anchor in anchors)
    start = f"{SECTION_START}{project} {quote(mark, safe='')} -->\n"
    return f"{start}<h2>{project}</h2>\n<ul>\n{rows}</ul>\n{SECTION_END}"


SECTION_START, SECTION_END = "<!-- wheelhouse section: ", "<!-- wheelhouse section end -->\n"


def render_flat(sections: Mapping[str, str]) -> bytes:
    """Return the flat page, for people and for `--find-links`: the section of every project."""
    body = "".join(sections[project] for project in sorted(sections))
    return _page("Wheelhouse", body, body.count("<a href="))


OURS = b'<meta name="wheelhouse:links"'


@dataclass(frozen=True)
class Section:
    """One project's part of a flat page that was written before."""

    #: Quoted change mark of the JSON page that it was made from.
    mark: str
    text: str


def flat_sections(page: bytes) -> dict[str, Section]:
    """Return the sections of a flat page of ours, by project; none of a page that is not ours."""
    found = {}
    for part in page.decode("ascii", "replace").split(SECTION_START)[1:]:
        text, end, _ = part.partition(SECTION_END)
        project, _, rest = text.partition(" ")
        if end:
            found[project] = Section(rest.partition(" -->")[0], SECTION_START + text + end)
    return found


def is_ours(page: bytes) -> bool:
    """Tell a page of ours from one that somebody else made."""
    return OURS in page[:2000]


def section_is_current(section: Section | None, mark: str) -> bool:
    """Tell whether a section was made from the JSON page that has *mark* now."""
    return section is not None and section.mark == quote(mark, safe="")


def render_json(project: str, files: Iterable[File]) -> bytes:
    """Return the JSON page of one project (PEP 691, 700), with the change marks of its files."""
    ordered = in_order(files)
    versions = list(dict.fromkeys(str(artifact.parse(file.filename).version) for file in ordered))
    rows = [_json_file(project, file) for file in ordered]
    head = {"meta": {"api-version": API_VERSION}, "name": project, "project-status": {"status": "active"}}
    return _json({**head, "versions": versions, "files": rows})


def render_json_root(projects: Iterable[str]) -> bytes:
    """Return the JSON page that names every project."""
    rows = [{"name": name} for name in sorted(projects)]
    return _json({"meta": {"api-version": API_VERSION}, "projects": rows})


def read_json(page: bytes) -> dict[str, File]:
    """Return what a JSON page of ours says, by file name.

    Raises BadPage for anything else: a page that cannot be understood is no empty page.
    """
    try:
        rows = json.loads(page)["files"]
        return {row["filename"]: _file(row) for row in rows}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, NotAnArtifact) as error:
        raise BadPage("JSON page", f"cannot be understood: {type(error).__name__}") from None


def _file(row: Mapping[str, object]) -> File:
    size, metadata, yanked = row["size"], row.get("core-metadata"), row.get("yanked")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise TypeError("size")
    return File(
        filename=artifact.parse(str(row["filename"])).filename,
        size=size,
        sha256=_digest(row["hashes"]),
        mark=str(row["_mark"]),
        requires_python=str(row["requires-python"]) if "requires-python" in row else None,
        metadata_sha256=_digest(metadata) if metadata is not None else None,
        upload_time=str(row.get("upload-time", "")),
        yanked=None if yanked is None or yanked is False else "" if yanked is True else str(yanked),
        yank_mark=str(row.get("_yank-mark", "")),
    )


def _digest(hashes: object) -> str:
    digest = hashes["sha256"] if isinstance(hashes, dict) else None
    if not isinstance(digest, str) or not SHA256.fullmatch(digest):
        raise TypeError("sha256")
    return digest


def _json_file(project: str, file: File) -> dict[str, object]:
    row: dict[str, object] = {
        "filename": file.filename,
        "url": f"../../files/{project}/{quote(file.filename)}",
        "hashes": {"sha256": file.sha256},
        "size": file.size,
        "_mark": file.mark,
    }
    if file.requires_python:
        row["requires-python"] = file.requires_python
    if file.metadata_sha256:
        row["core-metadata"] = {"sha256": file.metadata_sha256}
    if file.upload_time:
        row["upload-time"] = file.upload_time
    if file.yanked is not None:
        row["yanked"] = file.yanked or True
        row["_yank-mark"] = file.yank_mark
    return row


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=True).encode() + b"\n"


def _anchor(file: File, folder: str) -> str:
    """Return a link. `+` is written %2B: stores read a raw one as a blank. Never a hash but `sha256=`."""
    attributes = [f'href="{folder}{quote(file.filename)}#sha256={file.sha256}"']
    if file.requires_python:
        attributes.append(f'data-requires-python="{html.escape(file.requires_python)}"')
    if file.metadata_sha256:  # PEP 714: both names
        attributes.append(f'data-core-metadata="sha256={file.metadata_sha256}"')
        attributes.append(f'data-dist-info-metadata="sha256={file.metadata_sha256}"')
    if file.upload_time:
        attributes.append(f'data-upload-time="{html.escape(file.upload_time)}"')
    attributes.append(f'data-size="{file.size}"')
    if file.yanked is not None:  # with a value: pip ignores the bare attribute
        attributes.append(f'data-yanked="{html.escape(file.yanked)}"')
    return f"<a {' '.join(attributes)}>{html.escape(file.filename)}</a>"


def _page(title: str, body: str, count: int) -> bytes:
    """Return a page that begins with its number of links, by which `fetch` knows one that was cut off."""
    text = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="{API_VERSION}">
<meta name="wheelhouse:links" content="{count}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<h1>{title}</h1>
{body}</body>
</html>
"""
    return text.encode("ascii", "xmlcharrefreplace")
