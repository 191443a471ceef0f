"""What the wheelhouses hold of a project, as a matrix."""

import json
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
    assert rows[-1][0] == "py3"


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
