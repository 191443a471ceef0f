"""The one writer: a file is there whole or not at all, and what was there before stays where it fails."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from wheelhouse_tasks import files
from wheelhouse_tasks.errors import Failed

NAME = "plan.json"


@pytest.fixture(params=["new", "older file"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return where a file is written: nothing is there, or an older one."""
    path = tmp_path / NAME
    if request.param == "older file":
        path.write_bytes(b"old")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_file_appears_when_the_block_ends(target: Path) -> None:
    """Until then it has a hidden name beside its own, and what was there is there."""
    before = contents(target.parent)
    with files.whole(target) as part:
        part.write_bytes(b"new")
        hidden = {name for name in contents(target.parent) if name.startswith(".") and name.endswith(files.PART)}
        assert hidden == {part.name}
        assert {name: text for name, text in contents(target.parent).items() if name not in hidden} == before
    assert contents(target.parent) == {NAME: b"new"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Failed])
def test_block_that_fails_leaves_nothing(error: type[BaseException], target: Path) -> None:
    """Whatever ends the block, its error is raised as it is, and the folder is as before."""
    before = contents(target.parent)
    raised = error("x", "y")

    def fail() -> None:
        with files.whole(target) as part:
            part.write_bytes(b"half")
            raise raised

    with pytest.raises(error) as ended:
        fail()
    assert ended.value is raised
    assert contents(target.parent) == before


@pytest.mark.parametrize("step", ["fsync", "place"])
def test_disk_that_fails_leaves_nothing(step: str, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full when bytes come down to it is one error that names the target."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = contents(target.parent)
    if step == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    place = full if step == "place" else os.replace
    with pytest.raises(OSError, match="No space left"), files.part_of(target, place=place) as part:
        part.write_bytes(b"new")
    assert contents(target.parent) == before


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(lambda folder: folder.rmdir(), "No such file or directory", id="no folder"),
        pytest.param(lambda folder: (folder.rmdir(), folder.touch()), "Not a directory", id="folder is a file"),
        pytest.param(lambda folder: (folder / NAME).mkdir(), "Is a directory", id="target is a folder"),
    ],
)
def test_error_names_the_target(make: Callable[[Path], object], problem: str, tmp_path: Path) -> None:
    """Where nothing can be written, the error is one line with the name that the caller gave."""
    folder = tmp_path / "folder"
    folder.mkdir()
    make(folder)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Failed) as refused:
        files.write_text(folder / NAME, "text")
    assert str(refused.value) == f"{folder / NAME}: cannot be written: {problem}"
    assert sorted(tmp_path.rglob("*")) == before


def test_bytes_are_on_disk_before_the_name(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that loses its power never has the name without the bytes."""
    steps = []

    def sync(number: int) -> None:
        steps.append(("sync", os.fstat(number).st_size))

    def place(part: Path, path: Path) -> None:
        steps.append(("place", part.stat().st_size))
        part.replace(path)

    monkeypatch.setattr(os, "fsync", sync)
    with files.part_of(target, place=place) as part:
        part.write_bytes(b"new")
    assert steps == [("sync", 3), ("place", 3)]


def test_part_that_was_removed_is_not_made_again(target: Path) -> None:
    """After an interrupt has removed it, a thread that wakes up leaves nothing behind, and replaces nothing."""
    before, parts = contents(target.parent), files.Parts()

    def wake_up_late() -> None:
        with files.whole(target, parts):
            parts.end()

    with pytest.raises(Failed, match="cannot be written"):
        wake_up_late()
    assert contents(target.parent) == before
    with pytest.raises(Failed, match="interrupted"):
        wake_up_late()
    assert contents(target.parent) == before


def test_text_is_written_as_it_is(target: Path) -> None:
    """Texts are UTF-8 with the line ends that they have, on every system."""
    files.write_text(target, "dé\n🎡\r\n")
    assert contents(target.parent) == {NAME: "dé\n🎡\r\n".encode()}
