"""Name in a few words what the tags of wheels mean: those that a page shows, one of each kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts.artifact import natural

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The kinds of tags that need a word, in the order of the legend, with what is said of the newest one that is shown.
KINDS = tuple(
    (re.compile(pattern, re.ASCII), meaning)
    for pattern, meaning in (
        (r"(cp(\d)(\d+))", "CPython {1}.{2}"),
        (r"(cp(\d)(\d+)t)", "CPython {1}.{2} without the GIL (free-threaded)"),
        (r"(cp\d+t?d)", "a debug build of CPython"),
        (r"(pp(\d)(\d+))", "PyPy {1}.{2}"),
        (r"(graalpy(\d)(\d+))", "GraalPy {1}.{2}"),
        (r"(abi3)", "for that CPython and later ones, not free-threaded"),
        (r"(abi3t)", "for that free-threaded CPython and later ones"),
        (r"(none)", "for any build of that Python"),
        (r"(any)", "for every system"),
        (r"(manylinux_(\d+)_(\d+))_\w+", "Linux with glibc {1}.{2} or later"),
        (r"(musllinux_(\d+)_(\d+))_\w+", "Linux with musl {1}.{2} or later (Alpine)"),
        (r"macosx_\d+_\d+_(universal2)", "Macs with Intel and Apple processors"),
        (r"((?:pyodide|pyemscripten|emscripten)_\w+)", "Python in the browser"),
    )
)


def legend(tags: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of a tag, or the part of it that counts, and its meaning; the newest tag stands for each kind."""
    newest: dict[int, tuple[str, str]] = {}
    for tag in sorted(set(tags), key=natural):
        for number, (pattern, meaning) in enumerate(KINDS):
            match = pattern.fullmatch(tag)
            if match:
                newest[number] = (match[1], meaning.format(*match.groups()))
    return [newest[number] for number in sorted(newest)]
