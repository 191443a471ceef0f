"""Sizes, counts and times as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence, Sized


def size_text(size: int) -> str:
    """Return bytes for people: `12.3 MB`."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if round(value, 0 if unit == "B" else 1) < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"


#: Bytes of each unit.
UNITS = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3}


def unit_of(size: int) -> str:
    """Return the unit that people are shown *size* bytes in."""
    return size_text(size).rpartition(" ")[2]


def size_in(unit: str, size: int) -> str:
    """Return bytes as a number of units: `12.3`; what is less than the last digit shows is no nothing."""
    if unit == "B":
        return str(size)
    number = f"{size / UNITS[unit]:.1f}"
    return "<0.1" if size and number == "0.0" else number


def count(things: Sized | int, noun: str = "file") -> str:
    """Return how many there are, in words; *noun* is in the singular."""
    number = things if isinstance(things, int) else len(things)
    return f"{number} {noun}{'s' * (number != 1)}"


def grouped(number: int, noun: str) -> str:
    """Return how many there are, its digits in groups of three."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


#: As many names as a person reads in a line.
FEW = 3


def listed(names: Sequence[str]) -> str:
    """Return names in one line: of many the first few, and how many more there are."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def now_text(seconds: float) -> str:
    """Return a time as in PEP 700."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def clock_text(seconds: float) -> str:
    """Return a time for people, with its zone: `2026-01-31T12:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime | None:
    """Return the time that *text* holds as in PEP 700, or None."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def by_text(texts: dict[str, str]) -> list[tuple[str, list[str]]]:
    """Return each text with the names that have it."""
    names: dict[str, list[str]] = {}
    for name, text in texts.items():
        names.setdefault(text, []).append(name)
    return list(names.items())
