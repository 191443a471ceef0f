"""Try again where that may help, with pauses that are bounded and differ between workers."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0


class TryAgainError(Exception):
    """Carries an error after which another try may help, and the pause that the server asks for."""

    def __init__(self, error: Exception, pause: float = 0.0) -> None:
        super().__init__(error)
        self.error = error
        #: Seconds.
        self.pause = pause


class StartAnewError(TryAgainError):
    """Carries an error after which another try may help that begins anew: the bytes that came cannot be continued."""


def retry(operation: Callable[[], T], retries: int, sleep: Callable[[float], None] = time.sleep) -> T:
    """Return the result of *operation*; on TryAgainError repeat it, *retries* times at most, then raise its error."""
    attempt = 0
    while True:
        try:
            return operation()
        except TryAgainError as again:
            if attempt >= retries:
                raise again.error from None
            asked = again.pause
        sleep(pause(attempt, asked))
        attempt += 1


def pause(attempt: int, asked: float) -> float:
    """Return the seconds to wait after a failed *attempt*, counted from 0, where the server *asked* for some."""
    return min(max(asked, FIRST_PAUSE * 2.0**attempt) * random.uniform(0.5, 1.5), LONGEST_PAUSE)  # noqa: S311
