"""What a source offers of a project, given its links or the keys of its objects."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.artifacts.local import Skipped
from wheelhouse_tasks.errors import NotAnArtifact
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.sources.fetch_plan import Candidate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ARTIFACT_SUFFIXES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")
#: Two files with the same digest of these can be made, so such a digest proves nothing about a file of another host.
WEAK = ("md5", "sha1")
#: The root page, or the page of a project, of a wheelhouse in a bucket.
OUR_PAGE = re.compile(rf"((?:.*/)?){layout.JSON_FOLDER}(?:[^/]+/)?{layout.FLAT}", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The artifacts of one project in a source."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...] = ()
    #: The reason of each artifact that is yanked, which may be empty, by file name.
    yanked: Mapping[str, str] = field(default_factory=dict)


def of_links(links: Iterable[Link], project: str, *, label: str) -> Offer:
    """Return the artifacts of *project* among the links, and the links that look like some but cannot be offered."""
    candidates, skipped = [], []
    yanked: dict[str, str] = {}
    for link in links:
        try:
            parsed = artifact.parse(link.filename)
        except NotAnArtifact as error:
            if link.filename.endswith(ARTIFACT_SUFFIXES) and _could_be(link.filename, project):
                skipped.append(Skipped(error.subject, error.problem))
            continue
        if parsed.project != project:
            continue
        if link.yanked is not None:
            yanked[link.filename] = link.yanked
            skipped.append(Skipped(link.filename, f"yanked: {link.yanked}" if link.yanked else "yanked"))
            continue
        candidate = Candidate(artifact=parsed, sha256=link.sha256, source=label, link=link, size=link.size)
        candidates.append(candidate)
    return Offer(candidates=tuple(candidates), skipped=tuple(skipped), yanked=yanked)


def _could_be(filename: str, project: str) -> bool:
    """Return whether a name that is no artifact's begins as one of *project* does."""
    return canonicalize_name(re.split(r"[/\\]", filename)[-1]).lstrip("-").startswith(project)


def is_of(filename: str, project: str) -> bool:
    """Return whether a file name is that of an artifact of *project*."""
    try:
        return artifact.parse(filename).project == project
    except NotAnArtifact:
        return False


def guarded(link: Link, page: str, trust: frozenset[str] = frozenset()) -> Link:
    """Return *link*; it has a problem if it leaves the host of the page, or https, without a strong digest.

    The hosts of *trust* may be led to all the same.
    """
    if link.sha256 or link.problem or (link.digest and link.digest[0] not in WEAK):
        return link
    here, there = urlsplit(page), urlsplit(link.url)
    if here.scheme == "https" != there.scheme:
        return link._replace(problem="leads away from https, without a sha256")
    if there.hostname in {here.hostname, *trust}:
        return link
    return link._replace(problem=f"leads to another host, without a sha256 (see the setting 'trust': {there.hostname})")


def settled(links: Iterable[Link]) -> list[Link]:
    """Return the links of one source; links that contradict each other on a file without a sha256 have a problem.

    `choose` compares two sha256 that differ, of one source as of two.
    """
    links = list(links)
    digests: dict[str, set[tuple[str, str]]] = {}
    for link in links:
        if link.digest and not link.sha256:
            digests.setdefault(link.filename, set()).add(link.digest)
    problems = {
        name: "is there with " + " and ".join(f"{algorithm} {digest}" for algorithm, digest in sorted(promises))
        for name, promises in digests.items()
        if len(promises) > len({algorithm for algorithm, _ in promises})
    }
    return [
        link._replace(problem=problems[link.filename]) if link.filename in problems and not link.sha256 else link
        for link in links
    ]


def arrange(keys: Iterable[str], project: str, *, prefix: str) -> tuple[list[str], list[str]]:
    """Return the keys of the pages on *project* in a bucket, and the keys of the objects outside of wheelhouses.

    A wheelhouse is read by its JSON page alone, because an object that the page does not link has been removed. In any
    other folder, the pages on a project are its own page, and a page beside its files. All keys begin with *prefix*.
    """
    keys = list(keys)
    roots = {match[1] for key in keys if (match := OUR_PAGE.fullmatch(key))}
    ours = tuple(root + part for root in roots for part in ("files/", "simple/", layout.JSON_FOLDER, layout.FLAT))
    others = [key for key in keys if not key.startswith(ours)]
    json_pages = {root + layout.json_page(project) for root in roots}
    pages = {key.rpartition("/")[0]: key for key in others if key.rpartition("/")[2] == layout.FLAT}
    folders = {prefix.rpartition("/")[0]}
    folders |= {folder for folder in pages if canonicalize_name(folder.rpartition("/")[2]) == project}
    for key in others:
        folder, _, name = key.rpartition("/")
        if folder in pages and folder not in folders and is_of(name, project):
            folders.add(folder)
    ours_first = [key for key in keys if key in json_pages]
    return ours_first + [key for folder, key in pages.items() if folder in folders], others


def of_keys(keys: Mapping[str, int | None], url_of: Callable[[str], str] = str) -> list[Link]:
    """Return links to objects, given their sizes by key.

    A file name in several folders has a problem: nothing promises which of the files is meant.
    """
    links = [Link(url_of(key), _filename(key), size=size) for key, size in keys.items()]
    count = Counter(link.filename for link in links)
    problem = "lies in several folders, and nothing promises which one is meant (choose one: ?prefix=)"
    return [link._replace(problem=problem) if count[link.filename] > 1 else link for link in links]


def _filename(key: str) -> str:
    """Return the last part of a key; all of it, which names no artifact, where a request would lead elsewhere."""
    parts = key.split("/")
    return key if {"", ".", ".."} & set(parts[:-1]) else parts[-1]
