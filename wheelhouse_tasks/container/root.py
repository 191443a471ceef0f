"""The projects of a container, as its root pages and its flat page show them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.container.published import (
    NO_CONDITIONS,
    Draft,
    Page,
    Written,
    all_under,
    find,
    with_copies,
    write_drafts,
)
from wheelhouse_tasks.errors import Failed
from wheelhouse_tasks.pages import html_pages, json_pages, layout
from wheelhouse_tasks.pages.quoting import name_quoted
from wheelhouse_tasks.people import flat

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wheelhouse_tasks.container.looked import Listing
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.container.published import Keeping
    from wheelhouse_tasks.storage.port import Conditions, Entry, Store


@dataclass(frozen=True, kw_only=True)
class RootPages:
    """The root pages and the flat page as they were read."""

    #: The HTML page and its copies, then the JSON page and its copies.
    html: list[Page]
    json: list[Page]
    flat: Page

    @classmethod
    def of(cls, pages: Sequence[Page]) -> RootPages:
        """Return the pages: the HTML page and its copies, the JSON page and its copies, and the flat page."""
        half = len(pages) // 2
        return cls(html=list(pages[:half]), json=list(pages[half:-1]), flat=pages[-1])

    def under(self, honoured: Conditions) -> RootPages | None:
        """Return the pages as `Page.under` does; None where they have to be read again."""
        pages = all_under([*self.html, *self.json, self.flat], honoured)
        return RootPages.of(pages) if pages else None

    def projects(self) -> set[str]:
        """Return the projects that a root page names."""
        return {name for page in (*self.html, *self.json) for name in html_pages.read_root(page.content)}


@dataclass(frozen=True, kw_only=True)
class Root:
    """The root pages and the flat page as they were read, and a listing of the JSON pages."""

    store: Store
    keeping: Keeping
    #: Projects whose pages this worker brought up to date.
    own: Sequence[Project]
    honoured: Conditions
    pages: RootPages
    #: The sections of the flat page.
    shown: Mapping[str, flat.Section]
    #: Size and change mark of the JSON page of each project.
    marks: dict[str, tuple[int, str]]
    #: Whether the pages were read after this worker's own changes.
    fresh: bool = True

    def listing(self) -> Listing:
        """Return the listing that was read."""
        return _listing(self.marks)

    def relist(self) -> Listing:
        """Read the listing again, and return it; the root stays as it is."""
        return _listing(self.list_marks())

    def only_adds(self, listing: Listing) -> bool:
        """Return whether *listing* has nothing but projects more, and pages of projects that were not shown yet."""
        later = {project: mark for project, _, mark in listing}
        named = self.pages.projects()
        changed = {project for project, _, _ in listing ^ self.listing()}
        return all(
            project in later
            and (project in self.marks or project not in named)
            and not flat.section_is_current(self.shown.get(project), later[project])
            for project in changed
        )

    def shows_own(self) -> bool:
        """Return whether the root pages and the flat page show what this worker wrote."""
        own = {project.name for project in self.own}
        links = [
            f"/{name_quoted(file.filename)}#sha256={file.sha256}"
            for project in self.own
            for file in project.memory.files.values()
        ]
        texts = [self.shown[name].read() for name in own if links and name in self.shown]
        in_flat = all(any(link.encode() in text for text in texts) for link in links)
        return own <= self.pages.projects() and (in_flat or not self.keeping.flat)

    def digests(self) -> dict[str, str | None]:
        """Return the md5 of each page as it was read, by its name; None where there was none."""
        pages = (*self.pages.html, *self.pages.json, self.pages.flat)
        return {page.name: page.md5 for page in pages}

    def under(self, honoured: Conditions, own: Sequence[Project]) -> Root | None:
        """Return the root as one whose pages were read before, with the listing of that time.

        Return None where the pages have to be read again.
        """
        pages = self.pages.under(honoured)
        return replace(self, pages=pages, honoured=honoured, own=own, fresh=False) if pages else None

    def listed_again(self) -> Root:
        """Return the root with a new listing."""
        return replace(self, marks=self.list_marks())

    def list_marks(self) -> dict[str, tuple[int, str]]:
        """Return size and change mark of the JSON page of each project.

        The listing may lag behind the writes. A request is made for each project that a page names and the listing
        lacks, and for each of our own whose JSON page the listing does not show as this worker wrote it.
        """
        return self.complete(self.store.list(layout.JSON_FOLDER))

    def complete(self, listed: Iterable[Entry]) -> dict[str, tuple[int, str]]:
        """Return what `list_marks` does, given the entries that were listed."""
        entries = {_project_of(entry.name): entry for entry in listed}
        marks = {project: (entry.size, entry.mark) for project, entry in entries.items() if project}
        behind = sorted((self.pages.projects() | self.shown.keys()) - marks.keys())  # each may be newer than the others
        for project in self.own:
            mark = marks.get(project.name, (0, ""))[1]
            if not mark or (project.memory.json and project.memory.json.mark != mark):
                behind.append(project.name)
        found = parallel.run(lambda name: find(self.store, layout.json_page(name)), behind, self.keeping.workers)
        marks |= {name: (entry.size, entry.mark) for name, entry in zip(behind, found, strict=True) if entry}
        return marks

    def write(self) -> Written:
        """Write the root pages and the flat page, and read those pages of projects that the flat page is behind."""
        sections = self._sections() if self.keeping.flat else None
        if self.keeping.flat and sections is None:
            return Written(outdated=True)
        html, json = html_pages.render_root(self.marks), json_pages.render_json_root(self.marks)
        drafts = [Draft(page, html, layout.HTML_TYPE) for page in self.pages.html]
        drafts += [Draft(page, json, layout.JSON_TYPE) for page in self.pages.json]
        if sections is not None:
            front = self.keeping.front.over(flat.front_of(self.pages.flat.body.read(0, flat.HEAD_LIMIT)))
            drafts.append(Draft(self.pages.flat, flat.render_flat(sections, front), layout.HTML_TYPE))
        elif self.pages.flat.md5 is not None:  # a flat page that is not kept would lack what comes later
            self.store.delete(layout.FLAT)
        return write_drafts(self.store, drafts, self.keeping.workers)

    def _sections(self) -> dict[str, flat.Section] | None:
        """Return the section of each project; None where a project's page is not there any more."""
        stale = [p for p, (_, mark) in self.marks.items() if not flat.section_is_current(self.shown.get(p), mark)]
        sections = {project: self.shown[project] for project in self.marks if project in self.shown}
        fresh = parallel.run(self._section, stale, self.keeping.workers)
        for project, section in zip(stale, fresh, strict=True):
            if section is None:
                return None
            sections[project] = section
        return sections

    def _section(self, project: str) -> flat.Section | None:
        """Return a project's section, or None where its page is gone.

        Where marks are digests the section has that of the bytes: they may be newer than the listing, and a page that
        was replaced and came back has its old mark again.
        """
        if not self.fresh:  # no flat page that was read before this worker wrote a JSON page can be newer than that
            own = next((one.memory for one in self.own if one.name == project), None)
            if own and own.json and own.json.mark == self.marks[project][1]:
                return flat.render_section(project, own.json.mark, own.described)
        content = Page.read(self.store, layout.json_page(project)).content
        if not content:
            return None
        if self.honoured.md5:
            self.marks[project] = len(content), hashlib.md5(content, usedforsecurity=False).hexdigest()
        files = json_pages.read_json(content).values()
        return flat.render_section(project, self.marks[project][1], files)


def read_pages(store: Store, keeping: Keeping, honoured: Conditions = NO_CONDITIONS) -> RootPages:
    """Read the root pages, their copies and the flat page, at once."""

    def read(name: str) -> Page:
        return Page.read(store, name, honoured, spooled=name == layout.FLAT)

    return RootPages.of(parallel.run(read, _names(keeping), keeping.workers))


def no_pages(keeping: Keeping) -> RootPages:
    """Return what `read_pages` does where there are none, as in a container that is still to be created."""
    return RootPages.of([Page(name, None, None) for name in _names(keeping)])


def _names(keeping: Keeping) -> list[str]:
    html, json = (with_copies(name, slash=keeping.slash) for name in (layout.ROOT, layout.JSON_ROOT))
    return [*html, *json, layout.FLAT]


def root_of(
    store: Store,
    keeping: Keeping,
    pages: RootPages,
    *,
    own: Iterable[Project] = (),
    honoured: Conditions = NO_CONDITIONS,
) -> Root:
    """Return the root whose *pages* were read, and nothing is listed of.

    *own* are the projects whose pages this worker brought up to date. Raises Failed where the flat page is not ours and
    is not to be replaced.
    """
    if not keeping.adopt:
        check_ours(store, pages.flat)
    shown = flat.flat_sections(pages.flat.body)
    return Root(store=store, keeping=keeping, own=list(own), honoured=honoured, pages=pages, shown=shown, marks={})


def look_at_root(store: Store, keeping: Keeping, *, own: Iterable[Project] = (), writing: bool = True) -> Root:
    """Read the root pages and the flat page, then the listing of the JSON pages; see `root_of`."""
    honoured = store.conditions() if writing else NO_CONDITIONS
    pages = read_pages(store, keeping, honoured)
    return root_of(store, keeping, pages, own=own, honoured=honoured).listed_again()


def check_ours(store: Store, flat_page: Page) -> None:
    """Raise Failed where the flat page is somebody else's: a page of ours would drop its links."""
    if flat_page.md5 is not None and not flat.is_ours(flat_page.body.read(0, flat.HEAD_LIMIT)):
        raise Failed(store.label, f"its {layout.FLAT} is not ours", "wheelhouse.index --adopt takes its files over")


def _listing(marks: dict[str, tuple[int, str]]) -> Listing:
    return frozenset((project, size, mark) for project, (size, mark) in marks.items())


def _project_of(object_name: str) -> str | None:
    project, slash, rest = object_name.removeprefix(layout.JSON_FOLDER).partition("/")
    return project if slash and rest == "index.html" and layout.is_project(project) else None
