"""The artifacts of one project in a container: what its listing holds, and what is known of each."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact, metadata
from wheelhouse_tasks.artifacts.companions import ATTESTATION, METADATA, REMOVED, YANKED, is_promotion
from wheelhouse_tasks.container.published import NO_CONDITIONS, Page, publish_all, read_copies
from wheelhouse_tasks.errors import BadArtifact, BadPage, NotAnArtifact, ObjectMissing
from wheelhouse_tasks.pages import html_pages, json_pages, layout
from wheelhouse_tasks.pages.links import SHA256
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.retry import retry
from wheelhouse_tasks.storage.port import READ_RETRIES, Entry, Store, read_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelhouse_tasks.artifacts.metadata import Metadata

#: What a listing says, as far as pages follow from it: name, size and change mark of each object.
Listing = frozenset[tuple[str, int, str]]


def to_user_metadata(file: File) -> dict[str, str]:
    """Return the facts that are stored with an object; keys are letters and digits, as Azure wants."""
    facts = {
        "sha256": file.sha256,
        "requirespython": file.requires_python,
        "metadatasha256": file.metadata_sha256,
        "uploadtime": file.upload_time,
    }
    return {key: value for key, value in facts.items() if value}


@dataclass
class Project:
    """A view of one project: its pages, read before the listing that they are compared with."""

    store: Store
    name: str
    workers: int
    #: Whether pages are going to be written: only then may the store be tried for what it honours.
    writing: bool = False
    #: Take a JSON page that cannot be understood for one that is not there: only a rebuild may.
    rebuild: bool = False
    #: Whether each page is stored under its folder's name too.
    slash: bool = False
    html: list[Page] = field(init=False)
    json: list[Page] = field(init=False)
    cached: dict[str, File] = field(init=False)
    entries: dict[str, Entry] = field(default_factory=dict)
    #: Objects that this worker wrote, or that a request found although the listing did not show them.
    sure: dict[str, Entry] = field(default_factory=dict)
    own: dict[str, File] = field(default_factory=dict)
    #: Change mark of the JSON page that this worker wrote last.
    json_mark: str = ""
    #: File names that promotions under way hold back.
    held: frozenset[str] = frozenset()

    def look(self) -> Listing:
        """Read the pages, then the listing."""
        honoured = self.store.conditions() if self.writing else NO_CONDITIONS
        # in the order in which they are written: what the HTML page links, the JSON page read after it knows
        self.html = read_copies(self.store, layout.project_page(self.name), honoured, slash=self.slash)
        self.json = read_copies(self.store, layout.json_page(self.name), honoured, slash=self.slash)
        content = self.json[0].content
        try:
            self.cached = json_pages.read_json(content) if content is not None else {}
        except BadPage as error:
            if not self.rebuild:
                name = f"{self.store.label}/{self.json[0].name}"
                raise BadPage(name, error.problem, "wheelhouse.index rebuilds it from the files") from None
            self.cached = {}
        listing = self.relist()
        if self._confirm():
            return self.listing()
        return listing

    def relist(self) -> Listing:
        """Read the listing alone."""
        self.entries = {entry.name: entry for entry in self.store.list(self.object(""))}
        for entry in self.sure.values():  # a listing may lag behind the writes
            self.entries.setdefault(entry.name, entry)
        self.held = frozenset().union(*map(self._promoting, filter(is_promotion, self.entries)))
        return self.listing()

    def listing(self) -> Listing:
        """Return what the last look found."""
        return frozenset((entry.name, entry.size, entry.mark) for entry in self.entries.values())

    def add(self, file: File, *entries: Entry) -> None:
        """Take note of an artifact that this worker wrote, and of the objects that it wrote for it."""
        self.own[file.filename] = file
        for entry in entries:
            self.sure[entry.name] = self.entries[entry.name] = entry

    def write(self) -> tuple[list[str], bool]:
        """Write the pages that do not say what the last look saw.

        Return the names of those written, and whether no other worker was found to have written one meanwhile.
        """
        files = self.files().values()
        html, json = html_pages.render_project(self.name, files), json_pages.render_json(self.name, files)
        written, undisturbed = publish_all(
            self.store,
            *((page, html, layout.HTML_TYPE) for page in self.html),
            *((page, json, layout.JSON_TYPE) for page in self.json),
        )
        for entry in written:
            if entry.name == layout.json_page(self.name):
                self.json_mark = entry.mark
        return [entry.name for entry in written], undisturbed

    def files(self, names: Iterable[str] | None = None) -> dict[str, File]:
        """Return what the pages should say of the artifacts (called *names*), by file name.

        What neither this worker nor the JSON page knows is looked up, in parallel.
        """
        wanted = {name for entry in self.entries if (name := self.artifact(entry))}
        wanted = {name for name in wanted if self.object(name) + REMOVED not in self.entries}
        wanted -= self.held
        if names is not None:
            wanted &= set(names)
        facts = {name: file for name in wanted if (file := self._known(name))}
        found = parallel.run(self.look_up, sorted(wanted - facts.keys()), self.workers)
        facts.update((file.filename, file) for file in found if file)
        return {name: self._marked(file) for name, file in sorted(facts.items())}

    def removed(self) -> set[str]:
        """Return the file names that were taken off the pages and wait for their deletion."""
        prefix = self.object("")
        return {name.removeprefix(prefix).removesuffix(REMOVED) for name in self.entries if name.endswith(REMOVED)}

    def object(self, filename: str) -> str:
        """Return the object name of a file."""
        return layout.file_name(self.name, filename)

    def artifact(self, object_name: str) -> str | None:
        """Return the file name of an object that is an artifact of the project."""
        try:
            found = artifact.parse(object_name.removeprefix(self.object("")))
        except NotAnArtifact:
            return None
        return found.filename if found.project == self.name else None

    def _known(self, name: str) -> File | None:
        """Return what this worker or the JSON page knows of the very object that the listing shows."""
        entry = self.entries[self.object(name)]
        yank = self.entries.get(self.object(name) + YANKED)
        for file in (self.own.get(name), self.cached.get(name)):
            if file is None or (file.size, file.mark) != (entry.size, entry.mark):
                continue
            if file.metadata_sha256 is None and self.object(name) + METADATA in self.entries:
                continue  # it has come since
            if yank and file.yank_mark != yank.mark:
                continue
            return file if yank else replace(file, yanked=None, yank_mark="")
        return None

    def look_up(self, name: str) -> File | None:
        """Return what an object says of itself, or what its bytes say; None where it is gone meanwhile."""
        try:
            entry, facts = self.store.facts(self.object(name))
            if SHA256.fullmatch(facts.get("sha256", "")):
                requires, described = facts.get("requirespython"), facts.get("metadatasha256")
                uploaded = facts.get("uploadtime") or entry.modified
                file = File(name, entry.size, facts["sha256"], entry.mark, requires, described, uploaded)
            else:
                file = retry(lambda: self.hashed(name, entry), READ_RETRIES)
        except ObjectMissing:
            return None
        yank = self.entries.get(self.object(name) + YANKED)
        if yank:
            try:
                reason = read_all(self.store, yank.name).decode("utf-8", "replace").strip()
            except ObjectMissing:
                return file
            return replace(file, yanked=reason, yank_mark=yank.mark)
        return file

    def hashed(self, name: str, entry: Entry) -> File:
        """Return what the bytes of an object say; the page remembers it."""
        digest, size, said = self._read(name, entry.name)
        if said is None:  # listed all the same: what is there is there
            return File(name, size, digest, entry.mark, upload_time=entry.modified)
        return File(name, size, digest, entry.mark, said.requires_python, said.sha256, entry.modified)

    def metadata_of(self, name: str) -> bytes | None:
        """Return the METADATA within a wheel, or None where it is damaged."""
        said = self._read(name, self.object(name))[2]
        return said.text if said else None

    def _read(self, name: str, object_name: str) -> tuple[str, int, Metadata | None]:
        """Return sha256, size and metadata of an artifact, read to its end."""
        digest, size = hashlib.sha256(), 0
        with tempfile.TemporaryDirectory(prefix="wheelhouse-") as folder:
            path = Path(folder) / name
            with path.open("wb") as file:
                for block in self.store.read(object_name):
                    digest.update(block)
                    size += file.write(block)
            try:
                return digest.hexdigest(), size, metadata.read(path, artifact.parse(name))
            except BadArtifact:
                return digest.hexdigest(), size, None

    def _confirm(self) -> bool:
        """Keep what a page knows and the listing does not show, if a request finds it: some listings lag."""
        known = {name: file.metadata_sha256 is not None for name, file in self.cached.items()}
        for name, described in html_pages.read_project(
            self.html[0].content
        ).items():  # each page may be newer than the other
            if self.artifact(self.object(name)):
                known[name] = described or known.get(name, False)
        behind = [
            name
            for name in known
            if self.object(name) not in self.entries and self.object(name) + REMOVED not in self.entries
        ]
        names = [self.object(name) + suffix for name in behind for suffix in ("", METADATA, YANKED, REMOVED)]
        promised = [self.object(name) + METADATA for name, described in known.items() if described]
        names += [name for name in promised if name not in self.entries and name not in names]
        for entry in parallel.run(self._find, names, self.workers):
            if entry:
                self.sure[entry.name] = self.entries[entry.name] = entry
        return bool(names)

    def _find(self, object_name: str) -> Entry | None:
        try:
            return self.store.facts(object_name)[0]
        except ObjectMissing:
            return None

    def _promoting(self, object_name: str) -> frozenset[str]:
        try:
            return frozenset(read_all(self.store, object_name).decode("ascii", "replace").split())
        except ObjectMissing:
            return frozenset()

    def _marked(self, file: File) -> File:
        """Return *file* with what lies beside it: installers fail on the promise of a .metadata that does not."""
        name = self.object(file.filename)
        described = file.metadata_sha256 if name + METADATA in self.entries else None
        return replace(file, metadata_sha256=described, attested=name + ATTESTATION in self.entries)
