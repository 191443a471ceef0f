"""The flat page, for people and for `--find-links`: a section for each project."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_tasks.pages.html_pages import END, attributes, start_of
from wheelhouse_tasks.pages.layout import file_name, is_project
from wheelhouse_tasks.pages.quoting import quoted, text_of
from wheelhouse_tasks.pages.record import File, by_version
from wheelhouse_tasks.people import versions
from wheelhouse_tasks.people.style import STYLE
from wheelhouse_tasks.spool import Spool, replaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wheelhouse_tasks.people.versions import Front


def render_section(project: str, mark: str, files: Iterable[File]) -> Section:
    """Return one project's part of the flat page; *mark* is the change mark of the JSON page that it is made from."""
    folder = file_name(quoted(project), "")
    parts = versions.render(project, by_version(files), attributes=lambda file: attributes(file, folder))
    texts = chain([f"{SECTION_START}{quoted(project)} {quoted(mark)} -->\n"], parts, [SECTION_END])
    page = Spool(text.encode("ascii", "xmlcharrefreplace") for text in texts)
    return next(iter(_sections(page, address="").values()))


#: The number is the version of the form of a section: a section of another form is made anew.
SECTION_START, SECTION_END = "<!-- wheelhouse section 3: ", "<!-- wheelhouse section end -->\n"
#: What a page is called where nobody calls it otherwise.
TITLE = "Wheelhouse"
ADDRESS = '<meta name="wheelhouse:address" content="'


def render_flat(sections: Mapping[str, Section], front: Front = versions.NOTHING) -> Spool:
    """Return the flat page with the section of every project."""
    shown = [sections[project] for project in sorted(filter(is_project, sections))]
    links = sum(section.links for section in shown)
    facts = [section.facts for section in shown if section.facts]
    head = f'{ADDRESS}{text_of(front.address)}">\n{STYLE}' if front.address else STYLE
    page = Spool([start_of(front.title or TITLE, head=head, links=links)])
    intro = versions.intro(facts, links, addressed=bool(front.address))
    for text in (versions.skip_link() if links else "", intro, '<main id="files" tabindex="-1">\n'):
        page.write(text.encode("ascii", "xmlcharrefreplace"))
    for section in shown:
        for block in section.blocks(front.address):
            page.write(block)
    page.write(b"</main>\n" + END)
    return page


def _command(address: str) -> str:
    """Return the part of a command that holds the address of the page."""
    shown = text_of(shlex.quote(address)) if address else versions.PLACEHOLDER
    return f"{versions.COMMAND}{shown}{versions.COMMAND_END}"


def front_of(page: bytes) -> Front:
    """Return what a flat page of ours says of itself; a page of another maker says nothing."""
    start = page[:HEAD_LIMIT].decode("ascii", "replace") if is_ours(page) else ""
    title, address = HEAD_TITLE.search(start), HEAD_ADDRESS.search(start)
    return versions.Front(
        title=html.unescape(title[1]) if title else "", address=html.unescape(address[1]) if address else ""
    )


#: Bytes within which the head of a page says both.
HEAD_LIMIT = 1 << 16
HEAD_TITLE, HEAD_ADDRESS = re.compile("<title>([^<]*)</title>"), re.compile(f'{ADDRESS}([^"]*)">')


#: What every page of ours has in its head.
OURS = b'<meta name="wheelhouse:links"'


@dataclass(frozen=True, kw_only=True)
class Section:
    """One project's part of a flat page: the bytes from *start* up to *end* of a page that is there already."""

    #: The quoted change mark of the JSON page that it was made from.
    mark: str
    links: int
    facts: versions.Facts | None
    #: The address of the page that its commands hold.
    address: str
    page: Spool = field(repr=False)
    start: int
    end: int

    def blocks(self, address: str = "") -> Iterator[bytes]:
        """Yield the bytes for a page with another address; nothing else is read of the page until they are."""
        blocks = self.page.blocks(self.start, self.end)
        if address != self.address:
            blocks = replaced(blocks, _command(self.address).encode(), _command(address).encode())
        yield from blocks

    def read(self) -> bytes:
        """Return the bytes for a page without an address."""
        return b"".join(self.blocks())


def flat_sections(page: Spool) -> dict[str, Section]:
    """Return the sections of a flat page of ours, by project; a page of another maker has none."""
    return _sections(page, address=front_of(page.read(0, HEAD_LIMIT)).address)


def _sections(page: Spool, *, address: str) -> dict[str, Section]:
    sections: dict[str, Section] = {}
    start, end, begun, known = 0, 0, "", b"<section "
    links, facts = 0, None
    for line in page.lines():
        begin, end = end, end + len(line)
        if line.startswith(START):
            start, begun, links, facts = begin, line[len(START) :].decode("ascii", "replace"), 0, None
        elif begun and line == STOP:
            project, _, rest = begun.partition(" ")
            mark = rest.partition(" -->")[0]
            sections[unquote(project)] = Section(
                mark=mark, links=links, facts=facts, address=address, page=page, start=start, end=end
            )
            begun = ""
        elif begun:
            links += line.count(b"<a href=")
            if facts is None and line.startswith(known):
                facts = versions.facts_of(line.decode("ascii", "replace"))
    return sections


START, STOP = SECTION_START.encode(), SECTION_END.encode()


def is_ours(page: bytes) -> bool:
    """Return whether a page is one of ours, not of another maker."""
    return OURS in page[:2000]


def section_is_current(section: Section | None, mark: str) -> bool:
    """Return whether a section was made from the JSON page whose change mark is *mark*."""
    return section is not None and section.mark == quoted(mark)
