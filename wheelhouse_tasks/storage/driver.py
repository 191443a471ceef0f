"""The libcloud driver of one thread, made from our settings, with the gaps of libcloud closed."""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests.utils
from libcloud.common.types import InvalidCredsError, LibcloudError
from libcloud.http import LibcloudConnection
from libcloud.storage.base import Container as CloudContainer
from libcloud.storage.providers import DRIVERS
from libcloud.storage.types import ContainerDoesNotExistError
from libcloud.utils.loggingconnection import LoggingConnection

from wheelhouse_tasks.errors import (
    AccessDenied,
    ContainerMissing,
    Unreachable,
    UsageError,
    one_line,
)
from wheelhouse_tasks.network import explained, root_cause
from wheelhouse_tasks.secret import mask
from wheelhouse_tasks.settings.credentials import variables_of
from wheelhouse_tasks.settings.locations import Credentials
from wheelhouse_tasks.settings.providers import provider_of
from wheelhouse_tasks.storage import gaps
from wheelhouse_tasks.storage.refusals import REFUSED
from wheelhouse_tasks.storage.sending import directly, signing
from wheelhouse_tasks.storage.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from wheelhouse_tasks.settings.locations import Container
    from wheelhouse_tasks.settings.provider import Provider

#: Drivers of libcloud that are never used: one is for its tests, the other has our `FolderStore` in its place.
NOT_OFFERED = {"dummy", "local"}


class Worker:
    """One thread's driver."""

    def __init__(self, container: Container) -> None:
        self.provider = provider_of(container.provider)
        self.transport = Transport(container.timeout)
        with _understood(container, self.provider):
            self.driver = _driver(container, self.provider)
            self._harden(container)
            if self.provider.container_needed:
                self.container = self.driver.get_container(container.container)
            else:
                self.container = CloudContainer(container.container, {}, self.driver)
        # get_object would make a request for the container each time
        self.driver.get_container = lambda container_name: self.container  # noqa: ARG005

    def signing(self, sha256: str) -> AbstractContextManager[None]:
        """Return the context in which the driver signs this sha256 of a file that it sends."""
        return signing(self.driver.connection, sha256)

    def _harden(self, container: Container) -> None:
        """Give every request a timeout; leave out netrc and libcloud's retries, which send only the rest of a file."""
        connection = self.driver.connection
        make: Callable[..., Any] = connection.conn_class
        if issubclass(connection.conn_class, LoggingConnection):  # it writes signatures and tokens to a log
            make = LibcloudConnection

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
            made.prepared_request = gaps.in_pieces(made.prepared_request)
            made.prepared_request = directly(made, self.transport)
            return made

        connection.conn_class = hardened
        connection.retryCls = gaps.NoRetry
        if connection.connection is not None:
            connection.connect()
        gaps.take_parts(connection)
        gaps.keep_token(connection)
        gaps.sign_empty(connection)


@contextmanager
def _understood(container: Container, own: Provider) -> Iterator[None]:
    """Turn what is raised while a driver is made and connected into our errors; no message holds a secret."""
    try:
        yield
    except requests.RequestException as error:  # some ask for a token, or for the container, at once
        problem, remedy = explained(error, container.timeout) or (
            f"cannot be reached: {root_cause(error)}",
            "check the network",
        )
        raise Unreachable(container.label, problem, remedy) from None
    except ContainerDoesNotExistError:
        raise ContainerMissing(container.label, "there is no such container", "create it at the provider") from None
    except InvalidCredsError:
        raise AccessDenied(container.label, *REFUSED) from None
    except (TypeError, ValueError, KeyError, ImportError, AttributeError, LibcloudError) as error:
        known = container.credentials or Credentials("", "")
        problem = mask(words(error), {known.username, known.secret, known.token or ""} - {""})
        wrong = f"its settings or credentials do not fit: {one_line(problem)}"
        raise UsageError(f"provider {container.provider!r}", wrong, _advice(container, own)) from None


def _advice(container: Container, own: Provider) -> str:
    """Return what to do where a driver takes no settings: libcloud knows the regions of its day."""
    advice = f"credentials: {own.keys}"
    if not container.region or own.api != "s3":
        return advice
    return f"for a region that libcloud does not know use provider 'minio' with its host and region; {advice}"


def words(error: Exception) -> str:
    """Return the text of an error, without the driver's repr that libcloud puts before it."""
    return str(getattr(error, "value", None) or error)


def check_known(provider: str) -> None:
    """Raise UsageError for a provider that libcloud has no driver of."""
    offered = sorted(set(DRIVERS) - NOT_OFFERED)
    if provider not in offered:
        near = difflib.get_close_matches(provider, offered, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "local, " + ", ".join(offered)
        raise UsageError("provider", f"unknown storage provider {provider!r}", hint)


def _driver(container: Container, own: Provider) -> Any:
    """Return a libcloud driver; raise UsageError where the provider or its options are wrong."""
    check_known(container.provider)
    credentials = container.credentials
    if credentials is None:
        raise UsageError(
            "credentials",
            f"none found for provider {container.provider!r}",
            f"set {variables_of(container.provider)} ({own.keys}); see missing_credentials for forks",
        )
    for text in (credentials.username, credentials.token or ""):
        if not (text.isascii() and text.isprintable()):
            problem = "the user name or the session token holds a character that no request can carry"
            raise UsageError("credentials", problem, f"check {variables_of(container.provider)}")
    names = [name for name in ("region", "host", "port") if name not in own.takes_no]
    options = {name: getattr(container, name) for name in names if getattr(container, name)}
    if not container.secure:
        options["secure"] = False
    options |= own.options(container)
    made = gaps.driver_class(container.provider)
    if own.of_connection:
        kept = {name: options[name] for name in own.of_connection}
        made = type(made.__name__, (made,), {"_ex_connection_class_kwargs": lambda _: dict(kept)})
    driver = made(credentials.username, credentials.secret, **options)
    own.finish(driver, container)
    if credentials.token:  # few constructors accept it, and some drop it
        driver.connection.token = credentials.token
    return driver
