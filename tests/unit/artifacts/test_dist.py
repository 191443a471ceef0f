"""The folder of artifacts: what is taken from it, and that files appear in it whole or not at all."""

import contextlib
import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import wheels

from wheelhouse_tasks import files
from wheelhouse_tasks.artifacts import artifact, dist, metadata, saving
from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
from wheelhouse_tasks.errors import (
    BadArtifact,
    BadArtifacts,
    Conflict,
    DigestMismatch,
    Failed,
    NothingToDo,
    UsageError,
    WebError,
    WheelhouseError,
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
    """Case 14: a folder gives its artifacts by name, and every other file with a reason."""
    wheel, sdist = wheels.make_wheel(tmp_path), wheels.make_sdist(tmp_path)
    others = ["demo-1.0.exe", "demo-1.0.tar.bz2", f"{WHEEL}.asc", f".{'0' * 16}.part", "metadata.json", ".DS_Store"]
    for name in others:
        (tmp_path / name).touch()
    found, passed = dist.scan(tmp_path)
    assert found == [(wheel, artifact.parse(WHEEL)), (sdist, artifact.parse(SDIST))]
    assert passed == [Skipped(name, "not a wheel (.whl) or an sdist (.tar.gz, .zip)") for name in sorted(others)]


def test_scan_of_an_empty_folder(tmp_path: Path) -> None:
    """Case 13: an empty folder has no artifacts; whether that is an error is for the command to say."""
    assert dist.scan(tmp_path) == ([], [])


def test_scan_of_a_folder_that_is_missing(tmp_path: Path) -> None:
    """Case 13: a missing folder is nothing to do, with the remedy."""
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
    """Case 12: a link to outside, a folder or a fifo called like a wheel is passed over, and nothing hangs."""
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
    """Case 4: a name that is not UTF-8 is passed over."""
    (tmp_path / os.fsdecode(b"\xff-1.0.tar.gz")).touch()
    assert skipped(tmp_path) == {"\udcff-1.0.tar.gz": "holds characters that no artifact name has"}


@pytest.mark.parametrize("workers", [1, 4])
def test_read(workers: int, tmp_path: Path) -> None:
    """Files are checked and hashed, in the order given."""
    paths = [wheels.make_sdist(tmp_path), wheels.make_wheel(tmp_path, payload=bytes(3 << 20))]
    expected = [
        LocalFile(
            path,
            artifact.parse(path.name),
            metadata.read(path, artifact.parse(path.name)),
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
            hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest(),
        )
        for path in paths
    ]
    assert dist.read([(path, artifact.parse(path.name)) for path in paths], workers) == expected


def test_read_nothing() -> None:
    """No files give no files."""
    assert dist.read([], 4) == []


def test_read_one_bad_file(tmp_path: Path) -> None:
    """One bad file is told as it is (case 19)."""
    wheels.make_sdist(tmp_path)
    (tmp_path / WHEEL).write_text("<html>")
    with pytest.raises(BadArtifact) as refused:
        dist.read(dist.scan(tmp_path)[0], 2)
    assert str(refused.value) == f"{WHEEL}: the archive is damaged: File is not a zip file"


def test_read_several_bad_files(tmp_path: Path) -> None:
    """Every finding is told in one go, in the order of the files: bad, gone and good ones (case 68)."""
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


@pytest.mark.parametrize("size", [0, 1, dist.BLOCK, dist.BLOCK + 1])
def test_digests(size: int, tmp_path: Path) -> None:
    """Digests and size are those of the whole file, whatever its size."""
    (tmp_path / "x").write_bytes(b"x" * size)
    content = b"x" * size
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert dist.digests(tmp_path / "x") == (hashlib.sha256(content).hexdigest(), md5, size)


def test_present(tmp_path: Path) -> None:
    """The digests are told of those of the names that are there (case 43)."""
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
    """What is no file of the folder is in the way of one, and nothing hangs (cases 12, 44)."""
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


def contents(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder, hidden files too."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the bytes of a good wheel."""
    return wheels.make_wheel(tmp_path_factory.mktemp("good")).read_bytes()


@pytest.fixture(params=[None, b"older"], ids=["new", "older file there"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, bytes]:
    """Put a file where another is going to be saved, or none; return what is in the folder."""
    if request.param:
        (tmp_path / WHEEL).write_bytes(request.param)
    return contents(tmp_path)


@pytest.mark.parametrize("digest", [True, False], ids=["digest", "no digest"])
@pytest.mark.usefixtures("before")
def test_save(digest: bool, good: bytes, tmp_path: Path) -> None:
    """A file is there under its name with its bytes, replaces an older one, and leaves nothing beside it (case 39)."""
    sha256 = hashlib.sha256(good).hexdigest() if digest else None
    blocks = [good[:10], b"", good[10:]]
    assert saving.save(blocks, tmp_path / WHEEL, NAMED, sha256) == len(good)
    assert contents(tmp_path) == {WHEEL: good}


def test_save_heeds_the_digest_only(tmp_path: Path) -> None:
    """Where a digest is promised it decides: fetching is no judgement of what was published."""
    sha256 = hashlib.sha256(b"no archive").hexdigest()
    saving.save([b"no archive"], tmp_path / WHEEL, NAMED, sha256)
    assert contents(tmp_path) == {WHEEL: b"no archive"}


def test_save_shows_nothing_before_it_is_whole(good: bytes, before: dict[str, bytes], tmp_path: Path) -> None:
    """While a file is written it has a hidden name that no scan takes for an artifact (case 39)."""
    seen: list[dict[str, bytes]] = []

    def blocks() -> Iterator[bytes]:
        yield good[:10]
        seen.append(contents(tmp_path))
        assert scanned(tmp_path) == list(before)
        yield good[10:]

    saving.save(blocks(), tmp_path / WHEEL, NAMED, hashlib.sha256(good).hexdigest())
    [hidden] = seen[0].keys() - {WHEEL}
    assert hidden.startswith(".")
    assert hidden.endswith(".part")
    assert seen[0].get(WHEEL) == before.get(WHEEL)


def breaking(error: BaseException) -> Callable[[bytes], Iterator[bytes]]:
    """Return blocks that end in an error."""

    def blocks(good: bytes) -> Iterator[bytes]:
        yield good[:10]
        raise error

    return blocks


ZEROS = "0" * 64


@pytest.mark.parametrize(
    ("blocks", "sha256", "kind"),
    [
        pytest.param(breaking(WebError("h", "reset")), ZEROS, WebError, id="39 download fails"),
        pytest.param(breaking(KeyboardInterrupt()), ZEROS, KeyboardInterrupt, id="48 Ctrl-C"),
        pytest.param(breaking(OSError(errno.ENOSPC, "No space left on device")), ZEROS, Failed, id="44 disk full"),
        pytest.param(lambda good: [good], ZEROS, DigestMismatch, id="41 other digest"),
        pytest.param(lambda good: [good[:-1]], None, BadArtifact, id="39 cut off, no digest"),
        pytest.param(lambda _: [b"<html>please log in</html>"], None, BadArtifact, id="35 HTML, no digest"),
        pytest.param(lambda _: [], None, BadArtifact, id="19 nothing, no digest"),
        pytest.param(lambda _: [], ZEROS, DigestMismatch, id="19 nothing"),
    ],
)
def test_save_nothing(
    blocks: Callable[[bytes], Iterator[bytes]],
    sha256: str | None,
    kind: type[BaseException],
    good: bytes,
    before: dict[str, bytes],
    tmp_path: Path,
) -> None:
    """Whatever goes wrong, no trace of the new file is left and an older one stays (cases 19, 39, 41, 44, 48)."""
    with pytest.raises(kind) as raised:
        saving.save(blocks(good), tmp_path / WHEEL, NAMED, sha256)
    assert type(raised.value) is kind
    assert contents(tmp_path) == before


def test_save_tells_both_digests(tmp_path: Path) -> None:
    """A wrong digest is told beside the expected one (case 41)."""
    with pytest.raises(DigestMismatch) as refused:
        saving.save([b"x"], tmp_path / WHEEL, NAMED, ZEROS)
    got = hashlib.sha256(b"x").hexdigest()
    assert str(refused.value) == f"{WHEEL}: sha256 is {got}, expected {ZEROS} (the file was not kept)"


@pytest.mark.parametrize("digest", [True, False], ids=["digest", "no digest"])
def test_save_of_another_project(digest: bool, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a digest, a file must say what its name says (case 22)."""
    other = wheels.make_wheel(tmp_path_factory.mktemp("other"), "other").read_bytes()
    if digest:
        saving.save([other], tmp_path / WHEEL, NAMED, hashlib.sha256(other).hexdigest())
    else:
        with pytest.raises(BadArtifact, match="belongs to another project or version"):
            saving.save([other], tmp_path / WHEEL, NAMED, None)
    assert list(contents(tmp_path)) == ([WHEEL] if digest else [])


def target_is_a_folder(target: Path) -> None:
    """Put a folder with a file where the target should be."""
    target.mkdir()
    (target / "kept").touch()


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(target_is_a_folder, "is a folder", id="target is a folder"),
        pytest.param(
            lambda target: target.parent.rmdir(), "cannot be written: No such file or directory", id="no folder"
        ),
        pytest.param(
            lambda target: (target.parent.rmdir(), target.parent.touch()),
            "cannot be written: Not a directory",
            id="folder is a file",
        ),
    ],
)
def test_save_where_it_cannot_be(make: Callable[[Path], object], problem: str, good: bytes, tmp_path: Path) -> None:
    """A target that cannot be written is one line that names it, and what is there stays (case 44)."""
    target = tmp_path / "dist" / WHEEL
    target.parent.mkdir()
    make(target)
    kept = sorted(tmp_path.rglob("*"))
    with pytest.raises(WheelhouseError) as refused:
        saving.save([good], target, NAMED, hashlib.sha256(good).hexdigest())
    assert str(refused.value) == f"{target}: {problem}"
    assert sorted(tmp_path.rglob("*")) == kept


def test_save_does_not_follow_links(good: bytes, tmp_path: Path) -> None:
    """Case 12: a link in the target's place is replaced, and what it leads to is left alone."""
    outside, folder = tmp_path / "outside", tmp_path / "dist"
    outside.write_bytes(b"precious")
    folder.mkdir()
    (folder / WHEEL).symlink_to(outside)
    saving.save([good], folder / WHEEL, NAMED, hashlib.sha256(good).hexdigest())
    assert outside.read_bytes() == b"precious"
    assert not (folder / WHEEL).is_symlink()
    assert contents(folder) == {WHEEL: good}


def test_save_takes_the_longest_names(good: bytes, tmp_path: Path) -> None:
    """Case 9: a name as long as names may be can be saved: the hidden one does not grow with it."""
    name = WHEEL.replace("demo", "demo".rjust(artifact.NAME_LIMIT - len(WHEEL) + 4, "a"))
    saving.save([good], tmp_path / name, artifact.parse(name), hashlib.sha256(good).hexdigest())
    assert contents(tmp_path) == {name: good}


@pytest.mark.parametrize("digest", [True, False], ids=["digest", "no digest"])
def test_save_takes_no_more_than_was_promised(digest: bool, before: dict[str, bytes], tmp_path: Path) -> None:
    """A file that grows beyond its promised size is given up at once: the server may never end (case 45)."""

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1000)

    with pytest.raises(Failed) as refused:
        saving.save(endless(), tmp_path / WHEEL, NAMED, ZEROS if digest else None, size=5000)
    assert str(refused.value) == f"{WHEEL}: is longer than the 5000 bytes that its index promises"
    assert contents(tmp_path) == before


def test_save_of_the_promised_size(good: bytes, tmp_path: Path) -> None:
    """A file of exactly the promised size is kept."""
    assert saving.save([good], tmp_path / WHEEL, NAMED, None, size=len(good)) == len(good)


def test_save_beside_an_older_file(good: bytes, before: dict[str, bytes], tmp_path: Path) -> None:
    """A file that must not be replaced stays, unless the new one is the same (case 43)."""
    if before:
        with pytest.raises(Conflict) as refused:
            saving.save([good], tmp_path / WHEEL, NAMED, None, replace=False)
        message = f"{tmp_path / WHEEL}: is there with other bytes than were fetched (remove it)"
        assert str(refused.value) == message
        assert contents(tmp_path) == before
    else:
        for _ in range(2):
            saving.save([good], tmp_path / WHEEL, NAMED, None, replace=False)
            assert contents(tmp_path) == {WHEEL: good}


def test_interrupted_parts(tmp_path: Path, good: bytes) -> None:
    """What this run left half-written is removed, what another one writes is not, and no more is made (case 48)."""
    others = {WHEEL: good, f".00{files.PART}": b"x", "demo.part": b"x"}
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
    parts = files.Parts()

    def interrupted() -> Iterator[bytes]:
        yield good
        assert len(contents(tmp_path)) == len(others) + 1
        parts.end()
        assert contents(tmp_path) == others
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        saving.save(interrupted(), tmp_path / SDIST, NAMED, None, parts=parts)
    with pytest.raises(Failed, match="interrupted"):
        saving.save(interrupted(), tmp_path / SDIST, NAMED, None, parts=parts)
    assert contents(tmp_path) == others


def test_parts_made_while_others_are_removed(tmp_path: Path) -> None:
    """However the threads are timed, nothing is left once the parts have ended (case 48)."""
    parts, begun = files.Parts(), threading.Barrier(9)

    def make() -> None:
        begun.wait()
        with contextlib.suppress(Failed):
            while True:
                with contextlib.suppress(DigestMismatch):
                    saving.save([b"x"], tmp_path / WHEEL, NAMED, ZEROS, parts=parts)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    begun.wait()
    time.sleep(0.05)
    parts.end()
    for thread in threads:
        thread.join()
    assert contents(tmp_path) == {}
