"""Show what the wheelhouses hold of a project: the matrix of a version, and what a release of it would lack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.commands.fetch import open_sources
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.objects import open_projects
from wheelhouse_tasks.container.survey import project_names
from wheelhouse_tasks.errors import NothingToDo, counted
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.publishing.proof import lacks, remarks
from wheelhouse_tasks.settings.locations import Container, FolderIndex, Location
from wheelhouse_tasks.sources.container_source import StoreSource
from wheelhouse_tasks.sources.fetch_plan import Candidate, choose
from wheelhouse_tasks.storage.folder import FolderStore
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.text import by_text, clock_text, count, size_text
from wheelhouse_tasks.ui import Mark, Marked, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.sources.source import Source
    from wheelhouse_tasks.storage.port import Store


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
    #: Why each yanked file was yanked, by its name; "" where nobody said.
    yanked: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return the bytes of all files whose size is known."""
        return sum(size or 0 for size in self.files.values())


@dataclass(frozen=True, kw_only=True)
class ProjectStatus:
    """What the wheelhouses hold of one of several projects."""

    project: str
    #: The newest version that is there.
    newest: str
    files: int


@dataclass(frozen=True, kw_only=True)
class StatusResult:
    """What the wheelhouses hold of a project, newest version first; of all projects where none is named."""

    project: str | None
    sources: tuple[str, ...]
    versions: tuple[VersionStatus, ...] = ()
    #: When what is off the pages and not deleted yet may be deleted, as in ISO 8601, by file name.
    waiting: dict[str, str] = field(default_factory=dict)
    projects: tuple[ProjectStatus, ...] = ()


def status(
    settings: Settings, ui: Ui | None = None, *, version: str | None = None, like: str | None = None
) -> StatusResult:
    """Show the versions of the project, and of one *version* (the newest) its matrix.

    *like*: an earlier version on the package index, or `previous`, whose tags should be covered.
    Where no project is named, all projects of the containers are shown. Raises WheelhouseError where a wheelhouse
    cannot be read, or holds nothing of the project or version.
    """
    ui = ui or Silent()
    if settings.project is None and version is None and like is None:
        return _all_projects(settings, ui)
    project = settings.need_project()
    wanted = version_of(version) if version is not None else None
    yanked: dict[str, str] = {}
    sources, offered, _ = open_sources(settings, project, ui, yanked)
    where = tuple(source.label for source in sources)
    by_version: dict[Version, list[Candidate]] = {}
    for candidate in choose(project, wanted, offered, ", ".join(where)):
        by_version.setdefault(candidate.artifact.version, []).append(candidate)
    published = {}
    if like is not None:
        from wheelhouse_tasks.publishing.index import package_index

        published = package_index(settings).shown(project)

    def state(number: Version) -> VersionStatus:
        files = {candidate.artifact.filename: candidate.size for candidate in by_version[number]}
        return VersionStatus(
            version=str(number),
            files=files,
            lacks=tuple(lacks(project, number, files, published, settings.options.expect, like)),
            remarks=remarks(files),
            yanked={name: reason for name, reason in yanked.items() if artifact.parse(name).version == number},
        )

    newest_first = sorted(by_version, reverse=True)
    states = {number: state(number) for number in newest_first}
    if wanted is None:
        _show_versions(project, states, ui, expecting=bool(settings.options.expect or like is not None))
    shown = newest_first[0]
    _show_matrix(project, by_version[shown], states[shown], ui)
    for why, names in by_text({name: reason or "no reason was given" for name, reason in sorted(yanked.items())}):
        ui.note(f"yanked, {why}: {counted(names)}")
    waiting = _waiting(sources, project, settings.options.grace)
    for when, names in by_text(waiting):
        ui.note(f"off the pages, and deleted by the first prune after {when}: {counted(names)}")
    return StatusResult(project=project, sources=where, versions=tuple(states.values()), waiting=waiting)


def _waiting(sources: Iterable[Source], project: str, grace: float) -> dict[str, str]:
    """Return until when what is off the pages of containers waits for its deletion, by file name."""
    containers = [source for source in sources if isinstance(source, StoreSource)]
    since = {name: when for source in containers for name, when in source.waiting(project).items()}
    return {name: clock_text(when.timestamp() + grace * 3600) for name, when in sorted(since.items())}


def _listable(place: Location) -> Store | None:
    """Return what lists its own projects at *place*: a container, or a folder that is laid out as one."""
    if isinstance(place, Container):
        return open_store(place)
    if isinstance(place, FolderIndex) and (place.path / "files").is_dir():
        return FolderStore(place.path)
    return None


def _all_projects(settings: Settings, ui: Ui) -> StatusResult:
    """Show each project of the containers among the indexes, with its newest version and its number of files."""
    places = [store for store in map(_listable, settings.indexes) if store]
    if not places:
        settings.need_project()
    for place in settings.indexes:
        if not _listable(place):
            ui.note(f"{place.label}: not looked at, because such an index is read one project at a time")
    artifacts: dict[str, dict[str, artifact.Artifact]] = {}
    for store in places:
        names = project_names(store)
        for name, project in open_projects(settings, store, names, writing=False).items():
            files = look(project).files()
            if files:
                artifacts.setdefault(name, {}).update((filename, artifact.parse(filename)) for filename in files)
    where = tuple(store.label for store in places)
    if not artifacts:
        raise NothingToDo(", ".join(where), "holds no project yet", "see wheelhouse.upload")
    projects = tuple(
        ProjectStatus(project=name, newest=str(max(file.version for file in files.values())), files=len(files))
        for name, files in sorted(artifacts.items())
    )
    rows = [(project.project, project.newest, str(project.files)) for project in projects]
    ui.table(f"Projects in {', '.join(where)}", ("project", "newest version", "files"), rows)
    ui.note("for the versions and the matrix of one, see --project")
    return StatusResult(project=None, sources=where, projects=projects)


def _show_versions(project: str, states: dict[Version, VersionStatus], ui: Ui, *, expecting: bool) -> None:
    """Show a row for each version, with what it lacks where something is expected of it."""
    rows = []
    for version, state in states.items():
        wheels = sum(name.endswith(".whl") for name in state.files)
        kind = "development" if version.is_devrelease else "pre-release" if version.is_prerelease else "release"
        sdist = "yes" if wheels < len(state.files) else "no"
        missing = [Marked(", ".join(state.lacks), Mark.WRONG) if state.lacks else "nothing"] if expecting else []
        rows.append((state.version, kind, str(wheels), sdist, size_text(state.size), *missing))
    columns = ("version", "kind", "wheels", "sdist", "size", *(["lacks"] if expecting else []))
    ui.table(project, columns, rows)


def _show_matrix(project: str, files: Iterable[Candidate], state: VersionStatus, ui: Ui) -> None:
    sizes: dict[str, list[int | None]] = {}
    for candidate in files:  # builds of one set of tags have one label
        sizes.setdefault(candidate.artifact.label, []).append(candidate.size)
    for remark in state.remarks:
        ui.note(f"{project} {state.version}: {remark}")
    title = f"{project} {state.version}: {count(state.files)}, {size_text(state.size)}"
    ui.matrix(title, sizes, state.lacks)
    if state.lacks:
        ui.done(f"lacks {', '.join(state.lacks)}")
