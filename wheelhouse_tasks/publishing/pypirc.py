"""Where twine sends files: the repositories of `.pypirc`, and the hosts of PyPI."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wheelhouse_tasks.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What twine knows by itself: `DEFAULT_REPOSITORY`, `TEST_REPOSITORY` in twine/utils.py.
PYPI, TESTPYPI = "pypi", "testpypi"
UPLOAD_URLS: Mapping[str, str] = {
    PYPI: "https://upload.pypi.org/legacy/",
    TESTPYPI: "https://test.pypi.org/legacy/",
}
#: The simple URLs of both.
CHECK_URLS: Mapping[str, str] = {
    PYPI: "https://pypi.org/simple/",
    TESTPYPI: "https://test.pypi.org/simple/",
}
#: Their hosts of today and of before, of which twine knows some by name too.
HOSTS: Mapping[str, str] = {
    **dict.fromkeys(("upload.pypi.org", "pypi.org", "www.pypi.org", "pypi.python.org", "upload.pypi.io"), PYPI),
    **dict.fromkeys(("test.pypi.org", "testpypi.python.org"), TESTPYPI),
}
#: To these twine sends by https whatever is written: `_HOSTNAMES` in twine/utils.py.
ALWAYS_HTTPS = ("pypi.python.org", "testpypi.python.org", "upload.pypi.org", "test.pypi.org")
HTTP = ("https://", "http://")


@dataclass(frozen=True)
class Repository:
    """A repository as `.pypirc` has it."""

    #: Where twine sends files to.
    url: str
    #: What nobody else may see.
    secrets: frozenset[str]


def official(url: str) -> str | None:
    """Return the name of PyPI or TestPyPI where a URL leads to it, in any spelling; None elsewhere."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    return HOSTS.get(host.rstrip("."))


def is_url(text: str) -> bool:
    """Return whether a text is a URL that files can be sent to, or read from."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        return False
    return text.startswith(HTTP) and bool(parts.hostname)


def sent_to(url: str) -> str:
    """Return where twine sends files to, given the URL of a repository."""
    if not is_url(url):
        return url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(scheme="https").geturl() if host in ALWAYS_HTTPS else url


def repository(name: str, environ: Mapping[str, str]) -> Repository:
    """Return the repository *name*, read as twine reads it; UsageError where twine would not find it."""
    path = Path(environ.get("HOME") or Path.home()) / ".pypirc"
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise UsageError(str(path), f"cannot be read: {type(error).__name__}") from None
    servers = parser.get("distutils", "index-servers", fallback=" ".join(UPLOAD_URLS)).split()
    if name != PYPI and name not in servers:
        where = f"is not in {path}, as one of the index-servers and as a section"
        raise UsageError("repository", f"{name!r} {where}", "or give --repository-url and --check-url")
    url = UPLOAD_URLS.get(name, "")
    if name in servers:  # twine looks at no other section
        url = parser.get(name, "repository", fallback=url)
    if not is_url(url):
        raise UsageError(str(path), f"its section {name!r} has no repository = https://...", "twine uploads there")
    passwords = {parser.get(section, "password", fallback="") for section in (name, "server-login")}
    return Repository(sent_to(url), frozenset({*passwords, urlsplit(url).password or ""} - {""}))
