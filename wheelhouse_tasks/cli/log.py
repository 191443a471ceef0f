"""A stream that is no terminal: lines go there as they are, without rich, whose import is a tenth of a short run."""

from __future__ import annotations

import os
from typing import IO

#: The variables by which rich takes a stream for a terminal.
TAKEN_FOR_A_TERMINAL = frozenset({"FORCE_COLOR", "TTY_COMPATIBLE"})


def is_log(stream: IO[str]) -> bool:
    """Return whether a stream is no terminal, nor to be taken for one."""
    return not stream.isatty() and TAKEN_FOR_A_TERMINAL.isdisjoint(os.environ)


class Log:
    """Prints as rich's console does where it finds no terminal; *width* is in columns."""

    def __init__(self, stream: IO[str], width: int) -> None:
        self.file = stream
        self.width = width
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def print(self, text: str, *, style: str = "", end: str = "\n") -> None:  # noqa: ARG002 - there are no colours
        """Print a text."""
        self.file.write(text + end)
        self.file.flush()

    def out(self, text: str, *, highlight: bool = False, end: str = "\n") -> None:  # noqa: ARG002
        """Print a text."""
        self.print(text, end=end)
