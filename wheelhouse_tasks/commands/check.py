"""Compare a container with its pages: every entry has its object, every object its entry, every digest is right."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import companions
from wheelhouse_tasks.artifacts.companions import METADATA
from wheelhouse_tasks.container.looked import LookedProject, look
from wheelhouse_tasks.container.objects import TEXT_TYPE, keeping_of, open_projects, update_pages
from wheelhouse_tasks.container.root import look_at_root
from wheelhouse_tasks.container.survey import project_names
from wheelhouse_tasks.errors import BadPage, Failed, ObjectMissing, WheelhouseError
from wheelhouse_tasks.pages import html_pages, json_pages, layout, links
from wheelhouse_tasks.people import flat
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import Store, make_payload, read_all
from wheelhouse_tasks.text import count
from wheelhouse_tasks.ui import Mark, Marked, Silent, Ui

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Transfer, Work


@dataclass(frozen=True)
class Finding:
    """Something that is off."""

    #: Name of the object or page.
    name: str
    problem: str


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What `check` found, and what was left after a repair."""

    container: str
    files: int
    findings: tuple[Finding, ...]
    repaired: tuple[Finding, ...]


class NotSound(Failed):
    """A container is not what its pages say; `result` has the findings."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result.container, count(result.findings, "finding"), "see check --repair")
        self.result = result


def check(settings: Settings, ui: Ui | None = None, *, deep: bool = False, repair: bool = False) -> CheckResult:
    """Check every page, object and metadata file; with *deep* also the bytes of every artifact.

    With *repair*, missing metadata files are made and the pages rebuilt; damaged bytes are beyond it.
    Raises NotSound where something is off in the end, WheelhouseError where the container cannot be read.
    """
    ui = ui or Silent()
    store = open_store(settings.container)
    number, findings = _findings(settings, store, ui, deep=deep)
    _show("Findings", findings, ui)
    before: list[Finding] = []
    if repair and findings:
        _repair(settings, store, ui)
        before = findings
        number, findings = _findings(settings, store, ui, deep=deep)
        _show("Not repaired", findings, ui)
    repaired = tuple(finding for finding in before if finding not in findings)
    result = CheckResult(container=store.label, files=number, findings=tuple(findings), repaired=repaired)
    if findings:
        raise NotSound(result)
    outcome = f"{count(repaired, 'finding')} repaired, nothing is off" if repaired else "all well"
    ui.done(f"{count(number)}, {outcome}")
    return result


def _show(title: str, findings: Iterable[Finding], ui: Ui) -> None:
    rows = [(finding.name, Marked(finding.problem, Mark.WRONG)) for finding in findings]
    if rows:
        ui.table(title, ("object", "what is off"), rows)


def _findings(settings: Settings, store: Store, ui: Ui, *, deep: bool) -> tuple[int, list[Finding]]:
    """Return the number of files, and what is off, in the order of the projects; requests are made in parallel."""
    with ui.work("check") as work:
        root = parallel.begin(lambda: list(_root(settings, store)))
        number, findings = _findings_of_projects(settings, store, work, deep=deep)
        return number, [*findings, *root()]


def _findings_of_projects(settings: Settings, store: Store, work: Work, *, deep: bool) -> tuple[int, list[Finding]]:
    number, findings, workers = 0, list[Finding](), settings.options.max_workers
    unread = list(open_projects(settings, store, project_names(store), writing=False).values())

    def examine(named: tuple[LookedProject, File]) -> list[Finding]:
        project, file = named
        with work.transfer(file.filename, _size(project, file) if deep else None) as transfer:
            found = [_metadata(project, file), _bytes(project, file, transfer) if deep else None]
            return [finding for finding in found if finding]

    for start in range(0, len(unread), workers):  # all projects at once could fill the memory
        looked = parallel.run(_look, unread[start : start + workers], workers)
        files = [(result.project, file) for result in looked if result.project for file in result.files.values()]
        work.expect(len(files), sum(_size(project, file) for project, file in files) if deep else 0)
        off = [result.findings for result in looked for _ in result.files]
        for there, here in zip(off, parallel.run(examine, files, workers), strict=True):
            there.extend(here)
        number += len(files)
        findings += [finding for result in looked for finding in result.findings]
    return number, findings


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """A project with its files, and what is off."""

    #: None where its pages cannot be read; it has no files then.
    project: LookedProject | None
    files: dict[str, File]
    findings: list[Finding]


def _look(unread: Project) -> _Looked:
    try:
        project = look(unread)
    except BadPage as error:
        return _Looked(project=None, files={}, findings=[Finding(error.subject, error.problem)])
    files = project.files()
    findings = [*_objects(project), *_entries(project, files), *_pages(project, files)]
    return _Looked(project=project, files=files, findings=findings)


def _objects(project: LookedProject) -> Iterator[Finding]:
    """Find objects that nothing leads to."""
    for name in sorted(project.entries):
        if companions.is_promotion(name):
            yield Finding(name, "is left of a promotion that did not end: run it again")
            continue
        owner, suffix = companions.split(name)
        if not project.artifact(owner):
            yield Finding(name, "is no artifact of the project")
        elif suffix and owner not in project.entries:
            yield Finding(name, "belongs to an artifact that is not there")


def _entries(project: LookedProject, files: dict[str, File]) -> Iterator[Finding]:
    """Find differences between the pages and the listing."""
    for name in sorted(files.keys() | project.cached.keys()):
        shown, there = project.cached.get(name), files.get(name)
        if shown is None:
            yield Finding(project.object(name), "is not on the page")
        elif there is None:
            yield Finding(project.object(name), "is on the page, and is not there or is removed")
        elif shown.sha256 != there.sha256:
            yield Finding(project.object(name), f"has sha256 {there.sha256}, and {shown.sha256} on the page")
        elif shown != there:
            yield Finding(project.object(name), "is described otherwise on the page")


def _pages(project: LookedProject, files: dict[str, File]) -> Iterator[Finding]:
    """Find pages that are missing, damaged, or link something else than what is there."""
    html = make_payload(html_pages.render_project(project.name, files.values()), "", "").md5
    json = make_payload(json_pages.render_json(project.name, files.values()), "", "").md5
    kinds = [(page, html, layout.HTML_TYPE) for page in project.pages.html]
    kinds += [(page, json, layout.JSON_TYPE) for page in project.pages.json]
    for page, md5, kind in kinds:
        if page.md5 is None:
            yield Finding(page.name, "is not there")
        elif page.md5 != md5:
            yield from _other_page(project, page.name, kind, files)


def _other_page(project: LookedProject, name: str, kind: str, files: dict[str, File]) -> Iterator[Finding]:
    """Find what is wrong with a page that is not as this version of the program writes it."""
    wanted = {name: file.sha256 for name, file in files.items()}
    try:
        content = read_all(project.store, name)
        linked = {link.filename: link.sha256 for link in links.parse(content, "https://x/", kind)}
    except ObjectMissing:
        yield Finding(name, "is not there")
    except BadPage as error:
        yield Finding(name, error.problem)
    else:
        if linked != wanted:
            yield Finding(name, "does not link the files that are there")


def _size(project: LookedProject, file: File) -> int:
    return project.entries[project.object(file.filename)].size


def _metadata(project: LookedProject, file: File) -> Finding | None:
    name = project.object(file.filename)
    if not name.endswith(".whl"):
        return None
    try:
        content = read_all(project.store, name + METADATA)
    except ObjectMissing:
        return Finding(name, "has no .metadata beside it")
    if hashlib.sha256(content).hexdigest() != file.metadata_sha256:
        return Finding(name + METADATA, "is not the METADATA that the page promises")
    return None


def _bytes(project: LookedProject, file: File, transfer: Transfer) -> Finding | None:
    name = project.object(file.filename)
    try:
        read = project.describe_bytes(file.filename, project.entries[name], transfer.advance)
    except WheelhouseError as error:
        return Finding(name, str(error))
    if read.sha256 != file.sha256:
        return Finding(name, f"its bytes have sha256 {read.sha256}, promised is {file.sha256}")
    if file.metadata_sha256 and read.metadata_sha256 != file.metadata_sha256:
        return Finding(name, "its METADATA is not the one that the page promises")
    return None


def _root(settings: Settings, store: Store) -> Iterator[Finding]:
    root = look_at_root(store, keeping_of(settings, adopt=True), writing=False)
    wanted = {**{page: html_pages.render_root(root.marks) for page in root.pages.html}}
    wanted |= {page: json_pages.render_json_root(root.marks) for page in root.pages.json}
    for page, content in wanted.items():
        if page.content != content and (page.md5 is not None or root.marks):
            yield Finding(page.name, "does not name the projects that are there")
    if settings.options.flat_index and root.marks:
        for project, (_, mark) in sorted(root.marks.items()):
            if not flat.section_is_current(root.shown.get(project), mark):
                yield Finding(layout.FLAT, f"does not show the page of {project} as it is")


def _repair(settings: Settings, store: Store, ui: Ui) -> None:
    """Make the metadata files that are missing, then rebuild the pages."""
    projects = open_projects(settings, store, project_names(store), writing=True, rebuild=True)
    for project in map(look, projects.values()):
        for name in project.files():
            if name.endswith(".whl") and project.object(name) + METADATA not in project.entries:
                text = project.metadata_of(name)
                if text:
                    payload = make_payload(text, TEXT_TYPE, layout.FILE_CACHE)
                    store.put(project.object(name) + METADATA, payload)
    update_pages(settings, store, projects.values(), ui)
