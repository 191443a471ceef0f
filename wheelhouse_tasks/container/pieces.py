"""List a folder of a container in pieces that are asked for at once, where names in it are known already."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts.companions import ATTESTATION, METADATA, YANKED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.storage.port import Entry, Store

#: Objects of a piece: an answer of S3 has a thousand, and some may be new.
PIECE = 950


def cuts(folder: str, files: Iterable[File]) -> tuple[str, ...]:
    """Return the object names at which a listing of *folder* is cut, given the files that a page names in it."""
    names: list[str] = []
    for file in files:
        name = folder + file.filename
        names.append(name)
        if file.metadata_sha256:
            names.append(name + METADATA)
        if file.attested:
            names.append(name + ATTESTATION)
        if file.yanked is not None:
            names.append(name + YANKED)
    return tuple(sorted(names)[PIECE - 1 :: PIECE])


def list_all(store: Store, prefix: str, at: Sequence[str], workers: int) -> list[Entry]:
    """Return the objects below *prefix*, sorted by name; the pieces between the names *at* are asked for at once.

    No piece shows less than a listing that begins when the first request for a piece does.
    """
    if not at or not store.lists_in_pieces:
        return store.list(prefix)
    bounds = list(pairwise(["", *at, None]))

    def piece(bound: tuple[str | None, str | None]) -> list[Entry]:
        return store.list(prefix, after=bound[0] or "", until=bound[1])

    return [entry for entries in parallel.run(piece, bounds, workers) for entry in entries]
