"""Collect a project's artifacts from wheelhouses into a folder."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import dist, halves
from wheelhouse_tasks.artifacts.coverage import fits
from wheelhouse_tasks.errors import Failed, WheelhouseError
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.sources.fetch_errors import about, failure_of
from wheelhouse_tasks.sources.fetch_plan import Candidate, FetchPlan, choose, plan_fetch
from wheelhouse_tasks.sources.fetcher import Fetcher
from wheelhouse_tasks.sources.source import Source, open_source
from wheelhouse_tasks.text import FEW, count, listed, size_text
from wheelhouse_tasks.ui import DRY_RUN, Mark, PlanRow, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from wheelhouse_tasks.artifacts.local import Skipped
    from wheelhouse_tasks.settings.resolve import Settings


@dataclass(frozen=True, kw_only=True)
class FetchResult:
    """What `fetch` did, or with `dry_run` would do."""

    project: str
    version: str | None
    folder: str
    downloaded: tuple[str, ...]
    #: Already there with the promised sha256.
    present: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    #: Downloaded without a promised digest: the archive was read to its end, and nothing more can be known.
    unverified: tuple[str, ...]
    #: Why each file that was not fetched was not, by its name.
    failed: dict[str, str]
    #: The source of every file.
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
    outlive: bool = True,
) -> FetchResult:
    """Download the artifacts of the project (of one *version*) from all indexes into the local folder.

    *only* are patterns over `python-abi-platform`, or `sdist`. With *force* a file with other bytes is replaced.
    *show* the plan, and *remedy* what is in the folder with other bytes, unless the caller has better ones. What is
    half-fetched may *outlive* the run, for the next one to go on with it, in a folder that does so itself.
    Raises WheelhouseError that names every file that could not be fetched; the folder then holds the others, and whole,
    verified files only.
    """
    ui = ui or Silent()
    project = settings.need_project()
    wanted = version_of(version) if version is not None else None
    sources, offered, skipped = open_sources(settings, project, ui)
    where = ", ".join(source.label for source in sources)
    chosen = choose(project, wanted, offered, where)
    if only:
        chosen = tuple(candidate for candidate in chosen if fits(candidate.artifact, only))
        if not chosen:
            raise Failed("--only", f"no artifact of {project} fits {' '.join(only)}")
    folder = settings.local_folder
    present = dist.present(folder, [candidate.artifact.filename for candidate in chosen], ui)
    plan = plan_fetch(chosen, present, skipped, str(folder), force=force, remedy=remedy)
    if show:
        _show(plan, folder, ui)
    warn_of_unverified(plan, ui)
    failures: dict[str, WheelhouseError] = {}
    if dry_run:
        ui.done(DRY_RUN)
    else:
        failures = transfer(plan, sources, settings, ui, force=force, outlive=outlive)
    downloaded = [candidate for candidate in plan.download if candidate.artifact.filename not in failures]
    result = FetchResult(
        project=project,
        version=str(wanted) if wanted else None,
        folder=str(folder),
        downloaded=tuple(candidate.artifact.filename for candidate in downloaded),
        present=tuple(candidate.artifact.filename for candidate in plan.present),
        skipped=plan.skipped,
        unverified=tuple(candidate.artifact.filename for candidate in downloaded if candidate.unverified),
        failed={name: str(about(name, error)) for name, error in sorted(failures.items())},
        sources={candidate.artifact.filename: candidate.source for candidate in plan.files},
        dry_run=dry_run,
    )
    if not dry_run:
        ui.done(f"{count(downloaded)} fetched into {folder}, {len(plan.present)} already there")
    if failures:
        error = failure_of(failures)
        error.result = result
        raise error
    return result


def open_sources(
    settings: Settings, project: str, ui: Ui, yanked: dict[str, str] | None = None
) -> tuple[list[Source], list[Candidate], list[Skipped]]:
    """Return every source of the settings, what they offer of *project*, and what was left out.

    One that cannot be read ends the run, because what it holds would be missed silently. The reasons of yanked files
    are added to *yanked*, by file name.
    """
    own, workers = settings.container, settings.options.max_workers
    trust = frozenset(settings.options.trust)
    sources = [
        open_source(
            place, timeout=own.timeout, retries=own.retries, workers=workers, ca_bundle=own.ca_bundle, trust=trust
        )
        for place in settings.indexes
    ]
    offered: list[Candidate] = []
    skipped: list[Skipped] = []
    for source in sources:
        with ui.work(f"look at {source.label}"):
            offer = source.offer(project)
        if offer.candidates:
            ui.detail(f"{source.label}: {count(offer.candidates)} of {project}")
        else:
            ui.warn(f"{source.label}: nothing of {project} is there")
        offered += offer.candidates
        skipped += offer.skipped
        if yanked is not None:
            yanked |= offer.yanked
    for file in skipped:
        ui.warn(f"skipped {file.name}: {file.reason}")
    return sources, offered, skipped


def transfer(
    plan: FetchPlan,
    sources: Iterable[Source],
    settings: Settings,
    ui: Ui,
    *,
    force: bool = False,
    outlive: bool = False,
) -> dict[str, WheelhouseError]:
    """Fetch what the plan says into the local folder; return what went wrong, by file name.

    One bad file keeps no other from coming. What an earlier run left half-fetched is gone on with, or removed.
    """
    folder = settings.local_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(str(folder), f"cannot be created: {error.strerror}") from None
    failures: dict[str, WheelhouseError] = {}
    by_label = {source.label: source for source in reversed(list(sources))}
    fetcher = Fetcher(by_label, folder, settings.container.retries, force=force, outlive=outlive)
    _tidy(plan, folder, ui)

    def complete(candidate: Candidate) -> tuple[Candidate, int | WheelhouseError]:
        try:
            size = 0 if candidate.artifact.filename in plan.present_names else fetcher.download(candidate, work)
            fetcher.attest(candidate)
        except WheelhouseError as error:
            return candidate, error
        return candidate, size

    def done(pair: tuple[Candidate, int | WheelhouseError]) -> None:
        candidate, outcome = pair
        name = candidate.artifact.filename
        if isinstance(outcome, WheelhouseError):
            failures[name] = outcome
            alike = sum(error.cause == outcome.cause for error in failures.values())
            # the error in the end counts the others
            (ui.warn if alike <= FEW else ui.detail)(f"not fetched: {about(name, outcome)}")
        elif outcome:
            ui.progress(f"fetched {name} ({size_text(outcome)}) from {candidate.source}")

    try:
        with ui.work("fetch", files=len(plan.download), size=_total(plan.download)) as work:
            parallel.run(complete, plan.files, settings.options.max_workers, done)
    finally:
        # after Ctrl-C, a thread that wakes up while the program ends must leave nothing behind
        left = fetcher.parts.finish()
        if left:
            ui.note(
                f"{size_text(sum(left.values()))} of {listed(sorted(left))} kept: the next fetch goes on from there"
            )
    return failures


def _tidy(plan: FetchPlan, folder: Path, ui: Ui) -> None:
    """Remove what earlier runs left of use to nobody; mention what this one goes on with."""
    wanted = {candidate.artifact.filename: candidate.sha256 for candidate in plan.download}
    for name, size in halves.tidy(folder, wanted, [*wanted, *plan.present_names], time.time()).items():
        ui.note(f"{name}: goes on from {size_text(size)}")


def _total(candidates: Sequence[Candidate]) -> int | None:
    """Return the bytes of all; None where the page of one does not state them."""
    sizes = [candidate.size for candidate in candidates]
    return None if None in sizes else sum(size or 0 for size in sizes)


def _show(plan: FetchPlan, folder: Path, ui: Ui) -> None:
    sources = {candidate.source for candidate in plan.files}
    one = len(sources) == 1

    def row(candidate: Candidate) -> PlanRow:
        name, source = candidate.artifact.filename, "" if one else candidate.source
        action, mark = _action(candidate, plan)
        return PlanRow(action, candidate.size, candidate.sha256, source, name, mark=mark)

    title = f"Fetch from {', '.join(sorted(sources))} into {folder}" if one else f"Fetch into {folder}"
    ui.plan(title, map(row, plan.files))


def _action(candidate: Candidate, plan: FetchPlan) -> tuple[str, Mark]:
    if candidate.artifact.filename in plan.present_names:
        return "already there", Mark.SETTLED
    if candidate.artifact.filename in plan.replaced:
        return "replace", Mark.DIFFERENT
    return ("download, unverified", Mark.DOUBTFUL) if candidate.unverified else ("download", Mark.PLAIN)


def warn_of_unverified(plan: FetchPlan, ui: Ui) -> None:
    """Name the files whose bytes nothing vouches for: in one line for each source, and each host that sends them."""
    causes: dict[tuple[str, str], list[str]] = {}
    for candidate in plan.download:
        if candidate.unverified:
            host = urlsplit(candidate.link.url).hostname or ""
            causes.setdefault((candidate.source, host), []).append(candidate.artifact.filename)
    for (source, host), names in causes.items():
        where = f", sent by {host}" if host else ""
        files = f"{count(names)}{where} ({listed(names)})"
        ui.warn(f"unverified: {source} promises no sha256, and the archives alone are checked: {files}")


def into(settings: Settings, folder: Path) -> Settings:
    """Return *settings* with another local folder."""
    return dataclasses.replace(settings, local_folder=folder)
