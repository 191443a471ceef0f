"""Programs in processes of their own: nobody answers their questions, and their output is kept."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def module(name: str) -> list[str]:
    """Return the command that runs a module of this Python, never a file of the project that has its name."""
    return [sys.executable, "-P", "-m", name]


def run(
    command: list[str], environ: Mapping[str, str], timeout: float, folder: str | Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program in *folder* and return how it ended; raise OSError, or TimeoutError after *timeout* seconds.

    The project's filters of Python warnings do not hold for the program.
    """
    try:
        return subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env=settled(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None


def settled(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a Python program whose output is read, and whose warnings are no errors."""
    return {**environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": ""}


class Runner:
    """A program that runs command lines, one after the other: each is a line of JSON to it, and so is each answer.

    It stays in our process group, so that Ctrl-C reaches it, and ends by itself where we are killed.
    """

    def __init__(self, program: Path, words: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start a program of Python with *words* as its arguments; raise OSError."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # of the interpreter itself, and of what it starts
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", str(program), *words],
                env=settled(environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                encoding="utf-8",
            )
        except OSError:
            self._errors.close()
            raise

    def run(
        self, words: Sequence[str], timeout: float, folder: str | Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one command line in *folder* and return how it ended; raise TimeoutError after *timeout* seconds.

        Where the process itself ends meanwhile, the exit code is the negative number of the signal that ended it.
        """
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(timeout, give_up)
        timer.daemon = True
        timer.start()
        try:
            answer = self._ask(json.dumps([list(words), folder and str(folder)]))
        finally:
            timer.cancel()
            timer.join()
        if answer.endswith("\n"):
            return subprocess.CompletedProcess(list(words), *json.loads(answer))
        code = self._process.wait()
        if late.is_set():
            raise TimeoutError
        return subprocess.CompletedProcess(list(words), code, "", self._left())

    def _ask(self, question: str) -> str:
        """Return the answer to a question: one line, which is cut off where the process has ended."""
        assert self._process.stdin and self._process.stdout  # noqa: S101, PT018  # they are pipes
        try:
            self._process.stdin.write(f"{question}\n")
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except (OSError, ValueError):  # ValueError: another thread has ended it
            return ""

    def _left(self) -> str:
        """Return what the interpreter wrote as it ended."""
        try:
            self._errors.seek(0)
            return self._errors.read().decode(errors="replace")
        except ValueError:
            return ""

    @property
    def alive(self) -> bool:
        """Return whether the process can run another command line."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process at once, whatever it does."""
        with suppress(OSError, ValueError), self._errors, self._process:  # ValueError: another thread has ended it
            self._process.kill()
