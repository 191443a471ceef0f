"""What the wheelhouses hold of a project, as a matrix."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import servers
import wheels
from outcomes import failed
from projects import index_env, inv, make_project

MAC, WINDOWS = "cp312-cp312-macosx_11_0_arm64", "cp312-cp312-win_amd64"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project whose wheelhouse holds a release and a development build."""
    made = make_project(tmp_path / "project")
    for tag in (MAC, WINDOWS, "cp313-cp313-win_amd64"):
        wheels.make_wheel(made / "dist", "demo", "1.0", tag)
    wheels.make_sdist(made / "dist", "demo", "1.0")
    wheels.make_wheel(made / "dist", "demo", "1.1.dev20260101000000")
    assert inv(made, "wheelhouse.upload").returncode == 0
    return made


def test_status_of_all(project: Path) -> None:
    """Every version is a row, newest first; the matrix is that of the newest."""
    done = inv(project, "wheelhouse.status")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[2][:4] == ["1.1.dev20260101000000", "development", "1", "no"]
    assert rows[3][:4] == ["1.0", "release", "3", "yes"]
    assert "demo 1.1.dev20260101000000: 1 file" in done.stdout
    assert rows[-1][0] == "py3-none"


def test_status_of_one(project: Path) -> None:
    """The matrix of a version shows the size of each file, and what is expected and not there."""
    env = {"WHEELHOUSE_EXPECT": "cp313-*-macosx* sdist cp312-*"}
    done = inv(project, "wheelhouse.status", "--version", "1.0", env=env)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1].split() == ["Python", "macosx_11_0_arm64", "win_amd64"]
    assert [line.split()[0] for line in lines[2:5]] == ["cp312", "cp313", "sdist"]
    assert lines[5].split() == ["cp313-*-macosx*", "MISSING"]
    assert lines[6] == "lacks cp313-*-macosx*"
    said = json.loads(inv(project, "wheelhouse.status", "--version", "1.0", "--json", env=env).stdout)
    [version] = said["versions"]
    assert (len(version["files"]), version["lacks"]) == (4, ["cp313-*-macosx*"])
    assert all(size > 0 for size in version["files"].values())


def test_status_like_a_release(pypi: servers.PackageIndex, project: Path, tmp_path: Path) -> None:
    """What an earlier version on the package index covered, and this one does not, is shown as missing."""
    older = make_project(tmp_path / "older")
    for tag in (MAC, "cp311-cp311-win_amd64"):
        wheels.make_wheel(older / "dist", "demo", "0.7", tag)
    env = index_env(pypi)
    done = inv(older, "wheelhouse.release", "--version", "0.7", "--no-fetch", env=env)
    assert done.returncode == 0, done.stderr
    done = inv(project, "wheelhouse.status", "--version", "1.0", "--like", "0.7", env=env)
    assert done.returncode == 0, done.stderr
    assert "MISSING" in next(line for line in done.stdout.splitlines() if line.startswith("cp311"))
    assert "lacks cp311-cp311-win_amd64" in done.stdout


def test_status_of_nothing(project: Path) -> None:
    """A version that is not there is an error that lists those that are."""
    failed(inv(project, "wheelhouse.status", "--version", "3.0"), 1, "versions there: 1.0, 1.1.dev20260101000000")
    failed(inv(project, "wheelhouse.status", "--project", "other"), 1, "no version of it is there")


#: Patterns that no file fits, and how the matrix shows each.
UNMET = ("cp314-*", "*-musllinux*", "cp31[45]-cp31?-*", "cp314-cp314-win_arm64")


def test_every_pattern_that_is_unmet_is_in_the_matrix(project: Path) -> None:
    """A pattern has a row of its own, what stands for one wheel a place among the wheels; of both it is told."""
    done = inv(project, "wheelhouse.status", "--version", "1.0", env={"WHEELHOUSE_EXPECT": " ".join(UNMET)})
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[2:]}
    assert [rows[pattern] for pattern in UNMET[:3]] == [["MISSING"]] * 3
    assert rows["cp314"] == ["MISSING"]
    assert f"lacks {', '.join(UNMET)}" in done.stdout


def test_nothing_is_lacking_where_nothing_was_expected(project: Path) -> None:
    """Whether a version lacks anything is told only where somebody expects something of it."""
    done = inv(project, "wheelhouse.status")
    assert (done.returncode, "lacks" in done.stdout, "nothing" in done.stdout) == (0, False, False), done.stdout
    done = inv(project, "wheelhouse.status", env={"WHEELHOUSE_EXPECT": "cp312-*"})
    lines = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.strip()}
    assert (lines["version"][-1], lines["1.0"][-1], lines["1.1.dev20260101000000"][-1]) == (
        "lacks",
        "nothing",
        "cp312-*",
    )


def test_what_somebody_may_not_know_of_a_version_is_told(project: Path) -> None:
    """A version without an sdist, or with several wheels for the same tags, is no mistake, and is told."""
    assert "there is no sdist" not in inv(project, "wheelhouse.status", "--version", "1.0").stdout
    for build in ("1", "2"):
        wheels.make_wheel(project / "dist", "demo", "2.0", WINDOWS, build=build)
    assert inv(project, "wheelhouse.upload").returncode == 0
    told = [f"{WINDOWS} has 2 wheels, with the build tags 1, 2: installers take the highest", "there is no sdist"]
    done = inv(project, "wheelhouse.status", "--version", "2.0")
    assert [line for line in done.stdout.splitlines() if line.startswith("demo 2.0: ") and "files" not in line] == [
        f"demo 2.0: {text}" for text in told
    ]
    said = json.loads(inv(project, "wheelhouse.status", "--json").stdout)
    remarks = {version["version"]: version["remarks"] for version in said["versions"]}
    assert (remarks["2.0"], remarks["1.0"]) == (told, [])


@pytest.mark.parametrize("index", ["container", "page"])
def test_yanks_are_shown_with_their_reasons(index: str, project: Path) -> None:
    """What is yanked is named with why, be it read from the container or from a page."""
    words = ("wheelhouse.yank", "--version", "1.0", "--only", "cp312-*")
    assert inv(project, *words, "--reason", "broken on 3.12").returncode == 0
    assert inv(project, "wheelhouse.yank", "--version", "1.0", "--only", "sdist").returncode == 0
    where = ("--index", "wheelhouse/index.html") if index == "page" else ()
    done = inv(project, "wheelhouse.status", *where)
    assert done.returncode == 0, done.stderr
    yanked = [f"demo-1.0-{MAC}.whl", f"demo-1.0-{WINDOWS}.whl"]
    assert f"yanked, broken on 3.12: 2 files ({', '.join(yanked)})" in done.stdout
    assert "yanked, no reason was given: 1 file (demo-1.0.tar.gz)" in done.stdout
    told = json.loads(inv(project, "wheelhouse.status", "--json", *where).stdout)
    of_version = {version["version"]: version["yanked"] for version in told["versions"]}
    assert of_version == {
        "1.1.dev20260101000000": {},
        "1.0": {**dict.fromkeys(yanked, "broken on 3.12"), "demo-1.0.tar.gz": ""},
    }


@pytest.mark.parametrize("grace", [1, 48])
def test_what_waits_for_its_deletion_is_shown_with_until_when(grace: int, project: Path) -> None:
    """What was removed is on no page, and still there: it is named with the time, in a zone, when it may go."""
    assert inv(project, "wheelhouse.remove", "--version", "1.0", "--only", "cp312-*").returncode == 0
    env = {"WHEELHOUSE_GRACE": str(grace)}
    told = json.loads(inv(project, "wheelhouse.status", "--json", env=env).stdout)
    assert sorted(told["waiting"]) == [f"demo-1.0-{MAC}.whl", f"demo-1.0-{WINDOWS}.whl"]
    for until in map(datetime.fromisoformat, told["waiting"].values()):
        assert timedelta(hours=grace - 0.2) < until - datetime.now(UTC) <= timedelta(hours=grace)
    shown = inv(project, "wheelhouse.status", env=env).stdout
    assert f"deleted by the first prune after {min(told['waiting'].values())}: " in shown
    assert inv(project, "wheelhouse.prune", "--now").returncode == 0
    assert json.loads(inv(project, "wheelhouse.status", "--json").stdout)["waiting"] == {}


@pytest.mark.parametrize("index", ["container", "folder"])
def test_all_projects_are_shown_where_none_is_named(index: str, project: Path) -> None:
    """Without a project each one of the container is a row, with its newest version and its files; exit 0."""
    for name, version in (("other", "0.3"), ("other", "0.10"), ("third_one", "2.0rc1")):
        wheels.make_wheel(project / "dist", name, version)
    assert inv(project, "wheelhouse.upload").returncode == 0
    (project / "pyproject.toml").write_text("")
    where = ("--index", str(project / "wheelhouse")) if index == "folder" else ()
    done = inv(project, "wheelhouse.status", *where)
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()[1:5]]
    assert rows == [
        ["project", "newest", "version", "files"],
        ["demo", "1.1.dev20260101000000", "5"],
        ["other", "0.10", "2"],
        ["third-one", "2.0rc1", "1"],
    ]
    told = json.loads(inv(project, "wheelhouse.status", "--json", *where).stdout)
    assert [(row["project"], row["newest"], row["files"]) for row in told["projects"]] == [
        ("demo", "1.1.dev20260101000000", 5),
        ("other", "0.10", 2),
        ("third-one", "2.0rc1", 1),
    ]
    failed(inv(project, "wheelhouse.status", "--version", "1.0"), 2, "project: not set")


def test_projects_of_an_index_that_lists_none(project: Path, tmp_path: Path) -> None:
    """Where only pages are read, a project has to be named; an empty container is told as one."""
    (project / "pyproject.toml").write_text("")
    failed(inv(project, "wheelhouse.status", "--index", "http://127.0.0.1:9/"), 2, "project: not set")
    (tmp_path / "empty").mkdir()
    env = {"WHEELHOUSE_CONTAINER": str(tmp_path / "empty")}
    failed(inv(project, "wheelhouse.status", env=env), 1, f"{tmp_path / 'empty'}: holds no project yet")
