"""The transport of requests: large blocks, always a timeout, and a memory of the last refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.connections import Adapter
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_tasks.ui import Transfer

ERROR_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9_.-]{1,80})\s*</Code>")
TOKEN_HEADER = "X-Auth-Token"  # noqa: S105


@dataclass(frozen=True)
class Refusal:
    """How a request was refused."""

    status: int
    #: The provider's name for the reason, if it gave one.
    code: str
    #: Whether the request was sent with a token, which may have grown too old.
    by_token: bool


#: Bytes of a body that are read at a time: much larger blocks cost the memory that is taken anew for each.
RECEIVED = 1 << 18


class Response(requests.Response):
    """An answer that is read in blocks: drivers ask for 4 or 5 MiB, and a broken connection would lose them all."""

    def iter_content(self, chunk_size: int | None = RECEIVED, decode_unicode: bool = False) -> Iterator[Any]:
        """Yield the body."""
        return super().iter_content(min(chunk_size or RECEIVED, RECEIVED), decode_unicode)


class _Counted:
    """The body of a request, which counts what is read of it."""

    def __init__(self, body: Any, transfer: Transfer) -> None:
        self._body = body
        self._transfer = transfer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._body, name)

    def read(self, size: int = -1) -> bytes:
        """Return up to *size* bytes."""
        block: bytes = self._body.read(size)
        self._transfer.advance(len(block))
        return block


class Transport(Adapter):
    """Sends in large blocks, always with a timeout, and remembers the refusal of the last request.

    The drivers drop the status and the provider's reason of most refusals.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.refusal: Refusal | None = None
        #: The ETag of the last answer: a driver that finds it to be no md5 raises an error without it.
        self.etag = ""
        #: What counts the bytes of the object that is being sent.
        self.transfer: Transfer = UNSEEN
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Set the block size of http.client, which is 16 kB by default."""
        super().init_poolmanager(*args, **options, blocksize=BLOCK)

    def get_connection_with_tls_context(self, request: Any, verify: Any, proxies: Any = None, cert: Any = None) -> Any:
        """Return the pool of a request; one that verifies nothing gives no warning, since a warning may be an error."""
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        if verify is False and pool.scheme == "https":  # one line of ours warns instead
            pool._validate_conn = _connect  # noqa: SLF001
        return pool

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send one request."""
        self.refusal = None
        body: Any = request.body
        if hasattr(body, "read"):
            request.body = _Counted(body, self.transfer)  # type: ignore[assignment]
        elif body:  # one part of several
            self.transfer.advance(len(body))
        response = super().send(request, *args, **{**options, "timeout": self.timeout})
        self.etag = response.headers.get("ETag", "").strip('"')
        if response.status_code >= 300:
            match = ERROR_CODE.search(response.content)
            code = match[1].decode() if match else response.headers.get("x-ms-error-code", "")
            self.refusal = Refusal(response.status_code, code, TOKEN_HEADER in request.headers)
        response.__class__ = Response
        return response


def _connect(connection: Any) -> None:
    """Connect where a pool of urllib3 would, before each request, without its warning."""
    if connection.is_closed:
        connection.connect()
