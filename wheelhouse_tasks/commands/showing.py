"""Plans as tables: what a command does with each file, the same way in every command."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wheelhouse_tasks.text import size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheelhouse_tasks.ui import Ui

#: As many digits of a sha256 as a person compares.
DIGITS = 12


class Row(NamedTuple):
    """One file of a plan."""

    action: str
    #: Bytes; None where nobody knows them.
    size: int | None
    sha256: str | None
    #: Where the file comes from; "" where that is the same for every file.
    source: str
    file: str


def show_plan(ui: Ui, title: str, rows: Sequence[Row]) -> None:
    """Show a plan; the column of sources is left out where no row names one."""
    sourced = any(row.source for row in rows)
    ui.table(
        title,
        ("action", "size", "sha256", *(["source"] if sourced else []), "file"),
        [
            (
                row.action,
                "" if row.size is None else size_text(row.size),
                (row.sha256 or "none")[:DIGITS],
                *([row.source] if sourced else []),
                row.file,
            )
            for row in rows
        ],
    )
