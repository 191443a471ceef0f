"""Show what the wheelhouses hold of a project: the matrix of a version, and what a release of it would lack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.commands.fetch import open_sources
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.publishing.index import package_index
from wheelhouse_tasks.publishing.proof import lacks, matrix, remarks
from wheelhouse_tasks.sources.fetch_plan import Candidate, choose
from wheelhouse_tasks.text import count, size_text
from wheelhouse_tasks.ui import Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from wheelhouse_tasks.settings.resolve import Settings


@dataclass(frozen=True, kw_only=True)
class VersionStatus:
    """What the wheelhouses hold of one version."""

    version: str
    #: Bytes by file name; None where no source knows.
    files: dict[str, int | None]
    #: Patterns that none fits, and labels of an earlier version that none covers.
    lacks: tuple[str, ...]
    #: What is no mistake by itself, such as a version without an sdist.
    remarks: tuple[str, ...]

    @property
    def size(self) -> int:
        """Return the bytes of all files whose size is known."""
        return sum(size or 0 for size in self.files.values())


@dataclass(frozen=True, kw_only=True)
class StatusResult:
    """What the wheelhouses hold of a project, newest version first."""

    project: str
    sources: tuple[str, ...]
    versions: tuple[VersionStatus, ...]


def status(
    settings: Settings, ui: Ui | None = None, *, version: str | None = None, like: str | None = None
) -> StatusResult:
    """Show the versions of the project, and of one *version* (the newest) its matrix.

    *like*: an earlier version on the package index, or `previous`, whose tags should be covered.
    Raises WheelhouseError where a wheelhouse cannot be read, or holds nothing of the project or version.
    """
    ui = ui or Silent()
    project = settings.need_project()
    wanted = version_of(version) if version is not None else None
    sources, offered, _ = open_sources(settings, project, ui)
    where = tuple(source.label for source in sources)
    by_version: dict[Version, list[Candidate]] = {}
    for candidate in choose(project, wanted, offered, ", ".join(where)):
        by_version.setdefault(candidate.artifact.version, []).append(candidate)
    published = package_index(settings).shown(project) if like else {}

    def state(number: Version) -> VersionStatus:
        files = {candidate.artifact.filename: candidate.size for candidate in by_version[number]}
        return VersionStatus(
            version=str(number),
            files=files,
            lacks=tuple(lacks(project, number, files, published, settings.options.expect, like)),
            remarks=remarks(files),
        )

    newest_first = sorted(by_version, reverse=True)
    states = {number: state(number) for number in newest_first}
    if wanted is None:
        _show_versions(project, states, ui, expecting=bool(settings.options.expect or like))
    shown = newest_first[0]
    _show_matrix(project, by_version[shown], states[shown], ui)
    return StatusResult(project=project, sources=where, versions=tuple(states.values()))


def _show_versions(project: str, states: dict[Version, VersionStatus], ui: Ui, *, expecting: bool) -> None:
    """Show a row for each version, with what it lacks where something is expected of it."""
    rows = []
    for version, state in states.items():
        wheels = sum(name.endswith(".whl") for name in state.files)
        kind = "development" if version.is_devrelease else "pre-release" if version.is_prerelease else "release"
        sdist = "yes" if wheels < len(state.files) else "no"
        missing = [", ".join(state.lacks) or "nothing"] if expecting else []
        rows.append((state.version, kind, str(wheels), sdist, size_text(state.size), *missing))
    columns = ("version", "kind", "wheels", "sdist", "size", *(["lacks"] if expecting else []))
    ui.table(project, columns, rows)


def _show_matrix(project: str, files: Iterable[Candidate], state: VersionStatus, ui: Ui) -> None:
    cells: dict[str, str] = {}
    for candidate in files:
        text = "there" if candidate.size is None else size_text(candidate.size)
        label = candidate.artifact.label
        cells[label] = f"{cells[label]}, {text}" if label in cells else text  # builds of one set of tags
    for remark in state.remarks:
        ui.note(f"{project} {state.version}: {remark}")
    title = f"{project} {state.version}: {count(state.files)}, {size_text(state.size)}"
    ui.table(title, *matrix(cells, state.lacks))
    if state.lacks:
        ui.done(f"lacks {', '.join(state.lacks)}")
