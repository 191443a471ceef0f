"""Pages as they are in the container: how they are kept, read, and replaced unless somebody else replaced them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.errors import Changed, ObjectMissing
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.people.versions import NOTHING
from wheelhouse_tasks.retry import retry
from wheelhouse_tasks.spool import Spool
from wheelhouse_tasks.storage.port import ABSENT, READ_RETRIES, Conditions, Entry, Payload, make_payload
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
    md5: str | None
    #: The mark that the page must have when it is replaced; None where the provider honours no such condition.
    expect: str | None
    #: Empty where there is no such page, and where nobody needs its content any more: a large one fills the memory.
    content: bytes = field(default=b"", repr=False, compare=False)
    #: The content of a page that was read into a spool.
    body: Spool = field(default_factory=Spool, repr=False, compare=False)

    @classmethod
    def read(cls, store: Store, name: str, honoured: Conditions = NO_CONDITIONS, *, spooled: bool = False) -> Page:
        """Read a page that is to be replaced under the conditions that are honoured, into a spool if so *spooled*.

        Raises what the store raises, except ObjectMissing.
        """
        try:
            # a mark that is no digest of the bytes is read before them: a page that changes in between is refused later
            mark = store.facts(name)[0].mark if honoured.mark and not honoured.md5 else None
            body = retry(lambda: Spool(store.read(name)), READ_RETRIES)
        except ObjectMissing:
            return cls(name, None, ABSENT if honoured.mark else None)
        page = cls(name, body.md5, mark, b"" if spooled else body.read(0, body.size), body if spooled else Spool())
        return page.under(honoured) or page

    def under(self, honoured: Conditions) -> Page | None:
        """Return a page that was read under no condition as one that is to be replaced under those honoured.

        Return None where the page has to be read again: its mark does not follow from its bytes, or it was not there,
        and nothing would refuse to write over what others have written since.
        """
        if not honoured.mark:
            return self
        if self.md5 is None:
            return replace(self, expect=ABSENT) if honoured.absent else None
        return replace(self, expect=self.md5) if honoured.md5 else None

    def emptied(self) -> Page:
        """Return the page without its content."""
        return replace(self, content=b"")


def with_copies(name: str, *, slash: bool) -> list[str]:
    """Return the name of a page, and with *slash* of its copy under the name of its folder."""
    return [name, name.removesuffix("index.html")] if slash else [name]


def all_under(pages: Iterable[Page], honoured: Conditions) -> list[Page] | None:
    """Return pages as `Page.under` does, or None where one of them has to be read again."""
    under = [page.under(honoured) for page in pages]
    kept = [page for page in under if page]
    return kept if len(kept) == len(under) else None


@dataclass(frozen=True)
class Draft:
    """What a page should say."""

    page: Page
    content: bytes | Spool
    content_type: str


@dataclass(frozen=True, kw_only=True)
class Written:
    """What became of some drafts."""

    #: The objects of the pages that were written.
    entries: tuple[Entry, ...] = ()
    #: The md5 of each of them, by its name.
    digests: Mapping[str, str] = field(default_factory=dict)
    #: The names of the pages that another worker has written since they were read.
    refused: frozenset[str] = frozenset()
    #: The names of the pages that say what they should.
    equal: frozenset[str] = frozenset()
    #: Whether what the drafts were made of had changed, so that nothing was written.
    outdated: bool = False


def write_drafts(store: Store, drafts: Iterable[Draft], workers: int) -> Written:
    """Write each page whose bytes differ from those of its draft, at once."""

    def write(draft: Draft) -> Entry | str | None:
        page, payload = draft.page, _payload(draft)
        if payload.md5 == page.md5:
            return None
        try:
            entry = store.put(page.name, payload, expect=page.expect)
        except Changed:
            return page.name
        digests[page.name] = payload.md5
        return entry

    wanted, digests = list(drafts), dict[str, str]()
    results = parallel.run(write, wanted, workers)
    return Written(
        entries=tuple(result for result in results if isinstance(result, Entry)),
        digests=digests,
        refused=frozenset(result for result in results if isinstance(result, str)),
        equal=frozenset(draft.page.name for draft, result in zip(wanted, results, strict=True) if result is None),
    )


def _payload(draft: Draft) -> Payload:
    content = draft.content
    if isinstance(content, bytes):
        return make_payload(content, draft.content_type, layout.PAGE_CACHE)
    return Payload(
        source=content.source,
        size=content.size,
        sha256=content.sha256,
        md5=content.md5,
        content_type=draft.content_type,
        cache_control=layout.PAGE_CACHE,
    )


def find(store: Store, object_name: str) -> Entry | None:
    """Return the entry of an object, or None where there is no such object."""
    try:
        return store.facts(object_name)[0]
    except ObjectMissing:
        return None
