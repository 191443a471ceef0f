"""Send the artifacts of a folder to the container, and bring its pages up to date."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wheelhouse_tasks import converge, dist, pages, parallel
from wheelhouse_tasks.console import Silent, Ui, size_text
from wheelhouse_tasks.errors import Conflict, ContainerMissing, NothingToDo
from wheelhouse_tasks.pages import File
from wheelhouse_tasks.plan import LocalFile, Skipped, UploadPlan, plan_upload
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.storage import Payload, Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

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
    published, missing = _published(store, local, settings)
    digests = {name: file.sha256 for name, file in published.items()}
    plan = plan_upload(local, digests, skipped, overwrite=overwrite)
    _show(plan, store, ui)
    url = mask_url(settings.public_url.rstrip("/") + "/") if settings.public_url else store.public_url()
    written: tuple[str, ...] = ()
    if not dry_run:
        if missing:
            store.create()
            ui.note(f"created container {store.label}")
        uploaded = datetime.fromtimestamp(now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        written = _apply(plan, published, store, settings, ui, uploaded)
        _tell(plan, url, settings, ui)
    return UploadResult(store.label, _names(plan.send), _names(plan.present), plan.skipped, written, url, dry_run)


def _published(store: Store, local: list[LocalFile], settings: Settings) -> tuple[dict[str, File], bool]:
    """Return those of our names that the container holds, and whether there is no container yet."""
    published: dict[str, File] = {}
    for project in {file.artifact.project for file in local}:
        names = [file.artifact.filename for file in local if file.artifact.project == project]
        try:
            known = converge.catalogue(store, project, names, workers=settings.max_workers)
        except ContainerMissing:
            return {}, True
        published |= known
    return published, False


def _apply(
    plan: UploadPlan, published: dict[str, File], store: Store, settings: Settings, ui: Ui, uploaded: str
) -> tuple[str, ...]:
    own: dict[str, dict[str, File]] = {project: {} for project in plan.projects}

    def send(local: LocalFile) -> tuple[LocalFile, File]:
        return local, _send(store, local, uploaded, only_new=local.artifact.filename not in published)

    def done(pair: tuple[LocalFile, File]) -> None:
        local, file = pair
        own[local.artifact.project][file.filename] = file
        ui.detail(f"uploaded {file.filename} ({size_text(file.size)})")

    parallel.run(send, plan.send, settings.max_workers, done)
    # a worker that was killed between a wheel and its .metadata
    behind = [
        file
        for file in plan.present
        if file.artifact.is_wheel and not published[file.artifact.filename].metadata_sha256
    ]
    parallel.run(lambda file: _send_metadata(store, file), behind, settings.max_workers)
    if not settings.update_index:
        return ()
    result = converge.converge(store, own, workers=settings.max_workers, flat=settings.flat_index)
    ui.detail(f"pages settled after {result.rounds} rounds, {len(result.written)} written")
    return result.written


def _send(store: Store, file: LocalFile, uploaded: str, *, only_new: bool) -> File:
    """Store an artifact, then its METADATA beside it: nothing is promised before it is there."""
    name = pages.file_name(file.artifact.project, file.artifact.filename)
    said = file.metadata
    listed = File(file.artifact.filename, file.size, file.sha256, "", said.requires_python, said.sha256, uploaded)
    kind = WHEEL_TYPE if name.endswith((".whl", ".zip")) else SDIST_TYPE
    facts = converge.to_user_metadata(listed)
    payload = Payload(file.path, file.size, file.sha256, file.md5, kind, pages.FILE_CACHE, facts)
    try:
        entry = store.put(name, payload, only_new=only_new)
        listed = replace(listed, mark=entry.mark, upload_time=entry.modified or uploaded)
    except Conflict:  # another worker was faster
        theirs = converge.catalogue(store, file.artifact.project, [listed.filename], workers=1).get(listed.filename)
        if theirs is None or theirs.sha256 != file.sha256:
            raise
        listed = theirs
    _send_metadata(store, file)
    return listed


def _send_metadata(store: Store, file: LocalFile) -> None:
    said = file.metadata
    if said.sha256:
        name = pages.file_name(file.artifact.project, file.artifact.filename) + converge.METADATA
        md5 = hashlib.md5(said.text, usedforsecurity=False).hexdigest()
        store.put(name, Payload(said.text, len(said.text), said.sha256, md5, METADATA_TYPE, pages.FILE_CACHE))


def _show(plan: UploadPlan, store: Store, ui: Ui) -> None:
    rows = [(file, "upload") for file in plan.send] + [(file, "already there") for file in plan.present]
    ui.table(
        f"Upload to {store.label}",
        ("action", "size", "sha256", "file"),
        [(action, size_text(file.size), file.sha256[:12], file.artifact.filename) for file, action in rows],
    )


def _tell(plan: UploadPlan, url: str | None, settings: Settings, ui: Ui) -> None:
    count = len(plan.send)
    ui.note(
        f"{count} file{'s' * (count != 1)} uploaded, {len(plan.present)} already there, {len(plan.skipped)} skipped"
    )
    if url is None:
        ui.note("set public_url to the address under which the container is readable to see the install commands")
        return
    for project in plan.projects:
        version = max(file.artifact.version for file in (*plan.present, *plan.send) if file.artifact.project == project)
        ui.note(f"{project} {version} can be installed now:")
        ui.note(f"  pip install --index-url {url}simple/ {project}=={version}")
        ui.note(f"  uv pip install --index-url {url}simple/ {project}=={version}")
        if settings.flat_index:
            ui.note(f"  pip install --no-index --find-links {url}index.html {project}=={version}")


def _names(files: tuple[LocalFile, ...]) -> tuple[str, ...]:
    return tuple(file.artifact.filename for file in files)
