"""How much of a download has arrived, whether an answer continues it (RFC 9110, sections 13 and 14), where it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: A body that arrives with fewer bytes a second than this, during the timeout, has stopped: a server that sends a byte
#: now and then is never silent. Only the time of waiting counts, not the time in which the bytes are used.
SLOWEST = 1000

OK, PARTIAL, NOT_SATISFIABLE = 200, 206, 416
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")


@dataclass(kw_only=True)
class Progress:
    """How much of a file has arrived."""

    #: In bytes.
    done: int = 0
    #: The size of the whole file in bytes; None where the server does not state it.
    total: int | None = None
    #: A strong ETag, else Last-Modified, which shows that an answer continues these bytes; empty where none can.
    validator: str = ""
    #: Whether a digest of the whole file shows in the end that all of its bytes belong together, validator or not.
    proven: bool = False

    @property
    def whole(self) -> bool:
        """Return whether no byte is known to be missing."""
        return self.total in (None, self.done)

    @property
    def can_continue(self) -> bool:
        """Return whether a request for the rest is possible."""
        return bool(self.done and (self.validator or self.proven))

    @property
    def expected(self) -> tuple[int, ...]:
        """Return the statuses that the next answer may have."""
        return (OK, PARTIAL, NOT_SATISFIABLE) if self.can_continue else (OK,)

    def headers(self) -> dict[str, str]:
        """Return the headers that ask for the rest, or for the whole file if it has changed."""
        if not self.can_continue:
            return {}
        return {"Range": f"bytes={self.done}-", **({"If-Range": self.validator} if self.validator else {})}

    def is_continued_by(self, status: int, headers: Mapping[str, str]) -> bool:
        """Return whether an answer continues the bytes that have arrived; if not, only a new start can help.

        Status 416 means that no byte is missing, or that the file has changed. The whole file (200), or a part that
        begins elsewhere, is never appended.
        """
        if not self.done:
            self._begin(headers)
            return True
        content_range = CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
        start, total = content_range.groups() if content_range else (None, None)
        size = int(total) if total and total.isdecimal() else None
        if status == PARTIAL:
            continued = start == str(self.done) and size in (None, self.total or size)
        else:
            continued = status == NOT_SATISFIABLE and size == self.done == (self.total or size)
        if continued and not is_packed(headers):
            self.total = self.total or size
            return True
        self.validator, self.proven = "", False
        return False

    def _begin(self, headers: Mapping[str, str]) -> None:
        length, tag = headers.get("Content-Length", ""), headers.get("ETag", "")
        self.total = int(length) if length.isdecimal() else None
        self.validator = tag if tag.startswith('"') else headers.get("Last-Modified", "")
        if is_packed(headers):  # the next answer may be packed otherwise
            self.validator, self.proven = "", False


def is_packed(headers: Mapping[str, str]) -> bool:
    """Return whether a body is not sent as it is, given the headers of its answer."""
    return headers.get("Content-Encoding", "identity").lower() != "identity"


@dataclass
class Pace:
    """How fast a body has arrived since the last judgement."""

    #: Seconds of waiting.
    waited: float = 0.0
    #: In bytes.
    arrived: int = 0

    def is_too_slow(self, size: int, seconds: float, timeout: float) -> bool:
        """Count *size* bytes that were waited for; return whether too few came during *timeout*, once it is over."""
        self.waited += seconds
        self.arrived += size
        if self.waited < timeout:
            return False
        too_slow = self.arrived < SLOWEST * self.waited
        self.waited, self.arrived = 0.0, 0
        return too_slow


def read_bounded(blocks: Iterable[bytes], limit: int) -> bytes:
    """Return all bytes, or enough of them to show that there are more than *limit*."""
    content = b""
    for block in blocks:
        content += block
        if len(content) > limit:
            break
    return content
