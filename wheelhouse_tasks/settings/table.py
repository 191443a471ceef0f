"""The settings: how each is read, its default, and what it is for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.settings.locations import LOCAL, NO, YES

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_WORKERS = 64


def _text(value: object) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError("expected text")
    text = str(value).strip()
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return text


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in YES + NO:
        raise ValueError("expected yes or no")
    return word in YES


def _whole(low: int, high: int) -> Callable[[object], int]:
    def cast(value: object) -> int:
        text = str(value).strip()
        if not text.isdecimal() or len(text) > 9 or not low <= int(text) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(text)

    return cast


def _seconds(value: object) -> float:
    try:
        number = float(str(value).strip())
    except ValueError:
        raise ValueError("expected a number of seconds") from None
    if not (math.isfinite(number) and number > 0):
        raise ValueError("expected more than 0 seconds")
    return number


def _url(value: object) -> str:
    text = _text(value)
    if not text.startswith(("https://", "http://", "file:///")):
        raise ValueError("expected a URL (https://...)")
    return text


def _host(value: object) -> str:
    text = _text(value)
    if "/" in text or ":" in text:
        raise ValueError("expected a host name alone, without scheme and port")
    return text


def _at_least_zero(unit: str) -> Callable[[object], float]:
    def cast(value: object) -> float:
        try:
            number = float(str(value).strip())
        except ValueError:
            raise ValueError(f"expected a number of {unit}") from None
        if isinstance(value, bool) or not (math.isfinite(number) and number >= 0):
            raise ValueError(f"expected 0 {unit} or more")
        return number

    return cast


_days, _hours = _at_least_zero("days"), _at_least_zero("hours")


def _name(value: object) -> str:
    text = _text(value)
    if not text:
        raise ValueError("expected a name")
    return text


def _one_of(*words: str) -> Callable[[object], str]:
    def cast(value: object) -> str:
        text = str(value).strip().lower()
        if text not in words:
            raise ValueError(f"expected {' or '.join(words)}")
        return text

    return cast


def _container(value: object) -> str:
    text = _name(value)
    if "://" in text:
        raise ValueError("expected a name, not a URL: use provider, container and prefix")
    return text


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, list | tuple) and all(isinstance(item, str) and item.strip() for item in value):
        return tuple(item.strip() for item in value)
    raise ValueError("expected a list of texts")


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("expected a table of options")
    return dict(value)


@dataclass(frozen=True)
class Key:
    """One setting: how its value is read, its default, and what it is for (the README's table)."""

    cast: Callable[[object], Any]
    default: Any
    help: str


KEYS: Mapping[str, Key] = {
    "project": Key(_text, None, "project whose artifacts are fetched and released"),
    "provider": Key(_name, LOCAL, "libcloud storage provider id, any case"),
    "container": Key(_container, "wheelhouse", "container; for `local` a folder"),
    "prefix": Key(_text, "", "folder within the container"),
    "region": Key(_text, None, "passed to the driver"),
    "host": Key(_host, None, "passed to the driver: host name of the storage endpoint"),
    "port": Key(_whole(1, 65535), None, "passed to the driver: port of the storage endpoint"),
    "secure": Key(_boolean, True, "https to the storage endpoint"),
    "driver_options": Key(_table, {}, "table of further driver arguments"),
    "local_folder": Key(_name, "dist", "folder of the built artifacts"),
    "indexes": Key(_words, (), "where `fetch` and `release` look"),
    "public_url": Key(_url, None, "URL under which the container is readable"),
    "max_workers": Key(_whole(1, MAX_WORKERS), 8, "transfers at once"),
    "retries": Key(_whole(0, 100), 3, "repeats of a request that failed for want of an answer"),
    "timeout": Key(_seconds, 60.0, "seconds of silence after which a server is given up"),
    "ca_bundle": Key(_name, None, "file of the TLS certificates to trust, in place of the usual ones"),
    "update_index": Key(_boolean, True, "write the index pages after an upload"),
    "flat_index": Key(_boolean, True, "keep the flat page `index.html` of all projects"),
    "slash_pages": Key(_boolean, False, "store each page under its folder's name too, for plain object endpoints"),
    "enable_cdn": Key(_boolean, True, "make a container that `upload` creates readable for everybody"),
    "stamp": Key(_boolean, True, "give development wheels a version with the time of their commit"),
    "keep": Key(_whole(1, 10**6), 5, "newest development builds of each set of tags and release line that stay"),
    "older_than": Key(_days, 0.0, "days that a development build stays at least"),
    "pin": Key(_words, (), "versions of development builds that stay"),
    "grace": Key(_hours, 1.0, "hours between the removal from the pages and the deletion"),
    "repository": Key(_name, "pypi", "package index to release to: a name from `.pypirc`, as in twine"),
    "repository_url": Key(_text, None, "upload URL of the package index, instead of a name"),
    "check_url": Key(_text, None, "simple URL of that index, read before and after"),
    "expect": Key(_words, (), "what a release must contain: patterns over `python-abi-platform`, or `sdist`"),
    "missing_credentials": Key(_one_of("fail", "skip"), "fail", "`skip`: without credentials `upload` does nothing"),
    "file_limit": Key(_whole(1, 10**6), 100, "MiB that PyPI takes for one file of the project"),
}
