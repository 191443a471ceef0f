"""Make an invoke task of a function.

The flags of a task are those that the table of settings gives it, its own options, and those that every task has.
invoke reads them from the signature of the task, which is built here.
"""

from __future__ import annotations

from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, NamedTuple

from invoke.tasks import Task, task

from wheelhouse_tasks.cli.run import Call, run
from wheelhouse_tasks.settings.table import ROWS, flags_of
from wheelhouse_tasks.wheelhouse import Wheelhouse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from invoke.context import Context

    from wheelhouse_tasks.settings.row import Row


DRY_RUN = {"dry_run": "show the plan and write nothing"}
CONFIRMS = {"yes": "do not ask"}
EVERY_TASK = {
    "verbose": "print a line for every file, and a plan file by file",
    "json": "print the result as JSON; everything else goes to stderr",
}


def help_of(row: Row) -> str:
    """Return the help of a flag, with the variable that does the same, if there is one."""
    text = row.flag_help or row.help
    return f"{text} [{row.variables[1]}{'=no' * row.is_negated}]" if row.name in ROWS else text


class Run(NamedTuple):
    """What a task works with."""

    wheelhouse: Wheelhouse
    dry_run: bool


class Every(Task[Any]):
    """A task that runs each time that it is named.

    invoke leaves out a call that equals an earlier one, and looks neither at the collection nor at its configuration:
    of a collection that is mounted twice, with a container each, one would be passed over without a word. A second run
    over the same container finds nothing to do.
    """

    def __eq__(self, other: object) -> bool:
        """Return False: no call stands in for another one."""
        return False

    __hash__ = Task.__hash__


def command(
    *, dry: bool = True, confirms: bool = False, positional: Sequence[str] = (), **texts: str
) -> Callable[[Callable[..., object]], Any]:
    """Return a decorator that makes a task of ``function(run, own options)``, which returns the result.

    *texts* are the help of the function's own options; one whose default is a tuple may be given several times.
    With *dry* the task has `--dry-run`. A task that *confirms* what cannot be undone has `--yes`. The values of
    *positional* options, which must be given, need no flag.
    """
    shared = {**(DRY_RUN if dry else {}), **(CONFIRMS if confirms else {}), **EVERY_TASK}

    def decorate(function: Callable[..., object]) -> Any:
        rows = flags_of(function.__name__)
        own = list(signature(function).parameters.values())[1:]
        flags = {row.parameter: False if isinstance(row.default, bool) else None for row in rows}
        flags |= {option.name: None if isinstance(option.default, tuple) else option.default for option in own}
        flags |= dict.fromkeys(shared, False)
        lists = [row.parameter for row in rows if row.is_list]
        lists += [option.name for option in own if isinstance(option.default, tuple)]

        kind = Parameter.POSITIONAL_OR_KEYWORD
        parameters = [Parameter(name, kind, default=default) for name, default in flags.items()]
        signed = Signature([Parameter("context", kind), *parameters])

        def body(context: Context, *values: Any, **named: Any) -> None:
            given = {**flags, **signed.bind(context, *values, **named).arguments}
            options = {option.name: given[option.name] or option.default for option in own}
            run(
                context,
                lambda settings, ui, dry_run: function(Run(Wheelhouse(settings, ui), dry_run), **options),
                {row.name: row.given(given[row.parameter]) for row in rows},
                Call(
                    name=function.__name__,
                    dry_run=given.get("dry_run", False),
                    verbose=given["verbose"],
                    as_json=given["json"],
                    assume_yes=given.get("yes", False),
                ),
            )

        body.__signature__ = signed  # type: ignore[attr-defined]
        body.__name__, body.__doc__, body.__module__ = function.__name__, function.__doc__, function.__module__
        helps = {**{row.parameter: help_of(row) for row in rows}, **shared, **texts}
        helps = {name.replace("_", "-"): text for name, text in helps.items()}
        return task(klass=Every, auto_shortflags=False, positional=[*positional], iterable=lists, help=helps)(body)

    return decorate
