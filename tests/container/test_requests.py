"""What an upload costs in requests, counted at the server: it follows the project, never the container."""

import hashlib
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import chain
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import programs
import pytest
import servers
import wheels
from projects import make_project, s3_env

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts.companions import METADATA
from wheelhouse_tasks.container.converge import converge
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.container.published import Keeping
from wheelhouse_tasks.container.survey import survey
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import Entry

BUCKET = "crowded"
#: Projects that nobody asks for, and the objects of each: 20,000 in all.
OTHERS, OBJECTS = 100, 200
THREADS = 8


@dataclass(frozen=True)
class Crowd:
    """A bucket with 20,000 objects of other projects, its server, and the proxy that counts what it is asked."""

    s3: servers.SeaweedFS
    proxy: servers.CountingProxy

    def fill(self, projects: dict[str, int]) -> None:
        """Make projects with so many wheels each, as uploads would have left them; most of it past the S3 gateway."""
        login = Credentials(self.s3.key, self.s3.secret)
        host, port = self.s3.host, self.s3.port
        place = Container("s3", BUCKET, "", "us-east-1", host, port, secure=False, credentials=login)
        store = open_store(place)
        store.create()
        keeping = Keeping(workers=THREADS)
        before = survey(store, {name: Project(store, name, keeping, writing=True) for name in projects}, keeping)
        names = [(name, f"{name}-1.{number}-py3-none-any.whl") for name, n in projects.items() for number in range(n)]
        shares = [names[start::THREADS] for start in range(THREADS)]
        for project, file, entries in chain.from_iterable(parallel.run(self._put, shares, THREADS)):
            before.projects[project].add(file, *entries)
        filled = [project for project in before.projects.values() if project.memory.files]
        converge(store, filled, keeping, before=before)
        assert sum(len(project.entries) for project in before.projects.values()) == 2 * len(names)

    def _put(self, names: list[tuple[str, str]]) -> list[tuple[str, File, list[Entry]]]:
        """Store wheels that say no more than their names, each with its METADATA."""
        done = []
        with closing(HTTPConnection(self.s3.host, self.s3.filer_port, timeout=programs.STUCK)) as connection:
            for project, filename in names:
                entries = []
                for suffix in ("", METADATA):
                    name = layout.file_name(project, filename + suffix)
                    content = name.encode()
                    connection.request("PUT", f"/buckets/{BUCKET}/{name}", content)
                    with connection.getresponse() as answer:
                        assert answer.status == 201, answer.read()
                        answer.read()
                    mark = hashlib.md5(content, usedforsecurity=False).hexdigest()
                    entries.append(Entry(name, len(content), mark))
                digests = [hashlib.sha256(entry.name.encode()).hexdigest() for entry in entries]
                time = "2026-01-31T12:00:00.000000Z"
                file = File(filename, entries[0].size, digests[0], entries[0].mark, ">=3.8", digests[1], time)
                done.append((project, file, entries))
        return done

    def upload(self, project: Path) -> tuple[list[str], dict[str, list[str]]]:
        """Upload what the project has built; return the requests that it cost, and what it said."""
        env = {**os.environ, **s3_env(self.s3, BUCKET, WHEELHOUSE_PORT=str(self.proxy.port))}
        command: list[str | Path] = [sys.executable, "-m", "wheelhouse_tasks", "upload", "--json"]
        with self.proxy.requests() as asked:
            done = programs.run(*command, cwd=project, env=env, check=True)
        said: dict[str, list[str]] = json.loads(done.stdout)
        return asked, said


@pytest.fixture(scope="module")
def crowd(s3: servers.SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    """Fill a bucket."""
    first = make_project(tmp_path_factory.mktemp("first") / "first", name="first")
    wheels.make_wheel(first / "dist", "first")
    with servers.or_skip(servers.counting(s3.port)) as proxy:
        found = Crowd(s3, proxy)
        found.fill({f"other{number}": OBJECTS // 2 for number in range(OTHERS)})
        # where the container is readable is asked for once, and kept, as are the conditions that it honours
        found.upload(first)
        yield found


def kind(line: str) -> str:
    """Return what a request is for, in two words."""
    method, target, status = line.split(" ")
    path, query = urlsplit(target).path.removeprefix(f"/{BUCKET}"), parse_qs(urlsplit(target).query)
    if method == "GET" and "prefix" in query:
        what = "listing"
    elif path.startswith("/files/"):
        what = "file"
    else:
        folder, _, name = path.removeprefix("/").partition("/")
        what = f"page of {folder}" if name else "flat page"
        what = name.removesuffix(".json") if folder == ".wheelhouse" else what
    return f"{method} {what}{'' if status.startswith('2') else ' ' + status}"


def test_upload_costs_what_its_project_costs(crowd: Crowd, tmp_path: Path) -> None:
    """Few requests add k wheels to n of their project, beside 20,000 objects of others, and a rerun writes nothing."""
    for n in (0, 100, 5000):
        name = f"demo{n}"
        if n:
            crowd.fill({name: n})
        costs(1, n, crowd, make_project(tmp_path / name, name=name))
        if n:
            costs(5, n + 1, crowd, tmp_path / name)
        else:
            costs(5, 0, crowd, make_project(tmp_path / "demo-new", name="demo-new"))


def costs(k: int, n: int, crowd: Crowd, project: Path) -> None:
    """Upload k wheels beside n of their project, twice, and check what that was."""
    for number in range(k):
        wheels.make_wheel(project / "dist", project.name, f"2.{k}.{number}")
    asked, said = crowd.upload(project)
    assert len(said["uploaded"]) == k
    again, said_again = crowd.upload(project)
    figures = {"first": dict(Counter(map(kind, asked))), "again": dict(Counter(map(kind, again)))}
    print(f"{k} to {n}: {len(asked)} requests, then {len(again)}: {figures}")  # noqa: T201
    assert (said_again["uploaded"], said_again["pages"]) == ([], [])
    assert {line.split(" ")[0] for line in again} <= {"GET", "HEAD"}, figures
    assert len(asked) <= 2 * k + math.ceil(2 * n / 1000) * 2 + 18, figures
