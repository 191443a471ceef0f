"""Plans as one can scan them: a matrix of each version, or a line for each, with all that needs a look by name."""

from collections.abc import Sequence

import pytest

from wheelhouse_tasks.cli import plans
from wheelhouse_tasks.cli.tables import drawn
from wheelhouse_tasks.ui import Mark, PlanRow

PYTHONS = ("cp310", "cp311", "cp312", "cp313", "cp313t", "cp314", "cp314t")
PLATFORMS = (
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_28_aarch64",
    "musllinux_1_2_x86_64",
    "macosx_10_13_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
)
KB, MB = 1000, 1000**2


def named(tag: str, version: str = "2.1.0", project: str = "demo", build: str = "") -> str:
    """Return the name of a file."""
    if tag == "sdist":
        return f"{project}-{version}.tar.gz"
    return "-".join([project, version, *([build] if build else []), f"{tag}.whl"])


def row(  # noqa: PLR0913
    tag: str,
    action: str = "upload",
    mark: Mark = Mark.PLAIN,
    *,
    size: int | None = 12 * MB,
    version: str = "2.1.0",
    source: str = "",
    why: str = "",
    build: str = "",
) -> PlanRow:
    """Return the row of a file."""
    return PlanRow(action, size, "ab" * 32, source, named(tag, version, build=build), why, mark)


def tag_of(python: str, platform: str) -> str:
    """Return the tags of a wheel."""
    return f"{python.rstrip('t')}-{python}-{platform}"


RELEASE = [row(tag_of(python, platform)) for platform in PLATFORMS for python in PYTHONS][:40]


def shown(rows: Sequence[PlanRow], width: int = 80, *, whole: bool = False) -> list[str]:
    """Return the lines of a plan on a terminal."""
    lines = []
    for table in plans.at_a_glance(rows, width, whole=whole):
        parts = drawn(table, width)
        lines += [*parts.head, *parts.body]
    return [line.rstrip() for line in lines]


def test_release_of_forty_wheels_fits_a_screen() -> None:
    """At 80 columns every wheel of a release has its place, in fewer lines than a terminal has."""
    lines = shown([*RELEASE, row("sdist", size=800 * KB)], whole=True)
    assert lines == [
        "demo 2.1.0: 40 wheels, 1 sdist, 480.8 MB",
        "in MB                   cp310  cp311  cp312  cp313  cp313t  cp314  cp314t",
        "macosx_10_13_x86_64      12.0   12.0   12.0   12.0    12.0   12.0    12.0",
        "macosx_11_0_arm64        12.0   12.0   12.0   12.0    12.0   12.0    12.0",
        "manylinux_2_17_x86_64    12.0   12.0   12.0   12.0    12.0   12.0    12.0",
        "manylinux_2_28_aarch64   12.0   12.0   12.0   12.0    12.0   12.0    12.0",
        "musllinux_1_2_x86_64     12.0   12.0   12.0   12.0    12.0   12.0    12.0",
        "win_amd64                12.0   12.0   12.0   12.0    12.0      -       -",
        "sdist                     0.8",
        "missing (-)  2 wheels: cp314-cp314-win_amd64, cp314-cp314t-win_amd64",
        "upload  41 files  480.8 MB",
    ]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 120, 200])
def test_names_are_whole_at_every_width(width: int) -> None:
    """Each platform and each name that is listed stands in one piece, however narrow the terminal."""
    lines = shown([*RELEASE, row("py3-none-any", "conflict", Mark.WRONG, why="is on pypi with another sha256")], width)
    text = "\n".join(lines)
    assert all(platform.partition(".")[0] in text for platform in PLATFORMS)
    assert named("py3-none-any") in text
    assert "is on pypi" in text


CP312, CP313 = "cp312-cp312-win_amd64", "cp313-cp313-win_amd64"
KEPT = "kept: other bytes are there"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [row(CP312), row(CP313), row("sdist", size=40)],
            [
                "demo 2.1.0: 2 wheels, 1 sdist, 24.0 MB",
                "in MB  win_amd64",
                "cp312       12.0",
                "cp313       12.0",
                "sdist       <0.1",
                "upload  3 files  24.0 MB",
            ],
            id="one action",
        ),
        pytest.param(
            [row(CP312), row(CP313, "already there", Mark.SETTLED)],
            [
                "demo 2.1.0: 2 wheels, 24.0 MB",
                "in MB  win_amd64",
                "cp312      12.0",
                "cp313      12.0=",
                "upload         1 file   12.0 MB",
                "already there  1 file   12.0 MB  marked =",
                "in all         2 files  24.0 MB",
            ],
            id="what is there already",
        ),
        pytest.param(
            [row(CP312, "replace", Mark.DIFFERENT), row(CP313, KEPT, Mark.DIFFERENT), row("sdist", "upload", size=0)],
            [
                "demo 2.1.0: 2 wheels, 1 sdist, 24.0 MB",
                "in MB  win_amd64",
                "cp312      12.0~",
                "cp313      12.0~",
                "sdist       0.0",
                "replace                      demo-2.1.0-cp312-cp312-win_amd64.whl",
                "kept: other bytes are there  demo-2.1.0-cp313-cp313-win_amd64.whl",
                "replace                      1 file   12.0 MB  marked ~",
                "kept: other bytes are there  1 file   12.0 MB  marked ~",
                "upload                       1 file   0 B",
                "in all                       3 files  24.0 MB",
            ],
            id="what is replaced, and what stays with other bytes",
        ),
        pytest.param(
            [row(CP312), row(CP313, "conflict", Mark.WRONG, why="is on pypi with another sha256")],
            [
                "demo 2.1.0: 2 wheels, 24.0 MB",
                "in MB  win_amd64",
                "cp312      12.0",
                "cp313      12.0!",
                "conflict  demo-2.1.0-cp313-cp313-win_amd64.whl  is on pypi with another sha256",
                "upload    1 file   12.0 MB",
                "conflict  1 file   12.0 MB  marked !",
                "in all    2 files  24.0 MB",
            ],
            id="a conflict",
        ),
        pytest.param(
            [row(CP312, source="s3://one"), row(CP313, source="s3://one"), row("sdist", source="dist", size=2)],
            [
                "demo 2.1.0: 2 wheels, 1 sdist, 24.0 MB",
                "in MB  win_amd64",
                "cp312       12.0",
                "cp313       12.0",
                "sdist       <0.1",
                "upload  3 files  24.0 MB",
                "from s3://one  2 files",
                "from dist      1 file",
            ],
            id="each source once",
        ),
        pytest.param(
            [row(CP312, "adopt", size=None), row(CP312, "adopt", size=None, build="1"), row(CP313, "adopt", size=None)],
            ["demo 2.1.0: 3 wheels", "       win_amd64", "cp312       x, x", "cp313          x", "adopt  3 files"],
            id="sizes that nobody knows, and two builds of one wheel",
        ),
        pytest.param(
            [
                row(CP312, "retire", why="5 newer", version="1.0.dev1"),
                row(CP313, "retire", why="5 newer", version="1.0.dev1"),
                row(CP312, "retire", why="6 newer", version="1.0.dev0"),
                row(CP312, "delete", why="its time", version="0.9"),
            ],
            [
                "action  version           size  files                  why",
                "delete  demo 0.9       12.0 MB  cp312-cp312-win_amd64  its time",
                "retire  demo 1.0.dev0  12.0 MB  cp312-cp312-win_amd64  6 newer",
                "retire  demo 1.0.dev1  24.0 MB  2 wheels               5 newer",
                "retire  3 files  36.0 MB",
                "delete  1 file   12.0 MB",
                "in all  4 files  48.0 MB",
            ],
            id="reasons",
        ),
        pytest.param(
            [row(CP312), PlanRow("delete", 10, None, "", "demo-1.0.tar.gz.asc", "its time")],
            [
                "demo 2.1.0: 1 wheel, 12.0 MB",
                "in MB  win_amd64",
                "cp312       12.0",
                "delete  demo-1.0.tar.gz.asc  its time",
                "upload  1 file   12.0 MB",
                "delete  1 file   10 B",
                "in all  2 files  12.0 MB",
            ],
            id="what is no artifact",
        ),
    ],
)
def test_plan_at_a_glance(rows: list[PlanRow], expected: list[str]) -> None:
    """A plan says in words what is done to how many files, and names those that need a look."""
    assert shown(rows) == expected


def test_versions_have_a_matrix_each_while_they_fit() -> None:
    """Few versions with few files are shown as matrices, many as a line each."""
    tags = ("cp312-cp312-win_amd64", "cp312-cp312-win32", "sdist")
    few = [row(tag, version=version) for version in ("2.0", "1.0") for tag in tags]
    assert [line for line in shown(few) if line.startswith("demo")] == [
        "demo 1.0: 2 wheels, 1 sdist, 36.0 MB",
        "demo 2.0: 2 wheels, 1 sdist, 36.0 MB",
    ]
    many = [row(tag, version=f"{number}.0") for number in range(10) for tag in tags]
    assert shown(many) == [
        "action  version      size  files",
        *(f"upload  demo {number}.0  36.0 MB  2 wheels, 1 sdist" for number in range(10)),
        "upload  30 files  360.0 MB",
    ]


def test_every_file_by_name() -> None:
    """In a log there is a row for each file, with its sha256; columns that would be empty are left out."""
    head, rows, right = plans.file_by_file([row(CP312, size=None), row("sdist", size=5)])
    assert head == ["action", "size", "sha256", "file"]
    assert [*map(list, rows)] == [
        ["upload", "", "ab" * 6, named(CP312)],
        ["upload", "5 B", "ab" * 6, named("sdist")],
    ]
    assert right == [False, True, False, False]
    head, rows, _ = plans.file_by_file([row(CP312, source="dist", why="because")])
    assert head == ["action", "size", "sha256", "source", "file", "why"]
    assert rows[0][3:] == ["dist", named(CP312), "because"]


def test_matrix_of_a_version() -> None:
    """The files of a version that is there: sizes in one unit, what it lacks, and what is missing beside that."""
    sizes: plans.Sizes = {CP312: [3 * MB, None], CP313: [20 * KB], "cp313-cp313-win32": [MB], "sdist": [30]}
    tables = plans.matrix(sizes, ["cp314-cp314-win_amd64"], 80)
    lines = [line.rstrip() for table in tables for part in drawn(table, 80) for line in part]
    assert lines == [
        "in MB  win32  win_amd64",
        "cp312      -     3.0, x",
        "cp313    1.0       <0.1",
        "cp314      -    MISSING",
        "sdist   <0.1",
        "missing (-)  2 wheels: cp312-cp312-win32, cp314-cp314-win32",
    ]
    assert plans.one_matrix(sizes, [])[:2] == (
        ["Python", "win32", "win_amd64"],
        [["cp312", "", "3.0 MB, there"], ["cp313", "1.0 MB", "20.0 kB"], ["sdist", "30 B", ""]],
    )
