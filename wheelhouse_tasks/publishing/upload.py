"""Upload the files of a release, several at once, and look at the package index afterwards."""

from __future__ import annotations

import os
import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.errors import BadPage, Conflict, Failed, PublishError, WebError, WheelhouseError, in_common
from wheelhouse_tasks.publishing.release_plan import titled
from wheelhouse_tasks.pypi.shown import difference
from wheelhouse_tasks.text import count, listed, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.publishing.index import PackageIndex
    from wheelhouse_tasks.publishing.release_plan import ReleasePlan
    from wheelhouse_tasks.ui import Ui

#: Seconds before a file is sent again, and before the package index is read again.
LONGEST_PAUSE_OF_UPLOADS = LONGEST_PAUSE_OF_LOOKS = 5.0
FIRST_PAUSE_OF_LOOKS = 0.25
#: How often the package index is read, once a second, after a refusal of a file that may have arrived all the same.
LOOKS = 10
#: What a process of twine is to upload, at least, so that its start is worth it.
FILES_EACH, BYTES_EACH = 2, 8 << 20
#: Processes wait for the network most of the time.
PROCESSES_PER_CORE = 2


@dataclass(frozen=True)
class Stopped:
    """How far a release came that stopped half-way."""

    uploaded: tuple[str, ...]
    #: The first file that failed, in the order of the plan.
    failed: str
    untried: tuple[str, ...]
    #: Each file that failed, with its reason: of files that were under way at once, several may.
    failures: tuple[tuple[str, str], ...] = ()


def upload_plan(plan: ReleasePlan, index: PackageIndex, workers: int, ui: Ui, sleep: Callable[[float], None]) -> None:
    """Upload the files of a plan that the package index lacks, and wait until it shows every file.

    Up to *workers* files are uploaded at once, the sdist after all wheels. Raises PublishError, whose result is how far
    the release came, for the files that are not accepted; no other is begun after the first of them.
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

    def done(file: LocalFile | None) -> None:
        if file:
            ui.done(f"uploaded {file.artifact.filename} ({size_text(file.size)})")

    at_once = processes(plan.upload, workers, os.cpu_count() or 1)
    index.twines.start(at_once)
    sender = Sender(plan.project, index, sleep)
    with ui.work("release", files=len(plan.upload)) as work:

        def send(file: LocalFile) -> LocalFile | None:
            with work.transfer(file.artifact.filename):  # its bytes are twine's own affair
                return sender.send(file)

        for files in in_turn(plan):
            parallel.run(send, files, at_once, done)
    if sender.failures:
        raise stopped(plan, sender.failures, sender.uploaded, ui.again)
    ui.note(f"waiting until {index.label} shows them")
    with ui.work("wait"):
        compared = ", ".join(verify(plan, index, ui, sleep))
    ui.done(f"{index.label} shows all {count(plan.rows)} of {release}, {compared} compared")


def processes(files: Sequence[LocalFile], workers: int, cores: int) -> int:
    """Return how many processes of twine are worth their start, which costs as much as the upload of some files."""
    worth = max(len(files) // FILES_EACH, sum(file.size for file in files) // BYTES_EACH)
    return max(1, min(len(files), worth, workers, cores * PROCESSES_PER_CORE))


def in_turn(plan: ReleasePlan) -> list[list[LocalFile]]:
    """Return the files to upload in groups: each is begun when the one before it is up.

    The first file of a release goes alone, because it creates the release, and the project where that is new: two
    files that do so at once are refused. The sdist comes last, so that nobody builds it for want of a wheel.
    """
    wheels = [file for file in plan.upload if file.artifact.is_wheel]
    sdists = [[file] for file in plan.upload if not file.artifact.is_wheel]
    alone = 1 if len(plan.upload) == len(plan.rows) else 0
    return [files for files in (wheels[:alone], wheels[alone:], *sdists) if files]


class Sender:
    """Uploads files from several threads at once, until one of them fails."""

    def __init__(self, project: str, index: PackageIndex, sleep: Callable[[float], None]) -> None:
        self._project = project
        self._index = index
        self._sleep = sleep
        #: Held while a file is sent again: the package index has enough to do then, and no other file is begun.
        self._again = threading.Lock()
        #: The names of the files that are up, and the errors of those that failed.
        self.uploaded: set[str] = set()
        self.failures: dict[str, WheelhouseError] = {}

    def send(self, file: LocalFile) -> LocalFile | None:
        """Return a file that was uploaded; None for one that failed, and for each that is to begin after that."""
        name = file.artifact.filename
        with self._again:
            if self.failures:
                return None
        try:
            self._upload(file)
        except WheelhouseError as error:
            self.failures[name] = error
            return None
        self.uploaded.add(name)
        return file

    def _upload(self, file: LocalFile) -> None:
        """Upload one file, up to `retries` times more where that may help."""
        refusal = self._try(file, last=not self._index.retries)
        if not refusal:
            return
        with self._again:
            for attempt in range(self._index.retries):
                if self.failures:
                    raise refusal
                self._sleep(min(2**attempt, LONGEST_PAUSE_OF_UPLOADS) * random.uniform(0.5, 1.5))  # noqa: S311
                refusal = self._try(file, last=attempt + 1 == self._index.retries)
                if not refusal:
                    return

    def _try(self, file: LocalFile, *, last: bool) -> PublishError | None:
        """Upload one file, and return the refusal after which another try may help; raise any other, or the *last*.

        A refusal counts only if the package index does not show the file all the same: where an answer was lost, twine
        sends the file again, and the answer is that it exists, maybe before the package index shows it.
        """
        check_unchanged(file)
        try:
            self._index.upload(file)
        except PublishError as refusal:
            again = not last and refusal.kind.may_pass
            looks = max(min(LOOKS, round(self._index.timeout)), 1) if refusal.kind.may_have_arrived and not again else 1
            if arrived(file, self._project, self._index, refusal, looks, self._sleep):
                return None
            if not again:
                raise
            return refusal
        return None


def stopped(
    plan: ReleasePlan, failures: Mapping[str, WheelhouseError], uploaded: Collection[str], again: str
) -> PublishError:
    """Return the error of a release of which some files failed, and which the command *again* continues."""
    names = [file.artifact.filename for file in plan.upload]
    failed = [name for name in names if name in failures]
    before = [name for name in names if name in uploaded]
    untried = [name for name in names if name not in failures and name not in uploaded]
    progress = f"uploaded before: {listed(before) or 'none'}; not tried: {listed(untried) or 'none'}"
    remedy = f"{progress}; when mended, continue with: {again}"
    name, error = failed[0], failures[failed[0]]
    # the message names the file once
    problem = error.problem if isinstance(error, Failed) and error.subject == name else str(error)
    if failed[1:]:
        problem += f"; failed too: {in_common((other, failures[other]) for other in failed[1:])}"
    if isinstance(error, PublishError):
        failure = PublishError(name, problem, remedy, status=error.status, kind=error.kind)
    else:
        failure = PublishError(name, problem, remedy)
    reasons = tuple((other, failures[other].cause) for other in failed)
    failure.result = Stopped(tuple(before), name, tuple(untried), reasons)
    return failure


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
                + listed([f"{name} ({problem})" for name, problem in behind.items()]),
                f"look at the package index and at check_url, then continue with: {ui.again}",
            )
        sleep(pause)
        waited += pause
        pause = min(pause * 2, LONGEST_PAUSE_OF_LOOKS)
