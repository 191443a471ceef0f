"""Carry out the plan of an upload: send the files, write the pages, retire what is older."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.container import retention
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.objects import (
    Sent,
    complete,
    delete_hidden,
    retire,
    send_alone,
    send_companions,
    update_pages,
)
from wheelhouse_tasks.errors import WheelhouseError
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.storage import publish
from wheelhouse_tasks.storage.folder import GITIGNORE, keep_out_of_git, let_into_git
from wheelhouse_tasks.storage.port import ABSENT
from wheelhouse_tasks.text import count, now_text, size_text
from wheelhouse_tasks.uploading.address import Address
from wheelhouse_tasks.uploading.reach import known_url, reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.storage.port import Entry, Store
    from wheelhouse_tasks.ui import Ui
    from wheelhouse_tasks.uploading.facts import UploadFacts
    from wheelhouse_tasks.uploading.plan import UploadPlan


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What became of a plan."""

    #: Object names of the pages written.
    pages: tuple[str, ...] = ()
    #: Where everybody can read the container, as far as known, and what works there.
    address: Address


def apply(
    plan: UploadPlan,
    facts: UploadFacts,
    settings: Settings,
    store: Store,
    ui: Ui,
    now: Callable[[], float],
    remembered: Callable[[], Address | None],
) -> Applied:
    """Send what the plan says, then bring the pages up to date.

    *now* gives seconds since the epoch, *remembered* the address that an earlier run kept.
    """
    opened = _open(facts, settings, store, ui)
    began = now()
    _send_all(plan, facts, settings, ui, began)
    written: tuple[str, ...] = ()
    if settings.options.update_index:
        written = update_pages(settings, store, facts.projects.values(), ui, before=facts.before)
        gone = _retire(plan, facts, settings, began)
        if gone:
            written += update_pages(settings, store, facts.projects.values(), ui)
            ui.done(f"retired {count(gone)}: {', '.join(gone)}")
        return Applied(pages=written, address=_reach(plan, settings, store, remembered))
    return Applied(address=Address(url=opened or known_url(settings, store)))


def _reach(plan: UploadPlan, settings: Settings, store: Store, remembered: Callable[[], Address | None]) -> Address:
    """Find out what works, by a project whose files the pages show: where one folder is answered, all are."""
    shown = [file.artifact for file in plan.files]
    if not shown:
        return Address(url=known_url(settings, store))
    project = shown[0].project
    return reach(settings, store, project, {file.filename for file in shown if file.project == project}, remembered)


def _open(facts: UploadFacts, settings: Settings, store: Store, ui: Ui) -> str | None:
    """Create the container where there is none; return the URL of one that everybody can read now."""
    created = not facts.before.exists and store.create()
    if created:
        ui.done(f"created container {store.label}")
    _show_to_git(settings, ui, created=created)
    return _make_public(settings, ui) if created else None


def _send_all(plan: UploadPlan, facts: UploadFacts, settings: Settings, ui: Ui, now: float) -> None:
    published, projects = facts.published, facts.projects

    def send_one(local: LocalFile) -> Sent:
        expect = None if local.artifact.filename in published else ABSENT
        return send_alone(projects[local.artifact.project], local, now_text(now), expect=expect, work=work)

    def done(sent: Sent) -> None:
        sent.project.add(sent.file, *sent.entries)
        ui.progress(f"uploaded {sent.file.filename} ({size_text(sent.file.size)})")

    def mend(local: LocalFile) -> tuple[LocalFile, list[Entry]]:
        there = published[local.artifact.filename]
        described = not local.artifact.is_wheel or there.metadata_sha256 is not None
        if described and (there.attested or local.attestation is None):
            return local, []
        return local, send_companions(projects[local.artifact.project], local)

    with ui.work("upload", files=len(plan.send), size=sum(local.size for local in plan.send)) as work:
        parallel.run(send_one, plan.send, settings.options.max_workers, done, then=complete)
    # a worker may have been killed between a wheel and its .metadata
    for file, entries in parallel.run(mend, plan.present, settings.options.max_workers):
        if entries:
            projects[file.artifact.project].add(published[file.artifact.filename], *entries)


def _retire(plan: UploadPlan, facts: UploadFacts, settings: Settings, now: float) -> list[str]:
    """Retire older development builds of what was uploaded; return the names that left the pages, or were deleted.

    Nothing leaves the pages that this run, or another one beside it, has just brought there, and nothing that lies in
    the folder of this run: only what the pages showed before the first byte was sent, and is not ours.
    """
    gone: list[str] = []
    ours = {file.artifact.filename for file in plan.files}
    for name, project in facts.projects.items():
        files = [file.artifact for file in plan.send if file.artifact.project == name]
        slots = {retention.slot(file.filename) for file in files if file.version.is_devrelease}
        if slots:
            current = look(project)
            gone += retire(settings, current, now, slots, among=facts.shown.get(name, frozenset()) - ours)
            gone += delete_hidden(current, now, settings.options.grace)
    return gone


def _make_public(settings: Settings, ui: Ui) -> str | None:
    """Let everybody read the new container, and return its URL where no other is set; the upload never fails for it."""
    if not settings.options.enable_cdn:
        return None
    try:
        url = publish.make_public(settings.container)
    except WheelhouseError as error:
        ui.warn(str(error))
        return None
    if url:
        ui.done(f"everybody can read it: {url}")
    return None if settings.options.public_url else url


def _show_to_git(settings: Settings, ui: Ui, *, created: bool) -> None:
    """Keep the default folder out of git, which nobody named; let git add one that is named, as for a pages branch."""
    container = settings.container
    if container.provider != LOCAL:
        return
    folder = Path(container.container) / container.prefix
    if settings.container_given:
        if let_into_git(folder):
            ui.note(f"removed {folder / GITIGNORE}: git may add what is in a folder that is named")
    elif created:
        keep_out_of_git(folder)
