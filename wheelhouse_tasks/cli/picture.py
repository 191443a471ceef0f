"""The lines at the foot of a terminal that show how far work has come, as what is written to draw them in place.

The lines are drawn from the cursor down, and the cursor goes back to where they begin. It stays there until they are
drawn again, or erased. Terminals keep a cursor at its text when they fold lines to another width, so "from the cursor
down" is what was drawn, whatever became of it. (rich.live leaves the cursor below, and counts lines upwards: after a
change of the width it erases too few.) The cursor is never hidden, so that nothing has to show it again.

A terminal may become narrower after its width was read. So it folds nothing while the lines are drawn: what is too
long for it is cut, and the cursor goes up by as many lines as there are.

They are drawn again and again, so rich draws nothing twice: a bar is kept once it was drawn.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from wheelhouse_tasks.cli.progress import State, Way, amount, fitting, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

TO_START, ERASE_LINE, ERASE_BELOW = "\r", "\x1b[K", "\x1b[J"
UP = "\x1b[{}A"
#: Autowrap (DECAWM) off and on.
CUT, FOLD = "\x1b[?7l", "\x1b[?7h"
ERASED = TO_START + ERASE_BELOW
#: Columns of the bar, of a percentage, and the widths from which there is a bar, a longer one, and an amount.
BAR, PERCENT, BAR_FROM, LONG_FROM, AMOUNT_FROM = 10, 4, 50, 76, 100
#: Columns of an amount, such as `999.9 of 999.9 MB`.
AMOUNT = 17
#: The files under way that are shown at most.
MOST = 8


class Printer(Protocol):
    """The terminal or log that a display belongs to."""

    @property
    def console(self) -> Console:
        """Return the console that everything is printed on."""

    def clean(self, text: str) -> str:
        """Return *text* on one line, without secrets."""

    def note_progress(self, text: str) -> None:
        """Print a plain line."""


def drawable(console: Console) -> bool:
    """Return whether lines of a terminal can be drawn again: not with TERM=dumb, nor on an old console of Windows."""
    return console.is_interactive and console.is_terminal and not console.legacy_windows


def size_of(console: Console) -> tuple[int, int]:
    """Return columns and lines of the terminal as they are now, whatever the environment says."""
    try:
        columns, lines = os.get_terminal_size(console.file.fileno())
    except (OSError, ValueError, AttributeError):
        columns, lines = 0, 0
    return columns or console.width, lines or console.height


class Painter:
    """Makes pictures for one terminal."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        #: Bars by their filled halves of a column, and columns; names as they are shown.
        self._bars: dict[tuple[int, int], str] = {}
        self._names: dict[str, str] = {}

    def picture(self, states: Sequence[State]) -> str:
        """Return what draws a line for each file under way, and one for each sum, and goes back to where it began."""
        columns, height = size_of(self._printer.console)
        width = max(columns - 1, 1)  # who writes into the last column may be on the next line
        room = min(MOST, max(height - 1 - len(states), 0))
        lines = [line for state in states for line in self._lines(state, width, room)]
        up = UP.format(len(lines) - 1) if len(lines) > 1 else ""
        return TO_START + CUT + f"{ERASE_LINE}\n".join(lines) + FOLD + ERASE_BELOW + up + TO_START

    def _lines(self, state: State, width: int, room: int) -> list[str]:
        transfers = state.transfers
        shown = transfers if len(transfers) <= room else transfers[: max(room - 1, 0)]
        lines = [self._line(way, width) for way in shown]
        if shown and len(shown) < len(transfers):
            lines.append(shortened(f"  and {len(transfers) - len(shown)} more", width))
        return [*lines, fitting(state, width)]

    def _line(self, way: Way, width: int) -> str:
        """Return the line of a file: its name, a bar, the share that is done; what does not fit is left out."""
        share = min(way.done / way.size, 1.0) if way.size else None
        numbers = "" if share is None else f"{share:>{PERCENT}.0%}"
        if share is None and way.done:
            numbers = amount(way.done, None)
        elif share is not None and width >= AMOUNT_FROM:
            numbers = f"{amount(way.done, way.size):>{AMOUNT}}  {numbers}"
        columns = 0 if share is None or width < BAR_FROM else BAR * (1 + (width >= LONG_FROM))
        parts = [*([self._bar(share or 0.0, columns)] if columns else []), *([numbers] if numbers else [])]
        indent = "  " if width >= BAR_FROM else ""
        taken = len(indent) + sum(part + 1 for part in (columns, len(numbers)) if part)
        name = max(width - taken, 0)
        return " ".join([indent + shortened(self._name(way.name), name).ljust(name), *parts])

    def _name(self, name: str) -> str:
        if name not in self._names:
            self._names[name] = self._printer.clean(name)
        return self._names[name]

    def _bar(self, share: float, columns: int) -> str:
        """Return a bar in the colours of the terminal, padded: without colours rich leaves out what is missing."""
        halves = int(2 * columns * share)
        if (halves, columns) not in self._bars:
            from rich.progress_bar import ProgressBar
            from rich.segment import Segments

            console = self._printer.console
            bar = ProgressBar(total=2 * columns, completed=halves, width=columns)
            with console.capture() as capture:
                console.print(Segments(console.render_lines(bar, console.options.update(width=columns))[0]))
            self._bars[halves, columns] = capture.get().rstrip("\n")
        return self._bars[halves, columns]
