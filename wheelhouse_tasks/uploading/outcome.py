"""What a person is told of an upload: its plan, what is doubtful, and how to install what is there."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from wheelhouse_tasks.pypi import platforms
from wheelhouse_tasks.pypi.finding import Finding, told_once
from wheelhouse_tasks.text import count, listed
from wheelhouse_tasks.ui import Mark, PlanRow
from wheelhouse_tasks.uploading.address import FLAT_PAGE, SIMPLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.storage.port import Store
    from wheelhouse_tasks.ui import Ui
    from wheelhouse_tasks.uploading.address import Address
    from wheelhouse_tasks.uploading.choice import Strays
    from wheelhouse_tasks.uploading.plan import UploadPlan


class Notable(NamedTuple):
    """What is pointed out among the files."""

    strays: Strays
    #: The names of the files that take the place of other bytes.
    replaced: tuple[str, ...]


def note_skipped(skipped: Iterable[Skipped], ui: Ui) -> None:
    """Name what is passed over, and why."""
    for file in skipped:
        ui.note(f"skipped {file.name}: {file.reason}")


def warn_of_requirements(files: Iterable[LocalFile], ui: Ui) -> None:
    """Name the files whose Requires-Python no installer understands."""
    for file in files:
        if file.metadata.bad_requires:
            problem = f"its Requires-Python {file.metadata.bad_requires!r} is not valid, and is left off the pages"
            ui.warn(f"{file.artifact.filename}: {problem}")


def show(plan: UploadPlan, notable: Notable, store: Store, ui: Ui) -> None:
    """Show the plan; what may lie in the folder by mistake is marked."""
    doubtful = notable.strays.names

    def row(file: LocalFile, action: str, mark: Mark) -> PlanRow:
        return PlanRow(action, file.size, file.sha256, "", file.artifact.filename, mark=mark)

    def sent(file: LocalFile) -> PlanRow:
        name = file.artifact.filename
        text, mark = ("replace", Mark.DIFFERENT) if name in notable.replaced else ("upload", Mark.PLAIN)
        if name in doubtful:
            text, mark = f"{text} ({doubtful[name]})", mark if mark is Mark.DIFFERENT else Mark.DOUBTFUL
        return row(file, text, mark)

    rows = [sent(file) for file in plan.send]
    rows += [row(file, "already there", Mark.SETTLED) for file in plan.present]
    rows += [row(file, "kept: other bytes are there", Mark.DIFFERENT) for file in plan.kept]
    ui.plan(f"Upload to {store.label}", rows)


def warn_of_strays(strays: Strays, project: str | None, ui: Ui) -> None:
    """Name what may lie in the folder by mistake, and what leaves it out."""
    if strays.others:
        ui.warn(f"not of {project}: {listed(strays.others)} (--project {project} leaves them out)")
    if strays.older:
        ui.warn(f"of older versions: {listed(strays.older)} (--version leaves them out)")


def warn_of_platforms(plan: UploadPlan, ui: Ui) -> None:
    """Tell which wheels, if they are ever released, stay off PyPI: the build can still be mended here."""
    refused = [(file.artifact.filename, platforms.refused(file.artifact.tags[2])) for file in plan.send]
    findings = [Finding(name, f"PyPI does not take the platform {', '.join(tags)}") for name, tags in refused if tags]
    for line in told_once(findings):
        ui.warn(line)


def show_outcome(plan: UploadPlan, notable: Notable, ui: Ui) -> None:
    """Print what was done."""
    kept = f", {len(plan.kept)} kept as published" if plan.kept else ""
    ui.done(f"{count(plan.send)} uploaded, {len(plan.present)} already there, {len(plan.skipped)} skipped{kept}")
    parts = {
        "replaced": notable.replaced,
        "of other projects": notable.strays.others,
        "of older versions": notable.strays.older,
    }
    of_them = ", ".join(f"{len(names)} {text}" for text, names in parts.items() if names)
    if of_them:
        ui.done(f"of all: {of_them}")


def show_address(address: Address, commands: Iterable[tuple[str, ...]], settings: Settings, ui: Ui) -> None:
    """Print how to install what is there, or what keeps everybody from that."""
    if address.works:
        if address.problem:
            ui.note(f"once {address.url} shows this folder:")
        for first, *others in commands:
            ui.note(f"install it:  {first}")
            for other in others:
                ui.note(f"        or:  {other}")
    elif address.problem:
        label = settings.container.label
        ui.note(f"{label} is not readable without credentials ({address.problem}): installers need `fetch`")
    else:
        ui.note("set public_url to the address under which the container is readable to see the install commands")


def install_commands(address: Address, plan: UploadPlan) -> tuple[tuple[str, ...], ...]:
    """Return, for each project, the commands that install its newest version: those that work at the address."""
    if not (address.url and address.works):
        return ()
    flat, simple = shlex.quote(address.url + FLAT_PAGE), shlex.quote(address.url + SIMPLE)
    # --find-links adds to the default index, where the dependencies are
    where = f"--find-links {flat}" if FLAT_PAGE in address.works else f"--extra-index-url {simple}"
    pip = f"pip install{_trust(address.url)}"
    commands = []
    for project in plan.projects:
        files = [file for file in plan.files if file.artifact.project == project]
        wanted = f"{project}=={max(file.artifact.version for file in files)}"
        alone = [f"{pip} --index-url {simple} --no-deps {wanted}"] if SIMPLE in address.works else []
        commands.append((f"{pip} {where} {wanted}", f"uv pip install {where} {wanted}", *alone))
    return tuple(commands)


def _trust(url: str) -> str:
    """Return what pip must be told before it reads from an address: it refuses http, unless from this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or host in {"localhost", "::1"} or host.startswith("127."):
        return ""
    return f" --trusted-host {shlex.quote(host)}"
