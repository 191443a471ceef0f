"""What fields of the core metadata mean, however a build backend spells them.

Two values mean the same where the packaging specifications say so: names are normalised (PEP 503, PEP 685), versions
are compared as versions (PEP 440), and a marker is the set of conditions under which it holds (PEP 508).
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from packaging.licenses import canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

#: Left side, operator and right side; or a variable that holds a version, and what the version must fit.
Comparison = tuple[str, str, str] | tuple[str, Specifier]
#: A marker as alternatives, each of which is comparisons that hold at once. Markers know no negation: without the
#: alternatives that another one covers there is one such form for each meaning.
Condition = frozenset[frozenset[Comparison]]

ALWAYS: Condition = frozenset({frozenset()})
#: Alternatives of one marker, beyond which it stands for itself.
ALTERNATIVES = 256
#: `MARKERS_REQUIRING_VERSION` of packaging.
VERSIONS = ("implementation_version", "platform_release", "python_full_version", "python_version")
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
QUOTES = ('"', "'")
TOKEN = re.compile(r"""\s*("[^"]*"|'[^']*'|[()]|[^\s()"']+)""")


def of(field: str, values: Iterable[str]) -> frozenset[Hashable]:
    """Return the meaning of all values of a field; a value that cannot be read stands for itself."""
    spelt = [text for text in (" ".join(value.split()) for value in values) if text]
    if field == "Requires-Dist":
        return _dependencies(spelt)
    return frozenset(part for text in spelt for part in _parts(field, text))


def _parts(field: str, text: str) -> frozenset[Hashable]:
    try:
        return READERS[field](text)
    except (KeyError, ValueError):
        return frozenset({text})


def _clauses(specifiers: Iterable[Specifier]) -> frozenset[Specifier]:
    """Return specifiers without `~=`, which is short for two others (PEP 440)."""
    clauses = set()
    for one in specifiers:
        if one.operator == "~=":
            version = Version(one.version)
            epoch, series = f"{version.epoch}!" if version.epoch else "", ".".join(map(str, version.release[:-1]))
            clauses |= {Specifier(f">={version}"), Specifier(f"=={epoch}{series}.*")}
        else:
            clauses.add(one)
    return frozenset(clauses)


READERS: Mapping[str, Callable[[str], frozenset[Hashable]]] = {
    "Requires-Python": lambda text: _clauses(SpecifierSet(text)),
    "Provides-Extra": lambda text: frozenset({canonicalize_name(text)}),
    "License-Expression": lambda text: frozenset({canonicalize_license_expression(text)}),
}


def _dependencies(values: Iterable[str]) -> frozenset[Hashable]:
    """Return the requirements, each with its condition; lines that differ in their markers only are alternatives."""
    wanted: dict[Hashable, Condition] = defaultdict(frozenset)
    for value in values:
        what, when = _dependency(value)
        wanted[what] |= when
    return frozenset((what, _shortest(when)) for what, when in wanted.items())


def _dependency(value: str) -> tuple[Hashable, Condition]:
    try:
        requirement = Requirement(value)
        extras = frozenset(map(canonicalize_name, requirement.extras))
        what = (canonicalize_name(requirement.name), extras, _clauses(requirement.specifier), requirement.url)
        return what, _condition(str(requirement.marker)) if requirement.marker else ALWAYS
    except (ValueError, IndexError, RecursionError):
        return value, ALWAYS


def _condition(marker: str) -> Condition:
    """Return the condition of a marker in the spelling of packaging; ValueError if it cannot be read."""
    tokens = TOKEN.findall(marker)
    tokens.reverse()
    condition = _any_of(tokens)
    if tokens:
        raise ValueError(marker)
    return condition


def _any_of(tokens: list[str]) -> Condition:
    condition = _all_of(tokens)
    while tokens and tokens[-1] == "or":
        tokens.pop()
        condition |= _all_of(tokens)
    return condition


def _all_of(tokens: list[str]) -> Condition:
    condition = _one(tokens)
    while tokens and tokens[-1] == "and":
        tokens.pop()
        other = _one(tokens)
        if len(condition) * len(other) > ALTERNATIVES:
            raise ValueError(ALTERNATIVES)
        condition = _shortest(frozenset(left | right for left in condition for right in other))
    return condition


def _one(tokens: list[str]) -> Condition:
    left = tokens.pop()
    if left == "(":
        condition = _any_of(tokens)
        tokens.pop()
        return condition
    operator = tokens.pop()
    if operator == "not":
        operator = f"not {tokens.pop()}"
    return frozenset({_comparison(left, operator, tokens.pop())})


def _comparison(left: str, operator: str, right: str) -> frozenset[Comparison]:
    """Return a comparison with its variable on the left side, where both sides may be exchanged."""
    if left.startswith(QUOTES) and operator in MIRRORED and ".*" not in left:
        left, operator, right = right, MIRRORED[operator], left
    if left == "extra" and right.startswith(QUOTES):
        return frozenset({(left, operator, canonicalize_name(right[1:-1]))})
    if left in VERSIONS and right.startswith(QUOTES):
        try:
            return frozenset((left, clause) for clause in _clauses([Specifier(operator + right[1:-1])]))
        except ValueError:  # compared as text
            pass
    return frozenset({(left, operator, right)})


def _shortest(condition: Condition) -> Condition:
    """Return a condition without the alternatives that another one covers."""
    return frozenset(one for one in condition if not any(other < one for other in condition))
