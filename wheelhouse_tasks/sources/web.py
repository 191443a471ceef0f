"""Read pages and files over HTTP with requests."""

from __future__ import annotations

import threading
import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import requests

from wheelhouse_tasks.errors import BadPage, PageMissing, Trouble, WebError, one_line, root_cause, trouble
from wheelhouse_tasks.pages import links
from wheelhouse_tasks.pages.links import PAGE_LIMIT
from wheelhouse_tasks.retry import TryAgainError, pause, retry
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.sources.resume import NOT_SATISFIABLE, OK, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

BLOCK = 1 << 20
PAGE_TYPES = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
)
LONGEST_RETRY_AFTER = 10.0
GZIP, GZIP_HEAD = ("gzip", "x-gzip"), b"\x1f\x8b"
GONE = (404, 410)
TOO_MANY, SERVER_ERROR = 429, 500
#: A body that comes with fewer bytes a second, for as long as `timeout`, has stopped: a server that sends one now and
#: then is never silent. Waiting is counted, not what is done with the bytes.
SLOWEST = 1000


class Web:
    """Reads from web servers; one session for each thread.

    Credentials come from the URL that a person gave, go to its host and port alone, and follow no redirect elsewhere.
    """

    def __init__(self, url: str, *, timeout: float, retries: int, ca_bundle: str | None = None) -> None:
        parts = urlsplit(url)
        self.timeout = timeout
        self.retries = retries
        self.ca_bundle = ca_bundle
        self.origin = origin(url)
        self.auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        #: The URL without its credentials: links that are relative to it carry none.
        self.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._local = threading.local()

    def page(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, str, str]:
        """Return a page's bytes, the URL that it came from after redirects, and its content type.

        Raises PageMissing for 404 and 410, BadPage for one beyond the size limit, WebError for everything else.
        """
        content, where, said = self.answer(url, headers)
        return content, where, said.get("Content-Type", "")

    def answer(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, str, Mapping[str, str]]:
        """Return as `page` does, but with all headers of the answer, whose names may be asked for in any case."""

        def read() -> tuple[bytes, str, Mapping[str, str]]:
            asked = {"Accept": PAGE_TYPES, "Accept-Encoding": "gzip", "Cache-Control": "no-cache", **(headers or {})}
            with self._open(url, asked) as response:
                encoding = response.headers.get("Content-Encoding", "").strip().lower()
                content = unpack(self._body(response, url), encoding, mask_url(url))
                if not tells_end(response.headers) and links.is_unfinished(content):
                    raise TryAgainError(BadPage(mask_url(url), "is cut off: it does not close what it opens"))
                return content, response.url, response.headers

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

        A body that stops is continued where the server can do that: up to `retries` times, and again after each further
        block. Raises TryAgainError where only a new start can help, PageMissing or WebError.
        """
        got, mark, attempt = Progress(), 0, 0
        stopped: TryAgainError | None = None
        while True:
            try:
                yield from self._rest(url, got, stopped, stay=stay)
            except TryAgainError as again:
                if not got.can_continue:
                    raise
                stopped = again
            else:
                return
            if got.done - mark >= BLOCK:
                mark, attempt = got.done, 0
            if attempt >= self.retries:
                raise stopped.error from None
            time.sleep(pause(attempt, stopped.pause))
            attempt += 1

    def _rest(self, url: str, got: Progress, stopped: TryAgainError | None, *, stay: bool) -> Iterator[bytes]:
        """Ask for what is missing once and yield it; raise what *stopped* the last answer where this is no sequel."""
        with self._open(url, {"Accept-Encoding": "identity", **got.headers()}, got.expected) as response:
            if stay and origin(response.url) != origin(url):
                raise WebError(mask_url(url), "redirects to another host, and nothing promises its sha256")
            if not got.heed(response.status_code, response.headers) and stopped:
                raise stopped
            if response.status_code == NOT_SATISFIABLE:
                return
            for block in self._body(response, url):
                got.done += len(block)
                yield block
        if not got.whole:
            raise TryAgainError(WebError(mask_url(url), f"ends after {got.done} of {got.total} bytes"))

    def _body(self, response: requests.Response, url: str) -> Iterator[bytes]:
        """Yield a body's bytes as they come; raise TryAgainError where it is cut off, silent, or nearly silent."""
        waited, came = 0.0, 0
        while True:
            began = time.monotonic()
            try:
                with self._border(url):
                    block = response.raw.read1(BLOCK, decode_content=False)
            except WebError as error:
                raise TryAgainError(error) from None
            if not block:
                return
            waited, came = waited + time.monotonic() - began, came + len(block)
            if waited >= self.timeout:
                if came < SLOWEST * waited:
                    problem = f"comes with less than {SLOWEST} bytes a second"
                    raise TryAgainError(WebError(mask_url(url), problem, "see the setting 'timeout'"))
                waited, came = 0.0, 0
            yield block

    @contextmanager
    def _open(
        self, url: str, headers: Mapping[str, str], expected: tuple[int, ...] = (OK,)
    ) -> Iterator[requests.Response]:
        with self._border(url):
            auth = self.auth if origin(url) == self.origin else None
            # given for each request, because a variable of the environment outdoes that of a session
            trust = self.ca_bundle
            response = self._session().get(
                url, headers=headers, auth=auth, timeout=self.timeout, stream=True, verify=trust
            )
        with response:
            self._check(response, url, expected)
            yield response

    def _check(self, response: requests.Response, url: str, expected: tuple[int, ...]) -> None:
        shown, status = mask_url(url), response.status_code
        if urlsplit(url).scheme == "https" and any(
            urlsplit(each.url).scheme != "https" for each in (*response.history, response)
        ):
            raise WebError(shown, "redirects from https to http", "use the address that it leads to, if you trust it")
        if status in GONE:
            raise PageMissing(shown, f"is not there ({status})", status=status)
        if status in (401, 403):
            remedy = "put user and password into the index URL, or in ~/.netrc"
            raise WebError(shown, f"access denied ({status})", remedy, status=status)
        if status == TOO_MANY or status >= SERVER_ERROR:
            wait = response.headers.get("Retry-After", "")
            asked = min(float(wait), LONGEST_RETRY_AFTER) if wait.isdecimal() else 0.0
            raise TryAgainError(WebError(shown, f"the server answered {status}", status=status), asked)
        if status not in expected:
            raise WebError(shown, f"the server answered {status}", status=status)

    @contextmanager
    def _border(self, url: str) -> Iterator[None]:
        """Turn the errors of requests and urllib3 into ours, without the URLs in their texts."""
        import urllib3.exceptions

        shown = mask_url(url)
        try:
            yield
        except requests.TooManyRedirects:
            raise WebError(shown, "redirects in a loop") from None
        except ValueError as error:  # a URL, maybe one that a redirect leads to, or that of a proxy
            raise WebError(shown, f"cannot be requested: {one_line(mask_url(str(error)))}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            cause = trouble(error)
            if cause is Trouble.SILENCE:
                raise WebError(shown, f"no answer within {self.timeout:g} s", "see the setting 'timeout'") from None
            if cause is Trouble.UNTRUSTED:
                raise WebError(shown, "its TLS certificate is not trusted", "see the setting 'ca_bundle'") from None
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


def tells_end(headers: Mapping[str, str]) -> bool:
    """Tell whether an answer shows where its body ends, so that one that is cut off was noticed."""
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    return chunked or "Content-Length" in headers or headers.get("Content-Encoding", "").strip().lower() in GZIP


def unpack(blocks: Iterable[bytes], encoding: str, shown: str) -> bytes:
    """Return a page's bytes, bounded; urllib3 takes a gzip stream that is cut off for a whole one."""
    if encoding not in ("", "identity", *GZIP):
        raise BadPage(shown, f"comes with content encoding {one_line(encoding)!r}, which was not asked for")
    content, unpacker = bytearray(), zlib.decompressobj(31) if encoding in GZIP else None
    try:
        for block in blocks:
            content += unpacker.decompress(block, PAGE_LIMIT + 1) if unpacker else block
            while unpacker and unpacker.eof and unpacker.unused_data.startswith(GZIP_HEAD):
                # streams may follow each other; what else follows one is passed over, as clients do
                rest, unpacker = unpacker.unused_data, zlib.decompressobj(31)
                content += unpacker.decompress(rest, PAGE_LIMIT + 1)
            if len(content) > PAGE_LIMIT:
                raise BadPage(shown, f"is larger than {PAGE_LIMIT >> 20} MiB")
    except zlib.error:
        raise BadPage(shown, "is said to be compressed, and is not") from None
    if unpacker and not unpacker.eof:
        raise TryAgainError(BadPage(shown, "is cut off"))
    return bytes(content)
