"""What a fetch downloads: frozen values that pure functions make of what sources offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import Conflict, Failed, NothingToDo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.artifacts.local import Skipped
    from wheelhouse_tasks.pages.link import Link


@dataclass(frozen=True)
class Candidate:
    """An artifact that a wheelhouse offers."""

    artifact: Artifact
    #: None where the index promises none.
    sha256: str | None
    #: Where it is, in words that hold no secret.
    source: str
    #: What the source needs to download it.
    link: Link
    size: int | None = None


@dataclass(frozen=True)
class FetchPlan:
    """What `fetch` downloads."""

    download: tuple[Candidate, ...]
    #: Already in the folder with the sha256 that the index promises.
    present: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...]

    @property
    def files(self) -> tuple[Candidate, ...]:
        """Return everything that will be in the folder."""
        return tuple(sorted((*self.download, *self.present), key=lambda each: each.artifact.sort_key()))


def choose(project: str, version: Version | None, offered: Iterable[Candidate], where: str) -> tuple[Candidate, ...]:
    """Return the candidates of *project* and, unless None, of *version*: one for each file name.

    Versions compare by PEP 440, with their local part: `1.0` means `1.0.0` and not `1.0+cu118`.
    Raises NothingToDo that lists the versions that are there, Conflict where two sources disagree on a file.
    """
    mine = [each for each in offered if each.artifact.project == project]
    wanted = [each for each in mine if version is None or each.artifact.version == version]
    if not wanted:
        versions = sorted({each.artifact.version for each in mine})
        listed = "versions there: " + ", ".join(map(str, versions)) if versions else "no version of it is there"
        asked = project if version is None else f"{project} {version}"
        raise NothingToDo(asked, f"no artifact in {where}", listed)
    chosen: dict[str, Candidate] = {}
    for each in wanted:
        name = each.artifact.filename
        first = chosen.setdefault(name.casefold(), each)
        if first.artifact.filename != name:
            raise Conflict(name, f"differs from {first.artifact.filename} in case only", "fetch from one index")
        if first.sha256 and each.sha256 and first.sha256 != each.sha256:
            raise Conflict(name, f"has sha256 {first.sha256} in {first.source}, {each.sha256} in {each.source}")
        said, told = first.link.digest, each.link.digest
        if said and told and said[0] == told[0] and said != told:
            raise Conflict(name, f"has {said[0]} {said[1]} in {first.source}, {told[1]} in {each.source}")
        if _trust(each) > _trust(first):
            chosen[name.casefold()] = each
    return tuple(sorted(chosen.values(), key=lambda each: each.artifact.sort_key()))


def _trust(each: Candidate) -> tuple[bool, bool]:
    return not each.link.problem, each.sha256 is not None


def plan_fetch(
    wanted: Iterable[Candidate],
    present: Mapping[str, str],
    skipped: Iterable[Skipped],
    folder: str,
    *,
    force: bool = False,
    remedy: str = "pass --force to replace it",
) -> FetchPlan:
    """Return what to download, given the sha256 of what the folder holds, by file name.

    Raises Conflict where a file is there with other bytes than the index promises, unless *force*.
    """
    download, have, changed = [], [], []
    for each in wanted:
        here = present.get(each.artifact.filename)
        if here is not None and here == each.sha256:
            have.append(each)
            continue
        if here is not None and each.sha256 is not None and not force:
            changed.append(f"{each.artifact.filename} (of {each.source})")
        if each.link.problem:
            raise Failed(each.artifact.filename, f"cannot be fetched from {each.source}: {each.link.problem}")
        download.append(each)
    if changed:
        raise Conflict(", ".join(changed), f"in {folder} with other bytes; nothing was fetched", remedy)
    return FetchPlan(tuple(download), tuple(have), tuple(skipped))
