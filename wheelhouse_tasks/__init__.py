"""Carry wheels from CI to PyPI through any object store."""

from wheelhouse_tasks.collection import fetch, ns, release, upload
from wheelhouse_tasks.upkeep import check, index, prune, remove, unyank, yank

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "check",
    "fetch",
    "index",
    "ns",
    "prune",
    "release",
    "remove",
    "unyank",
    "upload",
    "yank",
]
