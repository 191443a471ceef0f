"""The processes of twine: each runs one command line after the other, because it is dearer to import than to use."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Self

from wheelhouse_tasks import child
from wheelhouse_tasks.errors import Failed
from wheelhouse_tasks.publishing.twine_output import TwineOutput, without_colours
from wheelhouse_tasks.secret import mask

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from types import TracebackType

PROGRAM = Path(__file__).with_name("twine_runner.py")
#: What a process imports before it is asked for anything; the first one is asked for a check.
AHEAD = ("twine.cli", "twine.commands.upload")
CHECK = "twine.commands.check"


class Twines:
    """Runs twine's command lines in processes that are kept from one to the next; a `with` block ends them all.

    Any thread may run one: each process works for one thread at a time.
    """

    def __init__(self, environ: Mapping[str, str], secrets: Collection[str]) -> None:
        self._environ = environ
        self._secrets = secrets
        #: An RLock, since Python 3.14 may leave it held at Ctrl-C (gh-148874).
        self._lock = threading.RLock()
        #: All processes, and those of them that have nothing to do.
        self._all: list[child.Runner] = []
        self._idle: list[child.Runner] = []
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    def start(self, number: int) -> None:
        """Start processes until there are *number*, so that they import twine while something else is done."""
        for _ in range(number - len(self._all)) if find_spec("twine") else ():
            try:
                self._give_back(self._started())
            except (OSError, Failed):
                return  # what is run raises it again

    def run(self, words: Sequence[str], timeout: float, folder: Path | None = None) -> TwineOutput:
        """Run one command line of twine in *folder*; raise Failed where twine cannot be started.

        What takes longer than *timeout* seconds is ended, and its output is that nothing came.
        """
        if find_spec("twine") is None:
            raise Failed("twine", "is not installed for this Python", "run: pip install twine")
        try:
            runner = self._taken()
        except OSError as error:
            raise Failed("twine", f"cannot be started: {error.strerror}") from None
        try:
            ended = runner.run(("--no-color", *words), timeout, folder)
        except TimeoutError:
            return TwineOutput(f"ERROR no answer within {timeout:.0f} s (see the setting 'timeout')", 1, late=True)
        finally:
            self._give_back(runner)
        printed = mask(f"{ended.stdout}\n{ended.stderr}", self._secrets)
        return TwineOutput(without_colours(printed), ended.returncode)

    def end(self) -> None:
        """End all processes at once; from now on none is started."""
        with self._lock:
            self._ended, runners = True, self._all
            self._all, self._idle = [], []
        for runner in runners:
            runner.end()

    def _taken(self) -> child.Runner:
        with self._lock:
            while self._idle:
                runner = self._idle.pop(0)  # the one that has had most time to import twine
                if runner.alive:
                    return runner
                self._all.remove(runner)
                runner.end()
        return self._started()

    def _started(self) -> child.Runner:
        with self._lock:
            if self._ended:
                raise Failed("twine", "was ended")
            runner = child.Runner(PROGRAM, AHEAD if self._all else (*AHEAD, CHECK), self._environ)
            self._all.append(runner)
            return runner

    def _give_back(self, runner: child.Runner) -> None:
        """Keep a process for the next command line, if it can run one."""
        with self._lock:
            if runner.alive and not self._ended:
                self._idle.append(runner)
                return
            if runner in self._all:
                self._all.remove(runner)
        runner.end()
