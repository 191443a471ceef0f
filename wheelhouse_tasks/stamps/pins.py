"""Requirements of one build on another one of its run: a pin follows the version that the other one gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_tasks.stamps.dates import holds_date

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
        for _, pin, version in reversed(list(_pins(text))):
            if version in fresh:
                text = f"{text[: pin.start('version')]}{fresh[version]}{text[pin.end('version') :]}"
        return text

    return FIELD.sub(followed, head)


def left_behind(head: str, fresh: Fresh) -> Iterator[str]:
    """Yield the requirements that the old version of another build meets, and the new one does not."""
    for field, pin, version in _pins(head):
        # a pin without local part takes any
        if version in fresh and (pin["operator"] == "===" or "+" in pin["version"]):
            yield _shown(field)


def elsewhere(head: str, fresh: Fresh) -> Iterator[str]:
    """Yield the requirements on a build that is not of this run, and gets a stamp where it is uploaded."""
    for field, pin, (project, version) in _pins(head):
        stamped = version.is_devrelease and version.local and not holds_date(version)
        if stamped and pin["operator"] != "!=" and (project, version) not in fresh:
            yield _shown(field)


def _shown(field: str) -> str:
    return " ".join(field.partition(":")[2].split())


def _pins(head: str) -> Iterator[tuple[str, re.Match[str], tuple[str, Version]]]:
    """Yield each field, where in it a version is named exactly, and the project and version that it names."""
    for field in FIELD.findall(head):
        demands = field.partition(";")[0]
        match = REQUIREMENT.match(demands)
        if not match:
            continue
        for pin in PIN.finditer(demands, match.end()):
            try:
                yield field, pin, (canonicalize_name(match["name"]), Version(pin["version"]))
            except InvalidVersion:
                continue
