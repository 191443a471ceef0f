"""What a person is told of an upload: its plan, what is doubtful, and how to install what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.publishing import platforms
from wheelhouse_tasks.publishing.finding import Finding, told_once
from wheelhouse_tasks.settings.table import LOCAL
from wheelhouse_tasks.text import count
from wheelhouse_tasks.ui import PlanRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
    from wheelhouse_tasks.container.upload_plan import UploadPlan
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.storage.port import Store
    from wheelhouse_tasks.ui import Ui


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


def show(plan: UploadPlan, store: Store, ui: Ui) -> None:
    """Show the plan."""
    rows = [(file, "upload") for file in plan.send] + [(file, "already there") for file in plan.present]
    rows += [(file, "kept: other bytes are there") for file in plan.kept]
    ui.plan(
        f"Upload to {store.label}",
        [PlanRow(action, file.size, file.sha256, "", file.artifact.filename) for file, action in rows],
    )


def warn_of_platforms(plan: UploadPlan, ui: Ui) -> None:
    """Tell which wheels, if they are ever released, stay off PyPI: the build can still be mended here."""
    refused = [(file.artifact.filename, platforms.refused(file.artifact.tags[2])) for file in plan.send]
    findings = [Finding(name, f"PyPI does not take the platform {', '.join(tags)}") for name, tags in refused if tags]
    for line in told_once(findings):
        ui.warn(line)


def show_outcome(plan: UploadPlan, url: str | None, settings: Settings, ui: Ui) -> None:
    """Print what was done, and how to install what is there."""
    kept = f", {len(plan.kept)} kept as published" if plan.kept else ""
    ui.done(f"{count(plan.send)} uploaded, {len(plan.present)} already there, {len(plan.skipped)} skipped{kept}")
    if not settings.options.update_index:
        ui.note("the index pages were left alone: the next upload brings them up to date")
    elif url is None:
        ui.note("set public_url to the address under which the container is readable to see the install commands")
    else:
        # an object store has no page for a folder
        folders = settings.options.slash_pages or settings.options.public_url or settings.container.provider == LOCAL
        for project in plan.projects:
            files = [file for file in (*plan.present, *plan.send, *plan.kept) if file.artifact.project == project]
            wanted = f"{project}=={max(file.artifact.version for file in files)}"
            # --find-links adds to the default index, where the dependencies are
            where = (
                f"--find-links {url}index.html" if settings.options.flat_index else f"--extra-index-url {url}simple/"
            )
            ui.note(f"install it:  pip install {where} {wanted}")
            ui.note(f"        or:  uv pip install {where} {wanted}")
            if folders:
                ui.note(f"        or:  pip install --index-url {url}simple/ --no-deps {wanted}")
