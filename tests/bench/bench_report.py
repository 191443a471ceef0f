"""What came of the runs: figures, a table, and JSON."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from bench_rows import Row

OURS = "ours"


class Run(NamedTuple):
    """What one run took."""

    seconds: float
    #: Seconds of all its processes together.
    cpu: float
    #: MB of its largest process.
    peak: float


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Some figures of several runs."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> "Spread":
        """Return the spread of some figures."""
        ordered = sorted(figures)
        return cls(median=statistics.median(ordered), least=ordered[0], most=ordered[-1])

    def __str__(self) -> str:
        """Return the median, and the others in brackets."""
        return f"{self.median:.2f} ({self.least:.2f}-{self.most:.2f})"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row as it was measured."""

    row: Row
    runs: Mapping[str, Sequence[Run]]
    #: Peers that are not installed.
    missing: Sequence[str] = ()
    #: Why there are no figures; empty where there are.
    failed: str = ""
    goals: Sequence["Goal"] = field(default_factory=list)


class Goal(NamedTuple):
    """A goal of a row, and what was reached."""

    text: str
    reached: float
    goal: float

    @property
    def is_met(self) -> bool:
        """Return whether it was reached, as the figures are shown."""
        return round(self.reached, 2) <= self.goal


def compared(row: Row, runs: Sequence[Run]) -> float:
    """Return the seconds that are compared: the median, or the lower quartile."""
    seconds = [run.seconds for run in runs]
    if row.quartile and len(seconds) > 1:
        return statistics.quantiles(seconds, n=4, method="inclusive")[0]
    return statistics.median(seconds)


def ratio(row: Row, runs: Mapping[str, Sequence[Run]], peer: str) -> float:
    """Return our time divided by that of a peer."""
    return compared(row, runs[OURS]) / compared(row, runs[peer])


def goals_of(row: Row, runs: Mapping[str, Sequence[Run]]) -> list[Goal]:
    """Return each goal that can be judged with these runs."""
    beside = [
        Goal(f"x {peer}", ratio(row, runs, peer), goal)
        for peer, goal in row.peers.items()
        if goal is not None and peer in runs
    ]
    spreads = {name: statistics.median(getattr(run, name) for run in runs[OURS]) for name in Run._fields}
    return beside + [Goal(name, spreads[name], goal) for name, goal in row.most.items()]


def lines_of(result: Result) -> list[str]:
    """Return the lines of the table for one row."""
    row, runs = result.row, result.runs
    lines = [f"{row.name}: {result.failed}" if result.failed else row.name]
    for name, own in runs.items():
        text = f"  {name:22} {Spread.of(run.seconds for run in own)!s:>22} s"
        if name == OURS:
            text += f"  cpu {Spread.of(run.cpu for run in own)} s  peak {max(run.peak for run in own):.0f} MB"
        else:
            text += f"  x {ratio(row, runs, name):.2f}"
        lines.append(text)
    for goal in result.goals:
        verdict = "met" if goal.is_met else "MISSED"
        lines.append(f"  goal {goal.text:17} {goal.reached:22.2f}, at most {goal.goal:g}: {verdict}")
    if result.missing:
        lines.append(f"  not installed: {', '.join(result.missing)}")
    return lines


def as_json(results: Iterable[Result], machine: Mapping[str, object]) -> dict[str, Any]:
    """Return all results as JSON has them; seconds, MB."""
    rows = []
    for result in results:
        runs = {
            name: {
                "runs": [run._asdict() for run in own],
                **{what: asdict(Spread.of(getattr(run, what) for run in own)) for what in Run._fields},
                **({} if name == OURS else {"ratio": ratio(result.row, result.runs, name)}),
            }
            for name, own in result.runs.items()
        }
        goals = [{**goal._asdict(), "met": goal.is_met} for goal in result.goals]
        row = {**asdict(result.row), "peers": dict(result.row.peers), "most": dict(result.row.most)}
        shown = {"row": row, "runs": runs, "goals": goals, "missing": list(result.missing)}
        rows.append({**shown, "failed": result.failed} if result.failed else shown)
    return {"machine": dict(machine), "rows": rows}
