"""One thread's libcloud driver, made from our settings and hardened against what libcloud leaves open."""

from __future__ import annotations

import base64
import difflib
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import requests.adapters
import requests.utils
from libcloud.common.types import LibcloudError
from libcloud.storage.base import Container as CloudContainer
from libcloud.storage.providers import DRIVERS, get_driver

from wheelhouse_tasks.errors import UsageError, one_line
from wheelhouse_tasks.secret import mask_url, variables_of
from wheelhouse_tasks.storage import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.location import Container
    from wheelhouse_tasks.storage.profiles import Profile

T = TypeVar("T")

#: Providers of ours or of libcloud's test suite that nobody can publish to.
NOT_OFFERED = {"dummy", "local"}

ERROR_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9_.-]{1,80})\s*</Code>")
TOKEN_HEADER = "X-Auth-Token"  # noqa: S105


class Worker:
    """One thread's driver."""

    def __init__(self, container: Container, profile: Profile) -> None:
        self.transport = Transport(container.timeout)
        self.driver = _driver(container, profile)
        self._harden(container)
        if profile.container_needed:
            self.container = self.driver.get_container(container.container)
        else:
            self.container = CloudContainer(container.container, {}, self.driver)
        # get_object would ask for the container each time
        self.driver.get_container = lambda container_name: self.container  # noqa: ARG005

    def _harden(self, container: Container) -> None:
        """Give every request a timeout; keep netrc and re-sent half-read bodies out (libcloud traps 1 and 3)."""
        connection = self.driver.connection
        make: Callable[..., Any] = connection.conn_class

        def hardened(*args: Any, **options: Any) -> Any:
            made = make(*args, **options)
            made.session.mount("http://", self.transport)
            made.session.mount("https://", self.transport)
            made.session.proxies = requests.utils.get_environ_proxies(made.host)  # once, not for every request
            made.session.trust_env = False
            if container.ca_bundle:
                made.verify, made.ca_cert = True, container.ca_bundle
            if not container.verify_tls:
                made.verify, made.ca_cert = False, None
            made.prepared_request = _prepared(made.prepared_request)
            return made

        connection.conn_class = hardened
        connection.retryCls = _NoRetry
        if connection.connection is not None:
            connection.connect()
        if hasattr(connection, "get_auth_class"):
            _keep_token(connection)
        if hasattr(connection, "_format_special_header_values"):
            _sign_empty(connection)

    def promise(self, md5: str, size: int, broken: Exception) -> None:
        """Spare the driver the second reading of a file whose digest is known; it still compares it.

        A file that Azure gets in parts is compared with nothing: raise *broken* then, before they become an object.
        """
        self.driver._hash_buffered_stream = lambda *_args, **_options: (md5, size)  # noqa: SLF001
        commit = getattr(type(self.driver), "_commit_blocks", None)
        if commit:
            promised = base64.b64encode(bytes.fromhex(md5)).decode()

            def compared(**arguments: Any) -> Any:
                if arguments["data_hash"] != promised:
                    raise broken
                return commit(self.driver, **arguments)

            self.driver._commit_blocks = compared  # noqa: SLF001


def _prepared(send: Callable[..., None]) -> Callable[..., None]:
    """Return how objects are sent and asked for: never a whole one in memory, never an empty one in chunks.

    (libcloud traps 6, 8: no provider takes chunks, and some drivers read what they download whole).
    """

    def request(method: str, url: str, body: Any = None, **options: Any) -> None:
        if isinstance(body, io.BufferedReader) and not body.peek(1):
            body = b""
        send(method, url, body, **{**options, "stream": method == "GET"})

    return request


def _keep_token(connection: Any) -> None:
    """Ask version 1 of OpenStack's identity service once, not before each request, and heed its answer (trap 12)."""
    auth = connection.get_auth_class()
    if auth.auth_version == "1.0":
        auth.is_token_valid = lambda: bool(auth.auth_token)
        connection.get_endpoint = lambda: auth.urls["cloudFiles"][0]["publicURL"]


class _NoRetry:
    """Stands in for libcloud's Retry, which sends a half-read file again as an empty one."""

    def __init__(self, **_options: object) -> None:
        pass

    def __call__(self, function: Callable[..., T]) -> Callable[..., T]:
        return function


def _sign_empty(connection: Any) -> None:
    """Sign an empty object as Azure does: with no length, rather than with 0."""
    signed: Callable[..., list[str]] = connection._format_special_header_values  # noqa: SLF001

    def values(headers: dict[str, str], method: str) -> list[str]:
        return signed({name: text for name, text in headers.items() if (name, text) != ("content-length", "0")}, method)

    connection._format_special_header_values = values  # noqa: SLF001


@dataclass(frozen=True)
class Refusal:
    """How a request was refused."""

    status: int
    #: The provider's name for the reason, if it gave one.
    code: str
    #: Whether the request was sent with a token, which may have grown too old.
    by_token: bool


class Transport(requests.adapters.HTTPAdapter):
    """Sends in large blocks, never without a timeout, and remembers how a request was refused.

    The drivers drop the status, and the reason that the provider gave, on all but a few refusals.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.refusal: Refusal | None = None
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Set the block size of http.client, which is 16 kB by default."""
        super().init_poolmanager(*args, **options, blocksize=BLOCK)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send one request."""
        self.refusal = None
        response = super().send(request, *args, **{**options, "timeout": self.timeout})
        if response.status_code >= 300:
            found = ERROR_CODE.search(response.content)
            code = found[1].decode() if found else response.headers.get("x-ms-error-code", "")
            self.refusal = Refusal(response.status_code, code, TOKEN_HEADER in request.headers)
        return response


def _driver(container: Container, profile: Profile) -> Any:
    """Return a libcloud driver; UsageError where the provider or its options are wrong."""
    offered = sorted(set(DRIVERS) - NOT_OFFERED)
    if container.provider not in offered:
        near = difflib.get_close_matches(container.provider, offered, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "local, " + ", ".join(offered)
        raise UsageError("provider", f"unknown storage provider {container.provider!r}", hint)
    credentials = container.credentials
    if credentials is None:
        raise UsageError(
            "credentials",
            f"none found for provider {container.provider!r}",
            f"set {variables_of(container.provider)} ({profile.keys}); see missing_credentials for forks",
        )
    names = [name for name in ("region", "host", "port") if name not in profile.takes_no]
    options = {name: getattr(container, name) for name in names if getattr(container, name)}
    if not container.secure:
        options["secure"] = False
    try:
        options |= profile.options(container)
        driver: Any = get_driver(container.provider)(credentials.username, credentials.secret, **options)
    except (TypeError, ValueError, KeyError, ImportError, AttributeError, LibcloudError) as error:
        problem = mask_url(str(error)).replace(credentials.secret, "").replace(credentials.username, "")
        wrong = f"its options do not fit: {one_line(problem)}"
        raise UsageError(f"provider {container.provider!r}", wrong, f"credentials: {profile.keys}") from None
    if container.region and "region" in profile.takes_no:
        driver.region_name = container.region
    if credentials.token:  # few constructors take it, some swallow it
        driver.connection.token = credentials.token
    return driver
