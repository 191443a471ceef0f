"""Upload the files of a release, one after the other, and look at the package index afterwards."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.errors import BadPage, Conflict, Failed, PublishError, WebError, WheelhouseError
from wheelhouse_tasks.publishing.release_plan import titled
from wheelhouse_tasks.pypi.shown import difference
from wheelhouse_tasks.text import count, size_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.publishing.index import PackageIndex
    from wheelhouse_tasks.publishing.release_plan import ReleasePlan
    from wheelhouse_tasks.ui import Ui

#: Seconds before a file is sent again, and before the package index is read again.
LONGEST_PAUSE_OF_UPLOADS = LONGEST_PAUSE_OF_LOOKS = 5.0
FIRST_PAUSE_OF_LOOKS = 0.25
#: How often the package index is read, once a second, after a refusal of a file that may have arrived all the same.
LOOKS = 10


@dataclass(frozen=True)
class Stopped:
    """How far a release came that stopped half-way."""

    uploaded: tuple[str, ...]
    failed: str
    untried: tuple[str, ...]


def upload_plan(plan: ReleasePlan, index: PackageIndex, retries: int, ui: Ui, sleep: Callable[[float], None]) -> None:
    """Upload the files of a plan that the package index lacks, in their order, and wait until it shows every file.

    Raises PublishError, whose result is how far the release came, for the first file that is not accepted.
    """
    release = f"{plan.project} {plan.version}"
    if not plan.upload:
        ui.done(f"{index.label} already shows all {count(plan.rows)} of {release}")
        return
    what = f"{count(plan.upload)} of {release}"
    if not ui.confirm(f"A file name can never be used again. Upload {what} to {titled(plan.index, plan.url)}?"):
        raise Failed("release", "not confirmed; nothing was uploaded")
    attested = [file for file in plan.upload if file.attestation is not None]
    if attested and not index.is_pypi:
        ui.note(f"{index.label} takes no attestations: those of {count(attested)} stay here")
    with ui.work("release", files=len(plan.upload)) as work:
        for position, file in enumerate(plan.upload):
            try:
                with work.transfer(file.artifact.filename):  # its bytes are twine's own affair
                    upload_file(file, plan.project, index, retries, sleep)
            except WheelhouseError as error:
                raise stopped(plan, position, error, ui.again) from None
            ui.done(f"uploaded {file.artifact.filename} ({size_text(file.size)})")
    ui.note(f"waiting until {index.label} shows them")
    with ui.work("wait"):
        compared = ", ".join(verify(plan, index, ui, sleep))
    ui.done(f"{index.label} shows all {count(plan.rows)} of {release}, {compared} compared")


def stopped(plan: ReleasePlan, position: int, error: WheelhouseError, again: str) -> PublishError:
    """Return the error of a release whose file at *position* failed, and which the command *again* continues."""
    names = [file.artifact.filename for file in plan.upload]
    name, before, untried = names[position], names[:position], names[position + 1 :]
    progress = f"uploaded before: {', '.join(before) or 'none'}; not tried: {', '.join(untried) or 'none'}"
    remedy = f"{progress}; when mended, continue with: {again}"
    # the message names the file once
    problem = error.problem if isinstance(error, Failed) and error.subject == name else str(error)
    if isinstance(error, PublishError):
        failure = PublishError(name, problem, remedy, status=error.status, kind=error.kind)
    else:
        failure = PublishError(name, problem, remedy)
    failure.result = Stopped(tuple(before), name, tuple(untried))
    return failure


def upload_file(
    file: LocalFile, project: str, index: PackageIndex, retries: int, sleep: Callable[[float], None]
) -> None:
    """Upload one file, up to *retries* times more where that may help.

    A refusal counts only if the package index does not show the file all the same: where an answer was lost, twine
    sends the file again, and the answer is that it exists, maybe before the package index shows it.
    """
    attempt = 0
    while True:
        check_unchanged(file)
        try:
            index.upload(file)
        except PublishError as refusal:
            again = attempt < retries and refusal.kind.may_pass
            looks = max(min(LOOKS, round(index.timeout)), 1) if refusal.kind.may_have_arrived and not again else 1
            if arrived(file, project, index, refusal, looks, sleep):
                return
            if not again:
                raise
        else:
            return
        sleep(min(2**attempt, LONGEST_PAUSE_OF_UPLOADS) * random.uniform(0.5, 1.5))  # noqa: S311
        attempt += 1


def check_unchanged(file: LocalFile) -> None:
    """Raise Failed where a file has other bytes than those that were checked."""
    try:
        unchanged = dist.sha256_of(file.path) == file.sha256
    except OSError as error:
        raise Failed(file.artifact.filename, f"cannot be read any more: {error.strerror}") from None
    if not unchanged:
        raise Failed(file.artifact.filename, "changed since it was checked")


def arrived(
    file: LocalFile,
    project: str,
    index: PackageIndex,
    refusal: PublishError,
    looks: int,
    sleep: Callable[[float], None],
) -> bool:
    """Return whether the package index shows a file that it refused; raise Conflict where it shows other bytes."""
    name = file.artifact.filename
    for _ in range(looks):
        try:
            there = index.shown(project, [name]).get(name)
        except (WebError, BadPage) as error:  # the refusal must not be forgotten for it
            problem = f"{refusal.problem}; whether it is there is not known: {error}"
            raise PublishError(refusal.subject, problem, status=refusal.status, kind=refusal.kind) from None
        if there is not None:
            other = difference(file, there.digests)
            if other:
                raise Conflict(name, f"is on {index.label} {other}")
            return True
        sleep(1)
    return False


def verify(plan: ReleasePlan, index: PackageIndex, ui: Ui, sleep: Callable[[float], None]) -> list[str]:
    """Wait, within the timeout, until the package index shows every file; return the algorithms that were compared."""
    waited, pause = 0.0, FIRST_PAUSE_OF_LOOKS
    names = [row.file.artifact.filename for row in plan.rows]
    while True:
        shown = index.shown(plan.project, names)
        behind = {}
        for row in plan.rows:
            there = shown.get(row.file.artifact.filename)
            problem = difference(row.file, there.digests) if there else "not shown"
            if problem:
                behind[row.file.artifact.filename] = problem
        if not behind:
            return sorted({algorithm for name in names for algorithm in shown[name].digests})
        if waited >= index.timeout:
            where = f"{index.check_url_label} after {index.timeout:g} s"
            raise PublishError(
                index.label,
                f"uploaded, but not shown as it was sent by {where}: "
                + ", ".join(f"{name} ({problem})" for name, problem in behind.items()),
                f"look at the package index and at check_url, then continue with: {ui.again}",
            )
        sleep(pause)
        waited += pause
        pause = min(pause * 2, LONGEST_PAUSE_OF_LOOKS)
