"""Text as it stands in a page, and names as they stand in a URL."""

from __future__ import annotations

import functools
import html
import re
from urllib.parse import quote

#: What a page must not hold even as a character reference, and what breaks a line.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@functools.lru_cache(maxsize=512)
def text_of(said: str) -> str:
    """Return what somebody said as text of a page, on one line."""
    return html.escape(CONTROL.sub(" ", said))


def quoted(text: str) -> str:
    """Return a text as one part of a URL."""
    return quote(text, safe="")


def name_quoted(filename: str) -> str:
    """Return an artifact's name as a part of a URL. `+` is written %2B: stores read a raw one as a blank.

    A name that `artifact.parse` took holds nothing else that needs it; `quote` takes eight times as long.
    """
    return filename.replace("+", "%2B").replace("!", "%21")
