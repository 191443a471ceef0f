"""Find out where everybody can read the container, and what installers can use there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wheelhouse_tasks.container.objects import address, public_url
from wheelhouse_tasks.errors import WheelhouseError
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.quoting import name_quoted
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.uploading.address import FLAT_PAGE, SIMPLE, Address, remember

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.sources.web import Web
    from wheelhouse_tasks.storage.port import Store

#: Seconds of silence after which an address counts as one that gives no answer: nobody waits for this.
PATIENCE = 5.0


def reach(
    settings: Settings,
    store: Store,
    project: str,
    names: Collection[str],
    remembered: Callable[[], Address | None],
) -> Address:
    """Return where the container is readable, and what works there, as the record, the settings or the address show.

    *names* are files of *project* that the pages show by now, *remembered* returns what the record says. Whatever goes
    wrong is no error: nothing works then.
    """
    set_url, local = settings.options.public_url, settings.container.provider == LOCAL
    if (local and not set_url) or (set_url or "").startswith("file:"):
        return Address(url=known_url(settings, store), works=_kept(settings))
    if not set_url and not settings.options.enable_cdn:
        return Address(url=None, problem="enable_cdn is off")
    return remembered() or _found(settings, store, project, names)


def _found(settings: Settings, store: Store, project: str, names: Collection[str]) -> Address:
    """Return what the address shows, and keep it in the container where something works."""
    url = address(settings, store)
    found_out = _ask(url, settings, project, names) if url else Address(url=None)
    if found_out.works:
        remember(store, settings, found_out)
        return found_out
    if settings.container.provider == LOCAL:  # a folder may be published after it is filled, by git for one
        return replace(found_out, works=_kept(settings))
    return replace(found_out, url=known_url(settings, store))


def known_url(settings: Settings, store: Store) -> str | None:
    """Return the address that the settings or the driver name, without credentials."""
    return mask_url(public_url(settings, store) or "") or None


def _kept(settings: Settings) -> tuple[str, ...]:
    """Return what works where a folder is answered with its page."""
    return (FLAT_PAGE, SIMPLE) if settings.options.flat_index else (SIMPLE,)


def _ask(url: str, settings: Settings, project: str, names: Collection[str]) -> Address:
    """Read the pages at an address as an installer does, without the credentials of the container."""
    from wheelhouse_tasks.sources.web import Web

    place = settings.container
    shown = mask_url(url)
    works: list[str] = []
    try:
        web = Web(url, timeout=min(PATIENCE, place.timeout), retries=0, ca_bundle=place.ca_bundle)
        for way in _kept(settings):
            page = layout.FLAT if way == FLAT_PAGE else layout.project_page(project).removesuffix("index.html")
            if _shows(web, page, names):
                works.append(way)
    except WheelhouseError as error:
        if not works:
            return Address(url=shown, problem=f"{shown}: {getattr(error, 'problem', error)}")
    problem = "" if works else f"{shown} does not show what was uploaded"
    return Address(url=shown, works=tuple(works), problem=problem)


def _shows(web: Web, page: str, names: Collection[str]) -> bool:
    """Return whether a page links one of the files: another page may be answered too, or an older one."""
    content = web.answer(web.url + page)[0]
    return any(f"/{name_quoted(name)}#sha256=".encode() in content for name in names)
