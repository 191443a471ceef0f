"""Publish a version: collect it, prove it, upload it with twine, and see that the index shows it."""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import dist
from wheelhouse_tasks.artifact import version_of
from wheelhouse_tasks.commands.fetch import fetch, into
from wheelhouse_tasks.console import DRY_RUN, Silent, Ui, count, size_text
from wheelhouse_tasks.errors import Conflict, Failed, NothingToDo, PublishError, UsageError, WheelhouseError
from wheelhouse_tasks.plan import LocalFile, ReleasePlan, plan_release
from wheelhouse_tasks.pypi import PackageIndex, package_index
from wheelhouse_tasks.source import ARTIFACT_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.version import Version

    from wheelhouse_tasks.settings import Settings

LONGEST_PAUSE = 5.0
#: What twine tells where the file may have arrived all the same, and how often we look then, once a second.
LOST_ANSWER, LOOKS = re.compile(r"exist|no answer|\b(409|5\d\d)\b|onnection"), 10
REMEDY = "remove the one that is wrong, or release what is in dist/ with --no-fetch"


@dataclass(frozen=True)
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
    dry_run: bool


def release(
    settings: Settings,
    ui: Ui | None = None,
    *,
    version: str | None,
    fetching: bool = True,
    dry_run: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> ReleaseResult:
    """Release one *version* of the project: everything of it in the indexes and in the local folder.

    Nothing is uploaded before every file was checked and compared with what the index already shows; a rerun completes
    a release that stopped half-way. Returns when the index shows every file with its sha256. Raises WheelhouseError.
    """
    ui = ui or Silent()
    if not version:
        raise UsageError("version", "not given", "release needs --version X.Y.Z")
    wanted, project = version_of(version), settings.need_project()
    index = package_index(settings)
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch:
        sources: dict[str, str] = {}
        folders = [settings.local_folder]
        if fetching:
            # a dry run writes nothing into dist/, and still looks at every file
            target = Path(scratch) if dry_run else settings.local_folder
            sources = fetch(into(settings, target), ui, version=version, show=False, remedy=REMEDY).sources
            folders = list(dict.fromkeys((target, settings.local_folder)))
        files = _files(folders, (project, wanted), sources, settings, ui)
        index.check(file.path for file, _ in files.values())
        ui.note(f"twine check --strict: {count(files)} passed")
        index.check_readable(project)
        plan = plan_release(project, wanted, index.label, files, index.shown(project))
        _show(plan, ui)
        if dry_run:
            ui.note(DRY_RUN)
        else:
            _apply(plan, index, ui, sleep)
        uploaded = tuple(file.artifact.filename for file in plan.upload)
    return ReleaseResult(
        project,
        str(wanted),
        index.label,
        uploaded,
        tuple(row.file.artifact.filename for row in plan.rows if row.action != "upload"),
        {row.file.artifact.filename: row.file.sha256 for row in plan.rows},
        dry_run,
    )


def _files(
    folders: list[Path], release: tuple[str, Version], sources: dict[str, str], settings: Settings, ui: Ui
) -> dict[str, tuple[LocalFile, str]]:
    """Return the files of the version with their sources, by name; every one read, checked and hashed."""
    project, version = release
    files: dict[str, tuple[LocalFile, str]] = {}
    for folder in folders:
        if folder == settings.local_folder and not folder.is_dir():
            continue
        found, skipped = dist.scan(folder)
        for each in skipped:
            if each.name.endswith(ARTIFACT_SUFFIXES):
                ui.warn(f"left out {each.name}: {each.reason}")
        mine = [each for each in found if (each[1].project, each[1].version) == (project, version)]
        for file in dist.read(mine, settings.max_workers):
            name = file.artifact.filename
            source = sources.get(name, str(settings.local_folder))
            if files.setdefault(name, (file, source))[0].sha256 != file.sha256:  # a dry run sees both
                raise Conflict(name, f"is in {settings.local_folder} with other bytes than in {source}", REMEDY)
    if not files:
        raise NothingToDo(f"{project} {version}", f"no artifact in {settings.local_folder}")
    lost = sorted(sources.keys() - files.keys())
    if lost:
        raise Failed(", ".join(lost), f"was fetched, and is not in {settings.local_folder} any more", "try again")
    return files


def _apply(plan: ReleasePlan, index: PackageIndex, ui: Ui, sleep: Callable[[float], None]) -> None:
    if not plan.upload:
        ui.note(f"{index.label} already shows all {count(plan.rows)} of {plan.project} {plan.version}")
        return
    what = f"{count(plan.upload)} of {plan.project} {plan.version}"
    if not ui.confirm(f"A file name can never be used again. Upload {what} to {index.label}?"):
        raise Failed("release", "not confirmed; nothing was uploaded")
    for position, file in enumerate(plan.upload):
        try:
            _upload(file, plan.project, index, sleep)
        except WheelhouseError as error:
            done = ", ".join(each.artifact.filename for each in plan.upload[:position]) or "none"
            rest = ", ".join(each.artifact.filename for each in plan.upload[position + 1 :]) or "none"
            went = f"uploaded before: {done}; not tried: {rest}; when mended, run the same command again"
            raise PublishError(file.artifact.filename, problem_of(error), went) from None
        ui.note(f"uploaded {file.artifact.filename} ({size_text(file.size)})")
    ui.note(f"waiting until {index.label} shows them")
    _verify(plan, index, sleep)
    ui.note(f"{index.label} shows all {count(plan.rows)} of {plan.project} {plan.version}, sha256 compared")


def problem_of(error: WheelhouseError) -> str:
    """Return what an error says of a file that is named already."""
    return error.problem if isinstance(error, Failed) else str(error)


def _upload(file: LocalFile, project: str, index: PackageIndex, sleep: Callable[[float], None]) -> None:
    """Upload one file; a refusal counts only if the index does not show the file all the same."""
    name = file.artifact.filename
    try:
        unchanged = dist.digests(file.path)[0] == file.sha256
    except OSError as error:
        raise Failed(name, f"cannot be read any more: {error.strerror}") from None
    if not unchanged:
        raise Failed(name, "changed since it was checked")
    try:
        index.upload(file.path, file.size)
    except PublishError as error:
        # an answer that was lost: twine sends the file again, and hears that it exists, maybe before the index shows it
        for _ in range(LOOKS if LOST_ANSWER.search(error.problem) else 1):
            if index.shown(project).get(name) == file.sha256:
                return
            sleep(1)
        raise


def _verify(plan: ReleasePlan, index: PackageIndex, sleep: Callable[[float], None]) -> None:
    """Wait, within the timeout, until the index shows every file; caches may lag behind."""
    waited, pause = 0.0, 0.25
    while True:
        shown = index.shown(plan.project)
        behind = [row.file for row in plan.rows if shown.get(row.file.artifact.filename) != row.file.sha256]
        if not behind:
            return
        if waited >= index.timeout:
            names = ", ".join(file.artifact.filename for file in behind)
            where = f"{index.check_url_label} after {index.timeout:g} s"
            raise PublishError(
                index.label,
                f"uploaded, but not shown with the right sha256 by {where}: {names}",
                "look at the index and at check_url, then run the same command again",
            )
        sleep(pause)
        waited += pause
        pause = min(pause * 2, LONGEST_PAUSE)


def _show(plan: ReleasePlan, ui: Ui) -> None:
    ui.table(
        f"Release {plan.project} {plan.version} to {plan.index}",
        ("action", "size", "sha256", "source", "file"),
        [
            (
                row.action,
                size_text(row.file.size),
                row.file.sha256[:12],
                row.source,
                row.file.artifact.filename,
            )
            for row in plan.rows
        ],
    )
