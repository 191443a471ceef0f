"""Take over what wheelhouse-uploader left at the root of a container: its files move into the layout."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.artifacts.metadata import Metadata
from wheelhouse_tasks.container.objects import send
from wheelhouse_tasks.errors import BadArtifact, NotAnArtifact
from wheelhouse_tasks.storage.port import ABSENT
from wheelhouse_tasks.text import now_text

if TYPE_CHECKING:
    from wheelhouse_tasks.container.project import Project
    from wheelhouse_tasks.storage.port import Store
    from wheelhouse_tasks.ui import Transfer, Ui


def artifacts_at_root(store: Store) -> list[str]:
    """Return the artifacts at the root of the container."""
    artifacts = []
    for entry in store.list(""):
        try:
            artifacts.append(artifact.parse(entry.name).filename)
        except NotAnArtifact:
            continue
    return artifacts


def adopt_all(store: Store, projects: dict[str, Project], names: list[str], now: float, ui: Ui) -> None:
    """Send the artifacts *names* at the root of the container to their *projects*; those at the root stay."""
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as scratch:

        def move(name: str, transfer: Transfer) -> None:
            named = artifact.parse(name)
            path = Path(scratch) / name
            with path.open("wb") as file:
                for block in store.read(name):
                    file.write(block)
                    transfer.advance(len(block))
            try:
                [local] = dist.read([(path, named)], 1)
            except BadArtifact as error:  # wheelhouse-uploader stamped names alone: linked all the same, as they were
                ui.warn(f"{error}; adopted as it is")
                sha256, size = dist.sha256_and_size(path)
                local = LocalFile(path, named, Metadata(b"", None, None), size, sha256)
            send(projects[named.project], local, now_text(now), expect=ABSENT)
            path.unlink()

        with ui.work("adopt", files=len(names)) as work:
            for name in names:
                with work.transfer(name) as transfer:
                    move(name, transfer)
