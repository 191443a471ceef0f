"""The tasks that keep a container: read the command line and call a command; nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from wheelhouse_tasks.cli.run import CONTAINER_HELP, SHARED_HELP, container_flags, run

if TYPE_CHECKING:
    from invoke.context import Context

    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui


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
    flags = container_flags(locals())

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.maintain import index

        return index(settings, ui, adopt=adopt, dry_run=dry)

    run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json)


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
    flags = container_flags(locals())

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.check import check

        return check(settings, ui, deep=deep, repair=repair and not dry)

    run(context, command, flags, dry_run=False, verbose=verbose, as_json=json)


@task(
    auto_shortflags=False,
    positional=[],
    help={
        **SHARED_HELP,
        **CONTAINER_HELP,
        "dry-run": "look, and write no probe objects",
        "project": "project that pip and uv look for (the one of pyproject.toml)",
    },
)
def doctor(  # noqa: PLR0913
    context: Context,
    container: str | None = None,
    provider: str | None = None,
    username: str | None = None,
    secret: str | None = None,
    region: str | None = None,
    host: str | None = None,
    port: str | None = None,
    prefix: str | None = None,
    project: str | None = None,
    dry_run: bool = False,
    verbose: bool = False,
    json: bool = False,
) -> None:
    """Try credentials, container, public URL and installers; exit 1 if something is off."""
    flags = {**container_flags(locals()), "project": project}

    def command(settings: Settings, ui: Ui, dry: bool) -> object:
        from wheelhouse_tasks.commands.doctor import doctor

        return doctor(settings, ui, dry_run=dry)

    run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json)


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

    run(context, command, {"project": project}, dry_run=dry_run, verbose=verbose, as_json=json)


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

    run(context, command, {"project": project}, dry_run=dry_run, verbose=verbose, as_json=json)


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

    run(context, command, {"project": project}, dry_run=dry_run, verbose=verbose, as_json=json)


@task(
    auto_shortflags=False,
    positional=[],
    iterable=["pin"],
    help={
        **SHARED_HELP,
        "project": "project whose development builds are retired (the one of pyproject.toml)",
        "keep": "newest development builds of each set of tags and release line that stay (5)",
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

    run(context, command, flags, dry_run=dry_run, verbose=verbose, as_json=json)
