"""Requirements of one build on another one of its run: a pin follows the version that the other one gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    #: The new version of each project and old version.
    Fresh = Mapping[tuple[str, Version], Version]

#: A field with its continuation lines.
FIELD = re.compile(r"(?im)^Requires-Dist:.*(?:\n[ \t].*)*")
#: A name and its extras, in front of what is demanded; `name @ url` demands no version.
REQUIREMENT = re.compile(r"(?i)^Requires-Dist:\s*(?P<name>[a-z0-9][a-z0-9._-]*)\s*(?:\[[^]]*\])?\s*(?=[(<>=!~])")
PIN = re.compile(r"(?P<operator>===|==|!=)\s*(?P<version>[^\s,;()*]+)(?=[\s,;()]|$)")


def follow(head: str, fresh: Fresh) -> str:
    """Return the fields of METADATA with each pin on an old version put on the new one."""

    def followed(field: re.Match[str]) -> str:
        text = field[0]
        for pin, new in reversed(list(_pins(text, fresh))):
            text = f"{text[: pin.start('version')]}{new}{text[pin.end('version') :]}"
        return text

    return FIELD.sub(followed, head)


def left_behind(head: str, fresh: Fresh) -> Iterator[str]:
    """Yield the requirements that the old version of another build meets, and the new one does not."""
    for field in FIELD.findall(head):
        # a pin without local part takes any
        if any(pin["operator"] == "===" or "+" in pin["version"] for pin, _ in _pins(field, fresh)):
            yield " ".join(field.partition(":")[2].split())


def _pins(field: str, fresh: Fresh) -> Iterator[tuple[re.Match[str], Version]]:
    """Yield where a requirement names one of the old versions exactly, and the new one."""
    demands = field.partition(";")[0]
    match = REQUIREMENT.match(demands)
    if match:
        for pin in PIN.finditer(demands, match.end()):
            try:
                new = fresh.get((canonicalize_name(match["name"]), Version(pin["version"])))
            except InvalidVersion:
                continue
            if new is not None:
                yield pin, new
