"""The folder of artifacts: what is taken from it, and what is passed over."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import wheels

from wheelhouse_tasks.artifacts import artifact, dist, halves, metadata
from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import (
    BadArtifact,
    BadArtifacts,
    Failed,
    NothingToDo,
    UsageError,
)

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
NAMED = artifact.parse(WHEEL)


def scanned(folder: Path) -> list[str]:
    """Return the names of the artifacts in a folder."""
    return [said.filename for _, said in dist.scan(folder)[0]]


def skipped(folder: Path) -> dict[str, str]:
    """Return why files in a folder are passed over."""
    return {each.name: each.reason for each in dist.scan(folder)[1]}


def lock(path: Path) -> None:
    """Take away every right to a file or folder; skip the test for a user whom that does not stop."""
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


def test_scan(tmp_path: Path) -> None:
    """A folder gives its artifacts by name, and every other file with a reason, but for those that a fetch left."""
    wheel, sdist = wheels.make_wheel(tmp_path), wheels.make_sdist(tmp_path)
    others = ["demo-1.0.exe", "demo-1.0.tar.bz2", f"{WHEEL}.asc", "demo.part", "metadata.json", ".DS_Store"]
    for name in others:
        (tmp_path / name).touch()
    for hidden in (f".{'0' * 16}.part", halves.half_name(WHEEL, "0" * 64)):
        (tmp_path / hidden).touch()
    found, passed = dist.scan(tmp_path)
    assert found == [(wheel, artifact.parse(WHEEL)), (sdist, artifact.parse(SDIST))]
    assert passed == [Skipped(name, "not a wheel (.whl) or an sdist (.tar.gz, .zip)") for name in sorted(others)]


def test_scan_of_an_empty_folder(tmp_path: Path) -> None:
    """An empty folder has no artifacts; whether that is an error is for the command to say."""
    assert dist.scan(tmp_path) == ([], [])


def test_scan_of_a_folder_that_is_missing(tmp_path: Path) -> None:
    """A missing folder is nothing to do, with the remedy."""
    with pytest.raises(NothingToDo) as refused:
        dist.scan(tmp_path / "dist")
    assert str(refused.value) == (
        f"{tmp_path / 'dist'}: there is no such folder (build the project first, or use --local-folder)"
    )


def test_scan_of_a_file(tmp_path: Path) -> None:
    """A file where the folder should be is a usage error."""
    (tmp_path / "dist").touch()
    with pytest.raises(UsageError, match="cannot be read as a folder: Not a directory"):
        dist.scan(tmp_path / "dist")


def test_scan_of_a_locked_folder(tmp_path: Path) -> None:
    """A folder that may not be read is a usage error."""
    lock(tmp_path)
    with pytest.raises(UsageError, match="cannot be read as a folder: Permission denied"):
        dist.scan(tmp_path)


def link_outside(path: Path) -> None:
    """Link to a wheel beside the folder."""
    (path.parent.parent / "outside").mkdir()
    path.symlink_to(wheels.make_wheel(path.parent.parent / "outside"))


def link_above(path: Path) -> None:
    """Link to a wheel beside the folder by a relative path."""
    wheels.make_wheel(path.parent.parent)
    path.symlink_to(f"../{path.name}")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(link_outside, "a link to outside the folder", id="link to outside"),
        pytest.param(link_above, "a link to outside the folder", id="relative link to outside"),
        pytest.param(
            lambda path: path.symlink_to("/nowhere/x.whl"), "a link to outside the folder", id="broken, outside"
        ),
        pytest.param(lambda path: path.symlink_to("nowhere.whl"), "not a regular file", id="broken link"),
        pytest.param(lambda path: path.symlink_to("."), "not a regular file", id="link to the folder"),
        pytest.param(lambda path: path.symlink_to(path.name), "not a regular file", id="link to itself"),
        pytest.param(lambda path: path.mkdir(), "not a regular file", id="folder"),
        pytest.param(os.mkfifo, "not a regular file", id="fifo"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "a link to outside the folder", id="device"),
    ],
)
def test_scan_passes_over_what_is_no_file(make: Callable[[Path], object], reason: str, tmp_path: Path) -> None:
    """A link to outside, a folder or a fifo called like a wheel is passed over, and nothing hangs."""
    folder = tmp_path / "dist"
    folder.mkdir()
    make(folder / WHEEL)
    (folder / SDIST).touch()
    assert skipped(folder) == {WHEEL: reason}
    assert scanned(folder) == [SDIST]


def test_scan_takes_links_within(tmp_path: Path) -> None:
    """A link to a file in the folder is a file of it, also where the folder itself is reached by a link."""
    folder = tmp_path / "real" / "dist"
    folder.mkdir(parents=True)
    wheels.make_wheel(folder).rename(folder / "stored")
    (folder / WHEEL).symlink_to("stored")
    (tmp_path / "dist").symlink_to(folder)
    assert scanned(folder) == scanned(tmp_path / "dist") == [WHEEL]


def test_scan_of_a_name_that_is_no_text(tmp_path: Path) -> None:
    """A name that is not UTF-8 is passed over."""
    (tmp_path / os.fsdecode(b"\xff-1.0.tar.gz")).touch()
    assert skipped(tmp_path) == {"\udcff-1.0.tar.gz": "holds characters that no artifact name has"}


@pytest.mark.parametrize("large", [dist.LARGE, 0])
@pytest.mark.parametrize("workers", [1, 4])
def test_read(workers: int, large: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are checked and hashed, in the order given, large ones in a thread of their own."""
    monkeypatch.setattr(dist, "LARGE", large)
    paths = [wheels.make_sdist(tmp_path), wheels.make_wheel(tmp_path, payload=bytes(3 << 20))]
    expected = [
        LocalFile(
            path,
            artifact.parse(path.name),
            metadata.read(path, artifact.parse(path.name)),
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in paths
    ]
    assert dist.read([(path, artifact.parse(path.name)) for path in paths], workers) == expected


def test_read_nothing() -> None:
    """No files give no files."""
    assert dist.read([], 4) == []


def test_read_one_bad_file(tmp_path: Path) -> None:
    """One bad file is told as it is."""
    wheels.make_sdist(tmp_path)
    (tmp_path / WHEEL).write_text("<html>")
    with pytest.raises(BadArtifact) as refused:
        dist.read(dist.scan(tmp_path)[0], 2)
    assert str(refused.value) == f"{WHEEL}: the archive is damaged: File is not a zip file"


def test_read_several_bad_files(tmp_path: Path) -> None:
    """Every finding is told in one go, in the order of the files: bad, gone and good ones."""
    for name in ("demo-1.0.zip", WHEEL):
        (tmp_path / name).write_text("<html>")
    wheels.make_sdist(tmp_path)
    files = dist.scan(tmp_path)[0]
    files.append((tmp_path / "demo-2.0.zip", artifact.parse("demo-2.0.zip")))
    with pytest.raises(BadArtifacts) as refused:
        dist.read(files, 2)
    assert str(refused.value) == (
        f"{WHEEL}: the archive is damaged: File is not a zip file; "
        "demo-1.0.zip: the archive is damaged: File is not a zip file; "
        "demo-2.0.zip: cannot be read: No such file or directory"
    )


def test_read_a_locked_file(tmp_path: Path) -> None:
    """A file that may not be read is a finding like any other."""
    lock(wheels.make_wheel(tmp_path))
    with pytest.raises(BadArtifact, match=f"{WHEEL}: cannot be read: Permission denied"):
        dist.read(dist.scan(tmp_path)[0], 1)


def test_large_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file has the same findings as a small one: damaged, or gone since the folder was read."""
    monkeypatch.setattr(dist, "LARGE", 0)
    path = wheels.make_wheel(tmp_path)
    [found] = dist.scan(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-30])
    assert isinstance(dist.examine([found], 1)[0], BadArtifact)
    path.unlink()
    [gone] = dist.examine([found], 1)
    assert str(gone).startswith(f"{path.name}: cannot be read: No such file")


@pytest.mark.parametrize("size", [0, 1, BLOCK, BLOCK + 1])
def test_sha256_and_size(size: int, tmp_path: Path) -> None:
    """Both are those of the whole file, whatever its size."""
    (tmp_path / "x").write_bytes(b"x" * size)
    content = b"x" * size
    assert dist.sha256_and_size(tmp_path / "x") == (hashlib.sha256(content).hexdigest(), size)


def test_present(tmp_path: Path) -> None:
    """The digests are told of those of the names that are there."""
    (tmp_path / WHEEL).write_bytes(b"x")
    (tmp_path / "other.txt").write_bytes(b"y")
    assert dist.present(tmp_path, [WHEEL, SDIST]) == {WHEEL: hashlib.sha256(b"x").hexdigest()}
    assert dist.present(tmp_path / "missing", [WHEEL]) == {}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(link_outside, "is a link to outside the folder", id="link to outside"),
        pytest.param(lambda path: path.symlink_to("nowhere"), "is not a regular file", id="broken link"),
        pytest.param(lambda path: path.mkdir(), "is not a regular file", id="folder"),
        pytest.param(os.mkfifo, "is not a regular file", id="fifo"),
    ],
)
def test_present_as_something_else(make: Callable[[Path], object], reason: str, tmp_path: Path) -> None:
    """What is no file of the folder is in the way of one, and nothing hangs."""
    folder = tmp_path / "dist"
    folder.mkdir()
    make(folder / WHEEL)
    with pytest.raises(Failed) as refused:
        dist.present(folder, [WHEEL])
    assert str(refused.value) == f"{folder / WHEEL}: {reason} (remove it)"


def test_present_but_locked(tmp_path: Path) -> None:
    """A file that may not be read cannot be compared."""
    lock(wheels.make_wheel(tmp_path))
    with pytest.raises(Failed, match="cannot be read: Permission denied"):
        dist.present(tmp_path, [WHEEL])
