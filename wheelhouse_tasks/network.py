"""What a network error of any library comes from, and what to do about it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error of any library, then what it was made of, from the outermost in."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        inner = getattr(cause, "reason", None) or cause.__cause__ or cause.__context__
        if not isinstance(inner, BaseException):
            inner = next((arg for arg in cause.args if isinstance(arg, BaseException)), None)
        cause = inner


def root_cause(error: BaseException) -> str:
    """Return the innermost reason of a network error, which unlike the outer ones names no URL."""
    *_, innermost = causes(error)
    return getattr(innermost, "strerror", None) or type(innermost).__name__


#: OpenSSL's name for a first record that is none of TLS: the answer of a server that speaks something else.
NO_TLS_RECORD = "WRONG_VERSION_NUMBER"


class Trouble(Enum):
    """What a network error of any library comes from."""

    SILENCE = "no answer came in time"
    UNTRUSTED = "the certificate is not trusted"
    NO_TLS = "the server answered, and not with TLS"
    OTHER = "anything else"


def trouble(error: BaseException) -> Trouble:
    """Return what a network error comes from, by the types of the errors that it was made of."""
    import ssl

    from urllib3.exceptions import NewConnectionError
    from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

    for cause in causes(error):
        if isinstance(cause, NewConnectionError):  # a timeout by its type alone: what it was made of decides
            continue
        if isinstance(cause, TimeoutError | Urllib3TimeoutError):
            return Trouble.SILENCE
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Trouble.UNTRUSTED
        if isinstance(cause, ssl.SSLError) and getattr(cause, "reason", "") == NO_TLS_RECORD:
            return Trouble.NO_TLS
    return Trouble.OTHER


def explained(error: BaseException, timeout: float) -> tuple[str, str] | None:
    """Return the problem and the remedy of a network error that no second try mends; None for any other.

    *timeout* is what was waited for, in seconds.
    """
    return {
        Trouble.SILENCE: (f"no answer within {timeout:g} s", "see the setting 'timeout'"),
        Trouble.UNTRUSTED: ("its TLS certificate is not trusted", "see the setting 'ca_bundle'"),
        Trouble.NO_TLS: ("answers without TLS", "use http:// in its URL, for a container the setting 'secure' = false"),
    }.get(trouble(error))
