"""Releases that are killed at any point: a rerun completes each, and no name ever gets other bytes.

Run as a program, this file is the place where the processes start: it imports the package once and forks.
"""

import importlib
import itertools
import json
import os
import random
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import points
import programs
import pytest
import scripted_index
import servers
import wheels
from folders import digests
from forked import become
from paths import SUPPORT
from projects import index_env, inv, make_project
from scripted_index import JSON

#: How many releases are killed, of each kind: 50 kill at every point of a release of two files.
KILLS = int(os.environ.get("RELEASE_KILLS", "12"))
SEED = int(os.environ.get("RELEASE_SEED", "0")) or random.randrange(1, 10**9)  # noqa: S311
#: A release that takes longer than this is stuck.
PATIENCE = 600
#: The wheels of a release, of which the first is all that a small one has.
TAGS = ("py3-none-any", *(f"cp3{minor}-cp3{minor}-win_amd64" for minor in (10, 11, 12)))

#: All that a release imports in its own process, so that this is done once for all of them.
NEEDED = (
    *(
        "wheelhouse_tasks.commands.release",
        "wheelhouse_tasks.sources.web",
        "wheelhouse_tasks.pages.links",
        "wheelhouse_tasks.sources.source",
    ),
    *(
        "wheelhouse_tasks.settings.resolve",
        "wheelhouse_tasks.storage.folder",
        "lxml.etree",
        "lxml.html",
        "requests",
        "rich.table",
        "rich.progress",
    ),
)


@dataclass(frozen=True)
class Order:
    """Releases to run one after the other, each of a version of its own."""

    #: What every release is called with.
    words: list[str]
    #: The first finds an index without the project, the second shows the points of a release, the others are killed.
    versions: list[str]
    seed: int


@dataclass(frozen=True)
class Killed:
    """How one release went: it was killed, and run again."""

    version: str
    #: Number of the point that killed it, and what that was.
    point: int
    kind: str
    #: How it ended.
    died: int
    #: Exit code of the rerun, and what both said.
    code: int
    said: str
    #: Digests of what was in the folder when it had been killed.
    left: dict[str, str]


def folder_of(version: str) -> str:
    """Return the name of the folder that a version is released from."""
    return f"dist-{version}"


@pytest.mark.parametrize(
    ("fetching", "tags", "kills"),
    [
        pytest.param(False, TAGS[:1], KILLS, id="no-fetch"),
        pytest.param(True, TAGS[:1], KILLS, id="fetch"),
        pytest.param(False, TAGS, max(KILLS // 4, 1), id="several at once"),
    ],
)
def test_killed_release_is_completed(fetching: bool, tags: tuple[str, ...], kills: int, tmp_path: Path) -> None:
    """A release killed with all its processes is completed by a rerun, fetching or not, and nothing is stored twice."""
    versions = [f"1.{100 + number}" for number in range(2 + kills)]  # of one length: releases are of the same points
    project = make_project(tmp_path / "project")
    planned = build(project, versions, tags, fetching=fetching)
    folder = tmp_path / "index"
    folder.mkdir()
    with servers.scripted_index(folder) as index:
        words = ["release", "--yes", *([] if fetching else ["--no-fetch"])]
        order = json.dumps(asdict(Order(words, versions, SEED)))
        env = {**os.environ, "PYTHONPATH": str(SUPPORT), **index_env(index)}
        timeout = PATIENCE * len(versions)
        said = programs.run(*(sys.executable, __file__, order), cwd=project, env=env, timeout=timeout, check=True)
        killed = [Killed(**each) for each in json.loads(said.stdout)]
        shown = page(index)
    told = "\n".join([f"seed {SEED}", *(f"{each.version}: at {each.point}, {each.kind}" for each in killed)])
    print(told)  # noqa: T201

    expected = {name: digest for files in planned.values() for name, digest in files.items()}
    assert [each.version for each in killed] == versions[2:]
    assert {each.died for each in killed} == {-signal.SIGKILL}, told
    for each in killed:
        assert each.code == 0, f"seed {SEED}: {each}"
        assert each.left.items() <= planned[each.version].items(), f"seed {SEED}: {each}"
    for version in versions:
        assert whole(project / folder_of(version), planned[version]) == planned[version], f"{told}: {version}"
    assert shown == expected, told
    stored = scripted_index.read_log(folder)
    assert (len(stored), dict(stored)) == (len(expected), expected), told


def test_kills_are_spread() -> None:
    """Few kills come in every part of a release, and as many as it has points at each of them."""
    dice = random.Random(SEED)  # noqa: S311
    chosen = [spread(40, 8, dice) for _ in range(100)]
    assert all(part * 5 < point <= part * 5 + 5 for points_ in chosen for part, point in enumerate(points_))
    assert {point for points_ in chosen for point in points_} == set(range(1, 41))
    assert spread(40, 40, dice) == list(range(1, 41))
    assert set(spread(40, 100, dice)) == set(range(1, 41))


def spread(total: int, kills: int, dice: random.Random) -> list[int]:
    """Return a point of each of *kills* equal parts of a release of *total* points, which count from 1."""
    bounds = [part * total // kills for part in range(kills + 1)]
    return [1 + dice.randrange(low, max(high, low + 1)) for low, high in itertools.pairwise(bounds)]


def build(project: Path, versions: list[str], tags: tuple[str, ...], *, fetching: bool) -> dict[str, dict[str, str]]:
    """Make the files of each version in a folder of its own, or in the project's wheelhouse; return their digests."""
    planned = dict[str, dict[str, str]]()
    for version in versions:
        dist = project / ("build" if fetching else ".") / folder_of(version)
        dist.mkdir(parents=True)
        payload = random.Random(version).randbytes(1 << 15)  # noqa: S311
        for tag in tags:
            wheels.make_wheel(dist, "demo", version, tag, payload=payload)
        wheels.make_sdist(dist, "demo", version)
        planned[version] = digests(dist)
        if fetching:
            for path in dist.iterdir():
                path.rename(project / "dist" / path.name)
    if fetching:
        done = inv(project, "wheelhouse.upload")
        assert done.returncode == 0, done.stderr
    return planned


def whole(folder: Path, planned: dict[str, str]) -> dict[str, str]:
    """Return the digests of what a folder has under the names of artifacts."""
    return {name: digest for name, digest in digests(folder).items() if name in planned or name.startswith("demo")}


def page(index: servers.PackageIndex) -> dict[str, str]:
    """Return the digests of all that the index shows of the project."""
    with urlopen(Request(f"{index.simple_url}demo/", headers={"Accept": JSON})) as answer:
        return {file["filename"]: file["hashes"]["sha256"] for file in json.load(answer)["files"]}


def kill_all(order: Order) -> list[dict[str, Any]]:
    """Release once to see its points; kill releases at some of them, and run each again; return how these went."""
    _, pattern, *doomed = order.versions
    for version in order.versions[:2]:
        code = ended(start(order, version))
        assert code == 0, (code, said(version))
    kinds = points.passed(log(pattern))
    chosen = spread(len(kinds), len(doomed), random.Random(order.seed))  # noqa: S311
    return [asdict(kill(order, version, point)) for version, point in zip(doomed, chosen, strict=True)]


def kill(order: Order, version: str, point: int) -> Killed:
    """Release a version, which is killed at a point, and release it again."""
    died = ended(start(order, version, point))
    folder = Path(folder_of(version))
    left = whole(folder, {}) if folder.is_dir() else {}
    before, kind = said(version), points.passed(log(version))[-1]
    code = ended(start(order, version))
    return Killed(version, point, kind, died, code, f"{before}\n{said(version)}", left)


def log(version: str) -> Path:
    """Return where the points of a release are written."""
    return Path(f"points-{version}.txt").absolute()


def said(version: str) -> str:
    """Return what the last release of a version said."""
    return Path(f"said-{version}.txt").read_text(encoding="utf-8")


def start(order: Order, version: str, point: int = 0) -> int:
    """Fork a release, which is killed at a point if that is none of 0; return its id."""
    words = [*order.words, "--version", version, "--local-folder", folder_of(version)]
    child = os.fork()
    if not child:
        os.environ |= points.environment(Path("hook").absolute(), log(version), point)
        # of files that are sent at once, a process may send more or fewer than in the release whose points were counted
        become(words, Path(f"said-{version}.txt"), PATIENCE, finish=points.end)
    return child


def ended(child: int) -> int:
    """Return the exit code of a release, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for name in NEEDED:
        importlib.import_module(name)
    json.dump(kill_all(Order(**json.loads(sys.argv[1]))), sys.stdout)
