"""Carry wheels from CI to PyPI through any object store.

The invoke tasks: read the command line, call a command, turn errors into exits; nothing else. Imported by every `inv`
of a host project, also for tasks that have nothing to do with us, so whatever is heavy is imported when a task runs.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.tasks import task

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoke.context import Context

    from wheelhouse_tasks.console import Ui
    from wheelhouse_tasks.settings import Settings

INTERRUPTED = 130

#: The settings, as names: what they mean is in settings.py, which costs more to import. A test keeps the two equal.
KEYS = (
    *("project", "provider", "container", "prefix", "region", "host", "port", "secure", "driver_options"),
    *("local_folder", "indexes", "public_url", "max_workers", "retries", "timeout", "update_index", "flat_index"),
    *("slash_pages", "stamp", "keep", "older_than", "pin", "grace"),
    *("repository", "repository_url", "check_url"),
)

SHARED_HELP = {
    "dry-run": "show the plan and write nothing",
    "verbose": "tell about every file",
    "json": "print the result as JSON; everything else goes to stderr",
}
CONTAINER_HELP = {
    "container": "container to write to; a folder for the local provider",
    "provider": "storage provider id of Apache Libcloud",
    "username": "user name or key id (better: the variable WHEELHOUSE_USERNAME)",
    "secret": "secret key (better: the variable WHEELHOUSE_SECRET)",
    "region": "region of the container",
    "host": "host name of the storage endpoint",
    "port": "port of the storage endpoint",
    "prefix": "folder within the container",
}


@task(
    auto_shortflags=False,
    positional=[],
    help={
        **SHARED_HELP,
        **CONTAINER_HELP,
        "local-folder": "folder of the built artifacts (dist)",
        "max-workers": "transfers at once",
        "no-update-index": "leave the index pages alone",
        "no-ssl-check": "trust any TLS certificate, for this run",
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
    no_ssl_check: bool = False,
    overwrite: bool = False,
    no_stamp: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Upload the artifacts of dist/ and bring the index up to date."""
    flags = {
        **_container_flags(locals()),
        "local_folder": local_folder,
        "max_workers": max_workers,
        "update_index": False if no_update_index else None,
        "stamp": False if no_stamp else None,
    }

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.upload import upload

        if no_ssl_check:
            ui.warn("TLS certificates are not checked in this run")
        return upload(settings, ui, overwrite=overwrite, dry_run=dry)

    _run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json, verify_tls=not no_ssl_check)


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

    _run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json)


@task(
    auto_shortflags=False,
    positional=[],
    iterable=["index"],
    help={
        **SHARED_HELP,
        "project": "project to release (the one of pyproject.toml)",
        "version": "version to release",
        "index": "wheelhouse to look in, as a URL or path; give it once for each",
        "local-folder": "folder to fetch into (dist)",
        "repository": "package index: a name from .pypirc, as in twine (pypi)",
        "repository-url": "upload URL of the package index, instead of a name",
        "check-url": "simple URL of that index, read before and after",
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
    }

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.release import release

        return release(settings, ui, version=version, fetching=not no_fetch, dry_run=dry)

    _run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json, assume_yes=yes)


@task(
    auto_shortflags=False,
    positional=[],
    help={
        **SHARED_HELP,
        **CONTAINER_HELP,
        "adopt": "move what wheelhouse-uploader left at the root of the container into the layout",
    },
)
def index(  # noqa: PLR0913
    context: Context,
    container: str | None = None,
    provider: str | None = None,
    username: str | None = None,
    secret: str | None = None,
    region: str | None = None,
    host: str | None = None,
    port: str | None = None,
    prefix: str | None = None,
    adopt: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Rebuild all pages from the listing of the container."""
    flags = _container_flags(locals())

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.maintain import index

        return index(settings, ui, adopt=adopt, dry_run=dry)

    _run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json)


@task(
    auto_shortflags=False,
    positional=[],
    help={
        **{key: text for key, text in SHARED_HELP.items() if key != "dry-run"},
        **CONTAINER_HELP,
        "deep": "read the bytes of every artifact too",
        "repair": "make missing metadata files, and rebuild the pages",
    },
)
def check(  # noqa: PLR0913
    context: Context,
    container: str | None = None,
    provider: str | None = None,
    username: str | None = None,
    secret: str | None = None,
    region: str | None = None,
    host: str | None = None,
    port: str | None = None,
    prefix: str | None = None,
    deep: bool = False,
    repair: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Compare the container with its pages; exit 1 if something is off."""
    flags = _container_flags(locals())

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.check import check

        return check(settings, ui, deep=deep, repair=repair and not dry)

    _run(context, command, flags, dry_run=False, verbose=verbose, as_json=json)


MARK_HELP = {
    **SHARED_HELP,
    "project": "project of the files (the one of pyproject.toml)",
    "version": "version of the files",
    "only": "pattern over python-abi-platform, or sdist; give it once for each",
}


@task(auto_shortflags=False, positional=[], iterable=["only"], help={**MARK_HELP, "reason": "why; installers show it"})
def yank(  # noqa: PLR0913
    context: Context,
    project: str | None = None,
    version: str | None = None,
    reason: str = "",
    only: list[str] | None = None,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Yank the files of a version: installed only when pinned."""

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.maintain import yank

        return yank(settings, ui, version=version, reason=reason, only=only or (), dry_run=dry)

    _run(context, command, {"project": project}, dry_run=dry_run, verbose=verbose, as_json=json)


@task(auto_shortflags=False, positional=[], iterable=["only"], help=MARK_HELP)
def unyank(
    context: Context,
    project: str | None = None,
    version: str | None = None,
    only: list[str] | None = None,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Take back a yank."""

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.maintain import unyank

        return unyank(settings, ui, version=version, only=only or (), dry_run=dry)

    _run(context, command, {"project": project}, dry_run=dry_run, verbose=verbose, as_json=json)


@task(auto_shortflags=False, positional=[], iterable=["only"], help=MARK_HELP)
def remove(
    context: Context,
    project: str | None = None,
    version: str | None = None,
    only: list[str] | None = None,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Take the files of a version off the pages; prune deletes them."""

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.maintain import remove

        return remove(settings, ui, version=version, only=only or (), dry_run=dry)

    _run(context, command, {"project": project}, dry_run=dry_run, verbose=verbose, as_json=json)


@task(
    auto_shortflags=False,
    positional=[],
    iterable=["pin"],
    help={
        **SHARED_HELP,
        "project": "project whose development builds are retired (the one of pyproject.toml)",
        "keep": "newest development builds of each set of tags that stay (5)",
        "older-than": "days that a development build stays at least (0)",
        "pin": "version that stays; give it once for each",
        "now": "delete at once what was retired, without the grace period",
    },
)
def prune(  # noqa: PLR0913
    context: Context,
    project: str | None = None,
    keep: str | None = None,
    older_than: str | None = None,
    pin: list[str] | None = None,
    now: bool = False,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Retire old development builds by rule."""
    flags = {"project": project, "keep": keep, "older_than": older_than, "pin": pin}

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.maintain import prune

        return prune(settings, ui, at_once=now, dry_run=dry)

    _run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json)


def _container_flags(given: dict[str, Any]) -> dict[str, Any]:
    """Return the flags of a task that tell which container it works on."""
    return {key: given[key] for key in CONTAINER_HELP}


def _run(  # noqa: PLR0913
    context: Context,
    command: Callable[[Settings, Ui, bool], object],
    flags: dict[str, Any],
    *,
    dry_run: bool,
    verbose: bool,
    as_json: bool,
    assume_yes: bool = False,
    verify_tls: bool = True,
) -> None:
    """Run one command: the only place where errors become exits."""
    from contextlib import suppress
    from dataclasses import asdict
    from pathlib import Path

    from wheelhouse_tasks import settings
    from wheelhouse_tasks.console import Terminal
    from wheelhouse_tasks.errors import WheelhouseError, one_line
    from wheelhouse_tasks.secret import guard_logs, mask

    secrets = guard_logs(os.environ, (*sys.argv, "--secret", flags.get("secret") or ""))
    ui = Terminal(verbose=verbose, as_json=as_json, assume_yes=assume_yes, secrets=secrets)
    # the folder of tasks.py, which invoke keeps to itself
    root = Path(getattr(context.config, "_project_prefix", None) or Path.cwd())
    details: dict[str, Any] = {}
    try:
        found = settings.resolve(
            flags, dict(os.environ), context.config.get("wheelhouse", {}), root, verify_tls=verify_tls
        )
        # `inv wheelhouse.upload --dry` sets invoke's own flag
        result = command(found, ui, dry_run or bool(context.config.run.dry))
        ui.result(asdict(result))  # type: ignore[call-overload]
    except WheelhouseError as error:
        message, code = mask(str(error), secrets), error.exit_code
        details = asdict(error.result) if error.result is not None else {}  # type: ignore[call-overload]
    except KeyboardInterrupt:
        message, code = (
            "interrupted: what was finished until then is kept, run the same command again",
            INTERRUPTED,
        )
    except Exception as error:
        logging.getLogger(__name__).debug("internal error", exc_info=True)
        problem = f"{type(error).__name__}: {one_line(mask(str(error), secrets))}"
        message = f"internal error: {problem} (run with --debug, and report it)"
        code = 1
    else:
        return
    with suppress(WheelhouseError):
        ui.result({"error": message, "exit_code": code, **details})
    raise Exit(f"error: {message}", code)


def guard_debug_log() -> None:
    """Clean the log of `inv --debug`, which is set up by now, of what the parser will tell of the command line."""
    if logging.getLogger().handlers and logging.getLogger("invoke").isEnabledFor(logging.DEBUG):
        from wheelhouse_tasks.secret import guard_logs

        guard_logs(os.environ, sys.argv)


guard_debug_log()

ns = Collection("wheelhouse", upload, fetch, release, index, check, yank, unyank, remove, prune)
# a table must be declared as one: invoke merges no table into None
ns.configure({"wheelhouse": {**dict.fromkeys(KEYS), "driver_options": {}}})
