"""The configuration files of invoke, as the program reads them: what is wrong in one is told in one line.

invoke itself ends with a traceback, and passes over a file that `--config` names and that is not there. The texts of
its errors are left out: they quote the file, which may hold a secret.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.config import AmbiguousMergeError, Config
from invoke.exceptions import Exit, UnknownFileType

from wheelhouse_tasks.cli.streams import alarm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

USAGE = 2
SUFFIXES = ("yaml", "yml", "json", "py")


class Configuration(Config):
    """The configuration of a run; a file that cannot be read ends the run with 2."""

    def load_system(self, merge: bool = True) -> None:
        """Load the file of the machine."""
        with _explained("/etc/invoke"):
            super().load_system(merge)

    def load_user(self, merge: bool = True) -> None:
        """Load the file of whoever runs it."""
        with _explained("~/.invoke"):
            super().load_user(merge)

    def load_project(self, merge: bool = True) -> None:
        """Load the file of the project."""
        with _explained("invoke"):
            super().load_project(merge)

    def set_runtime_path(self, path: PathLike[str] | None) -> None:
        """Note the file that `--config` names; end the run where there is none."""
        if path is not None and not Path(path).expanduser().is_file():
            raise wrong(f"{path}: there is no such file (--config)")
        super().set_runtime_path(path)
        self._set(_named=path)

    def load_runtime(self, merge: bool = True) -> None:
        """Load the file that `--config` names."""
        with _explained(self._named):
            super().load_runtime(merge)

    def merge(self) -> None:
        """Join what all files say."""
        try:
            super().merge()
        except (AmbiguousMergeError, AttributeError):
            problem = "holds a single value where a table belongs, or a table in place of a value"
            raise wrong(f"invoke configuration: {problem} (settings stand below wheelhouse:)") from None


@contextmanager
def _explained(path: str | None) -> Iterator[None]:
    """End the run with what is wrong in a file; *path* is given without its ending, unless it was named."""
    try:
        yield
    except Exit:
        raise
    except UnknownFileType:
        raise wrong(f"{path}: cannot be read: expected a file that ends in .{', .'.join(SUFFIXES)}") from None
    except Exception as error:  # noqa: BLE001  # each format has its own, and a file in Python may raise any
        paths = [f"{path}.{suffix}" for suffix in SUFFIXES]
        found = next((name for name in paths if Path(name).expanduser().exists()), path)
        raise wrong(f"{found}: cannot be read: {_place(error)}") from None


def _place(error: Exception) -> str:
    """Return what kind of error it is, and the line that it is in, if that is known."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, ImportError):
        return str(error)
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else getattr(error, "lineno", None)
    return f"{type(error).__name__} in line {line}" if line else type(error).__name__


def wrong(text: str) -> Exit:
    """Return the end of a run with words, or a file, that make no sense."""
    return Exit(f"{alarm('error:')} {text}", USAGE)
