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
      and either nothing was written or the listing, read again, is the same

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
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.root import look_at_root
from wheelhouse_tasks.errors import IndexUnstable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wheelhouse_tasks.container.looked import Listing
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.container.published import Keeping, Written
    from wheelhouse_tasks.container.survey import Survey
    from wheelhouse_tasks.storage.port import Store

ROUNDS = 60
#: Seconds between two rounds.
FIRST_PAUSE_OF_ROUNDS, LONGEST_PAUSE_OF_ROUNDS = 0.05, 2.0


@dataclass(frozen=True, kw_only=True)
class Convergence:
    """What it took until the pages said what the container holds."""

    #: Times that pages were compared with a listing, of all projects and the root together.
    rounds: int
    #: Object names of the pages written.
    written: tuple[str, ...]


class View(Protocol):
    """Pages and the listing that was read after them: a project, or the root."""

    def listing(self) -> Listing:
        """Return the listing that was read, with what this worker added since."""

    def relist(self) -> Listing:
        """Read the listing again, and return it."""

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

    *before* is what was read before this worker added its own objects. Its flat page serves the first round. Its
    projects do where the provider honours conditional writes; elsewhere they are read again.
    Raises IndexUnstable when a listing keeps changing, BadPage for a page that cannot be understood, and what the
    store raises. The pages are valid in every case, and another run completes them.
    """
    own = list(projects)
    early = before.projects if before and store.conditions().mark else {}
    settled = [_settle(store, early.get(project.name), partial(look, project), sleep) for project in own]
    look_again = partial(look_at_root, store, keeping, own=own)
    root = look_again(flat_page=before.flat_page if before else None)
    settled.append(_settle(store, root, look_again, sleep))
    written = dict.fromkeys(name for one in settled for name in one.written)
    return Convergence(rounds=sum(one.rounds for one in settled), written=tuple(written))


def _settle(store: Store, first: View | None, look: Callable[[], View], sleep: Callable[[float], None]) -> Convergence:
    """Write pages until they say what the listing says; the *first* round begins with a look where it has no view."""
    view, names = first or look(), list[str]()
    for attempt in range(ROUNDS):
        written = view.write()
        names += [entry.name for entry in written.entries]
        # a worker that wrote nothing found its objects on the pages; whoever replaces these pages looks later
        if written.undisturbed and (not written.entries or view.relist() == view.listing()):
            return Convergence(rounds=attempt + 1, written=tuple(names))
        sleep(random.uniform(0, min(FIRST_PAUSE_OF_ROUNDS * 2**attempt, LONGEST_PAUSE_OF_ROUNDS)))  # noqa: S311
        view = look()
    raise IndexUnstable(store.label, f"its listing kept changing for {ROUNDS} rounds", "run wheelhouse.index")
