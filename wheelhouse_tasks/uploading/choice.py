"""Which files of the local folder an upload is about, and which of them may lie there by mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import NothingToDo
from wheelhouse_tasks.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact

    Found = tuple[Path, Artifact]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What was asked for; nothing stands for everything."""

    projects: frozenset[str] = frozenset()
    version: Version | None = None

    @property
    def text(self) -> str:
        """Return what was asked for, in words."""
        return " ".join([", ".join(sorted(self.projects)), str(self.version or "")]).strip()

    def takes(self, artifact: Artifact) -> bool:
        """Return whether an artifact is asked for."""
        same = self.version is None or artifact.version == self.version
        return same and (not self.projects or artifact.project in self.projects)


def choose(files: Iterable[Found], choice: Choice, folder: str) -> list[Found]:
    """Return the files that are asked for; raise NothingToDo, with what is there, where there is none."""
    files = list(files)
    chosen = [file for file in files if choice.takes(file[1])]
    if files and not chosen:
        there = sorted({f"{artifact.project} {artifact.version}" for _, artifact in files})
        raise NothingToDo(folder, f"holds nothing of {choice.text}", f"there: {listed(there)}")
    return chosen


@dataclass(frozen=True, kw_only=True)
class Strays:
    """File names that may lie in the folder by mistake; they are sent all the same."""

    #: Of other projects than the one that is named.
    others: tuple[str, ...] = ()
    #: Of a version of the same project that is not the newest in the folder.
    older: tuple[str, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """Return what each of them is, by name."""
        return {**dict.fromkeys(self.others, "other project"), **dict.fromkeys(self.older, "older version")}


def strays(artifacts: Collection[Artifact], project: str | None, choice: Choice) -> Strays:
    """Return what may lie in the folder by mistake; what is asked for by its name does not."""
    ordered = sorted(artifacts, key=lambda artifact: artifact.sort_key())
    known = project is not None and not choice.projects
    others = tuple(one.filename for one in ordered if known and one.project != project)
    releases = {one.filename: _release(one.version) for one in ordered}
    newest = {one.project: releases[one.filename] for one in ordered}  # the last of each project, by their order
    older = [one.filename for one in ordered if releases[one.filename] < newest[one.project]]
    return Strays(
        others=others,
        older=tuple(name for name in older if choice.version is None and name not in others),
    )


def _release(version: Version) -> Version:
    """Return a version without its local part: builds of one version may differ in that on purpose (CUDA, ...)."""
    return type(version)(version.public)
