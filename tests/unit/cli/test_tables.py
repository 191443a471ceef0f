"""Tables as lines: aligned, and folded where a terminal is narrow."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from wheelhouse_tasks.cli import tables


def by_rich(rows: list[list[str]], width: int) -> list[str]:
    """Return the lines of a table as rich prints it, folded where it must be."""
    stream = io.StringIO()
    rich = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    rich.print(tables.folded(rows[0], rows[1:], right="size"))
    return stream.getvalue().split("\n")[:-1]


WORDS = st.text(st.sampled_from("ab-.é車🎡 "), max_size=9).map(lambda text: " ".join(text.split()))


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=5), st.integers(8, 40))
@example([("123456", "1", "12345")], 19)
@example([("1234567", "1", "12345")], 19)
@example([("", "", "")], 12)
@example([("車車", "🎡", "é")], 40)
def test_table_is_aligned_as_rich_does_it(rows: list[tuple[str, str, str]], width: int) -> None:
    """What is printed without rich looks as if it were by rich, and wherever something is folded, rich does it."""
    table = [["file", "size", "x"], *map(list, rows)]
    lines = tables.aligned(table, right=[False, True, False], width=width)
    widest = [max(map(cell_len, column)) for column in zip(*table, strict=True)]
    assert bool(lines) == (sum(widest) + 4 <= width)
    assert lines in ([], by_rich(table, width))


@pytest.mark.parametrize("what", [[], ["--x"], ["car"] * 3], ids=len)
def test_table_of_one_column(what: list[str]) -> None:
    """A table may have a single column, and no rows."""
    rows = [["what"], *([cell] for cell in what)]
    assert tables.aligned(rows, right=[False], width=10) == by_rich(rows, 10)
