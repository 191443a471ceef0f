"""The files of one version as Pythons and platforms: in one table for a log, as narrow as it must be for a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts.coverage import SDIST
from wheelhouse_tasks.cli.tables import GAP, Table
from wheelhouse_tasks.people.matrix import MISSING as GAP_IN_THE_MATRIX
from wheelhouse_tasks.people.matrix import matrix
from wheelhouse_tasks.ui import Mark, Marked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wheelhouse_tasks.people.matrix import Cell, Row

    Texts = Mapping[str, str]

#: What was expected, and is not there.
MISSING = Marked("MISSING", Mark.WRONG)
#: Where neither a wheel is, nor another one that is taken there.
HOLE = Marked("-", Mark.DOUBTFUL)
#: A label that stands for one wheel: three parts, and nothing that a pattern has.
ONE_WHEEL = re.compile(r"[^-*?\[\]]+-[^-*?\[\]]+-[^*?\[\]]+")


def table(cells: Texts, lacks: Iterable[str]) -> tuple[list[str], list[list[str]]]:
    """Return the heading and the rows of one table, however wide: Pythons by platform, given the text for each label.

    What is lacking has its place among the wheels if it is a label, and a row of its own if it is a pattern.
    """
    lacks = list(lacks)
    wheels, below = _placed(cells, lacks)
    rows = _by_python(wheels)
    columns = len(rows[0])
    head = ["Python", *rows[0][1:]] if columns > 1 else ["", ""]
    return head, [*rows[1:], *_filled(below, columns)]


def tables(cells: Texts, lacks: Iterable[str] = (), *, corner: str, width: int, whole: bool = False) -> list[Table]:
    """Return the tables that show the same in *width* columns: Pythons by platform, or else platforms by Python.

    What is too wide both ways goes on in further tables. Of a *whole* version the holes are marked.
    """
    wheels, below = _placed(cells, list(lacks))
    if whole:
        wheels |= dict.fromkeys(_holes(wheels), HOLE)
    upright = _by_python(wheels)
    lying = [[*column] for column in zip(*upright, strict=True)]
    cuts = [_cut(rows, width) for rows in (upright, lying)]
    best = min(cuts, key=lambda bands: sum(map(len, bands)) if len(bands) > 1 else 0)
    made = []
    for position, band in enumerate(best):
        last = position == len(best) - 1
        head, *rows = band
        rows += _filled(below, len(head)) if last else []
        columns = max(len(head), 2)
        head = [corner, *head[1:], *[""] * (columns - len(head))]
        made.append(Table(head, rows, [False, *[True] * (columns - 1)]))
    return made


def holes(labels: Iterable[str]) -> list[str]:
    """Return the labels of the holes among the wheels that have *labels*, in order; patterns are passed over."""
    spots = {_spot(label) for label in labels if ONE_WHEEL.fullmatch(label)}
    return ["-".join([*row, column]) for row, column in _holes(spots)]


def _holes(spots: Iterable[Cell]) -> list[Cell]:
    return [cell for cell, gap in matrix({*spots}).gaps.items() if gap == GAP_IN_THE_MATRIX]


def _placed(cells: Texts, lacks: Sequence[str]) -> tuple[dict[Cell, str], list[tuple[str, str]]]:
    """Return the text of each wheel, also of those that are lacking, and the rows below: the sdist, and patterns."""
    places = {label: MISSING for label in lacks if label == SDIST or ONE_WHEEL.fullmatch(label)}
    texts = {**cells, **places}
    below = [(SDIST, texts.pop(SDIST))] if SDIST in texts else []
    below += [(pattern, MISSING) for pattern in lacks if pattern not in places]
    return {_spot(label): text for label, text in texts.items()}, below


def _spot(label: str) -> Cell:
    python, abi, platform = label.split("-", 2)
    return (python, abi), platform


def _by_python(wheels: Mapping[Cell, str]) -> list[list[str]]:
    """Return the rows, the first of them with the platforms."""
    found = matrix(wheels.keys())
    rows = [[_python(row), *(wheels.get((row, platform), "") for platform in found.columns)] for row in found.rows]
    return [["", *_platforms(found.columns)], *rows]


def _python(row: Row) -> str:
    """Return the name of a Python and its ABI: that of CPython names the Python too."""
    python, abi = row
    flags = abi.removeprefix(python)
    return abi if abi.startswith(python) and not flags[:1].isdigit() else f"{python}-{abi}"


def _platforms(names: Sequence[str]) -> list[str]:
    """Return the names of platforms: of one with several the first, unless another one begins with it too."""
    first = [name.partition(".")[0] for name in names]
    return [short if first.count(short) == 1 else name for short, name in zip(first, names, strict=True)]


def _filled(rows: Iterable[tuple[str, str]], columns: int) -> list[list[str]]:
    return [[*row, *[""] * (columns - 2)] for row in rows]


def _cut(rows: Sequence[Sequence[str]], width: int) -> list[list[list[str]]]:
    """Return the rows cut into bands of columns that are not wider than *width*, each with the first column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    bands: list[list[int]] = [[]]
    used = widths[0]
    for column, wide in enumerate(widths[1:], start=1):
        if bands[-1] and used + len(GAP) + wide > width:
            bands.append([])
            used = widths[0]
        bands[-1].append(column)
        used += len(GAP) + wide
    return [[[row[0], *(row[column] for column in band)] for row in rows] for band in bands]
