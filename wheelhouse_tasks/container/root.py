"""The projects of a container, as its root pages and its flat page show them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.container.looked import Listing, find
from wheelhouse_tasks.container.published import NO_CONDITIONS, Draft, Page, Written, read_copies, write_drafts
from wheelhouse_tasks.errors import Failed
from wheelhouse_tasks.pages import html_pages, json_pages, layout
from wheelhouse_tasks.people import flat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.container.published import Keeping
    from wheelhouse_tasks.storage.port import Conditions, Store


@dataclass(frozen=True, kw_only=True)
class Root:
    """The root pages and the flat page as they were read, and the listing of the JSON pages, which was read last."""

    store: Store
    keeping: Keeping
    #: Projects whose pages this worker brought up to date.
    own: Sequence[Project]
    honoured: Conditions
    #: The HTML page and its copies, the JSON page and its copies.
    html: list[Page]
    json: list[Page]
    flat_page: Page
    #: Size and change mark of the JSON page of each project.
    marks: dict[str, tuple[int, str]]

    def listing(self) -> Listing:
        """Return the listing that was read."""
        return _listing(self.marks)

    def relist(self) -> Listing:
        """Read the listing again, and return it; the root stays as it is."""
        return _listing(_marks(self.store, self.own, [*self.html, *self.json], self.flat_page))

    def write(self) -> Written:
        """Write the root pages and the flat page, and read those pages of projects that the flat page is behind."""
        html, json = html_pages.render_root(self.marks), json_pages.render_json_root(self.marks)
        drafts = [Draft(page, html, layout.HTML_TYPE) for page in self.html]
        drafts += [Draft(page, json, layout.JSON_TYPE) for page in self.json]
        steady = True
        if self.keeping.flat:
            sections = self._sections()
            steady = sections is not None
            if sections is not None:
                front = self.keeping.front.over(flat.front_of(self.flat_page.content or b""))
                drafts.append(Draft(self.flat_page, flat.render_flat(sections, front), layout.HTML_TYPE))
        elif self.flat_page.content is not None:  # a flat page that is not kept would lack what comes later
            self.store.delete(layout.FLAT)
        written = write_drafts(self.store, drafts)
        return Written(entries=written.entries, undisturbed=written.undisturbed and steady)

    def _sections(self) -> dict[str, str] | None:
        """Return the section of each project; None where a project's page is not the one that the listing showed."""
        shown = flat.flat_sections(self.flat_page.content or b"")
        stale = [p for p, (_, mark) in self.marks.items() if not flat.section_is_current(shown.get(p), mark)]
        sections = {project: shown[project].text for project in self.marks if project in shown}
        fresh = parallel.run(self._section, stale, self.keeping.workers)
        for project, section in zip(stale, fresh, strict=True):
            if section is None:
                return None
            sections[project] = section
        return sections

    def _section(self, project: str) -> str | None:
        """Return a project's section, or None where its page is not the one that the listing showed.

        The bytes decide where marks are digests: a page that was replaced and came back has its old mark again.
        """
        content, mark = Page.read(self.store, layout.json_page(project)).content, self.marks[project][1]
        if content is None or (self.honoured.md5 and hashlib.md5(content, usedforsecurity=False).hexdigest() != mark):
            return None
        return flat.render_section(project, mark, json_pages.read_json(content).values())


def look_at_root(
    store: Store, keeping: Keeping, *, own: Iterable[Project] = (), flat_page: Page | None = None, writing: bool = True
) -> Root:
    """Read the root pages and the flat page, then the listing of the JSON pages.

    *own* are the projects whose pages this worker brought up to date. A *flat_page* that was read before, under no
    condition, is read again only where its mark does not follow from its bytes. Raises Failed where the flat page is
    not ours and is not to be replaced.
    """
    honoured = store.conditions() if writing else NO_CONDITIONS
    html = read_copies(store, layout.ROOT, honoured, slash=keeping.slash)
    json = read_copies(store, layout.JSON_ROOT, honoured, slash=keeping.slash)
    early = flat_page.under(honoured) if flat_page else None
    current = early or Page.read(store, layout.FLAT, honoured)
    if not keeping.adopt:
        check_ours(store, current)
    projects = list(own)
    return Root(
        store=store,
        keeping=keeping,
        own=projects,
        honoured=honoured,
        html=html,
        json=json,
        flat_page=current,
        marks=_marks(store, projects, [*html, *json], current),
    )


def check_ours(store: Store, flat_page: Page) -> None:
    """Raise Failed where the flat page is somebody else's: a page of ours would drop its links."""
    if flat_page.content is not None and not flat.is_ours(flat_page.content):
        raise Failed(store.label, f"its {layout.FLAT} is not ours", "wheelhouse.index --adopt takes its files over")


def _marks(
    store: Store, own: Iterable[Project], root_pages: Iterable[Page], flat_page: Page
) -> dict[str, tuple[int, str]]:
    """Return size and change mark of the JSON page of each project.

    The listing may lag behind the writes. A request is made for each project that a page names and the listing lacks,
    and for each of our own whose JSON page the listing does not show as this worker wrote it.
    """
    entries = {_project_of(entry.name): entry for entry in store.list(layout.JSON_FOLDER)}
    marks = {project: (entry.size, entry.mark) for project, entry in entries.items() if project}
    named = {name for page in root_pages for name in html_pages.read_root(page.content)}
    named |= flat.flat_sections(flat_page.content or b"").keys()  # each page may be newer than the others
    behind = sorted(named - marks.keys())
    for project in own:
        mark = marks.get(project.name, (0, ""))[1]
        if not mark or project.memory.json_mark not in ("", mark):
            behind.append(project.name)
    for name in behind:
        entry = find(store, layout.json_page(name))
        if entry:
            marks[name] = (entry.size, entry.mark)
    return marks


def _listing(marks: dict[str, tuple[int, str]]) -> Listing:
    return frozenset((project, size, mark) for project, (size, mark) in marks.items())


def _project_of(object_name: str) -> str | None:
    project, slash, rest = object_name.removeprefix(layout.JSON_FOLDER).partition("/")
    return project if slash and rest == "index.html" and layout.is_project(project) else None
