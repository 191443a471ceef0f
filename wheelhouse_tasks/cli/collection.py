"""Carry wheels from CI to PyPI through any object store.

The tasks: each has its own options and calls one command. What they have in common comes from the table of settings.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

from invoke.collection import Collection

from wheelhouse_tasks.cli.task import command
from wheelhouse_tasks.settings.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheelhouse_tasks.cli.task import Run

VERSION = "version of the files"
ONLY = "pattern over python-abi-platform, or sdist; give it once for each"


@command(
    overwrite="let a published file change its bytes",
    upload_pull_request="upload also from the build of a pull request",
    project="project whose files are sent (all of dist/); give it once for each",
    version="version whose files are sent (all of dist/)",
)
def upload(
    run: Run,
    overwrite: bool = False,
    upload_pull_request: bool = False,
    project: Sequence[str] = (),
    version: str | None = None,
) -> object:
    """Upload the artifacts of dist/ and bring the index up to date."""
    return run.wheelhouse.upload(
        overwrite=overwrite,
        pull_request=upload_pull_request,
        projects=project,
        version=version,
        dry_run=run.dry_run,
    )


@command(version="version to fetch (all)", only=ONLY, force="replace files that are there with other bytes")
def fetch(run: Run, version: str | None = None, only: Sequence[str] = (), force: bool = False) -> object:
    """Fetch the artifacts of a project from wheelhouses to dist/."""
    return run.wheelhouse.fetch(version=version, only=only, force=force, dry_run=run.dry_run)


@command(
    confirms=True,
    version="version to release",
    like="earlier version on that index, or 'previous', all of whose tags must be covered",
    plan="write the plan here, and upload nothing; without --version upload exactly what it says",
    no_fetch="release what is in dist/, without looking elsewhere",
)
def release(
    run: Run,
    version: str | None = None,
    like: str | None = None,
    plan: str | None = None,
    no_fetch: bool = False,
) -> object:
    """Release a version: collect, check, upload with twine, verify."""
    return run.wheelhouse.release(
        version=version,
        fetching=not no_fetch,
        like=like,
        plan_file=run.wheelhouse.settings.root / plan if plan else None,
        dry_run=run.dry_run,
    )


@command(
    dry=False,
    version="version to show (all, and the newest one's matrix)",
    like="earlier version on the package index, or 'previous', whose tags should be covered",
)
def status(run: Run, version: str | None = None, like: str | None = None) -> object:
    """Show which versions, Pythons and platforms are there."""
    return run.wheelhouse.status(version=version, like=like)


@command(version="version to copy", to="wheelhouse to copy to, as a URL or path")
def promote(run: Run, version: str | None = None, to: str | None = None) -> object:
    """Copy a version, the same bytes, to another wheelhouse."""
    return run.wheelhouse.promote(version=version, to=to, dry_run=run.dry_run)


@command(adopt="move what wheelhouse-uploader left at the root of the container into the layout")
def index(run: Run, adopt: bool = False) -> object:
    """Rebuild all pages from the listing of the container."""
    return run.wheelhouse.index(adopt=adopt, dry_run=run.dry_run)


@command(
    dry=False,
    deep="read the bytes of every artifact too",
    repair="make missing metadata files, and rebuild the pages",
)
def check(run: Run, deep: bool = False, repair: bool = False) -> object:
    """Compare the container with its pages; exit 1 if something is off."""
    return run.wheelhouse.check(deep=deep, repair=repair and not run.dry_run)


@command(dry_run="look, and write no probe objects")
def doctor(run: Run) -> object:
    """Try credentials, container, public URL and installers; exit 1 if something is off."""
    return run.wheelhouse.doctor(dry_run=run.dry_run)


@command(version=VERSION, reason="why; installers show it", only=ONLY)
def yank(run: Run, version: str | None = None, reason: str = "", only: Sequence[str] = ()) -> object:
    """Yank the files of a version: installed only when pinned."""
    return run.wheelhouse.yank(version=version, reason=reason, only=only, dry_run=run.dry_run)


@command(version=VERSION, only=ONLY)
def unyank(run: Run, version: str | None = None, only: Sequence[str] = ()) -> object:
    """Take back a yank."""
    return run.wheelhouse.unyank(version=version, only=only, dry_run=run.dry_run)


@command(version=VERSION, only=ONLY)
def remove(run: Run, version: str | None = None, only: Sequence[str] = ()) -> object:
    """Take the files of a version off the pages; prune deletes them."""
    return run.wheelhouse.remove(version=version, only=only, dry_run=run.dry_run)


@command(now="delete at once what was retired, without the grace period")
def prune(run: Run, now: bool = False) -> object:
    """Retire old development builds by rule."""
    return run.wheelhouse.prune(at_once=now, dry_run=run.dry_run)


@command(
    dry=False,
    positional=("service",),
    service="CI service that the workflow is for: github, gitlab or azure",
    kind="nightly or release (both)",
)
def workflow(run: Run, service: str | None = None, kind: str | None = None) -> object:
    """Print a complete workflow of a CI service for the project's settings."""
    return run.wheelhouse.workflow(service, kind=kind)


def guard_debug_log() -> None:
    """Clean the log of `inv --debug`, which is set up by now, of what the parser will log of the command line."""
    if logging.getLogger().handlers and logging.getLogger("invoke").isEnabledFor(logging.DEBUG):
        from wheelhouse_tasks.secret import guard_logs
        from wheelhouse_tasks.settings.credentials import secrets_of

        guard_logs(secrets_of(os.environ, sys.argv))


guard_debug_log()

ns = Collection(
    "wheelhouse", upload, fetch, release, status, promote, index, check, yank, unyank, remove, prune, doctor, workflow
)
# a table must be declared as one: invoke merges no table into None
ns.configure({"wheelhouse": {name: {} if row.default == {} else None for name, row in ROWS.items()}})
