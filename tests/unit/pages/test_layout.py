"""Where pages and artifacts lie in a container."""

import pytest

from wheelhouse_tasks.pages import layout


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (layout.project_page("demo"), "simple/demo/index.html"),
        (layout.json_page("demo"), "simple-json/demo/index.html"),
        (layout.file_name("demo", "demo-1.0.zip"), "files/demo/demo-1.0.zip"),
        (layout.FLAT, "index.html"),
        (layout.ROOT, "simple/index.html"),
        (layout.JSON_ROOT, "simple-json/index.html"),
    ],
)
def test_layout(name: str, expected: str) -> None:
    """Objects lie where the design says, which published URLs depend on."""
    assert name == expected
