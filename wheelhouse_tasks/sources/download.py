"""How far a download has come, and whether an answer continues it (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import attestation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OK, PARTIAL, NOT_SATISFIABLE = 200, 206, 416
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@dataclass
class Progress:
    """What has arrived of a file."""

    #: Bytes.
    done: int = 0
    #: Bytes of the whole file; None where the server does not tell.
    total: int | None = None
    #: A strong ETag, else Last-Modified: continues these bytes and no others. Empty where nothing can be continued.
    validator: str = ""

    @property
    def whole(self) -> bool:
        """Tell whether nothing is known to be missing."""
        return self.total in (None, self.done)

    @property
    def can_continue(self) -> bool:
        """Tell whether the rest can be asked for."""
        return bool(self.done and self.validator)

    @property
    def expected(self) -> tuple[int, ...]:
        """Return the statuses that answer the next request."""
        return (OK, PARTIAL, NOT_SATISFIABLE) if self.can_continue else (OK,)

    def headers(self) -> dict[str, str]:
        """Return what asks for the rest, and for the whole file should it be another one by now."""
        return {"Range": f"bytes={self.done}-", "If-Range": self.validator} if self.can_continue else {}

    def heed(self, status: int, headers: Mapping[str, str]) -> bool:
        """Return whether the answer goes on from here; where it does not, only a new start can help.

        Status 416 means that nothing is missing, or that the file is another one. The whole file (200), and a part from
        elsewhere, are never appended.
        """
        if not self.done:
            self._begin(headers)
            return True
        said = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
        start, total = said.groups() if said else (None, None)
        size = int(total) if total and total.isdecimal() else None
        if status == PARTIAL:
            goes_on = start == str(self.done) and size in (None, self.total or size)
        else:
            goes_on = status == NOT_SATISFIABLE and size == self.done == (self.total or size)
        if goes_on:
            self.total = self.total or size
        else:
            self.validator = ""
        return goes_on

    def _begin(self, headers: Mapping[str, str]) -> None:
        length, tag = headers.get("Content-Length", ""), headers.get("ETag", "")
        self.total = int(length) if length.isdecimal() else None
        self.validator = tag if tag.startswith('"') else headers.get("Last-Modified", "")
        if headers.get("Content-Encoding", "identity").lower() != "identity":  # packed anew for each answer, maybe
            self.validator = ""


def bounded(blocks: Iterator[bytes]) -> bytes:
    """Return an attestation's bytes, or as many as show that it is none."""
    text = b""
    for block in blocks:
        text += block
        if len(text) > attestation.LIMIT:
            break
    return text
