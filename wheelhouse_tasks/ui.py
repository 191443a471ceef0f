"""What commands print through: the port, and the one of a caller who wants results only."""

from __future__ import annotations

from contextlib import nullcontext
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

DRY_RUN = "dry run: nothing was written"


class Mark(Enum):
    """How much a person should look at something that is shown."""

    PLAIN = "as it should be"
    #: Nothing is left to do.
    SETTLED = "settled"
    #: It may be a mistake.
    DOUBTFUL = "doubtful"
    #: Other bytes stand, or will stand, under the same name.
    DIFFERENT = "different"
    #: Something is off, in conflict, or missing.
    WRONG = "wrong"


class Marked(str):
    """A cell of a table that is to be looked at."""

    __slots__ = ("mark",)
    mark: Mark

    def __new__(cls, text: str, mark: Mark) -> Self:
        """Return *text* as a cell with a mark."""
        cell = super().__new__(cls, text)
        cell.mark = mark
        return cell


class PlanRow(NamedTuple):
    """What a command does with one file."""

    action: str
    #: Bytes; None where nobody knows them.
    size: int | None
    sha256: str | None
    #: Where the file comes from; "" where that is the same for every file.
    source: str
    file: str
    #: By which rule; "" where that is plain.
    why: str = ""
    mark: Mark = Mark.PLAIN


class Transfer(Protocol):
    """One file on its way; any thread may call its methods."""

    def advance(self, size: int) -> None:
        """Count *size* more bytes of the file."""

    def restart(self, at: int = 0) -> None:
        """Count from byte *at* on: another try begins there."""


class Work(Protocol):
    """Work on files that may take longer than a second; any thread may call its methods."""

    def expect(self, files: int, size: int = 0) -> None:
        """Count on so many more files, and bytes in them."""

    def transfer(self, name: str, size: int | None = None) -> AbstractContextManager[Transfer]:
        """Return a context in which one file is worked on, of *size* bytes where that is known.

        At its end the file counts as done, and all of its bytes do; an error counts it as not done.
        """


class Unseen:
    """The work that nobody watches, and each of its transfers."""

    def expect(self, files: int, size: int = 0) -> None:
        """Count nothing."""

    def transfer(self, name: str, size: int | None = None) -> AbstractContextManager[Unseen]:  # noqa: ARG002
        """Return a context that counts nothing."""
        return nullcontext(self)

    def advance(self, size: int) -> None:
        """Count nothing."""

    def restart(self, at: int = 0) -> None:
        """Count nothing."""


UNSEEN = Unseen()


class Ui(Protocol):
    """How a command speaks to the person who runs it: a way for each kind of thing.

    Any thread may call `work`, `progress`, `detail` and `warn`, also several at once. The other ways belong to the
    thread that runs the command, because what they print has an order. What a machine reads is what the command
    returns.
    """

    def plan(self, title: str, rows: Iterable[PlanRow], *, whole: bool = False) -> None:
        """Show what the command is about to do, file by file, before it does it.

        A *whole* plan has every file of its versions: a gap among them is worth a look.
        """

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show facts that are no plan: findings, settings; a cell that is `Marked` stands out."""

    def matrix(self, title: str, sizes: Mapping[str, Sequence[int | None]], lacks: Sequence[str]) -> None:
        """Show the files of a version as Pythons and platforms: the *sizes* by label, and what it *lacks*.

        A size is None where nobody knows it; what is lacking is a label, or a pattern over labels.
        """

    def work(self, title: str, *, files: int | None = None, size: int | None = None) -> AbstractContextManager[Work]:
        """Return a context in which it is shown how far work has come, of so many *files* and bytes where known.

        *title* is a word or two for the line that begins with it.
        """

    def progress(self, text: str) -> None:
        """Report what was just done to one file, while the work goes on."""

    def done(self, text: str) -> None:
        """Report the result of the command, in words: what was done, and how much of it."""

    def note(self, text: str) -> None:
        """Mention what a person should know and need not act on."""

    def detail(self, text: str) -> None:
        """Mention what only a person who asked for more wants to know."""

    def warn(self, text: str) -> None:
        """Point out what may be wrong."""

    def document(self, text: str) -> None:
        """Print what the command was asked for: the text of a file, for a person to redirect."""

    def confirm(self, question: str) -> bool:
        """Ask before what cannot be undone; return whether to go on."""

    @property
    def again(self) -> str:
        """Return the command that goes on, as a person would type it."""


class Silent:
    """The Ui of a caller who wants results only: it prints nothing, from whatever thread."""

    def plan(self, title: str, rows: Iterable[PlanRow], *, whole: bool = False) -> None:
        """Print nothing."""

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print nothing."""

    def matrix(self, title: str, sizes: Mapping[str, Sequence[int | None]], lacks: Sequence[str]) -> None:
        """Print nothing."""

    def work(
        self,
        title: str,  # noqa: ARG002
        *,
        files: int | None = None,  # noqa: ARG002
        size: int | None = None,  # noqa: ARG002
    ) -> AbstractContextManager[Work]:
        """Return a context that shows nothing."""
        return nullcontext(UNSEEN)

    def progress(self, text: str) -> None:
        """Print nothing."""

    def done(self, text: str) -> None:
        """Print nothing."""

    def note(self, text: str) -> None:
        """Print nothing."""

    def detail(self, text: str) -> None:
        """Print nothing."""

    def warn(self, text: str) -> None:
        """Print nothing."""

    def document(self, text: str) -> None:
        """Print nothing."""

    def confirm(self, question: str) -> bool:  # noqa: ARG002
        """Go on: who calls a function means it."""
        return True

    @property
    def again(self) -> str:
        """Return what a caller does."""
        return "the same call"
