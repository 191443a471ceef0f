"""Find out whether a container, its public address and what installs from it really work."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.container.objects import open_projects, public_url
from wheelhouse_tasks.diagnosis import installers
from wheelhouse_tasks.errors import AccessDenied, ContainerMissing, Failed, ObjectMissing, PageMissing, WheelhouseError
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.settings.credentials import credential_variables
from wheelhouse_tasks.settings.table import LOCAL, ROWS
from wheelhouse_tasks.storage import publish
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import Conditions, Store, make_payload, read_all
from wheelhouse_tasks.text import parse_time
from wheelhouse_tasks.ui import Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.settings.locations import Credentials
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.sources.web import Web

OK, OFF, NOT_CHECKED = "ok", "off", "not checked"
PROBES = ".wheelhouse/"
CREDENTIALS, CONTAINER, CLOCK, OBJECTS = "credentials", "container", "clock", "objects"
CONDITIONS, PUBLIC, PAGES, JSON_PAGES, FOLDERS = (
    "conditional writes",
    "public URL",
    "pages",
    "JSON pages",
    "folder pages",
)
DEVELOPMENT, STORAGE = "development builds", "storage"
#: In the order in which each is found out: what is off ends those that need it.
CHECKS = (CREDENTIALS, CONTAINER, OBJECTS, CLOCK, CONDITIONS, PUBLIC, PAGES, JSON_PAGES, FOLDERS)
#: Providers refuse requests after some minutes; retention counts in hours.
LARGEST_SKEW = timedelta(minutes=1)
#: A nightly build that is older was not built, or not uploaded.
STALE = timedelta(days=30)
SERVER_ADVICE = "see 'Install from it' in the README of wheelhouse-tasks for what the web server must do"


@dataclass(frozen=True)
class Finding:
    """What became of one check."""

    check: str
    #: `ok`, `off`, or `not checked`.
    state: str
    #: What was found, or why nothing was looked for.
    found: str
    #: What to do, or what would be better.
    remedy: str = ""


@dataclass(frozen=True)
class DoctorResult:
    """What `doctor` found."""

    container: str
    #: Where the container should be readable, ending in "/", as far as known.
    url: str | None
    #: The settings that say something, as text, without secrets.
    settings: Mapping[str, str]
    findings: tuple[Finding, ...]


class NotWell(Failed):
    """Something is off; `result` has the findings."""

    def __init__(self, result: DoctorResult) -> None:
        off = [finding.check for finding in result.findings if finding.state == OFF]
        super().__init__(result.container, f"off: {', '.join(off)}", "what to do is told with each")
        self.result = result


class _Stop(Exception):
    """What is off keeps the rest from being checked."""


def doctor(
    settings: Settings, ui: Ui | None = None, *, dry_run: bool = False, now: Callable[[], float] = time.time
) -> DoctorResult:
    """Try whatever uploads and installs need, on objects of our own below `.wheelhouse/` that are deleted again.

    With *dry_run* nothing is written. *now* gives seconds since the epoch.
    Raises NotWell where something is off; whatever fails is a finding.
    """
    ui = ui or Silent()
    shown = shown_settings(settings)
    ui.table("Settings", ("setting", "value"), list(shown.items()))
    visit = _Visit(settings, dry_run, now)
    try:
        visit.everything()
    except _Stop:
        pass
    except WheelhouseError as error:  # what worked a moment ago
        visit.tell(STORAGE, OFF, str(error), "try again; then see whether the provider has trouble")
    findings = visit.complete()
    rows = [(each.state, each.check, each.found, each.remedy) for each in findings]
    ui.table(f"Findings for {settings.container.label}", ("", "check", "found", "what to do"), rows)
    url = mask_url(visit.url) if visit.url else None
    result = DoctorResult(settings.container.label, url, shown, findings)
    if any(finding.state == OFF for finding in findings):
        raise NotWell(result)
    return result


class _Visit:
    """One run: what was found until now, and what the next checks need of it."""

    def __init__(self, settings: Settings, dry_run: bool, now: Callable[[], float]) -> None:
        self.settings, self.dry_run, self.now = settings, dry_run, now
        self.findings: list[Finding] = []
        self.url: str | None = None
        # a folder of this machine stays when it is empty
        name = "doctor" if settings.container.provider == LOCAL else secrets.token_hex(8)
        self.folder = f"{PROBES}{name}/"

    def tell(self, check: str, state: str, found: str, remedy: str = "") -> None:
        self.findings.append(Finding(check, state, mask_url(found), mask_url(remedy)))

    def complete(self) -> tuple[Finding, ...]:
        """Return the findings, with those that were not come to."""
        seen = {finding.check for finding in self.findings}
        off = next((finding.check for finding in self.findings if finding.state == OFF), "")
        reason = f"{off}: see above" if off else "dry run: nothing was written"
        missing = [Finding(check, NOT_CHECKED, reason) for check in (*CHECKS, DEVELOPMENT) if check not in seen]
        return (*self.findings, *missing)

    def everything(self) -> None:
        store = self.open()
        self.url = public_url(self.settings, store) or publish.address(self.settings.container)
        files = self.files(store)
        if self.settings.project is None:
            self.tell(DEVELOPMENT, NOT_CHECKED, "no project is named", "see --project")
        else:
            self.findings.append(development(files, datetime.fromtimestamp(self.now(), UTC)))
        if self.dry_run:
            return
        try:
            self.objects(store)
            readable, folders = self.public(store)
        finally:
            self.clean(store)
        self.installers(files, readable, folders)

    def open(self) -> Store:
        """Return the store, when its credentials were accepted and its container is there."""
        place = self.settings.container
        source = "no credentials are needed"
        if place.credentials:
            source = f"from {origin_of(place.credentials, self.settings.environ)}"
        accepted = f"accepted, {source}" if place.credentials else source
        try:
            store = open_store(place)
            store.list(PROBES)
        except AccessDenied as error:
            self.tell(CREDENTIALS, OFF, f"{source}: {error.problem}", error.remedy)
            raise _Stop from None
        except ContainerMissing as error:
            self.tell(CREDENTIALS, OK, accepted)
            self.tell(CONTAINER, OFF, error.problem, "upload creates it; or check container, region and host")
            raise _Stop from None
        except Failed as error:
            self.tell(CONTAINER if place.credentials else CREDENTIALS, OFF, error.problem, error.remedy)
            raise _Stop from None
        self.tell(CREDENTIALS, OK, accepted)
        self.tell(CONTAINER, OK, "is there, and can be listed")
        return store

    def objects(self, store: Store) -> None:
        """Write, list, read and delete an object; compare clocks."""
        name, content = f"{self.folder}probe", secrets.token_hex(32).encode()
        before = self.now()
        try:
            store.put(name, make_payload(content, "text/plain", layout.PAGE_CACHE))
            after = self.now()
            listed = [entry for entry in store.list(self.folder) if entry.name == name]
            same = read_all(store, name) == content
            store.delete(name)
            with suppress(ObjectMissing):
                store.facts(name)
                same = False
            conditions = store.conditions()
        except Failed as error:
            self.tell(OBJECTS, OFF, f"{error.subject}: {error.problem}", error.remedy or "see what the key may do")
            raise _Stop from None
        if not (same and listed):
            how = "is not listed" if same else "does not come back as it was written"
            self.tell(OBJECTS, OFF, f"an object {how}", "use another provider: nothing can be built on this")
            raise _Stop
        self.tell(OBJECTS, OK, "written, listed, read and deleted")
        self.findings += [clock(listed[0].modified, before, after), conditional_writes(conditions)]

    def public(self, store: Store) -> tuple[bool, bool]:
        """Tell whether pages, and folders by their pages, can be read at the public URL."""
        if self.url is None:
            no = "no public_url is set, and the provider tells none"
            self.tell(PUBLIC, NOT_CHECKED, no, "set public_url, if others than fetch are to read it")
            return self.skip("there is no public URL", readable=False)
        if self.url.startswith("file:"):
            self.tell(PUBLIC, NOT_CHECKED, f"{self.url} is a folder", "set public_url, if a web server shows it")
            return self.skip("there is no web server", readable=True)
        if self.settings.options.public_url is None and not self.settings.options.enable_cdn:
            self.tell(PUBLIC, NOT_CHECKED, "enable_cdn is off, and no public_url is set: the container is private")
            return self.skip("the container is private", readable=False)
        return self.served(store, _web(self.url, self.settings))

    def skip(self, why: str, *, readable: bool) -> tuple[bool, bool]:
        for check in (PAGES, JSON_PAGES, FOLDERS):
            self.tell(check, NOT_CHECKED, why)
        return readable, readable

    def served(self, store: Store, web: Web) -> tuple[bool, bool]:
        """Write a page of each kind, and read it at the public URL."""
        html, json = f"{self.folder}index.html", f"{self.folder}{layout.JSON_FOLDER}index.html"
        content = secrets.token_hex(32).encode()
        store.put(html, make_payload(content, layout.HTML_TYPE, layout.PAGE_CACHE))
        store.put(json, make_payload(content, layout.JSON_TYPE, layout.PAGE_CACHE))
        before = self.now()
        try:
            got, _, headers = web.answer(web.url + html)
        except WheelhouseError as error:
            self.tell(PUBLIC, OFF, str(error), self.unreadable(error))
            return self.skip(f"{PUBLIC}: see above", readable=False)
        if got != content:
            remedy = (
                "public_url must lead to the container itself, to `prefix` within it, without an older copy between"
            )
            self.tell(PUBLIC, OFF, f"{self.url} shows something else than what was just written", remedy)
            return self.skip(f"{PUBLIC}: see above", readable=False)
        self.tell(PUBLIC, OK, f"{self.url} shows what was just written", self.unset())
        with suppress(ValueError):  # where an object does not tell its time, a web server does
            date = parsedate_to_datetime(headers.get("Date", "")).isoformat()
            other = clock(date, before, self.now())
            self.findings = [
                other if (each.check, each.state) == (CLOCK, NOT_CHECKED) else each for each in self.findings
            ]
        self.findings.append(page(PAGES, headers, layout.HTML_TYPE))
        try:
            _, _, headers = web.answer(web.url + json)
            self.findings.append(page(JSON_PAGES, headers, layout.JSON_TYPE))
        except WheelhouseError as error:
            self.tell(JSON_PAGES, OFF, str(error), SERVER_ADVICE)
        return True, self.folders(store, web, content)

    def unreadable(self, error: WheelhouseError) -> str:
        """Return what to do where the page that was just written is not shown."""
        if self.settings.options.public_url and isinstance(error, PageMissing):
            return "public_url must lead to the container: objects are looked for below it, and below `prefix`"
        place = self.settings.container
        return SERVER_ADVICE if place.provider == LOCAL else publish.advice(place)

    def unset(self) -> str:
        """Return what would make `upload` tell the address each time."""
        told = self.settings.options.public_url or self.settings.container.provider == LOCAL
        base = (self.url or "").removesuffix(quote(self.settings.container.prefix))
        return "" if told else f"set public_url to {base}, and upload tells how to install"

    def folders(self, store: Store, web: Web, content: bytes) -> bool:
        """Tell whether a folder is answered with its page: the address that `--index-url` makes of a project."""
        place, wanted = self.settings.container, self.settings.options.slash_pages
        if self.shows(web, self.folder, content):
            unneeded = "slash_pages is not needed here" if wanted else ""
            self.tell(FOLDERS, OK, "a folder is answered with its index.html", unneeded)
            return True
        copy = f"{self.folder}slash/"
        if place.provider != LOCAL:
            with suppress(WheelhouseError):
                store.put(copy, make_payload(content, layout.HTML_TYPE, layout.PAGE_CACHE))
        kept = self.shows(web, copy, content)
        if kept and wanted:
            self.tell(FOLDERS, OK, "slash_pages stands in for the index.html of folders")
        elif wanted:
            self.tell(FOLDERS, OFF, "names ending in / are not kept here", f"set slash_pages to no; {SERVER_ADVICE}")
        else:
            only = "only index.html can be installed from, with --find-links"
            self.tell(FOLDERS, OK, only, f"for --index-url {'set slash_pages to yes' if kept else SERVER_ADVICE}")
        return kept and wanted

    def shows(self, web: Web, name: str, content: bytes) -> bool:
        try:
            return web.answer(web.url + name)[0] == content
        except WheelhouseError:
            return False

    def clean(self, store: Store) -> None:
        """Delete what was written, whatever happened."""
        with suppress(WheelhouseError):
            for name in {*(entry.name for entry in store.list(self.folder)), f"{self.folder}slash/"}:
                with suppress(WheelhouseError):
                    store.delete(name)

    def files(self, store: Store) -> dict[str, File]:
        """Return the files of the project."""
        name = self.settings.project
        if name is None:
            return {}
        project = open_projects(self.settings, store, {name}, writing=False)[name]
        try:
            project.look()
            return project.files()
        except WheelhouseError as error:
            self.tell(f"project {name}", OFF, str(error), "see wheelhouse.check")
            raise _Stop from None

    def installers(self, files: Mapping[str, File], readable: bool, folders: bool) -> None:
        """Have pip and uv look for the newest artifact."""
        found = [artifact.parse(name) for name, file in files.items() if file.yanked is None]
        wheels = sorted(found, key=lambda each: (each.is_wheel, each.sort_key()))
        entries = {"index.html": self.settings.options.flat_index, "simple/": folders}
        for name in installers.NAMES:
            for entry in (entry for entry, there in entries.items() if there or not readable):
                check = f"{name}, {entry}"
                if not readable or self.url is None:
                    self.tell(check, NOT_CHECKED, f"{PUBLIC}: see above")
                elif not wheels or (name == "uv" and not wheels[-1].is_wheel):
                    kind = "wheel" if wheels else "artifact"
                    self.tell(
                        check,
                        NOT_CHECKED,
                        f"no {kind} of {self.settings.project or 'a project'} is there",
                        "see --project",
                    )
                else:
                    self.install(name, check, entry, wheels[-1], files)

    def install(self, name: str, check: str, entry: str, file: artifact.Artifact, files: Mapping[str, File]) -> None:
        requires, place = files[file.filename].requires_python, self.settings.container
        trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), place.ca_bundle) if place.ca_bundle else {}
        environ = {**self.settings.environ, **trust}
        try:
            fault = installers.fault(name, f"{self.url}{entry}", file, requires, environ, place.timeout)
        except installers.NotInstalled:
            self.tell(check, NOT_CHECKED, f"{name} is not installed here")
            return
        if fault:
            self.tell(
                check, OFF, f"does not find {file.filename}: {fault}", "see the pages above, and wheelhouse.check"
            )
        else:
            self.tell(check, OK, f"finds {file.filename}")


def _web(url: str, settings: Settings) -> Web:
    from wheelhouse_tasks.sources.web import Web

    place = settings.container
    return Web(url, timeout=place.timeout, retries=place.retries, ca_bundle=place.ca_bundle)


def shown_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that say something, as text; of options that may be secret the names alone."""
    values: dict[str, Any] = {**vars(settings.options), **vars(settings), **vars(settings.container)}
    values["indexes"] = [index.label for index in settings.indexes]
    texts = {name: _text(values[name]) for name in ROWS}
    return {name: text for name, text in texts.items() if text}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list | tuple | frozenset):
        return " ".join(sorted(map(str, value)))
    return "" if value is None else mask_url(f"{value:g}" if isinstance(value, float) else str(value))


def origin_of(credentials: Credentials, environ: Mapping[str, str]) -> str:
    """Return the names of the variables that hold the credentials; their values are told nowhere."""
    values = {credentials.username, credentials.secret, credentials.token} - {None, ""}
    ours = {name for name in environ if name.startswith("WHEELHOUSE_")} | credential_variables()
    names = [name for name in ours if environ.get(name) in values]
    secret = any(environ[name] == credentials.secret for name in names)
    return ", ".join([*sorted(names), *([] if secret else ["--secret"])])


def clock(modified: str, before: float, after: float) -> Finding:
    """Compare the time that the provider gave an object, as in PEP 700, with ours before and after it was written."""
    written = parse_time(modified)
    if written is None:
        return Finding(CLOCK, NOT_CHECKED, "the provider does not tell when an object was written")
    late = written.timestamp() - after if written.timestamp() > after else min(written.timestamp() - before, 0)
    if abs(late) <= LARGEST_SKEW.total_seconds():
        return Finding(CLOCK, OK, f"differs by less than {LARGEST_SKEW.total_seconds():.0f} s from the provider's")
    side = "behind" if late > 0 else "ahead of"
    return Finding(CLOCK, OFF, f"this machine is {abs(late):.0f} s {side} the provider", "set its clock (NTP)")


def conditional_writes(found: Conditions) -> Finding:
    """Tell which conditions hold; the pages are right without any."""
    honoured = [text for text, held in (("If-None-Match", found.absent), ("If-Match", found.mark)) if held]
    said = " and ".join(honoured) or "none"
    said = "a name is never created twice" if honoured and not found.mark else f"{said} honoured"
    return Finding(CONDITIONS, OK, said if found.mark else f"{said}: pages may show an older state for a moment")


def page(check: str, headers: Mapping[str, str], wanted: str) -> Finding:
    """Compare the headers of a page with what it was stored with."""
    off = []
    said = Message()
    said["Content-Type"] = headers.get("Content-Type") or "nothing/at-all"
    kind, charset = said.get_content_type(), said.get_content_charset("utf-8")
    if kind != wanted.partition(";")[0] or charset not in ("utf-8", "us-ascii"):
        off.append(f"Content-Type is {headers.get('Content-Type', 'missing')!r}, expected {wanted!r}")
    cache = headers.get("Cache-Control", "missing")
    if not {"no-cache", "no-store", "max-age=0"} & {each.strip().lower() for each in cache.split(",")}:
        off.append(f"Cache-Control is {cache!r}, expected {layout.PAGE_CACHE!r}")
    if off:
        return Finding(check, OFF, "; ".join(off), SERVER_ADVICE)
    return Finding(check, OK, f"shown as {kind}, {cache}")


def development(files: Mapping[str, File], now: datetime) -> Finding:
    """Tell how old the newest development build is."""
    builds = {name: file for name, file in files.items() if artifact.parse(name).version.is_devrelease}
    times = {when: name for name, file in builds.items() if (when := parse_time(file.upload_time))}
    if not times:
        why = "nobody knows when they were uploaded" if builds else "none is there"
        return Finding(DEVELOPMENT, NOT_CHECKED, why)
    newest = max(times)
    said = f"{times[newest]} is the newest, {_age(now - newest)} old"
    if now - newest <= STALE:
        return Finding(DEVELOPMENT, OK, said)
    remedy = "see whether the job that uploads them still runs; if there is none any more, wheelhouse.remove them"
    return Finding(DEVELOPMENT, OFF, said, remedy)


def _age(age: timedelta) -> str:
    return f"{age.days} days" if age.days > 1 else f"{max(age.total_seconds(), 0) / 3600:.0f} hours"
