"""The streams of a program, of which nobody may read: what is printed there is lost, and ends nothing."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from wheelhouse_tasks.cli.colours import painted
from wheelhouse_tasks.cli.log import is_log
from wheelhouse_tasks.ui import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from wheelhouse_tasks.cli.log import Log


def console_on(stream: IO[str], width: int | None) -> Console:
    """Return rich's console, which prints texts as they are; a broken pipe is an error of the caller's."""
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # rich would end the program

    return Plain(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)


@contextmanager
def unheard(console: Console | Log) -> Iterator[None]:
    """Go on in silence where nobody reads any more what is printed; raise Failed where it has no room."""
    try:
        yield
    except BrokenPipeError:
        mute(console.file)
    except OSError as error:
        from wheelhouse_tasks.errors import Failed

        mute(console.file)
        name = "standard error" if console.file is sys.stderr else "standard output"
        raise Failed(name, f"cannot be written: {error.strerror}") from None


def mute(stream: IO[str] | None) -> None:
    """Send what is still to be printed nowhere: Python would end with an error of its own when it cannot."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Deaf(io.StringIO):
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        """Forget *text*."""
        return len(text)


def write(text: str) -> None:
    """Print a text as it is, where anybody reads it."""
    if sys.stdout is not None:
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            mute(sys.stdout)


def alarm(text: str) -> str:
    """Return a text as it stands out on stderr, where that has colours."""
    if sys.stderr is None or is_log(sys.stderr):
        return text
    from rich.console import Console

    return painted(Console(file=sys.stderr), text, Mark.WRONG)
