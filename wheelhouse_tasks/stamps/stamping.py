"""The development builds of one run, stamped together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.stamps import pins, stamp, stamp_sdist
from wheelhouse_tasks.stamps.checkout import Checkout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.local import LocalFile

    Fresh = dict[tuple[str, Version], Version]


KEPT = "kept builds: other bytes of the same commit are there, and git does not"


@dataclass(frozen=True)
class Stamped:
    """The files of a run, and the notes and warnings on them."""

    files: list[LocalFile]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    #: The warning for builds that stay as published: why others of their commit may have other bytes.
    doubt: str = ""


def stamp_builds(
    local: list[LocalFile],
    root: Path,
    environ: Mapping[str, str],
    folder: Path,
    *,
    apart: Sequence[Path] = (),
    workers: int = 1,
) -> Stamped:
    """Return *local* with stamped files, in *folder*, in place of development builds that hold no date.

    The stamp is the time of the commit that is checked out in *root*, else SOURCE_DATE_EPOCH, else the newest time in
    the files; no change within the folders *apart* makes a checkout differ from its commit.
    """
    todo = [file for file in local if stamp.needs_stamp(file.artifact)]
    if not todo:
        return Stamped(local)
    checkout = Checkout.around(root, environ)
    when, warnings = _when(todo, checkout, environ)
    doubt = ""
    if checkout and not warnings:  # the stamp is the time of its commit
        warnings, doubt = _changes(checkout, apart)
    made: dict[str, Path] = {}
    fresh: Fresh = {}
    for file in sorted(todo, key=lambda file: file.artifact.is_wheel):  # pins follow what was stamped
        named, version = file.artifact, stamp.stamped_version(file.artifact.version, when)
        if not named.is_wheel:
            try:
                made[named.filename] = stamp_sdist.rewrite(file.path, named, version, folder)
            except stamp_sdist.CannotStamp as error:
                advice = "put a date into the version that is built; else what is published first stays"
                warnings.append(f"{named.filename}: is not stamped: {error.reason} ({advice})")
                continue
        fresh[named.project, named.version] = version
    for file in todo:
        if file.artifact.is_wheel:
            made[file.artifact.filename] = stamp.rewrite(file.path, file.artifact, when, folder, fresh)
    warnings += _dangling(local, made, fresh)
    for file in todo:
        if file.artifact.filename in made and file.attestation is not None:
            problem = "its attestation is of other bytes than those of the stamped file, and is left behind"
            warnings.append(f"{file.artifact.filename}: {problem}")
    rest = [file for file in local if file.artifact.filename not in made]
    new = dist.read([(path, artifact.parse(path.name)) for path in made.values()], workers)
    notes = tuple(f"stamped {name} as {path.name}" for name, path in sorted(made.items()))
    return Stamped(rest + new, notes, tuple(warnings), doubt)


def _when(todo: list[LocalFile], checkout: Checkout | None, environ: Mapping[str, str]) -> tuple[int, list[str]]:
    """Return the time of the stamp, and a warning where it is not the one of the commit of a checkout."""
    time = checkout.time() if checkout else ""
    if isinstance(time, int):
        return time, []
    when, instead = stamp.source_date(environ), "SOURCE_DATE_EPOCH"
    if when is None:
        when, instead = max(stamp.newest_member(file.path) for file in todo), "the newest time inside the files"
    if checkout is None:
        return when, []
    advice = (
        "other jobs of the commit may get another version: let git read it, or set SOURCE_DATE_EPOCH in all of them"
    )
    return when, [f"{checkout.top}: the time of its commit cannot be had: {time}; the stamp is {instead} ({advice})"]


def _changes(checkout: Checkout, apart: Sequence[Path]) -> tuple[list[str], str]:
    """Return a warning where a checkout differs from its commit, and the doubt of builds that stay as published."""
    changes = checkout.changes(apart)
    if isinstance(changes, str):
        return [], f"{KEPT} tell whether this checkout differs from it: {changes} (let git read it)"
    changed, unknown = changes
    advice = "commit first: builds of one commit get one version, and the first of them stays"
    warning = f"{checkout.top}: differs from its commit, whose time is the stamp: {_some(changed)} ({advice})"
    advice = "commit what belongs to the build, so that it gets a version of its own"
    return [warning] if changed else [], f"{KEPT} know {_some(unknown)} ({advice})" if unknown else ""


def _dangling(local: list[LocalFile], made: Mapping[str, Path], fresh: Fresh) -> list[str]:
    """Return a warning for each pin on a version that was stamped away, or will be by another upload."""
    warnings = []
    for file in local:
        name, head = file.artifact.filename, file.metadata.text.partition(b"\n\n")[0].decode()
        if name not in made or not file.artifact.is_wheel:  # its pins do not follow
            for requirement in pins.left_behind(head, fresh):
                advice = "build it with a date in its version, or use --no-stamp"
                warnings.append(f"{name}: requires {requirement}, which is stamped ({advice})")
        if name in made:
            for requirement in pins.elsewhere(head, fresh):
                advice = "upload both from one folder, or pin no local version"
                warnings.append(f"{name}: requires {requirement}, which another upload gives a stamp ({advice})")
    return warnings


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")
