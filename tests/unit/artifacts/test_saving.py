"""An artifact that comes in is there under its name whole and verified, or not at all."""

import contextlib
import errno
import gzip
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import wheels

from wheelhouse_tasks import files
from wheelhouse_tasks.artifacts import artifact, dist, halves, saving
from wheelhouse_tasks.errors import (
    BadArtifact,
    Conflict,
    DigestMismatch,
    Failed,
    WebError,
    WheelhouseError,
)

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
NAMED = artifact.parse(WHEEL)


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
    """A file is there under its name with its bytes, replaces an older one, and leaves nothing beside it."""
    sha256 = hashlib.sha256(good).hexdigest() if digest else None
    blocks = [good[:10], b"", good[10:]]
    assert saving.save(lambda _: blocks, tmp_path / WHEEL, NAMED, sha256) == len(good)
    assert contents(tmp_path) == {WHEEL: good}


def test_save_heeds_the_digest_only(tmp_path: Path) -> None:
    """Where a digest is promised it decides: fetching is no judgement of what was published."""
    sha256 = hashlib.sha256(b"no archive").hexdigest()
    saving.save(lambda _: [b"no archive"], tmp_path / WHEEL, NAMED, sha256)
    assert contents(tmp_path) == {WHEEL: b"no archive"}


def test_save_shows_nothing_before_it_is_whole(good: bytes, before: dict[str, bytes], tmp_path: Path) -> None:
    """While a file is written it has a hidden name that no scan takes for an artifact."""
    seen: list[dict[str, bytes]] = []

    def blocks() -> Iterator[bytes]:
        yield good[:10]
        seen.append(contents(tmp_path))
        assert [named.filename for _, named in dist.scan(tmp_path)[0]] == list(before)
        yield good[10:]

    saving.save(lambda _: blocks(), tmp_path / WHEEL, NAMED, hashlib.sha256(good).hexdigest())
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
    """Whatever goes wrong, no trace of the new file is left and an older one stays."""
    with pytest.raises(kind) as raised:
        saving.save(lambda _: blocks(good), tmp_path / WHEEL, NAMED, sha256)
    assert type(raised.value) is kind
    assert contents(tmp_path) == before


def test_save_tells_both_digests(tmp_path: Path) -> None:
    """A wrong digest is told beside the expected one."""
    with pytest.raises(DigestMismatch) as refused:
        saving.save(lambda _: [b"x"], tmp_path / WHEEL, NAMED, ZEROS)
    got = hashlib.sha256(b"x").hexdigest()
    assert str(refused.value) == f"{WHEEL}: sha256 is {got}, expected {ZEROS} (the file was not kept)"


@pytest.mark.parametrize("digest", [True, False], ids=["digest", "no digest"])
def test_save_of_another_project(digest: bool, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a digest, a file must say what its name says."""
    other = wheels.make_wheel(tmp_path_factory.mktemp("other"), "other").read_bytes()
    if digest:
        saving.save(lambda _: [other], tmp_path / WHEEL, NAMED, hashlib.sha256(other).hexdigest())
    else:
        with pytest.raises(BadArtifact, match="belongs to another project or version"):
            saving.save(lambda _: [other], tmp_path / WHEEL, NAMED, None)
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
    """A target that cannot be written is one line that names it, and what is there stays."""
    target = tmp_path / "dist" / WHEEL
    target.parent.mkdir()
    make(target)
    kept = sorted(tmp_path.rglob("*"))
    with pytest.raises(WheelhouseError) as refused:
        saving.save(lambda _: [good], target, NAMED, hashlib.sha256(good).hexdigest())
    assert str(refused.value) == f"{target}: {problem}"
    assert sorted(tmp_path.rglob("*")) == kept


def test_save_of_a_packed_file_on_a_full_disk(
    good: bytes, before: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the bytes are unpacked, an error names the file that was asked for, and no hidden one."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failed) as refused:
        saving.save(lambda _: [gzip.compress(good)], tmp_path / WHEEL, NAMED, hashlib.sha256(good).hexdigest())
    assert str(refused.value) == f"{tmp_path / WHEEL}: cannot be written: No space left on device"
    assert contents(tmp_path) == before


def test_save_does_not_follow_links(good: bytes, tmp_path: Path) -> None:
    """A link in the target's place is replaced, and what it leads to is left alone."""
    outside, folder = tmp_path / "outside", tmp_path / "dist"
    outside.write_bytes(b"precious")
    folder.mkdir()
    (folder / WHEEL).symlink_to(outside)
    saving.save(lambda _: [good], folder / WHEEL, NAMED, hashlib.sha256(good).hexdigest())
    assert outside.read_bytes() == b"precious"
    assert not (folder / WHEEL).is_symlink()
    assert contents(folder) == {WHEEL: good}


def test_save_takes_the_longest_names(good: bytes, tmp_path: Path) -> None:
    """A name as long as names may be can be saved: the hidden one does not grow with it."""
    name = WHEEL.replace("demo", "demo".rjust(artifact.NAME_LIMIT - len(WHEEL) + 4, "a"))
    saving.save(lambda _: [good], tmp_path / name, artifact.parse(name), hashlib.sha256(good).hexdigest())
    assert contents(tmp_path) == {name: good}


@pytest.mark.parametrize("digest", [True, False], ids=["digest", "no digest"])
def test_save_takes_no_more_than_was_promised(digest: bool, before: dict[str, bytes], tmp_path: Path) -> None:
    """A file that grows beyond its promised size is given up at once: the server may never end."""

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1000)

    with pytest.raises(Failed) as refused:
        saving.save(lambda _: endless(), tmp_path / WHEEL, NAMED, ZEROS if digest else None, size=5000)
    assert str(refused.value) == f"{WHEEL}: is longer than the 5000 bytes that its page promises"
    assert contents(tmp_path) == before


def test_save_of_the_promised_size(good: bytes, tmp_path: Path) -> None:
    """A file of exactly the promised size is kept."""
    assert saving.save(lambda _: [good], tmp_path / WHEEL, NAMED, None, size=len(good)) == len(good)


def test_save_beside_an_older_file(good: bytes, before: dict[str, bytes], tmp_path: Path) -> None:
    """A file that must not be replaced stays, unless the new one is the same."""
    if before:
        with pytest.raises(Conflict) as refused:
            saving.save(lambda _: [good], tmp_path / WHEEL, NAMED, None, replace=False)
        message = f"{tmp_path / WHEEL}: is there with other bytes than were fetched (remove it)"
        assert str(refused.value) == message
        assert contents(tmp_path) == before
    else:
        for _ in range(2):
            saving.save(lambda _: [good], tmp_path / WHEEL, NAMED, None, replace=False)
            assert contents(tmp_path) == {WHEEL: good}


def test_interrupted_parts(tmp_path: Path, good: bytes) -> None:
    """What this run left half-written is removed, what another one writes is not, and no more is made."""
    others = {WHEEL: good, f".00{files.PART}": b"x", "demo.part": b"x"}
    for name, content in others.items():
        (tmp_path / name).write_bytes(content)
    parts = halves.Halves()

    def interrupted() -> Iterator[bytes]:
        yield good
        assert len(contents(tmp_path)) == len(others) + 1
        parts.finish()
        assert contents(tmp_path) == others
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        saving.save(lambda _: interrupted(), tmp_path / SDIST, NAMED, None, parts=parts)
    with pytest.raises(Failed, match="interrupted"):
        saving.save(lambda _: interrupted(), tmp_path / SDIST, NAMED, None, parts=parts)
    assert contents(tmp_path) == others


@pytest.mark.parametrize("outlive", [False, True])
def test_parts_made_while_others_are_removed(outlive: bool, tmp_path: Path) -> None:
    """However the threads are timed, nothing is left once the parts have ended."""
    parts, begun = halves.Halves(outlive=outlive), threading.Barrier(9)

    def make() -> None:
        begun.wait()
        with contextlib.suppress(Failed):
            while True:
                with contextlib.suppress(DigestMismatch):
                    saving.save(lambda _: [b"x"], tmp_path / WHEEL, NAMED, ZEROS, parts=parts)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    begun.wait()
    time.sleep(0.05)
    parts.finish()
    for thread in threads:
        thread.join()
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        pytest.param(None, False, id="none"),
        pytest.param("of these bytes", True, id="one of these bytes"),
        pytest.param("of other bytes", False, id="one of other bytes"),
        pytest.param("none at all", False, id="no attestation"),
    ],
)
def test_save_attestation(there: str | None, kept: bool, tmp_path: Path) -> None:
    """An attestation is written beside its artifact, unless one of the same bytes lies there already."""
    wheel = wheels.make_wheel(tmp_path)
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    beside = wheels.attest(wheel)
    text = beside.read_bytes()
    beside.unlink()
    if there == "none at all":
        beside.write_bytes(b"{}")
    elif there:
        wheels.attest(wheel, sha256 if there == "of these bytes" else ZEROS)
        beside.write_bytes(beside.read_bytes() + b"\n")
    saving.save_attestation(text, wheel, sha256, files.Parts())
    assert contents(tmp_path) == {wheel.name: wheel.read_bytes(), beside.name: text + b"\n" * kept}


def test_save_attestation_of_other_bytes(tmp_path: Path) -> None:
    """An attestation that is of something else is refused, and nothing is written."""
    wheel = wheels.make_wheel(tmp_path)
    text = wheels.attest(wheel, ZEROS).read_bytes()
    wheels.attest(wheel).unlink()
    with pytest.raises(BadArtifact, match="is of other bytes"):
        saving.save_attestation(text, wheel, hashlib.sha256(wheel.read_bytes()).hexdigest(), files.Parts())
    assert list(contents(tmp_path)) == [wheel.name]


def test_files_that_are_there_are_read_for_their_sha256_only(
    good: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second fetch makes no md5, which takes longer than the sha256 that decides."""
    (tmp_path / WHEEL).write_bytes(good)
    monkeypatch.delattr(hashlib, "md5")
    sha256 = hashlib.sha256(good).hexdigest()
    assert dist.present(tmp_path, [WHEEL, SDIST]) == {WHEEL: sha256}
    assert saving.save(lambda _: [good], tmp_path / WHEEL, NAMED, None, replace=False) == len(good)
    with pytest.raises(Conflict, match="is there with other bytes"):
        saving.save(lambda _: [b"other"], tmp_path / WHEEL, NAMED, hashlib.sha256(b"other").hexdigest(), replace=False)
