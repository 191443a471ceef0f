"""Find out whether a container, its public address and what installs from it really work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.container.objects import address
from wheelhouse_tasks.diagnosis import checks
from wheelhouse_tasks.diagnosis.findings import (
    CLOCK,
    CONTAINER,
    DEVELOPMENT,
    NOT_CHECKED,
    OBJECTS,
    OFF,
    STORAGE,
    Finding,
    complete,
    development,
    is_off,
)
from wheelhouse_tasks.errors import Failed, WheelhouseError
from wheelhouse_tasks.secret import HIDDEN, mask_url
from wheelhouse_tasks.settings.table import ROWS
from wheelhouse_tasks.ui import Mark, Marked, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.storage.port import Store


@dataclass(frozen=True, kw_only=True)
class DoctorResult:
    """What `doctor` found."""

    container: str
    #: Where the container should be readable, ending in "/", as far as known.
    url: str | None
    #: The settings that have a value, as text, without secrets.
    settings: Mapping[str, str]
    findings: tuple[Finding, ...]


class NotWell(Failed):
    """Something is off; `result` has the findings."""

    def __init__(self, result: DoctorResult) -> None:
        off = [finding.check for finding in result.findings if finding.state == OFF]
        super().__init__(result.container, f"off: {', '.join(off)}", "what to do stands with each finding")
        self.result = result


def doctor(
    settings: Settings, ui: Ui | None = None, *, dry_run: bool = False, now: Callable[[], float] = time.time
) -> DoctorResult:
    """Try whatever uploads and installs need, on objects of our own below `.wheelhouse/` that are deleted again.

    With *dry_run* nothing is written. *now* gives seconds since the epoch.
    Raises NotWell where something is off; whatever fails is a finding.
    """
    ui = ui or Silent()
    shown = shown_settings(settings)
    ui.table("Settings", ("setting", "value"), list(shown.items()))
    visit = checks.Visit(settings, checks.probe_folder(settings), dry_run, now)
    made: dict[str, Finding] = {}
    url: str | None = None

    def keep(finding: Finding) -> None:
        # of two findings of one check the later one knows more
        made[finding.check] = replace(finding, found=mask_url(finding.found), remedy=mask_url(finding.remedy))

    try:
        store, opening = checks.opened(visit)
        for finding in opening:
            keep(finding)
        if store:
            url = address(visit.settings, store)
            for finding in _examine(visit, store, url):
                keep(finding)
    except WheelhouseError as error:  # what worked a moment ago
        keep(Finding(STORAGE, OFF, str(error), "try again; then see whether the provider has trouble"))
    findings = complete(made.values())
    rows = [(_shown_state(finding.state), finding.check, finding.found, finding.remedy) for finding in findings]
    ui.table(f"Findings for {settings.container.label}", ("", "check", "found", "what to do"), rows)
    result = DoctorResult(
        container=settings.container.label,
        url=mask_url(url) if url else None,
        settings=shown,
        findings=findings,
    )
    if is_off(findings):
        raise NotWell(result)
    if any((finding.check, finding.state) == (CONTAINER, NOT_CHECKED) for finding in findings):
        ui.done(f"{result.container} is not there yet: upload creates it, and then there is more to check")
    return result


def _examine(visit: checks.Visit, store: Store, url: str | None) -> Iterator[Finding]:
    """Return the findings of all checks, one after the other; what is off ends those that need it."""
    files, findings = checks.project_files(visit, store)
    yield from findings
    if is_off(findings):
        return
    if visit.settings.project is None:
        yield Finding(DEVELOPMENT, NOT_CHECKED, "no project is named", "see --project")
    else:
        yield development(files, datetime.fromtimestamp(visit.now(), UTC))
    if visit.dry_run:
        return
    try:
        findings = checks.objects(visit, store)
        yield from findings
        if is_off(finding for finding in findings if finding.check == OBJECTS):
            return
        timed = any(finding.check == CLOCK and finding.state != NOT_CHECKED for finding in findings)
        public = checks.public(visit, store, url)
        yield from (finding for finding in public.findings if not (timed and finding.check == CLOCK))
    finally:
        checks.clean(visit, store)
    yield from checks.installable(visit, url, files, public)


def _shown_state(state: str) -> str:
    return Marked(state, Mark.WRONG if state == OFF else Mark.SETTLED if state == NOT_CHECKED else Mark.PLAIN)


def shown_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that have a value, as text: of a secret one that it is set, of a table its names."""
    values: dict[str, Any] = {**vars(settings.options), **vars(settings), **vars(settings.container)}
    values["indexes"] = [index.label for index in settings.indexes]
    texts = {name: _text(values[name], secret=row.secret) for name, row in ROWS.items()}
    return {name: text for name, text in texts.items() if text}


def _text(value: object, *, secret: bool) -> str:
    if isinstance(value, Mapping):
        return " ".join(sorted(value))
    if secret:
        return HIDDEN if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | frozenset):
        return " ".join(sorted(map(str, value)))
    return "" if value is None else mask_url(f"{value:g}" if isinstance(value, float) else str(value))
