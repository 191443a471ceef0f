"""What an upload finds in the container, of the projects that it brings files of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.container.survey import Survey
    from wheelhouse_tasks.pages.record import File


@dataclass(frozen=True, kw_only=True)
class UploadFacts:
    """What was read before anything is sent."""

    before: Survey
    #: Every project that files are brought of, by name.
    projects: Mapping[str, Project]
    #: Those of the file names that are published.
    published: Mapping[str, File]
    #: Every file name that is there.
    taken: frozenset[str]
    #: File names that are on no page and wait for their deletion.
    removed: frozenset[str]
    #: The file names on the pages of each project.
    shown: Mapping[str, frozenset[str]]


def find_out(before: Survey, names: Collection[str]) -> UploadFacts:
    """Return what a survey of the container says of files, given by their *names*."""
    looked = before.projects
    return UploadFacts(
        before=before,
        projects=looked,
        published={name: file for project in looked.values() for name, file in project.files(names).items()},
        taken=frozenset(name for project in looked.values() for name in project.artifacts()),
        removed=frozenset(name for project in looked.values() for name in project.removed()),
        shown={name: frozenset(project.cached) for name, project in looked.items()},
    )
