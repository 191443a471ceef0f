"""The variables that a program must pass on which hides all that it is not told of, as tox does."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from wheelhouse_tasks.services import ci
from wheelhouse_tasks.settings.credentials import OWN
from wheelhouse_tasks.settings.providers import PROVIDERS
from wheelhouse_tasks.settings.table import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What other programs read that we run, or that run with us: twine, its trusted publishing, a build's time, the proxies
#: that tox does not pass by itself.
OTHERS = ("TWINE_*", "ACTIONS_ID_TOKEN_REQUEST_*", "*_ID_TOKEN", "SOURCE_DATE_EPOCH", "ALL_PROXY", "UV_*")


def patterns() -> tuple[str, ...]:
    """Return patterns over all variables that are read: ours, those of providers and those of CI services.

    Several that begin alike become one pattern, so that what a service adds is passed too.
    """
    ours = {*OWN, *(name for row in ROWS.values() for name in row.variables)}
    providers = {name for record in PROVIDERS.values() for name in record.read}
    return tuple(name for names in (ours, OTHERS, providers, ci.variables()) for name in _families(names))


def _families(names: Iterable[str]) -> list[str]:
    """Return names in order, and one pattern in place of those with a first word that several have."""
    words = {name: name.partition("_")[0] for name in names}
    several = {word for word, number in Counter(words.values()).items() if number > 1}
    return sorted({f"{word}_*" if word in several and "_" in name else name for name, word in words.items()})
