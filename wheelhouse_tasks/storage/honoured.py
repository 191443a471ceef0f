"""What the server of a container honours and compares: by the container's record, or else by a trial of this run."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.storage import trial

if TYPE_CHECKING:
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
        #: The error of the last trial.
        self._failure: BaseException | None = None
        #: What is known until now, and whether it was tried a moment ago.
        self.known: Conditions | None = None
        self.is_of_this_run = False

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
        """Return what the record has; where there is none, hold the trial, clear it and record what it showed.

        Whoever waited while another thread held a trial that failed gets its error: each trial of a silent server takes
        the whole timeout.
        """
        failure = self._failure
        with self._lock:
            if self._failure is not failure and self._failure:
                raise self._failure
            honoured = self.recorded()
            if honoured is None:
                try:
                    honoured = self._hold()
                except BaseException as error:
                    self._failure = error
                    raise
                self.known, self.is_of_this_run = honoured, True
            return honoured

    def _hold(self) -> Conditions:
        held = trial.Trial(self._store, self._write)
        honoured = held.hold()
        record = partial(trial.record, self._records or {}, self._server, honoured, self._write)
        trial.at_once([*held.clear(), record])
        return honoured

    def takes_no_sha256(self) -> None:
        """Forget that the sha256 was compared: the record is not true any more."""
        self.known = self.known and replace(self.known, sha256=False)
