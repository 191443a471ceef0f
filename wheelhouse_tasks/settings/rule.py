"""The rule of retention: which development builds a wheelhouse keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version


@dataclass(frozen=True)
class Rule:
    """The development builds that stay."""

    #: Newest builds of each slot that stay, yanked ones not counted; at least 1.
    keep: int
    #: Days; whatever is younger stays.
    older_than: float
    #: Versions that stay.
    pin: frozenset[Version]
