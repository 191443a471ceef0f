"""Sessions of nox: `import wheelhouse_tasks.nox` in a noxfile registers one for each task, as `wheelhouse-upload`.

A session has no environment of its own: it runs the `wheelhouse` program of the Python that nox runs in, in the folder
of the noxfile, and only where it is named. nox prints each command that it runs: not this one, whose words may hold a
secret.
"""

from __future__ import annotations

from inspect import signature

from wheelhouse_tasks import child
from wheelhouse_tasks.cli.collection import ns

try:
    import nox
    from nox.command import CommandFailed
    from nox.popen import popen
except ModuleNotFoundError as error:
    if error.name != "nox":
        raise
    problem = (
        "nox: is not installed in this Python, expected it beside wheelhouse_tasks (install it, or use `wheelhouse`)"
    )
    raise ModuleNotFoundError(problem, name="nox") from None
if "default" not in signature(nox.session).parameters:
    raise ImportError("nox: is too old, expected 2024.4.15 or newer (upgrade it)", name="nox")

#: Seconds in which a task ends that was interrupted: what is on its way may arrive.
PATIENCE = 30


def _register(name: str, text: str) -> None:
    """Register the session of one task, with the help of it."""

    def run(session: nox.Session) -> None:
        _run(session, name)

    run.__doc__ = f"{text}\n\nIts flags stand behind --: nox -s wheelhouse-{name} -- --help"
    nox.session(name=f"wheelhouse-{name}", python=False, default=False)(run)


def _run(session: nox.Session, name: str) -> None:
    """Run a task with the words behind `--`, and end as it does.

    nox ends with 1 whichever session failed, after it has run the others. Where there is no other session, and no
    report to write, it ends with the code of the task.
    """
    runner = getattr(session, "_runner", None)
    config = getattr(runner, "global_config", None)
    if getattr(config, "install_only", False):
        session.log(f"Skipping wheelhouse {name}, as --install-only is set.")
        return
    command = [*child.module("wheelhouse_tasks"), name, *session.posargs]
    code, _ = popen(command, stderr=None, interrupt_timeout=PATIENCE, terminate_timeout=PATIENCE)
    if code:
        if len(getattr(runner, "manifest", ())) == 1 and not getattr(config, "report", None):
            raise SystemExit(code)
        raise CommandFailed


for _name in ns.task_names:
    _register(_name, ns[_name].__doc__ or "")
