"""Development wheels get versions that installers agree with, and upgrade to."""

import json
import subprocess
import zipfile
from pathlib import Path

import programs
import pytest
import wheels
from projects import inv, make_project
from stamped import WHEN, rewritten

from wheelhouse_tasks.artifacts import artifact, dist, stamp
from wheelhouse_tasks.artifacts.archive import record_problems


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
