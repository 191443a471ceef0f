"""A project of a container: the names of its objects, the facts of an artifact, and what this worker did to it."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import BadArtifact, NotAnArtifact, ObjectMissing
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.link import SHA256
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.retry import retry
from wheelhouse_tasks.storage.port import READ_RETRIES, Entry, Store, read_all
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wheelhouse_tasks.artifacts.metadata import Metadata
    from wheelhouse_tasks.container.published import Keeping


def to_user_metadata(file: File) -> dict[str, str]:
    """Return the facts that are stored with an object; keys are letters and digits, as Azure demands."""
    facts = {
        "sha256": file.sha256,
        "requirespython": file.requires_python,
        "metadatasha256": file.metadata_sha256,
        "uploadtime": file.upload_time,
    }
    return {key: value for key, value in facts.items() if value}


@dataclass
class Memory:
    """What a worker remembers of a project from one look to the next."""

    #: Artifacts that this worker wrote, by file name.
    files: dict[str, File] = field(default_factory=dict)
    #: Objects that this worker wrote, or that a request found although the listing did not show them.
    entries: dict[str, Entry] = field(default_factory=dict)
    #: The JSON page that this worker wrote last, and what it says.
    json: Entry | None = None
    described: Sequence[File] = ()
    #: Object names at which listings of the project are cut into pieces, as `pieces.cuts` returns them.
    cuts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """One project of a container, whose pages and listing nobody has read; `looked.look` reads them."""

    store: Store
    name: str
    keeping: Keeping
    #: Whether pages are going to be written: only then may the store try which conditions are honoured.
    writing: bool = False
    #: Whether a JSON page that cannot be understood counts as one that is not there: only a rebuild may do so.
    rebuild: bool = False
    memory: Memory = field(default_factory=Memory)

    def add(self, file: File, *entries: Entry) -> None:
        """Remember an artifact that this worker wrote, and the objects that it wrote for it."""
        self.memory.files[file.filename] = file
        self.memory.entries.update((entry.name, entry) for entry in entries)

    def object(self, filename: str) -> str:
        """Return the object name of a file."""
        return layout.file_name(self.name, filename)

    def artifact(self, object_name: str) -> str | None:
        """Return the file name of an object that is an artifact of the project, None for any other object."""
        if not object_name.endswith(artifact.SUFFIXES):  # most objects are companions, and an error costs more
            return None
        try:
            parsed = artifact.parse(object_name.removeprefix(self.object("")))
        except NotAnArtifact:
            return None
        return parsed.filename if parsed.project == self.name else None

    def describe(self, name: str, yank: Entry | None = None) -> File | None:
        """Return the facts of an artifact by its user metadata, or else by its bytes; None where it is gone.

        *yank* is the marker that the artifact is yanked, where there is one.
        """
        try:
            entry, facts = self.store.facts(self.object(name))
            if SHA256.fullmatch(facts.get("sha256", "")):
                requires, described = facts.get("requirespython"), facts.get("metadatasha256")
                uploaded = facts.get("uploadtime") or entry.modified
                file = File(name, entry.size, facts["sha256"], entry.mark, requires, described, uploaded)
            else:
                file = retry(lambda: self.describe_bytes(name, entry), READ_RETRIES)
        except ObjectMissing:
            return None
        if yank:
            try:
                reason = read_all(self.store, yank.name).decode("utf-8", "replace").strip()
            except ObjectMissing:
                return file
            return replace(file, yanked=reason, yank_mark=yank.mark)
        return file

    def describe_bytes(self, name: str, entry: Entry, advance: Callable[[int], None] = UNSEEN.advance) -> File:
        """Return the facts of an artifact by its bytes. A damaged artifact has facts too: pages link what is there.

        *advance* gets the size of each block that is read.
        """
        digest, size, described = self._read(name, advance)
        if described is None:
            return File(name, size, digest, entry.mark, upload_time=entry.modified)
        return File(name, size, digest, entry.mark, described.requires_python, described.sha256, entry.modified)

    def metadata_of(self, name: str) -> bytes | None:
        """Return the METADATA within a wheel, or None where the wheel is damaged."""
        described = self._read(name)[2]
        return described.text if described else None

    def _read(self, name: str, advance: Callable[[int], None] = UNSEEN.advance) -> tuple[str, int, Metadata | None]:
        """Return sha256, size and metadata of an artifact; the metadata is None where the artifact is damaged."""
        from wheelhouse_tasks.artifacts import metadata

        digest, size = hashlib.sha256(), 0
        with tempfile.TemporaryDirectory(prefix="wheelhouse-") as folder:
            path = Path(folder) / name
            with path.open("wb") as file:
                for block in self.store.read(self.object(name)):
                    digest.update(block)
                    size += file.write(block)
                    advance(len(block))
            try:
                return digest.hexdigest(), size, metadata.read(path, artifact.parse(name))
            except BadArtifact:
                return digest.hexdigest(), size, None
