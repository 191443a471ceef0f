"""Sizes, counts and times as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sized


def size_text(size: int) -> str:
    """Return bytes for people: `12.3 MB`."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if round(value, 0 if unit == "B" else 1) < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"


def count(files: Sized) -> str:
    """Return how many files, in words."""
    return f"{len(files)} file{'s' * (len(files) != 1)}"


def now_text(seconds: float) -> str:
    """Return a time as in PEP 700."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime | None:
    """Return the time that *text* holds as in PEP 700, or None."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
