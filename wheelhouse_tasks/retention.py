"""Which development builds to retire: a rule that cannot empty a channel, nor strip a platform.

A *slot* is the development builds of one project with one set of tags. Of each slot the newest `keep` builds stay, and
whatever is younger than `older_than` days; releases, pinned versions and the last build of a slot always stay.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from wheelhouse_tasks import artifact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from packaging.version import Version

    from wheelhouse_tasks.pages import File

Slot = tuple[str, str]


@dataclass(frozen=True)
class Rule:
    """What to keep."""

    #: Newest builds of each slot that stay; at least 1.
    keep: int
    #: Days; whatever is younger stays.
    older_than: float
    #: Versions that stay.
    pin: frozenset[Version]


def slot(filename: str) -> Slot:
    """Return the project and the tags that a development build competes within."""
    said = artifact.parse(filename)
    return said.project, said.label


def retire(files: Iterable[File], rule: Rule, now: datetime, slots: Collection[Slot] | None = None) -> tuple[File, ...]:
    """Return the files that the rule retires at *now*, of *slots* only unless None.

    A file whose upload time nobody knows counts as new.
    """
    builds: dict[Slot, list[File]] = defaultdict(list)
    for file in files:
        if artifact.parse(file.filename).version.is_devrelease:
            builds[slot(file.filename)].append(file)
    retired = []
    for name, candidates in builds.items():
        if slots is not None and name not in slots:
            continue
        newest_first = sorted(candidates, key=_age_key, reverse=True)
        retired += [file for file in newest_first[max(rule.keep, 1) :] if _retirable(file, rule, now)]
    return tuple(sorted(retired, key=lambda file: file.filename))


def _age_key(file: File) -> tuple[Version, str, str]:
    return artifact.parse(file.filename).version, file.upload_time, file.filename


def _retirable(file: File, rule: Rule, now: datetime) -> bool:
    uploaded = parse_time(file.upload_time)
    if uploaded is None or uploaded > now - timedelta(days=rule.older_than):
        return False
    return artifact.parse(file.filename).version not in rule.pin


def parse_time(text: str) -> datetime | None:
    """Return the time that *text* says as in PEP 700, or None."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
