"""What a person sees: notes, tables, questions. Nothing else of this package writes to a terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Protocol

from wheelhouse_tasks.errors import one_line
from wheelhouse_tasks.secret import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Sized

    from rich.console import Console

#: Columns where no terminal tells its width: logs scroll sideways, and file names are long.
LOG_WIDTH = 240


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


class Terminal:
    """The Ui of a task. With *as_json* everything goes to stderr, and stdout is left to the result."""

    def __init__(self, *, verbose: bool, as_json: bool, assume_yes: bool, secrets: frozenset[str]) -> None:
        self.verbose = verbose
        self.as_json = as_json
        self.assume_yes = assume_yes
        self.secrets = secrets
        self._console: Console | None = None

    @property
    def console(self) -> Console:
        """Return rich's console, made when it is first needed."""
        if self._console is None:
            from rich.console import Console

            stream = sys.stderr if self.as_json else sys.stdout
            width = None if stream.isatty() else LOG_WIDTH
            self._console = Console(
                file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True
            )
        return self._console

    def clean(self, text: str) -> str:
        """Return *text* on one line, without secrets."""
        return mask(one_line(text), self.secrets)

    def note(self, text: str) -> None:
        """Print a line; its leading blanks are kept."""
        indent = len(text) - len(text.lstrip(" "))
        self.console.print(" " * indent + self.clean(text))

    def detail(self, text: str) -> None:
        """Print a line with --verbose."""
        if self.verbose:
            self.console.print(self.clean(text), style="dim")

    def warn(self, text: str) -> None:
        """Print a line that stands out."""
        self.console.print(f"warning: {self.clean(text)}", style="yellow")

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table without borders, which copies well from a log."""
        from rich.table import Table

        shown = Table(title=self.clean(title), title_justify="left", box=None, pad_edge=False, title_style="bold")
        for column in columns:
            shown.add_column(column, overflow="fold", justify="right" if column == "size" else "left")
        for row in rows:
            shown.add_row(*map(self.clean, row))
        self.console.print(shown, soft_wrap=False)

    def confirm(self, question: str) -> bool:
        """Ask on a terminal; where there is none, or --yes was given, go on."""
        if self.assume_yes or not sys.stdin.isatty():
            return True
        self.console.print(f"{self.clean(question)} [y/N] ", end="")
        try:
            return sys.stdin.readline().strip().lower() in ("y", "yes")
        except UnicodeDecodeError:
            return False

    def result(self, value: dict[str, Any]) -> None:
        """Print the machine-readable result, if asked for."""
        if self.as_json:
            sys.stdout.write(mask(json.dumps(value, indent=1), self.secrets) + "\n")


DRY_RUN = "dry run: nothing was written"


def count(files: Sized) -> str:
    """Return how many files, in words."""
    return f"{len(files)} file{'s' * (len(files) != 1)}"


def size_text(size: int) -> str:
    """Return bytes for people: `12.3 MB`."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
