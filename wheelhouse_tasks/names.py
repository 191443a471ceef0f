"""Names and versions as a person writes them."""

from __future__ import annotations

import functools

from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import Version

from wheelhouse_tasks.errors import UsageError


@functools.lru_cache(maxsize=4096)
def project_name(text: str) -> NormalizedName:
    """Return the PEP 503 form of a project name that a person wrote; UsageError if it is none."""
    try:
        return canonicalize_name(text, validate=True)
    except InvalidName:
        raise UsageError("project", f"{text!r} is not a valid project name") from None


def version_of(text: str) -> Version:
    """Return the PEP 440 version that a person wrote; UsageError if it is none."""
    try:
        return Version(text)
    except ValueError:  # InvalidVersion, or more digits than Python converts
        raise UsageError("version", f"{text[:60]!r} is not a valid version (see PEP 440, for example 1.2.3)") from None
