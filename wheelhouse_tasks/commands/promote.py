"""Copy a version, the same bytes, to another wheelhouse: its pages change when every file is there, and not before."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.artifacts.companions import PROMOTING
from wheelhouse_tasks.commands.fetch import into, open_sources, transfer, warn_of_unverified
from wheelhouse_tasks.container.objects import (
    TEXT_TYPE,
    Sent,
    complete,
    keeping_of,
    open_projects,
    send_alone,
    update_pages,
)
from wheelhouse_tasks.container.survey import survey
from wheelhouse_tasks.errors import Conflict, UsageError, of_files
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.settings.locations import Container, FolderIndex, Location
from wheelhouse_tasks.sources.fetch_errors import failure_of
from wheelhouse_tasks.sources.fetch_plan import FetchPlan, choose, plan_fetch
from wheelhouse_tasks.storage.folder import FolderStore
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import ABSENT, Store, make_payload
from wheelhouse_tasks.text import count, now_text
from wheelhouse_tasks.ui import DRY_RUN, Mark, PlanRow, Silent, Ui
from wheelhouse_tasks.uploading.plan import UploadPlan, plan_upload, refuse_twins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.container.looked import LookedProject
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.sources.fetch_plan import Candidate


OTHER_BYTES = "already published with other bytes; nothing was sent"


@dataclass(frozen=True, kw_only=True)
class PromoteResult:
    """What `promote` did, or with `dry_run` would do."""

    project: str
    version: str
    container: str
    copied: tuple[str, ...]
    #: There before, with the same sha256.
    present: tuple[str, ...]
    #: sha256 of every file, by name.
    sha256: dict[str, str]
    #: Object names of the pages written.
    pages: tuple[str, ...]
    dry_run: bool


def promote(
    settings: Settings,
    ui: Ui | None = None,
    *,
    version: str | None,
    to: str | None,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> PromoteResult:
    """Copy one *version* of the project from the indexes to the wheelhouse *to*, which is created if need be.

    What is there with the promised sha256 is not fetched; a file that is there with another one ends the run first.
    Raises Conflict where the name of a file is taken there, and WheelhouseError; what was copied until then is on no
    page, and another run completes it.
    """
    ui = ui or Silent()
    if not version or not to:
        missing = "version" if not version else "to"
        raise UsageError(missing, "not given", "promote needs --version X.Y.Z --to WHEELHOUSE")
    wanted, name = version_of(version), settings.need_project()
    store = _writable(settings.locate(to))
    sources, offered, skipped = open_sources(settings, name, ui)
    chosen = choose(name, wanted, offered, ", ".join(source.label for source in sources))
    projects = open_projects(settings, store, [name], writing=not dry_run)
    before = survey(store, projects, keeping_of(settings))
    there = _there(before.projects[name], chosen)
    wished = plan_fetch(chosen, there, skipped, store.label)
    warn_of_unverified(wished, ui)
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch:
        folder = Path(scratch)
        absent = FetchPlan(download=wished.download, present=(), skipped=())
        failures = transfer(absent, sources, into(settings, folder), ui)
        if failures:
            raise failure_of(failures)
        files = dist.read(dist.scan(folder)[0], settings.options.max_workers, ui)
        plan = _plan(before.projects[name], files)
        _show(wished, plan, store, ui)
        artifacts = [file.artifact for file in wished.present] + [file.artifact for file in plan.present]
        present = tuple(named.filename for named in sorted(artifacts, key=lambda named: named.sort_key()))
        written: tuple[str, ...] = ()
        if dry_run:
            ui.done(DRY_RUN)
        else:
            if not before.exists and store.create():
                ui.done(f"created container {store.label}")
            if plan.send:
                _copy(plan, projects[name], wanted, now_text(now()), ui)
            written = update_pages(settings, store, projects.values(), ui)
            ui.done(f"{count(plan.send)} copied to {store.label}, {len(present)} already there")
    return PromoteResult(
        project=name,
        version=str(wanted),
        container=store.label,
        copied=tuple(file.artifact.filename for file in plan.send),
        present=present,
        sha256={
            **{name: there[name] for name in present if name in there},
            **{file.artifact.filename: file.sha256 for file in files},
        },
        pages=written,
        dry_run=dry_run,
    )


def _writable(place: Location) -> Store:
    if isinstance(place, Container):
        return open_store(place)
    if isinstance(place, FolderIndex) and not place.path.is_file():
        return FolderStore(place.path)
    raise UsageError("to", f"{place.label} can be read only", "name a container (s3://...) or a folder")


def _there(project: LookedProject, chosen: Iterable[Candidate]) -> dict[str, str]:
    """Return the sha256 of each file of the version that is on the pages; raise Conflict before any is fetched."""
    promised = {candidate.artifact.filename: candidate.sha256 for candidate in chosen}
    removed = sorted(project.removed() & promised.keys())
    if removed:
        remedy = "promote again once `prune` has deleted it there: `prune --now` does at once"
        raise of_files(Conflict, removed, f"was removed from {project.store.label}; nothing was sent", remedy)
    there = {name: file.sha256 for name, file in project.files(promised).items()}
    differing = [name for name, sha256 in there.items() if promised[name] not in (None, sha256)]
    if differing:
        raise of_files(Conflict, differing, OTHER_BYTES, f"{project.store.label} keeps what it has: use a new version")
    refuse_twins({*promised, *project.artifacts()})
    return there


def _plan(project: LookedProject, files: list[LocalFile]) -> UploadPlan:
    """Return what to copy of the files that were fetched; raise Conflict for one that no digest was promised of."""
    published = project.files(file.artifact.filename for file in files)
    digests = {name: file.sha256 for name, file in published.items()}
    plan = plan_upload(files, digests, (), taken=project.artifacts())
    if plan.kept:
        raise of_files(Conflict, [file.artifact.filename for file in plan.kept], OTHER_BYTES)
    return plan


def _copy(plan: UploadPlan, project: Project, version: Version, when: str, ui: Ui) -> None:
    """Store the files behind an object that holds them back from every page, and take it away when all are there."""
    store, name = project.store, project.object(f"{version}{PROMOTING}")
    names = "\n".join(file.artifact.filename for file in plan.send)
    store.put(name, make_payload(names.encode(), TEXT_TYPE, layout.PAGE_CACHE))

    def done(sent: Sent) -> None:
        project.add(sent.file, *sent.entries)

    with ui.work("copy", files=len(plan.send), size=sum(file.size for file in plan.send)) as work:

        def send_one(file: LocalFile) -> Sent:
            return send_alone(project, file, when, expect=ABSENT, work=work)

        parallel.run(send_one, plan.send, project.keeping.workers, done, then=complete)
    store.delete(name)


def _show(wished: FetchPlan, plan: UploadPlan, store: Store, ui: Ui) -> None:
    rows = [PlanRow("copy", file.size, file.sha256, "", file.artifact.filename) for file in plan.send]
    there: list[LocalFile | Candidate] = [*wished.present, *plan.present]
    rows += [
        PlanRow("already there", file.size, file.sha256, "", file.artifact.filename, mark=Mark.SETTLED)
        for file in there
    ]
    ui.plan(f"Promote to {store.label}", rows)
