"""Connections of requests: those of a server are found once, and none believes an answer whose headers were cut off.

http.client takes the end of a connection for the end of the headers. An answer that is cut off there has no length: its
body is empty, and nothing tells it from a page or a listing that is empty. By RFC 9112, section 8, it is incomplete.
"""

from __future__ import annotations

from functools import cache
from http.client import HTTPResponse, RemoteDisconnected
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from typing import BinaryIO


class Adapter(HTTPAdapter):
    """Raises the error of a server that closes the connection without an answer, where headers are cut off.

    All requests of an adapter to one server have the same proxy.
    """

    def __init__(self) -> None:
        #: The server that was asked last, and the connections to it.
        self.last: tuple[object, Any] = (None, None)
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make what connects to servers."""
        super().init_poolmanager(*args, **options)
        _watch(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Return what connects through a proxy."""
        manager = super().proxy_manager_for(*args, **options)
        _watch(manager)
        return manager

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """Return the connections for a request: to look them up takes a tenth of the time of a small one.

        Only the last ones are remembered: they are not among those that are closed.
        """
        key = server_of(request.url), verify, cert
        if self.last[0] != key:
            self.last = key, super().get_connection_with_tls_context(request, verify, proxies, cert)
        return self.last[1]


def server_of(url: str) -> str:
    """Return the beginning of a URL, up to its path."""
    end = url.find("/", len("https://"))
    return url if end < 0 else url[:end]


def _watch(manager: Any) -> None:
    """Let all connections that a manager of urllib3 is going to make look where the headers end."""
    manager.pool_classes_by_scheme = {
        scheme: _watching(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }


@cache
def _watching(pool: Any) -> Any:
    """Return a class of pools like *pool*, of servers or of a kind of proxy."""
    if issubclass(pool.ConnectionCls.response_class, _Response):
        return pool
    connection = type(pool.ConnectionCls.__name__, (pool.ConnectionCls,), {"response_class": _Response})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class _Lines:
    """The lines of a status and of headers, and which was the last."""

    def __init__(self, stream: BinaryIO) -> None:
        self.close, self._read = stream.close, stream.readline
        self.last = b""

    def readline(self, limit: int = -1) -> bytes:
        """Return the next line."""
        self.last = self._read(limit)
        return self.last


class _Response(HTTPResponse):
    """An answer whose headers end with an empty line."""

    def begin(self) -> None:
        """Read the status and the headers."""
        if self.headers is not None:
            return
        stream, lines = self.fp, _Lines(self.fp)
        self.fp = lines
        try:
            super().begin()
        finally:
            if self.fp is lines:
                self.fp = stream
        if lines.last not in {b"\r\n", b"\n"}:
            raise RemoteDisconnected("The connection was closed within the headers of an answer")
