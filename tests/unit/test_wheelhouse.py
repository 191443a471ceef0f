"""The wheelhouse of a project, used from Python."""

from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import wheels
from packaging.version import Version
from projects import make_project

import wheelhouse_tasks
from wheelhouse_tasks import Wheelhouse
from wheelhouse_tasks.errors import NothingToDo, UsageError, WheelhouseError
from wheelhouse_tasks.names import project_name
from wheelhouse_tasks.publishing.proof import lacks

TASKS = [name for name in wheelhouse_tasks.__all__ if name in wheelhouse_tasks.ns.tasks]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with a development build and a release."""
    root = make_project(tmp_path / "project")
    wheels.make_wheel(root / "dist", "demo", "1.0")
    wheels.make_wheel(root / "dist", "demo", "2.0.dev20260101")
    return root


def test_every_task_is_a_method() -> None:
    """Each task of the collection has its method, and nothing else is one."""
    methods = {name for name in vars(Wheelhouse) if not name.startswith("_") and callable(getattr(Wheelhouse, name))}
    assert methods - {"of_project"} == set(TASKS)
    assert len(TASKS) == 13


def test_settings_by_name_beat_every_other_level(project: Path) -> None:
    """Order: the call, the environment, pyproject.toml."""
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.wheelhouse]\ncontainer = "tool"\nkeep = 7\n')
    environ = {"WHEELHOUSE_CONTAINER": "variable"}
    assert Wheelhouse.of_project(project, environ={}).settings.options.container == "tool"
    assert Wheelhouse.of_project(project, environ=environ).settings.options.container == "variable"
    options = Wheelhouse.of_project(project, environ=environ, container="call").settings.options
    assert (options.container, options.keep) == ("call", 7)


def test_environment_of_the_process_is_read_by_default(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the shell sets holds, as for the tasks."""
    monkeypatch.setenv("WHEELHOUSE_CONTAINER", "variable")
    monkeypatch.chdir(project)
    assert Wheelhouse.of_project().settings.container.container == str(project / "variable")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"contaner": "x"}, "unknown setting 'contaner' (did you mean 'container'?)"),
        ({"keep": -1}, "keep (flag): "),
        ({"provider": "s4", "username": "me", "secret": "hunter2"}, "unknown storage provider 's4'"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(settings: dict[str, Any], message: str, project: Path) -> None:
    """The error names the setting, and holds no secret."""
    with pytest.raises(UsageError) as raised:
        Wheelhouse.of_project(project, environ={}, **settings).upload()
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "hunter2" not in str(raised.value) + repr(raised.value)


def test_a_failure_is_one_error_with_its_exit_code(project: Path) -> None:
    """Callers catch one class; it says how a task would end."""
    with pytest.raises(WheelhouseError) as raised:
        Wheelhouse.of_project(project, environ={}, local_folder="nothing").upload()
    assert raised.value.exit_code == 1


def test_one_text_in_place_of_a_list_is_one_text(project: Path) -> None:
    """A pattern that was not put into a list is not taken for its letters, of which a `*` fits every file."""
    wheelhouse = Wheelhouse.of_project(project, environ={}, stamp=False)
    assert len(wheelhouse.upload(projects="demo").uploaded) == 2
    for command in (wheelhouse.yank, wheelhouse.unyank, wheelhouse.remove):
        assert len(command(version="1.0", only="py3-*", dry_run=True).files) == 1
        with pytest.raises(NothingToDo):
            command(version="1.0", only="cp312-*", dry_run=True)
    with pytest.raises(WheelhouseError, match=r"no artifact of demo fits cp312-\*"):
        wheelhouse.fetch(only="cp312-*", dry_run=True)


def test_empty_version_is_none_to_compare_with() -> None:
    """A comparison with an earlier version that is asked for is made, or is an error."""
    with pytest.raises(UsageError, match="'' is not a valid version"):
        lacks(project_name("demo"), Version("1.0"), [], [], [], "")


def test_methods_take_what_the_commands_take() -> None:
    """A method hands on every option of its command but the settings, the Ui, the clock, and what others use alone."""
    inner = {"settings", "ui", "now", "sleep", "show", "remedy", "outlive"}
    for name in TASKS:
        own = ("upload", "fetch", "release", "status", "promote", "check", "doctor", "workflow")
        home = name if name in own else "maintain"
        command = getattr(__import__(f"wheelhouse_tasks.commands.{home}", fromlist=[name]), name)
        assert signature(getattr(Wheelhouse, name)).parameters.keys() - {"self"} == (
            signature(command).parameters.keys() - inner
        ), name
