"""A project whose pages and listing were read, in this order: what the container holds of it, and its pages follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts.companions import ATTESTATION, METADATA, REMOVED, YANKED, is_promotion
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.container.published import NO_CONDITIONS, Draft, Page, Written, read_copies, write_drafts
from wheelhouse_tasks.errors import BadPage, ObjectMissing
from wheelhouse_tasks.pages import html_pages, json_pages, layout
from wheelhouse_tasks.storage.port import Entry, read_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.storage.port import Store

#: A listing as far as pages follow from it: name, size and change mark of each object.
Listing = frozenset[tuple[str, int, str]]


@dataclass(frozen=True, kw_only=True)
class LookedProject(Project):
    """A project as it was read; `look` reads it again, into a new value."""

    #: The HTML page and its copies, the JSON page and its copies.
    html: list[Page]
    json: list[Page]
    #: What the JSON page says of the artifacts, by file name.
    cached: dict[str, File]
    #: The objects of the project by name, with those that this worker added since.
    entries: dict[str, Entry]
    #: File names that promotions under way hold back.
    held: frozenset[str]

    def add(self, file: File, *entries: Entry) -> None:
        """Remember an artifact that this worker wrote, and the objects that it wrote for it, as part of the listing."""
        super().add(file, *entries)
        self.entries.update((entry.name, entry) for entry in entries)

    def listing(self) -> Listing:
        """Return the listing that was read, with what this worker added since."""
        return _listing(self.entries)

    def relist(self) -> Listing:
        """Read the listing again, and return it; the project stays as it is."""
        return _listing(_list(self))

    def write(self) -> Written:
        """Write the pages whose bytes differ from what the listing and the facts of its artifacts render to."""
        files = self.files().values()
        html, json = html_pages.render_project(self.name, files), json_pages.render_json(self.name, files)
        drafts = [Draft(page, html, layout.HTML_TYPE) for page in self.html]
        drafts += [Draft(page, json, layout.JSON_TYPE) for page in self.json]
        written = write_drafts(self.store, drafts)
        for entry in written.entries:
            if entry.name == layout.json_page(self.name):
                self.memory.json_mark = entry.mark
        return written

    def files(self, names: Iterable[str] | None = None) -> dict[str, File]:
        """Return what the pages should say of the artifacts (of those called *names* only), by file name.

        Requests are made, in parallel, for the artifacts that neither this worker nor the JSON page knows.
        """
        shown = {name for name in self.artifacts() if self.object(name) + REMOVED not in self.entries} - self.held
        if names is not None:
            shown &= set(names)
        facts = {name: file for name in shown if (file := self._known(name))}
        unknown = sorted(shown - facts.keys())
        self.keeping.work.expect(len(unknown))
        described = parallel.run(self._describe, unknown, self.keeping.workers)
        facts.update((file.filename, file) for file in described if file)
        return {name: self._with_companions(file) for name, file in sorted(facts.items())}

    def artifacts(self) -> set[str]:
        """Return the file names of all artifacts in the container, those on no page too."""
        return {name for entry in self.entries if (name := self.artifact(entry))}

    def removed(self) -> set[str]:
        """Return the file names that were taken off the pages and wait for their deletion."""
        prefix = self.object("")
        return {name.removeprefix(prefix).removesuffix(REMOVED) for name in self.entries if name.endswith(REMOVED)}

    def _known(self, name: str) -> File | None:
        """Return what this worker or the JSON page knows of exactly the object that the listing shows."""
        entry = self.entries[self.object(name)]
        yank = self.entries.get(self.object(name) + YANKED)
        for file in (self.memory.files.get(name), self.cached.get(name)):
            if file is None or (file.size, file.mark) != (entry.size, entry.mark):
                continue
            if file.metadata_sha256 is None and self.object(name) + METADATA in self.entries:
                continue  # the .metadata was written since
            if yank and file.yank_mark != yank.mark:
                continue
            return file if yank else replace(file, yanked=None, yank_mark="")
        return None

    def _describe(self, name: str) -> File | None:
        with self.keeping.work.transfer(name):
            return self.describe(name, self.entries.get(self.object(name) + YANKED))

    def _with_companions(self, file: File) -> File:
        """Return *file* with the companions that the listing shows: installers fail on a .metadata that is missing."""
        name = self.object(file.filename)
        described = file.metadata_sha256 if name + METADATA in self.entries else None
        return replace(file, metadata_sha256=described, attested=name + ATTESTATION in self.entries)


def look(project: Project) -> LookedProject:
    """Read the pages of a project, then its listing.

    An object that a page names and the listing lacks counts where a request finds it: some listings lag.
    """
    honoured = project.store.conditions() if project.writing else NO_CONDITIONS
    slash = project.keeping.slash
    # in the order in which they are written: the JSON page knows what an HTML page links that was read before it
    html = read_copies(project.store, layout.project_page(project.name), honoured, slash=slash)
    json = read_copies(project.store, layout.json_page(project.name), honoured, slash=slash)
    cached = _cached(project, json[0])
    entries = _list(project)
    held = frozenset[str]().union(*(_held(project.store, name) for name in entries if is_promotion(name)))
    unlisted = _find_unlisted(project, _promised(project, html[0], cached), entries)
    project.memory.entries |= unlisted
    return LookedProject(
        project.store,
        project.name,
        project.keeping,
        project.writing,
        project.rebuild,
        project.memory,
        html=html,
        json=json,
        cached=cached,
        entries=entries | unlisted,
        held=held,
    )


def _cached(project: Project, page: Page) -> dict[str, File]:
    """Return what a JSON page says; raise BadPage where it cannot be understood, unless the project is rebuilt."""
    try:
        return json_pages.read_json(page.content) if page.content is not None else {}
    except BadPage as error:
        if project.rebuild:
            return {}
        name = f"{project.store.label}/{page.name}"
        raise BadPage(name, error.problem, "wheelhouse.index rebuilds it from the files") from None


def _list(project: Project) -> dict[str, Entry]:
    """Return the objects of a project by name, those that the worker remembers too: a listing may lag behind writes."""
    return project.memory.entries | {entry.name: entry for entry in project.store.list(project.object(""))}


def _listing(entries: Mapping[str, Entry]) -> Listing:
    return frozenset((entry.name, entry.size, entry.mark) for entry in entries.values())


def _held(store: Store, object_name: str) -> frozenset[str]:
    """Return the file names that a promotion holds back."""
    try:
        return frozenset(read_all(store, object_name).decode("ascii", "replace").split())
    except ObjectMissing:
        return frozenset()


def _promised(project: Project, html: Page, cached: Mapping[str, File]) -> dict[str, bool]:
    """Return the artifacts that the pages name, and whether they promise a .metadata; either page may be the newer."""
    promised = {name: file.metadata_sha256 is not None for name, file in cached.items()}
    for name, described in html_pages.read_project(html.content).items():
        if project.artifact(project.object(name)):
            promised[name] = described or promised.get(name, False)
    return promised


def _find_unlisted(project: Project, promised: Mapping[str, bool], entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the objects that the pages promise, the listing lacks, and a request finds."""
    names = [project.object(name) for name in promised]
    behind = [name for name in names if name not in entries and name + REMOVED not in entries]
    wanted = [name + suffix for name in behind for suffix in ("", METADATA, YANKED, REMOVED)]
    described = [project.object(name) + METADATA for name, has_metadata in promised.items() if has_metadata]
    wanted += [name for name in described if name not in entries and name not in wanted]
    results = parallel.run(lambda name: find(project.store, name), wanted, project.keeping.workers)
    return {entry.name: entry for entry in results if entry}


def find(store: Store, object_name: str) -> Entry | None:
    """Return the entry of an object, or None where there is no such object."""
    try:
        return store.facts(object_name)[0]
    except ObjectMissing:
        return None
