"""A survey of a container: its flat page and some of its projects, read before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from wheelhouse_tasks.container.looked import LookedProject, look
from wheelhouse_tasks.container.published import Page
from wheelhouse_tasks.container.root import check_ours
from wheelhouse_tasks.errors import ContainerMissing, UsageError
from wheelhouse_tasks.names import project_name
from wheelhouse_tasks.pages import layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.storage.port import Store


@dataclass(frozen=True, kw_only=True)
class Survey:
    """What was read of a container."""

    #: Read under no condition.
    flat_page: Page
    projects: dict[str, LookedProject]


class NoContainer(Enum):
    """What a survey returns where there is no such container yet."""

    NO_CONTAINER = "there is no such container"


NO_CONTAINER: Final = NoContainer.NO_CONTAINER


def survey(store: Store, projects: Mapping[str, Project]) -> Survey | NoContainer:
    """Read the flat page, then each project. Raises Failed where the flat page is not ours."""
    try:
        flat_page = Page.read(store, layout.FLAT)
        check_ours(store, flat_page)
        return Survey(flat_page=flat_page, projects={name: look(project) for name, project in projects.items()})
    except ContainerMissing:
        return NO_CONTAINER


def project_names(store: Store) -> set[str]:
    """Return the projects that have files or pages."""
    names = {entry.name.removeprefix("files/").partition("/")[0] for entry in store.list("files/")}
    names |= {entry.name.removeprefix(layout.JSON_FOLDER).partition("/")[0] for entry in store.list(layout.JSON_FOLDER)}
    return {name for name in names if _is_project(name)}


def _is_project(name: str) -> bool:
    try:
        return project_name(name) == name
    except UsageError:
        return False
