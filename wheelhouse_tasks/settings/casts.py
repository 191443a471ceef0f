"""How the value of a setting is read.

Each function returns the value that a text, or a value of a configuration file, stands for, and raises ValueError that
names what was expected. Those with arguments return such a function.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
LONGEST_NUMBER = 9
"""Digits of a whole number."""
#: A host name, or an address of version 4 or 6; neither a port nor a pattern. Compiled where it is used: every `inv` of
#: a host project comes by here.
HOST = r"[\w.-]+|[0-9a-f]*:[0-9a-f]*:[0-9a-f:.]*"


def as_text(value: object) -> str:
    """Return a text on one line."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError("expected text")
    text = str(value).strip()
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return text


def as_boolean(value: object) -> bool:
    """Return whether the value is yes."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in YES + NO:
        raise ValueError("expected yes or no")
    return word in YES


def whole(low: int, high: int) -> Callable[[object], int]:
    """Return a function that reads a whole number within bounds."""

    def cast(value: object) -> int:
        text = str(value).strip()
        if not text.isdecimal() or len(text) > LONGEST_NUMBER or not low <= int(text) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(text)

    return cast


def as_seconds(value: object) -> float:
    """Return a positive number of seconds."""
    try:
        number = float(str(value).strip())
    except ValueError:
        raise ValueError("expected a number of seconds") from None
    if not (math.isfinite(number) and number > 0):
        raise ValueError("expected more than 0 seconds")
    return number


def at_least_zero(unit: str) -> Callable[[object], float]:
    """Return a function that reads a number of *unit* that is not negative."""

    def cast(value: object) -> float:
        try:
            number = float(str(value).strip())
        except ValueError:
            raise ValueError(f"expected a number of {unit}") from None
        if isinstance(value, bool) or not (math.isfinite(number) and number >= 0):
            raise ValueError(f"expected 0 {unit} or more")
        return number

    return cast


def as_url(value: object) -> str:
    """Return a URL that can be read."""
    text = as_text(value)
    if not text.startswith(("https://", "http://", "file:///")):
        raise ValueError("expected a URL (https://...)")
    return text


def is_like_a_url(text: str) -> bool:
    """Return whether a text is a URL that lacks a slash, such as ``s3:/stable``; as a path it would be a folder."""
    return re.match(r"[A-Za-z][\w.+-]+:/(?!/)", text) is not None


def as_host(value: object) -> str:
    """Return a host name."""
    text = as_text(value)
    if "/" in text or ":" in text:
        raise ValueError("expected a host name alone, without scheme and port")
    return text


def as_hosts(value: object) -> tuple[str, ...]:
    """Return host names in the form that the hosts of URLs have, from a list or from a text with blanks between."""
    hosts = tuple(text.lower() for text in as_list(value))
    if not all(re.fullmatch(HOST, host) for host in hosts):
        raise ValueError("expected host names alone, without scheme, port and path")
    return hosts


def as_name(value: object) -> str:
    """Return a text that is not empty."""
    text = as_text(value)
    if not text:
        raise ValueError("expected a name")
    return text


def as_container(value: object) -> str:
    """Return the name of a container, or a path."""
    text = as_name(value)
    if "://" in text or is_like_a_url(text):
        raise ValueError("expected a name, not a URL: use provider, container and prefix")
    return text


def one_of(*words: str) -> Callable[[object], str]:
    """Return a function that reads one of some words, in any case."""

    def cast(value: object) -> str:
        text = str(value).strip().lower()
        if text not in words:
            raise ValueError(f"expected {' or '.join(words)}")
        return text

    return cast


def as_list(value: object) -> tuple[str, ...]:
    """Return texts: a list of them, or one text with blanks between them."""
    if isinstance(value, str):
        return tuple(value.split())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError("expected a list of texts")
    if not all(item.strip() for item in value):
        raise ValueError("expected texts that are not empty")
    return tuple(item.strip() for item in value)


def as_table(value: object) -> Mapping[str, Any]:
    """Return a table whose keys are texts."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("expected a table of options")
    return dict(value)
