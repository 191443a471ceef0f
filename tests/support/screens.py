"""A terminal that a test looks at: a pseudo-terminal, and an emulator that keeps its screen."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Self, TextIO

import programs
import pyte


class Screen:
    """A terminal of so many columns and lines; what is written to its `tty` is shown."""

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self._master, slave = pty.openpty()
        #: The end that a program writes to.
        self.tty: TextIO = os.fdopen(slave, "w", encoding="utf-8")
        #: All that was written.
        self.raw = b""
        self._screen = pyte.Screen(columns, lines)
        self._emulator = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._tell_size(columns, lines)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.tty.close()
        self._reader.join()
        os.close(self._master)

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, of which the kernel tells the program in front; what was written before is shown before."""
        self.settled()
        with self._changed:
            self._screen.resize(lines, columns)
        self._tell_size(columns, lines)

    def _tell_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    @property
    def lines(self) -> list[str]:
        """Return the lines down to the last one that is not empty."""
        with self._changed:
            text = "\n".join(line.rstrip() for line in self._screen.display)
        return text.rstrip().split("\n")

    @property
    def cursor(self) -> tuple[int, int, bool]:
        """Return line and column of the cursor, and whether it is hidden."""
        with self._changed:
            return self._screen.cursor.y, self._screen.cursor.x, self._screen.cursor.hidden

    def wait(self, shows: Callable[[list[str]], bool]) -> list[str]:
        """Wait until the screen *shows* what is asked for, and return its lines."""
        with self._changed:
            assert self._changed.wait_for(lambda: shows(self.lines), programs.STUCK), self.lines
            return self.lines

    def settled(self) -> list[str]:
        """Return the lines when all that was written until now is shown."""
        mark = "\x1b]0;settled\x07"  # a title, which no screen shows
        self.tty.write(mark)
        self.tty.flush()
        with self._changed:
            assert self._changed.wait_for(lambda: self.raw.endswith(mark.encode()), programs.STUCK)
            self.raw = self.raw.removesuffix(mark.encode())
            return self.lines

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the last program that had it open has closed it
                return
            if not data:
                return
            with self._changed:
                self.raw += data
                self._emulator.feed(data)
                self._changed.notify_all()

    @contextmanager
    def program(
        self, *argv: str | Path, cwd: Path, env: Mapping[str, str], stdout: Path | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program in front of the terminal, as a shell does; its output may go to a file."""
        tty = self.tty.fileno()

        def front() -> None:
            os.setsid()
            fcntl.ioctl(tty, termios.TIOCSCTTY, 0)

        with stdout.open("wb") if stdout else nullcontext(tty) as output:
            process = subprocess.Popen(
                argv,
                stdin=tty,
                stdout=output,
                stderr=tty,
                cwd=cwd,
                env=dict(env),
                preexec_fn=front,  # noqa: PLW1509  # a session of its own, in a process that is about to be replaced
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
