"""Pages as they are in the container: read, and replaced under the condition that nobody replaced them meanwhile."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import Changed, ObjectMissing
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Entry, make_payload, read_all

if TYPE_CHECKING:
    from wheelhouse_tasks.storage.port import Store

NO_CONDITIONS = Conditions(absent=False, mark=False, md5=False)


@dataclass(frozen=True)
class Page:
    """A page as it was read."""

    name: str
    #: None where there is no such page: a definite answer. Any other failure to read it is raised.
    content: bytes | None
    #: What the page must be when it is replaced; None where the provider honours no such condition.
    expect: str | None

    @classmethod
    def read(cls, store: Store, name: str, honoured: Conditions = NO_CONDITIONS) -> Page:
        """Read a page that is to be replaced under the conditions that are honoured.

        Raises what the store raises but ObjectMissing.
        """
        try:
            # where a mark is no digest of the bytes, it is asked for first: a page that changes in between is refused
            mark = store.facts(name)[0].mark if honoured.mark and not honoured.md5 else None
            content = read_all(store, name)
        except ObjectMissing:
            return cls(name, None, ABSENT if honoured.mark else None)
        page = cls(name, content, mark)
        return page.under(honoured) or page

    def under(self, honoured: Conditions) -> Page | None:
        """Return a page that was read under no condition as one that is to be replaced under those honoured.

        Return None where it has to be read again, since its bytes do not tell its mark.
        """
        if not honoured.mark:
            return self
        if self.content is None:
            return replace(self, expect=ABSENT)
        if not honoured.md5:
            return None
        return replace(self, expect=hashlib.md5(self.content, usedforsecurity=False).hexdigest())


def read_copies(store: Store, name: str, honoured: Conditions, *, slash: bool) -> list[Page]:
    """Read a page, and with *slash* its copy under the folder's name, which plain object endpoints serve."""
    names = [name, name.removesuffix("index.html")] if slash else [name]
    return [Page.read(store, each, honoured) for each in names]


def publish_all(store: Store, *news: tuple[Page, bytes, str]) -> tuple[list[Entry], bool]:
    """Write pages, given what each was, is, and its content type, unless they say the same already.

    Return the objects written, and whether no other worker was found to have written one since it was read.
    """
    written, undisturbed = list[Entry](), True
    for old, content, kind in news:
        if content == old.content:
            continue
        try:
            written.append(store.put(old.name, make_payload(content, kind, layout.PAGE_CACHE), expect=old.expect))
        except Changed:
            undisturbed = False
    return written, undisturbed
