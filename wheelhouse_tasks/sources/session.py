"""A session of requests for many files of few hosts: what is the same for all files of a host is made once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from wheelhouse_tasks.connections import Adapter, server_of

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A URL that stays as it is when a request is prepared: nothing in it is quoted otherwise, no step leads upwards.
PLAIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/(?:[A-Za-z0-9_~+-]|%2B)(?:[A-Za-z0-9_.~+-]|%2B)*)+")
#: The beginning of a URL, up to its path, where nothing in it is left out or read otherwise.
SERVER = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]+)?(?=/)")


class Session(requests.Session):
    """A session that looks up once for each server what the environment says of it: its proxy, and who logs in."""

    def __init__(self) -> None:
        super().__init__()
        self._by_scheme = {scheme: HostAdapter() for scheme in ("http", "https")}
        for scheme, adapter in self._by_scheme.items():
            self.mount(f"{scheme}://", adapter)
        self.headers["User-Agent"] = "wheelhouse_tasks"
        self._merged: dict[object, Any] = {}
        self._logins: dict[object, tuple[str, str] | None] = {}
        #: The connections that a request went over and the headers that it had, by all of it but its path.
        self._sent: dict[object, tuple[object, dict[str, str]]] = {}

    def ask(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        auth: tuple[str, str] | None,
        timeout: float,
        verify: str | None = None,
    ) -> requests.Response:
        """Return the answer to a GET; its body is yet to be read.

        A request that differs from an earlier one in its path alone is sent to the same server with the same headers,
        without what requests looks at anew each time, which takes longer. What the answer asks for, a redirect or a
        cookie, is left to requests, and so are requests through a proxy.
        """
        server = server_of(url)
        key = server, verify, auth, tuple(headers.items())
        adapter = self._by_scheme.get(url.partition(":")[0])
        is_plain = adapter is not None and PLAIN.fullmatch(url) is not None and not len(self.cookies)
        pool, sent = self._sent.get(key, (None, {}))
        if adapter and is_plain and adapter.has_just_used(pool):
            raw = adapter.raw(url[len(server) :], sent, timeout)
            if raw.status not in requests.models.REDIRECT_STATI and "Set-Cookie" not in raw.headers:
                return _Answer(url, raw)
            adapter.received = raw
        response = self.get(url, headers=dict(headers), auth=auth, timeout=timeout, stream=True, verify=verify)
        if adapter and is_plain and not response.history:
            headers_sent = {name: str(text) for name, text in response.request.headers.items()}
            self._sent[key] = adapter.proven, headers_sent
        return response

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Return the settings of a request; all requests of a session differ in their URL and *verify* only."""
        key = server_of(url), verify
        if key not in self._merged:
            self._merged[key] = super().merge_environment_settings(url, proxies, stream, verify, cert)
        return dict(self._merged[key])

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Return a request that can be sent, with the login of ~/.netrc, unless it has one of its own."""
        url = str(request.url)
        host = server_of(url)
        if host not in self._logins:
            self._logins[host] = requests.utils.get_netrc_auth(url)
        request.auth = request.auth or self._logins[host]
        self.trust_env = False  # ~/.netrc would be looked up again
        try:
            return super().prepare_request(request)
        finally:
            self.trust_env = True


class HostAdapter(Adapter):
    """Sends to the server that was asked last what requests need not look at."""

    def __init__(self) -> None:
        super().__init__()
        #: The connections that the last request went over: they have its settings of TLS.
        self.proven: Any = None
        #: An answer that came already, to the request that is sent next.
        self.received: Any = None

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request; where its answer is there already, return that."""
        raw, self.received = self.received, None
        if raw is not None:
            return self.build_response(request, raw)
        response = super().send(request, *args, **options)
        self.proven = self.last[1]
        return response

    def has_just_used(self, pool: Any) -> bool:
        """Return whether these are the connections of the last request, which went through no proxy."""
        return pool is not None and pool is self.proven is self.last[1] and pool.proxy is None

    def raw(self, path: str, headers: dict[str, str], timeout: float) -> Any:
        """Return the answer of the server of the last request, as `send` asks for it."""
        return self.proven.urlopen(
            "GET",
            path,
            headers=headers,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=self.max_retries,
            timeout=timeout,
        )


class _Answer(requests.Response):
    """An answer without the cookies and the encoding that requests looks for in each."""

    def __init__(self, url: str, raw: Any) -> None:
        self.url = url
        self.raw = raw
        self.status_code = raw.status
        self.headers = raw.headers
        self.history = []
        self._content = False  # type: ignore[assignment]  # its stub has no sign of what is yet to be read
        self._content_consumed = False


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port, to which credentials belong."""
    server = SERVER.match(url)
    return _origin(server[0] if server else url)


@lru_cache(maxsize=64)
def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
