"""Show how far work has come: lines at the foot of a terminal that change in place, or a plain line now and then.

The lines on a terminal are drawn from the cursor down, and the cursor goes back to where they begin. It stays there
until they are drawn again, or erased. Terminals keep a cursor at its text when they fold lines to another width, so
"from the cursor down" is what was drawn, whatever became of it. (rich.live leaves the cursor below, and counts lines
upwards: after a change of the width it erases too few or too many.) The cursor is never hidden, so that nothing has to
show it again.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from wheelhouse_tasks.cli.progress import CountedWork, State, Way, amount, fitting, sentence, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

#: Seconds: work that ends before is not shown on a terminal; between two pictures; between two plain lines.
FIRST, EVERY, EVERY_LINE = 0.5, 0.2, 10.0
TO_START, ERASE_LINE, ERASE_BELOW = "\r", "\x1b[K", "\x1b[J"
UP = "\x1b[{}A"
#: Columns of the bar, of a percentage, and the widths from which there is a bar, a longer one, and an amount.
BAR, PERCENT, BAR_FROM, LONG_FROM, AMOUNT_FROM = 10, 4, 50, 76, 100
#: Columns of an amount, such as `999.9 of 999.9 MB`.
AMOUNT = 17
#: The files under way that are shown at most.
MOST = 8


class Progress(Enum):
    """How it is shown how far work has come."""

    NONE = "not at all"
    LINES = "by a plain line now and then"
    DRAWN = "by lines that change in place, where everything is printed on a terminal"


class Printer(Protocol):
    """The terminal or log that a display belongs to."""

    @property
    def console(self) -> Console:
        """Return the console that everything is printed on."""

    def clean(self, text: str) -> str:
        """Return *text* on one line, without secrets."""

    def note_progress(self, text: str) -> None:
        """Print a plain line."""


class Display:
    """Shows the work of a run; *live* draws on a terminal, unless rich finds that it cannot be drawn on.

    *lock* is held by whoever prints. Any thread may begin work.
    """

    def __init__(
        self,
        printer: Printer,
        lock: threading.RLock,
        *,
        live: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._printer = printer
        self._lock = lock
        self._live = live
        self._clock = clock
        self._works: list[CountedWork] = []
        self._stop = threading.Event()
        #: What is on the terminal now, from the cursor down.
        self._picture = ""
        self._aside = 0

    @contextmanager
    def work(self, title: str, files: int | None, size: int | None) -> Iterator[CountedWork]:
        """Show work until the context ends."""
        work = CountedWork(title, files, size, self._clock)
        try:
            self._begin(work)
            yield work
        finally:
            self._end(work)

    def _begin(self, work: CountedWork) -> None:
        with self._lock:
            self._works.append(work)
            if len(self._works) == 1:
                self._stop = threading.Event()
                threading.Thread(target=self._watch, args=(self._stop,), daemon=True).start()

    def _end(self, work: CountedWork) -> None:
        with self._lock:
            self._works.remove(work)
            if not self._works:
                self._stop.set()
                self._erase()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Take the lines off the terminal while something else is printed, and put them back below it."""
        with self._lock:
            self._aside += 1
            picture = self._picture
            self._erase()
            try:
                yield
            finally:
                self._aside -= 1
                if picture and not self._aside:
                    self._write(picture)

    def _watch(self, stop: threading.Event) -> None:
        """Show the work again and again, until it ends."""
        wait = FIRST if self._live else EVERY_LINE
        while not stop.wait(wait):
            with self._lock:
                if stop.is_set():
                    return
                if self._live and not drawable(self._printer.console):
                    self._live, wait = False, EVERY_LINE - FIRST
                    continue
                self.show()
            wait = EVERY if self._live else EVERY_LINE

    def show(self) -> None:
        """Show how far the work is now."""
        states = [work.state() for work in self._works]
        if self._live:
            self._write(picture(states, self._printer))
            return
        with suppress(OSError, ValueError):  # a log that is full, or closed, ends no work
            for state in states:
                self._printer.note_progress(sentence(state))

    def _erase(self) -> None:
        if self._picture:
            self._write(TO_START + ERASE_BELOW)
            self._picture = ""

    def _write(self, text: str) -> None:
        """Write to the terminal; one that is gone, or full, gets nothing more, and the work goes on."""
        stream = self._printer.console.file
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError):
            self._live, text = False, ""
        self._picture = text


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


def picture(states: list[State], printer: Printer) -> str:
    """Return what draws a line for each file under way, and one for the sum, and goes back to where it began."""
    console = printer.console
    columns, height = size_of(console)
    width = max(columns - 1, 1)  # who writes into the last column may be on the next line
    room = min(MOST, max(height - 1 - len(states), 0))
    with console.capture() as capture:
        for state in states:
            transfers = state.transfers
            shown = transfers if len(transfers) <= room else transfers[: max(room - 1, 0)]
            for way in shown:
                _draw(way, printer, width)
            if shown and len(shown) < len(transfers):
                console.print(shortened(f"  and {len(transfers) - len(shown)} more", width), style="dim")
            console.print(fitting(state, width))
    lines = capture.get().splitlines()
    up = UP.format(len(lines) - 1) if len(lines) > 1 else ""
    return TO_START + f"{ERASE_LINE}\n".join(lines) + ERASE_BELOW + up + TO_START


def _draw(way: Way, printer: Printer, width: int) -> None:
    """Print one file under way: its name, a bar, the share that is done; what does not fit is left out."""
    from rich.progress_bar import ProgressBar

    console = printer.console
    share = min(way.done / way.size, 1.0) if way.size else None
    numbers = "" if share is None else f"{share:>{PERCENT}.0%}"
    if share is None and way.done:
        numbers = amount(way.done, None)
    elif share is not None and width >= AMOUNT_FROM:
        numbers = f"{amount(way.done, way.size):>{AMOUNT}}  {numbers}"
    bar = 0 if share is None or width < BAR_FROM else BAR * (1 + (width >= LONG_FROM))
    taken = sum(columns + 1 for columns in (bar, len(numbers)) if columns)
    indent = "  " if width >= BAR_FROM else ""
    name = max(width - len(indent) - taken, 0)
    console.print(indent + shortened(printer.clean(way.name), name).ljust(name), end=" " if bar else "")
    if bar:
        console.print(ProgressBar(total=1.0, completed=share or 0.0, width=bar))
    console.print(f" {numbers}" if numbers else "")
