"""Keep a container: rebuild its pages, mark files, retire development builds."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.artifacts.companions import YANKED
from wheelhouse_tasks.artifacts.coverage import fits
from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.artifacts.metadata import Metadata
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.objects import (
    TEXT_TYPE,
    delete_hidden,
    hidden_since,
    hide,
    is_due,
    judge,
    open_projects,
    send,
    update_pages,
)
from wheelhouse_tasks.errors import BadArtifact, NotAnArtifact, NothingToDo, UsageError, counted
from wheelhouse_tasks.names import project_name, version_of
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import ABSENT, Store, make_payload
from wheelhouse_tasks.text import clock_text, count, now_text
from wheelhouse_tasks.ui import DRY_RUN, PlanRow, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wheelhouse_tasks.container.looked import LookedProject
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.settings.resolve import Settings


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
    stray = _stray(store) if adopt else []
    names = project_names(store) | {str(artifact.parse(name).project) for name in stray}
    if stray:
        ui.plan(f"Adopt in {store.label}", [PlanRow("adopt", None, None, "", name) for name in stray])
    written: tuple[str, ...] = ()
    if dry_run:
        ui.done(DRY_RUN)
    else:
        projects = open_projects(settings, store, names, writing=True, rebuild=True)
        _adopt(store, projects, stray, now(), ui)
        written = update_pages(settings, store, projects.values(), ui, adopt=adopt)
        parallel.run(store.delete, stray, settings.options.max_workers)  # the pages link the moved ones by now
        ui.done(f"projects: {len(names)}, pages written: {len(written)}")
    return IndexResult(
        container=store.label,
        projects=tuple(sorted(names)),
        adopted=tuple(stray),
        pages=written,
        dry_run=dry_run,
    )


def project_names(store: Store) -> set[str]:
    """Return the projects that have files or pages."""
    names = {entry.name.removeprefix("files/").partition("/")[0] for entry in store.list("files/")}
    names |= {entry.name.removeprefix(layout.JSON_FOLDER).partition("/")[0] for entry in store.list(layout.JSON_FOLDER)}
    return {name for name in names if _is_project(name)}


def _is_project(name: str) -> bool:
    try:
        return project_name(name) == name
    except UsageError:
        return False


def _stray(store: Store) -> list[str]:
    """Return the artifacts at the root of the container."""
    artifacts = []
    for entry in store.list(""):
        try:
            artifacts.append(artifact.parse(entry.name).filename)
        except NotAnArtifact:
            continue
    return artifacts


def _adopt(store: Store, projects: dict[str, Project], stray: list[str], now: float, ui: Ui) -> None:
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch:

        def move(name: str) -> None:
            named = artifact.parse(name)
            path = Path(scratch) / name
            with path.open("wb") as file:
                for block in store.read(name):
                    file.write(block)
            try:
                [local] = dist.read([(path, named)], 1)
            except BadArtifact as error:  # wheelhouse-uploader stamped names alone: linked all the same, as they were
                ui.warn(f"{error}; adopted as it is")
                sha256, md5, size = dist.digests(path)
                local = LocalFile(path, named, Metadata(b"", None, None), size, sha256, md5)
            send(projects[named.project], local, now_text(now), expect=ABSENT)
            path.unlink()

        for name in stray:
            move(name)


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

    def mark(project: Project, names: Sequence[str]) -> None:
        # a blank, because some providers refuse objects without bytes
        payload = make_payload((reason.strip() or " ").encode(), TEXT_TYPE, layout.PAGE_CACHE)
        for name in names:
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

    def mark(project: Project, names: Sequence[str]) -> None:
        for name in names:
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

    def mark(project: Project, names: Sequence[str]) -> None:
        hide(project, names, began)

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
    mark: Callable[[Project, Sequence[str]], None],
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
        mark(project, names)
        written = update_pages(settings, store, [project], ui)
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
            hide(project, retired, began)
            written = update_pages(settings, store, [project], ui)
        deleted = delete_hidden(look(project), began, grace)
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


def by_text(texts: dict[str, str]) -> list[tuple[str, list[str]]]:
    """Return each text with the names that have it."""
    names: dict[str, list[str]] = {}
    for name, text in texts.items():
        names.setdefault(text, []).append(name)
    return list(names.items())


def _size(project: LookedProject, name: str) -> int | None:
    entry = project.entries.get(project.object(name))
    return entry.size if entry else None
