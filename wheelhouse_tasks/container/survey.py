"""A survey of a container: its root and some of its projects, read before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks import parallel
from wheelhouse_tasks.container import looked, project_pages, root
from wheelhouse_tasks.errors import ContainerMissing, UsageError
from wheelhouse_tasks.names import project_name
from wheelhouse_tasks.pages import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wheelhouse_tasks.container.looked import LookedProject
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.container.published import Keeping
    from wheelhouse_tasks.container.root import Root
    from wheelhouse_tasks.storage.port import Store


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was read of a container, under no condition."""

    root: Root
    projects: dict[str, LookedProject]
    #: Whether there is such a container; one that is still to be created has nothing in it.
    exists: bool = True


def survey(store: Store, projects: Mapping[str, Project], keeping: Keeping) -> Survey:
    """Read all pages of the root and of the *projects* at once, then the listings at once; nothing is written.

    Raises Failed where the flat page is not ours, and BadPage for a page that cannot be understood.
    """
    reads: list[Callable[[], Any]] = [partial(root.read_pages, store, keeping)]
    reads += [partial(project_pages.read_pages, project) for project in projects.values()]
    try:
        _, of_root, *pages = parallel.run(lambda read: read(), [store.recorded_conditions, *reads], keeping.workers)
        unlisted = root.root_of(store, keeping, of_root)
        lists: list[Callable[[], Any]] = [partial(looked.list_objects, project) for project in projects.values()]
        *listed, marks = parallel.run(lambda one: one(), [*lists, unlisted.list_marks], keeping.workers)
        return Survey(
            root=replace(unlisted, marks=marks),
            projects={
                project.name: looked.looked(project, part, entries)
                for project, part, entries in zip(projects.values(), pages, listed, strict=True)
            },
        )
    except ContainerMissing:
        return Survey(
            root=root.root_of(store, keeping, root.no_pages(keeping)),
            projects={one.name: looked.looked(one, project_pages.no_pages(one), {}) for one in projects.values()},
            exists=False,
        )


def project_names(store: Store) -> set[str]:
    """Return the projects that have files or pages."""
    folders = ["files/", layout.JSON_FOLDER]
    listed = parallel.run(store.list, folders, len(folders))
    pairs = zip(folders, listed, strict=True)
    names = {entry.name.removeprefix(folder).partition("/")[0] for folder, entries in pairs for entry in entries}
    return {name for name in names if _is_project(name)}


def _is_project(name: str) -> bool:
    try:
        return project_name(name) == name
    except UsageError:
        return False
