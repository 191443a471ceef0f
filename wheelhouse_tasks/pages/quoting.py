"""Write text into a page, and names into a URL."""

from __future__ import annotations

import functools
import html
import re
from urllib.parse import quote, unquote_to_bytes

#: Characters that no page may hold, not even as a reference, and those that break a line.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


#: What keeps its meaning in the path of a URL only if it stays as it is.
RESERVED = re.compile(r"(@|%2f)", re.IGNORECASE)


@functools.lru_cache(maxsize=512)
def text_of(text: str) -> str:
    """Return *text* escaped for a page, on one line."""
    return html.escape(CONTROL.sub(" ", text))


def quoted(text: str) -> str:
    """Return *text* as one part of a URL."""
    return quote(text, safe="")


def name_quoted(filename: str) -> str:
    """Return the file name of an artifact as a part of a URL. `+` becomes %2B, because stores read `+` as a blank.

    A name that `artifact.parse` accepts has no other character to quote, and `quote` is eight times slower.
    """
    return filename.replace("+", "%2B").replace("!", "%21")


def path_quoted(path: str) -> str:
    """Return the path of a URL, however it is quoted, as pip asks for it: some stores read a `+` as a blank."""
    parts = RESERVED.split(path)
    return "".join(part if RESERVED.fullmatch(part) else quote(unquote_to_bytes(part)) for part in parts)
