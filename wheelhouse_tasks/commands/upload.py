"""Send the artifacts of a folder to the container, and bring its pages up to date."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wheelhouse_tasks import dist, pages, parallel
from wheelhouse_tasks.console import DRY_RUN, Silent, Ui, count, size_text
from wheelhouse_tasks.converge import check_ours, converge
from wheelhouse_tasks.errors import Changed, Conflict, ContainerMissing, NothingToDo
from wheelhouse_tasks.pages import File
from wheelhouse_tasks.plan import LocalFile, Skipped, UploadPlan, plan_upload
from wheelhouse_tasks.project import METADATA, Project, to_user_metadata
from wheelhouse_tasks.published import Page
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.storage import ABSENT, Entry, Payload, Store, make_payload, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wheelhouse_tasks.settings import Settings

WHEEL_TYPE, SDIST_TYPE, METADATA_TYPE = "application/zip", "application/gzip", "text/plain; charset=utf-8"


@dataclass(frozen=True)
class UploadResult:
    """What `upload` did, or with `dry_run` would do."""

    container: str
    uploaded: tuple[str, ...]
    #: Already there with the same sha256.
    present: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    #: Object names of the pages written.
    pages: tuple[str, ...]
    #: Where the container is readable, ending in "/", as far as known.
    url: str | None
    dry_run: bool


def upload(
    settings: Settings,
    ui: Ui | None = None,
    *,
    overwrite: bool = False,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> UploadResult:
    """Upload every wheel and sdist of the local folder that the container does not hold yet.

    All files are checked before the first byte is sent. With *overwrite* a published file may change its bytes.
    *now* gives seconds since the epoch. Raises WheelhouseError; what was uploaded until then is whole, and another
    run completes it.
    """
    ui = ui or Silent()
    store = open_store(settings.container)
    found, skipped = dist.scan(settings.local_folder)
    for each in skipped:
        ui.note(f"skipped {each.name}: {each.reason}")
    if not found:
        raise NothingToDo(
            str(settings.local_folder),
            "holds no wheel or sdist",
            "build the project first, or use --local-folder",
        )
    local = dist.read(found, settings.max_workers)
    names = sorted({str(file.artifact.project) for file in local})
    projects = {name: Project(store, name, settings.max_workers, writing=not dry_run) for name in names}
    published, missing = _look(store, projects.values(), local)
    digests = {name: file.sha256 for name, file in published.items()}
    taken = [name for project in projects.values() for entry in project.entries if (name := project.artifact(entry))]
    plan = plan_upload(local, digests, skipped, taken=taken, overwrite=overwrite)
    _show(plan, store, ui)
    url = _public_url(settings, store)
    written: tuple[str, ...] = ()
    if dry_run:
        ui.note(DRY_RUN)
    else:
        if missing and store.create():
            ui.note(f"created container {store.label}")
        _send_all(plan, published, projects, settings, ui, now)
        if settings.update_index:
            written = _update_pages(store, projects, settings, ui, looked=not missing)
        _tell(plan, url, settings, ui)
    return UploadResult(store.label, _names(plan.send), _names(plan.present), plan.skipped, written, url, dry_run)


def _look(store: Store, projects: Iterable[Project], local: list[LocalFile]) -> tuple[dict[str, File], bool]:
    """Return those of our names that the container holds, and whether there is no container yet."""
    published: dict[str, File] = {}
    names = [file.artifact.filename for file in local]
    try:
        check_ours(store, Page.read(store, pages.FLAT))
        for project in projects:
            project.look()
            published |= project.files(names)
    except ContainerMissing:
        return {}, True
    return published, False


def _send_all(
    plan: UploadPlan,
    published: Mapping[str, File],
    projects: Mapping[str, Project],
    settings: Settings,
    ui: Ui,
    now: Callable[[], float],
) -> None:
    uploaded = datetime.fromtimestamp(now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def send(local: LocalFile) -> Sent:
        new = local.artifact.filename not in published
        return _send(projects[local.artifact.project], local, uploaded, expect=ABSENT if new else None)

    def done(sent: Sent) -> None:
        sent.project.add(sent.file, *sent.entries)
        ui.detail(f"uploaded {sent.file.filename} ({size_text(sent.file.size)})")

    parallel.run(send, plan.send, settings.max_workers, done)
    # a worker may have been killed between a wheel and its .metadata
    wheels = [file for file in plan.present if file.artifact.is_wheel]
    behind = [file for file in wheels if not published[file.artifact.filename].metadata_sha256]
    parallel.run(lambda file: _send_metadata(projects[file.artifact.project], file), behind, settings.max_workers)


def _update_pages(
    store: Store, projects: Mapping[str, Project], settings: Settings, ui: Ui, *, looked: bool
) -> tuple[str, ...]:
    flat, workers = settings.flat_index, settings.max_workers
    result = converge(store, projects.values(), workers=workers, flat=flat, looked=looked)
    ui.detail(f"pages settled after {result.rounds} rounds, {len(result.written)} written")
    return result.written


@dataclass(frozen=True)
class Sent:
    """An artifact that is in the container now."""

    project: Project
    file: File
    entries: tuple[Entry, ...]


def _send(project: Project, file: LocalFile, uploaded: str, *, expect: str | None) -> Sent:
    """Store an artifact, then its METADATA beside it: nothing is promised before it is there."""
    said, name = file.metadata, file.artifact.filename
    listed = File(name, file.size, file.sha256, "", said.requires_python, said.sha256, uploaded)
    kind = WHEEL_TYPE if name.endswith((".whl", ".zip")) else SDIST_TYPE
    payload = Payload(file.path, file.size, file.sha256, file.md5, kind, pages.FILE_CACHE, to_user_metadata(listed))
    try:
        entry = project.store.put(project.object(name), payload, expect=expect)
    except Changed:  # another worker was faster
        theirs = Project(project.store, project.name, 1)
        theirs.look()
        found = theirs.files([name]).get(name)
        if found is None or found.sha256 != file.sha256:
            raise Conflict(name, "was published with other bytes a moment ago", "build under a new version") from None
        entry, listed = theirs.entries[project.object(name)], found
    listed = replace(listed, mark=entry.mark, upload_time=entry.modified or listed.upload_time)
    return Sent(project, listed, (entry, *_send_metadata(project, file)))


def _send_metadata(project: Project, file: LocalFile) -> list[Entry]:
    if file.metadata.sha256 is None:
        return []
    payload = make_payload(file.metadata.text, METADATA_TYPE, pages.FILE_CACHE)
    return [project.store.put(project.object(file.artifact.filename) + METADATA, payload)]


def _public_url(settings: Settings, store: Store) -> str | None:
    if settings.public_url is None:
        return store.public_url()
    return mask_url(f"{settings.public_url.rstrip('/')}/{settings.container.prefix}")


def _show(plan: UploadPlan, store: Store, ui: Ui) -> None:
    rows = [(file, "upload") for file in plan.send] + [(file, "already there") for file in plan.present]
    ui.table(
        f"Upload to {store.label}",
        ("action", "size", "sha256", "file"),
        [(action, size_text(file.size), file.sha256[:12], file.artifact.filename) for file, action in rows],
    )


def _tell(plan: UploadPlan, url: str | None, settings: Settings, ui: Ui) -> None:
    ui.note(f"{count(plan.send)} uploaded, {len(plan.present)} already there, {len(plan.skipped)} skipped")
    if not settings.update_index:
        ui.note("the index pages were left alone: the next upload brings them up to date")
    elif url is None:
        ui.note("set public_url to the address under which the container is readable to see the install commands")
    else:
        for project in plan.projects:
            files = [file for file in (*plan.present, *plan.send) if file.artifact.project == project]
            wanted = f"{project}=={max(file.artifact.version for file in files)}"
            # --find-links adds to the default index, where the dependencies are
            where = f"--find-links {url}index.html" if settings.flat_index else f"--extra-index-url {url}simple/"
            ui.note(f"install it:  pip install {where} {wanted}")
            ui.note(f"        or:  uv pip install {where} {wanted}")
            ui.note(f"        or:  pip install --index-url {url}simple/ --no-deps {wanted}")


def _names(files: tuple[LocalFile, ...]) -> tuple[str, ...]:
    return tuple(file.artifact.filename for file in files)
