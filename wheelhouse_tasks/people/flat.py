"""The flat page, for people and for `--find-links`: a section for each project."""

from __future__ import annotations

import html
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_tasks.pages.html_pages import attributes, page
from wheelhouse_tasks.pages.layout import file_name, is_project
from wheelhouse_tasks.pages.quoting import quoted, text_of
from wheelhouse_tasks.pages.record import File, by_version
from wheelhouse_tasks.people import versions
from wheelhouse_tasks.people.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wheelhouse_tasks.people.versions import Front


def render_section(project: str, mark: str, files: Iterable[File]) -> str:
    """Return one project's part of the flat page; *mark* is the change mark of the JSON page that it is made from."""
    folder = file_name(quoted(project), "")
    start = f"{SECTION_START}{quoted(project)} {quoted(mark)} -->\n"
    parts = versions.render(project, by_version(files), attributes=lambda file: attributes(file, folder))
    return "".join([start, *parts, SECTION_END])


#: The number is the version of the form of a section: a section of another form is made anew.
SECTION_START, SECTION_END = "<!-- wheelhouse section 3: ", "<!-- wheelhouse section end -->\n"
#: What a page is called where nobody calls it otherwise.
TITLE = "Wheelhouse"
ADDRESS = '<meta name="wheelhouse:address" content="'


def render_flat(sections: Mapping[str, str], front: Front = versions.NOTHING) -> bytes:
    """Return the flat page with the section of every project; *sections* hold no address."""
    parts = [sections[project] for project in sorted(filter(is_project, sections))]
    links = sum(part.count("<a href=") for part in parts)
    facts = [fact for part in parts if (fact := versions.facts_of(part))]
    beginning = [versions.skip_link() if links else "", versions.intro(facts, links, addressed=bool(front.address))]
    head = STYLE
    if front.address:
        head = f'{ADDRESS}{text_of(front.address)}">\n{head}'
        parts = [part.replace(_command(""), _command(front.address)) for part in parts]
    body = [*beginning, '<main id="files" tabindex="-1">\n', *parts, "</main>\n"]
    return page(front.title or TITLE, body, head=head, links=links)


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
    """One project's part of a flat page that is there already."""

    #: The quoted change mark of the JSON page that it was made from.
    mark: str
    text: str


def flat_sections(page: bytes) -> dict[str, Section]:
    """Return the sections of a flat page of ours, by project; a page of another maker has none."""
    sections = {}
    shown, plain = _command(front_of(page).address), _command("")
    for part in page.decode("ascii", "replace").split(SECTION_START)[1:]:
        text, end, _ = part.partition(SECTION_END)
        project, _, rest = text.partition(" ")
        if end:
            whole = SECTION_START + text.replace(shown, plain) + end
            sections[unquote(project)] = Section(mark=rest.partition(" -->")[0], text=whole)
    return sections


def is_ours(page: bytes) -> bool:
    """Return whether a page is one of ours, not of another maker."""
    return OURS in page[:2000]


def section_is_current(section: Section | None, mark: str) -> bool:
    """Return whether a section was made from the JSON page whose change mark is *mark*."""
    return section is not None and section.mark == quoted(mark)
