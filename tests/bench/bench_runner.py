"""Run commands in turn, and measure each."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench_report import OURS, Run

#: Seconds after which a run is given up.
LONGEST = 300
#: ru_maxrss is in bytes here, and in kB elsewhere.
PEAK_UNIT = 1_000_000 if sys.platform == "darwin" else 1_000


class RunFailed(Exception):
    """A command that failed, or did not do its work."""


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that does the work of a row."""

    words: tuple[str | Path, ...]
    cwd: Path
    env: Mapping[str, str]
    #: What is done before each run, and after it: raise RunFailed where the work was not done. Neither is timed.
    before: Callable[[], object] = nothing
    after: Callable[[], object] = nothing


def measure(command: Command, log: Path) -> Run:
    """Run a command once; what it prints goes to *log*. Raises RunFailed."""
    command.before()
    with log.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command.words,
            cwd=command.cwd,
            env=command.env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        previous = signal.signal(signal.SIGALRM, lambda *_: os.killpg(process.pid, signal.SIGKILL))
        signal.alarm(LONGEST)
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C: nothing that was started stays
            os.killpg(process.pid, signal.SIGKILL)
            os.waitpid(process.pid, 0)
            raise
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, previous)
            process.returncode = 0  # it has been waited for
        seconds = time.perf_counter() - began
    if status:
        words = " ".join(map(str, command.words))[:200]
        code = os.waitstatus_to_exitcode(status)
        raise RunFailed(f"{words!r} ended with {code}: {log.read_text(errors='replace')[-2000:]}")
    command.after()
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / PEAK_UNIT)


def alternate(commands: Mapping[str, Command], rounds: int, log: Path) -> dict[str, list[Run]]:
    """Run all commands in turn, so many times: what else the machine does falls on all of them. Ours is first."""
    assert next(iter(commands)) == OURS
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds):
        names = list(commands)
        for name in names if number % 2 == 0 else reversed(names):
            runs[name].append(measure(commands[name], log))
    return runs
