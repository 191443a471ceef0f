"""Show how far work has come: lines at the foot of a terminal that change in place, or a plain line now and then."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING

from wheelhouse_tasks.cli.picture import ERASED, Painter, drawable
from wheelhouse_tasks.cli.progress import CountedWork, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheelhouse_tasks.cli.picture import Printer

#: Seconds: work that ends before is not drawn; between two pictures; before a plain line.
FIRST, EVERY, EVERY_LINE = 0.5, 0.5, 10.0


class Progress(Enum):
    """How it is shown how far work has come."""

    NONE = "not at all"
    LINES = "by a plain line now and then"
    DRAWN = "by lines that change in place, where everything is printed on a terminal"


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
        self._painter = Painter(printer)
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
        """Show how far the work is now; a terminal or log that is gone, or full, ends no work."""
        with self._lock, suppress(OSError, ValueError):
            states = [work.state() for work in self._works]
            if self._live:
                self._write(self._painter.picture(states))
            else:
                for state in states:
                    self._printer.note_progress(sentence(state))

    def _erase(self) -> None:
        if self._picture:
            self._write(ERASED)
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
