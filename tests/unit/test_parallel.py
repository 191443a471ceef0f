"""Running in threads, and trying again."""

import queue
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelhouse_tasks import parallel, retry
from wheelhouse_tasks.retry import LONGEST_PAUSE, TryAgainError

PATIENCE = 600
"""Seconds after which a test that waits for another thread gives up."""


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers()), st.integers(1, 8))
def test_results_are_in_order(items: list[int], workers: int) -> None:
    """There is one result for each item, in the order of the items, and `done` is told each once."""
    told: list[int] = []
    assert parallel.run(lambda item: item * 2, iter(items), workers, told.append) == [item * 2 for item in items]
    assert sorted(told) == sorted(item * 2 for item in items)


def test_what_is_begun_is_asked_by_several() -> None:
    """Work that was begun goes on beside the caller; every thread that asks gets its result, or its error."""
    go, asked = threading.Event(), threading.Barrier(4, timeout=PATIENCE)

    def work() -> str:
        assert go.wait(PATIENCE)
        return "done"

    def fail() -> str:
        raise ValueError("no")

    result, failure = parallel.begin(work), parallel.begin(fail)

    def ask(number: int) -> str:
        asked.wait()  # all at once, before there is a result
        if number == 0:
            go.set()
        return result()

    assert parallel.run(ask, range(4), 4) == ["done"] * 4
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            failure()


def test_order_does_not_depend_on_who_is_first() -> None:
    """The first item's result is the first though it is ready last; `done` is told as they come."""
    second_is_done = threading.Event()

    def work(item: str) -> str:
        if item == "slow":
            assert second_is_done.wait(PATIENCE)
        return item

    told: list[str] = []

    def done(result: str) -> None:
        told.append(result)
        second_is_done.set()

    assert parallel.run(work, ["slow", "quick"], 2, done) == ["slow", "quick"]
    assert told == ["quick", "slow"]


def test_as_many_at_once_as_asked() -> None:
    """Exactly as many items are under way at once as there are workers."""
    together = threading.Barrier(3, timeout=PATIENCE)
    lock, busy, peak = threading.Lock(), 0, 0

    def work(_: int) -> None:
        nonlocal busy, peak
        with lock:
            busy += 1
            peak = max(peak, busy)
        together.wait()
        with lock:
            busy -= 1

    parallel.run(work, range(9), 3)
    assert peak == 3


def test_what_follows_an_item_is_beside_the_next_ones() -> None:
    """What is to follow an item takes the place of no other; its result is the item's, in the order of the items."""
    lock, begun, busy, peak = threading.Lock(), 0, 0, 0
    all_begun = threading.Event()

    def work(item: int) -> int:
        nonlocal begun, busy, peak
        with lock:
            begun, busy = begun + 1, busy + 1
            peak = max(peak, busy)
            if begun == 4:
                all_begun.set()
        time.sleep(0.01)
        with lock:
            busy -= 1
        return item * 2

    def follow(result: int) -> int:
        assert all_begun.wait(PATIENCE)
        return result + 1

    told: list[int] = []
    assert parallel.run(work, range(4), 2, told.append, then=follow) == [1, 3, 5, 7]
    assert sorted(told) == [1, 3, 5, 7]
    assert peak <= 2


def test_single_worker_does_what_follows_in_its_own_thread() -> None:
    """A single worker completes each item before the next one."""
    seen: list[object] = []

    def work(item: int) -> int:
        seen.append(item)
        return item

    def follow(item: int) -> int:
        seen.append(threading.current_thread())
        return item

    here = threading.current_thread()
    assert parallel.run(work, range(2), 1, then=follow) == [0, 1]
    assert seen == [0, here, 1, here]


def test_nothing_is_next_after_an_error() -> None:
    """Whoever waited for the turn of an item that failed gets none, also before the error was handed over."""
    todo = parallel.Todo(int, ["1", "x", "2"], 2)
    assert todo.next() == (0, 1)
    with pytest.raises(ValueError, match="invalid literal"):
        todo.next()
    assert todo.next() is None


def test_error_of_what_follows_is_raised_after_what_was_under_way() -> None:
    """What follows another item ends before the error is raised, as the item itself would."""
    failed, together = threading.Event(), threading.Barrier(2, timeout=PATIENCE)
    ended: list[str] = []

    def follow(item: str) -> str:
        together.wait()
        if item == "bad":
            failed.set()
            raise ValueError(item)
        assert failed.wait(PATIENCE)
        time.sleep(0.05)
        ended.append(item)
        return item

    with pytest.raises(ValueError, match="bad"):
        parallel.run(lambda item: item, ["bad", "good"], 2, then=follow)
    assert ended == ["good"]


@pytest.mark.parametrize("items", [0, 1, 2])
def test_no_more_threads_than_items(items: int) -> None:
    """For a few items no idle threads are started, for none none at all."""
    names: set[int] = set()
    before = threading.active_count()
    parallel.run(lambda _: names.add(threading.get_ident()), range(items), 64)
    assert len(names) <= items
    assert threading.active_count() <= before + items


def test_done_is_called_in_the_calling_thread() -> None:
    """What is told while work goes on is told by the thread that asked for the work."""
    seen: list[int] = []
    parallel.run(lambda item: item, range(5), 3, lambda _: seen.append(threading.get_ident()))
    assert set(seen) == {threading.get_ident()}


@pytest.mark.parametrize("then", [None, str], ids=["alone", "with what follows"])
def test_first_error_is_raised_after_what_was_under_way(then: Callable[[str], str] | None) -> None:
    """An error stops what has not begun, also what waits for its turn, and is raised when the rest has ended."""
    failing = queue.SimpleQueue[threading.Thread]()
    begun: list[str] = []
    ended: list[str] = []

    def work(item: str) -> str:
        begun.append(item)
        if item == "bad":
            assert busy.wait(PATIENCE)
            failing.put(threading.current_thread())
            raise ValueError(item)
        busy.set()
        failing.get(timeout=PATIENCE).join()  # its error is known then
        time.sleep(0.05)  # in which whoever does not wait for us would raise it
        ended.append(item)
        return item

    busy = threading.Event()
    with pytest.raises(ValueError, match="bad"):
        parallel.run(work, ["bad", "good", "never", "never"], 2, then=then)
    assert sorted(begun) == ["bad", "good"]
    assert ended == ["good"]


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit])
def test_every_kind_of_error_comes_out(kind: type[BaseException]) -> None:
    """Whatever a function raises in its thread is raised where its result was wanted."""

    def work(_: int) -> None:
        raise kind("x")

    with pytest.raises(kind):
        parallel.run(work, range(3), 2)


def test_interrupt_while_threads_are_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """After Ctrl-C between the start of two threads the one that runs begins nothing new."""
    release = threading.Event()
    begun: list[int] = []
    started: list[threading.Thread] = []

    class Interrupted(threading.Thread):
        def start(self) -> None:
            if started:
                raise KeyboardInterrupt
            started.append(self)
            super().start()

    def work(item: int) -> None:
        begun.append(item)
        assert release.wait(PATIENCE)

    monkeypatch.setattr(threading, "Thread", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        parallel.run(work, range(10), 2)
    release.set()
    started[0].join()
    assert begun in ([], [0])


def test_interrupt_does_not_wait() -> None:
    """After Ctrl-C nothing waits for a transfer that hangs, and nothing new begins."""
    before, release = set(threading.enumerate()), threading.Event()
    begun: list[int] = []
    ended: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item != 1:
            assert release.wait(PATIENCE)
        ended.append(item)
        return item

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parallel.run(work, range(10), 2, interrupt)
    assert ended == [1]
    threads = set(threading.enumerate()) - before
    assert all(thread.daemon for thread in threads)
    release.set()
    for thread in threads:
        thread.join()
    assert set(begun) <= {0, 1, 2}


class Flaky:
    """An operation that fails some times before it succeeds."""

    def __init__(self, failures: int, pause: float = 0.0) -> None:
        self.failures, self.pause, self.calls = failures, pause, 0

    def __call__(self) -> str:
        """Succeed, or raise what may be tried again."""
        self.calls += 1
        if self.calls <= self.failures:
            raise TryAgainError(ConnectionError(f"failure {self.calls}"), self.pause)
        return "done"


@pytest.mark.parametrize(("failures", "retries"), [(0, 0), (0, 3), (1, 1), (3, 3), (3, 9)])
def test_retry_succeeds(failures: int, retries: int) -> None:
    """An operation is repeated until it succeeds, with a pause before each repeat and no other."""
    pauses: list[float] = []
    operation = Flaky(failures)
    assert retry.retry(operation, retries, pauses.append) == "done"
    assert (operation.calls, len(pauses)) == (failures + 1, failures)


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_retry_gives_up(retries: int) -> None:
    """After so many repeats the last error is raised as it is, without the wrapper."""
    pauses: list[float] = []
    operation = Flaky(99)
    with pytest.raises(ConnectionError, match=f"failure {retries + 1}$") as raised:
        retry.retry(operation, retries, pauses.append)
    assert (operation.calls, len(pauses)) == (retries + 1, retries)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_other_errors_are_not_tried_again() -> None:
    """An error that nobody marked as worth another try is raised at once."""
    calls: list[int] = []

    def operation() -> None:
        calls.append(1)
        raise PermissionError("403")

    with pytest.raises(PermissionError):
        retry.retry(operation, 5, calls.append)  # type: ignore[arg-type]
    assert calls == [1]


@pytest.mark.parametrize(
    ("asked", "bounds"),
    [
        pytest.param(0.0, [(0.1, 0.3), (0.2, 0.6), (0.4, 1.2), (0.8, 2.4), (1.6, 4.8), (3.2, 9.6), (5, 15)], id="grow"),
        pytest.param(2.0, [(1, 3)] * 4 + [(1.6, 4.8)], id="as the server asks"),
        pytest.param(99999.0, [(LONGEST_PAUSE / 2, LONGEST_PAUSE * 1.5)] * 3, id="45 asks for a day"),
    ],
)
def test_pauses(asked: float, bounds: list[tuple[float, float]]) -> None:
    """Pauses grow, heed what the server asks for, and are bounded whatever it asks for."""
    pauses: list[float] = []
    retry.retry(Flaky(len(bounds), asked), len(bounds), pauses.append)
    assert [low <= pause <= high for pause, (low, high) in zip(pauses, bounds, strict=True)] == [True] * len(bounds)


def test_pauses_are_not_in_step() -> None:
    """Two workers that fail together do not come back together."""

    def pauses_of(operation: Callable[[], str]) -> list[float]:
        pauses: list[float] = []
        retry.retry(operation, 9, pauses.append)
        return pauses

    assert pauses_of(Flaky(6)) != pauses_of(Flaky(6))


def test_begun_work_hands_over_its_result() -> None:
    """What was begun in a thread is there for each that asks, while the caller did something else."""
    here = threading.current_thread()
    result = parallel.begin(threading.current_thread)
    assert result() is not here
    assert result() is result()


def test_begun_work_hands_over_its_error() -> None:
    """An error waits for the one who asks for the result."""
    result = parallel.begin(lambda: int("x"))
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            result()
