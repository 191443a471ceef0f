"""Keep a container: rebuild its pages, mark files, retire development builds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.artifacts.companions import YANKED
from wheelhouse_tasks.artifacts.coverage import fits
from wheelhouse_tasks.commands.adoption import adopt_all, artifacts_at_root
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.objects import (
    TEXT_TYPE,
    delete_hidden,
    hidden_since,
    hide,
    is_due,
    judge,
    open_projects,
    update_pages,
)
from wheelhouse_tasks.container.survey import project_names
from wheelhouse_tasks.errors import NothingToDo, UsageError, counted
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import make_payload
from wheelhouse_tasks.text import by_text, clock_text, count
from wheelhouse_tasks.ui import DRY_RUN, PlanRow, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wheelhouse_tasks.container.looked import LookedProject
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.settings.resolve import Settings


#: What was done with files; `remove` tells more.
DONE = {"yank": "yanked", "unyank": "no longer yanked"}


@dataclass(frozen=True, kw_only=True)
class IndexResult:
    """What `index` did, or with `dry_run` would do."""

    container: str
    projects: tuple[str, ...]
    #: Files taken over from the root of the container.
    adopted: tuple[str, ...]
    pages: tuple[str, ...]
    dry_run: bool


def index(
    settings: Settings,
    ui: Ui | None = None,
    *,
    adopt: bool = False,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> IndexResult:
    """Rebuild every page from the listing; pages that cannot be understood are replaced.

    With *adopt*, artifacts at the root of the container, where wheelhouse-uploader keeps them, are moved into the
    layout, and its index.html is replaced. Raises WheelhouseError; another run goes on.
    """
    ui = ui or Silent()
    store = open_store(settings.container)
    stray = artifacts_at_root(store) if adopt else []
    names = project_names(store) | {str(artifact.parse(name).project) for name in stray}
    if stray:
        ui.plan(f"Adopt in {store.label}", [PlanRow("adopt", None, None, "", name) for name in stray])
    written: tuple[str, ...] = ()
    if dry_run:
        ui.done(DRY_RUN)
    else:
        projects = open_projects(settings, store, names, writing=True, rebuild=True)
        adopt_all(store, projects, stray, now(), ui)
        written = update_pages(settings, store, projects.values(), ui, adopt=adopt)
        with ui.work("delete at the root", files=len(stray)) as work:  # the pages link the moved ones by now

            def delete(name: str) -> None:
                with work.transfer(name):
                    store.delete(name)

            parallel.run(delete, stray, settings.options.max_workers)
        ui.done(f"projects: {len(names)}, pages written: {len(written)}")
    return IndexResult(
        container=store.label,
        projects=tuple(sorted(names)),
        adopted=tuple(stray),
        pages=written,
        dry_run=dry_run,
    )


@dataclass(frozen=True, kw_only=True)
class MarkResult:
    """What `yank`, `unyank` or `remove` did, or with `dry_run` would do."""

    container: str
    files: tuple[str, ...]
    pages: tuple[str, ...]
    dry_run: bool
    #: Of `remove`: when `prune` deletes the files at the earliest, as in ISO 8601.
    until: str | None = None


def yank(
    settings: Settings,
    ui: Ui | None = None,
    *,
    version: str | None,
    reason: str = "",
    only: Sequence[str] = (),
    dry_run: bool = False,
) -> MarkResult:
    """Yank the files of a *version* (that fit the patterns *only*): installers take them only when pinned (PEP 592)."""

    def mark(project: Project, name: str) -> None:
        # a blank, because some providers refuse objects without bytes
        payload = make_payload((reason.strip() or " ").encode(), TEXT_TYPE, layout.PAGE_CACHE)
        project.store.put(project.object(name) + YANKED, payload)

    return _mark(settings, ui or Silent(), "yank", version, only, mark, dry_run=dry_run)


def unyank(
    settings: Settings,
    ui: Ui | None = None,
    *,
    version: str | None,
    only: Sequence[str] = (),
    dry_run: bool = False,
) -> MarkResult:
    """Take back a yank."""

    def mark(project: Project, name: str) -> None:
        project.store.delete(project.object(name) + YANKED)

    return _mark(settings, ui or Silent(), "unyank", version, only, mark, dry_run=dry_run)


def remove(
    settings: Settings,
    ui: Ui | None = None,
    *,
    version: str | None,
    only: Sequence[str] = (),
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> MarkResult:
    """Take files off the pages now; `prune` deletes them after the grace period."""
    ui, began = ui or Silent(), now()

    def mark(project: Project, name: str) -> None:
        hide(project, [name], began)

    result = _mark(settings, ui, "remove", version, only, mark, dry_run=dry_run)
    until = clock_text(began + settings.options.grace * 3600)
    if not dry_run:
        ui.done(
            f"{count(result.files)} off the pages; the first prune after {until} deletes them (see the setting grace)"
        )
        ui.note("nothing puts them back: run prune --now, which deletes them at once, then upload the files again")
    return replace(result, until=until)


def _mark(
    settings: Settings,
    ui: Ui,
    verb: str,
    version: str | None,
    only: Sequence[str],
    mark: Callable[[Project, str], None],
    *,
    dry_run: bool,
) -> MarkResult:
    if not version:
        raise UsageError("version", "not given", f"{verb} needs --version X.Y.Z")
    wanted, name = version_of(version), settings.need_project()
    store = open_store(settings.container)
    project = open_projects(settings, store, [name], writing=not dry_run)[name]
    files = look(project).files()
    artifacts = [artifact.parse(filename) for filename in files]
    names = [file.filename for file in artifacts if file.version == wanted and fits(file, only)]
    if not names:
        there = ", ".join(map(str, sorted({file.version for file in artifacts}))) or "none"
        raise NothingToDo(f"{name} {wanted}", f"no file to {verb} in {store.label}", f"versions there: {there}")
    _show(f"{verb.capitalize()} in {store.label}", verb, [files[filename] for filename in names], ui)
    written: tuple[str, ...] = ()
    if dry_run:
        ui.done(DRY_RUN)
    else:
        with ui.work(verb, files=len(names)) as work:
            for filename in names:
                with work.transfer(filename):
                    mark(project, filename)
        written = update_pages(settings, store, [project], ui)
        if verb in DONE:
            ui.done(f"{count(names)} {DONE[verb]}")
    return MarkResult(container=store.label, files=tuple(names), pages=written, dry_run=dry_run)


def _show(title: str, verb: str, files: Iterable[File], ui: Ui) -> None:
    ui.plan(title, [PlanRow(verb, file.size, file.sha256, "", file.filename) for file in files])


@dataclass(frozen=True, kw_only=True)
class PruneResult:
    """What `prune` did, or with `dry_run` would do."""

    container: str
    #: Taken off the pages by the rule, now.
    retired: tuple[str, ...]
    #: Deleted, because they were off the pages for longer than the grace period.
    deleted: tuple[str, ...]
    pages: tuple[str, ...]
    dry_run: bool
    #: Why each file is retired or deleted, by its name.
    reasons: dict[str, str] = field(default_factory=dict)
    #: Development builds with enough newer ones that stay all the same, and why.
    spared: dict[str, str] = field(default_factory=dict)
    #: When what is off the pages and not deleted yet may be deleted, as in ISO 8601, by file name.
    waiting: dict[str, str] = field(default_factory=dict)


def prune(
    settings: Settings,
    ui: Ui | None = None,
    *,
    at_once: bool = False,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> PruneResult:
    """Retire the project's development builds by the rule of the settings, and delete what was retired long enough ago.

    With *at_once* there is no grace period: installers with an old page in their cache may then fail. A listing that
    fails ends the run before anything is marked.
    """
    ui = ui or Silent()
    store, name, began = open_store(settings.container), settings.need_project(), now()
    project = open_projects(settings, store, [name], writing=not dry_run)[name]
    view = look(project)
    grace = 0 if at_once else settings.options.grace
    verdicts = judge(settings, view, began)
    retired = {verdict.file.filename: verdict.why for verdict in verdicts if verdict.retired}
    hidden = hidden_since(store, view.entries, view.object(""))
    due = {name: f"off the pages since {clock_text(since.timestamp())}" for name, since in hidden.items()}
    due = {name: f"{why}, grace {grace:g} h" for name, why in due.items() if is_due(hidden[name], began, grace)}
    waiting = {name: since.timestamp() for name, since in hidden.items() if name not in due}
    if grace:
        waiting |= dict.fromkeys(retired, began)
    files = view.files(retired)
    rows = [PlanRow("retire", files[old].size, files[old].sha256, "", old, why) for old, why in retired.items()]
    rows += [PlanRow("delete", _size(view, old), None, "", old, why) for old, why in due.items()]
    until = {name: clock_text(since + settings.options.grace * 3600) for name, since in sorted(waiting.items())}
    spared = {verdict.file.filename: verdict.why for verdict in verdicts if not verdict.retired}
    if rows:
        ui.plan(f"Retire in {store.label}" if retired else f"Delete in {store.label}", rows)
    for why, names in by_text(spared):
        ui.note(f"stays, because {why}: {counted(names)}")
    for when, names in by_text(until):
        ui.note(f"off the pages, and deleted by the first prune after {when}: {counted(names)}")
    # what is retired without grace is deleted in the same run
    deleted = sorted({*due, *(retired if not grace else ())})
    written: tuple[str, ...] = ()
    if dry_run:
        ui.done(DRY_RUN)
    else:
        if retired:
            with ui.work("retire", files=len(retired)) as work:
                hide(project, retired, began, work)
            written = update_pages(settings, store, [project], ui)
        with ui.work("delete") as work:
            deleted = delete_hidden(look(project), began, grace, work)
        if deleted:
            written += update_pages(settings, store, [project], ui)
        ui.done(f"{count(retired)} retired, {count(deleted)} deleted")
    return PruneResult(
        container=store.label,
        retired=tuple(retired),
        deleted=tuple(deleted),
        pages=tuple(dict.fromkeys(written)),
        dry_run=dry_run,
        reasons={**due, **retired},
        spared=spared,
        waiting=until,
    )


def _size(project: LookedProject, name: str) -> int | None:
    entry = project.entries.get(project.object(name))
    return entry.size if entry else None
