"""The plan of an upload: a frozen value that a pure function makes of facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
from wheelhouse_tasks.errors import Conflict, of_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True, kw_only=True)
class UploadPlan:
    """What `upload` sends and what it leaves out."""

    send: tuple[LocalFile, ...]
    #: Already in the container with the same sha256.
    present: tuple[LocalFile, ...]
    skipped: tuple[Skipped, ...]
    #: Development builds whose name is published with other bytes (the same commit, built again): they stay out.
    kept: tuple[LocalFile, ...] = ()

    @property
    def files(self) -> tuple[LocalFile, ...]:
        """Return every file that is in the container afterwards."""
        return (*self.send, *self.present, *self.kept)

    @property
    def version(self) -> str | None:
        """Return the version that all files have; None where they have several, or there is no file."""
        versions = {str(file.artifact.version) for file in self.files}
        return versions.pop() if len(versions) == 1 else None

    def replaced(self, published: Collection[str]) -> tuple[str, ...]:
        """Return the names of the files to send that are *published* with other bytes."""
        return tuple(file.artifact.filename for file in self.send if file.artifact.filename in published)

    @property
    def projects(self) -> tuple[str, ...]:
        """Return the projects whose pages are brought up to date, also those of files that are there already."""
        return tuple(sorted({file.artifact.project for file in self.files}))


def plan_upload(
    local: Iterable[LocalFile],
    published: Mapping[str, str],
    skipped: Iterable[Skipped],
    *,
    taken: Iterable[str] = (),
    removed: Collection[str] = (),
    overwrite: bool = False,
) -> UploadPlan:
    """Return what to send of the *local* files.

    *published* holds the sha256 of those of their names that are in the container, *taken* every name there. The
    *removed* names are on no page and wait for their deletion: a development build of such a name is left out.
    Raises Conflict, with the names of all files concerned, where a published name would change its bytes, where an
    upload under a removed name would be deleted again, or where two names differ in case only, which some file systems
    cannot hold.
    """
    files = sorted(local, key=lambda file: file.artifact.sort_key())
    gone = [file for file in files if file.artifact.filename in removed]
    releases = [file.artifact.filename for file in gone if not file.artifact.version.is_devrelease]
    if releases:
        waits = "was removed, and waits for its deletion; nothing was sent"
        raise of_files(
            Conflict, releases, waits, "upload again once `prune` has deleted it: `prune --now` does at once"
        )
    files = [file for file in files if file.artifact.filename not in removed]
    retired = [Skipped(file.artifact.filename, "was retired, and waits for its deletion") for file in gone]
    names = [file.artifact.filename for file in files]
    differ = [file for file in files if published.get(file.artifact.filename, file.sha256) != file.sha256]
    kept = [file for file in differ if file.artifact.version.is_devrelease and not overwrite]
    staying = {file.artifact.filename for file in kept}
    changed = [file.artifact.filename for file in differ if file.artifact.filename not in staying]
    if changed and not overwrite:
        raise of_files(
            Conflict,
            changed,
            "already published with other bytes; nothing was sent",
            "build under a new version, or pass --overwrite",
        )
    refuse_twins({*names, *taken})
    present = tuple(file for file in files if published.get(file.artifact.filename) == file.sha256)
    there = staying | {file.artifact.filename for file in present}
    send = tuple(file for file in files if file.artifact.filename not in there)
    return UploadPlan(send=send, present=present, skipped=(*skipped, *retired), kept=tuple(kept))


def refuse_twins(names: Iterable[str]) -> None:
    """Raise Conflict for two names that differ in case only."""
    seen: dict[str, str] = {}
    for name in sorted(names):
        twin = seen.setdefault(name.casefold(), name)
        if twin != name:
            raise Conflict(name, f"differs from {twin} in case only", "keep one of them")
