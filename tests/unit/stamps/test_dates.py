"""Whether a version says when it was built."""

import pytest
from packaging.version import Version

from wheelhouse_tasks.stamps.dates import holds_date


@pytest.mark.parametrize(
    "version",
    [
        "1.0.dev20260115",
        "1.0.dev2026011512",
        "1.0.dev202601151200",
        "1.0.dev20260115120000",
        "1.0.dev1768478400",
        "2.0.0.dev0+git20260115.2c45a56",
        "2.0.0.dev0+20260115.git.2c45a56",
        "2.0.0.dev0+20260115git2c45a56",
        "2.0.0.dev0+2026.01.15",
        "2.0.0.dev0+2026-1-15",
        "2.0.0.dev0+2c45a56.2026.1.15",
        "2.0.0.dev0+2026_01_15.1",
        "2.0.0.dev0+nightly20260115",
        "2.0.0.dev0+nightly.2026.01.15",
        "2.0.0.dev0+20260115T1200",
        "2.0.0.dev0+20260115T120000Z",
        "2.0.0.dev0+20260115.1200",
        "2.0.0.dev0+d20260115",
        "2.0.0.dev3+g123abc.d20260115",
        "2.0.0.dev3+gabc1234.d20240229",
        "2.0.0.dev3+cu118.20260115",
    ],
)
def test_date_of_any_usual_form(version: str) -> None:
    """A date is seen in the development or the local part, with a word, a time or a commit beside it."""
    assert holds_date(Version(version))


@pytest.mark.parametrize(
    "version",
    [
        "1.0.dev0",
        "1.0.dev12",
        "1.0.dev12+gabc1234",
        "1.0.dev0+1.2.3",
        "1.0.dev20261315",
        "1.0.dev20260230",
        "1.0.dev0+20230229",
        "1.0.dev0+20260100",
        "1.0.dev0+2026011599",
        "1.0.dev0+12345678",
        "1.0.dev176847840",
        "1.0.dev0+g98765432",
        "1.0.dev0+2026.13.1",
        "1.0.dev0+2026.1",
        "1.0.dev0+mkl2024.1.3",
        "1.0.dev0+gabc20260115",
        "1.0.dev0+202601151",
        "1.0.dev0+120260115",
        "20260115.0.dev0",
        "2026.1.15.dev0",
    ],
)
def test_number_that_is_no_date(version: str) -> None:
    """Digits that the calendar does not have, that belong to a commit, or to the release, say nothing of a build."""
    assert not holds_date(Version(version))
