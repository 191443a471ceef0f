"""Tables as lines: aligned, and where a terminal is narrow wrapped or stacked, with every word whole."""

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable

from wheelhouse_tasks.cli import tables
from wheelhouse_tasks.cli.tables import Lines, Table, drawn, mark_of
from wheelhouse_tasks.ui import Mark, Marked


def by_rich(rows: list[list[str]], width: int) -> list[str]:
    """Return the lines of a table as rich prints it."""
    table = RichTable(box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column, justify="right" if column == "size" else "left")
    for row in rows[1:]:
        table.add_row(*row)
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False, markup=False, emoji=False).print(table)
    return stream.getvalue().split("\n")[:-1]


WORDS = st.text(st.sampled_from("ab-.é車🎡 "), max_size=9).map(lambda text: " ".join(text.split()))


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=5), st.integers(8, 40))
@example([("123456", "1", "12345")], 19)
@example([("1234567", "1", "12345")], 19)
@example([("", "", "")], 12)
@example([("車車", "🎡", "é")], 40)
def test_table_is_aligned_as_rich_does_it(rows: list[tuple[str, str, str]], width: int) -> None:
    """What is printed without rich looks as if it were by rich; what does not fit is none of this."""
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


HEAD = ("action", "size", "file", "why")
LONG = "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
ROWS = [("send", "1.0 kB", LONG, "it is the newest of all files"), ("keep it", "", "demo.whl", "")]
RIGHT = (False, True, False, False)


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        pytest.param(
            100,
            [
                "action     size  file                                            why",
                f"send     1.0 kB  {LONG}  it is the newest of all files",
                "keep it          demo.whl",
            ],
            id="wide enough",
        ),
        pytest.param(
            80,
            [
                "action     size  file                                            why",
                f"send     1.0 kB  {LONG}  it is the",
                " " * 65 + "newest of all",
                " " * 65 + "files",
                "keep it          demo.whl",
            ],
            id="cells are wrapped at blanks",
        ),
        pytest.param(
            50,
            [
                "action     size  file  why",
                "send     1.0 kB",
                f"    {LONG}",
                "    it is the newest of all files",
                "keep it          demo.whl",
            ],
            id="columns that fit stay aligned, and other cells hang below",
        ),
        pytest.param(
            20,
            [
                "action     size",
                "    file  why",
                "send     1.0 kB",
                f"    {LONG}",
                "    it is the newest",
                "    of all files",
                "keep it",
                "    demo.whl",
            ],
            id="a word that is too long is whole all the same",
        ),
    ],
)
def test_no_word_is_broken(width: int, expected: list[str]) -> None:
    """However narrow the terminal, each name stands on one line, and reasons are wrapped at blanks."""
    lines = drawn(Table(HEAD, ROWS, RIGHT), width)
    assert [line.rstrip() for line in [*lines.head, *lines.body]] == expected


def test_no_text_is_a_tower_of_words() -> None:
    """Where a long name leaves a few columns for the text beside it, the text stands below."""
    lines = drawn(Table(("object", "what is off"), [(LONG, "is not the METADATA")], (False, False)), len(LONG) + 10)
    assert lines.body == [LONG, "    is not the METADATA"]


def test_no_line_ends_in_blanks() -> None:
    """A row that is shorter than others ends with its text: a log and a copy have no blanks there."""
    lines = drawn(Table(HEAD, ROWS, RIGHT), 100)
    assert [line for line in [*lines.head, *lines.body] if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("head", "rows", "expected"),
    [
        ((), [], Lines([], [])),
        (("one", "x"), [], Lines(["one  x"], [])),
        ((), [("a", "b")], Lines([], ["a  b"])),
        (("one", "x"), [("a", "b")], Lines(["one  x"], ["a    b"])),
    ],
    ids=["nothing", "heading", "rows", "both"],
)
def test_heading_is_apart(head: tuple[str, ...], rows: list[tuple[str, str]], expected: Lines) -> None:
    """A table may have no rows, and no heading."""
    assert drawn(Table(head, rows, (False, True)), 80) == expected


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5), st.integers(4, 40))
def test_nothing_is_lost(rows: list[tuple[str, str, str]], width: int) -> None:
    """Whatever the width, every word is there as it was, and a line is too long for one word alone."""
    lines = drawn(Table((), rows, (False, True, False)), width).body
    words = sorted(word for row in rows for cell in row for word in cell.split())
    assert sorted(word for line in lines for word in line.split()) == words
    assert all(cell_len(line.rstrip()) <= width or len(line.split()) == 1 for line in lines)


@pytest.mark.parametrize("width", [80, 30, 20], ids=["aligned", "wrapped", "stacked"])
def test_marked_cells_are_painted(width: int) -> None:
    """What is to be looked at is painted however the table is laid out, and takes no more room for it."""
    rows = [("x" * 12, Marked("in conflict with another one", Mark.WRONG)), ("y", "plain")]
    table = Table(("file", "what"), rows, (False, False))
    painted = drawn(table, width, lambda text, mark: f"<{text}>" if mark is Mark.WRONG else text)
    assert "".join(painted.body).count("<") == {80: 1, 30: 2, 20: 2}[width]
    unpainted = [line.replace("<", "").replace(">", "") for line in painted.body]
    assert unpainted == drawn(table, width).body


def test_text_of_many_rows_is_made_once() -> None:
    """What thousands of rows have in common is looked through once, and each cell keeps its mark."""
    seen: list[str] = []

    def shown(text: str) -> str:
        seen.append(text)
        return text.upper()

    rows = [[Marked("replace", Mark.DIFFERENT), "a"], [Marked("replace", Mark.PLAIN), "b"]]
    table = Table(["action", "file"], rows, [False, False]).mapped(shown)
    assert table.rows == [["REPLACE", "A"], ["REPLACE", "B"]]
    assert [mark_of(row[0]) for row in table.rows] == [Mark.DIFFERENT, Mark.PLAIN]
    assert sorted(seen) == ["a", "action", "b", "file", "replace"]
