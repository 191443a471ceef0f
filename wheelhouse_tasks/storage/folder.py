"""The `local` provider: a folder, written atomically.

It is ours because libcloud's LOCAL driver writes in place, follows `..` and absolute names out of its folder, and needs
a lock file for each object.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NoReturn

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import (
    AccessDenied,
    BadArtifact,
    Changed,
    ContainerMissing,
    ObjectMissing,
    StoreError,
)
from wheelhouse_tasks.files import part_of
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Entry, Payload

if TYPE_CHECKING:
    from collections.abc import Iterator

GITIGNORE, EVERYTHING = ".gitignore", "*\n"


class FolderStore:
    """A container that is a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def label(self) -> str:
        """Return the path."""
        return str(self.root)

    def create(self) -> bool:
        """Create the folder."""
        if self.root.is_dir():
            return False
        try:
            self.root.mkdir(parents=True)
        except FileExistsError:
            return False
        except OSError as error:
            self._fail("", error)
        return True

    @property
    def lists_in_pieces(self) -> bool:
        """Return that a folder is read as a whole."""
        return False

    def list(self, prefix: str, *, after: str = "", until: str | None = None) -> list[Entry]:
        """Return the files below *prefix*, without the hidden ones (half-written files are hidden)."""
        if not self.root.is_dir():
            raise ContainerMissing(self.label, "there is no such folder")
        try:
            entries = sorted(self._walk(prefix), key=lambda entry: entry.name)
        except OSError as error:
            self._fail(prefix, error)
        return [entry for entry in entries if after < entry.name and (until is None or entry.name <= until)]

    def _walk(self, prefix: str) -> Iterator[Entry]:
        try:
            with os.scandir(self._path(prefix) if prefix else self.root) as items:
                for item in items:
                    if item.name.startswith("."):
                        continue
                    if item.is_dir(follow_symlinks=False):
                        yield from self._walk(f"{prefix}{item.name}/")
                    elif item.is_file():
                        try:
                            yield _entry(prefix + item.name, item.stat())
                        except FileNotFoundError:  # deleted since
                            continue
        except (FileNotFoundError, NotADirectoryError):
            return

    def facts(self, name: str) -> tuple[Entry, dict[str, str]]:
        """Return the entry; a folder keeps no user metadata."""
        try:
            return _entry(name, self._path(name).stat()), {}
        except OSError as error:
            self._fail(name, error)

    def read(self, name: str, start: int = 0) -> Iterator[bytes]:
        """Yield the file's bytes."""
        try:
            with self._path(name).open("rb") as file:
                file.seek(start)
                while block := file.read(BLOCK):
                    yield block
        except OSError as error:
            self._fail(name, error)

    def put(self, name: str, payload: Payload, *, expect: str | None = None) -> Entry:
        """Write beside the final name, compare the digest, then rename."""
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part_of(path, place=_link if expect == ABSENT else os.replace) as part:
                sha256 = _copy(payload, part)
                if sha256 != payload.sha256:
                    raise BadArtifact(path.name, "changed while it was uploaded", "nothing was stored, try again")
                status = part.stat()  # now: another worker may replace the file at once
            return _entry(name, status)
        except FileExistsError:
            raise Changed(path.name, f"is already in {self.label}") from None
        except OSError as error:
            self._fail(name, error)

    def recorded_conditions(self) -> Conditions:
        """Return what `conditions` returns: there is nothing to try."""
        return self.conditions()

    def conditions(self) -> Conditions:
        """Return that only ABSENT is honoured: a rename cannot depend on what it replaces."""
        return Conditions(absent=True, mark=False, md5=False)

    def delete(self, name: str) -> None:
        """Delete the file."""
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            self._fail(name, error)

    def public_url(self) -> str:
        """Return a file: URL."""
        return self.root.absolute().as_uri() + "/"

    def _path(self, name: str) -> Path:
        """Return the path of an object; reject a name that could leave the folder."""
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or any(part == ".." or "\\" in part or "\0" in part for part in parts):
            raise StoreError(repr(name), "is not a name within the folder")
        return self.root.joinpath(*parts)

    def _fail(self, name: str, error: OSError) -> NoReturn:
        where = str(self.root / name)
        reason = error.strerror or str(error)
        if isinstance(error, FileNotFoundError):
            raise ObjectMissing(where, "there is no such file") from None
        if isinstance(error, PermissionError):
            raise AccessDenied(where, reason) from None
        raise StoreError(where, reason) from None


def keep_out_of_git(folder: Path) -> None:
    """Let git, and build backends that ask it, leave out what is in the folder."""
    with suppress(OSError), part_of(folder / GITIGNORE) as part:  # whoever writes the first file next is told why not
        part.write_text(EVERYTHING)


def let_into_git(folder: Path) -> bool:
    """Let git add what is in the folder; return whether it did not before."""
    path = folder / GITIGNORE
    try:
        if path.read_text() != EVERYTHING:
            return False  # somebody else's
        path.unlink()
    except (OSError, UnicodeDecodeError):
        return False
    return True


def _link(part: Path, path: Path) -> None:
    """Give *part* its final name; raise FileExistsError where the name is taken."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with path.open("xb"):
            pass
        part.replace(path)


def _copy(payload: Payload, target: Path) -> str:
    """Copy into an empty file; return the sha256 of what was copied."""
    digest = hashlib.sha256()
    with payload.open() as stream, target.open("r+b") as file:
        while block := stream.read(BLOCK):
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def _entry(name: str, status: os.stat_result) -> Entry:
    written = datetime.fromtimestamp(status.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Entry(name, status.st_size, f"{status.st_mtime_ns:x}-{status.st_ino:x}", written)
