"""What the server of a container honours and compares: by the container's record, or else by a trial of this run."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks import parallel
from wheelhouse_tasks.errors import WheelhouseError
from wheelhouse_tasks.storage import trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheelhouse_tasks.storage.port import Conditions, Store
    from wheelhouse_tasks.storage.trial import Write


class Honoured:
    """Reads the record once for each run, and holds the trial once for each container."""

    def __init__(self, store: Store, server: str, write: Write) -> None:
        self._store = store
        self._server = server
        self._write = write
        self._lock = threading.RLock()
        self._records: dict[str, Any] | None = None
        self._cleared: Callable[[], object] | None = None
        #: The error of the last trial.
        self._failure: BaseException | None = None
        #: What is known until now.
        self.known: Conditions | None = None

    @property
    def is_of_this_run(self) -> bool:
        """Return whether what is known was tried a moment ago."""
        return self._cleared is not None

    def begin_anew(self) -> None:
        """Take it that there is no record: the container was created a moment ago."""
        self._records = {}

    def recorded(self) -> Conditions | None:
        """Return what the container's record has, or what was tried; None where nobody has tried."""
        with self._lock:
            if self.known is None:
                if self._records is None:
                    self._records = trial.records_in(self._store)
                self.known = trial.recorded(self._records, self._server)
            return self.known

    def tried(self) -> Conditions:
        """Return what the record has; where there is none, hold the trial, and record it beside what comes next.

        Who needs the record, and an end of the trial's objects, waits with `clear`. Whoever waited while another thread
        held a trial that failed gets its error: each trial of a silent server takes the whole timeout.
        """
        failure = self._failure
        with self._lock:
            if self._failure is not failure and self._failure:
                raise self._failure
            honoured = self.recorded()
            if honoured is None:
                held = trial.Trial(self._store, self._write)
                try:
                    honoured = held.hold()
                except BaseException as error:
                    self._failure = error
                    raise
                self._cleared = parallel.begin(partial(self._clear, held, honoured))
                self.known = honoured
            return honoured

    def clear(self) -> None:
        """Wait until nothing is left of a trial but its record."""
        if self._cleared:
            self._cleared()

    @contextmanager
    def clearing(self) -> Iterator[None]:
        """Wait with `clear` at the end of this context; after Ctrl-C nothing is waited for."""
        try:
            yield
        except Exception:
            with suppress(WheelhouseError):  # what failed first is what is told
                self.clear()
            raise
        self.clear()

    def takes_no_sha256(self) -> None:
        """Forget that the sha256 was compared: the record is not true any more."""
        self.known = self.known and replace(self.known, sha256=False)

    def _clear(self, held: trial.Trial, honoured: Conditions) -> None:
        record = partial(trial.record, self._records or {}, self._server, honoured, self._write)
        trial.at_once([*held.clear(), record])
