"""The container of a run, as its commands open, fill and mark it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts.companions import ATTESTATION, METADATA, REMOVED, YANKED
from wheelhouse_tasks.container import retention
from wheelhouse_tasks.container.converge import converge
from wheelhouse_tasks.container.project import Project, to_user_metadata
from wheelhouse_tasks.errors import Changed, Conflict, UsageError
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.storage.port import Entry, Payload, Store, make_payload, read_all
from wheelhouse_tasks.text import now_text, parse_time

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.container.published import Page
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui

WHEEL_TYPE, SDIST_TYPE, TEXT_TYPE = "application/zip", "application/gzip", "text/plain; charset=utf-8"
JSON_TYPE = "application/json"


def open_projects(
    settings: Settings, store: Store, names: Iterable[str], *, writing: bool, rebuild: bool = False
) -> dict[str, Project]:
    """Return views of projects, by name, that nobody has looked at yet."""
    if settings.options.slash_pages and settings.container.provider == LOCAL:
        raise UsageError("slash_pages", "a folder cannot hold a page under its own name", "it is for object endpoints")
    return {
        name: Project(
            store,
            name,
            settings.options.max_workers,
            writing=writing,
            rebuild=rebuild,
            slash=settings.options.slash_pages,
        )
        for name in sorted(names)
    }


def public_url(settings: Settings, store: Store) -> str | None:
    """Return where the container is readable, ending in "/", with the credentials that `public_url` may hold."""
    if settings.options.public_url is None:
        return store.public_url()
    return f"{settings.options.public_url.rstrip('/')}/{settings.container.prefix}"


def update_pages(
    settings: Settings,
    store: Store,
    projects: Iterable[Project],
    ui: Ui,
    *,
    looked: bool = False,
    flat_page: Page | None = None,
    adopt: bool = False,
) -> tuple[str, ...]:
    """Bring the pages up to date; return the object names of those written."""
    result = converge(
        store,
        projects,
        workers=settings.options.max_workers,
        flat=settings.options.flat_index,
        looked=looked,
        flat_page=flat_page,
        slash=settings.options.slash_pages,
        adopt=adopt,
    )
    ui.detail(f"pages settled after {result.rounds} rounds, {len(result.written)} written")
    return result.written


@dataclass(frozen=True)
class Sent:
    """An artifact that is in the container now."""

    project: Project
    file: File
    entries: tuple[Entry, ...]


def send(project: Project, file: LocalFile, uploaded: str, *, expect: str | None) -> Sent:
    """Store an artifact, then its METADATA beside it: nothing is promised before it is there.

    *uploaded* is the time to tell, as in PEP 700; *expect* as for `Store.put`. Raises Conflict where another worker has
    just published the name with other bytes.
    """
    said, name = file.metadata, file.artifact.filename
    listed = File(name, file.size, file.sha256, "", said.requires_python, said.sha256, uploaded)
    kind = WHEEL_TYPE if name.endswith((".whl", ".zip")) else SDIST_TYPE
    payload = Payload(file.path, file.size, file.sha256, file.md5, kind, layout.FILE_CACHE, to_user_metadata(listed))
    try:
        entry = project.store.put(project.object(name), payload, expect=expect)
    except Changed:  # another worker was faster
        theirs = project.look_up(name)  # not of the listing, which may lag
        if theirs is None or theirs.sha256 != file.sha256:
            raise Conflict(name, "was published with other bytes a moment ago", "build under a new version") from None
        entry, listed = Entry(project.object(name), theirs.size, theirs.mark), theirs
    listed = replace(listed, mark=entry.mark, upload_time=entry.modified or listed.upload_time)
    return Sent(project, listed, (entry, *send_companions(project, file)))


def send_companions(project: Project, file: LocalFile) -> list[Entry]:
    """Store what lies beside an artifact: its METADATA, and its attestation where the build made one."""
    sent = []
    name = project.object(file.artifact.filename)
    if file.metadata.sha256 is not None:
        payload = make_payload(file.metadata.text, TEXT_TYPE, layout.FILE_CACHE)
        sent.append(project.store.put(name + METADATA, payload))
    if file.attestation is not None:
        payload = make_payload(file.attestation, JSON_TYPE, layout.FILE_CACHE)
        sent.append(project.store.put(name + ATTESTATION, payload))
    return sent


def hide(project: Project, names: Iterable[str], now: float) -> None:
    """Mark artifacts as removed at *now*, seconds since the epoch: off the pages, deleted after the grace period."""
    for name in names:
        payload = make_payload(now_text(now).encode(), TEXT_TYPE, layout.PAGE_CACHE)
        project.store.put(project.object(name) + REMOVED, payload)


def retire(
    settings: Settings,
    project: Project,
    now: float,
    slots: Collection[retention.Slot] | None = None,
    *,
    among: Collection[str] | None = None,
    dry_run: bool = False,
) -> list[str]:
    """Hide the development builds that the rule retires (of *slots*, *among* some file names only); return their names.

    *project* was looked at: a listing that failed has raised before.
    """
    when = datetime.fromtimestamp(now, UTC)
    files = project.files()
    spare = () if among is None else files.keys() - among
    retired = retention.retire(files.values(), settings.rule, when, slots, spare)
    names = [file.filename for file in retired]
    if not dry_run:
        hide(project, names, now)
    return names


def delete_hidden(project: Project, now: float, grace: float) -> list[str]:
    """Delete what was hidden more than *grace* hours before *now*; return the artifacts' names.

    The pages do not link it any more; the marker goes last, so that a worker that dies in between brings nothing back.
    """
    deleted = []
    for object_name in sorted(project.entries):
        if not object_name.endswith(REMOVED):
            continue
        hidden = parse_time(read_all(project.store, object_name).decode("ascii", "replace").strip())
        if hidden is None or now - hidden.timestamp() < grace * 3600:
            continue
        name = object_name.removesuffix(REMOVED)
        for suffix in ("", METADATA, YANKED, ATTESTATION, REMOVED):
            if name + suffix in project.entries:
                project.store.delete(name + suffix)
        deleted.append(name.removeprefix(project.object("")))
    return deleted
