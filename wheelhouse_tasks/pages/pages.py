"""Render the pages of a wheelhouse: a pure function of the files that it holds.

HTML as in PEP 503, 592, 629, 658 and 714, JSON as in PEP 691 and 700; equal input gives equal bytes.
Pages are ASCII: pip decodes them by the charset of a header that a store may not send.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from packaging.utils import is_normalized_name

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import BadPage, NotAnArtifact, one_line
from wheelhouse_tasks.pages import flat
from wheelhouse_tasks.pages.links import ATTESTED, KNOWN_API, SHA256

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact

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
    #: Whether an attestation (PEP 740) lies beside it.
    attested: bool = False


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
    """Return files by version, wheels before the sdist. Raises NotAnArtifact for a name that must be on no page."""
    return [file for pairs in _by_version(files).values() for _, file in pairs]


def _by_version(files: Iterable[File]) -> dict[Version, list[tuple[Artifact, File]]]:
    """Return files with what their names say: versions in order, wheels before the sdist."""
    versions: dict[Version, list[tuple[Artifact, File]]] = {}
    for file in files:
        said = artifact.parse(file.filename)
        versions.setdefault(said.version, []).append((said, file))
    for pairs in versions.values():
        pairs.sort(key=lambda pair: (not pair[0].is_wheel, pair[0].filename))
    return {version: versions[version] for version in sorted(versions)}


def render_project(project: str, files: Iterable[File]) -> bytes:
    """Return the HTML page of one project."""
    folder = f"../../{file_name(_quoted(project), '')}"
    anchors = [f"<a {_attributes(file, folder)}>{html.escape(file.filename)}</a><br>\n" for file in in_order(files)]
    return _page(f"Links for {project}", STATUS, anchors, len(anchors))


def render_root(projects: Iterable[str]) -> bytes:
    """Return the HTML page that names every project."""
    rows = [f'<a href="{name}/">{name}</a><br>\n' for name in sorted(filter(is_project, projects))]
    return _page("Simple index", "", rows, len(rows))


def is_project(name: str) -> bool:
    """Tell the name of a project (PEP 503) from what else a folder of a container may be called."""
    return is_normalized_name(name) and len(name) <= artifact.NAME_LIMIT


def render_section(project: str, mark: str, files: Iterable[File]) -> str:
    """Return one project's part of the flat page; *mark* tells from which state of its JSON page it was made."""
    folder = file_name(_quoted(project), "")
    start = f"{SECTION_START}{_quoted(project)} {_quoted(mark)} -->\n"
    parts = flat.render(project, _by_version(files), lambda file: _attributes(file, folder))
    return "".join([start, *parts, SECTION_END])


#: With the version of its form: a section of another form is never taken over.
SECTION_START, SECTION_END = "<!-- wheelhouse section 2: ", "<!-- wheelhouse section end -->\n"


def render_flat(sections: Mapping[str, str]) -> bytes:
    """Return the flat page, for people and for `--find-links`: the section of every project."""
    parts = [sections[project] for project in sorted(filter(is_project, sections))]
    links = sum(part.count("<a href=") for part in parts)
    return _page("Wheelhouse", flat.STYLE, [flat.intro(len(parts), links), *parts], links)


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
            found[unquote(project)] = Section(rest.partition(" -->")[0], SECTION_START + text + end)
    return found


def is_ours(page: bytes) -> bool:
    """Tell a page of ours from one that somebody else made."""
    return OURS in page[:2000]


def section_is_current(section: Section | None, mark: str) -> bool:
    """Tell whether a section was made from the JSON page that has *mark* now."""
    return section is not None and section.mark == _quoted(mark)


def render_json(project: str, files: Iterable[File]) -> bytes:
    """Return the JSON page of one project (PEP 691, 700), with the change marks of its files."""
    ordered = _by_version(files)
    versions = list(dict.fromkeys(str(said.version) for pairs in ordered.values() for said, _ in pairs))
    rows = [_json_file(project, file) for pairs in ordered.values() for _, file in pairs]
    head = {"name": project, "project-status": {"status": "active"}, "versions": versions}
    return _json(head, "files", rows)


def render_json_root(projects: Iterable[str]) -> bytes:
    """Return the JSON page that names every project."""
    return _json({}, "projects", [{"name": name} for name in sorted(filter(is_project, projects))])


def read_root(page: bytes | None) -> set[str]:
    """Return the projects that a root page of ours names, in HTML or JSON."""
    found = re.findall(rb'<a href="([a-z0-9-]+)/">|"name": "([a-z0-9-]+)"', page or b"")
    return {name for pair in found for each in pair if is_project(name := each.decode())}


def read_project(page: bytes | None) -> dict[str, bool]:
    """Return the file names that a project's HTML page of ours links, and whether it promises their METADATA."""
    found = re.findall(rb'<a href="[^">]*"([^>]*)>([^<]+)</a><br>', page or b"")
    return {name.decode("ascii", "replace"): b" data-core-metadata=" in said for said, name in found}


def read_json(page: bytes) -> dict[str, File]:
    """Return what a JSON page of ours says, by file name.

    Raises BadPage for anything else: a page that cannot be understood is no empty page.
    """
    try:
        value = json.loads(page)
        version, rows = value["meta"]["api-version"], value["files"]
        if not KNOWN_API.fullmatch(version):
            raise BadPage("JSON page", f"has API version {one_line(version)!r}, expected 1.x")
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
        attested=row.get("_attestation") is True,
    )


def _digest(hashes: object) -> str:
    digest = hashes["sha256"] if isinstance(hashes, dict) else None
    if not isinstance(digest, str) or not SHA256.fullmatch(digest):
        raise TypeError("sha256")
    return digest


def _json_file(project: str, file: File) -> dict[str, object]:
    row: dict[str, object] = {
        "filename": file.filename,
        "url": f"../../{file_name(_quoted(project), _name_quoted(file.filename))}",
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
    if file.attested:
        row["_attestation"] = True
    return row


def _json(head: Mapping[str, object], name: str, rows: Iterable[object]) -> bytes:
    """Return a page with a line for each row."""
    start = json.dumps({"meta": {"api-version": API_VERSION}, **head, name: []}).removesuffix("]}")
    lines = ",\n".join(map(json.dumps, rows))
    return f"{start}\n{lines}\n]}}\n".encode()


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _name_quoted(filename: str) -> str:
    """Return an artifact's name as a part of a URL. `+` is written %2B: stores read a raw one as a blank.

    A name that `artifact.parse` took holds nothing else that needs it; `quote` takes eight times as long.
    """
    return filename.replace("+", "%2B").replace("!", "%21")


def _attributes(file: File, folder: str) -> str:
    """Return the attributes of the link to a file. Never a hash but `sha256=`."""
    attributes = f'href="{folder}{_name_quoted(file.filename)}#sha256={file.sha256}"'
    if file.requires_python:
        attributes += f' data-requires-python="{flat.text(file.requires_python)}"'
    if file.metadata_sha256:  # PEP 714: both names
        digest = f'metadata="sha256={file.metadata_sha256}"'
        attributes += f" data-core-{digest} data-dist-info-{digest}"
    if file.upload_time:
        attributes += f' data-upload-time="{flat.text(file.upload_time)}"'
    attributes += f' data-size="{file.size}"'
    if file.yanked is not None:  # with a value: pip ignores the bare attribute
        attributes += f' data-yanked="{flat.text(file.yanked)}"'
    if file.attested:
        attributes += f' {ATTESTED}="true"'
    return attributes


STATUS = '<meta name="pypi:project-status" content="active">\n'


def _page(title: str, head: str, body: Iterable[str], count: int) -> bytes:
    """Return a page that begins with its number of links, by which `fetch` knows one that was cut off."""
    shown = flat.text(title)
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
