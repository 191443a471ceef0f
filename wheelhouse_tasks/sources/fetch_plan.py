"""The plan of a fetch: pure functions choose what to download from the candidates of all sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import Conflict, Failed, NothingToDo, of_files, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.artifacts.local import Skipped
    from wheelhouse_tasks.errors import WheelhouseError
    from wheelhouse_tasks.pages.link import Link


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An artifact that a source offers."""

    artifact: Artifact
    #: The digest that the source promises; None where it promises none.
    sha256: str | None
    #: The label of the source; it holds no secret.
    source: str
    #: The link from which the source downloads the artifact.
    link: Link
    size: int | None = None

    @property
    def unverified(self) -> bool:
        """Return whether nothing promises a digest, so that the archive alone can be checked."""
        return self.sha256 is None and self.link.digest is None


@dataclass(frozen=True, kw_only=True)
class FetchPlan:
    """The files that `fetch` downloads, and those that it does not."""

    download: tuple[Candidate, ...]
    #: In the folder already, with the promised sha256.
    present: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...]
    #: The names of the files to download that are in the folder with another sha256 than the promised one.
    replaced: frozenset[str] = frozenset()

    @cached_property
    def present_names(self) -> frozenset[str]:
        """Return the names of the files that are in the folder already."""
        return frozenset(candidate.artifact.filename for candidate in self.present)

    @property
    def files(self) -> tuple[Candidate, ...]:
        """Return all files that the folder will hold."""
        return tuple(sorted((*self.download, *self.present), key=lambda candidate: candidate.artifact.sort_key()))


def choose(project: str, version: Version | None, offered: Iterable[Candidate], where: str) -> tuple[Candidate, ...]:
    """Return the candidates of *project*, and of *version* unless it is None: one for each file name.

    Versions compare by PEP 440, with their local part: `1.0` equals `1.0.0`, but not `1.0+cu118`.
    Raises NothingToDo where there is no candidate, and Conflict where two sources disagree on a file.
    """
    of_project = [candidate for candidate in offered if candidate.artifact.project == project]
    wanted = [candidate for candidate in of_project if version is None or candidate.artifact.version == version]
    if not wanted:
        versions = sorted({candidate.artifact.version for candidate in of_project})
        listed = "versions there: " + ", ".join(map(str, versions)) if versions else "no version of it is there"
        asked = project if version is None else f"{project} {version}"
        raise NothingToDo(asked, f"no artifact in {where}", listed)
    chosen: dict[str, Candidate] = {}
    for candidate in wanted:
        name = candidate.artifact.filename
        first = chosen.setdefault(name.casefold(), candidate)
        _check_agreement(first, candidate)
        if _trust(candidate) > _trust(first):
            chosen[name.casefold()] = candidate
    return tuple(sorted(chosen.values(), key=lambda candidate: candidate.artifact.sort_key()))


def _check_agreement(first: Candidate, second: Candidate) -> None:
    """Raise Conflict where two candidates that would be one file differ in their name or in a digest."""
    name = second.artifact.filename
    if first.artifact.filename != name:
        raise Conflict(name, f"differs from {first.artifact.filename} in case only", "fetch from one location")
    promises = [(("sha256", first.sha256), ("sha256", second.sha256)), (first.link.digest, second.link.digest)]
    for one, other in promises:
        if one and other and one[1] and other[1] and one[0] == other[0] and one[1] != other[1]:
            raise Conflict(name, f"has {one[0]} {one[1]} in {first.source}, {other[1]} in {second.source}")


def _trust(candidate: Candidate) -> tuple[bool, bool]:
    return not candidate.link.problem, candidate.sha256 is not None


def plan_fetch(
    wanted: Iterable[Candidate],
    present: Mapping[str, str],
    skipped: Iterable[Skipped],
    folder: str,
    *,
    force: bool = False,
    remedy: str = "pass --force to replace it",
) -> FetchPlan:
    """Return the plan, given the candidates and, by file name, the sha256 of each file in the folder.

    Raises Conflict where the folder holds a file with another sha256 than the promised one, unless *force*.
    """
    download, unchanged = [], []
    conflicts: dict[str, str] = {}
    barred: dict[str, WheelhouseError] = {}
    for candidate in wanted:
        name = candidate.artifact.filename
        sha256 = present.get(name)
        if sha256 is not None and sha256 == candidate.sha256:
            unchanged.append(candidate)
            continue
        if sha256 is not None and candidate.sha256 is not None:
            conflicts[name] = candidate.source
        if candidate.link.problem:
            barred[name] = Failed(name, f"cannot be fetched from {candidate.source}: {candidate.link.problem}")
        download.append(candidate)
    if barred:
        raise together(barred)
    if conflicts and not force:
        names = [f"{name} (of {source})" for name, source in conflicts.items()]
        raise of_files(Conflict, names, f"in {folder} with other bytes; nothing was fetched", remedy)
    return FetchPlan(
        download=tuple(download), present=tuple(unchanged), skipped=tuple(skipped), replaced=frozenset(conflicts)
    )
