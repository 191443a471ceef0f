"""Pages as they are in the container: how they are kept, read, and replaced unless somebody else replaced them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import Changed, ObjectMissing
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.people.versions import NOTHING
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Entry, make_payload, read_all
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelhouse_tasks.people.versions import Front
    from wheelhouse_tasks.storage.port import Store
    from wheelhouse_tasks.ui import Work

NO_CONDITIONS = Conditions(absent=False, mark=False, md5=False)


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How the pages of a container are kept."""

    #: Requests at a time.
    workers: int
    #: Whether there is a flat page.
    flat: bool = True
    #: Whether each page is stored under the name of its folder too, as plain object endpoints need it.
    slash: bool = False
    #: Whether a flat page that somebody else made is replaced.
    adopt: bool = False
    #: What the flat page says of itself. What is not known stays as the page has it: it may come from a worker with
    #: other settings, and two of them would take turns.
    front: Front = NOTHING
    #: What counts each artifact that is asked for.
    work: Work = field(default=UNSEEN, compare=False, repr=False)


@dataclass(frozen=True)
class Page:
    """A page as it was read."""

    name: str
    #: None where there is no such page: a definite answer. Any other failure to read it is raised.
    content: bytes | None
    #: The mark that the page must have when it is replaced; None where the provider honours no such condition.
    expect: str | None

    @classmethod
    def read(cls, store: Store, name: str, honoured: Conditions = NO_CONDITIONS) -> Page:
        """Read a page that is to be replaced under the conditions that are honoured.

        Raises what the store raises, except ObjectMissing.
        """
        try:
            # a mark that is no digest of the bytes is read before them: a page that changes in between is refused later
            mark = store.facts(name)[0].mark if honoured.mark and not honoured.md5 else None
            content = read_all(store, name)
        except ObjectMissing:
            return cls(name, None, ABSENT if honoured.mark else None)
        page = cls(name, content, mark)
        return page.under(honoured) or page

    def under(self, honoured: Conditions) -> Page | None:
        """Return a page that was read under no condition as one that is to be replaced under those honoured.

        Return None where the page has to be read again, since its mark does not follow from its bytes.
        """
        if not honoured.mark:
            return self
        if self.content is None:
            return replace(self, expect=ABSENT)
        if not honoured.md5:
            return None
        return replace(self, expect=hashlib.md5(self.content, usedforsecurity=False).hexdigest())


def read_copies(store: Store, name: str, honoured: Conditions, *, slash: bool) -> list[Page]:
    """Read a page, and with *slash* its copy under the name of its folder."""
    names = [name, name.removesuffix("index.html")] if slash else [name]
    return [Page.read(store, copy, honoured) for copy in names]


@dataclass(frozen=True)
class Draft:
    """What a page should say."""

    page: Page
    content: bytes
    content_type: str


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of some drafts."""

    #: The objects of the pages that were written.
    entries: tuple[Entry, ...]
    #: Whether no other worker is known to have written one of the pages since it was read.
    undisturbed: bool


def write_drafts(store: Store, drafts: Iterable[Draft]) -> Written:
    """Write each page whose bytes differ from those of its draft."""
    entries, undisturbed = list[Entry](), True
    for draft in drafts:
        page = draft.page
        if draft.content == page.content:
            continue
        payload = make_payload(draft.content, draft.content_type, layout.PAGE_CACHE)
        try:
            entries.append(store.put(page.name, payload, expect=page.expect))
        except Changed:
            undisturbed = False
    return Written(entries=tuple(entries), undisturbed=undisturbed)
