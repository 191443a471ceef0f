"""Development wheels get versions that installers agree with, and upgrade to."""

import csv
import io
import json
import subprocess
import zipfile
from pathlib import Path

import programs
import pytest
import wheels
from packaging.version import Version
from projects import inv, make_project

from wheelhouse_tasks.artifacts import artifact, dist, stamp
from wheelhouse_tasks.artifacts.archive import record_problems

WHEN = 1_767_225_600  # 2026-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("version", "needed"),
    [
        ("1.0", False),
        ("1.0rc1", False),
        ("1.0.dev0", True),
        ("1.0.dev12+gabc1234", True),
        ("1.0.dev20260101", False),
        ("1.0.dev202601011200", False),
        ("1.0.dev0+20260101120000", False),
        ("1.0.dev12+gabc1234.d20260101", False),
        ("1.0+20260101", False),
    ],
)
def test_what_needs_a_stamp(version: str, needed: bool) -> None:
    """Development versions need one, unless they hold a date; releases never do."""
    assert stamp.needs_stamp(artifact.parse(f"demo-{version}-py3-none-any.whl")) is needed
    assert not stamp.needs_stamp(artifact.parse(f"demo-{version}.tar.gz"))


def test_stamped_versions_sort_by_time() -> None:
    """The stamp stands in front of the local part, so that a later build is a later version."""
    assert str(stamp.stamped_version(Version("1.0.dev0"), WHEN)) == "1.0.dev0+20260101000000"
    assert str(stamp.stamped_version(Version("1!1.0.dev0+zz"), WHEN)) == "1!1.0.dev0+20260101000000.zz"
    older, newer = stamp.stamped_version(Version("1.0.dev0+z"), 0), stamp.stamped_version(Version("1.0.dev0+a"), WHEN)
    assert older < newer < Version("1.0")


def rewritten(folder: Path, **options: object) -> tuple[Path, Path]:
    """Return a wheel and what became of it."""
    extra = {
        "demo-1.0.dev0.data/scripts/tool": b"#!python\n",
        "demo-1.0.dev0.dist-info/RECORD.jws": b"{}",
        "demo-1.0.dev0.dist-info/licenses/LICENSE": b"free\n",
    }
    wheel = wheels.make_wheel(folder, "demo", "1.0.dev0", extra_files=extra, **options)  # type: ignore[arg-type]
    target = folder / "stamped"
    target.mkdir()
    return wheel, stamp.rewrite(wheel, artifact.parse(wheel.name), WHEN, target)


def test_every_trace_of_the_version_changes(tmp_path: Path) -> None:
    """METADATA, the names of the folders, and RECORD agree with the new name; the old wheel is left alone."""
    wheel, fresh = rewritten(tmp_path)
    before = wheel.read_bytes()
    assert fresh.name == "demo-1.0.dev0+20260101000000-py3-none-any.whl"
    [read] = dist.read([(fresh, artifact.parse(fresh.name))], 1)
    assert b"\nVersion: 1.0.dev0+20260101000000\n" in read.metadata.text
    info = "demo-1.0.dev0+20260101000000.dist-info"
    with zipfile.ZipFile(fresh) as archive:
        names = archive.namelist()
        assert "demo-1.0.dev0+20260101000000.data/scripts/tool" in names
        assert not [name for name in names if name.startswith("demo-1.0.dev0.") or name.endswith(".jws")]
        rows = list(csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode())))
    assert sorted(row[0] for row in rows) == sorted(names)
    assert rows[-1] == [f"{info}/RECORD", "", ""]
    assert wheel.read_bytes() == before


def test_record_of_windows_is_written_anew(tmp_path: Path) -> None:
    """A wheel whose RECORD has backslashes gets one with slashes, which lists every file, and installs."""
    wheel = wheels.make_wheel(
        tmp_path, "demo", "1.0.dev0", extra_files={"demo-1.0.dev0.data/scripts/tool": b"#!python\n"}
    )
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(b"/", b"\\") if name.endswith("RECORD") else content)
    (tmp_path / "stamped").mkdir()
    fresh = stamp.rewrite(wheel, artifact.parse(wheel.name), WHEN, tmp_path / "stamped")
    [read] = dist.read([(fresh, artifact.parse(fresh.name))], 1)
    assert list(record_problems(read.path)) == []
    with zipfile.ZipFile(fresh) as archive:
        text = archive.read("demo-1.0.dev0+20260101000000.dist-info/RECORD").decode()
    assert "\\" not in text
    assert programs.pip_install("--no-index", fresh, target=tmp_path / "target").returncode == 0
    assert (tmp_path / "target/bin/tool").is_file()


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    """All that a rerun changes is nothing."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert rewritten(tmp_path / "a")[1].read_bytes() == rewritten(tmp_path / "b")[1].read_bytes()


@pytest.mark.parametrize("install", [programs.pip_install, programs.uv_install])
def test_stamped_wheel_installs(install: object, tmp_path: Path) -> None:
    """Installers take the stamped wheel, and find its version in its metadata."""
    fresh = rewritten(tmp_path)[1]
    done = install("--no-index", fresh, target=tmp_path / "target")  # type: ignore[operator]
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "target/demo-1.0.dev0+20260101000000.dist-info/METADATA").is_file()


def commit(project: Path, when: int) -> None:
    """Make a commit at a time."""
    date = f"{when} +0000"
    env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "PATH": "/usr/bin:/bin", "HOME": str(project)}
    git = ["git", "-C", str(project), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *words], check=True, env=env)


def test_dev_wheel_is_upgraded(tmp_path: Path) -> None:
    """`pip install -U --pre` takes the wheel of a later commit in place of an earlier one's, from the wheelhouse."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0")
    pip = ("--no-index", "--find-links", str(project / "wheelhouse/index.html"), "--pre", "--upgrade", "demo")
    for when, version in ((WHEN, "1.0.dev0+20260101000000"), (WHEN + 61, "1.0.dev0+20260101000101")):
        commit(project, when)
        done = inv(project, "wheelhouse.upload", "--json")
        assert json.loads(done.stdout)["uploaded"] == [f"demo-{version}-py3-none-any.whl"], done.stderr
        done = programs.pip_install(*pip, target=tmp_path / "target")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"target/demo-{version}.dist-info").is_dir()
    assert [path.name for path in (project / "dist").iterdir()] == ["demo-1.0.dev0-py3-none-any.whl"]


def test_rerun_of_a_commit_keeps_what_is_there(tmp_path: Path) -> None:
    """The same commit built again to other bytes is kept out and reported; a release in that case is an error."""
    project = make_project(tmp_path / "project")
    env = {"SOURCE_DATE_EPOCH": str(WHEN)}
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0")
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0", payload=b"other")
    done = json.loads(inv(project, "wheelhouse.upload", "--json", env=env).stdout)
    name = "demo-1.0.dev0+20260101000000-py3-none-any.whl"
    assert (done["uploaded"], done["kept"], done["pages"]) == ([], [name], [])
    assert inv(project, "wheelhouse.check", "--deep").returncode == 0


def test_stamp_can_be_left_out(tmp_path: Path) -> None:
    """With --no-stamp the version stays as it is; without commit and epoch the newest time in the wheel counts."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0")
    plain = json.loads(inv(project, "wheelhouse.upload", "--no-stamp", "--json").stdout)
    assert plain["uploaded"] == ["demo-1.0.dev0-py3-none-any.whl"]
    stamped = json.loads(inv(project, "wheelhouse.upload", "--json").stdout)
    assert stamped["uploaded"] == ["demo-1.0.dev0+19800101000000-py3-none-any.whl"]
