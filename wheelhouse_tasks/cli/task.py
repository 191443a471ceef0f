"""Make an invoke task of a function.

The flags of a task are those that the table of settings gives it, its own options, and those that every task has.
Every `inv` of a host project, `inv --list` too, makes all tasks, copies them and reads their flags: nothing here is
made before it is needed, nor copied that never changes.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from invoke.exceptions import Exit, ParseError
from invoke.parser.argument import Argument
from invoke.tasks import Task

from wheelhouse_tasks.settings.table import ROWS, flags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from inspect import Signature

    from invoke.context import Context

    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.settings.row import Row
    from wheelhouse_tasks.ui import Ui
    from wheelhouse_tasks.wheelhouse import Wheelhouse


#: The help of what is not in the table.
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


class Run:
    """What a task works with."""

    def __init__(self, wheelhouse: Wheelhouse, *, dry_run: bool) -> None:
        self.wheelhouse = wheelhouse
        self.dry_run = dry_run


class Flag(Argument):
    """A flag. invoke copies all flags of all tasks for each parser, and prints them for a log that few ask for."""

    def __deepcopy__(self, memo: object) -> Flag:
        """Return a copy: what is in it is replaced, never changed."""
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy

    def __repr__(self) -> str:
        """Return its name."""
        return f"<Flag: {self.name}>"


class Value(Flag):
    """A flag whose value needs no flag.

    invoke gives it the next word whatever that is, also a flag of its own: it looks for those of the command alone.
    """

    command: Command

    def set_value(self, value: Any, cast: bool = True) -> None:
        """Set the value; for a flag of invoke's show the help of the command, or raise ParseError."""
        if value in ("--help", "-h"):
            self.command.show_help()
            raise Exit
        if str(value).startswith("-"):
            flag = str(value).partition("=")[0]  # without what may be a secret
            raise ParseError(f"{flag}: stands where {self.name} is expected ({self.help})")
        super().set_value(value, cast)


class Command(Task[Any]):
    """A task of ``function(run, own options)``, which runs each time that it is named.

    invoke leaves out a call that equals an earlier one, and looks neither at the collection nor at its configuration:
    of a collection that is mounted twice, with a container each, one would be passed over without a word. A second run
    over the same container finds nothing to do.
    """

    def __init__(self, function: Callable[..., object], texts: Mapping[str, str], positional: Sequence[str]) -> None:
        def body(context: Context, *values: Any, **named: Any) -> None:
            self.start(context, {**self.flags, **self.__signature__.bind(context, *values, **named).arguments})

        body.__name__, body.__doc__, body.__module__ = function.__name__, function.__doc__, function.__module__
        super().__init__(body, auto_shortflags=False, positional=positional)
        code = function.__code__
        self.function = function
        #: The rows of the table that it has as flags.
        self.rows = flags_of(function.__name__)
        #: The options of its own, with their defaults.
        self.own = dict(zip(code.co_varnames[1 : code.co_argcount], function.__defaults__ or (), strict=True))
        #: The help of the flags that are not in the table.
        self.texts = texts
        shared = [name for name in texts if name not in self.own]
        self.flags: dict[str, Any] = {
            **{row.parameter: False if isinstance(row.default, bool) else None for row in self.rows},
            **{name: None if isinstance(default, tuple) else default for name, default in self.own.items()},
            **dict.fromkeys(shared, False),
        }

    def __eq__(self, other: object) -> bool:
        """Return False: no call stands in for another one."""
        return False

    __hash__ = Task.__hash__

    def __deepcopy__(self, memo: object) -> Command:
        """Return a copy, of which invoke makes several for each mount; it shares what never changes."""
        copy = Command.__new__(Command)
        copy.__dict__.update(self.__dict__)
        return copy

    @property
    def __signature__(self) -> Signature:
        """Return the signature that a caller in Python sees."""
        from inspect import Parameter, Signature

        kind = Parameter.POSITIONAL_OR_KEYWORD
        flags = [Parameter(name, kind, default=default) for name, default in self.flags.items()]
        return Signature([Parameter("context", kind), *flags])

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        """Return the flags, as invoke would make them of the signature: those first whose values need no flag."""
        del ignore_unknown_help
        helps = {row.parameter: help_of(row) for row in self.rows}
        helps |= self.texts
        lists = {row.parameter for row in self.rows if row.is_list}
        lists |= {name for name, default in self.own.items() if isinstance(default, tuple)}
        names = dict.fromkeys((*self.positional, *self.flags))
        made = {name: _flag(name, [] if name in lists else self.flags[name], helps[name]) for name in names}
        for name in self.positional:
            value = Value(names=made[name].names, help=helps[name], positional=True, attr_name=made[name].attr_name)
            value.command, made[name] = self, value
        return [*made.values()]

    def show_help(self) -> None:
        """Print what `inv --help` prints, under the name by which the command line calls the command."""
        from invoke.collection import Collection
        from invoke.program import Program

        name = next((word for word in sys.argv[:0:-1] if word.rpartition(".")[2] == self.name), self.name)
        *mounts, last = name.split(".")
        tasks = Collection()
        tasks.add_task(self, name=last)
        for mount in reversed(mounts):
            inner, tasks = tasks, Collection()
            tasks.add_collection(inner, name=mount)
        Program(binary="inv[oke]", namespace=tasks).run(["inv", "--help", name], exit=False)

    def start(self, context: Context, given: dict[str, Any]) -> None:
        """Run the command with the values that were *given* to all of its flags."""
        with _bytecode_kept():
            self._run(context, given)

    def _run(self, context: Context, given: dict[str, Any]) -> None:
        from wheelhouse_tasks.cli.run import Call, run
        from wheelhouse_tasks.wheelhouse import Wheelhouse

        options = {name: given[name] or default for name, default in self.own.items()}

        def body(settings: Settings, ui: Ui, dry_run: bool) -> object:
            for name, default in self.own.items():
                if given[name] != default:
                    _check_filled(name, given[name])
            return self.function(Run(Wheelhouse(settings, ui), dry_run=dry_run), **options)

        run(
            context,
            body,
            {row.name: row.given(given[row.parameter]) for row in self.rows},
            Call(
                name=self.name,
                dry_run=given.get("dry_run", False),
                verbose=given["verbose"],
                as_json=given["json"],
                assume_yes=given.get("yes", False),
            ),
        )


@contextmanager
def _bytecode_kept() -> Iterator[None]:
    """Let Python keep what it compiles of the libraries that a command imports, unless it was told not to.

    invoke forbids it for the whole process, for the sake of tasks.py. Where an installer compiles nothing, as uv does,
    every command would compile all of them anew, which takes nearly as long as to run.
    """
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = before and bool(sys.flags.dont_write_bytecode)
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _check_filled(name: str, value: object) -> None:
    """Raise UsageError for an empty text, as a variable of a shell that is not set leaves it behind an option."""
    from wheelhouse_tasks.errors import UsageError

    texts = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else ()
    if any(isinstance(text, str) and not text.strip() for text in texts):
        raise UsageError(f"--{name.replace('_', '-')}", "its value is empty", "give one, or leave the option out")


def _flag(name: str, default: Any, text: str) -> Flag:
    """Return the flag of a parameter; one whose default is a list may be given several times."""
    kind = str if default is None else type(default)
    dashed = name.replace("_", "-")
    flag = Flag(names=(dashed,), kind=kind, default=default, help=text, attr_name=None if dashed == name else name)
    if kind is list:
        flag.raw_value = None  # invoke takes [] for a value that was given, and `remove --only` for all files
    return flag


def command(
    *, dry: bool = True, confirms: bool = False, positional: Sequence[str] = (), **texts: str
) -> Callable[[Callable[..., object]], Any]:
    """Return a decorator that makes a task of ``function(run, own options)``, which returns the result.

    *texts* are the help of the function's own options; one whose default is a tuple may be given several times.
    With *dry* the task has `--dry-run`. A task that *confirms* what cannot be undone has `--yes`. The values of
    *positional* options, which must be given, need no flag.
    """
    all_texts = {**(DRY_RUN if dry else {}), **(CONFIRMS if confirms else {}), **EVERY_TASK, **texts}
    return lambda function: Command(function, all_texts, positional)
