"""The flat page, for people and for `--find-links`: a section for each project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from wheelhouse_tasks.pages import people
from wheelhouse_tasks.pages.html_pages import attributes, page
from wheelhouse_tasks.pages.layout import file_name, is_project
from wheelhouse_tasks.pages.quoting import quoted
from wheelhouse_tasks.pages.record import File, by_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def render_section(project: str, mark: str, files: Iterable[File]) -> str:
    """Return one project's part of the flat page; *mark* is the change mark of the JSON page that it is made from."""
    folder = file_name(quoted(project), "")
    start = f"{SECTION_START}{quoted(project)} {quoted(mark)} -->\n"
    parts = people.render(project, by_version(files), attributes=lambda file: attributes(file, folder))
    return "".join([start, *parts, SECTION_END])


#: The number is the version of the form of a section: a section of another form is made anew.
SECTION_START, SECTION_END = "<!-- wheelhouse section 2: ", "<!-- wheelhouse section end -->\n"


def render_flat(sections: Mapping[str, str]) -> bytes:
    """Return the flat page with the section of every project."""
    parts = [sections[project] for project in sorted(filter(is_project, sections))]
    links = sum(part.count("<a href=") for part in parts)
    return page("Wheelhouse", [people.intro(len(parts), links), *parts], head=people.STYLE, links=links)


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
    for part in page.decode("ascii", "replace").split(SECTION_START)[1:]:
        text, end, _ = part.partition(SECTION_END)
        project, _, rest = text.partition(" ")
        if end:
            mark = rest.partition(" -->")[0]
            sections[unquote(project)] = Section(mark=mark, text=SECTION_START + text + end)
    return sections


def is_ours(page: bytes) -> bool:
    """Return whether a page is one of ours, not of another maker."""
    return OURS in page[:2000]


def section_is_current(section: Section | None, mark: str) -> bool:
    """Return whether a section was made from the JSON page whose change mark is *mark*."""
    return section is not None and section.mark == quoted(mark)
