"""Carry wheels from CI to PyPI through any object store."""

from __future__ import annotations

from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
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


def __getattr__(name: str) -> object:
    """Import `Wheelhouse` where it is asked for: every `inv` of a host project imports this module."""
    if name == "Wheelhouse":
        from wheelhouse_tasks.wheelhouse import Wheelhouse

        return Wheelhouse
    raise AttributeError(name)
