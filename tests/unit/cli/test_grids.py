"""The matrix of a version: one table for a log, and what fits a terminal."""

import pytest

from wheelhouse_tasks.cli import grids
from wheelhouse_tasks.cli.tables import drawn

CELLS = {
    "sdist": "1 kB",
    "cp312-cp312-win_amd64": "2 kB",
    "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64": "3 kB",
    "cp313-cp313t-win_amd64": "4 kB",
}


def shown(cells: dict[str, str], width: int, *, lacks: tuple[str, ...] = (), whole: bool = False) -> list[str]:
    """Return the lines of the tables of a terminal."""
    lines = []
    for table in grids.tables(cells, lacks, corner="in kB", width=width, whole=whole):
        parts = drawn(table, width)
        lines += [*parts.head, *parts.body]
    assert all(len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


def test_one_table() -> None:
    """Rows are Pythons in order, columns platforms; what is lacking has its place, a pattern a row, the sdist too."""
    lacks = ["cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "pp*"]
    assert grids.table(CELLS, lacks) == (
        ["Python", "manylinux_2_17_x86_64", "win_amd64"],
        [
            ["cp39-abi3", "3 kB", ""],
            ["cp312", "MISSING", "2 kB"],
            ["cp313t", "", "4 kB"],
            ["sdist", "1 kB", ""],
            ["pp*", "MISSING", ""],
        ],
    )


@pytest.mark.parametrize(
    ("cells", "lacks", "expected"),
    [
        pytest.param({"sdist": "1 kB"}, [], (["", ""], [["sdist", "1 kB"]]), id="an sdist alone"),
        pytest.param({}, ["cp3*"], (["", ""], [["cp3*", "MISSING"]]), id="a pattern alone"),
        pytest.param({}, ["sdist"], (["", ""], [["sdist", "MISSING"]]), id="the lack of an sdist alone"),
        pytest.param(
            {"pp311-pypy311_pp73-win32": "a", "py3-none-any": "b", "cp31-cp313-win32": "c"},
            [],
            (
                ["Python", "any", "win32"],
                [["cp31-cp313", "", "c"], ["pp311-pypy311_pp73", "", "a"], ["py3-none", "b", ""]],
            ),
            id="an ABI that does not name its Python is shown beside it",
        ),
        pytest.param(
            {"cp312-cp312-a_1.b_1": "1", "cp312-cp312-a_1.c_1": "2"},
            [],
            (["Python", "a_1.b_1", "a_1.c_1"], [["cp312", "1", "2"]]),
            id="platforms that begin alike keep their names",
        ),
    ],
)
def test_one_table_of_little(cells: dict[str, str], lacks: list[str], expected: tuple[object, object]) -> None:
    """Whatever is there, the table has as many cells in each row as columns."""
    assert grids.table(cells, lacks) == expected


PYTHONS = ("cp311", "cp312", "cp313", "cp314")
FULL = {f"{python}-{python}-{platform}": "1.0" for python in PYTHONS for platform in ("macosx_11_0_arm64", "win_amd64")}


def test_pythons_by_platform_where_that_fits() -> None:
    """The matrix stands as everywhere else, as long as there is room."""
    assert shown({**FULL, "sdist": "0.1"}, 40) == [
        "in kB  macosx_11_0_arm64  win_amd64",
        "cp311                1.0        1.0",
        "cp312                1.0        1.0",
        "cp313                1.0        1.0",
        "cp314                1.0        1.0",
        "sdist                0.1",
    ]


def test_platforms_by_python_where_only_that_fits() -> None:
    """Names of platforms are long: one below the other they take less room."""
    cells = {**FULL, **{f"cp314-cp314-musllinux_1_{number}_x86_64": "2.0" for number in (1, 2)}, "sdist": "0.1"}
    assert shown(cells, 60) == [
        "in kB                 cp311  cp312  cp313  cp314",
        "macosx_11_0_arm64       1.0    1.0    1.0    1.0",
        "musllinux_1_1_x86_64                         2.0",
        "musllinux_1_2_x86_64                         2.0",
        "win_amd64               1.0    1.0    1.0    1.0",
        "sdist                   0.1",
    ]


def test_matrix_goes_on_below_where_nothing_fits() -> None:
    """Columns that have no room are in a table of their own, with the names of the rows again; no name is broken."""
    assert shown({**FULL, "sdist": "0.1"}, 32) == [
        "in kB              cp311  cp312",
        "macosx_11_0_arm64    1.0    1.0",
        "win_amd64            1.0    1.0",
        "in kB              cp313  cp314",
        "macosx_11_0_arm64    1.0    1.0",
        "win_amd64            1.0    1.0",
        "sdist                0.1",
    ]


def test_holes_of_a_whole_version_are_marked() -> None:
    """Where no wheel is, and none that is taken there, is a hole; a wheel for older Pythons with abi3 leaves none."""
    cells = {"cp311-abi3-win_amd64": "1.0", "cp313-cp313-win32": "2.0", "cp313-cp313t-win32": "3.0"}
    assert shown(cells, 60, whole=True, lacks=("cp314-cp314-win32",)) == [
        "in kB         win32  win_amd64",
        "cp311-abi3        -        1.0",
        "cp313           2.0",
        "cp313t          3.0          -",
        "cp314       MISSING",
    ]
    assert grids.holes([*cells, "sdist", "pp*"]) == ["cp311-abi3-win32", "cp313-cp313t-win_amd64"]
