"""Puts the files of a fetch into a folder, each again where that may help."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import saving
from wheelhouse_tasks.artifacts.halves import Halves
from wheelhouse_tasks.errors import BadArtifact, DigestMismatch
from wheelhouse_tasks.retry import TryAgainError, retry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheelhouse_tasks.sources.fetch_plan import Candidate
    from wheelhouse_tasks.sources.source import Source
    from wheelhouse_tasks.ui import Transfer, Work


class Fetcher:
    """Puts files into a folder, from several threads at once."""

    def __init__(self, sources: dict[str, Source], folder: Path, retries: int, *, force: bool, outlive: bool) -> None:
        self.sources = sources
        self.folder = folder
        self.retries = retries
        self.force = force
        self.parts = Halves(outlive=outlive)

    def download(self, candidate: Candidate, work: Work) -> int:
        """Fetch one file, and again where that may help; return its bytes. *work* counts it."""
        target = self.folder / candidate.artifact.filename
        replace = self.force or candidate.sha256 is not None
        tried = False

        def save() -> int:
            nonlocal tried
            try:
                return saving.save(
                    partial(self._blocks, candidate, under_way),
                    target,
                    candidate.artifact,
                    candidate.sha256,
                    size=candidate.size,
                    digest=candidate.link.digest,
                    replace=replace,
                    parts=self.parts,
                )
            except (BadArtifact, DigestMismatch) as error:
                # once more: nobody sees where a body without Content-Length is cut off, or damaged on its way;
                # wrong bytes that come twice are what the server has
                if tried:
                    raise
                tried = True
                raise TryAgainError(error) from None

        with work.transfer(candidate.artifact.filename, candidate.size) as under_way:
            return retry(save, self.retries)

    def _blocks(self, candidate: Candidate, under_way: Transfer, start: int) -> Iterator[bytes]:
        """Yield the bytes of a file as its source does, from byte *start* on, and count them."""
        under_way.restart(start)
        blocks = self.sources[candidate.source].blocks(candidate, start)
        try:
            for block in blocks:
                under_way.advance(len(block))
                yield block
        finally:
            if isinstance(blocks, Generator):  # a download that is given up lets go of its connection at once
                blocks.close()

    def attest(self, candidate: Candidate) -> None:
        """Fetch the attestation of a file that has one."""
        if candidate.link.attested and candidate.sha256:
            text = retry(lambda: self.sources[candidate.source].attestation(candidate), self.retries)
            saving.save_attestation(text, self.folder / candidate.artifact.filename, candidate.sha256, self.parts)
