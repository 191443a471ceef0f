"""How requests travel: in large blocks, never without a timeout, and with their refusals remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
import requests.adapters

from wheelhouse_tasks.blocks import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class Response(requests.Response):
    """An answer that comes in blocks: a broken connection would cost all of the 4 or 5 MiB that drivers ask for."""

    def iter_content(self, chunk_size: int | None = BLOCK, decode_unicode: bool = False) -> Iterator[Any]:
        """Yield the body."""
        return super().iter_content(min(chunk_size or BLOCK, BLOCK), decode_unicode)


class Transport(requests.adapters.HTTPAdapter):
    """Sends in large blocks, never without a timeout, and remembers how a request was refused.

    The drivers drop the status, and the reason that the provider gave, on all but a few refusals.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.refusal: Refusal | None = None
        #: The ETag of the last answer: a driver that finds it to be no md5 raises an error without it.
        self.etag = ""
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Set the block size of http.client, which is 16 kB by default."""
        super().init_poolmanager(*args, **options, blocksize=BLOCK)

    def get_connection_with_tls_context(self, request: Any, verify: Any, *args: Any, **options: Any) -> Any:
        """Return where a request goes; unverified, where that is wanted, without a warning that may be an error."""
        pool: Any = super().get_connection_with_tls_context(request, verify, *args, **options)
        if verify is False and pool.scheme == "https":  # one line of our own says it
            pool._validate_conn = _connect  # noqa: SLF001
        return pool

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send one request."""
        self.refusal = None
        response = super().send(request, *args, **{**options, "timeout": self.timeout})
        self.etag = response.headers.get("ETag", "").strip('"')
        if response.status_code >= 300:
            found = ERROR_CODE.search(response.content)
            code = found[1].decode() if found else response.headers.get("x-ms-error-code", "")
            self.refusal = Refusal(response.status_code, code, TOKEN_HEADER in request.headers)
        response.__class__ = Response
        return response


def _connect(connection: Any) -> None:
    """Do what a pool of urllib3 does with a connection before each request, but for the warning."""
    if connection.is_closed:
        connection.connect()
