"""Run one command for a task: the only place where the environment is read and errors become exits.

Imported by every `inv` of a host project, so whatever is heavy is imported when a task runs.
"""

from __future__ import annotations

import atexit
import gc
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from invoke.exceptions import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from invoke.context import Context

    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui

INTERRUPTED = 130


class Call(NamedTuple):
    """How a task was called."""

    name: str
    dry_run: bool = False
    verbose: bool = False
    as_json: bool = False
    assume_yes: bool = False


def run(
    context: Context,
    command: Callable[[Settings, Ui, bool], object],
    flags: dict[str, Any],
    call: Call,
) -> None:
    """Run one command: the only place where errors become exits."""
    # while Python ends, its collector would look through all that was imported: a quarter of a small command's time
    atexit.register(gc.freeze)
    from contextlib import suppress
    from dataclasses import asdict
    from functools import partial
    from pathlib import Path

    from wheelhouse_tasks.cli.console import Terminal
    from wheelhouse_tasks.cli.interrupts import interruptible
    from wheelhouse_tasks.errors import UsageError, WheelhouseError, one_line
    from wheelhouse_tasks.secret import guard_logs, mask
    from wheelhouse_tasks.settings.resolve import resolve

    terminal = partial(
        Terminal.of,
        argv=sys.argv,
        environ=os.environ,
        flags=flags,
        verbose=call.verbose,
        as_json=call.as_json,
        assume_yes=call.assume_yes,
    )
    ui = terminal(None)
    guard_logs(ui.secrets)
    # the folder of tasks.py, which invoke keeps to itself
    root = Path(getattr(context.config, "_project_prefix", None) or Path.cwd())
    details: dict[str, Any] = {}
    dry_run = call.dry_run or bool(context.config.run.dry)  # `inv wheelhouse.upload --dry` sets invoke's own flag
    try:
        if call.verbose and flags.get("quiet"):
            raise UsageError("--quiet", "is the opposite of --verbose", "give one of them")
        settings = resolve(flags, dict(os.environ), context.config.get("wheelhouse", {}), root)
        ui = terminal(settings)
        ui.plan_was_asked_for = dry_run
        guard_logs(ui.secrets)
        if not settings.container.verify_tls:
            ui.warn("TLS certificates are not checked in this run")
        with interruptible():
            result = command(settings, ui, dry_run)
        ui.result(asdict(result))  # type: ignore[call-overload]
        ui.finish(call.name, asdict(result))  # type: ignore[call-overload]
    except WheelhouseError as error:
        # masked before it is cut to its length: no part of a secret is left at the end
        message, code = mask(one_line(mask(error.wording(), ui.secrets)), ui.secrets), error.exit_code
        details = asdict(error.result) if error.result is not None else {}  # type: ignore[call-overload]
    except KeyboardInterrupt:
        message, code = (
            "interrupted: what was finished until then is kept, run the same command again",
            INTERRUPTED,
        )
    except Exception as error:
        logging.getLogger(__name__).debug("internal error", exc_info=True)
        message, code = _wording(error, ui.secrets), 1
    else:
        return
    with suppress(WheelhouseError):
        ui.result({"error": message, "exit_code": code, **details})
    with suppress(WheelhouseError):  # it cannot be printed any more
        ui.finish(call.name, details, message)
    raise Exit(ui.last(message), code)


def _wording(error: Exception, secrets: Iterable[str]) -> str:
    """Return the line for an error that no module has worded; a file that cannot be used is no fault of ours."""
    from wheelhouse_tasks.errors import one_line
    from wheelhouse_tasks.secret import mask

    if isinstance(error, OSError) and isinstance(error.filename, str) and error.strerror:
        return one_line(mask(f"{error.filename}: {error.strerror}", secrets))
    problem = f"{type(error).__name__}: {one_line(mask(str(error), secrets))}"
    return f"internal error: {problem} (run with --debug, and report it)"
