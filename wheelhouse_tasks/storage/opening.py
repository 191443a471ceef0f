"""Open the store of a container, whoever keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks.settings.table import LOCAL

if TYPE_CHECKING:
    from wheelhouse_tasks.settings.locations import Container
    from wheelhouse_tasks.storage.port import Store


def open_store(container: Container) -> Store:
    """Return the store of *container*, before its first request.

    Raises UsageError for a provider or options that cannot be used.
    """
    if container.provider == LOCAL:
        from wheelhouse_tasks.storage.folder import FolderStore

        return FolderStore(Path(container.container) / container.prefix)
    from wheelhouse_tasks.storage.gaps import import_libcloud

    import_libcloud()
    from wheelhouse_tasks.storage.cloud import CloudStore

    return CloudStore(container)


def check_known(provider: str) -> None:
    """Raise UsageError for a storage provider that there is not."""
    if provider != LOCAL:
        from wheelhouse_tasks.storage.gaps import import_libcloud

        import_libcloud()
        from wheelhouse_tasks.storage.driver import check_known

        check_known(provider)
