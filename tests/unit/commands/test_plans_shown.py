"""What a command is about to do is shown as a plan, the same way in every command, before anything changes."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import wheels

from wheelhouse_tasks.commands.fetch import fetch
from wheelhouse_tasks.commands.maintain import index, prune, remove, unyank, yank
from wheelhouse_tasks.commands.promote import promote
from wheelhouse_tasks.commands.upload import upload
from wheelhouse_tasks.settings.resolve import Settings, resolve
from wheelhouse_tasks.ui import DRY_RUN, Mark, PlanRow, Silent, Ui

OLD, NEW = "demo-1.0.dev1-py3-none-any.whl", "demo-1.0.dev2-py3-none-any.whl"
STRAY = "demo-0.9-py3-none-any.whl"


def tree(root: Path) -> dict[str, str]:
    """Return the sha256 of every file below a folder, by path."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


class Recorder(Silent):
    """A Ui that keeps the plans, with what was in the folder when each was shown, and the results in words."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.plans: list[tuple[str, list[PlanRow], dict[str, str]]] = []
        self.results: list[str] = []

    def plan(self, title: str, rows: Iterable[PlanRow], *, whole: bool = False) -> None:  # noqa: ARG002
        """Keep a plan."""
        self.plans.append((title, list(rows), tree(self.root)))

    def done(self, text: str) -> None:
        """Keep a result."""
        self.results.append(text)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a project whose container has two development builds, and a wheel at its root."""
    (tmp_path / "dist").mkdir()
    for version in ("1.0.dev1", "1.0.dev2"):
        wheels.make_wheel(tmp_path / "dist", version=version)
    settings = resolve({}, {}, {"project": "demo", "container": "store", "keep": 1, "stamp": False}, tmp_path)
    upload(settings)
    wheels.make_wheel(tmp_path / "store", version="0.9")
    return settings


Command = Callable[[Settings, Ui, bool], object]
COMMANDS = {
    "upload": lambda settings, ui, dry: upload(settings, ui, dry_run=dry),
    "fetch": lambda settings, ui, dry: fetch(settings, ui, dry_run=dry),
    "promote": lambda settings, ui, dry: promote(settings, ui, version="1.0.dev1", to="other", dry_run=dry),
    "yank": lambda settings, ui, dry: yank(settings, ui, version="1.0.dev1", dry_run=dry),
    "unyank": lambda settings, ui, dry: unyank(settings, ui, version="1.0.dev1", dry_run=dry),
    "remove": lambda settings, ui, dry: remove(settings, ui, version="1.0.dev1", dry_run=dry),
    "prune": lambda settings, ui, dry: prune(settings, ui, dry_run=dry),
    "index": lambda settings, ui, dry: index(settings, ui, adopt=True, dry_run=dry),
}
EXPECTED = {
    "upload": ("Upload to ", [("already there", OLD), ("already there", NEW)]),
    "fetch": ("Fetch from ", [("already there", OLD), ("already there", NEW)]),
    "promote": ("Promote to ", [("copy", OLD)]),
    "yank": ("Yank in ", [("yank", OLD)]),
    "unyank": ("Unyank in ", [("unyank", OLD)]),
    "remove": ("Remove in ", [("remove", OLD)]),
    "prune": ("Retire in ", [("retire", OLD)]),
    "index": ("Adopt in ", [("adopt", STRAY)]),
}


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry run", "run"])
@pytest.mark.parametrize("name", COMMANDS)
def test_plan_is_shown_before_anything_changes(name: str, dry_run: bool, settings: Settings, tmp_path: Path) -> None:
    """One plan names each file with what is done to it; at that moment, and after a dry run, all is as it was."""
    ui, before = Recorder(tmp_path), tree(tmp_path)
    command: Command = COMMANDS[name]
    command(settings, ui, dry_run)
    [(title, rows, meanwhile)] = ui.plans
    start, actions = EXPECTED[name]
    assert title.startswith(start)
    assert sorted((row.action, row.file) for row in rows) == sorted(actions)
    assert meanwhile == before
    assert ui.results[-1:] == [DRY_RUN] if dry_run else DRY_RUN not in ui.results
    if dry_run:
        assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["yank", "unyank", "remove", "prune"])
def test_plan_has_what_is_known_of_a_file(name: str, settings: Settings, tmp_path: Path) -> None:
    """Its size and sha256 are those of the container."""
    ui, wheel = Recorder(tmp_path), tmp_path / "dist" / OLD
    command: Command = COMMANDS[name]
    command(settings, ui, True)
    [(_, [row], _)] = ui.plans
    assert (row.size, row.sha256) == (wheel.stat().st_size, tree(tmp_path)[f"dist/{OLD}"])


def test_marks_end_with_what_was_done(settings: Settings, tmp_path: Path) -> None:
    """A yank, and its end, say how many files they were done to."""
    ui = Recorder(tmp_path)
    yank(settings, ui, version="1.0.dev1")
    unyank(settings, ui, version="1.0.dev1")
    assert ui.results == ["1 file yanked", "1 file no longer yanked"]


MARKED: dict[str, Command] = {
    "fetch": lambda settings, ui, dry: fetch(settings, ui, force=True, dry_run=dry),
    "upload": lambda settings, ui, dry: upload(settings, ui, overwrite=True, dry_run=dry),
}


@pytest.mark.parametrize("name", MARKED)
def test_what_is_replaced_is_marked(name: str, settings: Settings, tmp_path: Path) -> None:
    """A file that takes the place of other bytes is marked as such, and one that is there as settled."""
    wheels.make_wheel(tmp_path / "dist", version="1.0.dev1", payload=b"other")
    ui = Recorder(tmp_path)
    MARKED[name](settings, ui, True)
    [(_, rows, _)] = ui.plans
    assert {(row.file, row.action, row.mark) for row in rows} == {
        (OLD, "replace" if name == "fetch" else "replace (older version)", Mark.DIFFERENT),
        (NEW, "already there", Mark.SETTLED),
    }
