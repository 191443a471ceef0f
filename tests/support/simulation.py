"""A container whose requests are carried out in any order: the real code, under a scheduler that means harm.

Each worker is a greenlet that runs the real code to its next request and stops there. The scheduler, seeded, then says
whose request is carried out. A request takes effect at one moment between call and return; what the worker does until
its next request touches nothing shared, so one stop for each request gives every order that stops before and after the
effect would give.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from flat_pages import flat_sections, render_flat
from greenlet import GreenletExit, getcurrent, greenlet

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.artifacts.companions import METADATA, REMOVED, YANKED
from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.artifacts.metadata import Metadata
from wheelhouse_tasks.container.converge import converge
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.objects import hide, send
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.container.published import Keeping
from wheelhouse_tasks.container.survey import survey
from wheelhouse_tasks.errors import Changed, ObjectMissing
from wheelhouse_tasks.pages import json_pages, layout, links, record
from wheelhouse_tasks.people import flat
from wheelhouse_tasks.people.versions import NOTHING, Front
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Entry, Payload, make_payload

#: What providers were seen to honour, by the name that tests use.
PROVIDERS = {
    "plain, marks are md5": Conditions(absent=False, mark=False, md5=True),
    "plain, marks are opaque": Conditions(absent=False, mark=False, md5=False),
    "a folder": Conditions(absent=True, mark=False, md5=False),
    "honoured, marks are md5": Conditions(absent=True, mark=True, md5=True),
    "honoured, marks are opaque": Conditions(absent=True, mark=True, md5=False),
}
SITE = "https://x/"
PROJECTS = ("a", "b")
MARKS = ("broken", "broken", "unyank", "unyank", "remove")
NOW = "2026-01-01T00:00:00.000000Z"
#: A worker is one greenlet, and has no threads.
ALONE = Keeping(workers=1)
#: What a page says of itself that no settings say anything of.
NAMELESS = flat.front_of(render_flat({}))

ROUNDS_OF_A_LAGGARD = 60
"""Steps for which a listing may show others what was before a change."""


def fixed_mark(name: str) -> str:
    """Return a mark that nothing else holds, and that needs no quoting."""
    return f"mark.{name.replace('/', '.')}."


def generator(seed: int) -> random.Random:
    """Return what chooses."""
    return random.Random(seed)  # noqa: S311  # nothing secret


class Killed(GreenletExit):
    """A worker ends here, whatever it was about."""


@dataclass(frozen=True)
class Object:
    """One object; of artifacts the bytes are made up and not kept."""

    entry: Entry
    content: bytes
    facts: dict[str, str]


@dataclass(frozen=True)
class Put:
    """A write under way."""

    worker: int
    name: str
    payload: Payload
    expect: str | None


@dataclass(frozen=True)
class Change:
    """What a name became, and from which step on others see it in listings."""

    seen: int
    worker: int
    object: Object | None


class World:
    """A container, its workers, and what became of their requests."""

    def __init__(
        self,
        honoured: Conditions,
        rng: random.Random,
        *,
        objects: dict[str, Object] | None = None,
        lags: bool = False,
        repeats: float = 0.0,
        era: str = "",
        fixed: bool = False,
    ) -> None:
        self.honoured, self.rng, self.lags, self.repeats = honoured, rng, lags, repeats
        self.objects = dict(objects or {})
        #: What the settings of the workers say of the flat page, in turn.
        self.fronts: Sequence[Front] = (NOTHING,)
        #: What opaque marks begin with, and whether they are always the same.
        self.era, self.fixed = era, fixed
        self.writes: dict[str, int] = {}
        self.history: dict[str, list[Change]] = {}
        self.workers: list[Worker] = []
        #: Writes whose workers died, to be carried out at any time.
        self.zombies: list[Put] = []
        #: What was carried out, in order: worker, request, object name.
        self.trace: list[tuple[int, str, str]] = []
        #: What a reader could see that must never be.
        self.wrong: list[str] = []

    def start(self, work: Callable[[SimulatedStore], object]) -> Worker:
        """Start a worker; it stops before its first request."""
        worker = Worker(self, len(self.workers), work)
        self.workers.append(worker)
        worker.run()
        return worker

    @property
    def runnable(self) -> list[Worker]:
        """Return the workers that are neither done nor dead."""
        return [worker for worker in self.workers if not worker.greenlet.dead]

    def kill(self, worker: Worker, *, zombie: bool) -> None:
        """End a worker at its request, which with *zombie* may be carried out later if it is a write."""
        self.trace.append((worker.number, "killed", ""))
        if zombie and worker.pending:
            self.zombies.append(worker.pending)
        worker.kill()

    def rise(self, index: int) -> None:
        """Carry out the write of a dead worker."""
        put = self.zombies.pop(index)
        self.trace.append((put.worker, "zombie", put.name))
        try:
            self.apply(put)
        except Changed:
            self.trace.append((put.worker, "refused", put.name))

    def apply(self, put: Put) -> Entry:
        """Carry out a write, under its condition where that is honoured."""
        honoured = self.honoured.absent if put.expect == ABSENT else self.honoured.mark
        if put.expect is not None and honoured and put.expect != self._mark(put.name):
            raise Changed(put.name, "is not what was expected")
        payload = put.payload
        named = payload.source if isinstance(payload.source, bytes) else str(payload.source).encode()
        content = named if isinstance(payload.source, bytes) else b""
        count = self.writes[put.name] = self.writes.get(put.name, 0) + 1
        mark = md5_of(named) if self.honoured.md5 else fixed_mark(put.name) if self.fixed else f"{self.era}{count}"
        made = Object(Entry(put.name, payload.size, mark), content, dict(payload.facts))
        self._change(put.worker, put.name, made)
        self.wrong += [f"{put.name}: {problem}" for problem in self.problems(put.name)]
        return made.entry

    def delete(self, worker: int, name: str) -> None:
        """Carry out a deletion."""
        if name in self.objects:
            self._change(worker, name, None)

    def listing(self, worker: int, prefix: str) -> list[Entry]:
        """Return what a listing shows to a worker: its own changes, and those of others, sooner or later."""
        entries = {name: stored.entry for name, stored in self.objects.items() if name.startswith(prefix)}
        for name, changes in self.history.items():
            if name.startswith(prefix):
                seen = [change for change in changes if change.worker == worker or change.seen <= len(self.trace)]
                shown = seen[-1].object
                if shown:
                    entries[name] = shown.entry
                else:
                    entries.pop(name, None)
        return [entries[name] for name in sorted(entries)]

    def settle(self) -> None:
        """Show every change to everybody."""
        self.history.clear()

    def _change(self, worker: int, name: str, made: Object | None) -> None:
        if self.lags:
            past = self.history.setdefault(name, [Change(0, worker, self.objects.get(name))])
            past.append(Change(len(self.trace) + self.rng.randrange(ROUNDS_OF_A_LAGGARD), worker, made))
        if made:
            self.objects[name] = made
        else:
            del self.objects[name]

    def _mark(self, name: str) -> str:
        return self.objects[name].entry.mark if name in self.objects else ABSENT

    # what readers see

    def problems(self, name: str) -> list[str]:
        """Return what is wrong with a page as it is now, whatever it lacks."""
        if not is_page(name):
            return []
        wrong = []
        for target, sha256, described in read_page(name, self.objects[name].content):
            at = self.objects.get(target)
            if target.endswith("/"):
                if f"{target}index.html" not in self.objects:
                    wrong.append(f"links {target}, which is not there")
            elif at is None:
                wrong.append(f"links {target}, which is not there")
            elif sha256 != at.facts["sha256"]:
                wrong.append(f"links {target} with sha256 {sha256}")
            elif described and described != self._described(target):
                wrong.append(f"promises a .metadata of {target}, which is not there")
        return wrong

    def behind(self) -> dict[str, str]:
        """Return the pages that differ from the content of the container, and what they lack or have too much."""
        files = sorted(name for name in self.objects if is_artifact(name))
        shown = [name for name in files if name + REMOVED not in self.objects]
        expected = {name: (name, self.objects[name].facts["sha256"], self._described(name)) for name in shown}
        there = sorted({name.split("/")[1] for name in files})
        wanted = {
            layout.FLAT: set(expected.values()),
            layout.ROOT: {(f"simple/{project}/", "", "") for project in there},
            layout.JSON_ROOT: {(f"{layout.JSON_FOLDER}{project}/", "", "") for project in there},
        }
        for project in there:
            rows = {row for name, row in expected.items() if name.startswith(f"files/{project}/")}
            wanted |= {layout.project_page(project): rows, layout.json_page(project): rows}
        if not files:
            return {}
        fresh = self.fresh()
        late = {}
        for name, rows in wanted.items():
            has = set(read_page(name, self.objects[name].content)) if name in self.objects else None
            if has is None:
                late[name] = "is not there"
            elif has != rows:
                late[name] = f"lacks {sorted(rows - has)}, has too much {sorted(has - rows)}"
            elif self.objects[name].content != fresh[name]:
                late[name] = "is not what a fresh rendering gives"
        return late

    def lost(self) -> set[str]:
        """Return the pages that lack an artifact, or the project of one, whose worker did its work to the end."""
        pages = set()
        for worker in self.workers:
            for name in worker.kept:
                project = name.split("/")[1]
                for page, target in (
                    (layout.project_page(project), name),
                    (layout.json_page(project), name),
                    (layout.FLAT, name),
                    (layout.ROOT, f"simple/{project}/"),
                    (layout.JSON_ROOT, f"{layout.JSON_FOLDER}{project}/"),
                ):
                    at = self.objects.get(page)
                    if at is None or target not in {row[0] for row in read_page(page, at.content)}:
                        pages.add(page)
        return pages

    def fresh(self) -> dict[str, bytes]:
        """Return every page as it is made in a container that holds the same files and no page."""
        files = {name: stored for name, stored in sorted(self.objects.items()) if name.startswith("files/")}
        key = (
            self.honoured.md5,
            *((name, stored.entry.mark, stored.content, *stored.facts.values()) for name, stored in files.items()),
        )
        if key not in FRESH:
            if len(FRESH) > FRESH_LIMIT:
                FRESH.clear()
            world = World(replace(self.honoured, absent=False, mark=False), generator(0), objects=files, fixed=True)
            world.heal()
            FRESH[key] = {name: stored.content for name, stored in world.objects.items() if is_page(name)}
        made = dict(FRESH[key])
        if not self.honoured.md5:  # the flat page names the marks of the JSON pages
            for name in made:
                made[layout.FLAT] = made[layout.FLAT].replace(fixed_mark(name).encode(), self._mark(name).encode())
        if layout.FLAT in made and layout.FLAT in self.objects and self.fronts != (NOTHING,):
            front = flat.front_of(self.objects[layout.FLAT].content)
            assert front in {one.over(other) for one in (*self.fronts, NAMELESS) for other in (*self.fronts, NAMELESS)}
            sections = {name: section.text for name, section in flat_sections(made[layout.FLAT]).items()}
            made[layout.FLAT] = render_flat(sections, front)
        return made

    def heal(self) -> None:
        """Converge once more, alone, in a container whose listings have caught up."""
        self.settle()
        store = SimulatedStore(self, None)
        names = sorted({name.split("/")[1] for name in self.objects if is_artifact(name)})
        converge(store, [Project(store, name, ALONE, writing=True) for name in names], ALONE, sleep=lambda _: None)

    def _described(self, name: str) -> str:
        at = self.objects.get(name + METADATA)
        return hashlib.sha256(at.content).hexdigest() if at else ""

    def tell(self) -> str:
        """Return the schedule for people to read."""
        return "\n".join(
            f"{step:4} worker {worker} {what} {name}" for step, (worker, what, name) in enumerate(self.trace)
        )


FRESH_LIMIT = 2000
#: Pages by what they are made from, since many schedules end with the same files.
FRESH: dict[tuple[object, ...], dict[str, bytes]] = {}


class Worker:
    """One run of the program."""

    def __init__(self, world: World, number: int, work: Callable[[SimulatedStore], object]) -> None:
        self.world, self.number = world, number
        self.greenlet = greenlet(lambda: work(SimulatedStore(world, self)))
        self.pending: Put | None = None
        #: What it is about.
        self.at = ("", "")
        #: Seconds that it wants to wait.
        self.pause = 0.0
        #: What its work was, once it has done it.
        self.kept: tuple[str, ...] = ()
        self.result: object = None

    def run(self) -> None:
        """Carry out its request, and let it work to the next one."""
        if self.at[0]:
            self.world.trace.append((self.number, *self.at))
        result = self.greenlet.switch()
        if self.greenlet.dead:
            self.result = result

    def kill(self) -> None:
        """End it where it is."""
        self.greenlet.throw(Killed)


class SimulatedStore:
    """The storage port of one worker; without one, requests are carried out at once."""

    label = "simulation"

    def __init__(self, world: World, worker: Worker | None) -> None:
        self.world, self.worker = world, worker
        self._number = worker.number if worker else -1
        self.keeping = replace(ALONE, front=world.fronts[self._number % len(world.fronts)] if worker else NOTHING)

    def create(self) -> bool:
        """Know that it is there."""
        return False

    @property
    def lists_in_pieces(self) -> bool:
        """Return that each piece shows the moment at which it is asked for."""
        return True

    def list(self, prefix: str, *, after: str = "", until: str | None = None) -> list[Entry]:
        """Return one moment's listing, or a piece of it."""
        self._turn("list", prefix)
        entries = self.world.listing(self._number, prefix)
        return [entry for entry in entries if after < entry.name and (until is None or entry.name <= until)]

    def facts(self, name: str) -> tuple[Entry, dict[str, str]]:
        """Return an entry and its user metadata."""
        self._turn("facts", name)
        stored = self._get(name)
        return stored.entry, dict(stored.facts)

    def read(self, name: str, start: int = 0) -> Iterator[bytes]:
        """Yield the bytes of one moment."""
        self._turn("read", name)
        yield self._get(name).content[start:]

    def put(self, name: str, payload: Payload, *, expect: str | None = None) -> Entry:
        """Write at some time; an answer that is lost makes the provider's client write the same once more."""
        put = Put(self._number, name, payload, expect)
        again = bool(self.worker) and self.world.rng.random() < self.world.repeats
        for _ in range(1 + again):
            if self.worker:
                self.worker.pending = put
            self._turn("put", name)
            if self.worker:
                self.worker.pending = None
            entry = self.world.apply(put)
        return entry

    def recorded_conditions(self) -> Conditions:
        """Return what `conditions` returns."""
        return self.world.honoured

    def conditions(self) -> Conditions:
        """Return which conditions are honoured, known from the start."""
        return self.world.honoured

    def delete(self, name: str) -> None:
        """Delete at some time."""
        self._turn("delete", name)
        self.world.delete(self._number, name)

    def public_url(self) -> str | None:
        """Know no address."""
        return None

    def sleep(self, seconds: float) -> None:
        """Let others work."""
        self._turn("sleep", "", seconds)

    def _turn(self, what: str, name: str, seconds: float = 0.0) -> None:
        if self.worker:
            self.worker.at = (what, name)
            self.worker.pause = seconds
            scheduler = getcurrent().parent
            assert scheduler, "a worker runs within the scheduler"
            scheduler.switch()

    def _get(self, name: str) -> Object:
        try:
            return self.world.objects[name]
        except KeyError:
            raise ObjectMissing(name, "is not in the simulation") from None


# what workers do


def md5_of(content: bytes) -> str:
    """Return what stands for the mark of an object: the md5 of its bytes, or of the file name of an artifact."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@cache
def local_file(filename: str) -> LocalFile:
    """Return an artifact that an upload has read."""
    named, content = artifact.parse(filename), filename.encode()
    described = hashlib.sha256(content).hexdigest() if named.is_wheel else None
    digest = hashlib.sha256(b"artifact " + content).hexdigest()
    return LocalFile(Path(filename), named, Metadata(content, None, described), len(content), digest)


def upload(filenames: Sequence[str]) -> Callable[[SimulatedStore], object]:
    """Return what an upload of these files does with the container."""

    def work(store: SimulatedStore) -> object:
        files = [local_file(name) for name in filenames]
        names = sorted({file.artifact.project for file in files})
        before = survey(
            store, {name: Project(store, name, store.keeping, writing=True) for name in names}, store.keeping
        )
        published = {name for project in before.projects.values() for name in project.files(filenames)}
        for file in files:
            if file.artifact.filename not in published:
                project = before.projects[file.artifact.project]
                sent = send(project, file, NOW, expect=ABSENT)
                project.add(sent.file, *sent.entries)
        result = converge(store, before.projects.values(), store.keeping, before=before, sleep=store.sleep)
        if store.worker:
            store.worker.kept = tuple(layout.file_name(file.artifact.project, file.artifact.filename) for file in files)
        return result

    return work


def mark(action: str, filename: str) -> Callable[[SimulatedStore], object]:
    """Return what `yank` (with a reason), `unyank` and `remove` do with a file."""

    def work(store: SimulatedStore) -> object:
        project = Project(store, artifact.parse(filename).project, store.keeping, writing=True)
        look(project).files()
        if action == "remove":
            hide(project, [filename], 0.0)
        elif action == "unyank":
            store.delete(project.object(filename) + YANKED)
        else:
            store.put(project.object(filename) + YANKED, make_payload(action.encode(), "", ""))
        return converge(store, [project], store.keeping, sleep=store.sleep)

    return work


def naive(filenames: Sequence[str]) -> Callable[[SimulatedStore], object]:
    """Return what an upload with an index of the usual kind does: read the page, add the own links, write it."""

    def work(store: SimulatedStore) -> object:
        files = [local_file(name) for name in filenames]
        for file in files:
            send(Project(store, file.artifact.project, ALONE), file, NOW, expect=ABSENT)
        for name in sorted({file.artifact.project for file in files}):
            page = layout.json_page(name)
            try:
                known = json_pages.read_json(b"".join(store.read(page)))
            except ObjectMissing:
                known = {}
            mine = [local.artifact.filename for local in files if local.artifact.project == name]
            for filename in mine:
                file = local_file(filename)
                known[filename] = record.File(filename, file.size, file.sha256, md5_of(filename.encode()))
            content = json_pages.render_json(name, known.values())
            store.put(page, Payload(content, len(content), "", "", ""))
        if store.worker:
            store.worker.kept = tuple(layout.file_name(file.artifact.project, file.artifact.filename) for file in files)
        return None

    return work


# what readers see


def is_page(name: str) -> bool:
    """Return whether an object is a page, by its name."""
    return name.endswith("index.html")


@cache
def is_artifact(name: str) -> bool:
    """Return whether an object is an artifact, not a companion of one."""
    return name.startswith("files/") and name.endswith((".whl", ".tar.gz"))


ANCHOR = re.compile(r"<a ([^>]*)>")
ATTRIBUTE = re.compile(r'([a-z0-9-]+)="([^"]*)"')


@lru_cache(maxsize=8000)
def read_page(name: str, content: bytes) -> tuple[tuple[str, str, str], ...]:
    """Return what a whole page links: object name, its sha256, that of its METADATA. Raises for any other page."""
    kind = layout.JSON_TYPE if name.startswith(layout.JSON_FOLDER) else layout.HTML_TYPE
    described = {}
    if kind == layout.JSON_TYPE:
        described = {key: file.metadata_sha256 or "" for key, file in _rows(content).items()}
    else:
        assert content.endswith(b"</html>\n"), f"{name} is cut off"
        for anchor in ANCHOR.findall(content.decode("ascii")):
            attributes = dict(ATTRIBUTE.findall(anchor))
            url = unquote(attributes["href"].partition("#")[0])
            described[url.rpartition("/")[2]] = attributes.get("data-core-metadata", "").removeprefix("sha256=")
    rows = []
    for link in links.parse(content, SITE + name, kind):
        assert not link.problem, link
        target = unquote(link.url.removeprefix(SITE))
        assert target.endswith("/") or link.sha256, f"{name} links {target} without a sha256"
        rows.append((target, link.sha256 or "", described.get(link.filename, "")))
    assert len(set(rows)) == len(rows), f"{name} links something twice"
    return tuple(rows)


def _rows(content: bytes) -> dict[str, record.File]:
    return json_pages.read_json(content) if b'"files"' in content else {}


# who goes on next


@dataclass
class Dangers:
    """The dangers of a schedule, as probabilities for each step."""

    kill: float = 0.0
    zombies: bool = False
    rise: float = 0.02


@dataclass
class Schedule:
    """One run of several workers; all of it follows from its seed."""

    seed: int
    world: World
    jobs: list[Callable[[SimulatedStore], object]]
    dangers: Dangers
    style: str = field(default="")

    def run(self) -> World:
        """Let the workers run to their ends, and carry out what dead ones left."""
        rng, world = self.world.rng, self.world
        pick = self._styled(rng)
        for job in self.jobs:
            world.start(job)
        while runnable := world.runnable:
            if self.dangers.kill and rng.random() < self.dangers.kill:
                world.kill(rng.choice(runnable), zombie=self.dangers.zombies)
            elif world.zombies and rng.random() < self.dangers.rise:
                world.rise(rng.randrange(len(world.zombies)))
            else:
                pick(runnable).run()
        while world.zombies:
            world.rise(rng.randrange(len(world.zombies)))
        return world

    def _styled(self, rng: random.Random) -> Callable[[list[Worker]], Worker]:
        """Return a way to choose: in bursts of some length, which finds most, or by ranks that now and then change."""
        if rng.random() < 0.2:
            self.style = "ranks"
            ranks = [rng.random() for _ in self.jobs]

            def by_rank(runnable: list[Worker]) -> Worker:
                chosen = max(runnable, key=lambda worker: ranks[worker.number])
                if rng.random() < 0.06:
                    ranks[chosen.number] = rng.random() - 1
                return chosen

            return by_rank

        change, last = rng.choice((0.1, 0.2, 0.35, 0.5, 0.7, 1)), list[Worker]()
        self.style = f"bursts of {1 / change:.0f}"

        def in_bursts(runnable: list[Worker]) -> Worker:
            if not last or last[0].greenlet.dead or rng.random() < change:
                last[:] = [rng.choice(runnable)]
            return last[0]

        return in_bursts


def make(
    seed: int,
    honoured: Conditions,
    *,
    kind: Callable[[Sequence[str]], Callable[[SimulatedStore], object]] = upload,
    dangers: Dangers | None = None,
    lags: bool = False,
    marks: bool = False,
    fronts: Sequence[Front] = (NOTHING,),
) -> Schedule:
    """Return a schedule of two to five workers with one to three files each, in one or two projects.

    With *marks* an earlier file is yanked, and the like, at the same time. *fronts* are what the settings of the
    workers say of the flat page.
    """
    rng = generator(seed)
    repeats = rng.choice((0.0, 0.0, 0.1))
    projects = PROJECTS[: rng.choice((1, 1, 2))]
    jobs = []
    for number in range(rng.choice((2, 2, 2, 2, 3, 3, 4, 5))):
        count = rng.choice((1, 1, 1, 1, 2, 3))
        names = [_filename(rng.choice(projects), 3 * number + index) for index in range(count)]
        if number and rng.random() < 0.1:  # somebody else has the same file
            names.append(_filename(projects[0], 0))
        jobs.append(kind(names))
    if marks:
        jobs[1:] = [mark(rng.choice(MARKS), _filename(PROJECTS[0], 99)) for _ in jobs[1:]]
    objects = earlier(honoured) if marks or rng.random() < 0.5 else None
    world = World(honoured, rng, objects=objects, lags=lags, repeats=repeats)
    world.fronts = fronts
    return Schedule(seed, world, jobs, dangers or Dangers())


def _filename(project: str, number: int) -> str:
    return f"{project}-{number}.tar.gz" if number % 3 == 2 else f"{project}-{number}-py3-none-any.whl"


EARLIER: dict[Conditions, dict[str, Object]] = {}


def earlier(honoured: Conditions) -> dict[str, Object]:
    """Return a container that holds a file, and its pages, from an earlier run."""
    if honoured not in EARLIER:
        world = World(honoured, generator(0), era="earlier")
        upload([_filename(PROJECTS[0], 99)])(SimulatedStore(world, None))
        EARLIER[honoured] = world.objects
    return EARLIER[honoured]


def explore(check: Callable[[World], object], seeds: Iterable[int], honoured: Conditions, **options: Any) -> int:
    """Run a schedule for each seed; return the number of those in which *check* is true.

    An error, or what a reader must never see, ends everything and shows the schedule.
    """
    count = 0
    for seed in seeds:
        schedule = make(seed, honoured, **options)
        try:
            world = schedule.run()
            count += bool(check(world))
            assert not world.wrong, world.wrong
        except Exception as error:
            error.add_note(f"seed {seed}, {schedule.style}:\n{schedule.world.tell()}")
            raise
    return count
