"""The `wheelhouse` program: the same tasks without a tasks.py."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from wheelhouse_tasks import __version__, ns
from wheelhouse_tasks.cli.collection import guard_debug_log

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = 2


class Wheelhouse(Program):
    """The program: it reads ./invoke.yaml, as `inv` does, and ends with 2 for words that it does not know."""

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
            raise Exit(f"error: {error} (see wheelhouse --help)", USAGE) from None

    def parse_tasks(self) -> None:
        """Parse the task and its flags; suggest what a word that is neither may stand for."""
        try:
            super().parse_tasks()
        except ParseError as error:
            from wheelhouse_tasks.cli.suggest import explain, find_stray

            tasks = self.parser.contexts
            stray = find_stray(self.core.unparsed, tasks, self.initial_context)
            text = explain(stray, tasks, self.initial_context) if stray else f"{error} (see wheelhouse --help)"
            raise Exit(f"error: {text}", USAGE) from None


def main(argv: Sequence[str] | None = None) -> None:
    """Run the program; ends with SystemExit."""
    program = Wheelhouse(
        name="wheelhouse", binary="wheelhouse", binary_names=["wheelhouse"], namespace=ns, version=__version__
    )
    program.run(["wheelhouse", *argv] if argv is not None else None)


if __name__ == "__main__":
    main()
