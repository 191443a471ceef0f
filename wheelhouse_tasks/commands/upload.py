"""Send the artifacts of a folder to the container, and bring its pages up to date."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact, dist, stamp
from wheelhouse_tasks.commands.showing import Row, show_plan
from wheelhouse_tasks.container import retention
from wheelhouse_tasks.container.converge import check_ours
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
from wheelhouse_tasks.container.published import Page
from wheelhouse_tasks.container.upload_plan import UploadPlan, plan_upload
from wheelhouse_tasks.errors import ContainerMissing, NothingToDo, UsageError, WheelhouseError
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.publishing import platforms
from wheelhouse_tasks.publishing.finding import Finding, told_once
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.settings import ci
from wheelhouse_tasks.settings.credentials import is_given, variables_of
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.storage import publish
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import ABSENT, Store
from wheelhouse_tasks.text import count, now_text, size_text
from wheelhouse_tasks.ui import DRY_RUN, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.storage.port import Entry

#: tox hides every variable that is not named, also those by which a build of a pull request is known.
TOX_ADVICE = "name WHEELHOUSE_* and the variables of the CI service in pass_env of tox"


@dataclass(frozen=True)
class UploadResult:
    """What `upload` did, or with `dry_run` would do."""

    container: str
    uploaded: tuple[str, ...]
    #: Already there with the same sha256.
    present: tuple[str, ...]
    #: Development builds that are there with other bytes, and stay as they are.
    kept: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    #: Object names of the pages written.
    pages: tuple[str, ...]
    #: Where the container is readable, ending in "/", as far as known.
    url: str | None
    dry_run: bool
    #: Why nothing was done at all: a pull request build, or one without credentials.
    reason: str | None = None


def upload(
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
    _check_that_it_lasts(settings)
    reason = _reason_not_to(settings, pull_request=pull_request)
    if reason:
        ui.note(f"nothing was uploaded: {reason}")
        return UploadResult(settings.container.label, (), (), (), (), (), None, dry_run, reason)
    store = open_store(settings.container)
    found, skipped = dist.scan(settings.local_folder)
    _note(skipped, ui)
    if not found:
        raise NothingToDo(
            str(settings.local_folder),
            "holds no wheel or sdist",
            "build the project first, or use --local-folder",
        )
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch:
        local = _stamped(dist.read(found, settings.options.max_workers), settings, Path(scratch), ui)
        for file in local:
            if file.metadata.bad_requires:
                problem = f"its Requires-Python {file.metadata.bad_requires!r} is not valid, and is left off the pages"
                ui.warn(f"{file.artifact.filename}: {problem}")
        projects = open_projects(settings, store, {str(file.artifact.project) for file in local}, writing=not dry_run)
        published, flat_page = _look(store, projects.values(), local)
        digests = {name: file.sha256 for name, file in published.items()}
        taken = [name for each in projects.values() for entry in each.entries if (name := each.artifact(entry))]
        removed = {name for each in projects.values() for name in each.removed()}
        plan = plan_upload(local, digests, skipped, taken=taken, removed=removed, overwrite=overwrite)
        _note(plan.skipped[len(skipped) :], ui)
        _show(plan, store, ui)
        _warn_of_platforms(plan, ui)
        url = mask_url(public_url(settings, store) or "") or None
        written: tuple[str, ...] = ()
        if dry_run:
            ui.note(DRY_RUN)
        else:
            if flat_page is None and store.create():
                ui.note(f"created container {store.label}")
                url = _make_public(settings, ui) or url
            began = now()
            # where there is no container yet, nobody has looked
            shown = {} if flat_page is None else {name: frozenset(each.cached) for name, each in projects.items()}
            _send_all(plan, published, projects, settings, ui, began)
            if settings.options.update_index:
                looked = flat_page is not None
                written = update_pages(settings, store, projects.values(), ui, looked=looked, flat_page=flat_page)
                gone = _retire(plan, projects, shown, settings, began)
                if gone:
                    written += update_pages(settings, store, projects.values(), ui)
                    ui.note(f"retired {count(gone)}: {', '.join(gone)}")
            _tell(plan, url, settings, ui)
    return UploadResult(
        store.label,
        _names(plan.send),
        _names(plan.present),
        _names(plan.kept),
        plan.skipped,
        tuple(dict.fromkeys(written)),
        url,
        dry_run,
    )


def _check_that_it_lasts(settings: Settings) -> None:
    """Raise UsageError where nobody named a container, and the default folder would be lost with the build."""
    if settings.container_given:
        return
    files = "provider and container in [tool.wheelhouse]; a container alone is a folder of this machine"
    if ci.in_tox(settings.environ):
        problem = "neither provider nor container is set, unless tox hides them"
        raise UsageError("container", problem, f"{TOX_ADVICE}, or set {files}")
    service = ci.service(settings.environ)
    if service:
        problem = f"neither provider nor container is set, and this build ({service}) would lose the default folder"
        raise UsageError("container", problem, f"set WHEELHOUSE_PROVIDER and WHEELHOUSE_CONTAINER, or {files}")


def _reason_not_to(settings: Settings, *, pull_request: bool) -> str:
    """Return why this build should not reach the storage provider, or an empty text."""
    container = settings.container
    if container.provider == LOCAL:
        return ""
    if not pull_request and ci.is_pull_request(settings.environ):
        return f"this is the build of a pull request ({ci.service(settings.environ)}); see --upload-pull-request"
    given = container.credentials is not None or is_given(container.provider, settings.environ)
    if not given and settings.options.missing_credentials == "skip":
        advice = f"set {variables_of(container.provider)}" + f"; {TOX_ADVICE}" * ci.in_tox(settings.environ)
        return f"there are no credentials, and missing_credentials is skip ({advice})"
    return ""


def _stamped(local: list[LocalFile], settings: Settings, scratch: Path, ui: Ui) -> list[LocalFile]:
    """Return the files; development wheels that do not say when they were built are replaced by stamped ones."""
    todo = [file for file in local if settings.options.stamp and stamp.needs_stamp(file.artifact)]
    if not todo:
        return local
    commit = stamp.commit_time(settings.root) or stamp.source_date(settings.environ)
    fresh = []
    for file in todo:
        when = commit if commit is not None else stamp.newest_member(file.path)
        path = stamp.rewrite(file.path, file.artifact, when, scratch)
        ui.note(f"stamped {file.artifact.filename} as {path.name}")
        fresh.append((path, artifact.parse(path.name)))
    attested = {file.path.name for file in todo if file.attestation is not None}
    for name in sorted(attested):
        ui.warn(f"{name}: its attestation is of other bytes than those of the stamped wheel, and is left behind")
    return [file for file in local if file not in todo] + dist.read(fresh, settings.options.max_workers)


def _look(store: Store, projects: Iterable[Project], local: list[LocalFile]) -> tuple[dict[str, File], Page | None]:
    """Return those of our names that the container holds, and its flat page; None where there is no container yet."""
    published: dict[str, File] = {}
    names = [file.artifact.filename for file in local]
    try:
        flat_page = Page.read(store, layout.FLAT)
        check_ours(store, flat_page)
        for project in projects:
            project.look()
            published |= project.files(names)
    except ContainerMissing:
        return {}, None
    return published, flat_page


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
        ui.detail(f"uploaded {sent.file.filename} ({size_text(sent.file.size)})")

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
            project.look()
            gone += retire(settings, project, now, slots, among=shown.get(name, frozenset()) - ours)
            gone += delete_hidden(project, now, settings.options.grace)
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
        ui.note(f"everybody can read it: {url}")
    return None if settings.options.public_url else url


def _note(skipped: Iterable[Skipped], ui: Ui) -> None:
    for each in skipped:
        ui.note(f"skipped {each.name}: {each.reason}")


def _show(plan: UploadPlan, store: Store, ui: Ui) -> None:
    rows = [(file, "upload") for file in plan.send] + [(file, "already there") for file in plan.present]
    rows += [(file, "kept: other bytes are there") for file in plan.kept]
    show_plan(
        ui,
        f"Upload to {store.label}",
        [Row(action, file.size, file.sha256, "", file.artifact.filename) for file, action in rows],
    )


def _warn_of_platforms(plan: UploadPlan, ui: Ui) -> None:
    """Tell which wheels, if they are ever released, stay off PyPI: the build can still be mended here."""
    refused = [(file.artifact.filename, platforms.refused(file.artifact.tags[2])) for file in plan.send]
    found = [Finding(name, f"PyPI does not take the platform {', '.join(tags)}") for name, tags in refused if tags]
    for line in told_once(found):
        ui.warn(line)


def _tell(plan: UploadPlan, url: str | None, settings: Settings, ui: Ui) -> None:
    kept = f", {len(plan.kept)} kept as published" if plan.kept else ""
    ui.note(f"{count(plan.send)} uploaded, {len(plan.present)} already there, {len(plan.skipped)} skipped{kept}")
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
