"""Read pages and files over HTTP."""

from __future__ import annotations

import threading
import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import requests

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import BadPage, PageMissing, WebError, one_line
from wheelhouse_tasks.network import explained, root_cause
from wheelhouse_tasks.pages import html_links
from wheelhouse_tasks.pages.links import PAGE_LIMIT
from wheelhouse_tasks.retry import StartAnewError, TryAgainError, pause, retry
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.sources.download import NOT_SATISFIABLE, OK, SLOWEST, Pace, Progress
from wheelhouse_tasks.sources.session import Session, origin
from wheelhouse_tasks.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PAGE_TYPES = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01"
)
LONGEST_RETRY_AFTER = 10.0
GZIP, GZIP_HEAD = ("gzip", "x-gzip"), b"\x1f\x8b"
GONE = (404, 410)
TOO_MANY, SERVER_ERROR = 429, 500
#: Bytes of a body that are gathered before they are used.
GATHERED = 1 << 18
#: The most that one read brings over TLS; a read that asks for more is slower, by the memory that it asks for.
TLS_RECORD = 1 << 14


class Web:
    """Reads from web servers, with a session for each thread.

    Credentials come from the URL that the user configured. Only its host and port get them, also after a redirect.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float,
        retries: int,
        ca_bundle: str | None = None,
        trust: frozenset[str] = frozenset(),
    ) -> None:
        parts = urlsplit(url)
        self.timeout = timeout
        self.retries = retries
        self.ca_bundle = ca_bundle
        #: The hosts that a file without a promised digest may come from, too.
        self.trust = trust
        try:
            self.origin = origin(url)
        except ValueError:  # a port that is no number, maybe the rest of a password with a slash in it
            raise WebError(mask_url(url), "is no URL that can be requested", "quote user and password") from None
        self.auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        #: The URL without its credentials, so that links relative to it have none.
        self.url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._local = threading.local()

    def page(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, str, str]:
        """Return a page, its URL after redirects, and its content type.

        Raises PageMissing for status 404 and 410, BadPage for a page beyond the size limit, WebError for any other
        failure.
        """
        content, final, answered = self.answer(url, headers)
        return content, final, answered.get("Content-Type", "")

    def answer(self, url: str, headers: Mapping[str, str] | None = None) -> tuple[bytes, str, Mapping[str, str]]:
        """Return as `page` does, with all headers of the answer; their names ignore case."""

        def read() -> tuple[bytes, str, Mapping[str, str]]:
            wanted = {"Accept": PAGE_TYPES, "Accept-Encoding": "gzip", "Cache-Control": "no-cache", **(headers or {})}
            with self._open(url, wanted) as response:
                encoding = response.headers.get("Content-Encoding", "").strip().lower()
                content = unpack(self._body(response, url), encoding, mask_url(url))
                if not states_end(response.headers) and html_links.is_unfinished(content):
                    raise TryAgainError(BadPage(mask_url(url), "is cut off: it does not close what it opens"))
                return content, response.url, response.headers

        return retry(read, self.retries)

    def exists(self, url: str) -> bool:
        """Return whether *url* has something; its body is not read."""

        def ask() -> bool:
            try:
                with self._open(url, {"Accept": PAGE_TYPES}):
                    return True
            except PageMissing:
                return False

        return retry(ask, self.retries)

    def blocks(self, url: str, progress: Progress | None = None, *, stay: bool = False) -> Iterator[bytes]:
        """Yield the missing bytes of a file as they arrive; with *stay*, reject a redirect to another host.

        A body that stops is continued where the server can do that, up to `retries` times for each block. Raises
        StartAnewError where another try must begin at byte 0, TryAgainError, PageMissing or WebError.
        """
        progress = progress or Progress()
        mark, attempt = progress.done, 0
        stopped: TryAgainError | None = None
        while True:
            try:
                yield from self._rest(url, progress, stopped, stay=stay)
            except TryAgainError as again:
                if not progress.can_continue:
                    raise
                stopped = again
            else:
                return
            if progress.done - mark >= BLOCK:
                mark, attempt = progress.done, 0
            if attempt >= self.retries:
                raise stopped.error from None
            time.sleep(pause(attempt, stopped.pause))
            attempt += 1

    def _rest(self, url: str, progress: Progress, stopped: TryAgainError | None, *, stay: bool) -> Iterator[bytes]:
        """Request the missing bytes once and yield them.

        Raises StartAnewError, with the error that *stopped* the last answer, where this one does not continue it.
        """
        headers = {"Accept-Encoding": "identity", **progress.headers()}
        with self._open(url, headers, progress.expected) as response:
            _, host, _ = origin(response.url)
            if stay and origin(response.url) != origin(url) and host not in self.trust:
                problem = "redirects to another host, and nothing promises its sha256"
                raise WebError(mask_url(url), problem, f"see the setting 'trust': {host}")
            if not progress.is_continued_by(response.status_code, response.headers):
                again = stopped or TryAgainError(WebError(mask_url(url), f"does not go on at byte {progress.done}"))
                raise StartAnewError(again.error, again.pause)
            if response.status_code == NOT_SATISFIABLE:
                return
            for block in self._body(response, url):
                progress.done += len(block)
                yield block
        if not progress.whole:
            raise TryAgainError(
                WebError(mask_url(url), f"ends after {progress.done} of {count(progress.total or 0, 'byte')}")
            )

    def _body(self, response: requests.Response, url: str) -> Iterator[bytes]:
        """Yield the bytes of a body in large blocks; raise TryAgainError where it is cut off or (nearly) silent.

        What came before that is yielded too, so that another answer can continue it.
        """
        most = TLS_RECORD if origin(response.url)[0] == "https" else GATHERED
        pace, ended = Pace(), False
        while not ended:
            block, stopped = bytearray(), None
            try:
                with self._border(url):
                    while len(block) < GATHERED and not ended:
                        start = time.monotonic()
                        piece = response.raw.read1(most, decode_content=False)
                        block += piece
                        ended = not piece
                        if pace.is_too_slow(len(piece), time.monotonic() - start, self.timeout) and not ended:
                            problem = f"comes with less than {SLOWEST} bytes a second"
                            raise WebError(mask_url(url), problem, "see the setting 'timeout'")
            except WebError as error:
                stopped = TryAgainError(error)
            except TryAgainError as again:
                stopped = again
            if block:
                yield bytes(block)
            if stopped:
                raise stopped

    @contextmanager
    def _open(
        self, url: str, headers: Mapping[str, str], expected: tuple[int, ...] = (OK,)
    ) -> Iterator[requests.Response]:
        with self._border(url):
            auth = self.auth if origin(url) == self.origin else None
            # *verify* of each request, because an environment variable overrides that of a session
            response = self._session().ask(url, headers, auth=auth, timeout=self.timeout, verify=self.ca_bundle)
        with response:
            self._check(response, url, expected)
            yield response

    def _check(self, response: requests.Response, url: str, expected: tuple[int, ...]) -> None:
        status = response.status_code
        answers = (*response.history, response)
        if origin(url)[0] == "https" and any(origin(answer.url)[0] != "https" for answer in answers):
            remedy = "use the address that it leads to, if you trust it"
            raise WebError(mask_url(url), "redirects from https to http", remedy)
        if status in GONE:
            raise PageMissing(mask_url(url), f"is not there ({status})", status=status)
        if status in (401, 403):
            remedy = "put user and password into the URL, or into ~/.netrc"
            raise WebError(mask_url(url), f"access denied ({status})", remedy, status=status)
        if status == TOO_MANY or status >= SERVER_ERROR:
            wait = response.headers.get("Retry-After", "")
            seconds = min(float(wait), LONGEST_RETRY_AFTER) if wait.isdecimal() else 0.0
            raise TryAgainError(WebError(mask_url(url), f"the server answered {status}", status=status), seconds)
        if status not in expected:
            raise WebError(mask_url(url), f"the server answered {status}", status=status)

    @contextmanager
    def _border(self, url: str) -> Iterator[None]:
        """Turn the errors of requests and urllib3 into ours, without the URLs in their messages."""
        import urllib3.exceptions

        try:
            yield
        except requests.TooManyRedirects:
            raise WebError(mask_url(url), "redirects in a loop") from None
        except ValueError as error:  # a malformed URL: the given one, that of a redirect, or that of a proxy
            raise WebError(mask_url(url), f"cannot be requested: {one_line(mask_url(str(error)))}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            known = explained(error, self.timeout)
            if known:
                raise WebError(mask_url(url), *known) from None
            raise TryAgainError(WebError(mask_url(url), f"could not be read: {root_cause(error)}")) from None
        except OSError as error:  # a CA bundle that does not exist
            raise WebError(mask_url(url), f"could not be read: {one_line(str(error))}") from None

    def _session(self) -> Session:
        session: Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = Session()
        return session


def states_end(headers: Mapping[str, str]) -> bool:
    """Return whether the headers of an answer show where its body ends, so that a body that is cut off is an error."""
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    return chunked or "Content-Length" in headers or headers.get("Content-Encoding", "").strip().lower() in GZIP


def unpack(blocks: Iterable[bytes], encoding: str, shown: str) -> bytes:
    """Return a page of at most the size limit; urllib3 would accept a gzip stream that is cut off."""
    if encoding not in ("", "identity", *GZIP):
        raise BadPage(shown, f"comes with content encoding {one_line(encoding)!r}, which was not asked for")
    content, unpacker = bytearray(), zlib.decompressobj(31) if encoding in GZIP else None
    try:
        for block in blocks:
            content += unpacker.decompress(block, PAGE_LIMIT + 1) if unpacker else block
            while unpacker and unpacker.eof and unpacker.unused_data.startswith(GZIP_HEAD):
                # one stream may follow another; other bytes behind a stream are ignored, as clients do
                rest, unpacker = unpacker.unused_data, zlib.decompressobj(31)
                content += unpacker.decompress(rest, PAGE_LIMIT + 1)
            if len(content) > PAGE_LIMIT:
                raise BadPage(shown, f"is larger than {PAGE_LIMIT >> 20} MiB")
    except zlib.error:
        raise BadPage(shown, "is said to be compressed, and is not") from None
    if unpacker and not unpacker.eof:
        raise TryAgainError(BadPage(shown, "is cut off"))
    return bytes(content)
