"""Errors: facts as attributes, wording on one printable line, and one base."""

import inspect
import pickle
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_tasks import errors
from wheelhouse_tasks.errors import (
    MESSAGE_LIMIT,
    BadArtifact,
    BadArtifacts,
    DigestMismatch,
    Failed,
    FilesFailed,
    UsageError,
    WheelhouseError,
    one_line,
)

KINDS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, WheelhouseError)
]  # fmt: skip
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


def test_what_is_to_be_done_outlives_the_cut() -> None:
    """Of a message that is too long the end stays, which says what to do; its files may be hundreds."""
    line = one_line(Failed("demo 1.0", "x.whl is there with other bytes; " * 500, "release a new version").wording())
    assert line.startswith("demo 1.0: x.whl is there")
    assert line.endswith("(release a new version)")


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        pytest.param(MESSAGE_LIMIT, "x" * MESSAGE_LIMIT, id="longest"),
        pytest.param(MESSAGE_LIMIT + 1, "x" * 2999 + "…" + "x" * 1000, id="cut"),
        pytest.param(1 << 20, "x" * 2999 + "…" + "x" * 1000, id="a megabyte"),
    ],
)
def test_one_line_is_bounded(length: int, expected: str) -> None:
    """A message is not endless, whatever a server answers."""
    assert one_line("x" * length) == expected
