"""The upload of a release, with a package index that is none."""

from collections.abc import Collection
from pathlib import Path

import wheels
from packaging.version import Version

from wheelhouse_tasks.artifacts import dist
from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.publishing.release_plan import plan_release
from wheelhouse_tasks.publishing.upload import upload_plan
from wheelhouse_tasks.pypi.shown import Shown
from wheelhouse_tasks.ui import Silent


class Index:
    """A package index that shows each file at once."""

    is_pypi, label, timeout = False, "here", 1.0

    def __init__(self) -> None:
        self.files: dict[str, Shown] = {}

    def upload(self, file: LocalFile) -> None:
        """Store a file."""
        self.files[file.artifact.filename] = Shown("", {"sha256": file.sha256}, file.size)

    def shown(self, project: str, needed: Collection[str] = ()) -> dict[str, Shown]:
        """Return the files."""
        del project, needed
        return self.files


class Recorder(Silent):
    """A Ui that keeps the results and the notes."""

    def __init__(self) -> None:
        self.results: list[str] = []
        self.notes: list[str] = []

    def done(self, text: str) -> None:
        """Keep a result."""
        self.results.append(text)

    def note(self, text: str) -> None:
        """Keep a note."""
        self.notes.append(text)


def release(folder: Path, index: Index) -> Recorder:
    """Upload what is in a folder, and return what was printed."""
    files = [file for file in dist.examine(dist.scan(folder)[0], 1) if isinstance(file, LocalFile)]
    there = {name: file.digests for name, file in index.files.items()}
    plan = plan_release("demo", Version("1.0"), "here", {f.artifact.filename: (f, "dist") for f in files}, there)
    ui = Recorder()
    upload_plan(plan, index, 0, ui, lambda _: None)  # type: ignore[arg-type]
    return ui


def test_what_was_done_is_a_result(tmp_path: Path) -> None:
    """Each file that was uploaded, and the release that is complete, are results; what goes on meanwhile is a note."""
    wheel, index = wheels.make_wheel(tmp_path), Index()
    first = release(tmp_path, index)
    assert [text.partition(" (")[0] for text in first.results] == [
        f"uploaded {wheel.name}",
        "here shows all 1 file of demo 1.0, sha256 compared",
    ]
    assert first.notes == ["waiting until here shows them"]
    again = release(tmp_path, index)
    assert (again.results, again.notes) == (["here already shows all 1 file of demo 1.0"], [])
