"""The `wheelhouse` program: the same tasks without a tasks.py."""

from __future__ import annotations

import os
from inspect import getdoc
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from invoke.exceptions import Exit, ParseError
from invoke.program import Program
from invoke.util import helpline

from wheelhouse_tasks import __version__, ns
from wheelhouse_tasks.cli import usage
from wheelhouse_tasks.cli.collection import guard_debug_log
from wheelhouse_tasks.cli.configuration import Configuration, wrong
from wheelhouse_tasks.cli.run import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Sequence


class Wheelhouse(Program):
    """The program: it reads ./invoke.yaml, as `inv` does, and ends with 2 for words that it does not know."""

    def normalize_argv(self, argv: list[str] | None) -> None:
        """Read `help COMMAND` and `COMMAND ... --help` as `--help COMMAND`.

        The parser would take the `--help` behind a command for the value that this command wants first.
        """
        super().normalize_argv(argv)
        program, *words = self.argv
        before = words[: min((words.index(word) for word in ("--help", "-h") if word in words), default=0)]
        commands = [word for word in before if word in ns.tasks]
        if words[:1] == [usage.HELP]:
            self.argv = [program, "--help", *words[1:]]
        elif commands:
            self.argv = [program, "--help", commands[-1]]

    def update_config(self, merge: bool = True) -> None:
        """Load the configuration of the project in the current folder."""
        self.config.set_project_location(os.getcwd())  # noqa: PTH109
        self.config.load_project(merge=False)
        super().update_config(merge)

    def parse_core(self, argv: list[str] | None) -> None:
        """Parse the program's own flags; keep secrets out of the log that --debug sets up."""
        try:
            super().parse_core(argv)
            guard_debug_log()
        except ParseError as error:
            from wheelhouse_tasks.cli.suggest import explain, find_stray

            stray = find_stray(self.argv[1:], {}, self.initial_context)
            text = explain(stray, ()) if stray else f"{str(error).rstrip('.')} (see wheelhouse --help)"
            raise wrong(text) from None
        except Exit:
            if self.args["print-completion-script"].value == "fish":
                from wheelhouse_tasks.cli.completion import FISH

                show(FISH)
            raise

    def parse_tasks(self) -> None:
        """Parse the task and its flags; suggest what a word that is neither may stand for."""
        try:
            super().parse_tasks()
        except ParseError as error:
            from wheelhouse_tasks.cli.suggest import explain, find_stray, lacking

            tasks = self.parser.contexts
            stray = find_stray(self.core.unparsed, tasks, self.initial_context)
            text = explain(stray, tasks) if stray else lacking(error.context)
            text = text or f"{error} (see wheelhouse --help)"
            raise wrong(text) from None

    def parse_cleanup(self) -> None:
        """Print what completes a command, if a shell asks; refuse to help with what is no command."""
        tasks = self.parser.contexts
        asked = self.args.help.value
        if self.args.complete.value:
            from wheelhouse_tasks.cli.completion import candidates

            show("\n".join(candidates(self.argv[self.argv.index("--") + 2 :], tasks)))
            raise Exit
        if isinstance(asked, str) and asked not in tasks:
            from wheelhouse_tasks.cli.suggest import Stray, explain

            raise wrong(explain(Stray(asked, None), tasks))
        super().parse_cleanup()

    def print_help(self) -> None:
        """Print the commands, and the options that people need."""
        commands = {name: helpline(task) or "" for name, task in self.collection.tasks.items()}
        show(usage.of_program(commands, get_terminal_size().columns))

    def print_task_help(self, name: str) -> None:
        """Print the options of a command."""
        text, options = getdoc(self.collection[name]) or "", self.parser.contexts[name]
        show(usage.of_command(name, text, options, get_terminal_size().columns))


def show(text: str) -> None:
    """Print a text."""
    from wheelhouse_tasks.cli.streams import write

    write(text)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program; ends with SystemExit."""
    program = Wheelhouse(
        name="wheelhouse",
        binary="wheelhouse",
        binary_names=["wheelhouse"],
        namespace=ns,
        version=__version__,
        config_class=Configuration,
    )
    try:
        program.run(["wheelhouse", *argv] if argv is not None else None)
    except SystemExit as end:
        # before a command has begun invoke ends with 1, in silence
        if isinstance(end.__context__, KeyboardInterrupt):
            raise SystemExit(INTERRUPTED) from None
        raise


if __name__ == "__main__":
    main()
