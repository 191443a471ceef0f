"""The commands of wheelhouse-uploader: `python setup.py sdist fetch_artifacts upload_all`.

Each runs a task of the program, so that settings, errors and exits are those of `wheelhouse`. A setup.py may put all of
`vars()` of this module into its cmdclass: no name here may be that of a command which setuptools has itself.
"""

import logging
import shlex
import sys
from typing import ClassVar

from setuptools import Command


class fetch_artifacts(Command):  # noqa: N801  # setuptools calls a command by the name of its class
    """Run `wheelhouse fetch`."""

    description = "fetch the artifacts of this version from the wheelhouses to dist/"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []

    def initialize_options(self) -> None:
        """Have no options."""

    def finalize_options(self) -> None:
        """Have no options."""

    def run(self) -> None:
        """Run the task."""
        run_task(self, ["fetch"])


class upload_all(Command):  # noqa: N801  # setuptools calls a command by the name of its class
    """Run `wheelhouse release` on what is in dist/."""

    description = "publish the artifacts of this version in dist/, with twine"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = [
        ("repository=", "r", "package index: a name from .pypirc"),
        ("check-url=", None, "simple URL of that package index, read before and after"),
    ]

    def initialize_options(self) -> None:
        """Leave everything to the settings."""
        self.repository: str | None = None
        self.check_url: str | None = None

    def finalize_options(self) -> None:
        """Leave the checks to the task."""

    def run(self) -> None:
        """Run the task."""
        given = {"repository": self.repository, "check-url": self.check_url}
        run_task(self, ["release", *(f"--{flag}={value}" for flag, value in given.items() if value)], "--no-fetch")


def run_task(command: Command, words: list[str], *more: str) -> None:
    """Run a task for the version of setup.py, and log the command that replaces it: the task without *more*."""
    from wheelhouse_tasks.__main__ import main
    from wheelhouse_tasks.cli.collection import guard_debug_log
    from wheelhouse_tasks.secret import mask_url

    task, *flags = words
    distribution = command.distribution
    words = [task, "--project", distribution.get_name(), "--version", distribution.get_version(), *flags]
    line = mask_url(shlex.join(words))
    logging.getLogger(__name__).info("replaced by: wheelhouse %s, or inv wheelhouse.%s", line, line)
    dry = ["--dry-run"] if getattr(command, "dry_run", False) else []  # newer setuptools has no such flag
    # the command line that a task which stops half-way tells to repeat: without sdist, whose bytes change
    given, sys.argv = sys.argv, ["wheelhouse", *words, *more, *dry]
    try:
        guard_debug_log()  # of `setup.py -vv`
        main()
    finally:
        sys.argv = given
