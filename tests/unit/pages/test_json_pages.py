"""The JSON pages of a wheelhouse: exact, and read back whole or rejected."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_files import (
    FILE_LISTS,
    FILES,
    LOCAL,
    QUICK,
    SDIST,
    WHEEL,
    project_json,
)

from wheelhouse_tasks.errors import BadPage
from wheelhouse_tasks.pages import json_pages
from wheelhouse_tasks.pages.record import File

A, B, C = "a" * 64, "b" * 64, "c" * 64


def test_json_page() -> None:
    """A JSON page is that of PEP 691, 700 and 792, with our change marks under a name that the PEP leaves to us."""
    assert json.loads(json_pages.render_json("demo", FILES)) == {
        "meta": {"api-version": "1.4"},
        "name": "demo",
        "project-status": {"status": "active"},
        "versions": ["1.0", "1!1.1+cu.1"],
        "files": [
            {
                "filename": WHEEL.filename,
                "url": f"../../files/demo/{WHEEL.filename}",
                "hashes": {"sha256": A},
                "size": 1120,
                "requires-python": ">=3.8,<4",
                "core-metadata": {"sha256": B},
                "upload-time": "2026-11-23T03:21:00.000000Z",
                "_mark": "m1",
            },
            {
                "filename": SDIST.filename,
                "url": f"../../files/demo/{SDIST.filename}",
                "hashes": {"sha256": B},
                "size": 482,
                "yanked": '<b> "broken"',
                "_mark": "m2",
                "_yank-mark": "y2",
            },
            {
                "filename": LOCAL.filename,
                "url": "../../files/demo/demo-1%211.1%2Bcu.1-cp312-cp312-win_amd64.whl",
                "hashes": {"sha256": C},
                "size": 7,
                "yanked": True,
                "_mark": "m3",
                "_yank-mark": "y3",
            },
        ],
    }


def test_each_version_is_named_once() -> None:
    """The versions of a JSON page are each named once, in order, as PEP 440 writes them."""
    names = ("demo-1.0.tar.gz", "demo-v1.0-py3-none-any.whl", "demo-0.9.zip")
    page = json.loads(json_pages.render_json("demo", [File(name, 1, A, "m") for name in names]))
    assert page["versions"] == ["0.9", "1.0"]


@QUICK
@given(files=FILE_LISTS)
def test_json_page_is_the_cache(files: list[File]) -> None:
    """A JSON page gives back every fact that it was made of."""
    assert json_pages.read_json(project_json(files)) == {file.filename: file for file in files}


@QUICK
@given(data=st.data())
def test_json_page_that_is_cut_off(data: st.DataObject) -> None:
    """Wherever a JSON page is cut, it is refused."""
    page = project_json(FILES).rstrip()
    with pytest.raises(BadPage):
        json_pages.read_json(page[: data.draw(st.integers(0, len(page) - 1), "length")])


ROW = json.loads(project_json([WHEEL]))["files"][0]


def with_row(**changes: object) -> bytes:
    """Return a JSON page whose only row is changed."""
    return json.dumps({"files": [{**ROW, **changes}]}).encode()


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<!DOCTYPE html>", id="HTML"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"{}", id="no files"),
        pytest.param(b'{"files": 5}', id="files of no list"),
        pytest.param(b'{"files": {"x": 1}}', id="files as a table"),
        pytest.param(b'{"files": [5]}', id="row of no shape"),
        pytest.param(b'{"files": [{}]}', id="empty row"),
        pytest.param(b"[" * 100_000, id="nested without end"),
        pytest.param(with_row(size="1"), id="size as text"),
        pytest.param(with_row(size=None), id="size null"),
        pytest.param(with_row(hashes=None), id="hashes null"),
        pytest.param(with_row(hashes={}), id="no sha256"),
        pytest.param(with_row(**{"core-metadata": {}}), id="metadata without sha256"),
        pytest.param(
            with_row(hashes={"sha256": '"><script>'}),
            id="sha256 with markup",
        ),
        pytest.param(with_row(hashes={"sha256": None}), id="sha256 null"),
        pytest.param(with_row(hashes={"sha256": A[1:]}), id="short sha256"),
        pytest.param(
            with_row(**{"core-metadata": {"sha256": "x"}}),
            id="metadata with no digest",
        ),
        pytest.param(
            with_row(filename="../x-1.0.zip"),
            id="file name with a path",
        ),
    ],
)
def test_json_page_is_refused(page: bytes) -> None:
    """A JSON page that cannot be understood, or holds what we never write, is no empty page."""
    with pytest.raises(BadPage) as refused:
        json_pages.read_json(page)
    assert str(refused.value).startswith("JSON page: ")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@QUICK
@given(
    VALUES.map(lambda value: json.dumps(value).encode())
    | st.binary()
    | st.lists(st.dictionaries(st.sampled_from(sorted(ROW)), VALUES).map(lambda row: {**ROW, **row}) | VALUES).map(
        lambda rows: json.dumps({"files": rows}).encode()
    )
)
def test_any_bytes_are_a_json_page_or_refused(page: bytes) -> None:
    """Whatever the bytes, they give files or BadPage."""
    with suppress(BadPage):
        assert all(isinstance(file, File) for file in json_pages.read_json(page).values())
