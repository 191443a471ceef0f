"""A project that mounts the tasks more than once, with a container for each."""

from pathlib import Path

import pytest
import wheels
from projects import inv, make_project

FROM_MODULE = """\
import wheelhouse_tasks
from invoke import Collection

ns = Collection()
for name in ("nightly", "stable"):
    ns.add_collection(Collection.from_module(wheelhouse_tasks, name, config={"wheelhouse": {"container": name}}))
"""
TASK_BY_TASK = """\
import wheelhouse_tasks
from invoke import Collection

ns = Collection()
for name in ("nightly", "stable"):
    one = Collection(name, wheelhouse_tasks.upload, wheelhouse_tasks.check)
    one.configure({"wheelhouse": {"container": name}})
    ns.add_collection(one)
"""
MOUNTS = pytest.mark.parametrize("tasks", [FROM_MODULE, TASK_BY_TASK], ids=["from_module", "task_by_task"])


@MOUNTS
def test_one_command_of_two_mounts_runs_for_both(tasks: str, tmp_path: Path) -> None:
    """`inv nightly.upload stable.upload` uploads to both containers."""
    project = make_project(tmp_path / "project", tasks)
    wheel = wheels.make_wheel(project / "dist", "demo", "1.0")
    done = inv(project, "nightly.upload", "stable.upload")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("1 file uploaded, 0 already there") == 2
    for name in ("nightly", "stable"):
        assert (project / name / "files" / "demo" / wheel.name).read_bytes() == wheel.read_bytes()


@MOUNTS
def test_a_second_mount_that_fails_fails_the_whole(tasks: str, tmp_path: Path) -> None:
    """`inv nightly.check stable.check` looks at both containers: the one that is damaged is found in either place."""
    project = make_project(tmp_path / "project", tasks)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "nightly.upload", "stable.upload").returncode == 0
    (project / "stable" / "simple" / "demo" / "index.html").unlink()
    done = inv(project, "nightly.check", "stable.check")
    assert done.returncode == 1
    assert "stable" in done.stderr


def test_a_command_that_is_named_twice_runs_twice(tmp_path: Path) -> None:
    """The second upload to one container finds everything there."""
    project = make_project(tmp_path / "project", FROM_MODULE)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    done = inv(project, "nightly.upload", "nightly.upload")
    assert done.returncode == 0, done.stderr
    assert "1 file uploaded, 0 already there" in done.stdout
    assert "0 files uploaded, 1 already there" in done.stdout
