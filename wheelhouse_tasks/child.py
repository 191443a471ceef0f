"""Programs in processes of their own: nobody is there to answer them, and all that they say is kept."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def module(name: str) -> list[str]:
    """Return the command that runs a module of this Python; one of the project called like it does not shadow it."""
    return [sys.executable, "-P", "-m", name]


def run(
    command: list[str], environ: Mapping[str, str], timeout: float, folder: str | Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program in *folder* and return how it ended; raise OSError, or TimeoutError after *timeout* seconds.

    What a project wants to be warned of, or to fail for, is its own code, not what such a program is made of.
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
