"""What links offer of a project: which are its artifacts, which of them are doubtful, and what a bucket's keys tell."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
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
#: Anybody can make two files with the same one, so that such a digest says nothing of a file of another host.
WEAK = ("md5", "sha1")
#: The root page, or that of a project, of a wheelhouse of ours in a bucket.
OUR_PAGE = re.compile(rf"((?:.*/)?){layout.JSON_FOLDER}(?:[^/]+/)?{layout.FLAT}", re.DOTALL)


@dataclass(frozen=True)
class Offer:
    """What a source holds of one project."""

    candidates: tuple[Candidate, ...]
    skipped: tuple[Skipped, ...] = ()


def of_links(found: Iterable[Link], project: str, label: str) -> Offer:
    """Return which of the links are artifacts of *project*, and which look like some and are not taken, and why."""
    candidates, skipped = [], []
    for link in found:
        try:
            said = artifact.parse(link.filename)
        except NotAnArtifact as error:
            if link.filename.endswith(ARTIFACT_SUFFIXES) and _could_be(link.filename, project):
                skipped.append(Skipped(error.subject, error.problem))
            continue
        if said.project != project:
            continue
        if link.yanked is not None:
            skipped.append(Skipped(link.filename, f"yanked: {link.yanked}" if link.yanked else "yanked"))
            continue
        candidates.append(Candidate(said, link.sha256, label, link, link.size))
    return Offer(tuple(candidates), tuple(skipped))


def _could_be(filename: str, project: str) -> bool:
    return canonicalize_name(re.split(r"[/\\]", filename)[-1]).lstrip("-").startswith(project)


def is_of(filename: str, project: str) -> bool:
    """Tell whether a file is an artifact of *project*."""
    try:
        return artifact.parse(filename).project == project
    except NotAnArtifact:
        return False


def guarded(link: Link, page: str) -> Link:
    """Return *link*, with a problem where it leaves the page's host, or https, and promises no digest."""
    if link.sha256 or link.problem or (link.digest and link.digest[0] not in WEAK):
        return link
    here, there = urlsplit(page), urlsplit(link.url)
    if here.hostname == there.hostname and (here.scheme != "https" or there.scheme == "https"):
        return link
    return link._replace(problem="leads to another host, or away from https, without a sha256")


def settled(found: Iterable[Link]) -> list[Link]:
    """Return the links of one place, with a problem where they contradict each other on a file that has no sha256.

    Two sha256 that differ are for `choose` to compare, as those of two places are.
    """
    links = list(found)
    digests: dict[str, set[tuple[str, str]]] = {}
    for link in links:
        if link.digest and not link.sha256:
            digests.setdefault(link.filename, set()).add(link.digest)
    twice = {name for name, all_ in digests.items() if len(all_) > len({algorithm for algorithm, _ in all_})}
    return [
        link._replace(problem="is there with " + " and ".join(f"{a} {b}" for a, b in sorted(digests[link.filename])))
        if link.filename in twice and not link.sha256
        else link
        for link in links
    ]


def arrange(keys: Iterable[str], project: str, prefix: str) -> tuple[list[str], list[str]]:
    """Return which objects of a bucket are pages that tell of *project*, and the others.

    Of a wheelhouse of ours its JSON page tells all there is, for what the page does not link was removed; of any other
    folder the page of the project, or one beside its files. All keys begin with *prefix*.
    """
    everything = list(keys)
    roots = {found[1] for key in everything if (found := OUR_PAGE.fullmatch(key))}
    told = tuple(root + part for root in roots for part in ("files/", "simple/", layout.JSON_FOLDER, layout.FLAT))
    rest = [key for key in everything if not key.startswith(told)]
    ours = {root + layout.json_page(project) for root in roots}
    others = {key.rpartition("/")[0]: key for key in rest if key.rpartition("/")[2] == layout.FLAT}
    mine = {prefix.rpartition("/")[0]}
    mine |= {folder for folder in others if canonicalize_name(folder.rpartition("/")[2]) == project}
    for key in rest:
        folder, _, name = key.rpartition("/")
        if folder in others and folder not in mine and is_of(name, project):
            mine.add(folder)
    return [key for key in everything if key in ours] + [key for folder, key in others.items() if folder in mine], rest


def of_keys(keys: Mapping[str, int | None], url_of: Callable[[str], str] = str) -> list[Link]:
    """Return links to objects, given their sizes.

    A name that lies in several folders has a problem: which one is meant, nobody promises.
    """
    found = [Link(url_of(key), _filename(key), size=size) for key, size in keys.items()]
    count = Counter(link.filename for link in found)
    problem = "lies in several folders, and nothing promises which one is meant (choose one: ?prefix=)"
    return [link._replace(problem=problem) if count[link.filename] > 1 else link for link in found]


def _filename(key: str) -> str:
    """Return an object's last part, or all of it, which is no artifact, where a request would lead elsewhere."""
    parts = key.split("/")
    return key if {"", ".", ".."} & set(parts[:-1]) else parts[-1]
