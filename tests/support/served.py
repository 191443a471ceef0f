"""What a scripted server offers, and a fetch from it."""

from pathlib import Path

import wheels
from scripted import Scripted

from wheelhouse_tasks.commands.fetch import FetchResult, fetch
from wheelhouse_tasks.settings.resolve import resolve

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"


def serve(web: Scripted, page: str | bytes, files: dict[str, bytes], **headers: str) -> None:
    """Answer `/` with a page, and each path with a file."""
    content = page if isinstance(page, bytes) else page.encode()
    web.answers["/"] = (200, {"Content-Type": "text/html", **headers}, content)
    for path, body in files.items():
        web.answers[path] = (200, {"Content-Type": "application/octet-stream"}, body)


def collect(folder: Path, *indexes: str, project: str = "demo", version: str | None = None) -> FetchResult:
    """Fetch into dist/ of a folder."""
    given = {"indexes": list(indexes), "project": project, "local_folder": "dist", "retries": 1, "timeout": 5}
    return fetch(resolve(given, {}, {}, folder), version=version)


def link(href: str, attributes: str = "") -> str:
    """Return an anchor."""
    return f'<a href="{href}" {attributes}>x</a>\n'


def names(folder: Path) -> set[str]:
    """Return every path below a folder, but those of the wheel that was made for the test."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {name for name in found if not name.startswith("made")}


def versions(web: Scripted, folder: Path, *names_: str, name: str = "demo") -> str:
    """Serve wheels of several versions; return the page."""
    folder.mkdir()
    made = [wheels.make_wheel(folder, name, version) for version in names_]
    page = "".join(link(path.name.replace("+", "%2B")) for path in made)
    serve(web, page, {})
    for path in made:
        web.answers[f"/{path.name.replace('+', '%2B')}"] = (200, {}, path.read_bytes())
    return page
