"""Number what a process and the Python programs that it runs do to the world, and kill them all at one of the numbers.

A point is a file that is opened to be written, a change of a folder, the start of a program, a connection, a block that
is sent, or an answer that has come. Python tells of all but the last before they happen (PEP 578). So a kill comes at
the same place however fast the machine is.
"""

import os
import shutil
import signal
import sys
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

#: Where a line for each point is written, and the number of the point that kills; 0 for none.
LOG, KILL = "TEST_POINTS_LOG", "TEST_POINTS_KILL"
EVENTS = {
    *("os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate"),
    *("http.client.send", "socket.connect", "subprocess.Popen"),
}
#: Whether Python keeps what it has compiled anew depends on what ran before.
COMPILED = "__pycache__"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def environment(folder: Path, log: Path, kill: int) -> dict[str, str]:
    """Return what makes a program and those that it runs count; *folder* gets what Python imports at its start."""
    folder.mkdir(exist_ok=True)
    shutil.copy(__file__, folder / "sitecustomize.py")
    return {"PYTHONPATH": str(folder), LOG: str(log), KILL: str(kill)}


def passed(log: Path) -> list[str]:
    """Return what each point was, in order; the last is the one that killed."""
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def end() -> None:
    """Kill this process if it is to be killed and has done its work before it came to its point."""
    if int(os.environ[KILL]):
        os.kill(os.getpid(), signal.SIGKILL)


def count() -> None:
    """Write a line for every point from now on; at the one that kills, kill all processes of this one's group."""
    log = os.open(os.environ[LOG], os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    kill = int(os.environ[KILL])
    begin = HTTPResponse.begin

    def note(kind: str) -> None:
        os.write(log, f"{kind}\n".encode())  # whole, whoever else writes there
        if kill and os.pread(log, 1 << 20, 0).count(b"\n") >= kill:
            os.killpg(0, signal.SIGKILL)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if (event in EVENTS or (event == "open" and args[2] & WRITING)) and COMPILED not in str(args[0]):
            note(event)

    def begin_and_note(answer: HTTPResponse) -> None:
        begin(answer)
        note("answer")

    HTTPResponse.begin = begin_and_note  # type: ignore[assignment, method-assign]
    sys.addaudithook(hook)


if __name__ == "sitecustomize" and LOG in os.environ:
    count()
