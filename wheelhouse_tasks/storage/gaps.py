"""What libcloud's drivers leave open, closed from outside."""

from __future__ import annotations

import base64
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
    """Import libcloud; where LIBCLOUD_DEBUG names a log, it opens it with what Python 3.14 and newer warn of."""
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


class _AnyDatetime(type(dt.datetime)):  # type: ignore[misc]  # whoever freezes time has given it a type of its own
    """The type of a stand-in for datetime: an instance of the one is an instance of the other."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, dt.datetime)


class Clock(dt.datetime, metaclass=_AnyDatetime):
    """Stands in for libcloud's datetime, without the warnings of Python 3.12 and newer, which may be errors."""

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


#: What stands in for what, in every module of libcloud, under whatever name the module imported it.
STAND_INS = ((dt.datetime, Clock), (dt, _with_clock()))


def driver_class(provider: str) -> Any:
    """Return libcloud's driver for a provider, whose signatures take the time from the stand-in.

    Every module of libcloud that is loaded by now does. The warning filters are the host project's, and stay.
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
        """Return what is to be repeated as it is."""
        return function


def in_pieces(send: Callable[..., None]) -> Callable[..., None]:
    """Return how objects are sent and asked for: never read as a whole, and no chunks where there are no bytes.

    Some drivers read a download whole; few providers take an empty object in chunks, as requests would send it.
    """

    def request(method: str, url: str, body: Any = None, **options: Any) -> None:
        if isinstance(body, io.BufferedReader) and not body.peek(1):
            body = b""
        send(method, url, body, **{**options, "stream": method == "GET"})

    return request


def take_parts(connection: Any) -> None:
    """Let the answer to a range be one: most drivers take its status for an error, and read all that was to stream."""
    known = connection.rawResponseCls

    class Raw(known):  # type: ignore[misc,valid-type]
        def success(self) -> bool:
            return bool(self.status == HTTPStatus.PARTIAL_CONTENT or super().success())

    connection.rawResponseCls = Raw


def keep_token(connection: Any) -> None:
    """Ask version 1 of OpenStack's identity service once, not before each request, and heed its answer."""
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


def promise(driver: Any, md5: str, size: int, broken: Exception) -> None:
    """Spare a driver the second reading of a file whose digest is known; it still compares it.

    A file that Azure gets in parts is compared with nothing: raise *broken* then, before they become an object.
    """
    driver._hash_buffered_stream = lambda *_args, **_options: (md5, size)  # noqa: SLF001
    commit = getattr(type(driver), "_commit_blocks", None)
    if commit:
        promised = base64.b64encode(bytes.fromhex(md5)).decode()

        def compared(**arguments: Any) -> Any:
            if arguments["data_hash"] != promised:
                raise broken
            return commit(driver, **arguments)

        driver._commit_blocks = compared  # noqa: SLF001
