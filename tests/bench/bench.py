"""Our commands beside their peers, in alternating runs: `inv bench`."""

import argparse
import json
import os
import platform
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from bench_cases import case_of
from bench_lab import Lab, running
from bench_report import OURS, Result, Run, as_json, goals_of, lines_of
from bench_rows import BOUND, Row, chosen
from bench_runner import RunFailed, alternate


def measured(lab: Lab, row: Row) -> Result:
    """Measure one row, in a folder of its own that is gone afterwards."""
    folder = lab.folder / "row"
    folder.mkdir()
    try:
        if row.tls and not lab.tls_port:
            return Result(row=row, runs={}, failed="left out: openssl, which makes a certificate, is not installed")
        case = case_of(lab, row, folder)
        runs = alternate(case.commands, row.rounds, folder / "log")
        if BOUND in row.peers:
            requests = lab.control("count")["requests"] / row.rounds
            runs[BOUND] = [Run(requests * row.delay / 1000 / row.workers, 0, 0)]
    except RunFailed as error:
        return Result(row=row, runs={}, failed=f"FAILED: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Result(row=row, runs=runs, missing=case.missing, goals=goals_of(row, runs))


def machine() -> dict[str, object]:
    """Return what the figures depend on."""
    return {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def main(words: list[str] | None = None) -> int:
    """Run the rows, print what came of each; return 1 where one failed. A goal that is missed is no failure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", default=[], help="rows with this in their kind or name")
    parser.add_argument("--rounds", type=int, help="runs of each command (3 of most)")
    parser.add_argument("--quick", action="store_true", help="tiny files, one round: whether it works")
    parser.add_argument("--full", action="store_true", help="also what takes long to prepare")
    parser.add_argument("--json", metavar="FILE", help="write the figures there; - is the standard output")
    given = parser.parse_args(words)
    rows = chosen(tuple(given.only), quick=given.quick, full=given.full, rounds=given.rounds)
    text = sys.stderr if given.json == "-" else sys.stdout
    facts, results = machine(), []
    print(*(f"{name}: {fact}" for name, fact in facts.items()), sep=", ", file=text, flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), running() as lab:
        for row in rows:
            results.append(measured(lab, row))
            print(*lines_of(results[-1]), sep="\n", file=text, flush=True)
    if given.json == "-":
        sys.stdout.write(json.dumps(as_json(results, facts), indent=1) + "\n")
    elif given.json:
        Path(given.json).write_text(json.dumps(as_json(results, facts), indent=1) + "\n", encoding="utf-8")
    return 130 if len(results) < len(rows) else int(any(OURS not in result.runs for result in results))


if __name__ == "__main__":
    sys.exit(main())
