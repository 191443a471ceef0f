"""Publish a version: collect it, prove it, upload it with twine, and see that the index shows it."""

from __future__ import annotations

import json
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.commands.fetch import fetch, into
from wheelhouse_tasks.errors import (
    Conflict,
    Failed,
    UsageError,
)
from wheelhouse_tasks.files import write_text
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.publishing import release_plan
from wheelhouse_tasks.publishing.collection import REMEDY, collect
from wheelhouse_tasks.publishing.index import package_index
from wheelhouse_tasks.publishing.proof import examine, lacks, prove, remarks
from wheelhouse_tasks.publishing.pypirc import HTTP
from wheelhouse_tasks.publishing.release_plan import ReleasePlan, plan_release
from wheelhouse_tasks.publishing.upload import upload_plan
from wheelhouse_tasks.ui import DRY_RUN, Mark, PlanRow, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.publishing.index import PackageIndex
    from wheelhouse_tasks.settings.resolve import Settings

SUMS = "SHA256SUMS"


@dataclass(frozen=True, kw_only=True)
class ReleaseResult:
    """What `release` did, or with `dry_run` would do."""

    project: str
    version: str
    index: str
    uploaded: tuple[str, ...]
    #: On the index before, with the same sha256.
    present: tuple[str, ...]
    #: sha256 of every file, by name.
    sha256: dict[str, str]
    #: The plan: file, size, sha256, tags, source and action of each.
    files: list[dict[str, Any]]
    #: Where the digests were written, in the form of `sha256sum`.
    sums: str | None
    dry_run: bool
    #: Where twine sends the files, without credentials.
    upload_url: str
    #: File and problem of what is doubtful: the index takes it all the same.
    warnings: tuple[tuple[str, str], ...]
    #: What is no mistake by itself, such as a release without an sdist.
    remarks: tuple[str, ...]


def release(  # noqa: PLR0913
    settings: Settings,
    ui: Ui | None = None,
    *,
    version: str | None = None,
    fetching: bool = True,
    like: str | None = None,
    plan_file: Path | None = None,
    dry_run: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> ReleaseResult:
    """Release one *version* of the project: everything of it in the indexes and in the local folder.

    *like*: an earlier version on the index, or `previous`, all of whose tags must be covered. With a *version*, the
    plan is written to *plan_file* and nothing is uploaded; without, exactly the plan in *plan_file* is uploaded.
    Nothing is uploaded before every file was checked and compared with what the index already shows; a rerun completes
    a release that stopped half-way. Returns when the index shows every file with its sha256. Raises WheelhouseError.
    """
    ui = ui or Silent()
    recorded = _recorded(plan_file) if plan_file and not version else None
    if version:
        wanted = version_of(version)
    elif recorded:
        wanted = recorded.version
    else:
        raise UsageError("version", "not given", "release needs --version X.Y.Z, or --plan FILE")
    project = settings.need_project()
    if recorded and recorded.project != project:
        raise UsageError(str(plan_file), f"is a plan of {recorded.project}, not of {project}", "use --project")
    index = package_index(settings)
    if recorded:
        _check_same_index(recorded, index, str(plan_file))
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch, index.twines as twines:
        twines.start(1)  # it imports while the package index answers and the files are read
        index.check_readable(project)
        sources: dict[str, str] = {}
        folders = [settings.local_folder]
        dry_run = dry_run or bool(version and plan_file)
        if fetching:
            # a dry run writes nothing into dist/, and still looks at every file
            target = Path(scratch) if dry_run else settings.local_folder
            fetched = fetch(
                into(settings, target), ui, version=str(wanted), show=False, remedy=REMEDY, outlive=not dry_run
            )
            sources = fetched.sources
            folders = list(dict.fromkeys((target, settings.local_folder)))
        files, damaged = collect(folders, (project, wanted), sources, settings, ui)
        candidates = examine(project, [file for file, _ in files.values()], damaged, index, settings)
        published = candidates.published
        lacking = lacks(project, wanted, files, published, settings.options.expect, like)
        doubtful = prove(candidates, lacking, index, settings, ui, datetime.now(UTC))
        digests = {name: shown.digests for name, shown in published.items()}
        plan = plan_release(project, wanted, index.label, files, digests, index.upload_url)
        _show(plan, ui)
        told = remarks(files)
        for remark in told:
            ui.note(f"{project} {wanted}: {remark}")
        _refuse_conflicts(plan)
        if recorded:
            release_plan.compare(recorded, plan, str(plan_file))
        sums = None
        if version and plan_file:
            write_text(plan_file, json.dumps(release_plan.record(plan), indent=1) + "\n")
            ui.done(f"plan written to {plan_file}; nothing was uploaded: --plan alone uploads exactly that")
        elif dry_run:
            ui.done(DRY_RUN)
        else:
            upload_plan(plan, index, settings.options.max_workers, ui, sleep)
            sums = _leave_sums(plan, settings.local_folder, ui)
    return ReleaseResult(
        project=project,
        version=str(wanted),
        index=index.label,
        uploaded=tuple(file.artifact.filename for file in plan.upload),
        present=tuple(row.file.artifact.filename for row in plan.rows if row.action != "upload"),
        sha256={row.file.artifact.filename: row.file.sha256 for row in plan.rows},
        files=release_plan.record(plan)["files"],
        sums=sums,
        dry_run=dry_run,
        upload_url=index.upload_url,
        warnings=tuple((finding.subject, finding.problem) for finding in doubtful),
        remarks=told,
    )


def _recorded(path: Path) -> release_plan.Recorded:
    """Return the plan that an earlier run wrote to *path*."""
    try:
        return release_plan.read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(str(path), f"cannot be read as a plan: {reason}", "with --version one is written") from None


def _check_same_index(recorded: release_plan.Recorded, index: PackageIndex, where: str) -> None:
    """Raise UsageError where a plan is for another index than the one of the settings."""
    other = recorded.elsewhere(index.label, index.upload_url)
    if other:
        flag = "--repository-url" if recorded.index.startswith(HTTP) else "--repository"
        remedy = f"use {flag} {recorded.index} with its --check-url, or plan anew with --version X --plan FILE"
        raise UsageError(where, f"{other}; nothing was asked of either", remedy)


def _refuse_conflicts(plan: ReleasePlan) -> None:
    """Raise Conflict where the index shows other bytes under the name of a file."""
    if plan.conflicts:
        problems = "; ".join(f"{row.file.artifact.filename} {row.problem}" for row in plan.conflicts)
        remedy = "take it out of dist/ if the published one is right, or release a new version"
        raise Conflict(f"{plan.project} {plan.version}", f"{problems}; nothing was uploaded", remedy)


def _leave_sums(plan: ReleasePlan, folder: Path, ui: Ui) -> str | None:
    """Write the digests beside the folder, never into it, where they would be taken for something to upload."""
    path = Path(os.path.abspath(folder)).parent / SUMS  # noqa: PTH100  # a link stays one
    lines = sorted((row.file.artifact.filename, row.file.sha256) for row in plan.rows)
    try:
        write_text(path, "".join(f"{digest}  {name}\n" for name, digest in lines))
    except Failed as error:
        ui.warn(str(error))
        return None
    ui.done(f"digests in {path}")
    return str(path)


#: How each action is marked.
MARKS: dict[release_plan.Action, Mark] = {
    "upload": Mark.PLAIN,
    "already there": Mark.SETTLED,
    "conflict": Mark.WRONG,
}


def _show(plan: ReleasePlan, ui: Ui) -> None:
    sources = {row.source for row in plan.rows}
    one = len(sources) == 1
    where = f" from {', '.join(sources)}" if one else ""
    title = f"Release {plan.project} {plan.version}{where} to {release_plan.titled(plan.index, plan.url)}"
    rows = [
        PlanRow(
            row.action,
            row.file.size,
            row.file.sha256,
            "" if one else row.source,
            row.file.artifact.filename,
            row.problem,
            MARKS[row.action],
        )
        for row in plan.rows
    ]
    ui.plan(title, rows, whole=True)
