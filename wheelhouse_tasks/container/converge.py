"""Bring the pages of a container to what its listing says, beside any number of writers, without a lock.

A worker writes its own objects first. Then, for each of its projects, it does this::

    repeat
        pages   = read the pages of the project
        listing = list files/<project>/
                  + the worker's own objects
                  + the objects that a page names, the listing lacks, and a request finds
        facts   = of each artifact: what the worker itself wrote,
                  or the JSON page, where size and change mark agree,
                  or the user metadata of the object,
                  or the bytes of the object
        write each page whose bytes differ from what the listing and the facts render to
    until no page was found to be written by another worker since it was read,
      and either nothing was written or the listing, read again, is the same or only has more (see below),
    or the duty is that of other workers (see below)

Then it does the same for the root pages and the flat page, over one listing of the JSON pages.

Why no link is lost. Every worker that writes a page reads the listing *after* the write. Take the last write of a page,
and the listing that its worker read afterwards. Either this listing is the one that the page was rendered from: then
the page says what the container held at that moment, and a worker that adds an object later also reads the pages later,
finds this page behind, and writes it. Or the listing is another one: then the worker wrote the page again, and this was
not its last write. The facts of an artifact travel with its object, not in the page alone. So a page that a slower
worker overwrites takes no fact with it that the next look does not find again.

What remains. A worker may die between its write and its look, or the provider may carry out a worker's last request
after the worker's death. Conditional writes close this gap too, where the provider honours them (`Store.conditions`:
tried, never assumed). A worker reads a page before the listing that it renders the replacement from, and the provider
replaces the page only if it still is the page that was read. So an object that the replacement leaves out was added
after the page was read, and the worker of that object looks later still. If it finds the old page, it replaces that
page, and the late write is refused. If it finds the late write, it replaces that one. Where the provider honours no
conditions, the next upload or `wheelhouse.index` heals the page.

Why every upload ends, whatever others do. Under steady writers a listing hardly ever stays the same, and a slow worker
hardly ever replaces the page that it read. But the work of others is done for it as well.

*With conditional writes* each version of a page was rendered from a listing that began after the version before it was
in place. So once a version is rendered from a listing that began after a worker's own change, every later one is.

- A worker whose write is accepted is done with this page. What the listing, read again, has more than before is the
  duty of the workers that added it: each of them looks after it has added something. Such a worker may end without a
  write only if it read a page that shows its change already. The page that was replaced is the last one that it can
  have read, so what this page does not show is still to be written by its worker (`only_adds`). Any other
  difference, of markers above all, may have been undone and done again, and makes another round.
- A worker whose write is refused twice, each time after it read the page after its own changes, is done with this page
  too. The first refusal shows that a version was written after the first read. The second one shows that another
  version replaced this one or a later one, so it was rendered from a listing that began after the first read. The
  worker looks once more whether its files are there, because listings may lag, and ends.

So a page is read four times at the most: once before the worker's own changes, and three times after them.

*Without conditional writes* a worker ends when each page that it wrote was replaced by others since, and shows what the
worker wrote. Then the last write of the page is not its own, and the argument above is about the worker of that one.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from wheelhouse_tasks import parallel
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.published import Written
from wheelhouse_tasks.container.root import look_at_root
from wheelhouse_tasks.errors import IndexUnstable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wheelhouse_tasks.container.looked import Listing
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.container.published import Keeping
    from wheelhouse_tasks.container.root import Root
    from wheelhouse_tasks.container.survey import Survey
    from wheelhouse_tasks.storage.port import Store

ROUNDS = 60
#: Seconds between two rounds.
FIRST_PAUSE_OF_ROUNDS, LONGEST_PAUSE_OF_ROUNDS = 0.05, 2.0
#: So many times a page that was read after a worker's changes is replaced by others before it shows these changes.
REFUSALS = 2


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """What it took until the pages said what the container holds."""

    #: Times that pages were compared with a listing, of all projects and the root together.
    rounds: int
    #: Object names of the pages written.
    written: tuple[str, ...]


class View(Protocol):
    """Pages and a listing that were read: of a project, or of the root."""

    @property
    def fresh(self) -> bool:
        """Return whether the pages were read after this worker's own changes."""

    def listing(self) -> Listing:
        """Return the listing that was read, with what this worker added since."""

    def relist(self) -> Listing:
        """Read the listing again, and return it."""

    def only_adds(self, listing: Listing) -> bool:
        """Return whether a later listing has only more than this one, and nothing that the pages as read show."""

    def digests(self) -> dict[str, str | None]:
        """Return the md5 of each page as it was read, by its name."""

    def shows_own(self) -> bool:
        """Return whether the pages, as they were read, show what this worker wrote."""

    def write(self) -> Written:
        """Write the pages that are behind the listing."""


def converge(
    store: Store,
    projects: Iterable[Project],
    keeping: Keeping,
    *,
    before: Survey | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Convergence:
    """Bring the pages of *projects*, the root pages and the flat page up to date, as *keeping* says.

    *before* is what was read before this worker added its own objects. It serves the first round where the provider
    honours conditional writes. Elsewhere everything is read again: what others wrote since would be overwritten.
    Raises IndexUnstable when a listing keeps changing, BadPage for a page that cannot be understood, and what the
    store raises. The pages are valid in every case, and another run completes them.
    """
    own, honoured = list(projects), store.conditions()
    before = before if honoured.mark else None
    root = before.root.under(honoured, own) if before else None
    ahead: list[Root] = []

    def relist(view: View) -> Listing:
        """Read the listing of a project again, and that of the root beside it."""
        reads: list[Callable[[], Any]] = [view.relist, *([root.listed_again] if root else [])]
        results = parallel.run(lambda read: read(), reads, keeping.workers)
        ahead[:] = results[1:]
        listing: Listing = results[0]
        return listing

    settled = []
    unchanged = True
    for project in own:
        early = before.projects.get(project.name) if before else None
        first = early.under(honoured) if early else None
        settled.append(_settle(store, first, partial(look, project), sleep, relist))
        # pages that were read again, and are right, may be those of a worker that died before it came to the root
        unchanged &= first is not None and not settled[-1].written and settled[-1].rounds == 1
    if root and not unchanged:
        # the listing that was read beside the last one of the last project serves, where that was the only one
        root = ahead[0] if ahead and settled[-1].written and settled[-1].rounds == 1 else root.listed_again()
    early_root = replace(root, keeping=keeping) if root else None
    settled.append(_settle(store, early_root, partial(look_at_root, store, keeping, own=own), sleep))
    written = dict.fromkeys(name for one in settled for name in one.written)
    return Convergence(rounds=sum(one.rounds for one in settled), written=tuple(written))


def _relist(view: View) -> Listing:
    return view.relist()


def _settle(
    store: Store,
    first: View | None,
    look: Callable[[], View],
    sleep: Callable[[float], None],
    relist: Callable[[View], Listing] = _relist,
) -> Convergence:
    """Write pages until this worker may leave them; the *first* round begins with a look where it has no view."""
    honoured = store.conditions()
    view = first or look()
    past = _Past(conditional=honoured.absent and honoured.mark, view=view)
    for attempt in range(ROUNDS):
        if attempt and past.leaves_to_others(view):
            return Convergence(rounds=attempt + 1, written=tuple(past.wrote))
        written = view.write()
        past.add(view, written)
        if not (written.refused or written.outdated) and past.is_last(
            relist(view) if written.entries else view.listing()
        ):
            return Convergence(rounds=attempt + 1, written=tuple(past.wrote))
        sleep(random.uniform(0, min(FIRST_PAUSE_OF_ROUNDS * 2**attempt, LONGEST_PAUSE_OF_ROUNDS)))  # noqa: S311
        view = look()
    raise IndexUnstable(store.label, f"its listing kept changing for {ROUNDS} rounds", "run wheelhouse.index")


@dataclass
class _Past:
    """What a worker has done with some pages."""

    #: Whether the provider honours both kinds of conditions.
    conditional: bool
    #: What the last round began with.
    view: View
    #: The md5 of what this worker wrote last, by page.
    wrote: dict[str, str] = field(default_factory=dict)
    #: The pages that showed this worker's own changes, because it wrote them, or read them so after its changes.
    shown: set[str] = field(default_factory=set)
    #: How often each page had been replaced by others, though it was read after this worker's own changes.
    refusals: Counter[str] = field(default_factory=Counter)
    #: What became of the last round.
    written: Written = field(default_factory=Written)

    def add(self, view: View, written: Written) -> None:
        """Add a round."""
        self.view, self.written = view, written
        self.wrote.update(written.digests)
        self.shown.update(written.digests)
        if view.fresh:
            self.refusals.update(written.refused)
            self.shown |= written.equal

    def is_last(self, listing: Listing) -> bool:
        """Return whether the pages may stay as the last round left them, given the listing that was read after it.

        A worker that wrote nothing found its objects on the pages; whoever replaces these pages looks later.
        """
        return listing == self.view.listing() or (self.conditional and self.view.only_adds(listing))

    def leaves_to_others(self, view: View) -> bool:
        """Return whether the pages, as they are read now, are the duty of other workers."""
        if self.written.outdated or not view.shows_own():
            return False
        if not self.conditional:
            there = view.digests()
            return bool(self.wrote) and all(there[name] != md5 for name, md5 in self.wrote.items())
        refused = self.written.refused
        replaced = all(name in self.shown or self.refusals[name] >= REFUSALS for name in refused)
        return bool(refused) and replaced and (not self.written.entries or self.is_last(view.listing()))
