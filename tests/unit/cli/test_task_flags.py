"""Tasks as invoke reads them: made without its help, they must be what it would make."""

import copy
import sys
from inspect import signature

import programs
import pytest
from invoke.tasks import Task

import wheelhouse_tasks
from wheelhouse_tasks.cli.task import Command
from wheelhouse_tasks.settings.table import Options

TASKS = [name for name in wheelhouse_tasks.__all__ if name in wheelhouse_tasks.ns.tasks]


def task(name: str) -> Command:
    """Return a task."""
    made = getattr(wheelhouse_tasks, name)
    assert isinstance(made, Command)
    return made


@pytest.mark.parametrize("name", TASKS)
def test_flags_are_those_that_invoke_reads_from_the_signature(name: str) -> None:
    """Name, kind, default and help of each flag are what invoke's own reading of the signature gives."""
    own = task(name).get_arguments()

    def body(*_: object) -> None:
        """Stand for the task."""

    body.__signature__ = signature(task(name))  # type: ignore[attr-defined]
    lists = [flag.name or "" for flag in own if flag.kind is list]
    helps = {flag.name or "": flag.help for flag in own}
    first = [flag.name or "" for flag in own if flag.positional]
    read = Task(body, auto_shortflags=False, positional=first, iterable=lists, help=helps).get_arguments()
    for flag in read:
        if flag.kind is list:
            flag.raw_value = None  # for invoke a list that was named without a value has one
    assert [{name: vars(flag)[name] for name in vars(read[0])} for flag in own] == [vars(flag) for flag in read]
    assert all(helps.values())


def test_value_of_a_copied_flag_stays_with_the_copy() -> None:
    """What one parser stores in its copy of a flag, a text or a list, no other parser sees."""
    flags = {flag.name: flag for flag in task("fetch").get_arguments()}
    for name, value in (("version", "1.0"), ("only", "cp311-*")):
        copied = copy.deepcopy(flags[name])
        copied.value = value
        assert (copied.got_value, flags[name].got_value) == (True, False)


def test_copied_task_has_its_help_again() -> None:
    """A task that is mounted again, after its flags were read, is explained again."""
    first, second = (copy.deepcopy(task("upload")) for _ in range(2))
    helps = [[flag.help for flag in copied.get_arguments()] for copied in (first, second, first)]
    assert helps[0] == helps[1] == helps[2]


def test_mounting_imports_what_flags_are_made_of() -> None:
    """`inv --list` of a host project imports those of our modules alone that the flags come from."""
    code = "import sys, wheelhouse_tasks; print(*sorted(name for name in sys.modules if name.startswith('wheelhouse')))"
    imported = programs.run(sys.executable, "-c", code, check=True).stdout.split()
    rooms = {"cli": ["collection", "task"], "settings": ["casts", "row", "table"]}
    modules = [name for room, names in rooms.items() for name in (room, *(f"{room}.{each}" for each in names))]
    assert imported == ["wheelhouse_tasks", *(f"wheelhouse_tasks.{name}" for name in modules)]


def test_settings_of_a_run_do_not_change() -> None:
    """A value that was read cannot be replaced, and one that was not read is not there."""
    options = Options(keep=3)
    with pytest.raises(AttributeError, match="keep"):
        options.keep = 4
    assert options.keep == 3
    with pytest.raises(AttributeError, match="title"):
        options.title  # noqa: B018
