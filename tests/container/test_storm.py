"""Many real processes upload into one container at once; some are killed: no page is ever broken, no link is lost.

Run as a program, this file is the place where the processes start: it imports the package once and forks.
"""

import hashlib
import importlib
import json
import os
import random
import re
import select
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import points
import programs
import pytest
import requests
import servers
import wheels
from forked import become
from paths import SUPPORT
from projects import make_project, s3_env

from wheelhouse_tasks.pages import links
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage.opening import open_store

WORKERS = int(os.environ.get("STORM_WORKERS", "32"))
ROUNDS = int(os.environ.get("STORM_ROUNDS", "2"))
KILL_ROUNDS = int(os.environ.get("STORM_KILL_ROUNDS", "1"))
SEED = int(os.environ.get("STORM_SEED", "0")) or random.randrange(1, 10**9)  # noqa: S311
#: A worker that takes longer than this is stuck.
PATIENCE = 600

#: All that a worker imports, so that this is done once for all of them.
NEEDED = (
    *("wheelhouse_tasks.commands.upload", "wheelhouse_tasks.commands.maintain", "wheelhouse_tasks.storage.cloud"),
    *("wheelhouse_tasks.settings.resolve", "wheelhouse_tasks.storage.folder", "ci_info"),
    *("libcloud.storage.drivers.s3", "lxml.etree", "rich.progress", "rich.table"),
)

#: What somebody keeps reading.
READ = [f"{folder}index.html" for folder in ("", "simple/", "simple-json/", "simple/demo/", "simple-json/demo/")]

HTML, JSON = "text/html; charset=utf-8", "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class Ended:
    """How one process ended."""

    #: Exit code, or minus the number of the signal.
    code: int
    seconds: float
    said: str
    #: How many points it passed, as points.py tells.
    points: int


@dataclass
class Storm:
    """A project whose CI uploads into one container, and what it has built."""

    project: Path
    env: dict[str, str]
    container: Container
    #: Address below which pages and files are read.
    url: str
    #: Digests of everything that was built, by project and file name.
    built: dict[str, dict[str, str]] = field(default_factory=dict)
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311

    def build(self, round_: int) -> list[Path]:
        """Build the wheels of one round; return the folder of each worker."""
        folders = []
        for worker in range(WORKERS):
            folder = self.project / f"dist-{round_}-{worker}"
            folder.mkdir()
            names = ["demo"] if worker % 4 else ["demo", f"side-{worker}"]
            for name in names:
                path = wheels.make_wheel(folder, name, f"{round_}.{worker}")
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                self.built.setdefault(name, {})[path.name] = digest
            folders.append(folder)
        return folders

    def upload(self, folders: list[Path], kill: dict[int, int] | None = None) -> list[Ended]:
        """Upload the folders at once, each in a process of its own; *kill* tells which dies, at which of its points."""
        return self.run([["upload", "--verbose", "--local-folder", folder.name] for folder in folders], kill)

    def run(self, commands: list[list[str]], kill: dict[int, int] | None = None) -> list[Ended]:
        """Run commands at once."""
        order = json.dumps({"commands": commands, "kill": list((kill or {}).items())})
        env = {**os.environ, "PYTHONPATH": str(SUPPORT), **self.env}
        timeout = PATIENCE + 60
        said = programs.run(sys.executable, __file__, order, cwd=self.project, env=env, timeout=timeout, check=True)
        return [Ended(**each) for each in json.loads(said.stdout)]

    def published(self) -> dict[str, dict[str, str]]:
        """Return those of the built wheels that the container holds."""
        held = {entry.name.removeprefix("files/") for entry in open_store(self.container).list("files/")}
        found = {
            project: {name: digest for name, digest in files.items() if f"{project}/{name}" in held}
            for project, files in self.built.items()
        }
        return {project: files for project, files in found.items() if files}

    def assert_complete(self, expected: dict[str, dict[str, str]]) -> None:
        """Check that every page says exactly what it should."""
        with requests.Session() as session:
            for page in ("simple/index.html", "simple-json/index.html"):
                assert {link.last_folder for link in self.links(session, page)} == set(expected), page
            every = {name: digest for files in expected.values() for name, digest in files.items()}
            for page, files in self.pages_of(expected, every):
                found = self.links(session, page)
                shown = {link.filename: link.sha256 for link in found}
                lost = sorted(files.keys() - shown.keys())
                assert not lost, f"seed {SEED}: {page} lost {len(lost)} of {len(files)} links: {lost[:5]}"
                assert (shown, len(found)) == (files, len(files)), f"seed {SEED}: {page}"

    @staticmethod
    def pages_of(expected: dict[str, dict[str, str]], every: dict[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield every page that links files, with what it should link."""
        yield "index.html", every
        for project, files in expected.items():
            yield f"simple/{project}/index.html", files
            yield f"simple-json/{project}/index.html", files

    def links(self, session: requests.Session, page: str) -> list[Link]:
        """Return the links of a page, which must be there and whole."""
        content = self.read(session, f"{self.url}{page}")
        assert content is not None, f"{page} is not there"
        return links.parse(content, f"{self.url}{page}", JSON if page.startswith("simple-json") else HTML)

    def read(self, session: requests.Session, url: str) -> bytes | None:
        """Return a page or file as anybody reads it; None where there is none."""
        if url.startswith("file:"):
            path = Path(url2pathname(urlsplit(url).path))
            return path.read_bytes() if path.is_file() else None
        answer = session.get(url, timeout=PATIENCE)
        assert answer.status_code in {200, 404}, f"{url}: {answer.status_code}"
        return answer.content if answer.status_code == 200 else None


@dataclass
class Reader:
    """Somebody who keeps reading pages, and the files that are new on them."""

    storm: Storm
    problems: list[str] = field(default_factory=list)
    reads: int = 0

    def keep_reading(self, stop: Event) -> None:
        """Read all pages again and again; write down all that is wrong."""
        with requests.Session() as session:
            seen, there = set[str](), set[str]()
            while not (stop.is_set() and self.reads):
                for page in [
                    "simple/index.html",
                    "index.html",
                    "simple/demo/index.html",
                    "simple-json/demo/index.html",
                ]:
                    try:
                        self._look(session, page, seen, there)
                    except Exception as error:  # noqa: BLE001
                        self.problems.append(f"{page}: {error!r}")
                    time.sleep(0.01)
                self.reads += 1

    def _look(self, session: requests.Session, page: str, seen: set[str], there: set[str]) -> None:
        content = self.storm.read(session, f"{self.storm.url}{page}")
        assert content is not None or page not in there, "has gone"
        if content is None:
            return
        there.add(page)
        kind = JSON if page.startswith("simple-json") else HTML
        for link in links.parse(content, f"{self.storm.url}{page}", kind):
            if not link.filename or link.url in seen:  # a folder's
                continue
            assert link.sha256 == self.storm.built[link.url.split("/")[-2]][link.filename], link
            file = self.storm.read(session, link.url)
            assert file is not None, f"links {link.filename}, which is not there"
            assert hashlib.sha256(file).hexdigest() == link.sha256, f"links {link.filename} with another sha256"
            seen.add(link.url)


@contextmanager
def reading(storm: Storm) -> Iterator[Reader]:
    """Keep reading until the block ends."""
    reader, stop = Reader(storm), Event()
    thread = Thread(target=reader.keep_reading, args=[stop])
    thread.start()
    try:
        yield reader
    finally:
        stop.set()
        thread.join()


@pytest.fixture(params=["folder", "s3"])
def storm(request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path) -> Storm:
    """Make a project whose container is not there yet."""
    project = make_project(tmp_path / "project")
    if request.param == "folder":
        place = project / "wheelhouse"
        return Storm(project, {}, Container("local", str(place)), f"{place.as_uri()}/")
    s3: servers.S3Server = request.getfixturevalue("s3")
    login = Credentials(s3.key, s3.secret)
    container = Container("s3", bucket_name, "", "us-east-1", s3.host, s3.port, secure=False, credentials=login)
    # a busy machine's server may ask for patience, which is not what is tried here
    return Storm(project, s3_env(s3, bucket_name, WHEELHOUSE_RETRIES="12"), container, f"{s3.url}/{bucket_name}/")


def test_no_link_is_lost(storm: Storm) -> None:
    """After each round of uploads at once, into a container that nobody had created, every page is complete."""
    seconds, rounds = list[float](), list[float]()
    for round_ in range(ROUNDS):
        ended = storm.upload(storm.build(round_))
        assert [each.code for each in ended] == [0] * WORKERS, "\n".join(each.said for each in ended if each.code)
        storm.assert_complete(storm.built)
        seconds += [each.seconds for each in ended]
        rounds += [int(found) for each in ended for found in re.findall(r"settled after (\d+) rounds", each.said)]
    assert storm.published() == storm.built
    figures = {"seconds": seconds, "rounds until all pages settled": rounds}
    said = [f"{name}: median {statistics.median(of):.2f}, at most {max(of):.2f}" for name, of in figures.items()]
    print(f"{WORKERS} workers:", *said, sep="\n")  # noqa: T201


def test_killed_workers_leave_valid_pages(storm: Storm) -> None:
    """Half of the workers die at any point: all pages that are read are valid, and the next run completes them."""
    (alone,) = storm.upload(storm.build(0)[:1])
    assert (alone.code, alone.points > 10) == (0, True), alone
    reads, reached = 0, list[int]()
    for round_ in range(1, 1 + KILL_ROUNDS):
        folders = storm.build(round_)
        doomed = storm.dice.sample(range(WORKERS), WORKERS // 2)
        kill = {worker: storm.dice.randint(1, alone.points) for worker in doomed}
        with reading(storm) as reader:
            ended = storm.upload(folders, kill)
        assert not reader.problems, f"seed {SEED}: {reader.problems[:3]}"
        dead = {worker for worker, each in enumerate(ended) if each.code == -signal.SIGKILL}
        assert dead == set(doomed), f"seed {SEED}: {[each.code for each in ended]}"
        survivors = [worker for worker in range(WORKERS) if worker not in dead]
        assert {ended[worker].code for worker in survivors} == {0}, "\n".join(each.said for each in ended)
        reads += reader.reads
        reached += [ended[worker].points for worker in doomed]
        published = storm.published()
        for worker in survivors:
            for path in folders[worker].iterdir():
                assert any(path.name in files for files in published.values()), path.name
        (healer,) = storm.upload([folders[survivors[0]]])
        assert healer.code == 0, healer.said
        with requests.Session() as session:  # one project is healed by whoever uploads to it
            for page in ("simple/demo/index.html", "simple-json/demo/index.html"):
                assert {link.filename for link in storm.links(session, page)} == set(published["demo"]), page
        (index,) = storm.run([["index"]])  # and all of them by a rebuild
        assert index.code == 0, index.said
        storm.assert_complete(published)
    print(f"pages were read {reads} times; died, of about {alone.points} points, at", *sorted(reached))  # noqa: T201


def start_all(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Fork a process for each command and let them go at once; return how each ended."""
    begin, go = os.pipe()
    doomed, running = dict(order["kill"]), {}
    for number, command in enumerate(order["commands"]):
        child = os.fork()
        if not child:
            os.close(go)
            log = Path(f"points-{number}.txt").absolute()
            log.unlink(missing_ok=True)
            os.environ |= points.environment(Path("hook").absolute(), log, doomed.get(number, 0))
            all_may_go = partial(select.select, [begin], [], [])
            become(command, Path(f"said-{number}.txt"), PATIENCE, begin=all_may_go, finish=points.end)
        running[child] = number
    os.close(begin)
    began = time.monotonic()
    os.close(go)
    ended: dict[int, dict[str, Any]] = {}
    while running:
        child, status = os.wait()
        number = running.pop(child)
        said = Path(f"said-{number}.txt").read_text(encoding="utf-8", errors="replace")
        code, seconds = os.waitstatus_to_exitcode(status), time.monotonic() - began
        reached = len(points.passed(Path(f"points-{number}.txt")))
        ended[number] = {"code": code, "seconds": seconds, "said": said, "points": reached}
    return [ended[number] for number in sorted(ended)]


if __name__ == "__main__":
    for name in NEEDED:
        importlib.import_module(name)
    json.dump(start_all(json.loads(sys.argv[1])), sys.stdout)
