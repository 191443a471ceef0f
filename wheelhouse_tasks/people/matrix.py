"""The matrix of the wheels of one version, Python and ABI by platform: what is there, and what is missing."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts.artifact import natural
from wheelhouse_tasks.artifacts.tags import parts, serves

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    Row = tuple[str, str]
    Cell = tuple[Row, str]

MISSING, COVERED, UNWANTED = "missing", "covered", ""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The rows (Python, ABI) and columns (platform), in order, and what is to be said of each cell without a wheel."""

    rows: list[Row]
    columns: list[str]
    gaps: dict[Cell, str]


def matrix(cells: Collection[Cell]) -> Matrix:
    """Return the matrix in which the *cells* have a wheel."""
    rows = sorted({row for row, _ in cells}, key=lambda row: [*map(natural, row)])
    columns = sorted({column for _, column in cells}, key=natural)
    gaps = {}
    if len(cells) < len(rows) * len(columns):
        # a wheel serves a cell where its row serves the row, and its column the column: no need to try each wheel
        serving_rows = {row: [other for other in rows if _row_serves(other, row)] for row in rows}
        serving_columns = {column: _serving(column, columns) for column in columns}
        for cell in product(rows, columns):
            if cell not in cells:
                gaps[cell] = _gap(cell, cells, serving_rows[cell[0]], serving_columns[cell[1]])
    return Matrix(rows=rows, columns=columns, gaps=gaps)


def _gap(cell: Cell, cells: Collection[Cell], rows: Iterable[Row], columns: Iterable[Iterable[str]]) -> str:
    """Return what is to be said of a cell without a wheel. Nobody wants a compiled wheel for every platform."""
    (_, abi), platform = cell
    covered = all(any(pair in cells for pair in product(rows, serving)) for serving in columns)
    return COVERED if covered else UNWANTED if platform == "any" and abi != "none" else MISSING


@functools.lru_cache(maxsize=4096)
def _row_serves(row: Row, wanted: Row) -> bool:
    """Return whether whoever takes the Python and ABI *wanted* takes *row* too, each of a compressed set."""
    return all(
        any(serves((python, abi, "any"), (*asked, "any")) for python, abi in _pairs(row)) for asked in _pairs(wanted)
    )


def _pairs(row: Row) -> list[Row]:
    return list(product(row[0].split("."), row[1].split(".")))


def _serving(wanted: str, columns: Iterable[str]) -> list[list[str]]:
    """Return, for each processor and name of the platform *wanted*, the columns whose wheels are taken there."""
    asked = [part for name in wanted.split(".") for _, _, part in parts(("py3", "none", name))]
    return [[column for column in columns if _column_serves(column, part)] for part in asked]


@functools.lru_cache(maxsize=4096)
def _column_serves(column: str, wanted: str) -> bool:
    return any(serves(("py3", "none", name), ("py3", "none", wanted)) for name in column.split("."))
