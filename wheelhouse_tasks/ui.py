"""What commands print through: the port, and the one of a caller who wants results only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DRY_RUN = "dry run: nothing was written"


class Ui(Protocol):
    """What commands tell while they work."""

    def note(self, text: str) -> None:
        """Tell what was done or found."""

    def detail(self, text: str) -> None:
        """Tell what only a person who asked for more wants to know."""

    def warn(self, text: str) -> None:
        """Tell what may be wrong."""

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a plan or result."""

    def confirm(self, question: str) -> bool:
        """Ask before what cannot be undone."""

    @property
    def again(self) -> str:
        """Return the command that goes on, as a person would type it."""


class Silent:
    """The Ui of a caller who wants results only."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def detail(self, text: str) -> None:
        """Say nothing."""

    def warn(self, text: str) -> None:
        """Say nothing."""

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show nothing."""

    def confirm(self, question: str) -> bool:  # noqa: ARG002
        """Go on: who calls a function means it."""
        return True

    @property
    def again(self) -> str:
        """Return what a caller does."""
        return "the same call"
