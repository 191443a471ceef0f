"""Send the artifacts of a folder to the container, and bring its pages up to date."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.container.objects import keeping_of, open_projects
from wheelhouse_tasks.container.survey import survey
from wheelhouse_tasks.errors import NothingToDo
from wheelhouse_tasks.names import project_name, version_of
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.stamps.stamping import Stamped, stamp_builds
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.ui import DRY_RUN, Silent, Ui
from wheelhouse_tasks.uploading import outcome
from wheelhouse_tasks.uploading.address import Address, recall
from wheelhouse_tasks.uploading.apply import Applied, apply
from wheelhouse_tasks.uploading.choice import Choice, choose, strays
from wheelhouse_tasks.uploading.circumstances import check_that_it_lasts, reason_not_to
from wheelhouse_tasks.uploading.facts import find_out
from wheelhouse_tasks.uploading.plan import plan_upload
from wheelhouse_tasks.uploading.reach import known_url

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
    from wheelhouse_tasks.container.survey import Survey
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.storage.port import Store


@dataclass(frozen=True, kw_only=True)
class UploadResult:
    """What `upload` did, or with `dry_run` would do."""

    container: str
    #: The version of every file, as it is in the container; None where they have several, or there is none.
    version: str | None = None
    uploaded: tuple[str, ...] = ()
    #: Already there with the same sha256.
    present: tuple[str, ...] = ()
    #: Development builds that are there with other bytes, and stay as they are.
    kept: tuple[str, ...] = ()
    #: Uploaded in place of other bytes.
    replaced: tuple[str, ...] = ()
    #: Files of other projects than the one that is named, and of versions that are not the newest in the folder.
    other_projects: tuple[str, ...] = ()
    older_versions: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    #: Object names of the pages written.
    pages: tuple[str, ...] = ()
    #: Where the container is readable, ending in "/", as far as known.
    url: str | None = None
    #: What installers can use there: `index.html`, `simple/`.
    works: tuple[str, ...] = ()
    #: The commands that install what is there.
    commands: tuple[str, ...] = ()
    dry_run: bool
    #: Why nothing was done at all: a pull request build, or one without credentials.
    reason: str | None = None


def upload(  # noqa: PLR0913
    settings: Settings,
    ui: Ui | None = None,
    *,
    overwrite: bool = False,
    pull_request: bool = False,
    projects: Collection[str] = (),
    version: str | None = None,
    dry_run: bool = False,
    now: Callable[[], float] = time.time,
) -> UploadResult:
    """Upload every wheel and sdist of the local folder that the container does not hold yet.

    All files are checked before the first byte is sent. With *overwrite* a published file may change its bytes.
    Of *projects* and *version*, where they are given, nothing else is sent; what else may lie there by mistake is told.
    The build of a pull request sends nothing to a storage provider, unless *pull_request*. *now* gives seconds since
    the epoch. Raises WheelhouseError; what was uploaded until then is whole, and another run completes it.
    """
    ui = ui or Silent()
    choice = Choice(projects=frozenset(map(project_name, projects)), version=version_of(version) if version else None)
    check_that_it_lasts(settings)
    reason = reason_not_to(settings, pull_request=pull_request)
    if reason:
        ui.done(f"nothing was uploaded: {reason}")
        return UploadResult(container=settings.container.label, dry_run=dry_run, reason=reason)
    # the container is opened and read while the files are checked and hashed
    opening = parallel.begin(lambda: open_store(settings.container))
    artifacts, skipped = _artifacts(settings, choice, ui)
    projects = {str(named.project) for _, named in artifacts}
    surveying = parallel.begin(lambda: _surveyed(settings, opening(), projects, writing=not dry_run))
    remembered = parallel.begin(lambda: recall(opening(), settings))
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch:
        stamped = _stamped(dist.read(artifacts, settings.options.max_workers, ui), settings, Path(scratch), ui)
        outcome.warn_of_requirements(stamped.files, ui)
        names = [file.artifact.filename for file in stamped.files]
        with ui.work(f"look at {settings.container.label}"):
            store = opening()
            facts = find_out(surveying(), names)
        digests = {name: file.sha256 for name, file in facts.published.items()}
        plan = plan_upload(
            stamped.files, digests, skipped, taken=facts.taken, removed=facts.removed, overwrite=overwrite
        )
        outcome.note_skipped(plan.skipped[len(skipped) :], ui)
        doubtful = strays([file.artifact for file in plan.files], settings.project, choice)
        notable = outcome.Notable(doubtful, plan.replaced(facts.published))
        outcome.show(plan, notable, store, ui)
        outcome.warn_of_strays(doubtful, settings.project, ui)
        if plan.kept and stamped.doubt:
            ui.warn(stamped.doubt)
        outcome.warn_of_platforms(plan, ui)
        if dry_run:
            known = remembered() if facts.before.exists else None
            applied = Applied(address=Address(url=known.url if known else known_url(settings, store)))
            ui.done(DRY_RUN)
        else:
            applied = apply(plan, facts, settings, store, ui, now, remembered)
            outcome.show_outcome(plan, notable, ui)
        commands = outcome.install_commands(applied.address, plan)
        if not (dry_run or settings.options.update_index):
            ui.note("the index pages were left alone: the next upload brings them up to date")
        elif not dry_run:
            outcome.show_address(applied.address, commands, settings, ui)
    return UploadResult(
        container=store.label,
        version=plan.version,
        uploaded=_names(plan.send),
        present=_names(plan.present),
        kept=_names(plan.kept),
        replaced=notable.replaced,
        other_projects=doubtful.others,
        older_versions=doubtful.older,
        skipped=plan.skipped,
        pages=tuple(dict.fromkeys(applied.pages)),
        url=applied.address.url,
        works=applied.address.works,
        commands=tuple(command for group in commands for command in group),
        dry_run=dry_run,
    )


def _surveyed(settings: Settings, store: Store, projects: Collection[str], *, writing: bool) -> Survey:
    """Return what was read of the container."""
    return survey(store, open_projects(settings, store, projects, writing=writing), keeping_of(settings))


def _artifacts(settings: Settings, choice: Choice, ui: Ui) -> tuple[list[tuple[Path, Artifact]], list[Skipped]]:
    """Return the artifacts of the local folder, and what is passed over; raise NothingToDo for none."""
    artifacts, skipped = dist.find_local(settings)
    outcome.note_skipped(skipped, ui)
    if not artifacts:
        raise NothingToDo(
            str(settings.local_folder),
            "holds no wheel or sdist",
            "build the project first, or use --local-folder",
        )
    return choose(artifacts, choice, str(settings.local_folder)), skipped


def _stamped(local: list[LocalFile], settings: Settings, scratch: Path, ui: Ui) -> Stamped:
    """Return the files; development builds that do not say when they were built are replaced by stamped ones."""
    if not settings.options.stamp:
        return Stamped(local)
    container = settings.container
    apart = [settings.local_folder, *([Path(container.container)] if container.provider == LOCAL else [])]
    workers = settings.options.max_workers
    with ui.work("stamp"):
        stamped = stamp_builds(local, settings.root, settings.environ, scratch, apart=apart, workers=workers)
    for text in stamped.notes:
        ui.note(text)
    for text in stamped.warnings:
        ui.warn(text)
    return stamped


def _names(files: Iterable[LocalFile]) -> tuple[str, ...]:
    return tuple(file.artifact.filename for file in files)
