"""The upload of a release, with a package index that is none."""

import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import wheels
from packaging.version import Version

from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.errors import Failed, PublishError, UploadRefusal
from wheelhouse_tasks.publishing.release_plan import ReleasePlan, plan_release
from wheelhouse_tasks.publishing.upload import Stopped, in_turn, processes, upload_plan
from wheelhouse_tasks.pypi.shown import Shown
from wheelhouse_tasks.ui import Silent

#: What threads wait for each other at most; a test in which they do not meet fails after it.
PATIENCE = 600
MIB = 1 << 20


class Twines:
    """Processes of twine that are none."""

    def start(self, number: int) -> None:
        """Start nothing."""


class Index:
    """A package index that shows each file at once, unless an upload goes wrong."""

    is_pypi, label, timeout, retries, twines = False, "here", 1.0, 0, Twines()

    def __init__(self, arrive: Callable[[str], None] = lambda _: None) -> None:
        self.files: dict[str, Shown] = {}
        #: What an upload does, given the name of the file, before the file is there.
        self.arrive = arrive
        #: Each begin and end of an upload.
        self.events: list[str] = []

    def upload(self, file: LocalFile) -> None:
        """Store a file."""
        name = file.artifact.filename
        self.events.append(f"begin {name}")
        self.arrive(name)
        self.files[name] = Shown("", {"sha256": file.sha256}, file.size)
        self.events.append(f"end {name}")

    def shown(self, project: str, needed: Collection[str] = ()) -> dict[str, Shown]:
        """Return the files."""
        del project, needed
        return dict(self.files)


class Recorder(Silent):
    """A Ui that keeps the results and the notes."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.notes: list[str] = []

    def done(self, text: str) -> None:
        """Keep a result."""
        self.results.append(text)

    def note(self, text: str) -> None:
        """Keep a note."""
        self.notes.append(text)


@dataclass
class Files:
    """Four wheels and an sdist, in the order of their release."""

    folder: Path
    names: list[str]

    def plan(self, index: Index) -> ReleasePlan:
        """Return the plan of their release to an index."""
        files = [file for file in dist.examine(dist.scan(self.folder)[0], 1) if isinstance(file, LocalFile)]
        there = {name: file.digests for name, file in index.files.items()}
        return plan_release("demo", Version("1.0"), "here", {f.artifact.filename: (f, "dist") for f in files}, there)

    def release(self, index: Index, workers: int = 2) -> Recorder:
        """Upload them to an index, and return what was printed."""
        ui = Recorder()
        upload_plan(self.plan(index), index, workers, ui, lambda _: None)  # type: ignore[arg-type]
        return ui


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Make the files."""
    tags = [f"cp3{number}-none-any" for number in range(10, 14)]
    paths = [*(wheels.make_wheel(tmp_path, tag=tag) for tag in tags), wheels.make_sdist(tmp_path)]
    return Files(tmp_path, [path.name for path in paths])


@pytest.fixture
def begun(files: Files) -> Index:
    """Return an index that has the first file of the release."""
    index = Index()
    [first, *_] = files.plan(index).upload
    index.upload(first)
    index.events.clear()
    return index


def refused(name: str, *, kind: UploadRefusal = UploadRefusal.OTHER, status: int = 400) -> PublishError:
    """Return the error of an index that refuses a file."""
    return PublishError(name, f"bad {name.split('-')[2]}", status=status, kind=kind)


def test_what_was_done_is_a_result(tmp_path: Path) -> None:
    """Each file that was uploaded, and the release that is complete, are results; what goes on meanwhile is a note."""
    wheel, index = wheels.make_wheel(tmp_path), Index()
    files = Files(tmp_path, [wheel.name])
    first = files.release(index)
    assert [text.partition(" (")[0] for text in first.results] == [
        f"uploaded {wheel.name}",
        "here shows all 1 file of demo 1.0, sha256 compared",
    ]
    assert first.notes == ["waiting until here shows them"]
    again = files.release(index)
    assert (again.results, again.notes) == (["here already shows all 1 file of demo 1.0"], [])


def test_first_file_goes_alone_and_the_sdist_last(files: Files) -> None:
    """No file is begun before the one that creates the release is up, and the sdist when all wheels are."""
    index = Index()
    ui = files.release(index, workers=4)
    first, sdist = files.names[0], files.names[-1]
    assert index.events[:2] == [f"begin {first}", f"end {first}"]
    assert index.events[-2:] == [f"begin {sdist}", f"end {sdist}"]
    assert sorted(text.split()[1] for text in ui.results[:-1]) == sorted(files.names)


def test_several_files_are_under_way_at_once(files: Files, begun: Index) -> None:
    """Two wheels of a release that was begun before wait for each other in the index, and both arrive."""
    meeting = threading.Barrier(2, timeout=PATIENCE)
    begun.arrive = lambda name: meeting.wait() if name in files.names[1:3] else None  # type: ignore[assignment]
    files.release(begun)
    assert set(begun.files) == set(files.names)


def test_file_that_is_up_is_not_uploaded_again(files: Files, begun: Index) -> None:
    """A release that was stopped sends what is missing, no file twice."""
    files.release(begun)
    assert sorted(event for event in begun.events if event.startswith("begin")) == sorted(
        f"begin {name}" for name in files.names[1:]
    )


def test_third_file_of_a_group_fails(files: Files, begun: Index) -> None:
    """The file that fails is named with its reason, and so are those that are up and those that were not tried."""

    def arrive(name: str) -> None:
        if name == files.names[3]:
            raise refused(name)

    begun.arrive = arrive
    with pytest.raises(PublishError) as stopped:
        files.release(begun, workers=1)
    assert (stopped.value.subject, stopped.value.status) == (files.names[3], 400)
    up, sdist = tuple(files.names[1:3]), files.names[4]
    assert stopped.value.result == Stopped(up, files.names[3], (sdist,), ((files.names[3], "bad cp313"),))
    assert f"uploaded before: {', '.join(up)}; not tried: {sdist}; " in str(stopped.value)


def test_many_files_are_counted_where_a_release_stops(files: Files) -> None:
    """Of many files that were not tried the first are named, and the result has all; the last word is what to do."""

    def arrive(name: str) -> None:
        raise refused(name)

    with pytest.raises(PublishError) as stopped:
        files.release(Index(arrive), workers=1)
    assert isinstance(stopped.value.result, Stopped)
    assert stopped.value.result.untried == tuple(files.names[1:])
    line = f"not tried: {', '.join(files.names[1:4])} and 1 more; when mended, continue with: "
    assert line in str(stopped.value)


def test_two_files_that_are_under_way_fail(files: Files, begun: Index) -> None:
    """Each of them is named with its reason, in the order of the plan, and nothing is begun after them."""
    meeting = threading.Barrier(2, timeout=PATIENCE)

    def arrive(name: str) -> None:
        meeting.wait()
        raise refused(name)

    begun.arrive = arrive
    with pytest.raises(PublishError) as stopped:
        files.release(begun)
    [one, other] = files.names[1:3]
    assert isinstance(stopped.value.result, Stopped)
    assert [name for name, _ in stopped.value.result.failures] == [one, other]
    assert stopped.value.result.untried == tuple(files.names[3:])
    assert str(stopped.value).startswith(f"{one}: bad cp311; failed too: {other}: bad cp312 (")
    assert f"not tried: {', '.join(files.names[3:])}; " in str(stopped.value)


def test_what_is_under_way_beside_a_failure_counts(files: Files, begun: Index) -> None:
    """A file that arrives while another fails is one of those that are up."""
    failed = threading.Event()

    def arrive(name: str) -> None:
        if name == files.names[1]:
            failed.set()
            raise refused(name)
        assert failed.wait(PATIENCE)

    begun.arrive = arrive
    with pytest.raises(PublishError) as stopped:
        files.release(begun)
    assert isinstance(stopped.value.result, Stopped)
    assert stopped.value.result.failed == files.names[1]
    assert stopped.value.result.uploaded == tuple(name for name in files.names if name in begun.files)[1:]
    assert files.names[-1] in stopped.value.result.untried


def test_no_file_is_begun_while_another_is_sent_again(files: Files, begun: Index) -> None:
    """An index that has too much to do gets one file at a time until it has accepted the one that it put off."""
    meeting, again, arrived = threading.Barrier(2, timeout=PATIENCE), threading.Event(), threading.Event()
    begun.retries = 5

    def arrive(name: str) -> None:
        attempts = begun.events.count(f"begin {files.names[1]}")
        if name == files.names[2]:
            meeting.wait()
            assert again.wait(PATIENCE)
            arrived.set()  # while the other one is sent again
        elif name == files.names[1] and attempts < 4:
            if attempts == 1:
                meeting.wait()
            else:
                again.set()
                assert arrived.wait(PATIENCE)
                time.sleep(0.1)  # for what would be begun now
            raise refused(name, kind=UploadRefusal.BUSY, status=429)

    begun.arrive = arrive
    files.release(begun)
    assert set(begun.files) == set(files.names)
    busy = [place for place, event in enumerate(begun.events) if event == f"begin {files.names[1]}"]
    assert len(busy) == 4
    assert set(begun.events[busy[1] : busy[-1]]) <= {f"begin {files.names[1]}", f"end {files.names[2]}"}


def test_file_that_was_put_off_is_not_sent_again_after_a_failure(files: Files, begun: Index) -> None:
    """Where another file fails meanwhile, the release stops: nothing waits for an index that is busy."""
    meeting, begun.retries = threading.Barrier(2, timeout=PATIENCE), 5
    failing = queue.SimpleQueue[threading.Thread]()

    def arrive(name: str) -> None:
        meeting.wait()
        if name == files.names[1]:
            failing.put(threading.current_thread())
            raise refused(name)
        failing.get(timeout=PATIENCE).join()  # the failure is known then, and nothing more was begun
        raise refused(name, kind=UploadRefusal.BUSY, status=429)

    begun.arrive = arrive
    with pytest.raises(PublishError) as stopped:
        files.release(begun)
    assert isinstance(stopped.value.result, Stopped)
    assert [name for name, _ in stopped.value.result.failures] == files.names[1:3]
    assert [event for event in begun.events if event == f"begin {files.names[2]}"] == [f"begin {files.names[2]}"]


def test_file_that_changed_is_not_sent(files: Files) -> None:
    """A file whose bytes are others than those that were checked stops the release before it is sent."""
    index = Index()
    plan = files.plan(index)
    (files.folder / files.names[0]).write_bytes(b"other")
    with pytest.raises(Failed, match="changed since it was checked"):
        upload_plan(plan, index, 2, Silent(), lambda _: None)  # type: ignore[arg-type]
    assert index.events == []


def test_release_that_was_begun_has_no_first_file(files: Files, begun: Index) -> None:
    """Where the index shows a file of the release, nothing needs to create it: all wheels may go at once."""
    assert [len(group) for group in in_turn(files.plan(Index()))] == [1, 3, 1]
    assert [len(group) for group in in_turn(files.plan(begun))] == [3, 1]


@pytest.mark.parametrize(
    ("sizes", "workers", "cores", "number"),
    [
        pytest.param([1], 8, 8, 1, id="one file"),
        pytest.param([1, 1, 1], 8, 8, 1, id="few small files"),
        pytest.param([1] * 60, 8, 8, 8, id="no more than workers"),
        pytest.param([1] * 60, 8, 2, 4, id="few cores"),
        pytest.param([20 * MIB, 20 * MIB], 8, 8, 2, id="large files"),
        pytest.param([1] * 60, 1, 8, 1, id="one worker"),
    ],
)
def test_processes_are_worth_their_start(
    sizes: list[int], workers: int, cores: int, number: int, tmp_path: Path
) -> None:
    """Few files share a process, and no more of them run than the machine and the settings allow."""
    wheels.make_wheel(tmp_path)
    [file] = dist.read(dist.scan(tmp_path)[0], 1)
    assert processes([replace(file, size=size) for size in sizes], workers, cores) == number
