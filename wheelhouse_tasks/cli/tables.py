"""Tables without borders, which copy well from a log: rows of texts become lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

#: Between the columns of a table.
GAP = "  "


def aligned(rows: Sequence[Sequence[str]], *, right: Sequence[bool], width: int) -> list[str]:
    """Return the lines of a table, as rich would print it; none where it is wider than *width*, and has to be folded.

    Rich measures and splits each cell several times, which for thousands of rows takes longer than to fetch them.
    """
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + len(GAP) * (len(widths) - 1) > width:
        return []

    def padded(cell: str, width: int, is_right: bool) -> str:
        blanks = " " * (width - cell_len(cell))
        return blanks + cell if is_right else cell + blanks

    return [GAP.join(map(padded, row, widths, right)) for row in rows]


def folded(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: str) -> Table:
    """Return a table whose cells are folded to the width of a terminal; the column called *right* is aligned there."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column == right else "left")
    for row in rows:
        table.add_row(*row)
    return table
