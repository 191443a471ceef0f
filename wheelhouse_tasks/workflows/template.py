"""A template: the text of a workflow, with conditions and placeholders.

A line `#? word !word` begins lines that stay where every word holds, and none with an exclamation mark; the next such
line, or `#.`, ends them. `<NAME>` stands for a text; alone on its line for several lines, or none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

CONDITION, END = "#? ", "#."
PLACEHOLDER = re.compile(r"<([A-Z_]+)>")


def fill(template: str, holds: Collection[str], values: Mapping[str, str | Sequence[str]]) -> str:
    """Return the text of a *template* where the words *holds* hold; raises KeyError for a placeholder without value."""
    return "".join(f"{line}\n" for line in _lines(template, holds, values))


def _lines(template: str, holds: Collection[str], values: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    stays = True
    for line in template.splitlines():
        text = line.strip()
        alone = PLACEHOLDER.fullmatch(text)
        if line.startswith(CONDITION):
            stays = all((word[1:] not in holds) if word[0] == "!" else word in holds for word in line.split()[1:])
        elif line == END:
            stays = True
        elif stays and alone and not isinstance(values[alone[1]], str):
            indent = line[: len(line) - len(line.lstrip())]
            yield from (f"{indent}{filled}" for filled in values[alone[1]])
        elif stays:
            yield PLACEHOLDER.sub(lambda match: str(values[match[1]]), line)
