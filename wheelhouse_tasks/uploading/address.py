"""Where everybody can read a container, and what installers can use there, kept in the container."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from wheelhouse_tasks.errors import WheelhouseError
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.storage.port import make_payload, read_all
from wheelhouse_tasks.storage.trial import FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.storage.port import Store

RECORD = FOLDER + "address.json"
#: What may work at an address: the flat page, and the folder of each project below `simple/` as its page.
FLAT_PAGE: Final = "index.html"
SIMPLE: Final = "simple/"


@dataclass(frozen=True, kw_only=True)
class Address:
    """An address of a container, and what works there."""

    #: Ends in "/", and holds no credentials; None where nobody knows one.
    url: str | None
    works: tuple[str, ...] = ()
    #: Why nothing works, as far as that was found out.
    problem: str = ""


def circumstances(settings: Settings) -> Mapping[str, object]:
    """Return what an address and its abilities depend on: where one of them is another, the record is none."""
    place, options = settings.container, settings.options
    return {
        "container": [place.label, place.host, place.port, place.region],
        "public_url": mask_url(options.public_url) if options.public_url else None,
        "flat_index": options.flat_index,
        "slash_pages": options.slash_pages,
    }


def recall(store: Store, settings: Settings) -> Address | None:
    """Return what an earlier run found out under the same circumstances; None where there is no such record.

    Where the settings keep the container private, there is none.
    """
    if not (settings.options.public_url or settings.options.enable_cdn):
        return None
    try:
        record = json.loads(read_all(store, RECORD))
        if record["for"] != json.loads(json.dumps(circumstances(settings))):
            return None
        works = tuple(way for way in (FLAT_PAGE, SIMPLE) if way in record["works"])
        return Address(url=str(record["url"]), works=works) if works else None
    except (WheelhouseError, ValueError, TypeError, KeyError):
        return None


def remember(store: Store, settings: Settings, address: Address) -> None:
    """Keep what works; who may not write the record asks again the next time."""
    kept = asdict(address)
    del kept["problem"]
    content = json.dumps({"for": circumstances(settings), **kept}).encode()
    with suppress(WheelhouseError):
        store.put(RECORD, make_payload(content, "application/json", "no-cache"))
