"""What PyPI shows of a project that keeps new files from it: the age of the release, the size of all, the name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import starmap

import pytest
from planned import OTHER_WHEEL, SDIST, WHEEL, A, B, local

from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pypi import acceptance, shown
from wheelhouse_tasks.pypi.acceptance import GIB, PROJECT_LIMIT
from wheelhouse_tasks.pypi.shown import Shown

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def held(name: str, days: float | None = None, size: int | None = 1) -> tuple[str, Shown]:
    """Return a file that the index shows, by its name."""
    return name, Shown("https://index.example/x", {}, size, NOW - timedelta(days=days) if days is not None else None)


def found(files: list[LocalFile], *published: tuple[str, Shown]) -> list[tuple[str, bool]]:
    """Return what keeps files from PyPI, and whether it is doubtful only."""
    return [(str(each), each.doubtful) for each in acceptance.history(files, dict(published), NOW)]


@pytest.mark.parametrize(
    ("published", "closed"),
    [
        pytest.param([held(WHEEL, 13.9)], False, id="young"),
        pytest.param([held(WHEEL, 14.1)], True, id="old"),
        pytest.param([held(WHEEL, 400), held(OTHER_WHEEL, 1)], True, id="its first file counts"),
        pytest.param([held("demo-1.0.0-py3-none-any.whl", 400)], True, id="another spelling of the version"),
        pytest.param([held("demo-0.9-py3-none-any.whl", 400)], False, id="another version"),
        pytest.param([held("demo-1.0.exe", 400)], False, id="no artifact"),
        pytest.param([held(WHEEL)], False, id="no time is told"),
        pytest.param([held(WHEEL, 400), held(SDIST, 400)], False, id="nothing is new"),
    ],
)
def test_release_that_takes_no_new_files(published: list[tuple[str, Shown]], *, closed: bool) -> None:
    """PyPI takes new files of a release for 14 days from its first one."""
    problems = found([local(WHEEL), local(SDIST)], *published)
    assert [doubtful for _, doubtful in problems] == [False] * closed, problems
    assert all("PyPI takes new files for 14 days (release a new version)" in text for text, _ in problems)


@pytest.mark.parametrize(
    ("before", "size", "grade"),
    [
        pytest.param(PROJECT_LIMIT - 2, 1, None, id="below"),
        pytest.param(PROJECT_LIMIT - 2, 2, None, id="full"),
        pytest.param(PROJECT_LIMIT - 2, 3, False, id="over"),
        pytest.param(PROJECT_LIMIT, 1, False, id="full before"),
        pytest.param(PROJECT_LIMIT + GIB, 1, True, id="another limit"),
    ],
)
def test_project_at_its_total_size(before: int, size: int, grade: bool | None) -> None:
    """New files must fit the limit of the project; one that is beyond it already has another, which nobody shows."""
    new = replace(local(WHEEL), size=size)
    problems = found([new, local(SDIST)], held("demo-0.1.tar.gz", 400, before), held(SDIST, 1, 0))
    assert [doubtful for _, doubtful in problems] == ([] if grade is None else [grade]), problems
    assert all("the usual limit is 10 GiB" in text for text, _ in problems)


def test_sizes_that_nobody_tells() -> None:
    """Where a page tells no sizes, nothing is made up."""
    assert found([local(WHEEL)], held(SDIST, 1, None)) == []


@pytest.mark.parametrize("name", ["json", "XML", "concurrent", "__future__", "_thread", "Wsgiref"])
def test_new_project_called_like_a_module_of_python(name: str) -> None:
    """PyPI registers no project under the name of a standard module; one that is there is left alone."""
    module = name.strip("_").lower()
    files = [local(f"{module}-1.0-py3-none-any.whl")]
    assert found(files) == [(f"{module}: PyPI takes no new project called like a module of Python itself", False)]
    assert found(files, held(f"{module}-0.1.tar.gz", 400)) == []
    assert found([local("demo-1.0.tar.gz")]) == []


def test_same_bytes_under_two_names() -> None:
    """PyPI takes the same bytes once, be they among the new files or there before; a rerun is no second time."""
    there = {SDIST: Shown("", {"sha256": A}, 1)}
    new = [local(WHEEL, B), local(OTHER_WHEEL, A)]
    problem = f"{OTHER_WHEEL}: has the same bytes as {SDIST}, and PyPI takes the same bytes once"
    assert [str(each) for each in acceptance.history(new, there, NOW)] == [problem]
    assert acceptance.history([local(SDIST, A)], there, NOW) == []
    assert acceptance.history(new, {SDIST: Shown("", {"md5": "0" * 32}, 1)}, NOW) == []


@pytest.mark.parametrize("there", ["demo-1.0.zip", "demo-1.0.0.tar.gz", "Demo-1.0.tar.gz"])
def test_second_sdist_of_a_version(there: str) -> None:
    """PyPI has one sdist of a version, however it is called."""
    problem = f"{SDIST}: PyPI has the sdist of this version: {there}"
    assert found([local(SDIST, B), local(WHEEL)], held(there, 1)) == [(problem, False)]
    assert found([local(WHEEL)], held(there, 1)) == []
    assert found([local(SDIST)], held("demo-0.9.tar.gz", 1)) == []


def test_times_of_a_json_page() -> None:
    """The times of uploads are those of a JSON page (PEP 700); what has none, or a bad one, is shown without."""
    page = b"""{"files": [{"filename": "a", "upload-time": "2026-01-31T12:00:00.5Z"}, {"filename": "b"},
        {"filename": "c", "upload-time": "soon"}, {"filename": "d", "upload-time": null}]}"""
    links = list(starmap(Link, [(f"https://index.example/{name}", name) for name in "abcd"]))
    times = {name: each.uploaded for name, each in shown.of_links(links, page).items()}
    assert times == {**dict.fromkeys("bcd"), "a": datetime(2026, 1, 31, 12, 0, 0, 500000, tzinfo=UTC)}
    assert not any(each.uploaded for each in shown.of_links(links, b"").values())
