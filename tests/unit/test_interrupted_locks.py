"""Locks of what is cleared up after Ctrl-C."""

import io
import threading
from pathlib import Path

import pytest

from wheelhouse_tasks.artifacts.halves import Half
from wheelhouse_tasks.cli.progress import CountedWork
from wheelhouse_tasks.files import Parts
from wheelhouse_tasks.publishing.twines import Twines


@pytest.mark.parametrize(
    "lock",
    [
        pytest.param(Parts()._lock, id="files"),  # noqa: SLF001
        pytest.param(Half(Path(), Path(), io.BytesIO(), outlives=False)._writing, id="download"),  # noqa: SLF001
        pytest.param(CountedWork("upload", None, None, lambda: 0.0)._lock, id="progress"),  # noqa: SLF001
        pytest.param(Twines({}, ())._lock, id="twine"),  # noqa: SLF001
    ],
)
def test_lock_may_be_held_by_who_takes_it(lock: threading.RLock) -> None:
    """A lock that an interrupt left held, as Python 3.14 may (gh-148874), does not hold up its own thread."""
    assert lock.acquire(blocking=False)
    assert lock.acquire(blocking=False)
