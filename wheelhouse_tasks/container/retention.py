"""The rule that retires development builds, and cannot empty a channel, strip a platform or end a release line.

A *slot* is the development builds of one project with one set of tags and one release line, so that `2.0.dev0` and
`1.9.2.dev0` do not compete. Of each slot the newest `keep` builds stay, in the order in which installers prefer them,
and whatever is younger than `older_than` days; releases and pinned versions always stay. A pinned or a young build
counts among the newest; a yanked one does not, because installers pass over it: it goes once `keep` others are newer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from packaging.version import Version

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.text import count, parse_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.settings.rule import Rule

#: Project; Python, ABI and platform tags, each a set; release line.
Slot = tuple[str, tuple[frozenset[str], ...], Version]

DAY = 86400
#: Stands for an unknown upload time: the file counts as new.
UNKNOWN = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Verdict:
    """What the rule does with a development build that enough newer ones stand before, and why."""

    file: File
    retired: bool
    why: str


def slot(filename: str) -> Slot:
    """Return the project, the tags and the release line that a development build competes within."""
    named = artifact.parse(filename)
    # a compressed set of tags has no order
    return named.project, tuple(frozenset(tag.lower().split(".")) for tag in named.tags), release_line(named.version)


def release_line(version: Version) -> Version:
    """Return the version that a development build leads to: *version* without its dev and local parts."""
    return Version(version.public.partition(".dev")[0])


def retire(
    files: Iterable[File],
    rule: Rule,
    now: datetime,
    slots: Collection[Slot] | None = None,
    spare: Collection[str] = (),
) -> tuple[File, ...]:
    """Return the files that the rule retires at *now*; the arguments are those of `judge`."""
    verdicts = judge(files, rule, now, slots, spare)
    return tuple(verdict.file for verdict in verdicts if verdict.retired)


def judge(
    files: Iterable[File],
    rule: Rule,
    now: datetime,
    slots: Collection[Slot] | None = None,
    spare: Collection[str] = (),
) -> tuple[Verdict, ...]:
    """Return what becomes of each build at *now* that has enough newer ones before it; the newest are left out.

    Where *slots* are given, files of these slots only. The file names to *spare* stay whatever the rule says, and count
    like any other.
    """
    builds: dict[Slot, list[File]] = defaultdict(list)
    for file in files:
        if artifact.parse(file.filename).version.is_devrelease:
            builds[slot(file.filename)].append(file)
    verdicts = []
    for name, candidates in builds.items():
        if slots is not None and name not in slots:
            continue
        newer = 0
        for file in sorted(candidates, key=_preference, reverse=True):
            if newer >= max(rule.keep, 1) and file.filename not in spare:
                verdicts.append(_verdict(file, newer, name[2], rule, now))
            newer += file.yanked is None
    return tuple(sorted(verdicts, key=lambda verdict: verdict.file.filename))


def _preference(file: File) -> tuple[Version, object, datetime, str]:
    """Return a key that orders builds as installers do, by version and build tag, then by upload time."""
    named = artifact.parse(file.filename)
    return named.version, artifact.natural(named.build), parse_time(file.upload_time) or UNKNOWN, file.filename


def _verdict(file: File, newer: int, line: Version, rule: Rule, now: datetime) -> Verdict:
    """Return what becomes of a build, given how many *newer* ones of its tags and release *line* are there."""
    uploaded = parse_time(file.upload_time)
    days = rule.older_than
    if (now - (uploaded or UNKNOWN)).total_seconds() < days * DAY:
        since = f"uploaded {uploaded:%Y-%m-%dT%H:%M:%SZ}" if uploaded else "nobody knows when it was uploaded"
        return Verdict(file, False, f"{since}, and older_than is {_days(days)}")
    if artifact.parse(file.filename).version in rule.pin:
        return Verdict(file, False, "its version is pinned")
    why = f"{newer} newer of its tags and of {line}, keep is {rule.keep}"
    return Verdict(file, True, f"{why}; older than {_days(days)}" if days else why)


def _days(days: float) -> str:
    return count(int(days), "day") if days == int(days) else f"{days:g} days"
