"""A project's wheelhouse from Python: each command is a method that returns its typed result.

The tasks are made of these methods. Whatever is heavy is imported when a method is called.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.ui import Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheelhouse_tasks.commands.check import CheckResult
    from wheelhouse_tasks.commands.doctor import DoctorResult
    from wheelhouse_tasks.commands.fetch import FetchResult
    from wheelhouse_tasks.commands.maintain import IndexResult, MarkResult, PruneResult
    from wheelhouse_tasks.commands.promote import PromoteResult
    from wheelhouse_tasks.commands.release import ReleaseResult
    from wheelhouse_tasks.commands.status import StatusResult
    from wheelhouse_tasks.commands.upload import UploadResult
    from wheelhouse_tasks.commands.workflow import WorkflowResult
    from wheelhouse_tasks.settings.resolve import Settings


def _texts(values: Sequence[str]) -> Sequence[str]:
    """Return a list of texts as it is, and one text as a list: Python would take it for a list of its letters."""
    return (values,) if isinstance(values, str) else values


@dataclass(frozen=True)
class Wheelhouse:
    """The wheelhouses of one project, as its settings name them.

    Every method raises a `wheelhouse_tasks.errors.WheelhouseError` where it fails; its text is one line, without
    secrets. With *dry_run* a method returns what it would do, and writes nothing.
    """

    settings: Settings
    #: What the methods print through; nothing is printed where it is left out.
    ui: Ui = field(default_factory=Silent)

    @classmethod
    def of_project(
        cls,
        root: str | Path = ".",
        *,
        ui: Ui | None = None,
        environ: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Wheelhouse:
        """Return the wheelhouse of the project in the folder *root*.

        *settings* are those of README's table, by name, and beat every other level: the variables of *environ* (the
        process environment), `[tool.wheelhouse]` in pyproject.toml, and the defaults. `username` and `secret` may be
        among them. Raises UsageError for a setting that is unknown or cannot be used.
        """
        from wheelhouse_tasks.settings.resolve import check_names, resolve
        from wheelhouse_tasks.settings.table import FLAGS

        check_names(settings.keys() - FLAGS.keys(), "Wheelhouse.of_project")
        resolved = resolve(settings, dict(os.environ if environ is None else environ), {}, Path(root).absolute())
        return cls(resolved, ui or Silent())

    def upload(
        self,
        *,
        overwrite: bool = False,
        pull_request: bool = False,
        projects: Sequence[str] = (),
        version: str | None = None,
        dry_run: bool = False,
    ) -> UploadResult:
        """Upload the artifacts of the local folder, those of *projects* and of a *version* or all, with their pages.

        With *overwrite* a published file may change its bytes. The build of a pull request uploads only with
        *pull_request*.
        """
        from wheelhouse_tasks.commands.upload import upload

        return upload(
            self.settings,
            self.ui,
            overwrite=overwrite,
            pull_request=pull_request,
            projects=_texts(projects),
            version=version,
            dry_run=dry_run,
        )

    def fetch(
        self, *, version: str | None = None, only: Sequence[str] = (), force: bool = False, dry_run: bool = False
    ) -> FetchResult:
        """Fetch the artifacts of the project, of one *version* or all, into the local folder.

        *only* are patterns over `python-abi-platform`, or `sdist`. With *force* a file with other bytes is replaced.
        """
        from wheelhouse_tasks.commands.fetch import fetch

        return fetch(self.settings, self.ui, version=version, only=_texts(only), force=force, dry_run=dry_run)

    def release(
        self,
        *,
        version: str | None = None,
        fetching: bool = True,
        like: str | None = None,
        plan_file: Path | None = None,
        dry_run: bool = False,
    ) -> ReleaseResult:
        """Release a *version*: collect, prove, upload with twine, verify.

        Unless *fetching*, only the local folder counts. *like* is an earlier version, or `previous`, whose tags must be
        covered. With *plan_file* and a version the plan is written there and nothing is uploaded; without a version
        exactly that plan is carried out.
        """
        from wheelhouse_tasks.commands.release import release

        return release(
            self.settings,
            self.ui,
            version=version,
            fetching=fetching,
            like=like,
            plan_file=plan_file,
            dry_run=dry_run,
        )

    def status(self, *, version: str | None = None, like: str | None = None) -> StatusResult:
        """Return which versions, Pythons and platforms the wheelhouses hold, and what one *version* lacks."""
        from wheelhouse_tasks.commands.status import status

        return status(self.settings, self.ui, version=version, like=like)

    def promote(self, *, version: str | None, to: str | None, dry_run: bool = False) -> PromoteResult:
        """Copy a *version*, the same bytes, to the wheelhouse that the location *to* names."""
        from wheelhouse_tasks.commands.promote import promote

        return promote(self.settings, self.ui, version=version, to=to, dry_run=dry_run)

    def index(self, *, adopt: bool = False, dry_run: bool = False) -> IndexResult:
        """Rebuild all pages; with *adopt* what wheelhouse-uploader left at the root moves into the layout."""
        from wheelhouse_tasks.commands.maintain import index

        return index(self.settings, self.ui, adopt=adopt, dry_run=dry_run)

    def check(self, *, deep: bool = False, repair: bool = False) -> CheckResult:
        """Compare the container with its pages, with *deep* its bytes too; *repair* makes what is missing."""
        from wheelhouse_tasks.commands.check import check

        return check(self.settings, self.ui, deep=deep, repair=repair)

    def doctor(self, *, dry_run: bool = False) -> DoctorResult:
        """Try credentials, container, public URL and installers."""
        from wheelhouse_tasks.commands.doctor import doctor

        return doctor(self.settings, self.ui, dry_run=dry_run)

    def yank(
        self, *, version: str | None, reason: str = "", only: Sequence[str] = (), dry_run: bool = False
    ) -> MarkResult:
        """Yank the files of a *version*: installers take them only when they are pinned, and show the *reason*."""
        from wheelhouse_tasks.commands.maintain import yank

        return yank(self.settings, self.ui, version=version, reason=reason, only=_texts(only), dry_run=dry_run)

    def unyank(self, *, version: str | None, only: Sequence[str] = (), dry_run: bool = False) -> MarkResult:
        """Take back a yank."""
        from wheelhouse_tasks.commands.maintain import unyank

        return unyank(self.settings, self.ui, version=version, only=_texts(only), dry_run=dry_run)

    def remove(self, *, version: str | None, only: Sequence[str] = (), dry_run: bool = False) -> MarkResult:
        """Take the files of a *version* off the pages; `prune` deletes them."""
        from wheelhouse_tasks.commands.maintain import remove

        return remove(self.settings, self.ui, version=version, only=_texts(only), dry_run=dry_run)

    def prune(self, *, at_once: bool = False, dry_run: bool = False) -> PruneResult:
        """Retire old development builds by rule; with *at_once* without the grace period."""
        from wheelhouse_tasks.commands.maintain import prune

        return prune(self.settings, self.ui, at_once=at_once, dry_run=dry_run)

    def workflow(self, service: str | None, *, kind: str | None = None) -> WorkflowResult:
        """Return the workflow of a CI *service*, `github`, `gitlab` or `azure`, as text with what is to be set up.

        Its *kind* is `nightly` or `release`; without one it is for both.
        """
        from wheelhouse_tasks.commands.workflow import workflow

        return workflow(self.settings, self.ui, service=service, kind=kind)
