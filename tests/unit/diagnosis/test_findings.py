"""What the doctor makes of what it has seen."""

from datetime import UTC, datetime, timedelta

import pytest

from wheelhouse_tasks.commands.doctor import DoctorResult
from wheelhouse_tasks.diagnosis import findings
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.storage.port import Conditions

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def off(result: DoctorResult) -> dict[str, str]:
    """Return what is off, in one text each."""
    findings = [finding for finding in result.findings if finding.state == "off"]
    assert all(finding.remedy for finding in findings), findings
    return {finding.check: f"{finding.found} | {finding.remedy}" for finding in findings}


@pytest.mark.parametrize(
    ("content_type", "cache", "wanted", "state"),
    [
        ("text/html; charset=utf-8", "no-cache", layout.HTML_TYPE, "ok"),
        ("text/html", "public, no-cache", layout.HTML_TYPE, "ok"),
        ("Text/HTML; Charset=UTF-8", "max-age=0, must-revalidate", layout.HTML_TYPE, "ok"),
        ("text/html; charset=utf-16", "no-cache", layout.HTML_TYPE, "off"),
        ("application/octet-stream", "no-cache", layout.HTML_TYPE, "off"),
        ("text/html", "max-age=600", layout.HTML_TYPE, "off"),
        ("text/html", None, layout.HTML_TYPE, "off"),
        (None, "no-cache", layout.HTML_TYPE, "off"),
        ("application/vnd.pypi.simple.v1+json", "no-cache", layout.JSON_TYPE, "ok"),
        ("application/json", "no-cache", layout.JSON_TYPE, "off"),
    ],
)
def test_headers(content_type: str | None, cache: str | None, wanted: str, state: str) -> None:
    """A page has the type that it was stored with, and must be asked for again each time."""
    headers = {"Content-Type": content_type, "Cache-Control": cache}
    said = {name: value for name, value in headers.items() if value is not None}
    assert findings.page("pages", said, wanted).state == state


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, "ok"), (59, "ok"), (-59, "ok"), (3, "ok"), (-70, "off"), (3600, "off"), (None, "not checked")],
)
def test_clock(seconds: int | None, state: str) -> None:
    """The time of an object lies between ours before and after, but for a minute."""
    modified = "" if seconds is None else (NOW + timedelta(seconds=seconds)).isoformat()
    began = NOW.timestamp()
    assert findings.clock(modified, began, began + 5).state == state


def test_development_builds() -> None:
    """The newest development build counts, releases do not, and what nobody knows is not checked."""
    times = {"demo-1.0.dev1": 40, "demo-1.0.dev2": 29, "demo-1.0": 0}
    files = {
        f"{name}-py3-none-any.whl": File(f"{name}-py3-none-any.whl", 1, "0", "m", upload_time=when)
        for name, when in {name: (NOW - timedelta(days=days)).isoformat() for name, days in times.items()}.items()
    }
    found = findings.development(files, NOW)
    assert (found.state, found.found) == ("ok", "demo-1.0.dev2-py3-none-any.whl is the newest, 29 days old")
    assert findings.development(files, NOW + timedelta(days=2)).state == "off"
    assert findings.development({}, NOW).state == "not checked"


def test_conditions_are_told() -> None:
    """No condition is off: the pages converge without any."""
    kinds = [Conditions(absent=True, mark=True, md5=True), Conditions(absent=True, mark=False, md5=True)]
    kinds.append(Conditions(absent=False, mark=False, md5=True))
    found = [findings.conditional_writes(kind) for kind in kinds]
    assert {finding.state for finding in found} == {"ok"}
    assert len({finding.found for finding in found}) == 3


@pytest.mark.parametrize(
    ("hours", "age"), [(0.1, "0 hours"), (1, "1 hour"), (1.3, "1 hour"), (2, "2 hours"), (49, "2 days")]
)
def test_age_is_in_the_singular_where_it_is_one(hours: float, age: str) -> None:
    """One hour is not told as 1 hours."""
    name = "demo-1.0.dev1-py3-none-any.whl"
    files = {name: File(name, 1, "", "", upload_time=(NOW - timedelta(hours=hours)).isoformat())}
    assert f", {age} old" in findings.development(files, NOW).found
