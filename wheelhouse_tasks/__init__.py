"""Carry wheels from CI to PyPI through any object store."""

from wheelhouse_tasks.collection import fetch, ns, release, upload

__version__ = "0.1.0"

__all__ = ["__version__", "fetch", "ns", "release", "upload"]
