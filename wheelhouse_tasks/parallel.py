"""Run a function over items in threads that never outlive an interrupt."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")

NAP = 0.2
"""Seconds between looks for Ctrl-C while threads work."""


def run(
    function: Callable[[A], B],
    items: Iterable[A],
    workers: int,
    done: Callable[[B], None] | None = None,
    *,
    then: Callable[[B], B] | None = None,
) -> list[B]:
    """Return *function* of each item, in the order of *items*; call *done* with each result in the calling thread.

    *then*, where it is given, makes the result of what *function* returned, beside the next item: as many threads again
    as there are workers serve it.

    The first error stops what has not begun, and is raised after what was under way has ended. The threads are daemons,
    unlike those of concurrent.futures: after Ctrl-C the process ends without waiting for a transfer. A single worker
    needs none, and works in the calling thread.
    """
    work = list(items)
    if workers == 1:
        return _in_turn(function, work, then, done)
    return _in_threads(Todo(function, work, max(workers, 1)), then, done)


def begin(function: Callable[[], B]) -> Callable[[], B]:
    """Call *function* in a thread of its own; return a function that waits for its result, and raises its error."""
    ended = threading.Event()
    results: list[B] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001  # handed to the caller
            errors.append(error)
        ended.set()

    def result() -> B:
        while not ended.wait(NAP):  # in short naps, as below
            pass
        if errors:
            raise errors[0]
        return results[0]

    threading.Thread(target=work, daemon=True).start()
    return result


def _in_turn(
    function: Callable[[A], B], work: Sequence[A], then: Callable[[B], B] | None, done: Callable[[B], None] | None
) -> list[B]:
    results = []
    for item in work:
        result = function(item)
        results.append(then(result) if then else result)
        if done:
            done(results[-1])
    return results


class Todo(Generic[A, B]):
    """Items that wait for their turn."""

    def __init__(self, function: Callable[[A], B], work: Sequence[A], workers: int) -> None:
        self._function = function
        self._work = work
        self._turn = threading.Semaphore(workers)
        self._positions = queue.SimpleQueue[int]()
        for position in range(len(work)):
            self._positions.put(position)
        self.workers = workers
        self.count = len(work)
        #: Set where nothing is to begin any more.
        self.stop = threading.Event()

    def next(self) -> tuple[int, B] | None:
        """Return the position and the result of the next item; None where there is none."""
        with self._turn:
            if self.stop.is_set():  # what waited until now has not begun
                return None
            try:
                position = self._positions.get_nowait()
            except queue.Empty:
                return None
            try:
                return position, self._function(self._work[position])
            except BaseException:
                self.stop.set()  # before it is the turn of another one
                raise


def _in_threads(todo: Todo[A, B], then: Callable[[B], B] | None, done: Callable[[B], None] | None) -> list[B]:
    answers = queue.SimpleQueue[tuple[int, Any, BaseException | None]]()

    def drain() -> None:
        try:
            while taken := todo.next():
                position, result = taken
                answers.put((position, then(result) if then else result, None))
        except BaseException as error:  # noqa: BLE001  # handed to the caller
            todo.stop.set()
            answers.put((-1, None, error))

    count = min(todo.workers * (2 if then else 1), todo.count)
    threads = [threading.Thread(target=drain, daemon=True) for _ in range(count)]
    results: dict[int, B] = {}
    try:
        for thread in threads:
            thread.start()  # waits until it runs, in which Ctrl-C may come
        while len(results) < todo.count:
            position, result, error = _interruptible(answers)
            if error is not None:
                _join(threads)
                raise error
            results[position] = result
            if done:
                done(result)
    finally:
        todo.stop.set()
    return [results[position] for position in range(todo.count)]


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


def _interruptible(answers: queue.SimpleQueue[T]) -> T:
    """Return the next answer; wait for it in short naps, because on some systems one long wait delays Ctrl-C."""
    while True:
        try:
            return answers.get(timeout=NAP)
        except queue.Empty:
            continue
