"""The order of the files on a page."""

from wheelhouse_tasks.pages import record
from wheelhouse_tasks.pages.record import File

A = "a" * 64


def test_order_of_files() -> None:
    """Files are ordered by version, not as text, and wheels come before the sdist."""
    ordered = [
        File(name, 1, A, "m")
        for name in ("demo-1.9-py3-none-any.whl", "demo-1.9.tar.gz", "demo-1.10.dev1.zip", "demo-1.10.zip")
    ]
    assert record.in_order(ordered[::-1]) == ordered
