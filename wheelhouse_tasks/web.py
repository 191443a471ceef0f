"""Read pages and files over HTTP with requests."""

from __future__ import annotations

import threading
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import requests

from wheelhouse_tasks.errors import BadPage, PageMissing, WebError, one_line, root_cause
from wheelhouse_tasks.links import PAGE_LIMIT
from wheelhouse_tasks.retry import TryAgainError, retry
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

BLOCK = 1 << 20
PAGE_TYPES = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
)
LONGEST_RETRY_AFTER = 10.0
GONE = (404, 410)
TOO_MANY, SERVER_ERROR, FIRST_ERROR = 429, 500, 400


class Web:
    """Reads from web servers; one session for each thread.

    Credentials come from the URL that a person gave, go to its host and port alone, and follow no redirect elsewhere.
    """

    def __init__(self, url: str, *, timeout: float, retries: int) -> None:
        parts = urlsplit(url)
        self.timeout = timeout
        self.retries = retries
        self.origin = origin(url)
        self.auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        #: The URL without its credentials: links that are relative to it carry none.
        self.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._local = threading.local()

    def page(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, str, str]:
        """Return a page's bytes, the URL that it came from after redirects, and its content type.

        Raises PageMissing for 404 and 410, BadPage for one beyond the size limit, WebError for everything else.
        """

        def read() -> tuple[bytes, str, str]:
            asked = {"Accept": PAGE_TYPES, "Accept-Encoding": "gzip", "Cache-Control": "no-cache", **(headers or {})}
            with self._open(url, asked) as response:
                encoding = response.headers.get("Content-Encoding", "").strip().lower()
                content = unpack(self._raw(response, url), encoding, mask_url(url))
                return content, response.url, response.headers.get("Content-Type", "")

        return retry(read, self.retries)

    def exists(self, url: str) -> bool:
        """Tell whether something is at *url*, without reading it."""

        def ask() -> bool:
            try:
                with self._open(url, {"Accept": PAGE_TYPES}):
                    return True
            except PageMissing:
                return False

        return retry(ask, self.retries)

    def blocks(self, url: str, *, stay: bool = False) -> Iterator[bytes]:
        """Yield a file's bytes as they come over the wire; *stay* at its host.

        Raises TryAgainError, PageMissing or WebError.
        """
        with self._open(url, {"Accept-Encoding": "identity"}) as response:
            if stay and origin(response.url) != origin(url):
                raise WebError(mask_url(url), "redirects to another host, and nothing promises its sha256")
            yield from self._raw(response, url)

    def _raw(self, response: requests.Response, url: str) -> Iterator[bytes]:
        while True:
            with self._border(url):
                block = response.raw.read(BLOCK, decode_content=False)
            if not block:
                return
            yield block

    @contextmanager
    def _open(self, url: str, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        with self._border(url):
            auth = self.auth if origin(url) == self.origin else None
            response = self._session().get(url, headers=headers, auth=auth, timeout=self.timeout, stream=True)
        with response:
            self._check(response, url)
            yield response

    def _check(self, response: requests.Response, url: str) -> None:
        shown, status = mask_url(url), response.status_code
        if urlsplit(url).scheme == "https" and any(
            urlsplit(each.url).scheme != "https" for each in (*response.history, response)
        ):
            raise WebError(shown, "redirects from https to http", "use the address that it leads to, if you trust it")
        if status in GONE:
            raise PageMissing(shown, f"is not there ({status})")
        if status in (401, 403):
            raise WebError(
                shown, f"access denied ({status})", "put user and password into the index URL, or in ~/.netrc"
            )
        if status == TOO_MANY or status >= SERVER_ERROR:
            wait = response.headers.get("Retry-After", "")
            pause = min(float(wait), LONGEST_RETRY_AFTER) if wait.isdecimal() else 0.0
            raise TryAgainError(WebError(shown, f"the server answered {status}"), pause)
        if status != 200:
            raise WebError(shown, f"the server answered {status}")

    @contextmanager
    def _border(self, url: str) -> Iterator[None]:
        """Turn the errors of requests and urllib3 into ours, without the URLs in their texts."""
        import urllib3.exceptions

        shown = mask_url(url)
        try:
            yield
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise WebError(shown, f"no answer within {self.timeout:g} s", "see the setting 'timeout'") from None
        except requests.exceptions.SSLError:
            raise WebError(shown, "its TLS certificate is not trusted") from None
        except requests.TooManyRedirects:
            raise WebError(shown, "redirects in a loop") from None
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
        ) as error:
            raise WebError(shown, f"cannot be requested: {one_line(mask_url(str(error)))}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if "timed out" in str(error):
                raise WebError(shown, f"no answer within {self.timeout:g} s", "see the setting 'timeout'") from None
            raise TryAgainError(WebError(shown, f"could not be read: {root_cause(error)}")) from None
        except OSError as error:  # a CA bundle that is not there
            raise WebError(shown, f"could not be read: {one_line(str(error))}") from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.headers["User-Agent"] = "wheelhouse_tasks"
        return session


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port: what credentials belong to."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def unpack(blocks: Iterable[bytes], encoding: str, shown: str) -> bytes:
    """Return a page's bytes, bounded; urllib3 takes a gzip stream that is cut off for a whole one."""
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise BadPage(shown, f"comes with content encoding {one_line(encoding)!r}, which was not asked for")
    content, unpacker = bytearray(), zlib.decompressobj(31) if encoding.endswith("gzip") else None
    try:
        for block in blocks:
            content += unpacker.decompress(block, PAGE_LIMIT + 1) if unpacker else block
            if len(content) > PAGE_LIMIT:
                raise BadPage(shown, f"is larger than {PAGE_LIMIT >> 20} MiB")
    except zlib.error:
        raise BadPage(shown, "is said to be compressed, and is not") from None
    if unpacker and not unpacker.eof:
        raise TryAgainError(BadPage(shown, "is cut off"))
    return bytes(content)
