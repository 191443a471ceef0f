"""`inv bench` runs on any machine, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import programs
from paths import ROOT


def test_smallest_row_runs_beside_whatever_is_installed(tmp_path: Path) -> None:
    """Figures of ours are there, peers are measured or named, and no folder stays."""
    figures = tmp_path / "figures.json"
    words = ("bench", "--quick", "--only", "nothing new, 20 ms", "--json", figures)
    done = programs.run(
        sys.executable, "-m", "invoke", *words, cwd=ROOT, env={**clean(tmp_path), "PATH": str(tmp_path / "nothing")}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    [row] = json.loads(figures.read_text())["rows"]
    assert list(row["runs"]) == ["ours"]
    assert row["runs"]["ours"]["seconds"]["median"] > 0.04
    assert row["missing"] == ["rclone"]
    assert "not installed: rclone" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def test_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C ends the server and what is measured, removes their folders, and keeps the rows that were done."""
    figures = tmp_path / "figures.json"
    words = ("--rounds=100000", "--only=nothing new", f"--json={figures}")
    command: list[str | Path] = [sys.executable, ROOT / "tests/bench/bench.py", *words]
    with subprocess.Popen(command, env=clean(tmp_path), stdout=subprocess.DEVNULL, start_new_session=True) as process:
        while not list(tmp_path.glob("wheelhouse-bench-*/row/log")):
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(programs.STUCK) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]
    assert json.loads(figures.read_text())["rows"] == []


def clean(folder: Path) -> dict[str, str]:
    """Return the environment of a benchmark that keeps its folders here."""
    return {**os.environ, "TMPDIR": str(folder)}
