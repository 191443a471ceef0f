"""Where a wheelhouse is: an index page, a folder, or a container of a storage provider."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import url2pathname

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.secret import Credentials, mask_url

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL = "local"


@dataclass(frozen=True)
class WebIndex:
    """An index page of any maker, read over HTTP."""

    url: str

    @property
    def label(self) -> str:
        """Return the URL without credentials."""
        return mask_url(self.url)


@dataclass(frozen=True)
class FolderIndex:
    """A page or folder on this machine."""

    path: Path

    @property
    def label(self) -> str:
        """Return the path."""
        return str(self.path)


@dataclass(frozen=True)
class Container:
    """A container of a storage provider, and how to reach it."""

    #: libcloud's id of the provider in lower case, or `local`.
    provider: str
    #: Name of the container; for `local` an absolute path.
    container: str
    #: Every object of the wheelhouse lies below it; empty, or ends in "/".
    prefix: str = ""
    region: str | None = None
    host: str | None = None
    port: int | None = None
    secure: bool = True
    driver_options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    credentials: Credentials | None = None
    #: Seconds of silence after which a request is given up.
    timeout: float = 60.0
    #: How often a request is sent again after a refused connection, 429 or 5xx.
    retries: int = 3
    verify_tls: bool = True

    @property
    def label(self) -> str:
        """Return ``provider://container/prefix``, or the path for a local one."""
        if self.provider == LOCAL:
            return str(Path(self.container) / self.prefix)
        return f"{self.provider}://{self.container}/{self.prefix}".rstrip("/")


Location = WebIndex | FolderIndex | Container


def clean_prefix(text: str) -> str:
    """Return *text* as a key prefix ending in "/"; UsageError where it could leave the container."""
    parts = text.strip("/").split("/") if text.strip("/") else []
    if text.startswith("/") or any(part in ("", ".", "..") or not part.isprintable() for part in parts):
        raise UsageError("prefix", f"{text!r} is not a relative path without '..' and empty parts")
    return "".join(f"{part}/" for part in parts)


def parse(text: str, root: Path, base: Container) -> Location:
    """Return the location that *text* names, as in `--index`.

    A path is taken from *root*. A storage URL inherits from *base* (how to reach the provider) what it does not
    say itself, where its provider is that of *base*.
    Raises UsageError for a URL that cannot be used.
    """
    shown = mask_url(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageError("index", f"{shown!r} is not a URL: {error}") from None
    scheme = parts.scheme.lower()
    if scheme in ("http", "https"):
        if not parts.hostname:
            raise UsageError("index", f"{shown!r} has no host")
        return WebIndex(text)
    if scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise UsageError("index", f"{shown!r} names another machine (file:///path has three slashes)")
        return FolderIndex(Path(url2pathname(parts.path)))
    if "://" not in text:
        return FolderIndex(root / Path(text).expanduser())
    if parts.username or parts.password or port:
        raise UsageError("index", f"{shown!r}: credentials and ports do not go into a storage URL (use ?port=)")
    return _container(scheme, parts.netloc, unquote(parts.path), dict(parse_qsl(parts.query)), root, base)


def _container(provider: str, name: str, path: str, query: dict[str, str], root: Path, base: Container) -> Container:
    if provider == LOCAL:
        return replace(base, provider=LOCAL, container=str(root / f"{name}{path}"), prefix="", credentials=None)
    if not name:
        raise UsageError("index", f"{provider}:// needs a container: {provider}://CONTAINER/PREFIX")
    unknown = set(query) - {"region", "host", "port", "secure"}
    if unknown:
        raise UsageError("index", f"{provider}://{name}: unknown option {min(unknown)!r} (region, host, port, secure)")
    found = replace(base, container=name, prefix=clean_prefix(path.lstrip("/")))
    if provider != base.provider:
        found = replace(
            found,
            provider=provider,
            region=None,
            host=None,
            port=None,
            secure=True,
            driver_options={},
            credentials=None,
        )
    if not query.get("port", "1").isdecimal():
        raise UsageError("index", f"{provider}://{name}: port {query['port']!r} is not a number")
    return replace(
        found,
        region=query.get("region", found.region),
        host=query.get("host", found.host),
        port=int(query["port"]) if "port" in query else found.port,
        secure=query["secure"].lower() not in ("0", "no", "off", "false") if "secure" in query else found.secure,
    )
