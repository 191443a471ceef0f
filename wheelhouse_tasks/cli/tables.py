"""Tables without borders, which copy well from a log: rows of texts become lines, and no word is broken."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from wheelhouse_tasks.ui import Mark, Marked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Paint = Callable[[str, Mark], str]

#: Between the columns of a table.
GAP = "  "
#: Before what belongs to the line above.
INDENT = "    "
#: Columns up to which the cells of a column stay on one line, and those that a wrapped text has at least.
NARROW, READABLE = 16, 12


class Table(NamedTuple):
    """Rows of cells; each column is aligned at its left or its right end."""

    #: The heading; empty where there is none.
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[bool]

    def mapped(self, function: Callable[[str], str]) -> Table:
        """Return the table with what a function makes of each text, once where many rows have it; marks stay."""
        made = cache(function)
        rows = [[like(cell, made(cell)) for cell in row] for row in self.rows]
        return self._replace(head=[made(cell) for cell in self.head], rows=rows)


class Lines(NamedTuple):
    """A table as lines."""

    head: list[str]
    body: list[str]


def plain(text: str, mark: Mark) -> str:  # noqa: ARG001
    """Return a text as it is, as it is shown where there are no colours."""
    return text


def mark_of(cell: str) -> Mark:
    """Return how much a cell is to be looked at."""
    return cell.mark if isinstance(cell, Marked) else Mark.PLAIN


def like(cell: str, text: str) -> str:
    """Return *text* with the mark of a cell."""
    return Marked(text, cell.mark) if isinstance(cell, Marked) else text


def cell_len(text: str) -> int:
    """Return how many columns a text takes; few have more, or fewer, than letters, and rich knows them."""
    if text.isascii() and text.isprintable():
        return len(text)
    from rich.cells import cell_len as measured

    return measured(text)


def drawn(table: Table, width: int, paint: Paint = plain) -> Lines:
    """Return a table as lines of at most *width* columns, but for words that are longer.

    Where the rows are too wide their cells are wrapped; where that would break a word the last ones hang below.
    """
    rows = [table.head, *table.rows] if table.head else table.rows
    if not rows:
        return Lines([], [])
    blocks = (
        _one_line_each(rows, table.right, width, paint)
        or _wrapped_rows(rows, table.right, width, paint)
        or _hanging(rows, table.right, width, paint)
    )
    head = blocks.pop(0) if table.head else []
    return Lines(head, [line for block in blocks for line in block])


def _one_line_each(rows: Sequence[Sequence[str]], right: Sequence[bool], width: int, paint: Paint) -> list[list[str]]:
    return [[line.rstrip()] for line in aligned(rows, right=right, width=width, paint=paint)]


def aligned(rows: Sequence[Sequence[str]], *, right: Sequence[bool], width: int, paint: Paint = plain) -> list[str]:
    """Return the lines of a table, as rich would print it; none where it is wider than *width*.

    Rich measures and splits each cell several times, which for thousands of rows takes longer than to fetch them.
    """
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + len(GAP) * (len(widths) - 1) > width:
        return []

    def padded(cell: str, width: int, is_right: bool) -> str:
        blanks = " " * (width - cell_len(cell))
        shown = paint(cell, cell.mark) if isinstance(cell, Marked) else cell
        return blanks + shown if is_right else shown + blanks

    return [GAP.join(map(padded, row, widths, right)) for row in rows]


def _wrapped_rows(rows: Sequence[Sequence[str]], right: Sequence[bool], width: int, paint: Paint) -> list[list[str]]:
    """Return the lines of each row, with the cells wrapped at blanks; none where a word would have to be broken."""
    widths = _widths(rows, right, width - len(GAP) * (len(right) - 1))
    blocks = []
    for row in rows if widths else ():
        cells = [[like(cell, line) for line in wrapped(cell, limit)] for cell, limit in zip(row, widths, strict=True)]
        height = max(map(len, cells))
        level = [*zip(*(cell + [""] * (height - len(cell)) for cell in cells), strict=True)]
        # a row that fills every column, and is cut off again, keeps them as wide as they are in all rows
        ruler = ["x" * limit for limit in widths]
        blocks.append([line.rstrip() for line in aligned([ruler, *level], right=right, width=width, paint=paint)[1:]])
    return blocks


def _widths(rows: Sequence[Sequence[str]], right: Sequence[bool], room: int) -> list[int]:
    """Return the width of each column, at least that of its longest word; none where there is no *room* to read it."""
    wishes = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    words = [
        max(cell_len(word) for cell in column for word in ["", *cell.split()]) for column in zip(*rows, strict=True)
    ]
    widths = [
        wish if is_right or wish <= NARROW else word for wish, word, is_right in zip(wishes, words, right, strict=True)
    ]
    spare = room - sum(widths)
    if spare < 0:
        return []
    # what one column does not need, the next one has
    modest_first = sorted(range(len(widths)), key=lambda column: wishes[column] - widths[column])
    for position, column in enumerate(modest_first):
        more = min(wishes[column] - widths[column], spare // (len(widths) - position))
        widths[column] += more
        spare -= more
    is_readable = all(limit >= min(wish, READABLE) for limit, wish in zip(widths, wishes, strict=True))
    return widths if is_readable else []


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most *width* columns; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _hanging(rows: Sequence[Sequence[str]], right: Sequence[bool], width: int, paint: Paint) -> list[list[str]]:
    """Return the lines of each row: the columns that fit in all rows, and the other cells behind or below them."""
    fitting = len(right) - 1
    while fitting and not (starts := aligned([row[:fitting] for row in rows], right=right, width=width)):
        fitting -= 1
    if not fitting:
        return [_followed("", 0, row, width, paint) for row in rows]
    painted = aligned([row[:fitting] for row in rows], right=right, width=width, paint=paint)
    return [
        _followed(shown, cell_len(start), row[fitting:], width, paint)
        for shown, start, row in zip(painted, starts, rows, strict=True)
    ]


def _followed(start: str, used: int, cells: Sequence[str], width: int, paint: Paint) -> list[str]:
    """Return the line that was begun, *used* columns wide, with the cells that fit behind it, and the others below."""
    lines = [start] if start else []
    for cell in filter(None, cells):
        length = cell_len(cell)
        if lines and used + len(GAP) + length <= width:
            lines[-1] += GAP + paint(cell, mark_of(cell))
            used += len(GAP) + length
            continue
        indent = INDENT if lines else ""
        parts = wrapped(cell, width - len(indent)) if length > width - len(indent) else [cell]
        lines += [indent + paint(part, mark_of(cell)) for part in parts]
        used = len(indent) + cell_len(parts[-1])
    return lines
