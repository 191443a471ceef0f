"""What is told of files that may lie in dist/ by mistake."""

import pytest

from wheelhouse_tasks.ui import Silent
from wheelhouse_tasks.uploading.choice import Strays
from wheelhouse_tasks.uploading.outcome import warn_of_strays


class Warned(Silent):
    """A Ui that keeps the warnings."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.lines.append(text)


@pytest.mark.parametrize(
    ("number", "names"), [(1, "0.whl"), (3, "0.whl, 1.whl, 2.whl"), (30, "0.whl, 1.whl, 2.whl and 27 more")]
)
def test_many_strays_are_counted(number: int, names: str) -> None:
    """A folder of many old builds does not push the plan, which marks each of them, off the terminal."""
    ui, files = Warned(), tuple(f"{index}.whl" for index in range(number))
    warn_of_strays(Strays(others=files, older=files), "demo", ui)
    assert ui.lines == [
        f"not of demo: {names} (--project demo leaves them out)",
        f"of older versions: {names} (--version leaves them out)",
    ]
