"""Errors that no module has worded."""

from pathlib import Path

import pytest
from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit

from wheelhouse_tasks.__main__ import Wheelhouse, main
from wheelhouse_tasks.cli import run
from wheelhouse_tasks.settings.resolve import Settings
from wheelhouse_tasks.ui import Ui

#: What escapes, and the line that it becomes; the rest of it is "(run with --debug, and report it)".
LINES = {
    "folder": (PermissionError(13, "Permission denied", "/srv/dist"), "/srv/dist: Permission denied"),
    "disk": (OSError(28, "No space left on device", "/srv/x"), "/srv/x: No space left on device"),
    "no place": (OSError(28, "No space left on device"), "internal error: OSError: [Errno 28] No space left"),
    "fault": (KeyError("x"), "internal error: KeyError: 'x' (run with --debug, and report it)"),
    "password": (OSError(5, "I/O error", "http://me:hunter2@h/x"), "http://<hidden>@h/x: I/O error"),
}


@pytest.mark.parametrize("step", ["parse_tasks", "update_config", "execute"])
def test_interruption_before_a_command_begins_has_its_code(
    step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ctrl-C ends the program with 130, whatever it was about to do."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Wheelhouse, step, interrupted)
    with pytest.raises(SystemExit) as end:
        main(["status"])
    assert end.value.code == 130


@pytest.mark.parametrize("kind", LINES)
def test_file_that_cannot_be_used_is_no_internal_error(kind: str, tmp_path: Path) -> None:
    """An error of the system that names a file is told as it is; what is a fault of ours asks for a report."""
    error, line = LINES[kind]

    def command(_: Settings, __: Ui, ___: bool) -> object:
        raise error

    with pytest.raises(Exit) as ended:
        run.run(Context(Config(project_location=tmp_path)), command, {}, run.Call("fetch"))
    message = str(ended.value.message)
    assert (message.removeprefix("error: ")[: len(line)], ended.value.code) == (line, 1)
    assert ("internal" in message) == line.startswith("internal")
