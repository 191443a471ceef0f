"""The container of a run, as commands open it, fill it and mark its artifacts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from wheelhouse_tasks.artifacts.companions import ATTESTATION, METADATA, REMOVED, YANKED
from wheelhouse_tasks.container import retention
from wheelhouse_tasks.container.converge import converge
from wheelhouse_tasks.container.project import Project, to_user_metadata
from wheelhouse_tasks.container.published import Keeping
from wheelhouse_tasks.errors import Changed, Conflict, UsageError
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.people.versions import Front
from wheelhouse_tasks.secret import HIDDEN, mask_url
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.storage import publish
from wheelhouse_tasks.storage.port import Entry, Payload, Store, make_payload, read_all
from wheelhouse_tasks.text import count, now_text, parse_time
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.container.looked import LookedProject
    from wheelhouse_tasks.container.survey import Survey
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui, Work

WHEEL_TYPE, SDIST_TYPE, TEXT_TYPE = "application/zip", "application/gzip", "text/plain; charset=utf-8"
JSON_TYPE = "application/json"


def keeping_of(settings: Settings, *, adopt: bool = False) -> Keeping:
    """Return how the settings keep the pages of the container."""
    options = settings.options
    return Keeping(workers=options.max_workers, flat=options.flat_index, slash=options.slash_pages, adopt=adopt)


def open_projects(
    settings: Settings, store: Store, names: Iterable[str], *, writing: bool, rebuild: bool = False
) -> dict[str, Project]:
    """Return projects by name, without a request; *writing* and *rebuild* as for `Project`."""
    if settings.options.slash_pages and settings.container.provider == LOCAL:
        raise UsageError("slash_pages", "a folder cannot hold a page under its own name", "it is for object endpoints")
    keeping = keeping_of(settings)
    return {name: Project(store, name, keeping, writing=writing, rebuild=rebuild) for name in sorted(names)}


def public_url(settings: Settings, store: Store) -> str | None:
    """Return the URL below which objects are readable, ending in "/"; the setting `public_url` may hold credentials."""
    if settings.options.public_url is None:
        return store.public_url()
    return f"{settings.options.public_url.rstrip('/')}/{quote(settings.container.prefix)}"


def address(settings: Settings, store: Store) -> str | None:
    """Return `public_url`, else the address of the provider itself, for whoever may read it; None where neither is."""
    return public_url(settings, store) or publish.address(settings.container)


def page_address(settings: Settings, store: Store) -> str | None:
    """Return the URL of the flat page as everybody may read it there, or None where it is not known.

    It holds no credentials. A folder that somebody named may be published anywhere, and its pages must not show where
    it lay; one that nobody named is for this machine.
    """
    if settings.options.public_url is None and settings.container.provider == LOCAL:
        base = None if settings.container_given else store.public_url()
    else:
        base = address(settings, store)
    url = mask_url(base or "").replace(f"{HIDDEN}@", "")
    return f"{url}{layout.FLAT}" if ADDRESS.fullmatch(url) else None


#: What a command can hold and a page may show: no query, which may be a signature, and no white space.
ADDRESS = re.compile(r"(?:https?|file)://[!$-;=@-~]{0,2000}/")


def update_pages(
    settings: Settings,
    store: Store,
    projects: Iterable[Project],
    ui: Ui,
    *,
    before: Survey | None = None,
    adopt: bool = False,
) -> tuple[str, ...]:
    """Bring the pages up to date; return the object names of those written. *before* as for `converge`."""
    front = Front(title=settings.options.title or "", address=page_address(settings, store) or "")
    keeping = replace(keeping_of(settings, adopt=adopt), front=front)
    with ui.work("pages") as work:
        watched = [replace(project, keeping=replace(project.keeping, work=work)) for project in projects]
        result = converge(store, watched, keeping, before=before)
    ui.detail(f"pages settled after {count(result.rounds, 'round')}, {len(result.written)} written")
    return result.written


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An artifact that is in the container now."""

    project: Project
    #: What was sent, and what pages show of it.
    local: LocalFile
    file: File
    #: Its objects.
    entries: tuple[Entry, ...]


def send(project: Project, file: LocalFile, uploaded: str, *, expect: str | None, work: Work = UNSEEN) -> Sent:
    """Store an artifact, then its companions; arguments and errors as of `send_alone`."""
    return complete(send_alone(project, file, uploaded, expect=expect, work=work))


def complete(sent: Sent) -> Sent:
    """Store the companions of an artifact that is there: no page may promise them before."""
    return replace(sent, entries=(*sent.entries, *send_companions(sent.project, sent.local)))


def send_alone(project: Project, file: LocalFile, uploaded: str, *, expect: str | None, work: Work = UNSEEN) -> Sent:
    """Store an artifact without its companions.

    *uploaded* is the upload time that pages show, as in PEP 700; *expect* as for `Store.put`. Raises Conflict where
    another worker has just published the name with other bytes. *work* counts the artifact.
    """
    described, name = file.metadata, file.artifact.filename
    listed = File(name, file.size, file.sha256, "", described.requires_python, described.sha256, uploaded)
    kind = WHEEL_TYPE if name.endswith((".whl", ".zip")) else SDIST_TYPE
    facts = to_user_metadata(listed)
    try:
        with work.transfer(name, file.size) as transfer:
            payload = Payload(file.path, file.size, file.sha256, kind, layout.FILE_CACHE, facts, transfer=transfer)
            entry = project.store.put(project.object(name), payload, expect=expect)
    except Changed:  # another worker was faster
        theirs = project.describe(name)  # by a request: the listing may lag
        if theirs is None or theirs.sha256 != file.sha256:
            raise Conflict(name, "was published with other bytes a moment ago", "build under a new version") from None
        entry, listed = Entry(project.object(name), theirs.size, theirs.mark), theirs
    listed = replace(listed, mark=entry.mark, upload_time=entry.modified or listed.upload_time)
    return Sent(project=project, local=file, file=listed, entries=(entry,))


def send_companions(project: Project, file: LocalFile) -> list[Entry]:
    """Store the companions of an artifact: its METADATA, and its attestation where the build made one."""
    entries = []
    name = project.object(file.artifact.filename)
    if file.metadata.sha256 is not None:
        payload = make_payload(file.metadata.text, TEXT_TYPE, layout.FILE_CACHE)
        entries.append(project.store.put(name + METADATA, payload))
    if file.attestation is not None:
        payload = make_payload(file.attestation, JSON_TYPE, layout.FILE_CACHE)
        entries.append(project.store.put(name + ATTESTATION, payload))
    return entries


def hide(project: Project, names: Iterable[str], now: float, work: Work = UNSEEN) -> None:
    """Mark artifacts as removed at *now*, in seconds since the epoch.

    The next pages leave the artifacts out; `delete_hidden` deletes them after the grace period. *work* counts them.
    """
    for name in names:
        payload = make_payload(now_text(now).encode(), TEXT_TYPE, layout.PAGE_CACHE)
        with work.transfer(name):
            project.store.put(project.object(name) + REMOVED, payload)


def judge(
    settings: Settings,
    project: LookedProject,
    now: float,
    slots: Collection[retention.Slot] | None = None,
    *,
    among: Collection[str] | None = None,
) -> tuple[retention.Verdict, ...]:
    """Return what the rule does with the development builds that newer ones stand before; arguments as of `retire`."""
    files = project.files()
    spare = () if among is None else files.keys() - among
    return retention.judge(files.values(), settings.rule, datetime.fromtimestamp(now, UTC), slots, spare)


def retire(
    settings: Settings,
    project: LookedProject,
    now: float,
    slots: Collection[retention.Slot] | None = None,
    *,
    among: Collection[str] | None = None,
) -> list[str]:
    """Hide the development builds that the rule retires, and return their names.

    Where *slots* are given, builds of other slots stay, and where *among* is given, builds of other file names do.
    """
    verdicts = judge(settings, project, now, slots, among=among)
    names = [verdict.file.filename for verdict in verdicts if verdict.retired]
    hide(project, names, now)
    return names


def hidden_since(store: Store, entries: Iterable[str], prefix: str) -> dict[str, datetime]:
    """Return when each artifact was taken off the pages, by file name, given the object names below *prefix*.

    One whose time cannot be read is left out: it is never deleted.
    """
    times = {}
    for entry in sorted(entries):
        if entry.endswith(REMOVED):
            hidden = parse_time(read_all(store, entry).decode("ascii", "replace").strip())
            if hidden is not None:
                times[entry.removeprefix(prefix).removesuffix(REMOVED)] = hidden
    return times


def delete_hidden(project: LookedProject, now: float, grace: float, work: Work = UNSEEN) -> list[str]:
    """Delete the artifacts that were hidden more than *grace* hours before *now*; return their names.

    No page links them any more. The marker is deleted last, so that the artifact of a worker that dies in between does
    not come back. *work* counts them.
    """
    hidden = hidden_since(project.store, project.entries, project.object(""))
    due = [name for name, since in hidden.items() if is_due(since, now, grace)]
    work.expect(len(due))
    for filename in due:
        name = project.object(filename)
        with work.transfer(filename):
            for suffix in ("", METADATA, YANKED, ATTESTATION, REMOVED):
                if name + suffix in project.entries:
                    project.store.delete(name + suffix)
    return due


def is_due(since: datetime, now: float, grace: float) -> bool:
    """Return whether an artifact that was hidden *since* then is deleted at *now*; without *grace* it always is."""
    return not grace or now - since.timestamp() >= grace * 3600
