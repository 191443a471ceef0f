"""A problem of an artifact, and whether a package index refuses the artifact for it."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong with an artifact."""

    text: str
    #: Whether the package index accepts the artifact all the same.
    doubtful: bool = False
