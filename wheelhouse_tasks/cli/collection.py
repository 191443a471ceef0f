"""Carry wheels from CI to PyPI through any object store.

The invoke tasks: read the command line and call a command; nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.tasks import task

from wheelhouse_tasks.cli.run import CONTAINER_HELP, SHARED_HELP, container_flags, guard_debug_log, run
from wheelhouse_tasks.cli.upkeep import check, doctor, index, prune, remove, unyank, yank

if TYPE_CHECKING:
    from invoke.context import Context

    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui

#: The settings, as names: what they mean is in settings.py, which costs more to import. A test keeps the two equal.
KEYS = (
    *("project", "provider", "container", "prefix", "region", "host", "port", "secure", "driver_options"),
    *("local_folder", "indexes", "public_url", "max_workers", "retries", "timeout", "ca_bundle"),
    *("update_index", "flat_index"),
    *("slash_pages", "enable_cdn", "stamp", "keep", "older_than", "pin", "grace"),
    *("repository", "repository_url", "check_url", "expect", "missing_credentials", "file_limit"),
)


@task(
    auto_shortflags=False,
    positional=[],
    help={
        **SHARED_HELP,
        **CONTAINER_HELP,
        "local-folder": "folder of the built artifacts (dist)",
        "max-workers": "transfers at once",
        "no-update-index": "leave the index pages alone",
        "no-enable-cdn": "do not make a container that is created readable for everybody",
        "no-ssl-check": "trust any TLS certificate, for this run",
        "upload-pull-request": "upload also from the build of a pull request",
        "overwrite": "let a published file change its bytes",
        "no-stamp": "leave the versions of development wheels alone",
    },
)
def upload(  # noqa: PLR0913
    context: Context,
    container: str | None = None,
    provider: str | None = None,
    username: str | None = None,
    secret: str | None = None,
    region: str | None = None,
    host: str | None = None,
    port: str | None = None,
    prefix: str | None = None,
    local_folder: str | None = None,
    max_workers: str | None = None,
    no_update_index: bool = False,
    no_enable_cdn: bool = False,
    no_ssl_check: bool = False,
    upload_pull_request: bool = False,
    overwrite: bool = False,
    no_stamp: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Upload the artifacts of dist/ and bring the index up to date."""
    flags = {
        **container_flags(locals()),
        "local_folder": local_folder,
        "max_workers": max_workers,
        "update_index": False if no_update_index else None,
        "enable_cdn": False if no_enable_cdn else None,
        "stamp": False if no_stamp else None,
    }

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.upload import upload

        if no_ssl_check:
            ui.warn("TLS certificates are not checked in this run")
        return upload(settings, ui, overwrite=overwrite, pull_request=upload_pull_request, dry_run=dry)

    run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json, verify_tls=not no_ssl_check)


@task(
    auto_shortflags=False,
    positional=[],
    iterable=["index", "only"],
    help={
        **SHARED_HELP,
        "project": "project to fetch (the one of pyproject.toml)",
        "version": "version to fetch (all)",
        "index": "wheelhouse to look in, as a URL or path; give it once for each",
        "only": "pattern over python-abi-platform, or sdist; give it once for each",
        "local-folder": "folder to fetch into (dist)",
        "force": "replace files that are there with other bytes",
    },
)
def fetch(  # noqa: PLR0913
    context: Context,
    project: str | None = None,
    version: str | None = None,
    index: list[str] | None = None,
    only: list[str] | None = None,
    local_folder: str | None = None,
    force: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Fetch the artifacts of a project from wheelhouses to dist/."""
    flags = {"project": project, "indexes": index, "local_folder": local_folder}

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.fetch import fetch

        return fetch(settings, ui, version=version, only=only or (), force=force, dry_run=dry)

    run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json)


@task(
    auto_shortflags=False,
    positional=[],
    iterable=["index", "expect"],
    help={
        **SHARED_HELP,
        "project": "project to release (the one of pyproject.toml)",
        "version": "version to release",
        "index": "wheelhouse to look in, as a URL or path; give it once for each",
        "local-folder": "folder to fetch into (dist)",
        "repository": "package index: a name from .pypirc, as in twine (pypi)",
        "repository-url": "upload URL of the package index, instead of a name",
        "check-url": "simple URL of that index, read before and after",
        "expect": "pattern over python-abi-platform, or sdist, that a file must fit; give it once for each",
        "like": "earlier version on that index, or 'previous', all of whose tags must be covered",
        "plan": "write the plan here, and upload nothing; without --version upload exactly what it says",
        "no-fetch": "release what is in dist/, without looking elsewhere",
        "yes": "do not ask",
    },
)
def release(  # noqa: PLR0913
    context: Context,
    project: str | None = None,
    version: str | None = None,
    index: list[str] | None = None,
    local_folder: str | None = None,
    repository: str | None = None,
    repository_url: str | None = None,
    check_url: str | None = None,
    expect: list[str] | None = None,
    like: str | None = None,
    plan: str | None = None,
    no_fetch: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Release a version: collect, check, upload with twine, verify."""
    flags = {
        "project": project,
        "indexes": index,
        "local_folder": local_folder,
        "repository": repository,
        "repository_url": repository_url,
        "check_url": check_url,
        "expect": expect,
    }

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.release import release

        return release(
            settings,
            ui,
            version=version,
            fetching=not no_fetch,
            like=like,
            plan_file=settings.root / plan if plan else None,
            dry_run=dry,
        )

    run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json, assume_yes=yes)


@task(
    auto_shortflags=False,
    positional=[],
    iterable=["index"],
    help={
        **{key: text for key, text in SHARED_HELP.items() if key != "dry-run"},
        "project": "project to show (the one of pyproject.toml)",
        "version": "version to show (all, and the newest one's matrix)",
        "index": "wheelhouse to look in, as a URL or path; give it once for each",
        "like": "earlier version on the package index, or 'previous', whose tags should be covered",
    },
)
def status(
    context: Context,
    project: str | None = None,
    version: str | None = None,
    index: list[str] | None = None,
    like: str | None = None,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Show which versions, Pythons and platforms are there."""

    def command(settings: Settings, ui: Ui, _: bool) -> object:
        from wheelhouse_tasks.commands.status import status

        return status(settings, ui, version=version, like=like)

    run(context, command, {"project": project, "indexes": index}, dry_run=False, verbose=verbose, as_json=json)


@task(
    auto_shortflags=False,
    positional=[],
    iterable=["index"],
    help={
        **SHARED_HELP,
        "project": "project to copy (the one of pyproject.toml)",
        "version": "version to copy",
        "to": "wheelhouse to copy to, as a URL or path",
        "index": "wheelhouse to copy from, as a URL or path; give it once for each",
    },
)
def promote(  # noqa: PLR0913
    context: Context,
    project: str | None = None,
    version: str | None = None,
    to: str | None = None,
    index: list[str] | None = None,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Copy a version, the same bytes, to another wheelhouse."""

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.promote import promote

        return promote(settings, ui, version=version, to=to, dry_run=dry)

    run(context, command, {"project": project, "indexes": index}, dry_run=dry_run, verbose=verbose, as_json=json)


guard_debug_log()

ns = Collection(
    "wheelhouse", upload, fetch, release, status, promote, index, check, yank, unyank, remove, prune, doctor
)
# a table must be declared as one: invoke merges no table into None
ns.configure({"wheelhouse": {**dict.fromkeys(KEYS), "driver_options": {}}})
