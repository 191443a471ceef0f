"""Programs in processes of their own: nobody answers their questions, and their output is kept."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def module(name: str) -> list[str]:
    """Return the command that runs a module of this Python, never a file of the project that has its name."""
    return [sys.executable, "-P", "-m", name]


def run(
    command: list[str], environ: Mapping[str, str], timeout: float, folder: str | Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program in *folder* and return how it ended; raise OSError, or TimeoutError after *timeout* seconds.

    The project's filters of Python warnings do not hold for the program.
    """
    try:
        return subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env={**environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": ""},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
