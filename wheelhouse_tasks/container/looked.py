"""A project whose pages and listing were read: what the container holds of it, and its pages follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact, companions
from wheelhouse_tasks.artifacts.companions import ATTESTATION, METADATA, REMOVED, YANKED, is_promotion
from wheelhouse_tasks.container import pieces
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.container.project_pages import read_pages
from wheelhouse_tasks.container.published import NO_CONDITIONS, Draft, Written, all_under, find, write_drafts
from wheelhouse_tasks.errors import ObjectMissing
from wheelhouse_tasks.pages import html_pages, json_pages, layout
from wheelhouse_tasks.spool import Spool
from wheelhouse_tasks.storage.port import Entry, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wheelhouse_tasks.container.project_pages import ProjectPages
    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.storage.port import Conditions, Store

#: A listing as far as pages follow from it: name, size and change mark of each object.
Listing = frozenset[tuple[str, int, str]]

#: What an artifact that is one more appears with; any other object changes what was there.
ADDED = ("", METADATA, ATTESTATION)


@dataclass(frozen=True, kw_only=True)
class LookedProject(Project):
    """A project as it was read; `look` reads it again, into a new value."""

    pages: ProjectPages
    #: The objects of the project by name, with those that this worker added since.
    entries: dict[str, Entry]
    #: File names that promotions under way hold back.
    held: frozenset[str]
    #: Whether the pages were read after this worker's own changes.
    fresh: bool = True

    @property
    def cached(self) -> dict[str, File]:
        """Return what the JSON page says of the artifacts, by file name."""
        return self.pages.cached

    def add(self, file: File, *entries: Entry) -> None:
        """Remember an artifact that this worker wrote, and the objects that it wrote for it, as part of the listing."""
        super().add(file, *entries)
        self.entries.update((entry.name, entry) for entry in entries)

    def under(self, honoured: Conditions) -> LookedProject | None:
        """Return the project as one whose pages were read before; None where they have to be read again."""
        html, json = all_under(self.pages.html, honoured), all_under(self.pages.json, honoured)
        if html is None or json is None:
            return None
        return replace(self, pages=replace(self.pages, html=html, json=json), fresh=False)

    def listing(self) -> Listing:
        """Return the listing that was read, with what this worker added since."""
        return _listing(self.entries)

    def relist(self) -> Listing:
        """Read the listing again, and return it; the project stays as it is."""
        return _listing(list_objects(self))

    def only_adds(self, listing: Listing) -> bool:
        """Return whether *listing* has nothing but more objects, which no page showed when it was read."""
        return all(self._is_more(name) for name, _, _ in listing ^ self.listing())

    def _is_more(self, name: str) -> bool:
        owner, suffix = companions.split(name)
        filename = self.artifact(owner)
        if name in self.entries or filename is None or suffix not in ADDED:
            return False
        promised = self.pages.promised
        return not promised.get(filename, False) if suffix == METADATA else filename not in promised

    def shows_own(self) -> bool:
        """Return whether the JSON page and the HTML page name what this worker wrote."""
        own = self.memory.files
        shown = all(name in self.cached and self.cached[name].sha256 == file.sha256 for name, file in own.items())
        return shown and own.keys() <= self.pages.linked

    def digests(self) -> dict[str, str | None]:
        """Return the md5 of each page as it was read, by its name; None where there was none."""
        return {page.name: page.md5 for page in (*self.pages.html, *self.pages.json)}

    def write(self) -> Written:
        """Write the pages whose bytes differ from what the listing and the facts of its artifacts render to."""
        files = list(self.files().values())
        html, json = Spool(html_pages.project_parts(self.name, files)), Spool(json_pages.json_parts(self.name, files))
        drafts = [Draft(page, html, layout.HTML_TYPE) for page in self.pages.html]
        drafts += [Draft(page, json, layout.JSON_TYPE) for page in self.pages.json]
        written = write_drafts(self.store, drafts, self.keeping.workers)
        for entry in written.entries:
            if entry.name == layout.json_page(self.name):
                self.memory.json, self.memory.described = entry, files
        return written

    def files(self, names: Iterable[str] | None = None) -> dict[str, File]:
        """Return what the pages should say of the artifacts (of those called *names* only), by file name.

        Requests are made, in parallel, for the artifacts that neither this worker nor the JSON page knows.
        """
        shown = {name for name in self._among(names) if self.object(name) + REMOVED not in self.entries} - self.held
        facts = {name: file for name in shown if (file := self._known(name))}
        unknown = sorted(shown - facts.keys())
        self.keeping.work.expect(len(unknown))
        described = parallel.run(self._describe, unknown, self.keeping.workers)
        facts.update((file.filename, file) for file in described if file)
        return {name: self._with_companions(file) for name, file in sorted(facts.items())}

    def _among(self, names: Iterable[str] | None) -> set[str]:
        if names is None:
            return self.artifacts()
        objects = map(self.object, names)
        return {name for entry in objects if entry in self.entries and (name := self.artifact(entry))}

    def artifacts(self) -> set[str]:
        """Return the file names of all artifacts in the container, those on no page too."""
        named = [entry for entry in self.entries if entry.endswith(artifact.SUFFIXES)]  # half of them are companions
        return {name for entry in named if (name := self.artifact(entry))}

    def removed(self) -> set[str]:
        """Return the file names that were taken off the pages and wait for their deletion."""
        prefix = self.object("")
        return {name.removeprefix(prefix).removesuffix(REMOVED) for name in self.entries if name.endswith(REMOVED)}

    def _known(self, name: str) -> File | None:
        """Return what this worker or the JSON page knows of exactly the object that the listing shows."""
        at = self.object(name)
        entry = self.entries[at]
        yank = self.entries.get(at + YANKED)
        for file in (self.memory.files.get(name), self.cached.get(name)):
            if file is None or file.size != entry.size or file.mark != entry.mark:
                continue
            if file.metadata_sha256 is None and at + METADATA in self.entries:
                continue  # the .metadata was written since
            if yank and file.yank_mark != yank.mark:
                continue
            return file if yank or file.yanked is None else replace(file, yanked=None, yank_mark="")
        return None

    def _describe(self, name: str) -> File | None:
        with self.keeping.work.transfer(name):
            return self.describe(name, self.entries.get(self.object(name) + YANKED))

    def _with_companions(self, file: File) -> File:
        """Return *file* with the companions that the listing shows: installers fail on a .metadata that is missing."""
        name = self.object(file.filename)
        described = file.metadata_sha256 if name + METADATA in self.entries else None
        attested = name + ATTESTATION in self.entries
        if (described, attested) == (file.metadata_sha256, file.attested):
            return file
        return replace(file, metadata_sha256=described, attested=attested)


def look(project: Project) -> LookedProject:
    """Read the pages of a project, then its listing; where no conditional write is honoured, both at once.

    An object that a page names and the listing lacks counts where a request finds it: some listings lag.
    """
    honoured = project.store.conditions() if project.writing else NO_CONDITIONS
    if honoured.mark:
        pages = read_pages(project, honoured)
        return looked(project, pages, list_objects(project))
    reads: list[Callable[[], Any]] = [partial(read_pages, project, honoured), partial(list_objects, project)]
    pages, entries = parallel.run(lambda read: read(), reads, project.keeping.workers)
    return looked(project, pages, entries)


def looked(project: Project, pages: ProjectPages, entries: dict[str, Entry]) -> LookedProject:
    """Return a project with its listing, to which it adds what the pages promise and a request finds."""
    held = frozenset[str]().union(*(_held(project.store, name) for name in entries if is_promotion(name)))
    unlisted = _find_unlisted(project, pages.promised, entries)
    project.memory.entries |= unlisted
    return LookedProject(
        project.store,
        project.name,
        project.keeping,
        project.writing,
        project.rebuild,
        project.memory,
        pages=pages,
        entries=entries | unlisted if unlisted else entries,
        held=held,
    )


def list_objects(project: Project) -> dict[str, Entry]:
    """Return the objects of a project by name, those that the worker remembers too: a listing may lag behind writes."""
    listed = pieces.list_all(project.store, project.object(""), project.memory.cuts, project.keeping.workers)
    return project.memory.entries | {entry.name: entry for entry in listed}


def _listing(entries: Mapping[str, Entry]) -> Listing:
    return frozenset((entry.name, entry.size, entry.mark) for entry in entries.values())


def _held(store: Store, object_name: str) -> frozenset[str]:
    """Return the file names that a promotion holds back."""
    try:
        return frozenset(read_all(store, object_name).decode("ascii", "replace").split())
    except ObjectMissing:
        return frozenset()


def _find_unlisted(project: Project, promised: Mapping[str, bool], entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the objects that the pages promise, the listing lacks, and a request finds."""
    names = [project.object(name) for name in promised]
    behind = [name for name in names if name not in entries and name + REMOVED not in entries]
    wanted = dict.fromkeys(name + suffix for name in behind for suffix in ("", METADATA, YANKED, REMOVED))
    described = [project.object(name) + METADATA for name, has_metadata in promised.items() if has_metadata]
    wanted |= dict.fromkeys(name for name in described if name not in entries)
    results = parallel.run(lambda name: find(project.store, name), wanted, project.keeping.workers)
    return {entry.name: entry for entry in results if entry}
