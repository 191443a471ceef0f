"""A session of requests for many files of few hosts: what is the same for all files of a host is made once."""

from __future__ import annotations

import copy
import re
from typing import Any
from urllib.parse import urlsplit

import requests

from wheelhouse_tasks.answers import Adapter

#: A URL that stays as it is when a request is prepared: nothing in it is quoted otherwise, no step leads upwards.
PLAIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]+)?(?:/(?:[A-Za-z0-9_~+-]|%2B)(?:[A-Za-z0-9_.~+-]|%2B)*)+")


class Session(requests.Session):
    """A session that looks up once for each server what the environment says of it: its proxy, and who logs in."""

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())
        self.headers["User-Agent"] = "wheelhouse_tasks"
        self._merged: dict[object, Any] = {}
        self._logins: dict[object, tuple[str, str] | None] = {}
        self._prepared: dict[object, requests.PreparedRequest] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Return the settings of a request; all requests of a session differ in their URL and *verify* only."""
        key = _server(url), verify
        if key not in self._merged:
            self._merged[key] = super().merge_environment_settings(url, proxies, stream, verify, cert)
        return dict(self._merged[key])

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Return a request that can be sent, with the login of ~/.netrc, unless it has one of its own.

        Requests for files differ in their URL alone; one that goes with cookies is prepared anew.
        """
        url = str(request.url)
        host = _server(url)
        if host not in self._logins:
            self._logins[host] = requests.utils.get_netrc_auth(url)
        request.auth = request.auth or self._logins[host]
        if not PLAIN.fullmatch(url) or len(self.cookies):
            return self._prepare(request)
        key = request.method, request.auth, tuple(request.headers.items())
        known = self._prepared.get(key)
        if known is None:
            known = self._prepared[key] = self._prepare(request)
        prepared = copy.copy(known)
        prepared.url = url
        return prepared

    def _prepare(self, request: requests.Request) -> requests.PreparedRequest:
        self.trust_env = False  # ~/.netrc would be looked up again
        try:
            return super().prepare_request(request)
        finally:
            self.trust_env = True


class _Adapter(Adapter):
    """Finds the connections of the server that was asked last without a look into its settings."""

    _last: tuple[object, Any] = (None, None)

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """Return the pool of a request. Only the last one is remembered: it is not among those that are closed."""
        key = _server(request.url), verify, cert
        if self._last[0] != key:
            self._last = key, super().get_connection_with_tls_context(request, verify, proxies, cert)
        return self._last[1]


def _server(url: str) -> str:
    """Return the beginning of a URL, up to its path."""
    end = url.find("/", len("https://"))
    return url if end < 0 else url[:end]


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port, to which credentials belong."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
