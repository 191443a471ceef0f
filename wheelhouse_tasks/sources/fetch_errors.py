"""How what went wrong with the files of a fetch is told: each by its name, and what many share once."""

from __future__ import annotations

import re
from pathlib import PureWindowsPath
from urllib.parse import unquote

from wheelhouse_tasks.artifacts.companions import split
from wheelhouse_tasks.errors import Failed, WheelhouseError, together
from wheelhouse_tasks.text import FEW


def about(name: str, error: WheelhouseError) -> WheelhouseError:
    """Return an error whose subject is the file called *name*, or what lies beside it: *error* itself if it is one."""
    subject: str = getattr(error, "subject", "")  # a file name, a path of any system, or a URL
    path = unquote(re.split(r"[?#]", subject)[0]) if "://" in subject else subject
    return error if split(PureWindowsPath(path).name)[0] == name else Failed(name, str(error))


def failure_of(failures: dict[str, WheelhouseError]) -> WheelhouseError:
    """Return one error for all files that were not fetched."""
    return together({name: _of_file(name, failures) for name in sorted(failures)})


def _of_file(name: str, failures: dict[str, WheelhouseError]) -> WheelhouseError:
    """Return the error of a file; one that many share is not put behind the name of each."""
    error = failures[name]
    alike = sum(other.cause == error.cause for other in failures.values())
    return error if alike > FEW else about(name, error)
