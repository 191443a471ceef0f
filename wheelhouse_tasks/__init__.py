"""Carry wheels from CI to PyPI through any object store."""

from wheelhouse_tasks.cli.collection import fetch, ns, promote, release, status, upload
from wheelhouse_tasks.cli.upkeep import check, doctor, index, prune, remove, unyank, yank

__version__ = "0.1.0"

__all__ = [
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
    "yank",
]
