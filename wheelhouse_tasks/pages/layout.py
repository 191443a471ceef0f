"""Where pages and artifacts lie in a container, the headers they are stored with, and the version of the API."""

from __future__ import annotations

import re

from packaging.utils import is_normalized_name

from wheelhouse_tasks.artifacts import artifact

HTML_TYPE = "text/html; charset=utf-8"
JSON_TYPE = "application/vnd.pypi.simple.v1+json"
#: Clients must ask for a page each time: without Cache-Control, uv uses its copy of a page for ten minutes.
PAGE_CACHE = "no-cache"
#: The bytes of an artifact never change once it is published.
FILE_CACHE = "public, max-age=31536000, immutable"
FLAT, ROOT = "index.html", "simple/index.html"
JSON_FOLDER = "simple-json/"
JSON_ROOT = JSON_FOLDER + "index.html"
#: The version of the simple repository API that our pages have (PEP 629).
API_VERSION = "1.4"
#: The versions that can be read.
KNOWN_API = re.compile(r"1\.[0-9]+")


def project_page(project: str) -> str:
    """Return the object name of a project's HTML page."""
    return f"simple/{project}/index.html"


def json_page(project: str) -> str:
    """Return the object name of a project's JSON page, which also keeps all that is known of the project's files."""
    return f"{JSON_FOLDER}{project}/index.html"


def file_name(project: str, filename: str) -> str:
    """Return the object name of an artifact."""
    return f"files/{project}/{filename}"


def is_project(name: str) -> bool:
    """Return whether the name of a folder in a container can be that of a project (PEP 503)."""
    return is_normalized_name(name) and len(name) <= artifact.NAME_LIMIT
