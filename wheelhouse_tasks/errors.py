"""What can go wrong, in one line each: the thing, what is wrong, what to do."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, ClassVar, TypeVar

from wheelhouse_tasks.text import FEW, count, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class WheelhouseError(Exception):
    """Base of every error this package raises on purpose.

    Facts are attributes and, in the same order, ``args`` (so that errors pickle);
    ``str()`` is one line without a final stop. ``exit_code`` is what the program ends with.
    """

    exit_code: ClassVar[int] = 1
    #: What the command found all the same, for `--json`.
    result: object = None

    def __init__(self, *facts: object) -> None:
        super().__init__(*facts)

    def __str__(self) -> str:
        return one_line(self.wording())

    def wording(self) -> str:
        """Return the message; one line is made of it whatever the facts hold."""
        return ": ".join(str(fact) for fact in self.args)

    @property
    def cause(self) -> str:
        """Return what went wrong, without the name of what it happened to: files that share it are told together."""
        return self.wording()


class Failed(WheelhouseError):
    """A step failed: *subject*, what is wrong, and optionally what to do."""

    def __init__(self, subject: str, problem: str, remedy: str = "") -> None:
        super().__init__(subject, problem, remedy)
        self.subject = subject
        self.problem = problem
        self.remedy = remedy

    def wording(self) -> str:
        """Return ``subject: problem (remedy)``."""
        return f"{self.subject}: {self.cause}"

    @property
    def cause(self) -> str:
        """Return ``problem (remedy)``."""
        return self.problem + (f" ({self.remedy})" if self.remedy else "")


class UsageError(Failed):
    """A setting, flag or argument cannot be used; nothing was done."""

    exit_code = 2


class NotAnArtifact(Failed):
    """A file name is not that of a wheel or an sdist."""


class BadArtifact(Failed):
    """A wheel or sdist is damaged, or says other things than its file name."""


class BadArtifacts(WheelhouseError):
    """Several artifacts are bad; every finding is told."""

    def __init__(self, findings: tuple[BadArtifact, ...]) -> None:
        super().__init__(findings)
        self.findings = findings

    def wording(self) -> str:
        """Return the findings, separated by semicolons; what several files have in common is told once."""
        return in_common((finding.subject, finding) for finding in self.findings)


class FilesFailed(WheelhouseError):
    """Several files failed, each with an error of its own."""

    def __init__(self, failures: tuple[tuple[str, WheelhouseError], ...]) -> None:
        super().__init__(failures)
        self.failures = failures

    def wording(self) -> str:
        """Return the errors, separated by semicolons; what several files have in common is told once."""
        return in_common(self.failures)


class NothingToDo(Failed):
    """There is no artifact where some were expected."""


class Conflict(Failed):
    """A published name would change its bytes."""


class Changed(Conflict):
    """An object was no longer what a conditional write expected, so nothing was written."""


class RequestFailed(Failed):
    """A request to a server failed; *status* is that of its answer, where one came."""

    def __init__(self, subject: str, problem: str, remedy: str = "", *, status: int | None = None) -> None:
        super().__init__(subject, problem, remedy)
        self.status = status


class StoreError(RequestFailed):
    """The storage provider refused or failed."""


class Unsupported(StoreError):
    """The provider, or libcloud's driver of it, does not do what was asked: another try would end the same."""


class ContainerMissing(StoreError):
    """The container is not there."""


class ObjectMissing(StoreError):
    """The object is not there: a definite answer, not a failure to look."""


class AccessDenied(StoreError):
    """The storage provider does not accept the credentials for this request."""


class Unreachable(StoreError):
    """No answer from the storage provider: refused, reset, or silent for longer than the timeout."""


class Overloaded(StoreError):
    """The storage provider answered 429 or 5xx; trying again may help."""


class IndexUnstable(Failed):
    """Pages kept changing under us until we gave up."""


class WebError(RequestFailed):
    """A page or file could not be read over HTTP."""


class PageMissing(WebError):
    """A page is not there: 404 or 410."""


class BadPage(Failed):
    """A page cannot be understood, or is cut off."""


class BlankPage(BadPage):
    """A page holds nothing: what an index would say is not known."""


class NotAnIndexPage(BadPage):
    """A page is whole, and of another kind than index pages."""


class LoginPage(NotAnIndexPage):
    """A page asks for a password: what it would show is not known."""


class BadListing(BadPage):
    """A listing is damaged, leaves things out, or hides its end: no other page may stand in for it."""


class DigestMismatch(WheelhouseError):
    """Bytes are not those that were promised."""

    def __init__(self, subject: str, expected: str, got: str, algorithm: str = "sha256") -> None:
        super().__init__(subject, expected, got, algorithm)
        self.subject = subject
        self.expected = expected
        self.got = got
        self.algorithm = algorithm

    def wording(self) -> str:
        """Name the file and both digests."""
        return f"{self.subject}: {self.algorithm} is {self.got}, expected {self.expected} (the file was not kept)"

    @property
    def cause(self) -> str:
        """Return what all files have in common whose bytes are others, each with digests of its own."""
        return f"{self.algorithm} is not the promised one (the file was not kept)"


class UploadRefusal(Enum):
    """Why a package index does not have a file that was sent to it."""

    #: The file name is taken: maybe by this very file, whose first answer was lost.
    EXISTS = auto()
    #: Too many requests; the file was not read.
    BUSY = auto()
    #: The index, or a proxy before it, failed, maybe after the file was stored.
    BROKEN = auto()
    #: No answer came; the file may have arrived.
    NO_ANSWER = auto()
    #: Nothing was sent: there are no credentials.
    NO_CREDENTIALS = auto()
    OTHER = auto()

    @property
    def may_pass(self) -> bool:
        """Return whether sending the file again may help."""
        return self in (UploadRefusal.BUSY, UploadRefusal.BROKEN)

    @property
    def may_have_arrived(self) -> bool:
        """Return whether the index may have stored the file all the same."""
        return self in (UploadRefusal.EXISTS, UploadRefusal.BROKEN, UploadRefusal.NO_ANSWER)


class PublishError(RequestFailed):
    """twine, or the package index behind it, refused; *kind* says how."""

    def __init__(
        self,
        subject: str,
        problem: str,
        remedy: str = "",
        *,
        status: int | None = None,
        kind: UploadRefusal = UploadRefusal.OTHER,
    ) -> None:
        super().__init__(subject, problem, remedy, status=status)
        self.kind = kind


def one_line(text: str) -> str:
    """Return *text* on one printable line: control and bidirectional characters are shown escaped.

    A long one is cut within: what is to be done stands at the end.
    """
    shown = " ".join(text.split())
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    return shown if len(shown) <= MESSAGE_LIMIT else shown[: MESSAGE_LIMIT - 1 - LAST_PART] + "…" + shown[-LAST_PART:]


MESSAGE_LIMIT, LAST_PART = 4000, 1000

F = TypeVar("F", bound=Failed)


def in_common(failures: Iterable[tuple[str, WheelhouseError]]) -> str:
    """Return the errors of files, given with their names: of many with one cause the cause, then the files, counted."""
    pairs = list(failures)
    alike: dict[str, dict[str, str]] = {}
    for name, error in pairs:
        alike.setdefault(error.cause, {})[name] = str(error)
    return "; ".join(dict.fromkeys(_told(str(error), error.cause, alike[error.cause]) for _, error in pairs))


def _told(text: str, cause: str, alike: Mapping[str, str]) -> str:
    """Return the *text* of an error; for many *alike*, by file name, what they have in common and their names."""
    if len(alike) <= FEW:
        return text
    return f"{text if len(set(alike.values())) == 1 else cause}: {counted(list(alike))}"


def together(failures: Mapping[str, WheelhouseError]) -> WheelhouseError:
    """Return one error for those of one or more files, given by their names."""
    return next(iter(failures.values())) if len(failures) == 1 else FilesFailed(tuple(failures.items()))


def counted(names: Sequence[str]) -> str:
    """Return how many files there are, with the first of their names."""
    return f"{count(names)} ({listed(names)})"


def of_files(kind: type[F], names: Sequence[str], problem: str, remedy: str = "") -> F:
    """Return an error about files: a few are its subject, many stand counted behind what is wrong."""
    if len(names) <= FEW:
        return kind(", ".join(names), problem, remedy)
    return kind(problem, counted(names), remedy)
