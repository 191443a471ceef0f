"""What is asked of a container, of its public address and of installers: each check is a function of a `Visit`."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.objects import open_projects
from wheelhouse_tasks.diagnosis import installers
from wheelhouse_tasks.diagnosis.findings import (
    CONTAINER,
    CREDENTIALS,
    FOLDERS,
    JSON_PAGES,
    NOT_CHECKED,
    OBJECTS,
    OFF,
    OK,
    PAGES,
    PUBLIC,
    SERVER_ADVICE,
    Finding,
    clock,
    conditional_writes,
    page,
)
from wheelhouse_tasks.errors import AccessDenied, ContainerMissing, Failed, ObjectMissing, PageMissing, WheelhouseError
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.settings.credentials import credential_variables
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.storage import publish
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import Store, make_payload, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.settings.locations import Credentials
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.sources.web import Web

#: Below it we write what is deleted again.
PROBES = ".wheelhouse/"


@dataclass(frozen=True)
class Visit:
    """What the checks of one run have in common."""

    settings: Settings
    #: Where in the container this run writes, ending in "/".
    folder: str
    dry_run: bool
    #: Return the seconds since the epoch.
    now: Callable[[], float]


@dataclass(frozen=True)
class Public:
    """What was found at the public address."""

    findings: tuple[Finding, ...]
    #: Whether pages can be read there.
    readable: bool
    #: Whether a folder is answered with its page: the address that `--index-url` makes of a project.
    folders: bool


def probe_folder(settings: Settings) -> str:
    """Return a folder that no other run writes to."""
    # a folder of this machine stays when it is empty
    name = "doctor" if settings.container.provider == LOCAL else secrets.token_hex(8)
    return f"{PROBES}{name}/"


def opened(visit: Visit) -> tuple[Store | None, list[Finding]]:
    """Return the store, when its credentials were accepted and its container is there."""
    place = visit.settings.container
    source = "no credentials are needed"
    if place.credentials:
        source = f"from {origin_of(place.credentials, visit.settings.environ)}"
    accepted = Finding(CREDENTIALS, OK, f"accepted, {source}" if place.credentials else source)
    try:
        store = open_store(place)
        store.list(PROBES)
    except AccessDenied as error:
        return None, [Finding(CREDENTIALS, OFF, f"{source}: {error.problem}", error.remedy)]
    except ContainerMissing as error:
        remedy = "upload creates it; if it should be there, check container, region and host"
        return None, [accepted, Finding(CONTAINER, NOT_CHECKED, f"{error.problem} yet", remedy)]
    except Failed as error:
        check = CONTAINER if place.credentials else CREDENTIALS
        return None, [Finding(check, OFF, error.problem, error.remedy)]
    return store, [accepted, Finding(CONTAINER, OK, "is there, and can be listed")]


def origin_of(credentials: Credentials, environ: Mapping[str, str]) -> str:
    """Return the names of the variables that hold the credentials; their values are printed nowhere."""
    values = {credentials.username, credentials.secret, credentials.token} - {None, ""}
    ours = {name for name in environ if name.startswith("WHEELHOUSE_")} | credential_variables()
    names = [name for name in ours if environ.get(name) in values]
    secret = any(environ[name] == credentials.secret for name in names)
    return ", ".join([*sorted(names), *([] if secret else ["--secret"])])


def project_files(visit: Visit, store: Store) -> tuple[dict[str, File], list[Finding]]:
    """Return the files of the project by name, or what keeps them from being read."""
    name = visit.settings.project
    if name is None:
        return {}, []
    project = open_projects(visit.settings, store, {name}, writing=False)[name]
    try:
        return look(project).files(), []
    except WheelhouseError as error:
        return {}, [Finding(f"project {name}", OFF, str(error), "see wheelhouse.check")]


def objects(visit: Visit, store: Store) -> list[Finding]:
    """Write, list, read and delete an object; compare clocks."""
    name, content = f"{visit.folder}probe", secrets.token_hex(32).encode()
    before = visit.now()
    try:
        store.put(name, make_payload(content, "text/plain", layout.PAGE_CACHE))
        after = visit.now()
        listed = [entry for entry in store.list(visit.folder) if entry.name == name]
        same = read_all(store, name) == content
        store.delete(name)
        with suppress(ObjectMissing):
            store.facts(name)
            same = False
        conditions = store.conditions()
    except Failed as error:
        problem = f"{error.subject}: {error.problem}"
        return [Finding(OBJECTS, OFF, problem, error.remedy or "see what the key may do")]
    if not (same and listed):
        how = "is not listed" if same else "does not come back as it was written"
        return [Finding(OBJECTS, OFF, f"an object {how}", "use another provider: nothing can be built on this")]
    return [
        Finding(OBJECTS, OK, "written, listed, read and deleted"),
        clock(listed[0].modified, before, after),
        conditional_writes(conditions),
    ]


def public(visit: Visit, store: Store, url: str | None) -> Public:
    """Find out whether pages, and folders by their pages, can be read at the public address."""
    options = visit.settings.options
    if url is None:
        remedy = "set public_url, if others than fetch are to read it"
        unset = Finding(PUBLIC, NOT_CHECKED, "no public_url is set, and the provider has none", remedy)
        return _unread(unset, "there is no public URL", readable=False)
    if url.startswith("file:"):
        folder = Finding(PUBLIC, NOT_CHECKED, f"{url} is a folder", "set public_url, if a web server shows it")
        return _unread(folder, "there is no web server", readable=True)
    if options.public_url is None and not options.enable_cdn:
        problem = "enable_cdn is off, and no public_url is set: the container is private"
        return _unread(Finding(PUBLIC, NOT_CHECKED, problem), "the container is private", readable=False)
    return _served(visit, store, _web(url, visit.settings), url)


def _unread(finding: Finding, why: str, *, readable: bool) -> Public:
    pages = (Finding(check, NOT_CHECKED, why) for check in (PAGES, JSON_PAGES, FOLDERS))
    return Public((finding, *pages), readable, readable)


def _served(visit: Visit, store: Store, web: Web, url: str) -> Public:
    """Write a page of each kind, and read it at the public address, which also has the time."""
    html, json = f"{visit.folder}index.html", f"{visit.folder}{layout.JSON_FOLDER}index.html"
    content = secrets.token_hex(32).encode()
    store.put(html, make_payload(content, layout.HTML_TYPE, layout.PAGE_CACHE))
    store.put(json, make_payload(content, layout.JSON_TYPE, layout.PAGE_CACHE))
    before = visit.now()
    try:
        answer, _, headers = web.answer(web.url + html)
    except WheelhouseError as error:
        finding = Finding(PUBLIC, OFF, str(error), _unreadable(visit, error))
        return _unread(finding, f"{PUBLIC}: see above", readable=False)
    if answer != content:
        remedy = "public_url must lead to the container itself, to `prefix` within it, without an older copy between"
        finding = Finding(PUBLIC, OFF, f"{url} shows something else than what was just written", remedy)
        return _unread(finding, f"{PUBLIC}: see above", readable=False)
    findings = [Finding(PUBLIC, OK, f"{url} shows what was just written", _unset(visit, url))]
    with suppress(ValueError):  # where an object has no time, a web server does
        date = parsedate_to_datetime(headers.get("Date", "")).isoformat()
        findings.append(clock(date, before, visit.now()))
    findings.append(page(PAGES, headers, layout.HTML_TYPE))
    try:
        _, _, headers = web.answer(web.url + json)
        findings.append(page(JSON_PAGES, headers, layout.JSON_TYPE))
    except WheelhouseError as error:
        findings.append(Finding(JSON_PAGES, OFF, str(error), SERVER_ADVICE))
    folder_pages, folders = _folders(visit, store, web, content)
    return Public((*findings, folder_pages), readable=True, folders=folders)


def _unreadable(visit: Visit, error: WheelhouseError) -> str:
    """Return what to do where the page that was just written is not shown."""
    place = visit.settings.container
    if visit.settings.options.public_url and isinstance(error, PageMissing):
        return "public_url must lead to the container: objects are looked for below it, and below `prefix`"
    return SERVER_ADVICE if place.provider == LOCAL else publish.advice(place)


def _unset(visit: Visit, url: str) -> str:
    """Return what would make `upload` print the address each time."""
    known = visit.settings.options.public_url or visit.settings.container.provider == LOCAL
    base = url.removesuffix(quote(visit.settings.container.prefix))
    return "" if known else f"set public_url to {base}, and upload prints how to install"


def _folders(visit: Visit, store: Store, web: Web, content: bytes) -> tuple[Finding, bool]:
    """Find out whether a folder is answered with its page, and return that too."""
    wanted = visit.settings.options.slash_pages
    if _shows(web, visit.folder, content):
        unneeded = "slash_pages is not needed here" if wanted else ""
        return Finding(FOLDERS, OK, "a folder is answered with its index.html", unneeded), True
    copy = f"{visit.folder}slash/"
    if visit.settings.container.provider != LOCAL:
        with suppress(WheelhouseError):
            store.put(copy, make_payload(content, layout.HTML_TYPE, layout.PAGE_CACHE))
    kept = _shows(web, copy, content)
    if kept and wanted:
        return Finding(FOLDERS, OK, "slash_pages stands in for the index.html of folders"), True
    if wanted:
        remedy = f"set slash_pages to no; {SERVER_ADVICE}"
        return Finding(FOLDERS, OFF, "names ending in / are not kept here", remedy), False
    remedy = f"for --index-url {'set slash_pages to yes' if kept else SERVER_ADVICE}"
    return Finding(FOLDERS, OK, "only index.html can be installed from, with --find-links", remedy), False


def _shows(web: Web, name: str, content: bytes) -> bool:
    try:
        return web.answer(web.url + name)[0] == content
    except WheelhouseError:
        return False


def clean(visit: Visit, store: Store) -> None:
    """Delete what was written, whatever happened."""
    with suppress(WheelhouseError):
        for name in {*(entry.name for entry in store.list(visit.folder)), f"{visit.folder}slash/"}:
            with suppress(WheelhouseError):
                store.delete(name)


def installable(visit: Visit, url: str | None, files: Mapping[str, File], public: Public) -> Iterator[Finding]:
    """Have pip and uv look for the newest artifact."""
    offered = [artifact.parse(name) for name, file in files.items() if file.yanked is None]
    wheels_last = sorted(offered, key=lambda offer: (offer.is_wheel, offer.sort_key()))
    entries = {"index.html": visit.settings.options.flat_index, "simple/": public.folders}
    for name in installers.NAMES:
        for entry in (entry for entry, there in entries.items() if there or not public.readable):
            check = f"{name}, {entry}"
            if not public.readable or url is None:
                yield Finding(check, NOT_CHECKED, f"{PUBLIC}: see above")
            elif not wheels_last or (name == "uv" and not wheels_last[-1].is_wheel):
                kind = "wheel" if wheels_last else "artifact"
                problem = f"no {kind} of {visit.settings.project or 'a project'} is there"
                yield Finding(check, NOT_CHECKED, problem, "see --project")
            else:
                file = wheels_last[-1]
                yield _installer(visit, name, check, f"{url}{entry}", file, files[file.filename].requires_python)


def _installer(
    visit: Visit, name: str, check: str, url: str, file: artifact.Artifact, requires_python: str | None
) -> Finding:
    place = visit.settings.container
    trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), place.ca_bundle) if place.ca_bundle else {}
    environ = {**visit.settings.environ, **trust}
    try:
        fault = installers.fault(name, url, file, requires_python, environ, place.timeout)
    except installers.NotInstalled:
        return Finding(check, NOT_CHECKED, f"{name} is not installed here")
    if fault:
        remedy = "see the pages above, and wheelhouse.check"
        return Finding(check, OFF, f"does not find {file.filename}: {fault}", remedy)
    return Finding(check, OK, f"finds {file.filename}")


def _web(url: str, settings: Settings) -> Web:
    from wheelhouse_tasks.sources.web import Web

    place = settings.container
    return Web(url, timeout=place.timeout, retries=place.retries, ca_bundle=place.ca_bundle)
