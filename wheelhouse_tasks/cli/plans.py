"""Plans as tables: file by file for a log, and for a terminal as what one can scan."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.cli import grids
from wheelhouse_tasks.cli.tables import Table, drawn
from wheelhouse_tasks.errors import NotAnArtifact
from wheelhouse_tasks.text import count, listed, size_in, size_text, unit_of
from wheelhouse_tasks.ui import Mark, Marked, PlanRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wheelhouse_tasks.artifacts.artifact import Artifact

    #: Bytes of the files of each label; None where nobody knows them.
    Sizes = Mapping[str, Sequence[int | None]]

#: As many digits of a sha256 as a person compares.
DIGITS = 12
#: Lines that a plan may take before it is shown as a matrix.
FEW_LINES = 12
#: Lines that the matrices of several versions may take before each version is one line.
SCREEN = 18
#: The files of these marks are listed by name, however many there are.
LISTED = (Mark.DIFFERENT, Mark.WRONG)
#: What stands behind the size of a file that is not treated as most are.
SIGNS = {Mark.PLAIN: "", Mark.SETTLED: "=", Mark.DOUBTFUL: "?", Mark.DIFFERENT: "~", Mark.WRONG: "!"}
#: What stands for the size of a file that nobody knows.
UNKNOWN = "x"


def file_by_file(rows: Sequence[PlanRow]) -> Table:
    """Return the table of all files; the columns of sources and of reasons are left out where no row has one."""
    sourced, reasoned = any(row.source for row in rows), any(row.why for row in rows)
    head = ["action", "size", "sha256", *(["source"] if sourced else []), "file", *(["why"] if reasoned else [])]
    cells = [
        [
            Marked(row.action, row.mark),
            "" if row.size is None else size_text(row.size),
            (row.sha256 or "none")[:DIGITS],
            *([row.source] if sourced else []),
            row.file,
            *([row.why] if reasoned else []),
        ]
        for row in rows
    ]
    return Table(head, cells, [column == "size" for column in head])


def on_a_terminal(rows: Sequence[PlanRow], width: int, *, whole: bool = False) -> list[Table]:
    """Return the table of all files where that takes few lines of *width* columns, else what shows them at a glance."""
    listing = file_by_file(rows)
    if len(rows) < FEW_LINES and 1 + len(drawn(listing, width).body) <= FEW_LINES:
        return [listing]
    return at_a_glance(rows, width, whole=whole)


def at_a_glance(rows: Sequence[PlanRow], width: int, *, whole: bool = False) -> list[Table]:
    """Return tables that show in *width* columns what a plan does: a matrix of each version, or a line for each.

    Files that take the place of others or are in conflict are listed by name, and reasons and sources are kept.
    A *whole* plan has every file of its versions: what is missing among them is shown.
    """
    versions, others = _by_version(rows)
    signs = _signs(rows)
    reasons = any(row.why and row.mark not in LISTED for version in versions for row, _ in version.files)
    parts = _matrices(versions, signs, width, whole=whole)
    if reasons or (len(versions) > 1 and sum(1 + len(table.rows) for table in parts) > SCREEN):
        parts, signs = [_line_each(versions)], {}
    elif whole:
        labels = [[file.label for _, file in version.files] for version in versions]
        parts += _missing([hole for of_a_version in labels for hole in grids.holes(of_a_version)])
    named = [row for row in rows if row.mark in LISTED or row.file in others]
    return [
        *parts,
        *_plain_table([(Marked(row.action, row.mark), row.file, row.why) for row in named]),
        *_plain_table(_sums(rows, signs)),
        *_plain_table(_sources(rows)),
    ]


def one_matrix(sizes: Sizes, lacks: Sequence[str]) -> Table:
    """Return one table that shows the files of a version, each size with its unit, and what it *lacks*."""
    cells = {
        label: ", ".join("there" if size is None else size_text(size) for size in known)
        for label, known in sizes.items()
    }
    head, rows = grids.table(cells, lacks)
    return Table(head, rows, [False] * len(head))


def matrix(sizes: Sizes, lacks: Sequence[str], width: int) -> list[Table]:
    """Return tables that show in *width* columns the files of a version, what it *lacks*, and what is missing."""
    unit = unit_of(max((size or 0 for known in sizes.values() for size in known), default=0))
    cells = {
        label: ", ".join(UNKNOWN if size is None else size_in(unit, size) for size in known)
        for label, known in sizes.items()
    }
    return [
        *grids.tables(cells, lacks, corner=f"in {unit}", width=width, whole=True),
        *_missing(grids.holes([*sizes, *lacks])),
    ]


class Version(NamedTuple):
    """A version of a project, and the rows of its files."""

    title: str
    files: list[tuple[PlanRow, Artifact]]

    @property
    def size(self) -> int:
        """Return the bytes of the files, as far as they are known."""
        return sum(row.size or 0 for row, _ in self.files)


def _by_version(rows: Iterable[PlanRow]) -> tuple[list[Version], set[str]]:
    """Return the versions in order, and the names of what is no artifact."""
    versions: dict[tuple[object, ...], Version] = {}
    others = set()
    for row in rows:
        try:
            file = artifact.parse(row.file)
        except NotAnArtifact:
            others.add(row.file)
            continue
        new = Version(f"{file.project} {file.version}", [])
        versions.setdefault((file.project, file.version), new).files.append((row, file))
    return [versions[key] for key in sorted(versions)], others


def _signs(rows: Sequence[PlanRow]) -> dict[str, str]:
    """Return the sign of each action; the commonest has none, and of equals the one that does something."""
    numbers = Counter(row.action for row in rows)
    marks = {row.action: row.mark for row in rows}
    commonest = max(marks, key=lambda action: (marks[action] is Mark.PLAIN, numbers[action]), default="")
    return {action: "" if action == commonest else SIGNS[mark] for action, mark in marks.items()}


def _matrices(versions: Iterable[Version], signs: Mapping[str, str], width: int, *, whole: bool) -> list[Table]:
    parts = []
    for version in versions:
        sizes = [row.size for row, _ in version.files if row.size is not None]
        unit = unit_of(max(sizes, default=0))
        cells: dict[str, str] = {}
        blank = " " * any(signs[row.action] for row, _ in version.files)
        for row, file in version.files:
            size = UNKNOWN if row.size is None else size_in(unit, row.size)
            text = f"{size}{signs[row.action] or blank}"
            before = cells.get(file.label)
            mark = row.mark if row.mark is not Mark.PLAIN or before is None else getattr(before, "mark", Mark.PLAIN)
            cells[file.label] = Marked(f"{before.strip()}, {text}" if before else text, mark)
        total = f", {size_text(version.size)}" if sizes else ""
        corner = f"in {unit}" if sizes else ""
        parts += _plain_table([(f"{version.title}: {_kinds(file for _, file in version.files)}{total}",)])
        parts += grids.tables(cells, corner=corner, width=width, whole=whole)
    return parts


def _kinds(files: Iterable[Artifact]) -> str:
    """Return in words how many wheels and sdists there are."""
    files = list(files)
    wheels = sum(file.is_wheel for file in files)
    numbers = ((wheels, "wheel"), (len(files) - wheels, "sdist"))
    return ", ".join(count(number, noun) for number, noun in numbers if number)


def _missing(found: Sequence[str]) -> list[Table]:
    """Return the line that names the holes."""
    words = Marked(f"missing ({grids.HOLE})", Mark.DOUBTFUL)
    return _plain_table([(words, f"{count(found, 'wheel')}: {listed(found)}")] if found else [])


def _line_each(versions: Iterable[Version]) -> Table:
    """Return a line for each version, and for each action and reason in it; a file that stands alone by its tags."""
    lines = []
    for version in versions:
        alike: dict[tuple[str, Mark, str], list[tuple[PlanRow, Artifact]]] = {}
        for row, file in version.files:
            alike.setdefault((row.action, row.mark, row.why), []).append((row, file))
        for (action, mark, why), pairs in alike.items():
            sizes = [row.size for row, _ in pairs if row.size is not None]
            files = pairs[0][1].label if len(pairs) == 1 else _kinds(file for _, file in pairs)
            size = size_text(sum(sizes)) if sizes else ""
            lines.append([Marked(action, mark), version.title, size, files, why])
    columns = ("action", "version", "size", "files", "why")
    kept = [number for number, column in enumerate(columns) if column != "why" or any(line[number] for line in lines)]
    rows = [[line[number] for number in kept] for line in lines]
    return Table([columns[number] for number in kept], rows, [columns[number] == "size" for number in kept])


def _sums(rows: Sequence[PlanRow], signs: Mapping[str, str]) -> list[Sequence[str]]:
    """Return how many files and bytes each action is for, and its sign; and the sum of several."""
    actions: dict[str, list[PlanRow]] = {}
    for row in rows:
        actions.setdefault(row.action, []).append(row)
    sums = [
        _sum(Marked(action, alike[0].mark), alike, f"marked {signs[action]}" if signs.get(action) else "")
        for action, alike in actions.items()
    ]
    return [*sums, _sum("in all", rows, "")] if len(sums) > 1 else sums


def _sum(action: str, rows: Sequence[PlanRow], sign: str) -> Sequence[str]:
    sizes = [row.size for row in rows if row.size is not None]
    return (action, count(rows), size_text(sum(sizes)) if sizes else "", sign)


def _sources(rows: Iterable[PlanRow]) -> list[Sequence[str]]:
    """Return each source once, with the number of its files."""
    numbers = Counter(row.source for row in rows if row.source)
    return [(f"from {source}", count(number)) for source, number in numbers.items()]


def _plain_table(rows: Iterable[Sequence[str]]) -> list[Table]:
    """Return a table without a heading, and without columns that are empty; none where there are no rows."""
    rows = list(rows)
    kept = [number for number, column in enumerate(zip(*rows, strict=True)) if any(column)]
    cells = [[row[number] for number in kept] for row in rows]
    return [Table((), cells, [False] * len(kept))] if cells else []
