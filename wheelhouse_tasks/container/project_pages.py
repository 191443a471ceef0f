"""The pages of a project as they are in the container, without their content, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.container import pieces
from wheelhouse_tasks.container.published import NO_CONDITIONS, Page, with_copies
from wheelhouse_tasks.errors import BadPage
from wheelhouse_tasks.pages import html_pages, json_pages, layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.storage.port import Conditions


@dataclass(frozen=True, kw_only=True)
class ProjectPages:
    """The pages of a project, without their content, and what they say."""

    #: The HTML page and its copies, the JSON page and its copies.
    html: list[Page]
    json: list[Page]
    #: What the JSON page says of the artifacts, by file name.
    cached: dict[str, File]
    #: The artifacts that a page names, and whether it promises a .metadata; each page may be newer than the others.
    promised: dict[str, bool]
    #: The artifacts that the HTML page names.
    linked: frozenset[str]


def read_pages(project: Project, honoured: Conditions = NO_CONDITIONS) -> ProjectPages:
    """Read the pages of a project, at once; raise BadPage for a JSON page that cannot be understood."""
    read = partial(_read_page, project, honoured)
    html, json = parallel.run(read, [layout.project_page, layout.json_page], project.keeping.workers)
    promised = {name: file.metadata_sha256 is not None for name, file in json.files.items()}
    for name, described in html.linked.items():
        if name in promised or project.artifact(project.object(name)):
            promised[name] = described or promised.get(name, False)
    project.memory.cuts = project.memory.cuts or pieces.cuts(project.object(""), json.files.values())
    return ProjectPages(
        html=html.pages,
        json=json.pages,
        cached=json.files,
        promised=promised,
        linked=frozenset(name for name in promised if name in html.linked),
    )


def no_pages(project: Project) -> ProjectPages:
    """Return what `read_pages` does where there are none, as in a container that is still to be created."""
    html, json = (
        [Page(name, None, None) for name in with_copies(name_of(project.name), slash=project.keeping.slash)]
        for name_of in (layout.project_page, layout.json_page)
    )
    return ProjectPages(html=html, json=json, cached={}, promised={}, linked=frozenset())


@dataclass(kw_only=True)
class _Read:
    """A page and its copies, and what they say."""

    pages: list[Page] = field(default_factory=list)
    #: What a JSON page says of the artifacts, by file name.
    files: dict[str, File] = field(default_factory=dict)
    #: What an HTML page links, and whether it promises a .metadata.
    linked: dict[str, bool] = field(default_factory=dict)


def _read_page(project: Project, honoured: Conditions, name_of: Callable[[str], str]) -> _Read:
    """Read a page and its copies; nobody keeps their content, because that of a large project fills the memory."""
    read = _Read()
    for name in with_copies(name_of(project.name), slash=project.keeping.slash):
        page = Page.read(project.store, name, honoured)
        is_copy = bool(read.pages)  # which says nothing of its own; a store that loses such names answers otherwise
        if not is_copy and name_of is layout.project_page:
            read.linked = html_pages.read_project(page.content)
        elif not is_copy:
            read.files = _cached(project, page)
        read.pages.append(page.emptied())
    return read


def _cached(project: Project, page: Page) -> dict[str, File]:
    """Return what a JSON page says; raise BadPage where it cannot be understood, unless the project is rebuilt."""
    try:
        return json_pages.read_json(page.content) if page.md5 is not None else {}
    except BadPage as error:
        if project.rebuild:
            return {}
        name = f"{project.store.label}/{page.name}"
        raise BadPage(name, error.problem, "wheelhouse.index rebuilds it from the files") from None
