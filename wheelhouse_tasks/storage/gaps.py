"""Gaps of libcloud's drivers, closed from outside."""

from __future__ import annotations

import datetime as dt
import io
import os
import sys
from http import HTTPStatus
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def import_libcloud() -> None:
    """Import libcloud; where LIBCLOUD_DEBUG names a log, open it without `codecs.open`, of which Python 3.14 warns."""
    if "libcloud" in sys.modules:
        return
    log = os.environ.pop("LIBCLOUD_DEBUG", None)
    try:
        import libcloud
    finally:
        if log is not None:
            os.environ["LIBCLOUD_DEBUG"] = log
    vars(libcloud)["codecs"] = SimpleNamespace(open=open)
    libcloud._init_once()  # type: ignore[no-untyped-call]  # noqa: SLF001


class _AnyDatetime(type(dt.datetime)):  # type: ignore[misc]  # tools that freeze time give it a type of its own
    """The type of a stand-in for datetime: an instance of the one is an instance of the other."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, dt.datetime)


class Clock(dt.datetime, metaclass=_AnyDatetime):
    """Stands in for libcloud's datetime: Python 3.12 and newer warn of two methods, and a warning may be an error."""

    @classmethod
    def utcnow(cls) -> Any:
        """Return the time of UTC, naive as libcloud expects it."""
        return cls.now(dt.UTC).replace(tzinfo=None)

    @classmethod
    def utcfromtimestamp(cls, timestamp: float, /) -> Any:
        """Return a time of UTC, naive as libcloud expects it."""
        return cls.fromtimestamp(timestamp, dt.UTC).replace(tzinfo=None)


def _with_clock() -> ModuleType:
    """Return a stand-in for the module datetime."""
    module = ModuleType(dt.__name__, dt.__doc__)
    vars(module).update(vars(dt), datetime=Clock)
    return module


#: Objects and their stand-ins, in every module of libcloud, under whatever name the module imported them.
STAND_INS = ((dt.datetime, Clock), (dt, _with_clock()))


def driver_class(provider: str) -> Any:
    """Return libcloud's driver for a provider, whose signatures get their time from the stand-in.

    The stand-in is put into every module of libcloud that is loaded by now. The warning filters belong to the host
    project, and stay as they are.
    """
    from libcloud.storage.providers import get_driver

    made = get_driver(provider)
    for name, module in list(sys.modules.items()):
        if name.startswith("libcloud."):
            for variable, value in list(vars(module).items()):
                for warning, silent in STAND_INS:
                    if value is warning:
                        setattr(module, variable, silent)
    return made


class NoRetry:
    """Stands in for libcloud's Retry, which sends a half-read file again as an empty one."""

    def __init__(self, **_options: object) -> None:
        pass

    def __call__(self, function: Callable[..., T]) -> Callable[..., T]:
        """Return the function unchanged: nothing repeats it."""
        return function


def in_pieces(send: Callable[..., None]) -> Callable[..., None]:
    """Return a function that sends requests, streams every download, and sends an empty object without chunks.

    Some drivers read a download as a whole. Few providers accept an empty object in chunks, as requests sends it.
    """

    def request(method: str, url: str, body: Any = None, **options: Any) -> None:
        if isinstance(body, io.BufferedReader) and not body.peek(1):
            body = b""
        send(method, url, body, **{**options, "stream": method == "GET"})

    return request


def take_parts(connection: Any) -> None:
    """Accept the answer to a range: most drivers treat its status as an error, and read the whole body."""
    known = connection.rawResponseCls

    class Raw(known):  # type: ignore[misc,valid-type]
        def success(self) -> bool:
            return bool(self.status == HTTPStatus.PARTIAL_CONTENT or super().success())

    connection.rawResponseCls = Raw


def keep_token(connection: Any) -> None:
    """Request a token of version 1 of OpenStack's identity service once, and use the address that comes with it."""
    auth = connection.get_auth_class() if hasattr(connection, "get_auth_class") else None
    if auth and auth.auth_version == "1.0":
        auth.is_token_valid = lambda: bool(auth.auth_token)
        connection.get_endpoint = lambda: auth.urls["cloudFiles"][0]["publicURL"]


def sign_empty(connection: Any) -> None:
    """Sign an empty object as Azure does: with no length, rather than with 0."""
    if not hasattr(connection, "_format_special_header_values"):
        return
    signed: Callable[..., list[str]] = connection._format_special_header_values  # noqa: SLF001

    def values(headers: dict[str, str], method: str) -> list[str]:
        return signed({name: text for name, text in headers.items() if (name, text) != ("content-length", "0")}, method)

    connection._format_special_header_values = values  # noqa: SLF001
