"""Carry wheels from CI to PyPI through any object store."""

from wheelhouse_tasks.cli.collection import (
    check,
    doctor,
    fetch,
    index,
    ns,
    promote,
    prune,
    release,
    remove,
    status,
    unyank,
    upload,
    workflow,
    yank,
)
from wheelhouse_tasks.wheelhouse import Wheelhouse

__version__ = "0.1.0"

__all__ = [
    "Wheelhouse",
    "__version__",
    "check",
    "doctor",
    "fetch",
    "index",
    "ns",
    "promote",
    "prune",
    "release",
    "remove",
    "status",
    "unyank",
    "upload",
    "workflow",
    "yank",
]
