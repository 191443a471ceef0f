"""Pages as they are in the container: read, and replaced under the condition that nobody replaced them meanwhile."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks import pages
from wheelhouse_tasks.errors import Changed, ObjectMissing
from wheelhouse_tasks.storage import ABSENT, Conditions, make_payload, read_all

if TYPE_CHECKING:
    from wheelhouse_tasks.storage import Store

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
        if honoured.mark and honoured.md5:
            mark = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return cls(name, content, mark)


@dataclass(frozen=True)
class Published:
    """What became of an attempt to write a page."""

    name: str
    written: bool
    #: Another worker wrote it since it was read.
    overtaken: bool = False


def publish(store: Store, old: Page, content: bytes, kind: str) -> Published:
    """Write a page unless it says the same already."""
    if content == old.content:
        return Published(old.name, written=False)
    try:
        store.put(old.name, make_payload(content, kind, pages.PAGE_CACHE), expect=old.expect)
    except Changed:
        return Published(old.name, written=False, overtaken=True)
    return Published(old.name, written=True)
