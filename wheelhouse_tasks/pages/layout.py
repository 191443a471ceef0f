"""Where pages and artifacts lie in a container, and the headers that they are stored with."""

from __future__ import annotations

import re

from packaging.utils import is_normalized_name

from wheelhouse_tasks.artifacts import artifact

HTML_TYPE = "text/html; charset=utf-8"
JSON_TYPE = "application/vnd.pypi.simple.v1+json"
#: Pages must be asked for again each time: uv takes a page without Cache-Control for fresh for ten minutes.
PAGE_CACHE = "no-cache"
#: A published name never changes its bytes.
FILE_CACHE = "public, max-age=31536000, immutable"
FLAT, ROOT = "index.html", "simple/index.html"
JSON_FOLDER = "simple-json/"
JSON_ROOT = JSON_FOLDER + "index.html"
API_VERSION = "1.4"
#: Versions of the simple repository API that we can read.
KNOWN_API = re.compile(r"1\.[0-9]+")


def project_page(project: str) -> str:
    """Return the object name of a project's HTML page."""
    return f"simple/{project}/index.html"


def json_page(project: str) -> str:
    """Return the object name of a project's JSON page, which is also the cache of what is known of its files."""
    return f"{JSON_FOLDER}{project}/index.html"


def file_name(project: str, filename: str) -> str:
    """Return the object name of an artifact."""
    return f"files/{project}/{filename}"


def is_project(name: str) -> bool:
    """Tell the name of a project (PEP 503) from what else a folder of a container may be called."""
    return is_normalized_name(name) and len(name) <= artifact.NAME_LIMIT
