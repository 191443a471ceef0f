"""Render and read the JSON pages of a wheelhouse: PEP 691 and 700. Equal input gives equal bytes."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import BadPage, NotAnArtifact, one_line
from wheelhouse_tasks.pages.layout import API_VERSION, KNOWN_API, file_name, is_project
from wheelhouse_tasks.pages.link import SHA256
from wheelhouse_tasks.pages.quoting import name_quoted, quoted
from wheelhouse_tasks.pages.record import File, by_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def render_json(project: str, files: Iterable[File]) -> bytes:
    """Return the JSON page of one project, with the change marks of its files."""
    return b"".join(json_parts(project, files))


def json_parts(project: str, files: Iterable[File]) -> Iterator[bytes]:
    """Yield the JSON page of one project in pieces."""
    ordered = by_version(files)
    versions = list(dict.fromkeys(str(parsed.version) for pairs in ordered.values() for parsed, _ in pairs))
    head = {"name": project, "project-status": {"status": "active"}, "versions": versions}
    folder = f"../../{file_name(quoted(project), '')}"
    return _json(head, "files", (_json_file(folder, file) for pairs in ordered.values() for _, file in pairs))


def render_json_root(projects: Iterable[str]) -> bytes:
    """Return the JSON page that names every project."""
    return b"".join(_json({}, "projects", [{"name": name} for name in sorted(filter(is_project, projects))]))


def read_json(page: bytes) -> dict[str, File]:
    """Return the files of a JSON page of ours, by file name.

    Raises BadPage for any other page: a page that cannot be understood is not an empty one.
    """
    try:
        value = _head(page)
        version, rows = value["meta"]["api-version"], value["files"] or _rows(page)
        if not KNOWN_API.fullmatch(version):
            raise BadPage("JSON page", f"has API version {one_line(version)!r}, expected 1.x")
        return {row["filename"]: _file(row) for row in rows}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, NotAnArtifact) as error:
        raise BadPage("JSON page", f"cannot be understood: {type(error).__name__}") from None


def _head(page: bytes) -> Any:
    """Return the value of a page; of one with a line for each row, as `_json` renders it, without the rows."""
    first = page.partition(b"\n")[0]
    by_line = first.endswith(ROWS_START) and page.endswith(ROWS_END)
    return json.loads(first + b"]}") if by_line else json.loads(page)


def _rows(page: bytes) -> Iterator[Any]:
    """Yield the rows of a page one by one: as one value they would need many times the memory of the page."""
    if not page.endswith(ROWS_END):
        return
    stream, end = io.BytesIO(page), len(page) - len(ROWS_END) + 1
    stream.readline()
    while stream.tell() < end:
        row = stream.readline()[:-1]
        last = stream.tell() >= end
        if row.endswith(b",") == last:
            raise ValueError("a row does not end as it should")
        if row:  # a page without files has an empty line
            yield json.loads(row if last else row[:-1])


ROWS_START, ROWS_END = b'"files": [', b"\n]}\n"


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


def _json_file(folder: str, file: File) -> dict[str, object]:
    row: dict[str, object] = {
        "filename": file.filename,
        "url": folder + name_quoted(file.filename),
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


def _json(head: Mapping[str, object], name: str, rows: Iterable[object]) -> Iterator[bytes]:
    """Yield a page with a line for each row."""
    yield json.dumps({"meta": {"api-version": API_VERSION}, **head, name: []}).removesuffix("]}").encode()
    before = b"\n"
    for row in rows:
        yield before + ENCODE(row).encode()
        before = b",\n"
    yield b"\n]}\n" if before == b",\n" else b"\n\n]}\n"


#: What `json.dumps` calls, without its look at the options.
ENCODE = json.JSONEncoder().encode
