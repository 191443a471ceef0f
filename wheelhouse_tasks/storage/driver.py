"""One thread's libcloud driver, made from our settings and hardened against what libcloud leaves open."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import requests.adapters
import requests.utils
from libcloud.storage.base import Container as CloudContainer
from libcloud.storage.providers import DRIVERS, get_driver

from wheelhouse_tasks.errors import UsageError, one_line
from wheelhouse_tasks.secret import mask_url, variables_of
from wheelhouse_tasks.storage import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.location import Container

T = TypeVar("T")

#: Providers of ours or of libcloud's test suite that nobody can publish to.
NOT_OFFERED = {"dummy", "local"}

#: Drivers that need more of a container than its name, and so a request for it.
CONTAINER_NEEDED = {"backblaze_b2"}

ERROR_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9_.-]{1,80})\s*</Code>")


class Worker:
    """One thread's driver."""

    def __init__(self, container: Container) -> None:
        self.transport = Transport(container.timeout)
        self.driver = _driver(container)
        self._harden(container)
        if container.provider in CONTAINER_NEEDED:
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
            return made

        connection.conn_class = hardened
        connection.retryCls = _NoRetry
        if connection.connection is not None:
            connection.connect()

    def known_digest(self, md5: str, size: int) -> None:
        """Spare the driver the second reading of a file whose digest is known; it still compares it."""
        self.driver._hash_buffered_stream = lambda *_args, **_options: (md5, size)  # noqa: SLF001


class _NoRetry:
    """Stands in for libcloud's Retry, which sends a half-read file again as an empty one."""

    def __init__(self, **_options: object) -> None:
        pass

    def __call__(self, function: Callable[..., T]) -> Callable[..., T]:
        return function


class Transport(requests.adapters.HTTPAdapter):
    """Sends in large blocks, never without a timeout, and remembers how a request was refused.

    The drivers drop the status, and the reason that the provider gave, on all but a few refusals.
    """

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.failure: tuple[int, str] | None = None
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Set the block size of http.client, which is 16 kB by default."""
        super().init_poolmanager(*args, **options, blocksize=BLOCK)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send one request."""
        self.failure = None
        response = super().send(request, *args, **{**options, "timeout": self.timeout})
        if response.status_code >= 400:
            code = ERROR_CODE.search(response.content)
            self.failure = (response.status_code, code[1].decode() if code else "")
        return response


def _driver(container: Container) -> Any:
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
            f"set {variables_of(container.provider)}; see missing_credentials for builds of forks",
        )
    options = dict(container.driver_options)
    options.update({key: getattr(container, key) for key in ("region", "host", "port") if getattr(container, key)})
    if not container.secure:
        options["secure"] = False
    if credentials.token:
        options["token"] = credentials.token
    if container.provider == "google_storage":  # left alone, libcloud starts a dialogue in a browser
        options.setdefault("auth_type", "GCS_S3" if credentials.username.startswith("GOOG") else "SA")
    try:
        return get_driver(container.provider)(credentials.username, credentials.secret, **options)
    except (TypeError, ValueError, KeyError, ImportError, AttributeError) as error:
        problem = mask_url(str(error)).replace(credentials.secret, "").replace(credentials.username, "")
        raise UsageError(f"provider {container.provider!r}", f"its options do not fit: {one_line(problem)}") from None
