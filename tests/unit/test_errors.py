"""Errors: facts as attributes, wording on one printable line, and one base."""

import errno
import inspect
import pickle
import ssl
import unicodedata

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError, ReadTimeoutError

from wheelhouse_tasks import errors
from wheelhouse_tasks.errors import (
    MESSAGE_LIMIT,
    BadArtifact,
    BadArtifacts,
    DigestMismatch,
    Failed,
    FilesFailed,
    Trouble,
    UsageError,
    WheelhouseError,
    one_line,
    root_cause,
    trouble,
)

KINDS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, WheelhouseError)
]  # fmt: skip
POOL = HTTPConnectionPool("127.0.0.1")
CONNECTION = HTTPConnection("127.0.0.1")
FINDINGS = (BadArtifact("a.whl", "is damaged"), BadArtifact("b.whl", "is empty", "build it again"))


def example_of(kind: type[WheelhouseError]) -> WheelhouseError:
    """Return an error of a kind."""
    if issubclass(kind, BadArtifacts):
        return kind(FINDINGS)
    if issubclass(kind, FilesFailed):
        return kind(tuple((finding.subject, finding) for finding in FINDINGS))
    return kind("demo.whl", "is odd", "look at it")


@pytest.mark.parametrize("kind", KINDS)
def test_errors_pickle(kind: type[WheelhouseError]) -> None:
    """An error comes out of another process with its facts and wording."""
    error = example_of(kind)
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(back), str(back), back.exit_code) == (kind, str(error), error.exit_code)
    assert vars(back).keys() == vars(error).keys()
    assert repr(back) == repr(error)


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_one_line(kind: type[WheelhouseError]) -> None:
    """Every error words itself in one line without a final stop."""
    message = str(example_of(kind))
    assert message.isprintable()
    assert not message.endswith(".")


@pytest.mark.parametrize("kind", KINDS)
def test_exit_codes(kind: type[WheelhouseError]) -> None:
    """A program ends with 2 for usage, 1 for everything else."""
    assert kind.exit_code == (2 if kind is UsageError else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_documented(kind: type[WheelhouseError]) -> None:
    """Every error says in a sentence what it means."""
    assert inspect.getdoc(kind)
    assert "__doc__" in vars(kind)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        pytest.param(Failed("dist", "is empty"), "dist: is empty", id="problem"),
        pytest.param(Failed("dist", "is empty", "build first"), "dist: is empty (build first)", id="with a remedy"),
        pytest.param(Failed("a\n b", "is\todd\x1b[31m"), "a b: is odd\\x1b[31m", id="control characters"),
        pytest.param(Failed("x\u202eexe.whl", "is odd"), "x\\u202eexe.whl: is odd", id="right-to-left mark"),
        pytest.param(Failed("\udcff.whl", "is odd"), "\\udcff.whl: is odd", id="name that is no UTF-8"),
        pytest.param(Failed("dé-1.0.whl", "is odd"), "dé-1.0.whl: is odd", id="letters stay"),
        pytest.param(
            DigestMismatch("a.whl", "11", "22"), "a.whl: sha256 is 22, expected 11 (the file was not kept)", id="digest"
        ),
        pytest.param(
            DigestMismatch("a.whl", "11", "22", "md5"),
            "a.whl: md5 is 22, expected 11 (the file was not kept)",
            id="other digest",
        ),
        pytest.param(
            BadArtifacts(FINDINGS), "a.whl: is damaged; b.whl: is empty (build it again)", id="several findings"
        ),
        pytest.param(WheelhouseError("one", 2, "three"), "one: 2: three", id="base"),
        pytest.param(WheelhouseError(), "", id="no facts"),
    ],
)
def test_wording(error: WheelhouseError, message: str) -> None:
    """The wording names the thing, what is wrong, and what to do."""
    assert str(error) == message


def test_facts_are_attributes() -> None:
    """The facts can be had without taking the wording apart."""
    error = UsageError("port (flag)", "expected a number", "leave it out")
    assert (error.subject, error.problem, error.remedy) == error.args
    mismatch = DigestMismatch("a.whl", "11", "22", "md5")
    assert (mismatch.subject, mismatch.expected, mismatch.got, mismatch.algorithm) == mismatch.args
    assert BadArtifacts(FINDINGS).findings == FINDINGS


@given(st.text(st.characters()))
def test_one_line_is_printable(text: str) -> None:
    """Whatever the text, one printable line comes out, which says the same again."""
    line = one_line(text)
    assert line.isprintable()
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in line)
    assert one_line(line) == line


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        pytest.param(MESSAGE_LIMIT, "x" * MESSAGE_LIMIT, id="longest"),
        pytest.param(MESSAGE_LIMIT + 1, "x" * (MESSAGE_LIMIT - 1) + "…", id="cut"),
        pytest.param(1 << 20, "x" * (MESSAGE_LIMIT - 1) + "…", id="a megabyte"),
    ],
)
def test_one_line_is_bounded(length: int, expected: str) -> None:
    """A message is not endless, whatever a server answers."""
    assert one_line("x" * length) == expected


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
