"""What a scripted server offers, and a fetch from it."""

import json
from html import escape
from pathlib import Path
from typing import Any

import wheels
from scripted import Scripted

from wheelhouse_tasks.commands.fetch import FetchResult, fetch
from wheelhouse_tasks.settings.resolve import resolve

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"

JSON = "application/vnd.pypi.simple.v1+json"
#: Links to what is called like an sdist, and leads out of the folder, or breaks a page, a terminal or a file system.
EVIL = {
    "climbs": f"../../etc/{SDIST}",
    "climbs beyond the root": f"../../../../../../../../etc/{SDIST}",
    "slashes quoted": f"..%2f..%2f{SDIST}",
    "quoted twice": f"%252e%252e%252f{SDIST}",
    "slash quoted twice": f"..%252f{SDIST}",
    "backslash": f"..\\{SDIST}",
    "quoted backslash": f"..%5c{SDIST}",
    "drive letter": f"C%3a%5c{SDIST}",
    "NUL": f"%00{SDIST}",
    "NUL behind": f"{SDIST}%00.whl",
    "control character": f"%1b[31m{SDIST}",
    "newline": "demo%0a-1.0.tar.gz",
    "right to left": "demo%E2%80%AE-1.0.tar.gz",
    "name with a slash": "..%2fdemo-1.0.tar.gz",
    "markup": "%3Cb%3Edemo-1.0.tar.gz",
    "longer than a file name": f"demo-1.0-py3-none-{'a' * 260}.whl",
    "longer than a file name, quoted": f"demo-1.0-py3-none-{'%61' * 260}.whl",
}


def serve(server: Scripted, page: str | bytes, files: dict[str, bytes], **headers: str) -> None:
    """Answer `/` with a page, and each path with a file."""
    content = page if isinstance(page, bytes) else page.encode()
    server.answers["/"] = (200, {"Content-Type": "text/html", **headers}, content)
    for path, body in files.items():
        server.answers[path] = (200, {"Content-Type": "application/octet-stream"}, body)


def collect(folder: Path, *indexes: str, project: str = "demo", version: str | None = None) -> FetchResult:
    """Fetch into dist/ of a folder."""
    given = {"indexes": list(indexes), "project": project, "local_folder": "dist", "retries": 1, "timeout": 5}
    return fetch(resolve(given, {}, {}, folder), version=version)


def link(href: str, attributes: str = "") -> str:
    """Return an anchor."""
    return f'<a href="{href}" {attributes}>x</a>\n'


def page_of(hrefs: list[str], kind: str) -> tuple[bytes, str]:
    """Return a page with links, or a listing with keys, and its content type."""
    if kind == "json":
        rows: list[dict[str, Any]] = [{"filename": href, "url": href, "hashes": {}} for href in hrefs]
        return json.dumps({"meta": {"api-version": "1.0"}, "files": rows}).encode(), JSON
    if kind == "xml":
        keys = "".join(f"<Contents><Key>{escape(href)}</Key></Contents>" for href in hrefs)
        page = f"<ListBucketResult><IsTruncated>false</IsTruncated>{keys}</ListBucketResult>"
        return page.encode("utf-8", "replace"), "application/xml"
    return "".join(map(link, hrefs)).encode("utf-8", "replace"), "text/html"


def names(folder: Path) -> set[str]:
    """Return every path below a folder, but those of the wheel that was made for the test."""
    paths = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {name for name in paths if not name.startswith("made")}


def versions(server: Scripted, folder: Path, *names_: str, name: str = "demo") -> str:
    """Serve wheels of several versions; return the page."""
    folder.mkdir()
    made = [wheels.make_wheel(folder, name, version) for version in names_]
    page = "".join(link(path.name.replace("+", "%2B")) for path in made)
    serve(server, page, {})
    for path in made:
        server.answers[f"/{path.name.replace('+', '%2B')}"] = (200, {}, path.read_bytes())
    return page
