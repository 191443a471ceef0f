"""What the doctor finds, and findings that follow from facts alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from email.message import Message
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.text import count, parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.storage.port import Conditions

OK, OFF, NOT_CHECKED = "ok", "off", "not checked"
CREDENTIALS, CONTAINER, CLOCK, OBJECTS = "credentials", "container", "clock", "objects"
CONDITIONS, PUBLIC, PAGES, JSON_PAGES, FOLDERS = (
    "conditional writes",
    "public URL",
    "pages",
    "JSON pages",
    "folder pages",
)
DEVELOPMENT, STORAGE = "development builds", "storage"
#: In the order in which each is found out: what is off ends those that need it.
CHECKS = (CREDENTIALS, CONTAINER, OBJECTS, CLOCK, CONDITIONS, PUBLIC, PAGES, JSON_PAGES, FOLDERS)
#: Providers refuse requests after some minutes; retention counts in hours.
LARGEST_SKEW = timedelta(minutes=1)
#: A nightly build that is older was not built, or not uploaded.
STALE = timedelta(days=30)
SERVER_ADVICE = "see 'Install from it' in the README of wheelhouse-tasks for what the web server must do"


@dataclass(frozen=True)
class Finding:
    """What became of one check."""

    check: str
    #: `ok`, `off`, or `not checked`.
    state: str
    #: What was found, or why nothing was looked for.
    found: str
    #: What to do, or what would be better.
    remedy: str = ""


def is_off(findings: Iterable[Finding]) -> bool:
    """Return whether something is off."""
    return any(finding.state == OFF for finding in findings)


def complete(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, followed by one for each check that was not reached."""
    made = tuple(findings)
    seen = {finding.check for finding in made}
    # a container that is not there yet is nothing to worry about before the first upload, and ends the checks as well
    ended = next((f.check for f in made if f.state == OFF or (f.check, f.state) == (CONTAINER, NOT_CHECKED)), "")
    reason = f"{ended}: see above" if ended else "dry run: nothing was written"
    missing = (Finding(check, NOT_CHECKED, reason) for check in (*CHECKS, DEVELOPMENT) if check not in seen)
    return (*made, *missing)


def clock(modified: str, before: float, after: float) -> Finding:
    """Compare the time that the provider gave an object, as in PEP 700, with ours before and after it was written."""
    written = parse_time(modified)
    if written is None:
        return Finding(CLOCK, NOT_CHECKED, "the provider does not return when an object was written")
    late = written.timestamp() - after if written.timestamp() > after else min(written.timestamp() - before, 0)
    if abs(late) <= LARGEST_SKEW.total_seconds():
        return Finding(CLOCK, OK, f"differs by less than {LARGEST_SKEW.total_seconds():.0f} s from the provider's")
    side = "behind" if late > 0 else "ahead of"
    return Finding(CLOCK, OFF, f"this machine is {abs(late):.0f} s {side} the provider", "set its clock (NTP)")


def conditional_writes(conditions: Conditions) -> Finding:
    """Return which conditions the provider honours; the pages are right without any."""
    honoured = [text for text, held in (("If-None-Match", conditions.absent), ("If-Match", conditions.mark)) if held]
    names = " and ".join(honoured) or "none"
    text = "a name is never created twice" if honoured and not conditions.mark else f"{names} honoured"
    return Finding(CONDITIONS, OK, text if conditions.mark else f"{text}: pages may show an older state for a moment")


def page(check: str, headers: Mapping[str, str], wanted: str) -> Finding:
    """Compare the headers of a page with what it was stored with."""
    off = []
    message = Message()
    message["Content-Type"] = headers.get("Content-Type") or "nothing/at-all"
    kind, charset = message.get_content_type(), message.get_content_charset("utf-8")
    if kind != wanted.partition(";")[0] or charset not in ("utf-8", "us-ascii"):
        off.append(f"Content-Type is {headers.get('Content-Type', 'missing')!r}, expected {wanted!r}")
    cache = headers.get("Cache-Control", "missing")
    if not {"no-cache", "no-store", "max-age=0"} & {word.strip().lower() for word in cache.split(",")}:
        off.append(f"Cache-Control is {cache!r}, expected {layout.PAGE_CACHE!r}")
    if off:
        return Finding(check, OFF, "; ".join(off), SERVER_ADVICE)
    return Finding(check, OK, f"shown as {kind}, {cache}")


def development(files: Mapping[str, File], now: datetime) -> Finding:
    """Return how old the newest development build is."""
    builds = {name: file for name, file in files.items() if artifact.parse(name).version.is_devrelease}
    times = {when: name for name, file in builds.items() if (when := parse_time(file.upload_time))}
    if not times:
        why = "nobody knows when they were uploaded" if builds else "none is there"
        return Finding(DEVELOPMENT, NOT_CHECKED, why)
    newest = max(times)
    age = f"{times[newest]} is the newest, {_age(now - newest)} old"
    if now - newest <= STALE:
        return Finding(DEVELOPMENT, OK, age)
    remedy = "see whether the job that uploads them still runs; if there is none any more, wheelhouse.remove them"
    return Finding(DEVELOPMENT, OFF, age, remedy)


def _age(age: timedelta) -> str:
    hours = round(max(age.total_seconds(), 0) / 3600)
    return count(age.days, "day") if age.days > 1 else count(hours, "hour")
