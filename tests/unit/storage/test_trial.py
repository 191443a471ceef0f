"""The trial of what a provider honours and compares: what is believed of it, and what it leaves behind."""

import threading

import pytest
from fake_store import FakeStore

from wheelhouse_tasks.errors import AccessDenied, BadArtifact, Changed, StoreError, Unreachable, Unsupported
from wheelhouse_tasks.storage import trial
from wheelhouse_tasks.storage.honoured import Honoured
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Entry, Payload, Promise, make_payload

PATIENCE = 600
"""Seconds after which a test that waits for another thread gives up."""
MARK = "0" * 32


class Provider(FakeStore):
    """Honours conditions and compares the sha256, but for the faults that it is given."""

    def __init__(self, **faults: StoreError | BadArtifact | None) -> None:
        super().__init__(honours=True)
        #: What is raised for a kind of write, or None where such a write is carried out as if it were plain.
        self.faults = faults

    def write(self, name: str, payload: Payload, expect: str | None, promise: Promise | None = None, /) -> Entry:
        """Store an object as a provider does that is told conditions and promises."""
        kind = "plain" if expect is None else {ABSENT: "absent", MARK: "wrong"}.get(expect, "mark")
        if promise is not None:
            kind = "kept" if promise.sha256 == payload.sha256 else "broken"
        if kind in self.faults:
            fault = self.faults[kind]
            if fault:
                raise fault
            expect = None
        elif kind == "broken":
            raise BadArtifact(name, "other bytes")
        return self.put(name, payload, expect=expect)


REFUSED, UNKNOWN = AccessDenied("x", "no such signature"), Unsupported("x", "501")
CHANGED, DAMAGED = Changed("x", "always"), BadArtifact("x", "always")


@pytest.mark.parametrize(
    ("faults", "wrong"),
    [
        pytest.param({}, set(), id="all is well"),
        pytest.param({"absent": None}, {"absent"}, id="writes what is there"),
        pytest.param({"absent": CHANGED}, {"absent"}, id="never writes what is absent"),
        pytest.param({"absent": UNKNOWN}, {"absent"}, id="knows no absent"),
        pytest.param({"wrong": None}, {"mark"}, id="takes any mark"),
        pytest.param({"mark": CHANGED}, {"mark"}, id="takes no mark"),
        pytest.param({"wrong": UNKNOWN, "mark": UNKNOWN}, {"mark"}, id="knows no marks"),
        pytest.param({"broken": None}, {"sha256"}, id="compares nothing"),
        pytest.param({"broken": REFUSED, "kept": REFUSED}, {"sha256"}, id="refuses every promise"),
        pytest.param({"broken": UNKNOWN, "kept": UNKNOWN}, {"sha256"}, id="is told no promise"),
        pytest.param({"broken": DAMAGED, "kept": DAMAGED}, {"sha256"}, id="finds every promise broken"),
        pytest.param({"kept": REFUSED}, {"sha256"}, id="refuses a promise that is kept"),
    ],
)
def test_only_what_was_seen_is_believed(faults: dict[str, StoreError | BadArtifact | None], wrong: set[str]) -> None:
    """Each kind counts where the write that should be refused is, and the one that should be carried out is."""
    provider = Provider(**faults)
    honoured = Honoured(provider, "here", provider.write)
    expected = {name: name not in wrong for name in ("absent", "mark", "sha256")}
    assert honoured.tried() == Conditions(md5=False, **expected)
    assert [entry.name for entry in provider.list("")] == [trial.RECORD]


@pytest.mark.parametrize("kind", ["absent", "mark"])
def test_answer_that_is_lost_takes_nothing_away(kind: str) -> None:
    """A write that is sent again for want of an answer is refused for what it wrote itself: that is no refusal."""

    class Lossy(Provider):
        lost = False

        def put(self, name: str, payload: Payload, *, expect: str | None = None) -> Entry:
            entry = super().put(name, payload, expect=expect)
            if not self.lost and expect is not None and (expect == ABSENT) == (kind == "absent"):
                self.lost = True
                return super().put(name, payload, expect=expect)
            return entry

    provider = Lossy()
    honoured = Honoured(provider, "here", provider.write)
    assert honoured.tried() == Conditions(absent=True, mark=True, md5=False, sha256=True)
    assert provider.lost
    assert [entry.name for entry in provider.list("")] == [trial.RECORD]


@pytest.mark.parametrize("kind", ["absent", "wrong", "mark", "plain", "kept", "broken"])
def test_trial_that_fails_leaves_nothing(kind: str) -> None:
    """A provider that gives no answer to one of the writes is no provider that honours less; nothing is recorded."""
    provider = Provider(**{kind: Unreachable("x", "no answer")})
    honoured = Honoured(provider, "here", provider.write)
    with pytest.raises(Unreachable):
        honoured.tried()
    assert (honoured.known, provider.list("")) == (None, [])
    provider.faults = {}
    assert honoured.tried().absent


def test_nothing_is_cleared_after_an_interrupt() -> None:
    """Ctrl-C ends a trial at once, also where the server is silent: its objects stay."""
    provider = Provider()

    def write(name: str, payload: Payload, expect: str | None, promise: Promise | None = None, /) -> Entry:
        if expect is not None:
            raise KeyboardInterrupt
        return provider.write(name, payload, expect, promise)

    with pytest.raises(KeyboardInterrupt):
        Honoured(provider, "here", write).tried()
    assert provider.count("delete") == 0


class Door:
    """A lock that counts who comes to it."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self.came.release()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_who_waited_for_a_trial_gets_its_error() -> None:
    """A trial of a silent server takes the whole timeout: the workers that waited for it hold none of their own."""
    provider, door, tries, errors = Provider(), Door(), list[str](), list[Unreachable]()

    def write(name: str, payload: Payload, expect: str | None, promise: Promise | None = None, /) -> Entry:
        if expect != ABSENT:
            return provider.write(name, payload, expect, promise)
        tries.append(name)
        if len(tries) == 1:  # the first worker comes twice: it reads the record
            assert all(door.came.acquire(timeout=PATIENCE) for _ in range(4))
        raise Unreachable("x", "no answer")

    honoured = Honoured(provider, "here", write)
    vars(honoured)["_lock"] = door

    def ask() -> None:
        with pytest.raises(Unreachable) as caught:
            honoured.tried()
        errors.append(caught.value)

    workers = [threading.Thread(target=ask) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (len(tries), len(errors), len(set(map(id, errors)))) == (1, 3, 1)


def test_trial_that_cannot_be_cleared_is_an_error() -> None:
    """Who may not delete learns it before any file is sent."""

    class Keeping(Provider):
        def delete(self, name: str) -> None:
            raise AccessDenied(name, "may not be deleted")

    provider = Keeping()
    honoured = Honoured(provider, "here", provider.write)
    with pytest.raises(AccessDenied, match="deleted"):
        honoured.tried()
    assert honoured.known is None


def test_record_is_read_once_and_not_at_all_of_a_new_container() -> None:
    """A survey and the first write share one reading; a container that was created a moment ago has no record."""
    for begins_anew in (False, True):
        provider = Provider()
        honoured = Honoured(provider, "here", provider.write)
        if begins_anew:
            honoured.begin_anew()
        assert honoured.recorded() is None
        honoured.tried()
        assert provider.requests.count(("read", trial.RECORD)) == (not begins_anew)


def test_writes_of_a_trial_wait_for_one_another_once() -> None:
    """The first four writes are under way at once, then the three that need one of these."""
    provider = Provider()
    first, second = (threading.Barrier(count, timeout=PATIENCE) for count in (4, 3))
    lock, begun = threading.Lock(), list[str]()

    def write(name: str, payload: Payload, expect: str | None, promise: Promise | None = None, /) -> Entry:
        with lock:
            begun.append(name)
            barrier = first if len(begun) <= 4 else second
        barrier.wait()
        return provider.write(name, payload, expect, promise)

    held = trial.Trial(provider, write)
    assert held.hold() == Conditions(absent=True, mark=True, md5=False, sha256=True)
    assert len(begun) == 7
    trial.at_once(held.clear())
    assert provider.list("") == []


def test_record_keeps_what_it_has_of_other_servers() -> None:
    """What another server was seen to honour stays in the record."""
    store = FakeStore()
    store.put(trial.RECORD, make_payload(b'{"there": {"absent": true}, "odd": 1}', "", ""))
    honoured = Honoured(store, "here", lambda name, payload, *_: store.put(name, payload))
    honoured.tried()
    assert trial.records_in(store).keys() == {"there", "here"}
