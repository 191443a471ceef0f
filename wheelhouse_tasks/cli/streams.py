"""Streams that nobody reads: what is printed on them is lost, and ends nothing."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


@contextmanager
def unheard(console: Console) -> Iterator[None]:
    """Go on in silence where nobody reads any more what is printed."""
    try:
        yield
    except BrokenPipeError:
        mute(console.file)


def mute(stream: IO[str] | None) -> None:
    """Send what is still to be printed nowhere: Python would end with an error of its own when it cannot."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Deaf(io.StringIO):
    """A stream that keeps nothing."""

    def write(self, text: str) -> int:
        """Forget *text*."""
        return len(text)
