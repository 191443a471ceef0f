"""A location: an index page, a folder, or a container of a storage provider."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.settings.casts import NO, YES, is_like_a_url
from wheelhouse_tasks.settings.table import LOCAL

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class WebIndex:
    """An index page of any maker, read over HTTP."""

    #: With its credentials, if it has any.
    url: str = field(repr=False)

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
class Credentials:
    """A key pair for one storage provider; its parts are in no repr."""

    username: str = field(repr=False)
    secret: str = field(repr=False)
    #: Session token of temporary credentials, where the provider has them.
    token: str | None = field(default=None, repr=False)


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
    #: File of the certificates to trust, unless the usual ones.
    ca_bundle: str | None = None

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

    A path starts from *root*. A storage URL of the provider of *base* inherits from it how to reach the provider,
    where it does not name that itself.
    Raises UsageError for a URL that cannot be used.
    """
    shown, kind = mask_url(text), text.partition(":")[0].lower()
    if not text.isprintable():
        raise UsageError("index", f"{shown!r} holds characters that cannot be printed")
    try:
        if kind in ("http", "https"):
            return _web_index(text, shown)
        if kind == "file":
            return _file_index(text, shown, root)
        scheme, separator, rest = text.partition("://")
        if not separator:
            if is_like_a_url(text):
                raise UsageError("index", f"{shown!r} is not a URL", f"two slashes: {kind}://...")
            return FolderIndex(path_of(text, root, "index"))
        parts = urlsplit(f"http://{rest}")  # urlsplit knows no scheme with an underscore, as many providers have
        if parts.username or parts.password or parts.port:
            raise UsageError("index", f"{shown!r}: credentials and ports do not go into a storage URL", "use ?port=")
    except ValueError:
        raise UsageError("index", f"{shown!r} is not a URL") from None
    return _container(scheme.lower(), parts, root, base)


def _web_index(text: str, shown: str) -> WebIndex:
    parts = urlsplit(text)
    parts.port  # noqa: B018  # raises for a port that is no number
    if not parts.hostname:
        raise UsageError("index", f"{shown!r} has no host")
    return WebIndex(text)


def _file_index(text: str, shown: str, root: Path) -> FolderIndex:
    parts = urlsplit(text)
    if parts.netloc not in ("", "localhost"):
        raise UsageError("index", f"{shown!r} names another machine (file:///path has three slashes)")
    from urllib.request import url2pathname

    return FolderIndex(root / url2pathname(parts.path))


def path_of(text: str, root: Path, what: str) -> Path:
    """Return the path that a person wrote, which starts from *root*; raise UsageError for the home of nobody."""
    try:
        return root / Path(text).expanduser()
    except RuntimeError:
        raise UsageError(what, f"{text!r} is in the home of a user who is not known") from None


def _container(provider: str, parts: SplitResult, root: Path, base: Container) -> Container:
    name, path, query = parts.netloc, unquote(parts.path), dict(parse_qsl(parts.query))
    shown = f"{provider}://{mask_url(name)}"
    unknown = set(query) - ({"region", "host", "port", "secure"} if provider != LOCAL else set())
    if unknown:
        raise UsageError("index", f"{shown}: unknown option {min(unknown)!r}", "region, host, port, secure")
    if provider == LOCAL:
        return replace(base, provider=LOCAL, container=str(root / f"{name}{path}"), prefix="", credentials=None)
    if not name:
        raise UsageError("index", f"{provider}:// needs a container", f"{provider}://CONTAINER/PREFIX")
    place = replace(base, container=name, prefix=clean_prefix(path.lstrip("/")))
    if provider != base.provider:
        place = replace(place, provider=provider, region=None, host=None, port=None, secure=True)
        place = replace(place, driver_options={}, credentials=None)
    port, secure = query.get("port", "443"), query.get("secure", "yes").lower()
    if not (port.isdecimal() and len(port) < 6 and 0 < int(port) < 65536):
        raise UsageError("index", f"{shown}: port {port!r} is not a number from 1 to 65535")
    if secure not in YES + NO:
        raise UsageError("index", f"{shown}: secure is {secure!r}, expected yes or no")
    return replace(
        place,
        region=query.get("region", place.region),
        host=query.get("host", place.host),
        port=int(port) if "port" in query else place.port,
        secure=secure in YES if "secure" in query else place.secure,
    )
