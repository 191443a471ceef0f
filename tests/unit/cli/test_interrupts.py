"""Signals while a command runs within a program that has a use for them."""

import subprocess
import sys

from programs import STUCK

#: Runs a command, which ends when a signal came, within asyncio, and prints what its handler was called with.
WITHIN_ASYNCIO = """
import asyncio, os, signal
from wheelhouse_tasks.cli.interrupts import interruptible

async def main():
    heard = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, heard.set)
    with interruptible():
        os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(heard.wait(), 60)
    print("heard", signal.getsignal(signal.SIGURG) == signal.SIG_DFL)

asyncio.run(main())
"""


def test_host_program_hears_of_its_signals() -> None:
    """A signal that comes while a command runs reaches the handler that asyncio calls between two of its steps."""
    command = [sys.executable, "-c", WITHIN_ASYNCIO]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=STUCK)
    assert (ran.stdout, ran.stderr) == ("heard True\n", "")
