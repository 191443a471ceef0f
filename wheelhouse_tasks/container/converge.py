"""Bring the pages of a container to what its listing says, beside any number of writers, without a lock.

For one project, after a worker's own objects are written::

    repeat
        pages   = read the pages of the project
        listing = list files/<project>/ + the worker's own objects + what the page knows and a request confirms
        facts   = the worker's own, or the JSON page's where size and change mark agree, or the object's user metadata,
                  or what its bytes say
        write the pages whose bytes differ from those rendered of the listing and the facts
    until the listing, read again, says what it said, and no page was found to be written by another worker meanwhile

and then the same for the root and flat pages, over one listing of the JSON pages.

Why no link is lost. Whoever writes a page looks at the listing *after* the write. Take the last write of a page. Its
worker then saw either the listing that it had rendered, so the page says what the container held at that moment, and
whoever adds an object later also looks later, finds the page behind, and writes it; or another listing, and then it
wrote again, so this was not the last write. Facts travel with the objects and not in the page alone, so a page that a
slower worker overwrites takes nothing with it that the next look does not find again.

What remains is a worker that dies between its write and its look, or whose last request is carried out by the provider
after its death. Where the provider honours conditional writes (`Store.conditions`: tried, never assumed), that is
closed too. A page is read before the listing that its replacement is rendered from, and is replaced only if it still is
what was read. An object that such a replacement leaves out was therefore added after the page was read, and its worker
looks later still: if it finds the page as it was, it replaces it, and the late write is refused; if it finds the late
write, it replaces that. Elsewhere the next upload, or `wheelhouse.index`, heals the page.
"""

from __future__ import annotations

import hashlib
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from wheelhouse_tasks import parallel
from wheelhouse_tasks.container.published import NO_CONDITIONS, Page, publish_all, read_copies
from wheelhouse_tasks.errors import Failed, IndexUnstable, ObjectMissing
from wheelhouse_tasks.pages import flat, html_pages, json_pages, layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wheelhouse_tasks.container.project import Listing, Project
    from wheelhouse_tasks.storage.port import Conditions, Store

ROUNDS = 60
#: Seconds between two rounds.
FIRST_PAUSE_OF_ROUNDS, LONGEST_PAUSE_OF_ROUNDS = 0.05, 2.0


@dataclass(frozen=True)
class Convergence:
    """What it took."""

    #: Times that pages were compared with a listing, of all projects and the root together.
    rounds: int
    #: Object names of the pages written.
    written: tuple[str, ...]


class View(Protocol):
    """A listing, and the pages that follow from it."""

    def look(self) -> Listing:
        """Read the pages, then the listing."""

    def relist(self) -> Listing:
        """Read the listing alone."""

    def listing(self) -> Listing:
        """Return what was last read, with what was added since."""

    def write(self) -> tuple[list[str], bool]:
        """Write the pages that are behind; return their names, and whether nobody else wrote one meanwhile."""


def converge(  # noqa: PLR0913
    store: Store,
    projects: Iterable[Project],
    *,
    workers: int,
    flat: bool = True,
    looked: bool = False,
    flat_page: Page | None = None,
    slash: bool = False,
    adopt: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Convergence:
    """Bring the pages of *projects*, the root page, and the *flat* page up to date, with *slash* their copies too.

    With *looked*, the projects were looked at before the worker's own objects were added to them; where the provider
    honours conditional writes they are not looked at again, and neither is the *flat_page* that was read before, under
    no condition. With *adopt* a flat page that is not ours is replaced.
    Raises IndexUnstable when a listing does not hold still, BadPage for a page that cannot be understood, and what the
    store raises. Pages are valid in every case, and another run completes them.
    """
    looked = looked and store.conditions().mark
    rounds, written = 0, list[str]()
    own = list(projects)
    views: list[tuple[View, bool]] = [(project, looked) for project in own]
    for view, current in [*views, (Root(store, workers, flat, slash, adopt, own, flat_page), False)]:
        before = view.listing() if current else view.look()
        for attempt in range(ROUNDS):
            rounds += 1
            names, undisturbed = view.write()
            written += names
            # who wrote nothing found its objects on the pages; whoever replaces these looks later
            if undisturbed and (not names or view.relist() == before):
                break
            sleep(random.uniform(0, min(FIRST_PAUSE_OF_ROUNDS * 2**attempt, LONGEST_PAUSE_OF_ROUNDS)))  # noqa: S311
            before = view.look()
        else:
            raise IndexUnstable(store.label, f"its listing kept changing for {ROUNDS} rounds", "run wheelhouse.index")
    return Convergence(rounds, tuple(dict.fromkeys(written)))


@dataclass
class Root:
    """The projects of a container: the root pages, and the flat page."""

    store: Store
    workers: int
    flat: bool
    slash: bool = False
    #: Take the place of a flat page that somebody else made.
    adopt: bool = False
    #: Projects whose pages this worker brought up to date.
    own: Sequence[Project] = ()
    #: The flat page as it was read before everything else; the first look takes it.
    early: Page | None = None
    honoured: Conditions = NO_CONDITIONS
    html: list[Page] = field(init=False)
    json: list[Page] = field(init=False)
    flat_page: Page = field(init=False)
    marks: dict[str, tuple[int, str]] = field(default_factory=dict)

    def look(self, *, writing: bool = True) -> Listing:
        """Read the pages, then the listing of the JSON pages."""
        self.honoured = self.store.conditions() if writing else NO_CONDITIONS
        self.html = read_copies(self.store, layout.ROOT, self.honoured, slash=self.slash)
        self.json = read_copies(self.store, layout.JSON_ROOT, self.honoured, slash=self.slash)
        early = self.early.under(self.honoured) if self.early else None
        self.flat_page, self.early = early or Page.read(self.store, layout.FLAT, self.honoured), None
        if not self.adopt:
            check_ours(self.store, self.flat_page)
        return self.relist()

    def relist(self) -> Listing:
        """Read the listing of the JSON pages, with what it should show and does not: it may lag behind the writes."""
        entries = {_project_of(entry.name): entry for entry in self.store.list(layout.JSON_FOLDER)}
        self.marks = {project: (entry.size, entry.mark) for project, entry in entries.items() if project}
        shown = {name for page in (*self.html, *self.json) for name in html_pages.read_root(page.content)}
        shown |= flat.flat_sections(self.flat_page.content or b"").keys()  # each page may be newer than the others
        behind = sorted(shown - self.marks.keys())
        for project in self.own:
            mark = self.marks.get(project.name, (0, ""))[1]
            if not mark or project.json_mark not in ("", mark):
                behind.append(project.name)
        for name in behind:
            try:
                entry = self.store.facts(layout.json_page(name))[0]
            except ObjectMissing:
                continue
            self.marks[name] = (entry.size, entry.mark)
        return self.listing()

    def listing(self) -> Listing:
        """Return what the last look found."""
        return frozenset((project, size, mark) for project, (size, mark) in self.marks.items())

    def write(self) -> tuple[list[str], bool]:
        """Write the root pages and the flat page; of the projects' pages only those that changed are read."""
        html, json = html_pages.render_root(self.marks), json_pages.render_json_root(self.marks)
        news = [
            *((page, html, layout.HTML_TYPE) for page in self.html),
            *((page, json, layout.JSON_TYPE) for page in self.json),
        ]
        steady = True
        if self.flat:
            sections = flat.flat_sections(self.flat_page.content or b"")
            stale = [p for p, (_, mark) in self.marks.items() if not flat.section_is_current(sections.get(p), mark)]
            texts = {project: sections[project].text for project in self.marks if project in sections}
            fresh = dict(zip(stale, parallel.run(self._section, stale, self.workers), strict=True))
            steady = None not in fresh.values()
            if steady:
                texts |= {project: text for project, text in fresh.items() if text is not None}
                news.append((self.flat_page, flat.render_flat(texts), layout.HTML_TYPE))
        elif self.flat_page.content is not None:  # one that is kept no more would lack what comes
            self.store.delete(layout.FLAT)
        written, undisturbed = publish_all(self.store, *news)
        return [entry.name for entry in written], undisturbed and steady

    def _section(self, project: str) -> str | None:
        """Return a project's section, or None where its page is not the one that the listing showed.

        Where marks are digests, a page that was replaced and came back has its old mark again.
        """
        content, mark = Page.read(self.store, layout.json_page(project)).content, self.marks[project][1]
        if content is None or (self.honoured.md5 and hashlib.md5(content, usedforsecurity=False).hexdigest() != mark):
            return None
        return flat.render_section(project, mark, json_pages.read_json(content).values())


def check_ours(store: Store, flat_page: Page) -> None:
    """Raise Failed where the flat page is somebody else's: writing ours would drop its links."""
    if flat_page.content is not None and not flat.is_ours(flat_page.content):
        raise Failed(store.label, f"its {layout.FLAT} is not ours", "wheelhouse.index --adopt takes its files over")


def _project_of(object_name: str) -> str | None:
    project, slash, rest = object_name.removeprefix(layout.JSON_FOLDER).partition("/")
    return project if slash and rest == "index.html" and layout.is_project(project) else None
