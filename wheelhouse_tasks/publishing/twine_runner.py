"""Run the command lines of twine one after the other in one process, which imports it once and keeps its connections.

    twine_runner.py [MODULE TO IMPORT AHEAD ...]

A program by itself: it is run by its path and imports nothing of this package. Each line of its input asks for one
`python -m twine WORD ...`: a JSON list of the words and of the folder to run it in, or null. Each is answered with one
line: a JSON list of the exit code, of what was written to stdout, and of what was written to stderr.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.metadata
import io
import json
import os
import runpy
import sys
import traceback

TWINE = "twine"


def main(*ahead: str) -> None:
    """Import the modules *ahead*, and answer the lines of the input until it ends."""
    asked, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):  # what twine starts in its turn neither reads questions nor writes answers
        os.dup2(nothing, number)
    with contextlib.suppress(Exception):  # each command line ends with the same error, which it reports
        keep()
        for name in ahead:
            importlib.import_module(name)
    for line in asked:
        words, folder = json.loads(line)
        answers.write(f"{json.dumps(run(words, folder))}\n")
        answers.flush()


def keep() -> None:
    """Keep from one command line to the next what each would find or make anew.

    That is what is installed, and the connections to servers, which requests would close with each session. Where a
    newer version of requests made its connections elsewhere, they would not be kept.
    """
    for name in ("entry_points", "version"):
        setattr(importlib.metadata, name, functools.cache(getattr(importlib.metadata, name)))
    import requests.adapters
    import urllib3

    pools = urllib3.PoolManager()
    adapter: object = requests.adapters.HTTPAdapter
    setattr(adapter, "init_poolmanager", lambda made, *_, **__: setattr(made, "poolmanager", pools))  # noqa: B010
    setattr(adapter, "close", lambda _: None)  # noqa: B010


def run(words: list[str], folder: str | None) -> tuple[int, str, str]:
    """Return how one command line ended: its exit code, and what it wrote to stdout and to stderr."""
    out, err = Written(), Written()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = exit_code(words, folder)
    return code, out.text, err.text


class Written(io.TextIOWrapper):
    """A file in memory, with all that a program expects of a standard stream."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        super().__init__(self._bytes, encoding="utf-8", errors="replace", write_through=True)

    @property
    def text(self) -> str:
        """Return what was written."""
        return self._bytes.getvalue().decode(errors="replace")


def exit_code(words: list[str], folder: str | None) -> int:
    """Run one command line and return its exit code, as the interpreter makes it of how a program ends."""
    sys.argv = [TWINE, *words]
    try:
        with contextlib.chdir(folder) if folder else contextlib.nullcontext():
            runpy.run_module(TWINE, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return int(end.code or 0)
        print(end.code, file=sys.stderr)  # noqa: T201
        return 1
    except Exception:  # noqa: BLE001  # whatever it is, a program ends with a traceback
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    main(*sys.argv[1:])
