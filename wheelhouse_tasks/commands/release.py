"""Publish a version: collect it, prove it, upload it with twine, and see that the index shows it."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.artifacts import artifact, coverage, dist
from wheelhouse_tasks.commands.fetch import fetch, into
from wheelhouse_tasks.commands.showing import Row, show_plan
from wheelhouse_tasks.errors import (
    BadArtifact,
    BadArtifacts,
    BadPage,
    Conflict,
    Failed,
    NotAnArtifact,
    NothingToDo,
    PublishError,
    UsageError,
    WebError,
    WheelhouseError,
)
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.publishing import acceptance, release_plan
from wheelhouse_tasks.publishing.acceptance import Rules
from wheelhouse_tasks.publishing.index import PackageIndex, package_index
from wheelhouse_tasks.publishing.release_plan import ReleasePlan, plan_release
from wheelhouse_tasks.sources.offer import ARTIFACT_SUFFIXES
from wheelhouse_tasks.text import count, size_text
from wheelhouse_tasks.ui import DRY_RUN, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.settings.resolve import Settings

LONGEST_PAUSE = 5.0
#: How often the index is read, once a second, after a refusal of a file that may have arrived all the same.
LOOKS = 10
REMEDY = "remove the one that is wrong, or release what is in dist/ with --no-fetch"
PREVIOUS = "previous"
SUMS = "SHA256SUMS"
MIB = 1 << 20


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
    #: The plan: file, size, sha256, tags, source and action of each.
    files: list[dict[str, Any]]
    #: Where the digests were written, in the form of `sha256sum`.
    sums: str | None
    dry_run: bool


@dataclass(frozen=True)
class Stopped:
    """How far a release came that stopped half-way."""

    uploaded: tuple[str, ...]
    failed: str
    untried: tuple[str, ...]


@dataclass(frozen=True)
class Unfit:
    """What keeps a release from being uploaded: everything that was found."""

    findings: tuple[tuple[str, str], ...]


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
    index.check_readable(project)
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch:
        sources: dict[str, str] = {}
        folders = [settings.local_folder]
        dry_run = dry_run or bool(version and plan_file)
        if fetching:
            # a dry run writes nothing into dist/, and still looks at every file
            target = Path(scratch) if dry_run else settings.local_folder
            sources = fetch(into(settings, target), ui, version=str(wanted), show=False, remedy=REMEDY).sources
            folders = list(dict.fromkeys((target, settings.local_folder)))
        files, findings = _files(folders, (project, wanted), sources, settings, ui)
        published = index.shown(project)
        _prove(
            files,
            findings,
            index,
            lacks(project, wanted, files, published, settings.options.expect, like),
            settings,
            ui,
        )
        plan = plan_release(project, wanted, index.label, files, published)
        _show(plan, ui)
        _refuse_conflicts(plan)
        if recorded:
            release_plan.compare(recorded, plan, str(plan_file))
        sums = None
        if version and plan_file:
            _write(plan_file, json.dumps(release_plan.record(plan), indent=1) + "\n")
            ui.note(f"plan written to {plan_file}; nothing was uploaded: --plan alone uploads exactly that")
        elif dry_run:
            ui.note(DRY_RUN)
        else:
            _apply(plan, index, settings.container.retries, ui, sleep)
            sums = _leave_sums(plan, settings.local_folder, ui)
    return ReleaseResult(
        project,
        str(wanted),
        index.label,
        tuple(file.artifact.filename for file in plan.upload),
        tuple(row.file.artifact.filename for row in plan.rows if row.action != "upload"),
        {row.file.artifact.filename: row.file.sha256 for row in plan.rows},
        release_plan.record(plan)["files"],
        sums,
        dry_run,
    )


def _recorded(path: Path) -> release_plan.Recorded:
    try:
        return release_plan.read(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(str(path), f"cannot be read as a plan: {reason}", "with --version one is written") from None


def _files(
    folders: list[Path], release: tuple[str, Version], sources: dict[str, str], settings: Settings, ui: Ui
) -> tuple[dict[str, tuple[LocalFile, str]], list[BadArtifact]]:
    """Return the files of the version with their sources, by name, and what is wrong with those that are damaged."""
    project, version = release
    files: dict[str, tuple[LocalFile, str]] = {}
    findings: list[BadArtifact] = []
    for folder in folders:
        if folder == settings.local_folder and not folder.is_dir():
            continue
        found, skipped = dist.scan(folder)
        for each in skipped:
            if each.name.endswith(ARTIFACT_SUFFIXES):
                ui.warn(f"left out {each.name}: {each.reason}")
        mine = [each for each in found if (each[1].project, each[1].version) == (project, version)]
        for file in dist.examine(mine, settings.options.max_workers):
            if isinstance(file, BadArtifact):
                findings.append(file)
                continue
            name = file.artifact.filename
            source = sources.get(name, str(settings.local_folder))
            if files.setdefault(name, (file, source))[0].sha256 != file.sha256:  # a dry run sees both
                raise Conflict(name, f"is in {settings.local_folder} with other bytes than in {source}", REMEDY)
    if not files and not findings:
        raise NothingToDo(f"{project} {version}", f"no artifact in {settings.local_folder}")
    lost = sorted(sources.keys() - files.keys()) if not findings else []
    if lost:
        raise Failed(", ".join(lost), f"was fetched, and is not in {settings.local_folder} any more", "try again")
    return files, findings


def lacks(
    project: str,
    version: Version,
    files: Iterable[str],
    published: Iterable[str],
    expect: Sequence[str],
    like: str | None,
) -> list[str]:
    """Return what *files* lack: patterns that none fits, and labels of an earlier version that none covers.

    *published* are the file names that the package index shows. Raises NothingToDo where there is no version *like*.
    """
    here = [artifact.parse(name) for name in files]
    found = coverage.unmet(expect, here)
    if not like:
        return found
    earlier: dict[Version, list[Artifact]] = {}
    for name in published:
        try:
            said = artifact.parse(name)
        except NotAnArtifact:
            continue
        if said.project == project:
            earlier.setdefault(said.version, []).append(said)
    model = coverage.previous(earlier, version) if like == PREVIOUS else version_of(like)
    if model is None and like == PREVIOUS:
        return found  # a first release
    if model not in earlier:
        there = ", ".join(map(str, sorted(earlier))) or "none"
        raise NothingToDo(f"{project} {like}", "no such version to be like on the package index", f"versions: {there}")
    return [*found, *(each for each in coverage.uncovered(earlier[model], here) if each not in found)]


def _prove(
    files: Mapping[str, tuple[LocalFile, str]],
    findings: Sequence[BadArtifact],
    index: PackageIndex,
    lacking: Sequence[str],
    settings: Settings,
    ui: Ui,
) -> None:
    """Raise BadArtifacts, which tells everything that is wrong with the release, and what it lacks."""
    those = [file for file, _ in files.values()]
    rules = Rules(index.is_pypi, settings.options.file_limit * MIB)
    found = [
        *findings,
        *acceptance.findings(those, rules, settings.options.max_workers),
        *index.check([f.path for f in those]),
    ]
    if lacking:
        cells = {file.artifact.label: size_text(file.size) for file in those}
        title = f"{len(lacking)} missing"
        ui.table(title, *coverage.matrix(cells | {label: "MISSING" for label in lacking if "*" not in label}))
        found.append(BadArtifact("this release", f"lacks {', '.join(lacking)}"))
    if not found:
        ui.note(f"{count(those)} proved: archives, names, metadata, twine check --strict")
        return
    if len(found) > 1:
        ui.table("Found", ("file", "what is wrong"), [(each.subject, each.problem) for each in found])
    refused = BadArtifacts((*found, BadArtifact("release", "nothing was uploaded")))
    refused.result = Unfit(tuple((each.subject, each.problem) for each in found))
    raise refused


def _refuse_conflicts(plan: ReleasePlan) -> None:
    if plan.conflicts:
        said = "; ".join(f"{row.file.artifact.filename} {row.problem}" for row in plan.conflicts)
        remedy = "take it out of dist/ if the published one is right, or release a new version"
        raise Conflict(f"{plan.project} {plan.version}", f"{said}; nothing was uploaded", remedy)


def _apply(plan: ReleasePlan, index: PackageIndex, retries: int, ui: Ui, sleep: Callable[[float], None]) -> None:
    if not plan.upload:
        ui.note(f"{index.label} already shows all {count(plan.rows)} of {plan.project} {plan.version}")
        return
    what = f"{count(plan.upload)} of {plan.project} {plan.version}"
    if not ui.confirm(f"A file name can never be used again. Upload {what} to {index.label}?"):
        raise Failed("release", "not confirmed; nothing was uploaded")
    attested = [file for file in plan.upload if file.attestation is not None]
    if attested and not index.is_pypi:
        ui.note(f"{index.label} takes no attestations: those of {count(attested)} stay here")
    names = [file.artifact.filename for file in plan.upload]
    for position, file in enumerate(plan.upload):
        try:
            _upload(file, plan.project, index, retries, sleep)
        except WheelhouseError as error:
            up, untried = names[:position], names[position + 1 :]
            went = f"uploaded before: {', '.join(up) or 'none'}; not tried: {', '.join(untried) or 'none'}"
            stopped = PublishError(
                names[position], problem_of(error, names[position]), f"{went}; when mended, continue with: {ui.again}"
            )
            stopped.result = Stopped(tuple(up), names[position], tuple(untried))
            raise stopped from None
        ui.note(f"uploaded {names[position]} ({size_text(file.size)})")
    ui.note(f"waiting until {index.label} shows them")
    _verify(plan, index, ui, sleep)
    ui.note(f"{index.label} shows all {count(plan.rows)} of {plan.project} {plan.version}, sha256 compared")


def problem_of(error: WheelhouseError, name: str) -> str:
    """Return what an error says, without the *name* of the file if it is about that."""
    return error.problem if isinstance(error, Failed) and error.subject == name else str(error)


def _upload(file: LocalFile, project: str, index: PackageIndex, retries: int, sleep: Callable[[float], None]) -> None:
    """Upload one file; a refusal counts only if the index does not show the file all the same."""
    name, attempt = file.artifact.filename, 0
    while True:
        try:
            unchanged = dist.digests(file.path)[0] == file.sha256
        except OSError as error:
            raise Failed(name, f"cannot be read any more: {error.strerror}") from None
        if not unchanged:
            raise Failed(name, "changed since it was checked")
        try:
            index.upload(file)
        except PublishError as error:
            again = attempt < retries and error.kind.may_pass
            # an answer that was lost: twine sends the file again, and hears that it exists, maybe before the index
            # shows it
            looks = min(LOOKS, round(index.timeout)) if error.kind.may_have_arrived and not again else 1
            for _ in range(max(looks, 1)):
                shown = _shown(index, project, error).get(name)
                if shown == file.sha256:
                    return
                if shown:
                    raise Conflict(name, f"is on {index.label} with sha256 {shown}, here with {file.sha256}") from None
                sleep(1)
            if not again:
                raise
        else:
            return
        sleep(min(2**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1.5))  # noqa: S311
        attempt += 1


def _shown(index: PackageIndex, project: str, refusal: PublishError) -> dict[str, str | None]:
    """Return what the index shows after a refusal, which an index that cannot be read does not make forgotten."""
    try:
        return index.shown(project)
    except (WebError, BadPage) as error:
        problem = f"{refusal.problem}; whether it is there is not known: {error}"
        raise PublishError(refusal.subject, problem, status=refusal.status, kind=refusal.kind) from None


def _verify(plan: ReleasePlan, index: PackageIndex, ui: Ui, sleep: Callable[[float], None]) -> None:
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
                f"look at the index and at check_url, then continue with: {ui.again}",
            )
        sleep(pause)
        waited += pause
        pause = min(pause * 2, LONGEST_PAUSE)


def _leave_sums(plan: ReleasePlan, folder: Path, ui: Ui) -> str | None:
    """Write the digests beside the folder, never into it, where they would be taken for something to upload."""
    path = Path(os.path.abspath(folder)).parent / SUMS  # noqa: PTH100  # a link stays one
    lines = sorted((row.file.artifact.filename, row.file.sha256) for row in plan.rows)
    try:
        _write(path, "".join(f"{digest}  {name}\n" for name, digest in lines))
    except Failed as error:
        ui.warn(str(error))
        return None
    ui.note(f"digests in {path}")
    return str(path)


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise Failed(str(path), f"cannot be written: {error.strerror}") from None


def _show(plan: ReleasePlan, ui: Ui) -> None:
    show_plan(
        ui,
        f"Release {plan.project} {plan.version} to {plan.index}",
        [Row(row.action, row.file.size, row.file.sha256, row.source, row.file.artifact.filename) for row in plan.rows],
    )
