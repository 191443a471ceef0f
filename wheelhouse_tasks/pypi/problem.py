"""What is wrong with an artifact, and whether anybody refuses it for that."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong with an artifact."""

    text: str
    #: Whether the index takes the artifact all the same.
    doubtful: bool = False
