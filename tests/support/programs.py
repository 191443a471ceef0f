"""Run programs in tests: bounded in time, never interactive, with their output as text."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

#: Seconds after which a program is stuck, however busy the machine is: what goes well never takes so long.
STUCK = 600
#: Seconds of silence that a client is to bear where a test waits until they are over; all else comes sooner.
SILENCE = 3


def find(name: str) -> str | None:
    """Return the path of a program: beside this Python, on PATH, or where Debian keeps daemons."""
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin"]
    return shutil.which(name, path=os.pathsep.join(folders))


def run(
    *argv: str | Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = STUCK,
    check: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its output; kill all it started when time is up."""
    with subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env=env,
        cwd=cwd,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert not check or process.returncode == 0, f"{argv} gave {process.returncode}\n{out}\n{err}"
    return subprocess.CompletedProcess(argv, process.returncode, out, err)


def pip_install(*args: str | Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Install into a folder with pip, heeding no configuration of the machine."""
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-deps", "--no-cache-dir"]
    env = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PYTHONWARNINGS": ""}
    return run(*pip, "--target", target, *args, env=env)


def uv_install(*args: str | Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Install into a folder with uv, heeding no configuration of the machine."""
    uv = [find("uv") or "uv", "--no-config", "pip", "install", "--no-deps", "--no-cache"]
    return run(*uv, "--python", sys.executable, "--target", target, *args)
