"""Send the artifacts of a folder to the container, and bring its pages up to date."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.commands.circumstances import check_that_it_lasts, reason_not_to
from wheelhouse_tasks.container import retention
from wheelhouse_tasks.container.looked import LookedProject, look
from wheelhouse_tasks.container.objects import (
    Sent,
    delete_hidden,
    open_projects,
    public_url,
    retire,
    send,
    send_companions,
    update_pages,
)
from wheelhouse_tasks.container.survey import NO_CONTAINER, survey
from wheelhouse_tasks.container.upload_plan import UploadPlan, plan_upload
from wheelhouse_tasks.errors import NothingToDo, WheelhouseError
from wheelhouse_tasks.publishing import platforms
from wheelhouse_tasks.publishing.finding import Finding, told_once
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.stamps.stamping import Stamped, stamp_builds
from wheelhouse_tasks.storage import publish
from wheelhouse_tasks.storage.folder import GITIGNORE, keep_out_of_git, let_into_git
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import ABSENT, Store
from wheelhouse_tasks.text import count, now_text, size_text
from wheelhouse_tasks.ui import DRY_RUN, PlanRow, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.storage.port import Entry


@dataclass(frozen=True, kw_only=True)
class UploadResult:
    """What `upload` did, or with `dry_run` would do."""

    container: str
    uploaded: tuple[str, ...] = ()
    #: Already there with the same sha256.
    present: tuple[str, ...] = ()
    #: Development builds that are there with other bytes, and stay as they are.
    kept: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    #: Object names of the pages written.
    pages: tuple[str, ...] = ()
    #: Where the container is readable, ending in "/", as far as known.
    url: str | None = None
    dry_run: bool
    #: Why nothing was done at all: a pull request build, or one without credentials.
    reason: str | None = None


def upload(  # noqa: PLR0915
    settings: Settings,
    ui: Ui | None = None,
    *,
    overwrite: bool = False,
    pull_request: bool = False,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> UploadResult:
    """Upload every wheel and sdist of the local folder that the container does not hold yet.

    All files are checked before the first byte is sent. With *overwrite* a published file may change its bytes.
    The build of a pull request sends nothing to a storage provider, unless *pull_request*. *now* gives seconds since
    the epoch. Raises WheelhouseError; what was uploaded until then is whole, and another run completes it.
    """
    ui = ui or Silent()
    check_that_it_lasts(settings)
    reason = reason_not_to(settings, pull_request=pull_request)
    if reason:
        ui.done(f"nothing was uploaded: {reason}")
        return UploadResult(container=settings.container.label, dry_run=dry_run, reason=reason)
    store = open_store(settings.container)
    artifacts, skipped = dist.scan(settings.local_folder)
    _note(skipped, ui)
    if not artifacts:
        raise NothingToDo(
            str(settings.local_folder),
            "holds no wheel or sdist",
            "build the project first, or use --local-folder",
        )
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch:
        stamped = _stamped(dist.read(artifacts, settings.options.max_workers), settings, Path(scratch), ui)
        local = stamped.files
        for file in local:
            if file.metadata.bad_requires:
                problem = f"its Requires-Python {file.metadata.bad_requires!r} is not valid, and is left off the pages"
                ui.warn(f"{file.artifact.filename}: {problem}")
        opened = open_projects(settings, store, {str(file.artifact.project) for file in local}, writing=not dry_run)
        before = survey(store, opened)
        looked: dict[str, LookedProject] = {} if before is NO_CONTAINER else before.projects
        projects: Mapping[str, Project] = opened if before is NO_CONTAINER else before.projects
        names = [file.artifact.filename for file in local]
        published = {name: file for project in looked.values() for name, file in project.files(names).items()}
        digests = {name: file.sha256 for name, file in published.items()}
        taken = {name for project in looked.values() for name in project.artifacts()}
        removed = {name for project in looked.values() for name in project.removed()}
        plan = plan_upload(local, digests, skipped, taken=taken, removed=removed, overwrite=overwrite)
        _note(plan.skipped[len(skipped) :], ui)
        _show(plan, store, ui)
        if plan.kept and stamped.doubt:
            ui.warn(stamped.doubt)
        _warn_of_platforms(plan, ui)
        url = mask_url(public_url(settings, store) or "") or None
        written: tuple[str, ...] = ()
        if dry_run:
            ui.done(DRY_RUN)
        else:
            if before is NO_CONTAINER and store.create():
                ui.done(f"created container {store.label}")
                _show_to_git(settings, ui, created=True)
                url = _make_public(settings, ui) or url
            else:
                _show_to_git(settings, ui, created=False)
            began = now()
            shown = {name: frozenset(project.cached) for name, project in looked.items()}
            _send_all(plan, published, projects, settings, ui, began)
            if settings.options.update_index:
                early = None if before is NO_CONTAINER else before
                written = update_pages(settings, store, projects.values(), ui, before=early)
                gone = _retire(plan, projects, shown, settings, began)
                if gone:
                    written += update_pages(settings, store, projects.values(), ui)
                    ui.done(f"retired {count(gone)}: {', '.join(gone)}")
            _show_outcome(plan, url, settings, ui)
    return UploadResult(
        container=store.label,
        uploaded=_names(plan.send),
        present=_names(plan.present),
        kept=_names(plan.kept),
        skipped=plan.skipped,
        pages=tuple(dict.fromkeys(written)),
        url=url,
        dry_run=dry_run,
    )


def _stamped(local: list[LocalFile], settings: Settings, scratch: Path, ui: Ui) -> Stamped:
    """Return the files; development builds that do not say when they were built are replaced by stamped ones."""
    if not settings.options.stamp:
        return Stamped(local)
    container = settings.container
    apart = [settings.local_folder, *([Path(container.container)] if container.provider == LOCAL else [])]
    workers = settings.options.max_workers
    stamped = stamp_builds(local, settings.root, settings.environ, scratch, apart=apart, workers=workers)
    for text in stamped.notes:
        ui.note(text)
    for text in stamped.warnings:
        ui.warn(text)
    return stamped


def _send_all(
    plan: UploadPlan,
    published: Mapping[str, File],
    projects: Mapping[str, Project],
    settings: Settings,
    ui: Ui,
    now: float,
) -> None:
    def send_one(local: LocalFile) -> Sent:
        new = local.artifact.filename not in published
        return send(projects[local.artifact.project], local, now_text(now), expect=ABSENT if new else None)

    def done(sent: Sent) -> None:
        sent.project.add(sent.file, *sent.entries)
        ui.progress(f"uploaded {sent.file.filename} ({size_text(sent.file.size)})")

    def complete(local: LocalFile) -> tuple[LocalFile, list[Entry]]:
        there = published[local.artifact.filename]
        described = not local.artifact.is_wheel or there.metadata_sha256 is not None
        if described and (there.attested or local.attestation is None):
            return local, []
        return local, send_companions(projects[local.artifact.project], local)

    parallel.run(send_one, plan.send, settings.options.max_workers, done)
    # a worker may have been killed between a wheel and its .metadata
    for file, entries in parallel.run(complete, plan.present, settings.options.max_workers):
        if entries:
            projects[file.artifact.project].add(published[file.artifact.filename], *entries)


def _retire(
    plan: UploadPlan,
    projects: Mapping[str, Project],
    shown: Mapping[str, frozenset[str]],
    settings: Settings,
    now: float,
) -> list[str]:
    """Retire older development builds of what was uploaded; return the names that left the pages, or were deleted.

    Nothing leaves the pages that this run, or another one beside it, has just brought there, and nothing that lies in
    the folder of this run: only what the pages of each project *shown* before the first byte was sent, and is not ours.
    """
    gone: list[str] = []
    ours = {file.artifact.filename for file in (*plan.send, *plan.present, *plan.kept)}
    for name, project in projects.items():
        files = [file.artifact for file in plan.send if file.artifact.project == name]
        slots = {retention.slot(file.filename) for file in files if file.version.is_devrelease}
        if slots:
            current = look(project)
            gone += retire(settings, current, now, slots, among=shown.get(name, frozenset()) - ours)
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


def _note(skipped: Iterable[Skipped], ui: Ui) -> None:
    for file in skipped:
        ui.note(f"skipped {file.name}: {file.reason}")


def _show(plan: UploadPlan, store: Store, ui: Ui) -> None:
    rows = [(file, "upload") for file in plan.send] + [(file, "already there") for file in plan.present]
    rows += [(file, "kept: other bytes are there") for file in plan.kept]
    ui.plan(
        f"Upload to {store.label}",
        [PlanRow(action, file.size, file.sha256, "", file.artifact.filename) for file, action in rows],
    )


def _warn_of_platforms(plan: UploadPlan, ui: Ui) -> None:
    """Tell which wheels, if they are ever released, stay off PyPI: the build can still be mended here."""
    refused = [(file.artifact.filename, platforms.refused(file.artifact.tags[2])) for file in plan.send]
    findings = [Finding(name, f"PyPI does not take the platform {', '.join(tags)}") for name, tags in refused if tags]
    for line in told_once(findings):
        ui.warn(line)


def _show_outcome(plan: UploadPlan, url: str | None, settings: Settings, ui: Ui) -> None:
    kept = f", {len(plan.kept)} kept as published" if plan.kept else ""
    ui.done(f"{count(plan.send)} uploaded, {len(plan.present)} already there, {len(plan.skipped)} skipped{kept}")
    if not settings.options.update_index:
        ui.note("the index pages were left alone: the next upload brings them up to date")
    elif url is None:
        ui.note("set public_url to the address under which the container is readable to see the install commands")
    else:
        # an object store has no page for a folder
        folders = settings.options.slash_pages or settings.options.public_url or settings.container.provider == LOCAL
        for project in plan.projects:
            files = [file for file in (*plan.present, *plan.send, *plan.kept) if file.artifact.project == project]
            wanted = f"{project}=={max(file.artifact.version for file in files)}"
            # --find-links adds to the default index, where the dependencies are
            where = (
                f"--find-links {url}index.html" if settings.options.flat_index else f"--extra-index-url {url}simple/"
            )
            ui.note(f"install it:  pip install {where} {wanted}")
            ui.note(f"        or:  uv pip install {where} {wanted}")
            if folders:
                ui.note(f"        or:  pip install --index-url {url}simple/ --no-deps {wanted}")


def _names(files: tuple[LocalFile, ...]) -> tuple[str, ...]:
    return tuple(file.artifact.filename for file in files)
