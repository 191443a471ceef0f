"""Run a function over items in threads that never outlive an interrupt."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")

NAP = 0.2
"""Seconds between looks for Ctrl-C while threads work."""


def run(
    function: Callable[[A], B], items: Iterable[A], workers: int, done: Callable[[B], None] | None = None
) -> list[B]:
    """Return *function* of each item, in the order of *items*; call *done* with each result in the calling thread.

    The first error stops what has not begun, and is raised after what was under way has ended. The threads are daemons,
    unlike those of concurrent.futures: after Ctrl-C the process ends without waiting for a transfer. A single worker
    needs none, and works in the calling thread.
    """
    work = list(items)
    if workers == 1:
        return _in_turn(function, work, done)
    return _in_threads(function, work, min(max(workers, 1), len(work)), done)


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


def _in_turn(function: Callable[[A], B], work: Sequence[A], done: Callable[[B], None] | None) -> list[B]:
    results = []
    for item in work:
        results.append(function(item))
        if done:
            done(results[-1])
    return results


def _in_threads(
    function: Callable[[A], B], work: Sequence[A], workers: int, done: Callable[[B], None] | None
) -> list[B]:
    todo = queue.SimpleQueue[int]()
    answers = queue.SimpleQueue[tuple[int, Any, BaseException | None]]()
    stop = threading.Event()

    def drain() -> None:
        while not stop.is_set():
            try:
                position = todo.get_nowait()
            except queue.Empty:
                return
            try:
                answers.put((position, function(work[position]), None))
            except BaseException as error:  # noqa: BLE001  # handed to the caller
                stop.set()
                answers.put((position, None, error))

    for position in range(len(work)):
        todo.put(position)
    threads = [threading.Thread(target=drain, daemon=True) for _ in range(workers)]
    results: dict[int, B] = {}
    try:
        for thread in threads:
            thread.start()  # waits until it runs, in which Ctrl-C may come
        while len(results) < len(work):
            position, result, error = _interruptible(answers)
            if error is not None:
                _join(threads)
                raise error
            results[position] = result
            if done:
                done(result)
    finally:
        stop.set()
    return [results[position] for position in range(len(work))]


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
