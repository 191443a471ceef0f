"""Releases that are killed at any moment: a rerun completes each, and no name ever gets other bytes.

Run as a program, this file is the place where the processes start: it imports the package once and forks.
"""

import importlib
import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import programs
import pytest
import scripted_index
import servers
import wheels
from projects import index_env, inv, make_project
from scripted_index import JSON
from test_flows import digests

from wheelhouse_tasks.__main__ import main

#: How many releases are killed, over all chunks.
KILLS = int(os.environ.get("RELEASE_KILLS", "100"))
CHUNKS = 5
SEED = int(os.environ.get("RELEASE_SEED", "0")) or random.randrange(1, 10**9)  # noqa: S311
#: A release that takes longer than this is stuck.
PATIENCE = 60
TAG = "py3-none-any"

#: All that a release imports in its own process, so that this is done once for all of them.
NEEDED = (
    *("wheelhouse_tasks.commands.release", "wheelhouse_tasks.web", "wheelhouse_tasks.links", "wheelhouse_tasks.source"),
    *(
        "wheelhouse_tasks.settings",
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
    versions: list[str]
    #: As many as this are to be killed, at a moment that the seed tells.
    kills: int
    seed: int


@dataclass(frozen=True)
class Killed:
    """How one release went: it was killed, and run again."""

    version: str
    #: Seconds until the kill, and from then until the end of the rerun.
    after: float
    seconds: float
    #: Exit code of the rerun, and what both said.
    code: int
    said: str
    #: Digests of what was in the folder when it had been killed.
    left: dict[str, str]


def folder_of(version: str) -> str:
    """Return the name of the folder that a version is released from."""
    return f"dist-{version}"


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_killed_release_is_completed(chunk: int, tmp_path: Path) -> None:
    """A release killed with all its processes is completed by a rerun, fetching or not, and nothing is stored twice."""
    fetching, seed = chunk % 2 == 1, SEED + chunk
    kills = len(range(chunk, KILLS, CHUNKS))
    # those that end before they are killed are made up for
    versions = [f"1.{number}" for number in range(2 * kills + 1)]
    project = make_project(tmp_path / "project")
    planned = build(project, versions, fetching=fetching)
    folder = tmp_path / "index"
    folder.mkdir()
    with servers.scripted_index(folder) as index:
        words = ["release", "--yes", *([] if fetching else ["--no-fetch"])]
        order = json.dumps(asdict(Order(words, versions, kills, seed)))
        env = {**os.environ, **index_env(index)}
        said = programs.run(
            *(sys.executable, __file__, order), cwd=project, env=env, timeout=4 * PATIENCE + 10 * kills, check=True
        )
        found = json.loads(said.stdout)
        shown = page(index)
    killed = [Killed(**each) for each in found["killed"]]
    told = f"seed {seed}, a release takes {found['usual']:.2f} s"
    print(told, *(f"{each.version}: {each.after:.3f} s, rerun {each.seconds:.2f} s" for each in killed), sep="\n")  # noqa: T201
    assert len(killed) == kills, told

    expected = dict[str, str]()
    for version in found["ended"]:
        expected |= planned[version]
        assert whole(project / folder_of(version), planned[version]) == planned[version], f"{told}: {version}"
    for each in killed:
        assert each.code == 0, f"{told}, killed after {each.after:.3f} s: {each.said}"
        assert each.left.items() <= planned[each.version].items(), f"{told}: {each}"
    assert shown == expected, told
    stored = scripted_index.read_log(folder)
    assert (len(stored), dict(stored)) == (len(expected), expected), told


def build(project: Path, versions: list[str], *, fetching: bool) -> dict[str, dict[str, str]]:
    """Make the files of each version in a folder of its own, or in the project's wheelhouse; return their digests."""
    planned = dict[str, dict[str, str]]()
    for version in versions:
        dist = project / ("build" if fetching else ".") / folder_of(version)
        dist.mkdir(parents=True)
        payload = random.Random(version).randbytes(1 << 15)  # noqa: S311
        wheels.make_wheel(dist, "demo", version, TAG, payload=payload)
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


def kill_all(order: Order) -> dict[str, Any]:
    """Release once to see how long it takes; kill releases, each of which is run again; tell how all went."""
    dice, versions = random.Random(order.seed), iter(order.versions)  # noqa: S311
    first = next(versions)
    began = time.monotonic()
    code, said = wait(start(order, first), first)
    usual = time.monotonic() - began
    assert code == 0, said
    ended, killed = [first], list[Killed]()
    for version in versions:
        if len(killed) == order.kills:
            break
        ended.append(version)
        after = dice.uniform(0, usual)
        began = time.monotonic()
        child = start(order, version)
        if not dies(child, after):
            usual = min(usual, time.monotonic() - began)  # the first one may have been slow for once
            continue
        folder = Path(folder_of(version))
        left = whole(folder, {}) if folder.is_dir() else {}
        before, began = Path(f"said-{version}.txt").read_text(encoding="utf-8"), time.monotonic()
        code, said = wait(start(order, version), version)
        killed.append(Killed(version, after, time.monotonic() - began, code, f"{before}\n{said}", left))
    return {"usual": usual, "ended": ended, "killed": [asdict(each) for each in killed]}


def start(order: Order, version: str) -> int:
    """Fork a release in a process group of its own; return its id."""
    words = [*order.words, "--version", version, "--local-folder", folder_of(version)]
    child = os.fork()
    if not child:
        become(words, Path(f"said-{version}.txt"))
    os.setpgid(child, child)  # both do it, so that neither has to wait for the other
    return child


def dies(child: int, after: float) -> bool:
    """Kill a release with all that it has started, after some seconds; tell whether it had not ended before."""
    end = time.monotonic() + after
    while time.monotonic() < end:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(0.001)
    os.killpg(child, signal.SIGKILL)  # not waited for until now, the group is still there
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def wait(child: int, version: str) -> tuple[int, str]:
    """Wait for a release; return its exit code and what it said."""
    end = time.monotonic() + PATIENCE
    while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
        time.sleep(0.005)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, Path(f"said-{version}.txt").read_text(encoding="utf-8")


def become(words: list[str], said: Path) -> None:
    """Be a release: the program, in a process group of its own; never returns."""
    code = 99
    try:
        os.setpgid(0, 0)
        with said.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        main(words)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    for name in NEEDED:
        importlib.import_module(name)
    json.dump(kill_all(Order(**json.loads(sys.argv[1]))), sys.stdout)
