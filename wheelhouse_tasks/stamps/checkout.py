"""The checkout that was built, as git knows it, asked in a way that no configuration changes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import child
from wheelhouse_tasks.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TIMEOUT = 30
#: What points git to another repository, or to another state of it (`git rev-parse --local-env-vars`, git 2.39), and
#: what gives paths another meaning.
MISLEADING = frozenset(
    (
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_CONFIG",
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_PARAMETERS",
        "GIT_DIR",
        "GIT_GRAFT_FILE",
        "GIT_IMPLICIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_INTERNAL_SUPER_PREFIX",
        "GIT_NAMESPACE",
        "GIT_NO_REPLACE_OBJECTS",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE",
        "GIT_SHALLOW_FILE",
        "GIT_WORK_TREE",
        "GIT_LITERAL_PATHSPECS",
        "GIT_GLOB_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
    )
)
#: One language for the reasons, and no question that nobody would answer; what is not there is not fetched.
SETTLED = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": ""}
#: A commit of another user may be read, since `cat-file` runs no program that a configuration names.
READ = ("--no-replace-objects", "-c", "safe.directory=*", "cat-file", "commit", "HEAD")
#: `status` may run programs (filters, fsmonitor): git's own rule of whose checkout it may be stays in force.
STATUS = ("--no-optional-locks", "-c", "core.fsmonitor=false", "status", "--porcelain", "-z", "--no-renames")
COMMITTER = re.compile(r"(?m)^committer .*> (\d{1,12}) [-+]\d{4}$")
LAST_SECOND = 253402300799  # of the year 9999


@dataclass(frozen=True)
class Checkout:
    """A folder that git manages."""

    #: The folder that holds `.git`.
    top: Path
    environ: Mapping[str, str]

    @classmethod
    def around(cls, folder: Path, environ: Mapping[str, str]) -> Checkout | None:
        """Return the checkout that *folder* lies in; None where there is no `.git` at or above it."""
        place = Path(os.path.realpath(folder))
        for top in (place, *place.parents):
            if os.path.lexists(top / ".git"):
                return cls(top, environ)
        return None

    def time(self) -> int | str:
        """Return the time of the commit that is checked out, seconds since the epoch; or why it cannot be had."""
        text = self._ask(*READ)
        if isinstance(text, OSError):
            return _reason(text)
        match = COMMITTER.search(text.partition("\n\n")[0])
        if not match or int(match[1]) > LAST_SECOND:
            return "the time of its commit is none"
        return int(match[1])

    def changes(self, apart: Iterable[Path]) -> tuple[list[str], list[str]] | str:
        """Return the files that differ from the commit, and those that git does not know, without folders *apart*.

        Where git gives no answer, return why.
        """
        inside = [os.path.relpath(os.path.realpath(folder), self.top) for folder in apart]
        without = [f":(top,exclude,literal){name}" for name in inside if not name.startswith("..")]
        text = self._ask(*STATUS, "--untracked-files=normal", "--ignore-submodules=untracked", "--", ":(top)", *without)
        if isinstance(text, OSError):
            return _reason(text)
        lines = [line for line in text.split("\0") if line]
        return (
            [line[3:] for line in lines if not line.startswith("??")],
            [line[3:] for line in lines if line.startswith("??")],
        )

    def _ask(self, *words: str) -> str | OSError:
        environ = {name: value for name, value in self.environ.items() if name not in MISLEADING}
        try:
            done = child.run(["git", "-C", str(self.top), *words], {**environ, **SETTLED}, TIMEOUT)
        except OSError as error:
            return error
        if done.returncode:
            return OSError(done.returncode, done.stderr)
        return done.stdout


def _reason(error: OSError) -> str:
    """Return why git gave no answer, in the words of git where it ran."""
    if isinstance(error, FileNotFoundError):
        return "there is no program git"
    if isinstance(error, TimeoutError):
        return f"git took more than {TIMEOUT} seconds"
    first = (error.strerror or str(error)).strip().partition("\n")[0]
    return one_line(first.removeprefix("fatal: ")) or "git failed"
