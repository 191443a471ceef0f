"""The date in a version, if it has one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.version import Version

#: `20260115`, `d20260115`, `nightly20260115`, `20260115t120000z`, `20260115git2c45a56`: a date, maybe with a time.
COMPACT = re.compile(
    r"[a-z]*(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)"
    r"(?:t?(?P<hour>\d\d)(?:(?P<minute>\d\d)(?P<second>\d\d)?)?z?)?(?:[a-z][a-z0-9]*)?"
)
#: `2026.1.15`: the zeros of a local version are gone.
DOTTED = re.compile(
    r"(?:(?:git|g|date|d|dev|build|nightly|snapshot)?)(?P<year>(?:19|20)\d\d)\.(?P<month>\d\d?)\.(?P<day>\d\d?)"
)
#: Seconds since the epoch, from 2001 to 2033.
SECONDS = re.compile(r"1\d{9}")
#: The id of a commit, which is no date whatever digits it has.
COMMIT = re.compile(r"g?(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}")
DAY_OF_GIT_DESCRIBE = re.compile(r"d\d+")


def holds_date(version: Version) -> bool:
    """Return whether the development or the local part of *version* holds a date of the calendar."""
    local = (version.local or "").split(".")
    compact = [str(version.dev), *(part for part in local if not _is_commit(part))]
    dotted = [".".join(local[start : start + 3]) for start in range(len(local) - 2)]
    matches = [*map(COMPACT.fullmatch, compact), *map(DOTTED.fullmatch, dotted)]
    return any(match and _is_date(match) for match in matches) or any(map(SECONDS.fullmatch, compact))


def _is_commit(part: str) -> bool:
    return COMMIT.fullmatch(part) is not None and not DAY_OF_GIT_DESCRIBE.fullmatch(part)


def _is_date(match: re.Match[str]) -> bool:
    try:
        datetime(**{name: int(digits) for name, digits in match.groupdict().items() if digits}, tzinfo=UTC)
    except ValueError:
        return False
    return True
