"""What all pages of a wheelhouse have in common: pure, exact, and readable by everything that reads pages."""

import json
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any
from urllib.parse import quote

import pytest
from flat_pages import render_flat, render_section
from hypothesis import given
from hypothesis import strategies as st
from page_files import (
    FILE_LISTS,
    FILES,
    QUICK,
    SITE,
    WHEEL,
    Reader,
    Render,
    flat_html,
    project,
    project_json,
)

from wheelhouse_tasks.errors import BadPage, NotAnArtifact
from wheelhouse_tasks.pages import html_pages, json_pages, layout, links, record
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pages.record import File

A = "a" * 64


def test_root_pages() -> None:
    """The root pages name every project, in order."""
    folders = links.parse(html_pages.render_root(["zoo", "demo"]), SITE + "simple/", layout.HTML_TYPE)
    assert [(link.url, link.last_folder) for link in folders] == [
        (f"{SITE}simple/demo/", "demo"),
        (f"{SITE}simple/zoo/", "zoo"),
    ]
    rows = {"meta": {"api-version": "1.4"}, "projects": [{"name": "demo"}, {"name": "zoo"}]}
    assert json.loads(json_pages.render_json_root(["zoo", "demo"])) == rows


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        pytest.param(html_pages.render_project("demo", []), layout.HTML_TYPE, id="project"),
        pytest.param(json_pages.render_json("demo", []), layout.JSON_TYPE, id="project in JSON"),
        pytest.param(html_pages.render_root([]), layout.HTML_TYPE, id="root"),
        pytest.param(json_pages.render_json_root([]), layout.JSON_TYPE, id="root in JSON"),
        pytest.param(render_flat({}), layout.HTML_TYPE, id="flat"),
    ],
)
def test_empty_pages(page: bytes, kind: str) -> None:
    """A page without links is a whole page."""
    assert links.parse(page, SITE, kind) == []


PAGES = [
    pytest.param(project, "simple/demo/", layout.HTML_TYPE, id="project"),
    pytest.param(project_json, "simple-json/demo/", layout.JSON_TYPE, id="JSON"),
    pytest.param(flat_html, "", layout.HTML_TYPE, id="flat"),
]


@pytest.mark.parametrize(("render", "at", "kind"), PAGES)
@QUICK
@given(files=FILE_LISTS)
def test_links_of_rendered_pages(render: Render, at: str, kind: str, files: list[File]) -> None:
    """Every page leads to every file with its name, size and sha256, and `+` is quoted."""
    shown = links.parse(render(files), SITE + at, kind)
    expected = [
        Link(f"{SITE}files/demo/{quote(file.filename)}", file.filename, file.sha256, file.yanked, file.size)
        for file in record.in_order(files)
    ]
    if render is project_json:  # a value that is not true says nothing (PEP 691)
        expected = [link._replace(size=link.size or None) for link in expected]
    if render is flat_html:  # the order of its tables
        shown, expected = (sorted(page, key=lambda link: link.url) for page in (shown, expected))
    assert shown == expected
    assert not any("+" in link.url for link in shown)


@pytest.mark.parametrize(("render", "at", "kind"), PAGES)
@QUICK
@given(data=st.data(), files=FILE_LISTS)
def test_rendering_is_pure(render: Render, at: str, kind: str, data: st.DataObject, files: list[File]) -> None:
    """Pages are ASCII, and equal bytes for equal files in whatever order they come."""
    del at, kind
    page = render(files)
    assert page.isascii()
    assert render(data.draw(st.permutations(files))) == page


@pytest.mark.parametrize(("render", "at", "kind"), PAGES)
@pytest.mark.parametrize(
    "filename",
    [
        pytest.param('"><script>alert(1)</script>-1.0-py3-none-any.whl', id="markup"),
        pytest.param('demo-1.0-py3-none-any"><script>.whl', id="markup for a tag"),
        pytest.param("demo-1.0\n-py3-none-any.whl", id="newline"),
        pytest.param("../demo-1.0.tar.gz", id="folder above"),
        pytest.param("demo-..1.0.tar.gz", id="two dots"),
        pytest.param("demo-1.0-py3-none-\u202eany.whl", id="right-to-left mark"),
        pytest.param("d" * 300 + "-1.0.tar.gz", id="300 characters"),
        pytest.param("demo-1.0.tar.gz#sha256=", id="fragment"),
        pytest.param("demo-1.0.tar.gz -->", id="end of a comment"),
        pytest.param("", id="empty"),
    ],
)
def test_hostile_name_is_on_no_page(render: Render, at: str, kind: str, filename: str) -> None:
    """A name that is no artifact's never reaches a page: rendering it is an error."""
    del at, kind
    with pytest.raises(NotAnArtifact):
        render([WHEEL, File(filename, 1, A, "m")])


#: What only the next upload reads, in the JSON page.
FOR_UPLOADS = {"mark", "yank_mark"}
KNOWN = File("demo-1.0.tar.gz", 482, A, "m2", yanked="", yank_mark="y2")


@pytest.mark.parametrize("name", [attribute.name for attribute in fields(File)])
def test_each_fact_of_a_file_is_on_the_pages(name: str) -> None:
    """No fact of a file is forgotten by a page: the JSON page gives it back, and a page in HTML shows it."""
    value: Any = {"filename": "demo-2.0.tar.gz", "size": 7, "attested": True}.get(name, "c" * 64)
    other = replace(KNOWN, **{name: value})
    assert other != KNOWN
    assert json_pages.read_json(project_json([other])) == {other.filename: other}
    for render in (project, flat_html):
        assert (render([other]) == render([KNOWN])) == (name in FOR_UPLOADS)


HOSTILE_PROJECTS = [
    '"><script>alert(1)</script>',
    "a\nb",
    "..",
    ".",
    "",
    "a/b",
    "\u202eomed",
    "x" * 300,
    "a --> b",
    "A_b",
    "é",
]


@pytest.mark.parametrize("name", HOSTILE_PROJECTS)
def test_hostile_project_is_on_no_page_of_all(name: str) -> None:
    """What is called as no project may be called is left out of the pages of all projects."""
    assert html_pages.render_root(["demo", name]) == html_pages.render_root(["demo"])
    assert json_pages.render_json_root(["demo", name]) == json_pages.render_json_root(["demo"])
    sections = {"demo": render_section("demo", "m", [WHEEL])}
    assert render_flat({**sections, name: render_section(name, "m", [])}) == render_flat(sections)


@pytest.mark.parametrize("name", HOSTILE_PROJECTS)
def test_hostile_project_stays_text(name: str) -> None:
    """Even a page of its own shows such a name as text, and quotes it in its links."""
    reader = Reader()
    reader.feed(html_pages.render_project(name, [WHEEL]).decode())
    reader.close()
    assert reader.tags == {"html", "head", "meta", "title", "body", "h1", "a", "br"}
    url = f"../../files/{quote(name, safe='')}/{WHEEL.filename}#sha256={A}"
    assert [anchor["href"] for anchor in reader.anchors] == [url]
    assert json.loads(json_pages.render_json(name, [WHEEL]))["name"] == name


@pytest.mark.parametrize("render", [project, flat_html])
@QUICK
@given(data=st.data())
def test_page_that_is_cut_off(render: Render, data: st.DataObject) -> None:
    """Wherever a page is cut behind its head, it is refused or still has all of its links."""
    page = render(FILES)
    cut = data.draw(st.integers(page.index(b"</head>"), len(page)), "length")
    with suppress(BadPage):
        assert len(links.parse(page[:cut], SITE, layout.HTML_TYPE)) == len(FILES)
