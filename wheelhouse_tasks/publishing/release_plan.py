"""The plan of a release: a frozen value, made of facts, and its record as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wheelhouse_tasks.errors import Failed, NotAnArtifact, UsageError
from wheelhouse_tasks.names import project_name, version_of
from wheelhouse_tasks.pages.link import SHA256
from wheelhouse_tasks.pypi.shown import difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from wheelhouse_tasks.artifacts.local import LocalFile

FORMAT = 1
Action = Literal["upload", "already there", "conflict"]


@dataclass(frozen=True)
class ReleaseRow:
    """One file of a release."""

    file: LocalFile
    #: The location that it was fetched from, or the local folder.
    source: str
    action: Action
    #: How the file that the package index shows under its name differs.
    problem: str = ""


@dataclass(frozen=True)
class ReleasePlan:
    """The files of a release in their order: wheels first, so that nobody builds the sdist for want of one."""

    project: str
    version: Version
    #: The package index: its name, or its URL without credentials.
    index: str
    rows: tuple[ReleaseRow, ...]
    #: Where twine sends the files, without credentials.
    url: str = ""

    @property
    def upload(self) -> tuple[LocalFile, ...]:
        """Return the files that are not on the package index yet."""
        return tuple(row.file for row in self.rows if row.action == "upload")

    @property
    def conflicts(self) -> tuple[ReleaseRow, ...]:
        """Return the rows whose file the package index shows with other bytes."""
        return tuple(row for row in self.rows if row.action == "conflict")


def plan_release(
    project: str,
    version: Version,
    index: str,
    files: Mapping[str, tuple[LocalFile, str]],
    published: Mapping[str, Mapping[str, str]],
    url: str = "",
) -> ReleasePlan:
    """Return the plan, given each file with its source, and the digests that the package index shows, by file name."""
    rows = []
    for file, source in sorted(files.values(), key=lambda pair: pair[0].artifact.sort_key()):
        name = file.artifact.filename
        if name not in published:
            rows.append(ReleaseRow(file, source, "upload"))
        elif problem := difference(file, published[name]):
            rows.append(ReleaseRow(file, source, "conflict", f"is on {index} {problem}"))
        else:
            rows.append(ReleaseRow(file, source, "already there"))
    return ReleasePlan(project, version, index, tuple(rows), url)


def record(plan: ReleasePlan) -> dict[str, Any]:
    """Return the plan as it is written to a file."""
    return {
        "format": FORMAT,
        "project": plan.project,
        "version": str(plan.version),
        "index": plan.index,
        "upload_url": plan.url,
        "files": [
            {
                "file": row.file.artifact.filename,
                "size": row.file.size,
                "sha256": row.file.sha256,
                "tags": row.file.artifact.label,
                "source": row.source,
                "action": row.action,
            }
            for row in plan.rows
        ],
    }


@dataclass(frozen=True)
class Recorded:
    """A plan that was written before."""

    project: NormalizedName
    version: Version
    index: str
    #: sha256 by file name.
    files: Mapping[str, str]
    #: Where twine would have sent the files.
    url: str = ""

    def elsewhere(self, index: str, url: str) -> str:
        """Return how another package index differs from the planned one, or an empty text for the same one."""
        if (self.url or self.index) == (url if self.url else index):
            return ""
        return f"the package index is {titled(index, url)}, planned was {titled(self.index, self.url)}"


def titled(index: str, url: str) -> str:
    """Return the name of a package index with the URL that twine sends the files to."""
    return index if url in ("", index) else f"{index} ({url})"


def read(text: str, where: str) -> Recorded:
    """Return the plan that *text* records; raise UsageError that names *where* it is for any other text."""
    try:
        written = json.loads(text)
        if written["format"] != FORMAT:
            raise ValueError
        files = {str(row["file"]): SHA256.fullmatch(row["sha256"])[0] for row in written["files"]}  # type: ignore[index]
        project, version = project_name(written["project"]), version_of(written["version"])
        return Recorded(project, version, str(written["index"]), files, str(written.get("upload_url", "")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UsageError, NotAnArtifact):
        raise UsageError(where, "is not a plan of a release", "release --version X --plan FILE writes one") from None


def compare(recorded: Recorded, plan: ReleasePlan, where: str) -> None:
    """Raise Failed where *plan*, made of the present files, differs from the one that was recorded at *where*."""
    now = {row.file.artifact.filename: row.file.sha256 for row in plan.rows}
    differ = [f"{name} was not planned" for name in sorted(now.keys() - recorded.files.keys())]
    differ += [f"{name} is not there" for name in sorted(recorded.files.keys() - now.keys())]
    both = sorted(now.keys() & recorded.files.keys())
    differ += [f"{name} has other bytes" for name in both if now[name] != recorded.files[name]]
    other = recorded.elsewhere(plan.index, plan.url)
    if other:
        differ.append(other)
    if differ:
        raise Failed(where, f"{'; '.join(differ)}; nothing was uploaded", "plan anew, or restore what was planned")
