"""Bring the pages of a container to what its listing says, beside any number of writers, without a lock.

For one project, after a worker's own objects are written::

    repeat
        listing = list files/<project>/ + the worker's own objects + what the page knows and a request confirms
        stop if the last round worked from the same listing
        facts = the worker's own, or the JSON page's where size and change mark agree, or the object's user metadata, or
                what its bytes say
        write the pages whose bytes differ from those rendered of the listing and the facts

and then the same for the root and flat pages, over one listing of the JSON pages.

Why no link is lost: whoever writes a page looks at the listing *after* the write. Take the last write of a page. Its
worker then saw either the listing that it had rendered, so the page says what the container held at that moment, and
whoever adds an object later also looks later, finds the page behind, and writes it; or another listing, and then it
wrote again, so this was not the last write. Facts travel with the objects and not in the page alone, so a page that a
slower worker overwrites takes nothing with it that the next look does not find again.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from wheelhouse_tasks import artifact, metadata, pages, parallel
from wheelhouse_tasks.errors import BadArtifact, IndexUnstable, NotAnArtifact, ObjectMissing
from wheelhouse_tasks.links import SHA256
from wheelhouse_tasks.pages import File
from wheelhouse_tasks.retry import retry
from wheelhouse_tasks.storage import READ_RETRIES, Entry, Payload, Store, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wheelhouse_tasks.artifact import Artifact

ROUNDS = 60
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
METADATA = ".metadata"

Listing = frozenset[Entry]


@dataclass(frozen=True)
class Convergence:
    """What it took."""

    #: Looks at a listing, of all projects and the root together.
    rounds: int
    #: Object names of the pages written.
    written: tuple[str, ...]


def to_user_metadata(file: File) -> dict[str, str]:
    """Return the facts that are stored with an object; keys are letters and digits, as Azure wants."""
    facts = {
        "sha256": file.sha256,
        "requirespython": file.requires_python,
        "metadatasha256": file.metadata_sha256,
        "uploadtime": file.upload_time,
    }
    return {key: value for key, value in facts.items() if value}


def converge(
    store: Store,
    own: Mapping[str, Mapping[str, File]],
    *,
    workers: int,
    flat: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> Convergence:
    """Bring the pages up to date for the projects of *own*: this worker's files, by project and file name.

    Raises IndexUnstable when a listing does not hold still, BadPage for a page that cannot be understood, and what the
    store raises. Pages are valid in every case, and another run completes them.
    """
    rounds, written = 0, []
    views: list[_View] = [_Project(store, project, files, workers) for project, files in own.items()]
    for view in (*views, _Root(store, workers, flat)):
        before = view.look()
        for attempt in range(ROUNDS):
            rounds += 1
            written += view.write()
            after = view.look()
            if after == before:
                break
            before = after
            sleep(random.uniform(0, min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)))  # noqa: S311
        else:
            raise IndexUnstable(store.label, f"its listing kept changing for {ROUNDS} rounds", "run the upload again")
    return Convergence(rounds, tuple(dict.fromkeys(written)))


def catalogue(store: Store, project: str, names: Iterable[str] | None = None, *, workers: int) -> dict[str, File]:
    """Return what is known of a project's artifacts (of those called *names*), by file name; nothing is written."""
    view = _Project(store, project, {}, workers)
    view.look()
    return view.files(view.cached(), names)


class _View(Protocol):
    """A listing, and the pages that follow from it."""

    def look(self) -> Listing:
        """Read the listing and return what it says."""

    def write(self) -> list[str]:
        """Write the pages that do not say what the last look saw; return their names."""


@dataclass
class _Project:
    """The artifacts of one project."""

    store: Store
    project: str
    own: Mapping[str, File]
    workers: int
    entries: dict[str, Entry] = field(default_factory=dict)
    #: Objects that the page knew, the listing did not show, and a request confirmed.
    confirmed: dict[str, Entry] = field(default_factory=dict)

    def look(self) -> Listing:
        self.entries = {entry.name: entry for entry in self.store.list(self._object(""))}
        for name, file in self.own.items():  # a listing may lag behind the writes
            self._add(Entry(self._object(name), file.size, file.mark))
            if file.metadata_sha256:
                self._add(Entry(self._object(name) + METADATA, 0, ""))
        for entry in self.confirmed.values():
            self._add(entry)
        return frozenset(self.entries.values())

    def write(self) -> list[str]:
        json_name, html_name = pages.json_page(self.project), pages.project_page(self.project)
        json_page = _page(self.store, json_name)
        files = self.files(pages.read_json(json_page) if json_page else {}).values()
        return [
            *_write(self.store, html_name, pages.render_project(self.project, files), _page(self.store, html_name)),
            *_write(self.store, json_name, pages.render_json(self.project, files), json_page, pages.JSON_TYPE),
        ]

    def cached(self) -> dict[str, File]:
        """Return what the JSON page says."""
        page = _page(self.store, pages.json_page(self.project))
        return pages.read_json(page) if page else {}

    def files(self, cached: Mapping[str, File], names: Iterable[str] | None = None) -> dict[str, File]:
        """Return what the pages should say, by file name; what nobody knows is looked up, in parallel."""
        for name in cached:
            self._confirm(name)
        wanted = {
            filename: entry for object_name, entry in self.entries.items() if (filename := self._artifact(object_name))
        }
        if names is not None:
            wanted = {name: wanted[name] for name in names if name in wanted}
        facts: dict[str, File] = {}
        for name, entry in wanted.items():
            for file in (self.own.get(name), cached.get(name)):
                if file and (file.size, file.mark) == (entry.size, entry.mark) and not self._lacks_metadata(file):
                    facts.setdefault(name, file)
        unknown = [name for name in wanted if name not in facts]
        found = parallel.run(self._look_up, unknown, self.workers)
        facts.update((file.filename, file) for file in found if file)
        return {name: self._promised(file) for name, file in facts.items()}

    def _look_up(self, name: str) -> File | None:
        """Return what an object says of itself, or what its bytes say; None where it is gone meanwhile."""
        try:
            entry, facts = self.store.facts(self._object(name))
            if SHA256.fullmatch(facts.get("sha256", "")):
                requires, described = facts.get("requirespython"), facts.get("metadatasha256")
                uploaded = facts.get("uploadtime") or entry.modified
                return File(name, entry.size, facts["sha256"], entry.mark, requires, described, uploaded)
            return retry(lambda: self._hashed(name, entry), READ_RETRIES)
        except ObjectMissing:
            return None

    def _hashed(self, name: str, entry: Entry) -> File:
        """Read an object that carries no facts, once: the page remembers them."""
        digest, size = hashlib.sha256(), 0
        with tempfile.TemporaryDirectory(prefix="wheelhouse-") as folder:
            path = Path(folder) / name
            with path.open("wb") as file:
                for block in self.store.read(entry.name):
                    digest.update(block)
                    size += file.write(block)
            try:
                said = metadata.read(path, artifact.parse(name))
            except BadArtifact:  # listed all the same: what is there is there
                return File(name, size, digest.hexdigest(), entry.mark, upload_time=entry.modified)
        return File(name, size, digest.hexdigest(), entry.mark, said.requires_python, said.sha256, entry.modified)

    def _confirm(self, name: str) -> None:
        """Keep what the page knows and the listing does not show, if a request finds it: some listings lag."""
        for object_name in (self._object(name), self._object(name) + METADATA):
            if object_name in self.entries:
                continue
            try:
                entry = self.store.facts(object_name)[0]
            except ObjectMissing:
                if object_name == self._object(name):
                    return
                continue
            self.entries[object_name] = self.confirmed[object_name] = entry

    def _lacks_metadata(self, file: File) -> bool:
        """Tell whether a .metadata file has come since *file* was learnt."""
        return file.metadata_sha256 is None and self._object(file.filename) + METADATA in self.entries

    def _promised(self, file: File) -> File:
        """Return *file* without the promise of a .metadata file that is not there: installers fail on it."""
        return file if self._object(file.filename) + METADATA in self.entries else replace(file, metadata_sha256=None)

    def _artifact(self, object_name: str) -> str | None:
        found = parse_or_none(object_name.removeprefix(self._object("")))
        return found.filename if found and found.project == self.project else None

    def _add(self, entry: Entry) -> None:
        self.entries.setdefault(entry.name, entry)

    def _object(self, filename: str) -> str:
        return pages.file_name(self.project, filename)


@dataclass
class _Root:
    """The projects of a container."""

    store: Store
    workers: int
    flat: bool
    marks: dict[str, str] = field(default_factory=dict)

    def look(self) -> Listing:
        entries = {_project_of(entry.name): entry for entry in self.store.list(pages.JSON_FOLDER)}
        entries.pop(None, None)
        self.marks = {project: entry.mark for project, entry in entries.items() if project}
        return frozenset(entries.values())

    def write(self) -> list[str]:
        written = _write(self.store, pages.ROOT, pages.render_root(self.marks), _page(self.store, pages.ROOT))
        json_root = pages.render_json_root(self.marks)
        written += _write(self.store, pages.JSON_ROOT, json_root, _page(self.store, pages.JSON_ROOT), pages.JSON_TYPE)
        if self.flat:
            old = _page(self.store, pages.FLAT)
            sections = pages.flat_sections(old or b"")
            stale = [p for p, mark in self.marks.items() if not pages.section_is_current(sections.get(p), mark)]
            texts = {project: sections[project].text for project in self.marks if project in sections}
            texts |= dict(zip(stale, parallel.run(self._section, stale, self.workers), strict=True))
            written += _write(self.store, pages.FLAT, pages.render_flat(texts), old)
        return written

    def _section(self, project: str) -> str:
        page = _page(self.store, pages.json_page(project))
        return pages.render_section(project, self.marks[project], pages.read_json(page).values() if page else ())


def parse_or_none(filename: str) -> Artifact | None:
    """Return what *filename* says, or None where it is no artifact's."""
    try:
        return artifact.parse(filename)
    except NotAnArtifact:
        return None


def page_payload(content: bytes, content_type: str) -> Payload:
    """Return a page as it is stored: typed, because pip reads no other, and asked for again each time."""
    sha256, md5 = hashlib.sha256(content).hexdigest(), hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Payload(content, len(content), sha256, md5, content_type, pages.PAGE_CACHE)


def _write(store: Store, name: str, content: bytes, old: bytes | None, kind: str = pages.HTML_TYPE) -> list[str]:
    if content == old:
        return []
    store.put(name, page_payload(content, kind))
    return [name]


def _page(store: Store, name: str) -> bytes | None:
    """Return a page, or None where it is definitely not there; any other failure to read it is raised."""
    try:
        return read_all(store, name)
    except ObjectMissing:
        return None


def _project_of(object_name: str) -> str | None:
    project, slash, rest = object_name.removeprefix(pages.JSON_FOLDER).partition("/")
    return project if slash and rest == "index.html" else None
