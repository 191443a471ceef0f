"""An upload: what it sends, what it refuses before it sends anything, and what it leaves in the container."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import programs
import pytest
import servers
import wheels
from folders import digests
from in_process import inv_here
from outcomes import failed
from projects import inv, make_project, s3_env, uploaded
from stores import s3_container

from wheelhouse_tasks.commands.upload import upload
from wheelhouse_tasks.errors import BadArtifact
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.ui import PlanRow, Silent


def matrix(folder: Path, workers: int = 4, version: str = "1.0") -> dict[str, str]:
    """Make 24 wheels and an sdist of `demo`, spread over the dist folders of CI workers; return their digests."""
    everything: dict[str, str] = {}
    for worker in range(workers):
        dist = folder / f"dist-{worker}"
        dist.mkdir()
        for tag in wheels.MATRIX[worker::workers]:
            wheels.make_wheel(dist, "demo", version, tag)
        everything |= digests(dist)
    wheels.make_sdist(folder / "dist-0", "demo", version)
    return everything | digests(folder / "dist-0")


def upload_at_once(project: Path, workers: int, env: dict[str, str]) -> None:
    """Upload each worker's folder in a process of its own, all at the same time."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "invoke", "wheelhouse.upload", "--local-folder", f"dist-{worker}"],
            cwd=project,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for worker in range(workers)
    ]
    said = [process.communicate(timeout=programs.STUCK)[0] for process in started]
    assert [process.returncode for process in started] == [0] * workers, "\n".join(said)


def fetched(project: Path, *words: str, env: dict[str, str]) -> dict[str, str]:
    """Fetch version 1.0 into a new folder; return the digests of what is in it."""
    folder = project / f"fetched-{len(list(project.iterdir()))}"
    done = inv(project, "wheelhouse.fetch", "--version", "1.0", "--local-folder", folder.name, *words, env=env)
    assert done.returncode == 0, done.stderr
    return digests(folder)


def test_matrix_through_s3(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """24 wheels and an sdist from four processes at once come back over HTTP and through the storage API."""
    project = make_project(tmp_path / "project")
    everything = matrix(project)
    env = s3_env(s3, bucket_name)
    upload_at_once(project, 4, env)
    # what no page of 1.0 may bring along
    wheels.make_wheel(project / "dist", "demo", "1.0.1")
    wheels.make_wheel(project / "dist", "demo-extra", "1.0")
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0

    assert len(everything) == 25
    assert fetched(project, env=env) == everything
    for page in ("index.html", "simple/demo/index.html", "simple-json/demo/index.html", ""):
        assert fetched(project, "--index", f"{s3.url}/{bucket_name}/{page}", env=env) == everything


@pytest.mark.parametrize("place", ["local", "s3"])
def test_upload_is_idempotent(place: str, request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path) -> None:
    """A second run sends nothing; the same name with other bytes is refused before anything is sent."""
    project = make_project(tmp_path / "project")
    env = s3_env(request.getfixturevalue("s3"), bucket_name) if place == "s3" else {}
    wheels.make_wheel(project / "dist", "demo", "1.0")
    wheels.make_sdist(project / "dist", "demo", "1.0")
    first = json.loads(inv(project, "wheelhouse.upload", "--json", env=env).stdout)
    second = json.loads(inv(project, "wheelhouse.upload", "--json", env=env).stdout)
    assert (len(first["uploaded"]), len(first["pages"])) == (2, 5)
    assert (second["uploaded"], second["pages"], second["present"]) == ([], [], first["uploaded"])

    before = fetched(project, env=env)
    wheels.make_wheel(project / "dist", "demo", "1.0", payload=b"other")
    wheels.make_wheel(project / "dist", "demo", "2.0")
    refused = inv(project, "wheelhouse.upload", env=env)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "demo-1.0-py3-none-any.whl: already published with other bytes; nothing was sent" in refused.stderr
    assert fetched(project, env=env) == before
    missing = inv(project, "wheelhouse.fetch", "--version", "2.0", "--local-folder", "none", env=env)
    assert "versions there: 1.0)" in missing.stderr
    assert inv(project, "wheelhouse.upload", "--overwrite", env=env).returncode == 0
    changed = {name: digest for name, digest in digests(project / "dist").items() if name.startswith("demo-1.0")}
    assert changed.keys() == before.keys()
    assert changed != before
    assert fetched(project, env=env) == changed


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    """`--dry-run`, and invoke's own `--dry`, show the plan and leave no trace."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    for words in (("wheelhouse.upload", "--dry-run"), ("--dry", "wheelhouse.upload"), ("wheelhouse.upload", "--dry")):
        done = inv(project, *words)
        assert (done.returncode, "demo-1.0-py3-none-any.whl" in done.stdout) == (0, True)
        assert not (project / "wheelhouse").exists()


def test_skipped_files_are_listed(tmp_path: Path) -> None:
    """Whatever in dist/ is no artifact is named with the reason, and not uploaded."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    (project / "dist" / "notes.txt").write_text("x")
    (project / "dist" / "demo-1.0.egg").write_text("x")
    (project / "dist" / "wrong-py3-none-any.whl").write_text("x")
    done = inv(project, "wheelhouse.upload")
    assert done.returncode == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("skipped")] == [
        "skipped demo-1.0.egg",
        "skipped notes.txt",
        "skipped wrong-py3-none-any.whl",
    ]
    files = sorted(path.name for path in (project / "wheelhouse/files/demo").iterdir())
    assert files == ["demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl.metadata"]


def written(text: bytes) -> Callable[[Path], object]:
    """Return a preparation that writes these bytes where a wheel should be."""
    return lambda dist: (dist / "demo-2.0-py3-none-any.whl").write_bytes(text)


def made(metadata: str, **extra_files: bytes) -> Callable[[Path], object]:
    """Return a preparation that makes a wheel with this METADATA."""
    return lambda dist: wheels.make_wheel(dist, "demo", "2.0", metadata=metadata, extra_files=extra_files)


GOOD = "Metadata-Version: 2.1\nName: demo\nVersion: 2.0\n"


ARCHIVES = {
    "HTML": (written(b"<html>"), "the archive is damaged: File is not a zip file"),
    "empty": (written(b""), "the archive is damaged: File is not a zip file"),
    "large METADATA": (made(GOOD + "x" * (9 << 20)), "METADATA is larger than 8 MiB"),
    "two .dist-info": (
        made(GOOD, **{"x-1.dist-info/METADATA": b""}),
        "has 2 .dist-info folders, expected one",
    ),
    "other project": (made(GOOD.replace("demo", "x")), "its metadata says project 'x', its file name 'demo'"),
    "other version": (made(GOOD.replace("2.0", "3")), "its metadata says version '3', its file name '2.0'"),
    "no Version": (made("Name: demo\n"), "its metadata has no Name or no Version"),
}


@pytest.mark.parametrize(("make", "said"), ARCHIVES.values(), ids=ARCHIVES)
def test_bad_archive_stops_the_upload(make: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    """A wheel that is none is named with what is wrong, before the good one beside it is sent."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    make(project / "dist")
    done = inv_here(project, "wheelhouse.upload")
    failed(done, 1, said)
    assert "error: demo-2.0-py3-none-any.whl: " in done.stderr
    assert not (project / "wheelhouse").exists()


class Meddler(Silent):
    """Rewrites a wheel once it has been read, when the plan is shown."""

    def __init__(self, wheel: Path) -> None:
        self.wheel = wheel

    def plan(self, title: str, rows: Iterable[PlanRow], *, whole: bool = False) -> None:  # noqa: ARG002
        """Add a byte."""
        self.wheel.write_bytes(self.wheel.read_bytes() + b"x")


def test_wheel_that_changes_under_way(tmp_path: Path) -> None:
    """A wheel that is rewritten after it was read is not stored, and is on no page."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist", "demo", "1.0")
    found = resolve({}, {}, {}, project)
    with pytest.raises(BadArtifact, match=f"{wheel.name}: changed while it was uploaded"):
        upload(found, Meddler(wheel))
    assert not [path for path in (project / "wheelhouse").rglob("*") if wheel.name in path.name]
    assert upload(found).uploaded == (wheel.name,)


def test_requires_python_on_the_pages(tmp_path: Path) -> None:
    """Requires-Python is escaped on the pages; one that is no specifier is left off, with a warning."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0", requires_python=">=3.8,<4")
    bad = wheels.make_wheel(project / "dist", "demo", "2.0", requires_python=">=3.8'\"<b>")
    done = inv(project, "wheelhouse.upload")
    assert done.returncode == 0, done.stderr
    told = f"{bad.name}: its Requires-Python '>=3.8\\'\"<b>' is not valid, and is left off the pages"
    assert [line for line in done.stdout.splitlines() if "Requires-Python" in line] == [f"warning: {told}"]
    for page in ("index.html", "simple/demo/index.html"):
        text = (project / "wheelhouse" / page).read_text()
        assert (text.count("data-requires-python="), "&gt;=3.8,&lt;4" in text, "<b>" in text) == (1, True, False)


def test_unreadable_page_stops_the_upload(tmp_path: Path) -> None:
    """A page that cannot be understood is no empty page: the upload ends, and the page is left as it was."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload").returncode == 0
    page = project / "wheelhouse/simple-json/demo/index.html"
    page.write_text('{"files": [')
    wheels.make_wheel(project / "dist", "demo", "2.0")
    failed(inv(project, "wheelhouse.upload"), 1, "simple-json/demo/index.html: cannot be understood")
    assert page.read_text() == '{"files": ['
    assert not (project / "wheelhouse/files/demo/demo-2.0-py3-none-any.whl").exists()


def test_page_that_is_kept_no_more_goes(tmp_path: Path) -> None:
    """Without the flat page an old one is deleted, and a fetch from the wheelhouse's root finds everything."""
    project = uploaded(tmp_path)
    wheels.make_wheel(project / "dist", tag=wheels.MATRIX[0])
    assert inv(project, "wheelhouse.upload", env={"WHEELHOUSE_FLAT_INDEX": "no"}).returncode == 0
    assert not (project / "wheelhouse/index.html").exists()
    with servers.static(project / "wheelhouse") as server:
        done = inv(project, "wheelhouse.fetch", "--index", f"{server.url}/simple/", "--local-folder", "got")
        assert (done.returncode, len(list((project / "got").iterdir()))) == (0, 2)


def test_page_of_another_maker_is_not_overwritten(tmp_path: Path) -> None:
    """An index.html that is not ours stops the upload before anything is sent."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    (project / "wheelhouse").mkdir()
    (project / "wheelhouse/index.html").write_text("<a href='demo-0.9-py3-none-any.whl'>")
    failed(inv(project, "wheelhouse.upload"), 1, "its index.html is not ours")
    assert [path.name for path in (project / "wheelhouse").iterdir()] == ["index.html"]


def test_s3_same_name_from_many_workers(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Of four workers with other bytes under one name one wins, and the others are refused."""
    project = make_project(tmp_path / "project")
    env = {**os.environ, **s3_env(s3, bucket_name)}
    open_store(s3_container(s3, bucket_name)).create()
    for number in range(4):
        (project / f"dist{number}").mkdir()
        wheels.make_wheel(project / f"dist{number}", payload=str(number).encode() * 100_000)
    task = [sys.executable, "-m", "invoke", "wheelhouse.upload", "--local-folder"]
    pipe = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    started = [subprocess.Popen([*task, f"dist{n}"], cwd=project, env=env, **pipe) for n in range(4)]  # type: ignore[call-overload]
    said = [process.communicate(timeout=programs.STUCK)[1].decode() for process in started]
    assert sorted(process.returncode for process in started) == [0, 1, 1, 1], said
    assert sum("published with other bytes" in text for text in said) == 3, said
    assert inv(project, "wheelhouse.fetch", "--local-folder", "got", env=s3_env(s3, bucket_name)).returncode == 0


def test_names_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    """What one file system could not hold is not published."""
    project = uploaded(tmp_path)
    wheel = wheels.make_wheel(project / "dist")
    wheel.rename(wheel.with_name(wheel.name.replace("demo", "Demo", 1)))
    done = inv(project, "wheelhouse.upload")
    assert (done.returncode, "in case only" in done.stderr) == (1, True)


def test_printed_commands_heed_the_prefix(tmp_path: Path) -> None:
    """public_url is the container's address: the prefix comes behind it."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    env = {"WHEELHOUSE_PUBLIC_URL": "https://example.org/c", "WHEELHOUSE_PREFIX": "a/b"}
    said = inv(project, "wheelhouse.upload", env=env).stdout
    assert "https://example.org/c/a/b/index.html demo==1.0" in said


def test_printed_nothing_where_pages_were_left_alone(tmp_path: Path) -> None:
    """Without pages nothing can be installed yet, and that is said."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    said = inv(project, "wheelhouse.upload", "--no-update-index").stdout
    assert ("install" in said, "the next upload brings them up to date" in said) == (False, True)


def test_local_container_is_ignored_by_git(tmp_path: Path) -> None:
    """The default container is a folder of the project: git, and builds that ask it, leave it out."""
    project = uploaded(tmp_path)
    assert (project / "wheelhouse/.gitignore").read_text() == "*\n"
    assert re.search("demo-1.0", (project / "wheelhouse/index.html").read_text())
