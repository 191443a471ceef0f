"""The index under every order of requests that a seed can think of, with workers that die and listings that lag."""

import heapq
import os
import random
import statistics
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from simulation import PROJECTS, PROVIDERS, Dangers, Worker, World, earlier, explore, generator, naive, upload

from wheelhouse_tasks.container.converge import Convergence
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.people.versions import Front

CHUNK = int(os.environ.get("MODEL_SCHEDULES", "400"))
"""Schedules of one test."""

PLAIN_MD5, PLAIN_OPAQUE, FOLDER, MD5, OPAQUE = PROVIDERS
HONOURING = (MD5, OPAQUE)


def chunks(count: int, of: Sequence[str] = tuple(PROVIDERS)) -> pytest.MarkDecorator:
    """Return *count* chunks of seeds for each provider."""
    return pytest.mark.parametrize(
        ("provider", "seeds"),
        [
            pytest.param(provider, range(CHUNK * index, CHUNK * (index + 1)), id=f"{provider}-{index}")
            for provider in of
            for index in range(count)
        ],
    )


@chunks(2)
def test_every_page_is_complete(provider: str, seeds: range) -> None:
    """When all workers have done their work, each page is what a fresh rendering of the files gives."""
    explore(complete, seeds, PROVIDERS[provider])


@chunks(1)
def test_marks_of_people_arrive(provider: str, seeds: range) -> None:
    """A file that is yanked, unyanked and removed while others upload is on the pages as its markers say."""
    explore(complete, seeds, PROVIDERS[provider], marks=True)


#: Titles and addresses of workers whose settings differ; one has neither.
FRONTS = (
    Front(title="Ours"),
    Front(),
    Front(title="Theirs <&>", address="https://a/index.html"),
    Front(address="https://b/x'y/index.html"),
)


@chunks(1)
def test_titles_that_differ_end(provider: str, seeds: range) -> None:
    """Workers with other titles and addresses all come to an end, and each page is complete, with one of the titles."""
    explore(complete, seeds, PROVIDERS[provider], fronts=FRONTS)


@chunks(1, of=HONOURING)
def test_titles_that_differ_take_no_link_away(provider: str, seeds: range) -> None:
    """Nor does a worker that dies drop a link of one with other settings."""
    explore(kept, seeds, PROVIDERS[provider], dangers=Dangers(kill=0.03, zombies=True), fronts=FRONTS)


@chunks(1, of=(PLAIN_MD5, PLAIN_OPAQUE, FOLDER))
def test_killed_workers_leave_valid_pages(provider: str, seeds: range) -> None:
    """Workers that die leave pages that are valid, and that one more run completes."""
    explore(healed, seeds, PROVIDERS[provider], dangers=Dangers(kill=0.02))


@chunks(1, of=HONOURING)
def test_killed_workers_take_no_link_away(provider: str, seeds: range) -> None:
    """With conditional writes workers that die drop no link of one that did its work."""
    explore(kept, seeds, PROVIDERS[provider], dangers=Dangers(kill=0.02))


@chunks(1, of=(PLAIN_MD5, PLAIN_OPAQUE, FOLDER))
def test_late_write_may_take_links_away(provider: str, seeds: range) -> None:
    """Elsewhere the write of a dead worker may drop a link of one that did its work, and one more run restores it."""
    assert explore(healed, seeds, PROVIDERS[provider], dangers=Dangers(kill=0.03, zombies=True)) > 0


@chunks(2, of=HONOURING)
def test_late_write_is_refused(provider: str, seeds: range) -> None:
    """With conditional writes no schedule whatever drops a link of a worker that did its work."""
    explore(kept, seeds, PROVIDERS[provider], dangers=Dangers(kill=0.03, zombies=True))


@chunks(1, of=(PLAIN_MD5, PLAIN_OPAQUE))
def test_lagging_listing_is_healed(provider: str, seeds: range) -> None:
    """What is lost because no listing shows it yet, one more run restores."""
    explore(healed, seeds, PROVIDERS[provider], lags=True)


@chunks(1, of=HONOURING)
def test_lagging_listing_loses_nothing(provider: str, seeds: range) -> None:
    """With conditional writes the pages themselves tell what no listing shows yet."""
    explore(kept, seeds, PROVIDERS[provider], lags=True)


@chunks(1, of=(PLAIN_MD5, PLAIN_OPAQUE, FOLDER))
def test_naive_index_loses_links(provider: str, seeds: range) -> None:
    """The harness bites: an index that is read, added to and written loses links."""
    json_pages = {layout.json_page(each) for each in PROJECTS}
    assert explore(lambda world: world.lost() & json_pages, seeds, PROVIDERS[provider], kind=naive) > 0


def test_same_seed_same_schedule() -> None:
    """A seed that was reported brings the same schedule again."""
    traces: list[list[tuple[int, str, str]]] = []
    for _ in range(2):
        explore(
            lambda world: traces.append(world.trace), range(20), PROVIDERS[MD5], dangers=Dangers(0.03, zombies=True)
        )
    assert traces[:20] == traces[20:]


def complete(world: World) -> None:
    """Expect that each page says exactly what is there."""
    assert world.behind() == {}


def kept(world: World) -> None:
    """Expect that no link of a worker that did its work is missing, and that one more run restores the others."""
    world.settle()
    assert world.lost() == set()
    healed(world)


def healed(world: World) -> bool:
    """Tell whether links of workers that did their work are missing; expect that one more run restores them."""
    world.settle()
    lost = bool(world.lost())
    world.heal()
    assert world.wrong == []
    assert world.behind() == {}
    return lost


@pytest.fixture
def same_pauses() -> Iterator[None]:
    """Make the pauses of converge() the same each time."""
    state = random.getstate()
    random.seed(0)
    yield
    random.setstate(state)


@pytest.mark.usefixtures("same_pauses")
@pytest.mark.parametrize(
    ("provider", "writers", "limit"),
    [(provider, *each) for provider in (PLAIN_OPAQUE, MD5, OPAQUE) for each in ((1, 2), (8, 20), (32, 40))],
)
def test_rounds_until_convergence(provider: str, writers: int, limit: int) -> None:
    """Writers that begin together, with requests of 10 to 100 ms, need a bounded number of rounds."""
    rounds = [taken for seed in range(3) for taken in race(provider, writers, seed)]
    print(f"{provider}, {writers} writers: median {statistics.median(rounds)}, at most {max(rounds)} rounds")  # noqa: T201
    assert max(rounds) <= limit


def race(provider: str, writers: int, seed: int) -> list[int]:
    """Return the rounds of each of many writers of one file, who begin at one time, by a clock."""
    rng = generator(seed)
    world = World(PROVIDERS[provider], rng, objects=earlier(PROVIDERS[provider]))
    workers = [world.start(upload([f"a-{number}-py3-none-any.whl"])) for number in range(writers)]
    clock = [(rng.uniform(0.01, 0.1), worker.number) for worker in workers]
    heapq.heapify(clock)
    while clock:
        now, number = heapq.heappop(clock)
        worker = workers[number]
        worker.run()
        if not worker.greenlet.dead:
            heapq.heappush(clock, (now + worker.pause + rng.uniform(0.01, 0.1), number))
    assert world.wrong == []
    assert world.behind() == {}
    return [worker.result.rounds for worker in workers if isinstance(worker.result, Convergence)]


@pytest.mark.usefixtures("same_pauses")
@pytest.mark.parametrize("provider", [PLAIN_OPAQUE, MD5, OPAQUE])
def test_steady_writers_hold_up_no_upload(provider: str) -> None:
    """A slow upload ends, whatever its fast neighbours do: its rounds are few, and it takes a few times as long."""
    [alone] = steady(provider, writers=1, seed=0)
    uploads = [upload for seed in range(3) for upload in steady(provider, writers=6, seed=seed)]
    print(f"{provider}: alone {alone}, beside others {sorted(uploads)}")  # noqa: T201
    assert max(rounds for rounds, _ in uploads) <= MOST_ROUNDS
    assert max(seconds for _, seconds in uploads) <= 5 * alone[1]


#: Of the project and of the root: the first look is early, two more are refused, and the fourth shows all that is ours.
MOST_ROUNDS = 2 * 4
#: How often a slow writer, and its neighbours, ask for something in a second.
SLOW, FAST = 2.0, 16.0


def steady(provider: str, *, writers: int, seed: int) -> list[tuple[int, float]]:
    """Return rounds and seconds of a slow upload, by a clock; the other writers upload one file after another."""
    rng = generator(seed)
    world = World(PROVIDERS[provider], rng, objects=earlier(PROVIDERS[provider]))
    clock: list[tuple[float, int, float]] = []

    def begin(now: float, rate: float) -> None:
        worker = world.start(upload([f"a-{len(world.workers)}-py3-none-any.whl"]))
        heapq.heappush(clock, (now + rng.uniform(0.5, 1.5) / rate, worker.number, rate))

    for number in range(writers):
        begin(0.0, FAST if number else SLOW)
    slow = world.workers[0]
    ended = 0.0
    while clock:
        now, number, rate = heapq.heappop(clock)
        worker = world.workers[number]
        worker.run()
        if not worker.greenlet.dead:
            heapq.heappush(clock, (now + worker.pause + rng.uniform(0.5, 1.5) / rate, number, rate))
        elif worker is slow:
            ended = now
        elif not slow.greenlet.dead and now < GIVEN_UP:
            begin(now, rate)
    assert world.wrong == []
    assert world.behind() == {}
    assert isinstance(slow.result, Convergence)
    return [(slow.result.rounds, ended)]


#: Seconds after which the neighbours stop, so that every run comes to an end.
GIVEN_UP = 40.0


class Container(RuleBasedStateMachine):
    """Workers that hypothesis starts, moves on and kills as it likes."""

    @initialize(
        provider=st.sampled_from((PLAIN_OPAQUE, FOLDER, MD5, OPAQUE)), seed=st.integers(0, 1000), used=st.booleans()
    )
    def open(self, provider: str, seed: int, used: bool) -> None:
        """Begin with an empty container, or a used one."""
        self.provider, self.killed, self.files = provider, False, 0
        honoured = PROVIDERS[provider]
        self.world = World(honoured, generator(seed), objects=earlier(honoured) if used else None, repeats=0.05)

    @precondition(lambda self: len(self.world.runnable) < 6)
    @rule(projects=st.lists(st.sampled_from("ab"), min_size=1, max_size=3))
    def start(self, projects: list[str]) -> None:
        """Start a worker with a file for each project named."""
        self.files += 1
        self.world.start(upload([f"{each}-{self.files}.{index}.tar.gz" for index, each in enumerate(projects)]))

    @precondition(lambda self: self.world.runnable)
    @rule(index=st.integers(0, 5), steps=st.integers(1, 12))
    def step(self, index: int, steps: int) -> None:
        """Carry out some requests of one worker."""
        worker = self._worker(index)
        for _ in range(steps):
            if not worker.greenlet.dead:
                worker.run()

    @precondition(lambda self: self.world.runnable)
    @rule(index=st.integers(0, 5), zombie=st.booleans())
    def kill(self, index: int, zombie: bool) -> None:
        """Kill a worker; its last write may come later."""
        self.world.kill(self._worker(index), zombie=zombie)
        self.killed = True

    @precondition(lambda self: self.world.zombies)
    @rule(index=st.integers(0, 5))
    def rise(self, index: int) -> None:
        """Carry out the write of a dead worker."""
        self.world.rise(index % len(self.world.zombies))

    @rule()
    def finish(self) -> None:
        """Let everybody end, and look at what is there."""
        while runnable := self.world.runnable:
            self.world.rng.choice(runnable).run()
        while self.world.zombies:
            self.world.rise(0)
        if self.provider in HONOURING:
            assert self.world.lost() == set(), self.world.tell()
        if not self.killed:
            assert self.world.behind() == {}, self.world.tell()
        healed(self.world)
        self.killed = False

    @invariant()
    def readers_see_whole_pages(self) -> None:
        """No page that was ever there was cut off, or linked something that was not there."""
        assert self.world.wrong == [], self.world.tell()

    def teardown(self) -> None:
        """Finish what was begun."""
        if hasattr(self, "world"):
            self.finish()

    def _worker(self, index: int) -> Worker:
        runnable = self.world.runnable
        return runnable[index % len(runnable)]


TestContainer = Container.TestCase
TestContainer.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)
