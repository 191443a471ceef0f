"""Collect a project's artifacts from wheelhouses into a folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from wheelhouse_tasks import dist, parallel
from wheelhouse_tasks.artifact import version_of
from wheelhouse_tasks.console import DRY_RUN, Silent, Ui, count, size_text
from wheelhouse_tasks.errors import Failed
from wheelhouse_tasks.plan import Candidate, FetchPlan, Skipped, choose, plan_fetch
from wheelhouse_tasks.retry import retry
from wheelhouse_tasks.source import Source, open_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wheelhouse_tasks.settings import Settings


@dataclass(frozen=True)
class FetchResult:
    """What `fetch` did, or with `dry_run` would do."""

    project: str
    version: str | None
    folder: str
    downloaded: tuple[str, ...]
    #: Already there with the promised sha256.
    present: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    #: Downloaded without a promised sha256: the archive was read and found whole, which is all that can be said.
    unverified: tuple[str, ...]
    #: Source of each file.
    sources: dict[str, str]
    dry_run: bool


def fetch(  # noqa: PLR0913
    settings: Settings,
    ui: Ui | None = None,
    *,
    version: str | None = None,
    only: Sequence[str] = (),
    force: bool = False,
    dry_run: bool = False,
    show: bool = True,
    remedy: str = "pass --force to replace it",
) -> FetchResult:
    """Download the artifacts of the project (of one *version*) from all indexes into the local folder.

    *only* are patterns over `python-abi-platform`, or `sdist`. With *force* a file with other bytes is replaced.
    *show* the plan, and *remedy* what is in the folder with other bytes, unless the caller has better ones.
    Raises WheelhouseError; the folder then holds whole, verified files only.
    """
    ui = ui or Silent()
    project = settings.need_project()
    wanted = version_of(version) if version is not None else None
    sources = [
        open_source(
            place,
            timeout=settings.container.timeout,
            retries=settings.container.retries,
            workers=settings.max_workers,
        )
        for place in settings.indexes
    ]
    offered, skipped = _offers(sources, project, ui)
    where = ", ".join(source.label for source in sources)
    chosen = choose(project, wanted, offered, where)
    if only:
        chosen = tuple(each for each in chosen if any(fnmatchcase(each.artifact.label, pattern) for pattern in only))
        if not chosen:
            raise Failed("--only", f"no artifact of {project} fits {' '.join(only)}")
    folder = settings.local_folder
    present = _present(folder, chosen)
    plan = plan_fetch(chosen, present, skipped, str(folder), force=force, remedy=remedy)
    if show:
        _show(plan, folder, ui)
    if dry_run:
        ui.note(DRY_RUN)
    else:
        _apply(plan, folder, {source.label: source for source in reversed(sources)}, settings, ui)
    return FetchResult(
        project,
        str(wanted) if wanted else None,
        str(folder),
        tuple(each.artifact.filename for each in plan.download),
        tuple(each.artifact.filename for each in plan.present),
        plan.skipped,
        tuple(each.artifact.filename for each in plan.download if not each.sha256),
        {each.artifact.filename: each.source for each in plan.files},
        dry_run,
    )


def _offers(sources: list[Source], project: str, ui: Ui) -> tuple[list[Candidate], list[Skipped]]:
    """Ask every source; one that cannot be read ends the run, because what it holds would be missed silently."""
    offered: list[Candidate] = []
    skipped: list[Skipped] = []
    for source in sources:
        offer = source.offer(project)
        ui.detail(f"{source.label}: {len(offer.candidates)} files of {project}")
        offered += offer.candidates
        skipped += offer.skipped
    for each in skipped:
        ui.warn(f"skipped {each.name}: {each.reason}")
    return offered, skipped


def _present(folder: Path, chosen: tuple[Candidate, ...]) -> dict[str, str]:
    names = [each.artifact.filename for each in chosen if (folder / each.artifact.filename).is_file()]
    return {name: dist.digests(folder / name)[0] for name in names}


def _apply(plan: FetchPlan, folder: Path, sources: dict[str, Source], settings: Settings, ui: Ui) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(str(folder), f"cannot be created: {error.strerror}") from None

    def download(each: Candidate) -> tuple[Candidate, int]:
        source, target = sources[each.source], folder / each.artifact.filename
        size = retry(
            lambda: dist.save(source.blocks(each), target, each.artifact, each.sha256),
            settings.container.retries,
        )
        return each, size

    def done(pair: tuple[Candidate, int]) -> None:
        each, size = pair
        ui.detail(f"fetched {each.artifact.filename} ({size_text(size)}) from {each.source}")
        if not each.sha256:
            ui.warn(f"{each.artifact.filename}: {each.source} promises no sha256; only the archive itself was checked")

    parallel.run(download, plan.download, settings.max_workers, done)
    ui.note(f"{count(plan.download)} fetched into {folder}, {len(plan.present)} already there")


def _show(plan: FetchPlan, folder: Path, ui: Ui) -> None:
    sources = {each.source for each in plan.files}
    one = len(sources) == 1
    ui.table(
        f"Fetch from {', '.join(sorted(sources))} into {folder}" if one else f"Fetch into {folder}",
        ("action", "size", "sha256", *([] if one else ["source"]), "file"),
        [
            (
                "already there" if each in plan.present else "download",
                "" if each.size is None else size_text(each.size),
                (each.sha256 or "none")[:12],
                *([] if one else [each.source]),
                each.artifact.filename,
            )
            for each in plan.files
        ],
    )


def into(settings: Settings, folder: Path) -> Settings:
    """Return *settings* with another local folder."""
    return replace(settings, local_folder=folder)
