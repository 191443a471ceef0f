"""Nightly builds of several release lines in one container: what a run uploaded is there afterwards, and installs."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import programs
import pytest
import servers
import wheels
from projects import inv, make_project, s3_env

from wheelhouse_tasks.commands.upload import UploadResult, upload
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.ui import Silent

FIRST_NIGHT, DAY = 1_767_225_600, 86_400  # 2026-01-01T00:00:00Z
ANY = "py3-none-any.whl"


def stamped(version: str, day: int) -> str:
    """Return the name of the wheel that was built in a night of January 2026."""
    return f"demo-{version}+202601{day:02}000000-{ANY}"


def fill(project: Path, *versions: str) -> None:
    """Put wheels of some versions, and nothing else, into dist/."""
    for path in (project / "dist").iterdir():
        path.unlink()
    for version in versions:
        wheels.make_wheel(project / "dist", version=version)


def night(project: Path, version: str, day: int, env: dict[str, str]) -> list[str]:
    """Build and upload as the nightly job of a branch does; return what it says that it uploaded."""
    fill(project, version)
    clock = {"SOURCE_DATE_EPOCH": str(FIRST_NIGHT + (day - 1) * DAY)}
    done = inv(project, "wheelhouse.upload", "--json", env={**env, **clock})
    assert done.returncode == 0, done.stderr
    uploaded: list[str] = json.loads(done.stdout)["uploaded"]
    return uploaded


def offered(project: Path, env: dict[str, str] | None = None) -> set[str]:
    """Return the wheels that the pages offer."""
    done = inv(project, "wheelhouse.fetch", "--local-folder", "offered", "--json", env=env)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    return {*result["downloaded"], *result["present"]}


@pytest.fixture(params=["local", "s3"])
def place(
    request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path
) -> tuple[Path, dict[str, str], Callable[[], str]]:
    """Return a project, what its jobs need to reach their container, and what gives the address of its flat page."""
    project = make_project(tmp_path / "project")
    if request.param == "local":
        return project, {}, (project / "wheelhouse/index.html").as_uri
    server: servers.S3Server = request.getfixturevalue("s3")
    return project, s3_env(server, bucket_name), lambda: f"{server.url}/{bucket_name}/index.html"


def test_maintenance_build_stays_beside_five_nights(
    place: tuple[Path, dict[str, str], Callable[[], str]], tmp_path: Path
) -> None:
    """A build of another release line is on the pages after its upload and later nights, and pip installs it."""
    project, env, page = place
    last = "1.9.2.dev0"
    for day in range(1, 6):
        night(project, "2.0.dev0", day, env)
    assert night(project, last, 6, env) == [stamped(last, 6)]
    nights = {stamped("2.0.dev0", day) for day in range(1, 6)}
    assert offered(project, env) == {*nights, stamped(last, 6)}
    done = inv(project, "wheelhouse.prune", "--json", env=env)
    assert json.loads(done.stdout)["retired"] == []

    night(project, "2.0.dev0", 7, env)
    assert offered(project, env) == {*nights, stamped("2.0.dev0", 7), stamped(last, 6)} - {stamped("2.0.dev0", 1)}
    target = tmp_path / "target"
    done = programs.pip_install("--pre", "--no-index", "--find-links", page(), "demo<2", target=target)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in target.glob("*.dist-info")] == ["demo-1.9.2.dev0+20260106000000.dist-info"]


def test_old_commit_built_again_stays_until_the_next_night(
    place: tuple[Path, dict[str, str], Callable[[], str]],
) -> None:
    """A build that is older than `keep` others of its own line is on the pages after its upload, until the next."""
    project, env, _ = place
    env["WHEELHOUSE_KEEP"] = "1"
    for day in (3, 4, 2):
        assert night(project, "2.0.dev0", day, env) == [stamped("2.0.dev0", day)]
    assert offered(project, env) == {stamped("2.0.dev0", day) for day in (4, 2)}
    night(project, "2.0.dev0", 5, env)
    assert offered(project, env) == {stamped("2.0.dev0", 5)}


def at_noon(project: Path, ui: Silent | None = None, *, overwrite: bool = False, **flags: object) -> UploadResult:
    """Upload with a clock that is ahead by half a day: whatever is there looks old, and what was just sent, too."""
    found = resolve({"keep": 1, "stamp": False, **flags}, dict(os.environ), {}, project)
    return upload(found, ui, overwrite=overwrite, now=lambda: time.time() + DAY / 2)


def test_no_file_of_the_folder_is_retired(tmp_path: Path) -> None:
    """Neither what was sent, nor what was already there, leaves the pages in the run that names it."""
    project = make_project(tmp_path / "project")
    fill(project, "1.0.dev1", "1.0.dev2")
    both = {f"demo-1.0.dev1-{ANY}", f"demo-1.0.dev2-{ANY}"}
    assert set(at_noon(project).uploaded) == both
    assert offered(project) == both
    assert set(at_noon(project).present) == both
    wheels.make_wheel(project / "dist", version="1.0.dev2", payload=b"built again")
    wheels.make_wheel(project / "dist", version="1.0.dev3")
    result = at_noon(project)
    newest = f"demo-1.0.dev3-{ANY}"
    assert (result.present, result.kept, result.uploaded) == (
        (f"demo-1.0.dev1-{ANY}",),
        (f"demo-1.0.dev2-{ANY}",),
        (newest,),
    )
    assert offered(project) == {*both, newest}
    fill(project, "1.0.dev4")
    at_noon(project)
    assert offered(project) == {f"demo-1.0.dev4-{ANY}"}


def test_no_build_that_took_the_place_of_another_is_retired(tmp_path: Path) -> None:
    """What `--overwrite` replaces was on the pages before, and stays there with its new bytes."""
    project = make_project(tmp_path / "project")
    fill(project, "1.0.dev1", "1.0.dev2")
    at_noon(project)
    fill(project)
    wheels.make_wheel(project / "dist", version="1.0.dev1", payload=b"other")
    assert at_noon(project, overwrite=True).uploaded == (f"demo-1.0.dev1-{ANY}",)
    assert offered(project) == {f"demo-1.0.dev1-{ANY}", f"demo-1.0.dev2-{ANY}"}


class Crossing(Silent):
    """A run that another one crosses: its whole upload happens when the first file of this one was sent."""

    def __init__(self, other: Callable[[], object]) -> None:
        """Take what the other run is."""
        self.other: list[Callable[[], object]] = [other]

    def progress(self, text: str) -> None:
        """Let the other run happen, once."""
        if self.other and re.match("uploaded ", text):
            self.other.pop()()


def test_runs_that_cross_retire_nothing_of_each_other(tmp_path: Path) -> None:
    """Of two runs at once, with builds of one slot that are older than what is there, both files are on the pages."""
    project = make_project(tmp_path / "project")
    for version in ("1.0.dev8", "1.0.dev9"):
        fill(project, version)
        at_noon(project)
    fill(project, "1.0.dev2")
    (project / "beside").mkdir()
    wheels.make_wheel(project / "beside", version="1.0.dev1")
    results = []
    ui = Crossing(lambda: results.append(at_noon(project, local_folder="beside")))
    results.append(at_noon(project, ui))
    assert [result.uploaded for result in results] == [(f"demo-1.0.dev1-{ANY}",), (f"demo-1.0.dev2-{ANY}",)]
    assert offered(project) == {f"demo-1.0.dev{number}-{ANY}" for number in (1, 2, 9)}


def test_a_yanked_night_pushes_no_other_out(tmp_path: Path) -> None:
    """After the newest build was yanked, the one before it stays, and pip installs it."""
    project = make_project(tmp_path / "project")
    env = {"WHEELHOUSE_KEEP": "2"}
    for day in (1, 2):
        night(project, "2.0.dev0", day, env)
    version = "2.0.dev0+20260102000000"
    assert inv(project, "wheelhouse.yank", "--version", version, "--reason", "broken").returncode == 0
    assert json.loads(inv(project, "wheelhouse.prune", "--keep", "1", "--json").stdout)["retired"] == []
    simple = (project / "wheelhouse/simple").as_uri() + "/"
    target = tmp_path / "target"
    done = programs.pip_install("--pre", "--index-url", simple, "demo", target=target)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in target.glob("*.dist-info")] == ["demo-2.0.dev0+20260101000000.dist-info"]
    night(project, "2.0.dev0", 3, {"WHEELHOUSE_KEEP": "1"})
    done = inv(project, "wheelhouse.prune", "--keep", "1", "--json")
    assert json.loads(done.stdout)["retired"] == []  # the upload did it
    page = (project / "wheelhouse/simple/demo/index.html").read_text()
    assert set(re.findall(r">(demo-[^<]*)<", page)) == {stamped("2.0.dev0", 3)}
