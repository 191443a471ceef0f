"""The folder of built artifacts: which files it holds, checked and hashed."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact, attestation
from wheelhouse_tasks.artifacts.companions import ATTESTATION, attestation_of
from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import (
    BadArtifact,
    BadArtifacts,
    Conflict,
    Failed,
    NotAnArtifact,
    NothingToDo,
    UsageError,
    WheelhouseError,
)
from wheelhouse_tasks.files import is_part
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.ui import UNSEEN, Silent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui, Work

LARGE = 64 << 20
"""Bytes from which on a file is hashed in a thread of its own."""


def scan(folder: Path) -> tuple[list[tuple[Path, Artifact]], list[Skipped]]:
    """Return the artifacts in *folder*, by name, and every other file with the reason why it is none.

    Raises NothingToDo for a folder that is missing, UsageError for one that is no folder or cannot be read.
    """
    artifacts, skipped = [], []
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        raise NothingToDo(
            str(folder), "there is no such folder", "build the project first, or use --local-folder"
        ) from None
    except OSError as error:
        raise UsageError(str(folder), f"cannot be read as a folder: {error.strerror}") from None
    names = {path.name for path in paths}
    for path in paths:
        if is_part(path.name):
            continue  # belongs to a fetch
        if path.name.endswith(ATTESTATION) and path.name.removesuffix(ATTESTATION) in names:
            continue  # goes with its artifact
        try:
            named = artifact.parse(path.name)
        except NotAnArtifact as error:
            skipped.append(Skipped(path.name, error.problem))
            continue
        reason = unfit(path)
        if reason:
            skipped.append(Skipped(path.name, reason))
        else:
            artifacts.append((path, named))
    return artifacts, skipped


def find_local(settings: Settings) -> tuple[list[tuple[Path, Artifact]], list[Skipped]]:
    """Return as `scan` does what is in the local folder; with the setting `recursive` what is in its subfolders, too.

    Raises Failed where artifacts lie in subfolders and `recursive` is off, Conflict where two folders differ in a file.
    """
    folder = settings.local_folder
    artifacts, skipped = scan(folder)
    apart = {os.path.realpath(settings.container.container)} if settings.container.provider == LOCAL else set()
    below = list(_subfolders(folder, apart))
    if not settings.options.recursive:
        filled = [str(path.relative_to(folder)) for path in below if _holds_artifacts(path)]
        if filled:
            problem = f"holds artifacts in {', '.join(filled)}, and folders within it are not searched"
            raise Failed(str(folder), problem, "use --recursive, or move them up")
        return artifacts, skipped
    searched = {str(path.relative_to(folder)) for path in below}
    for path in below:
        of_folder, others = scan(path)
        artifacts += of_folder
        skipped += [Skipped(str((path / other.name).relative_to(folder)), other.reason) for other in others]
    return _once(artifacts, folder), [other for other in skipped if other.name not in searched]


#: Folders of installed and compiled code, where nobody builds artifacts.
NOT_SEARCHED = {"__pycache__", "__pypackages__", "node_modules", "bower_components", "site-packages", "venv"}


def _subfolders(folder: Path, apart: Collection[str]) -> Iterator[Path]:
    """Yield the folders within *folder* that are searched, at any depth; no link is followed."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:  # `scan` rejects it where it counts
        return
    for path in paths:
        if path.name.startswith(".") or path.name in NOT_SEARCHED or path.is_symlink() or not path.is_dir():
            continue
        if os.path.realpath(path) not in apart:
            yield path
            yield from _subfolders(path, apart)


def _holds_artifacts(folder: Path) -> bool:
    try:
        return bool(scan(folder)[0])
    except WheelhouseError:
        return False


def _once(files: Iterable[tuple[Path, Artifact]], folder: Path) -> list[tuple[Path, Artifact]]:
    """Return each file name once; raise Conflict where files of one name hold other bytes."""
    first: dict[str, tuple[Path, Artifact]] = {}
    for path, named in files:
        other, _ = first.setdefault(path.name, (path, named))
        if other != path and sha256_of(other) != sha256_of(path):
            places = " and ".join(str(one.relative_to(folder)) for one in (other, path))
            raise Conflict(
                path.name, f"lies in {folder} twice, with other bytes: {places}", "remove the one that is wrong"
            )
    return [first[name] for name in sorted(first)]


def unfit(path: Path) -> str:
    """Return why a file called like an artifact is not taken, or an empty text."""
    folder = os.path.realpath(path.parent) if path.is_symlink() else ""
    if folder and os.path.commonpath([os.path.realpath(path), folder]) != folder:
        return "a link to outside the folder"
    return "" if path.is_file() else "not a regular file"


def present(folder: Path, names: Iterable[str], ui: Ui | None = None) -> dict[str, str]:
    """Return the sha256 of those of *names* that are in the folder; raise Failed for one that is no file to take."""
    sums = {}
    paths = [path for path in map(folder.joinpath, names) if path.is_symlink() or path.exists()]
    with _check(paths, ui) as work:
        for path in paths:
            reason = unfit(path)
            if reason:
                raise Failed(str(path), f"is {reason}", "remove it")
            try:
                with work.transfer(path.name, _size(path)):
                    sums[path.name] = sha256_of(path)
            except OSError as error:
                raise Failed(str(path), f"cannot be read: {error.strerror}") from None
    return sums


def read(files: Iterable[tuple[Path, Artifact]], workers: int, ui: Ui | None = None) -> list[LocalFile]:
    """Return the files checked and hashed.

    Raises BadArtifact, or BadArtifacts for several: every finding of every file in one go.
    """
    results = examine(files, workers, ui)
    bad = tuple(result for result in results if isinstance(result, BadArtifact))
    if bad:
        raise bad[0] if len(bad) == 1 else BadArtifacts(bad)
    return [result for result in results if isinstance(result, LocalFile)]


def examine(
    files: Iterable[tuple[Path, Artifact]], workers: int, ui: Ui | None = None
) -> list[LocalFile | BadArtifact]:
    """Return the files checked and hashed, and for those that are damaged what is wrong."""
    todo = list(files)
    with _check([path for path, _ in todo], ui) as work:
        # hashing keeps a processor busy: more threads would only get into each other's way
        return parallel.run(lambda file: _checked(*file, work), todo, min(workers, os.cpu_count() or 1))


def _check(paths: Sequence[Path], ui: Ui | None) -> AbstractContextManager[Work]:
    """Return the context in which files are read and hashed."""
    return (ui or Silent()).work("check files", files=len(paths), size=sum(map(_size, paths)))


def _size(path: Path) -> int:
    """Return the bytes of a file, as far as they are known before it is read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _checked(path: Path, named: Artifact, work: Work) -> LocalFile | BadArtifact:
    from wheelhouse_tasks.artifacts import metadata  # where a sha256 is known, a fetch reads none

    size = _size(path)
    described = None
    try:
        with work.transfer(path.name, size) as transfer:
            hashing: Callable[[], tuple[str, int]] = partial(sha256_and_size, path, transfer.advance)
            if size >= LARGE:  # hashed and unpacked at once, or one large file would take both times
                hashing = parallel.begin(hashing)
                described = metadata.read(path, named)
            sha256, size = hashing()
            attested = _attestation(path, sha256)
            return LocalFile(path, named, described or metadata.read(path, named), size, sha256, attested)
    except BadArtifact as error:
        return error
    except OSError as error:
        return BadArtifact(named.filename, f"cannot be read: {error.strerror}")


def _attestation(path: Path, sha256: str) -> bytes | None:
    """Return the attestation beside an artifact, if there is one; raise BadArtifact for that of another."""
    attested = attestation_of(path)
    if not attested.is_file():
        return None
    with attested.open("rb") as file:
        text = file.read(attestation.LIMIT)
    problem = attestation.problem(text, sha256)
    if problem:
        raise BadArtifact(attested.name, problem, "remove it, or attest again")
    return text


def sha256_and_size(path: Path, advance: Callable[[int], None] = UNSEEN.advance) -> tuple[str, int]:
    """Return sha256 and size in bytes of a file, read once in large blocks; *advance* gets the size of each."""
    sha256, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            sha256.update(block)
            size += len(block)
            advance(len(block))
    return sha256.hexdigest(), size


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    return digest_of(path, "sha256", 64)


def digest_of(path: Path, algorithm: str, length: int) -> str:
    """Return a digest of a file by its algorithm; blake2b comes in several *lengths* of hexadecimal digits."""
    if algorithm == "blake2b":
        start: Callable[[], Any] = partial(hashlib.blake2b, digest_size=length // 2)
    else:
        start = partial(hashlib.new, algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        return hashlib.file_digest(file, start).hexdigest()
