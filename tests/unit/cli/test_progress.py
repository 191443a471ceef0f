"""How far work has come, in numbers and in words."""

import pytest

from wheelhouse_tasks.cli import progress
from wheelhouse_tasks.cli.progress import CountedWork, Pace, State, Way, amount, duration, fitting, sentence, shortened
from wheelhouse_tasks.ui import UNSEEN, Silent, Transfer, Work

MB = 10**6


class Clock:
    """A clock that stands still unless it is moved."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def counted(files: int | None = None, size: int | None = None) -> tuple[CountedWork, Clock]:
    """Return work and the clock that it looks at."""
    clock = Clock()
    return CountedWork("upload", files, size, clock), clock


def test_sentence() -> None:
    """One line names files, bytes, rate and time left."""
    work, clock = counted(60, 300 * MB)
    for number in range(12):
        with work.transfer(f"{number}.whl", 2 * MB) as transfer:
            transfer.advance(2 * MB)
    clock.now += 2
    with work.transfer("big.whl", 100 * MB) as transfer:
        transfer.advance(7_200_000)
        state = work.state()
    assert sentence(state) == "upload: 12 of 60 files, 31.2 of 300.0 MB, 15.6 MB/s, 17 s left"
    assert state.transfers == (Way(name="big.whl", done=7_200_000, size=100 * MB),)


def test_sentence_without_a_rate() -> None:
    """In the first second a rate would be chance, and so would the time left."""
    work, clock = counted(2, 2 * MB)
    with work.transfer("a.whl", MB) as transfer:
        transfer.advance(500_000)
        clock.now += 0.9
        assert sentence(work.state()) == "upload: 0 of 2 files, 0.5 of 2.0 MB"


def test_sentence_of_files_alone() -> None:
    """Where no bytes are counted, the files tell what is left."""
    work, clock = counted(60)
    for number in range(12):
        with work.transfer(str(number)):
            clock.now += 1
    assert sentence(work.state()) == "upload: 12 of 60 files, 48 s left"


def test_sentence_without_totals() -> None:
    """Where no page states sizes, what has come and how fast is named."""
    work, clock = counted(2)
    with work.transfer("small.whl") as transfer:
        transfer.advance(MB)
    with work.transfer("a.whl") as transfer:
        transfer.advance(29 * MB)
        clock.now += 3
        assert sentence(work.state()) == "upload: 1 of 2 files, 30.0 MB, 10.0 MB/s"


def test_sentence_of_work_without_files() -> None:
    """Where nothing can be counted, the time is."""
    work, clock = counted()
    clock.now += 75
    assert sentence(work.state()) == "upload: 1 min 15 s so far"


def test_work_that_stands_still() -> None:
    """A transfer that stopped has no rate, and nobody knows when it ends."""
    work, clock = counted(1, 300 * MB)
    with work.transfer("a.whl", 300 * MB) as transfer:
        transfer.advance(30 * MB)
        for _ in range(3):
            clock.now += 10
            state = work.state()
    assert sentence(state) == "upload: 0 of 1 file, 30.0 of 300.0 MB, 0 B/s"


def test_expected_files_add_up() -> None:
    """Files that are found on the way count from then on."""
    work, _ = counted()
    work.expect(2, 10)
    work.expect(3, 20)
    with work.transfer("a", 10):
        pass
    assert sentence(work.state()) == "upload: 1 of 5 files, 10 of 30 B"


def test_a_file_that_ends_counts_whole() -> None:
    """A file that is done counts with all of its bytes, also where fewer were seen on their way."""
    work, _ = counted(2, 100)
    with work.transfer("a", 60) as transfer:
        transfer.advance(10)
    state = work.state()
    assert (state.done, state.bytes_done, state.transfers) == (1, 60, ())


def test_a_file_that_fails_does_not_count() -> None:
    """A file that was given up is not done, and neither are its bytes."""
    work, _ = counted(2, 100)

    def interrupted() -> None:
        with work.transfer("a", 60) as transfer:
            transfer.advance(10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    state = work.state()
    assert (state.done, state.bytes_done, state.transfers) == (0, 0, ())


def test_another_try_counts_anew() -> None:
    """The bytes of a try that failed are not done, and count for the rate all the same, which is never negative."""
    work, clock = counted(1, 100 * MB)
    with work.transfer("a", 100 * MB) as transfer:
        transfer.advance(50 * MB)
        clock.now += 5
        assert work.state().bytes_done == 50 * MB
        transfer.restart(10 * MB)
        clock.now += 1
        assert (work.state().bytes_done, work.state().rate) == (10 * MB, 50 * MB / 6)
        transfer.advance(20 * MB)
        clock.now += 1
        assert (work.state().bytes_done, work.state().rate) == (30 * MB, 10 * MB)


def test_what_was_there_before_is_not_fast() -> None:
    """A file that goes on near its end is nearly done; its rate is that of the bytes that come."""
    work, clock = counted(1, 300 * MB)
    with work.transfer("a", 300 * MB) as transfer:
        transfer.restart(270 * MB)
        transfer.advance(10 * MB)
        clock.now += 1
        assert sentence(work.state()) == "upload: 0 of 1 file, 280.0 of 300.0 MB, 10.0 MB/s, 2 s left"


def test_rate_is_that_of_the_last_seconds() -> None:
    """What was fast a minute ago makes no hope now; plain lines every ten seconds are enough to know."""
    pace, done = Pace(0.0), 0
    for now in range(10, 70, 10):
        done += 1000
        assert pace.rate(float(now), done) == 100
    assert pace.rate(80.0, done + 200) == 10


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (80, "upload: 12 of 60 files, 31.2 of 300.0 MB, 10.1 MB/s, 27 s left"),
        (62, "upload: 12 of 60 files, 31.2 of 300.0 MB, 10.1 MB/s, 27 s left"),
        (61, "upload: 12 of 60 files, 31.2 of 300.0 MB, 27 s left"),
        (40, "upload: 31.2 of 300.0 MB, 27 s left"),
        (30, "upload: 27 s left"),
        (12, "27 s left"),
        (6, "27...t"),
        (1, "2"),
    ],
)
def test_fitting(width: int, expected: str) -> None:
    """A narrow terminal shows what matters most, on one line."""
    state = State(
        title="upload",
        done=12,
        files=60,
        bytes_done=31_200_000,
        size=300 * MB,
        rate=10_100_000.0,
        elapsed=3.0,
        left=27.0,
    )
    assert fitting(state, width) == expected
    assert len(fitting(state, width)) <= width


@pytest.mark.parametrize(
    ("done", "size", "expected"),
    [
        (31_200_000, 300 * MB, "31.2 of 300.0 MB"),
        (12_000, 5_000 * MB, "0.0 of 5.0 GB"),
        (7, 12, "7 of 12 B"),
        (1_234_567, None, "1.2 MB"),
        (0, None, "0 B"),
    ],
)
def test_amount(done: int, size: int | None, expected: str) -> None:
    """What is done and all of it are in one unit."""
    assert amount(done, size) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, "0 s"),
        (27.4, "27 s"),
        (59.6, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3780, "1 h 03 min"),
        (90000, "25 h 00 min"),
    ],
)
def test_duration(seconds: float, expected: str) -> None:
    """Times are for people."""
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (28, "demo-1.0-cp312-win_amd64.whl"),
        (27, "demo-1.0-cp3...in_amd64.whl"),
        (12, "demo-....whl"),
        (4, "d..l"),
        (3, "d.l"),
        (2, "dl"),
        (1, "d"),
        (0, ""),
    ],
)
def test_shortened(width: int, expected: str) -> None:
    """Of a long name the begin and the end are kept."""
    assert shortened("demo-1.0-cp312-win_amd64.whl", width) == expected


def test_nobody_watches() -> None:
    """Who wants results only gets work that counts nothing, through the same port."""
    works: list[Work] = [UNSEEN, progress.CountedWork("x", None, None, Clock())]
    with Silent().work("upload", files=3, size=7) as silent:
        works.append(silent)
    for work in works:
        work.expect(1, 2)
        with work.transfer("a", 2) as transfer:
            ways: Transfer = transfer
            ways.advance(1)
            ways.restart()
