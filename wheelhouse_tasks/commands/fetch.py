"""Collect a project's artifacts from wheelhouses into a folder."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import dist, saving
from wheelhouse_tasks.artifacts.companions import split
from wheelhouse_tasks.artifacts.coverage import fits
from wheelhouse_tasks.errors import BadArtifact, DigestMismatch, Failed, WheelhouseError, together
from wheelhouse_tasks.files import Parts
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.retry import TryAgainError, retry
from wheelhouse_tasks.sources.fetch_plan import Candidate, FetchPlan, choose, plan_fetch
from wheelhouse_tasks.sources.source import Source, open_source
from wheelhouse_tasks.text import FEW, count, listed, size_text
from wheelhouse_tasks.ui import DRY_RUN, PlanRow, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from wheelhouse_tasks.artifacts.local import Skipped
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Transfer, Work


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
) -> FetchResult:
    """Download the artifacts of the project (of one *version*) from all indexes into the local folder.

    *only* are patterns over `python-abi-platform`, or `sdist`. With *force* a file with other bytes is replaced.
    *show* the plan, and *remedy* what is in the folder with other bytes, unless the caller has better ones.
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
        failures = transfer(plan, sources, settings, ui, force=force)
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
    plan: FetchPlan, sources: Iterable[Source], settings: Settings, ui: Ui, *, force: bool = False
) -> dict[str, WheelhouseError]:
    """Fetch what the plan says into the local folder; return what went wrong, by file name.

    One bad file keeps no other from coming.
    """
    folder = settings.local_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failed(str(folder), f"cannot be created: {error.strerror}") from None
    failures: dict[str, WheelhouseError] = {}
    by_label = {source.label: source for source in reversed(list(sources))}
    fetcher = _Fetcher(by_label, folder, settings.container.retries, force=force)

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
        fetcher.parts.end()
    return failures


def _total(candidates: Sequence[Candidate]) -> int | None:
    """Return the bytes of all; None where the page of one does not state them."""
    sizes = [candidate.size for candidate in candidates]
    return None if None in sizes else sum(size or 0 for size in sizes)


class _Fetcher:
    """Puts files into a folder, from several threads at once."""

    def __init__(self, sources: dict[str, Source], folder: Path, retries: int, *, force: bool) -> None:
        self.sources = sources
        self.folder = folder
        self.retries = retries
        self.force = force
        self.parts = Parts()

    def download(self, candidate: Candidate, work: Work) -> int:
        """Fetch one file, and again where that may help; return its bytes. *work* counts it."""
        target = self.folder / candidate.artifact.filename
        replace = self.force or candidate.sha256 is not None
        tried = False

        def save() -> int:
            nonlocal tried
            try:
                return saving.save(
                    self._blocks(candidate, under_way),
                    target,
                    candidate.artifact,
                    candidate.sha256,
                    size=candidate.size,
                    digest=candidate.link.digest,
                    replace=replace,
                    parts=self.parts,
                )
            except (BadArtifact, DigestMismatch) as error:
                # once more: nobody sees where a body without Content-Length is cut off, or damaged on its way;
                # wrong bytes that come twice are what the server has
                if tried:
                    raise
                tried = True
                raise TryAgainError(error) from None

        with work.transfer(candidate.artifact.filename, candidate.size) as under_way:
            return retry(save, self.retries)

    def _blocks(self, candidate: Candidate, under_way: Transfer) -> Iterator[bytes]:
        """Yield the bytes of a file as its source does, and count them."""
        under_way.restart()
        blocks = self.sources[candidate.source].blocks(candidate)
        try:
            for block in blocks:
                under_way.advance(len(block))
                yield block
        finally:
            if isinstance(blocks, Generator):  # a download that is given up lets go of its connection at once
                blocks.close()

    def attest(self, candidate: Candidate) -> None:
        """Fetch the attestation of a file that has one."""
        if candidate.link.attested and candidate.sha256:
            text = retry(lambda: self.sources[candidate.source].attestation(candidate), self.retries)
            saving.save_attestation(text, self.folder / candidate.artifact.filename, candidate.sha256, self.parts)


def about(name: str, error: WheelhouseError) -> WheelhouseError:
    """Return an error whose subject is the file called *name*, or what lies beside it: *error* itself if it is one."""
    subject: str = getattr(error, "subject", "")  # a file name, a path of any system, or a URL
    path = unquote(re.split(r"[?#]", subject)[0]) if "://" in subject else subject
    return error if split(PureWindowsPath(path).name)[0] == name else Failed(name, str(error))


def failure_of(failures: dict[str, WheelhouseError]) -> WheelhouseError:
    """Return one error for all files that were not fetched."""
    return together({name: _of_file(name, failures) for name in sorted(failures)})


def _of_file(name: str, failures: dict[str, WheelhouseError]) -> WheelhouseError:
    """Return the error of a file; one that many share is not put behind the name of each."""
    error = failures[name]
    alike = sum(other.cause == error.cause for other in failures.values())
    return error if alike > FEW else about(name, error)


def _show(plan: FetchPlan, folder: Path, ui: Ui) -> None:
    sources = {candidate.source for candidate in plan.files}
    one = len(sources) == 1
    ui.plan(
        f"Fetch from {', '.join(sorted(sources))} into {folder}" if one else f"Fetch into {folder}",
        [
            PlanRow(
                _action(candidate, plan),
                candidate.size,
                candidate.sha256,
                "" if one else candidate.source,
                candidate.artifact.filename,
            )
            for candidate in plan.files
        ],
    )


def _action(candidate: Candidate, plan: FetchPlan) -> str:
    if candidate.artifact.filename in plan.present_names:
        return "already there"
    return "download, unverified" if candidate.unverified else "download"


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
