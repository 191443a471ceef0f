"""What a network error comes from, however libraries wrap and word it."""

import errno
import ssl

import pytest
import requests
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError

from wheelhouse_tasks.network import Trouble, root_cause, trouble

POOL = HTTPConnectionPool("127.0.0.1")
CONNECTION = HTTPConnection("127.0.0.1")


class WithReasonError(Exception):
    """Keeps its cause as urllib3 does."""

    def __init__(self, reason: object) -> None:
        super().__init__("Max retries exceeded with url: /?token=hunter2")
        self.reason = reason


def chained(outer: Exception, inner: BaseException) -> Exception:
    """Return *outer* as raised from *inner*."""
    outer.__cause__ = inner
    return outer


def while_handling(outer: Exception, inner: BaseException) -> Exception:
    """Return *outer* as raised while *inner* was handled."""
    outer.__context__ = inner
    return outer


REFUSED = OSError(111, "Connection refused")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(REFUSED, "Connection refused", id="itself"),
        pytest.param(chained(ValueError("x"), REFUSED), "Connection refused", id="cause"),
        pytest.param(while_handling(ValueError("x"), REFUSED), "Connection refused", id="context"),
        pytest.param(WithReasonError(REFUSED), "Connection refused", id="reason"),
        pytest.param(ValueError("Connection aborted.", REFUSED), "Connection refused", id="argument"),
        pytest.param(
            ValueError(WithReasonError(chained(ValueError("x"), REFUSED))), "Connection refused", id="all of them"
        ),
        pytest.param(WithReasonError("https://me:hunter2@h/"), "WithReasonError", id="no URL is told"),
        pytest.param(TimeoutError(), "TimeoutError", id="no words"),
        pytest.param(ValueError("https://me:hunter2@h/"), "ValueError", id="kind only"),
    ],
)
def test_root_cause(error: Exception, expected: str) -> None:
    """The innermost reason of a network error is told, and no URL of the outer ones."""
    assert root_cause(error) == expected


def wrapped(*errors: Exception) -> Exception:
    """Return the first of some errors, each of which was raised while the next was handled."""
    if len(errors) > 1:
        errors[0].__context__ = wrapped(*errors[1:])
    return errors[0]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(TimeoutError(), Trouble.SILENCE, id="silence"),
        pytest.param(OSError(errno.ETIMEDOUT, "any language"), Trouble.SILENCE, id="of the system"),
        pytest.param(wrapped(OSError("a"), ValueError("b"), TimeoutError()), Trouble.SILENCE, id="within others"),
        pytest.param(requests.ConnectionError(ReadTimeoutError(POOL, "/", "x")), Trouble.SILENCE, id="of urllib3"),
        pytest.param(ProtocolError("Connection aborted", TimeoutError()), Trouble.SILENCE, id="an argument"),
        pytest.param(MaxRetryError(POOL, "/", ReadTimeoutError(POOL, "/", "x")), Trouble.SILENCE, id="a reason"),
        pytest.param(
            wrapped(NewConnectionError(CONNECTION, "x"), TimeoutError()), Trouble.SILENCE, id="of the network"
        ),
        pytest.param(
            requests.ConnectionError(
                MaxRetryError(POOL, "/", wrapped(NewConnectionError(CONNECTION, "x"), ConnectionRefusedError()))
            ),
            Trouble.OTHER,
            id="refused connection",
        ),
        pytest.param(requests.ConnectionError("the proxy timed out"), Trouble.OTHER, id="only the words"),
        pytest.param(
            requests.exceptions.SSLError(wrapped(OSError("x"), ssl.SSLCertVerificationError(1, "any language"))),
            Trouble.UNTRUSTED,
            id="certificate",
        ),
        pytest.param(requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED"), Trouble.OTHER, id="only its words"),
        pytest.param(requests.exceptions.SSLError(ssl.SSLError(1, "WRONG_VERSION_NUMBER")), Trouble.OTHER, id="word"),
    ],
)
def test_trouble_of_the_network(error: Exception, expected: Trouble) -> None:
    """Silence and untrusted certificates are known by the types of errors, however they are wrapped and worded."""
    assert trouble(error) is expected
