"""Flat pages and their sections as tests like them: whole, in memory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.people import flat
from wheelhouse_tasks.people.versions import NOTHING, Front
from wheelhouse_tasks.spool import Spool


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section of a page, and the mark of the JSON page that it was made from."""

    kept: flat.Section
    text: str

    @property
    def mark(self) -> str:
        """Return the quoted mark."""
        return self.kept.mark


def render_flat(sections: Mapping[str, str], front: Front = NOTHING) -> bytes:
    """Return the flat page with sections that were rendered."""
    kept = {}
    for name, text in sections.items():
        found = flat.flat_sections(Spool([text.encode("ascii", "xmlcharrefreplace")]))
        kept[name] = next(iter(found.values()))
    page = flat.render_flat(kept, front)
    return page.read(0, page.size)


def render_section(project: str, mark: str, files: Iterable[File]) -> str:
    """Return the section of a project."""
    return flat.render_section(project, mark, files).read().decode("ascii")


def flat_sections(page: bytes) -> dict[str, Section]:
    """Return the sections of a page, by project."""
    sections = flat.flat_sections(Spool([page]))
    return {name: Section(kept=section, text=section.read().decode("ascii")) for name, section in sections.items()}
