"""Be the program in a process that was forked."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import points

from wheelhouse_tasks.__main__ import main


def become(
    words: list[str],
    output: Path,
    patience: int,
    *,
    begin: Callable[[], object] = lambda: None,
    finish: Callable[[], object] = lambda: None,
) -> None:
    """Be the program, in a process group of its own, from when *begin* returns; never returns.

    What it prints goes to *output*. It is stuck after *patience* seconds.
    """
    code = 99
    try:
        os.setpgid(0, 0)
        signal.alarm(patience)  # which ends it
        with output.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        begin()
        points.count()
        main(words)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        finish()
        os._exit(code)
