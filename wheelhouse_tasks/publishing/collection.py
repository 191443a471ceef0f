"""The files of a release, collected from folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.errors import BadArtifact, Conflict, Failed, NothingToDo
from wheelhouse_tasks.sources.offer import ARTIFACT_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui

REMEDY = "remove the one that is wrong, or release what is in dist/ with --no-fetch"


def collect(
    folders: Sequence[Path], release: tuple[str, Version], sources: Mapping[str, str], settings: Settings, ui: Ui
) -> tuple[dict[str, tuple[LocalFile, str]], list[BadArtifact]]:
    """Return the files of a project's version with their sources, by name, and the errors of damaged ones.

    *sources* has the source of each file that was fetched. Raises Conflict where two folders differ in a file.
    """
    files: dict[str, tuple[LocalFile, str]] = {}
    damaged: list[BadArtifact] = []
    for folder in folders:
        if folder == settings.local_folder and not folder.is_dir():
            continue
        artifacts, skipped = dist.find_local(settings) if folder == settings.local_folder else dist.scan(folder)
        for other in skipped:
            if other.name.endswith(ARTIFACT_SUFFIXES):
                ui.warn(f"left out {other.name}: {other.reason}")
        ours = [(path, artifact) for path, artifact in artifacts if (artifact.project, artifact.version) == release]
        for file in dist.examine(ours, settings.options.max_workers, ui):
            if isinstance(file, BadArtifact):
                damaged.append(file)
                continue
            name = file.artifact.filename
            source = sources.get(name, str(settings.local_folder))
            if files.setdefault(name, (file, source))[0].sha256 != file.sha256:  # a dry run sees both
                raise Conflict(name, f"is in {settings.local_folder} with other bytes than in {source}", REMEDY)
    if not files and not damaged:
        raise NothingToDo(f"{release[0]} {release[1]}", f"no artifact in {settings.local_folder}")
    lost = sorted(sources.keys() - files.keys()) if not damaged else []
    if lost:
        raise Failed(", ".join(lost), f"was fetched, and is not in {settings.local_folder} any more", "try again")
    return files, damaged
