"""The pages of a wheelhouse: pure, exact, and readable by everything that reads pages."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_files import FILE_LISTS, HOSTILE, Reader

from wheelhouse_tasks.errors import BadPage, NotAnArtifact
from wheelhouse_tasks.pages import flat, html_pages, json_pages, layout, links, record
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pages.record import File

A, B, C = "a" * 64, "b" * 64, "c" * 64
WHEEL = File("demo-1.0-py3-none-any.whl", 1120, A, "m1", ">=3.8,<4", B, "2026-11-23T03:21:00.000000Z")
SDIST = File("demo-1.0.tar.gz", 482, B, "m2", yanked='<b> "broken"', yank_mark="y2")
LOCAL = File("demo-1!1.1+cu.1-cp312-cp312-win_amd64.whl", 7, C, "m3", yanked="", yank_mark="y3")
FILES = [WHEEL, SDIST, LOCAL]
SITE = "https://wheels.example/w/"

QUICK = settings(deadline=None, max_examples=40)

PROJECT_PAGE = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="1.4">
<meta name="wheelhouse:links" content="3">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Links for demo</title>
<meta name="pypi:project-status" content="active">
</head>
<body>
<h1>Links for demo</h1>
<a href="../../files/demo/demo-1.0-py3-none-any.whl#sha256={A}" data-requires-python="&gt;=3.8,&lt;4" \
data-core-metadata="sha256={B}" data-dist-info-metadata="sha256={B}" \
data-upload-time="2026-11-23T03:21:00.000000Z" data-size="1120">demo-1.0-py3-none-any.whl</a><br>
<a href="../../files/demo/demo-1.0.tar.gz#sha256={B}" data-size="482" \
data-yanked="&lt;b&gt; &quot;broken&quot;">demo-1.0.tar.gz</a><br>
<a href="../../files/demo/demo-1%211.1%2Bcu.1-cp312-cp312-win_amd64.whl#sha256={C}" data-size="7" data-yanked="">\
demo-1!1.1+cu.1-cp312-cp312-win_amd64.whl</a><br>
</body>
</html>
"""


def test_project_page() -> None:
    """A project page is exactly what every pip and uv reads; yanked always has a value (cases 25, 38, 62)."""
    assert html_pages.render_project("demo", FILES).decode() == PROJECT_PAGE


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


def test_order_of_files() -> None:
    """Files are ordered by version, not as text, and wheels come before the sdist."""
    ordered = [
        File(name, 1, A, "m")
        for name in ("demo-1.9-py3-none-any.whl", "demo-1.9.tar.gz", "demo-1.10.dev1.zip", "demo-1.10.zip")
    ]
    assert record.in_order(ordered[::-1]) == ordered


def test_versions_are_told_once() -> None:
    """The versions of a JSON page are each told once, in order, as PEP 440 writes them."""
    names = ("demo-1.0.tar.gz", "demo-v1.0-py3-none-any.whl", "demo-0.9.zip")
    page = json.loads(json_pages.render_json("demo", [File(name, 1, A, "m") for name in names]))
    assert page["versions"] == ["0.9", "1.0"]


def test_root_pages() -> None:
    """The root pages name every project, in order."""
    found = links.parse(html_pages.render_root(["zoo", "demo"]), SITE + "simple/", layout.HTML_TYPE)
    assert [(link.url, link.last_folder) for link in found] == [
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
        pytest.param(flat.render_flat({}), layout.HTML_TYPE, id="flat"),
    ],
)
def test_empty_pages(page: bytes, kind: str) -> None:
    """A page without links is a whole page."""
    assert links.parse(page, SITE, kind) == []


Render = Callable[[list[File]], bytes]


def project(files: list[File]) -> bytes:
    """Return the HTML page."""
    return html_pages.render_project("demo", files)


def project_json(files: list[File]) -> bytes:
    """Return the JSON page."""
    return json_pages.render_json("demo", files)


def flat_html(files: list[File]) -> bytes:
    """Return the flat page of one project."""
    return flat.render_flat({"demo": flat.render_section("demo", "--> mark <!--", files)})


PAGES = [
    pytest.param(project, "simple/demo/", layout.HTML_TYPE, id="project"),
    pytest.param(project_json, "simple-json/demo/", layout.JSON_TYPE, id="JSON"),
    pytest.param(flat_html, "", layout.HTML_TYPE, id="flat"),
]


@pytest.mark.parametrize(("render", "at", "kind"), PAGES)
@QUICK
@given(files=FILE_LISTS)
def test_links_of_rendered_pages(render: Render, at: str, kind: str, files: list[File]) -> None:
    """Every page leads to every file with its name, size and sha256, and `+` is quoted (cases 6, 25, 61, 62)."""
    found = links.parse(render(files), SITE + at, kind)
    expected = [
        Link(f"{SITE}files/demo/{quote(file.filename)}", file.filename, file.sha256, file.yanked, file.size)
        for file in record.in_order(files)
    ]
    if render is flat_html:  # the order of its tables
        found, expected = (sorted(each, key=lambda link: link.url) for each in (found, expected))
    assert found == expected
    assert not any("+" in link.url for link in found)


@pytest.mark.parametrize(("render", "at", "kind"), PAGES)
@QUICK
@given(data=st.data(), files=FILE_LISTS)
def test_rendering_is_pure(render: Render, at: str, kind: str, data: st.DataObject, files: list[File]) -> None:
    """Pages are ASCII, and equal bytes for equal files in whatever order they come."""
    del at, kind
    page = render(files)
    assert page.isascii()
    assert render(data.draw(st.permutations(files))) == page


@QUICK
@given(files=FILE_LISTS)
def test_hostile_text_stays_text(files: list[File]) -> None:
    """Whatever the facts hold, it comes out as the value of its attribute, and as no markup (cases 25, 61)."""
    reader = Reader()
    reader.feed(project(files).decode())
    reader.close()
    assert reader.tags <= {"html", "head", "meta", "title", "body", "h1", "a", "br"}
    expected = []
    for file in record.in_order(files):
        anchor = {"href": f"../../files/demo/{quote(file.filename)}#sha256={file.sha256}", "data-size": str(file.size)}
        if file.requires_python:
            anchor["data-requires-python"] = file.requires_python
        if file.metadata_sha256:
            anchor["data-core-metadata"] = f"sha256={file.metadata_sha256}"
            anchor["data-dist-info-metadata"] = f"sha256={file.metadata_sha256}"
        if file.upload_time:
            anchor["data-upload-time"] = file.upload_time
        if file.yanked is not None:
            anchor["data-yanked"] = file.yanked
        expected.append(anchor)
    assert reader.anchors == expected
    assert reader.texts == [file.filename for file in record.in_order(files)]
    assert all(re.search(r"[^#]#sha256=[0-9a-f]{64}$", anchor["href"] or "") for anchor in reader.anchors)


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
    """A name that is no artifact's never reaches a page: rendering it is an error (cases 5, 9, 61)."""
    del at, kind
    with pytest.raises(NotAnArtifact):
        render([WHEEL, File(filename, 1, A, "m")])


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
    """What is called as no project may be called is left out of the pages of all projects (cases 1, 4, 61)."""
    assert html_pages.render_root(["demo", name]) == html_pages.render_root(["demo"])
    assert json_pages.render_json_root(["demo", name]) == json_pages.render_json_root(["demo"])
    sections = {"demo": flat.render_section("demo", "m", [WHEEL])}
    assert flat.render_flat({**sections, name: flat.render_section(name, "m", [])}) == flat.render_flat(sections)


@pytest.mark.parametrize("name", HOSTILE_PROJECTS)
def test_hostile_project_stays_text(name: str) -> None:
    """Even a page of its own shows such a name as text, and quotes it in its links (case 61)."""
    reader = Reader()
    reader.feed(html_pages.render_project(name, [WHEEL]).decode())
    reader.close()
    assert reader.tags == {"html", "head", "meta", "title", "body", "h1", "a", "br"}
    url = f"../../files/{quote(name, safe='')}/{WHEEL.filename}#sha256={A}"
    assert [anchor["href"] for anchor in reader.anchors] == [url]
    assert json.loads(json_pages.render_json(name, [WHEEL]))["name"] == name


def test_control_characters_are_blanks() -> None:
    """What HTML cannot hold, or would break a line, is a blank: parsers stop at a NUL, or take it for more."""
    file = replace(WHEEL, requires_python=">=3.8\0\n", yanked="a\r\n\x1b[31m\x9b\ud800\u2028b\tc")
    reader = Reader()
    reader.feed(html_pages.render_project("demo", [file]).decode("ascii"))
    assert reader.anchors[0]["data-yanked"] == "a   [31m  \u2028b c"
    assert reader.anchors[0]["data-requires-python"] == ">=3.8  "
    assert len(links.parse(html_pages.render_project("demo", [file, SDIST]), SITE, layout.HTML_TYPE)) == 2


@QUICK
@given(files=FILE_LISTS)
def test_json_page_is_the_cache(files: list[File]) -> None:
    """A JSON page gives back every fact that it was made of."""
    assert json_pages.read_json(project_json(files)) == {file.filename: file for file in files}


@QUICK
@given(
    st.dictionaries(
        st.sampled_from(["demo", "a", "demo-2", "zoo-1"]), st.tuples(HOSTILE | st.just(""), FILE_LISTS), max_size=3
    )
)
def test_flat_page_gives_back_its_sections(parts: dict[str, tuple[str, list[File]]]) -> None:
    """A flat page gives back its sections, unchanged and current, so that it is re-made from its changed parts."""
    sections = {name: flat.render_section(name, mark, files) for name, (mark, files) in parts.items()}
    page = flat.render_flat(sections)
    found = flat.flat_sections(page)
    assert {name: section.text.encode() for name, section in found.items()} == {
        name: text.encode("ascii", "xmlcharrefreplace") for name, text in sections.items()
    }
    assert all(flat.section_is_current(found[name], mark) for name, (mark, _) in parts.items())
    assert not any(flat.section_is_current(found[name], mark + "x") for name, (mark, _) in parts.items())
    assert flat.render_flat({name: section.text for name, section in found.items()}) == page


@pytest.mark.parametrize(
    ("page", "ours"),
    [
        pytest.param(flat.render_flat({}), True, id="flat"),
        pytest.param(html_pages.render_project("demo", [WHEEL]), True, id="project"),
        pytest.param(html_pages.render_root(["demo"]), True, id="root"),
        pytest.param(b"", False, id="empty"),
        pytest.param(b"<!DOCTYPE html><title>Wheelhouse</title>", False, id="other"),
        pytest.param(b"x" * 3000 + flat.render_flat({}), False, id="ours within another"),
    ],
)
def test_our_pages_are_known(page: bytes, ours: bool) -> None:
    """A page of ours is told from one that somebody else made (case 60)."""
    assert flat.is_ours(page) is ours


def test_no_section_is_never_current() -> None:
    """A section that is not there is to be made."""
    assert not flat.section_is_current(None, "")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><a href=demo-1.0.zip>x</a></html>", id="page of another maker"),
        pytest.param("<html>é</html>".encode("utf-16"), id="no ASCII"),
        pytest.param(flat_html([WHEEL]).partition(b"<!-- wheelhouse section end")[0], id="cut within the section"),
        pytest.param(html_pages.render_project("demo", [WHEEL]), id="project page"),
    ],
)
def test_flat_page_without_sections(page: bytes) -> None:
    """A page that is not a flat page of ours, or was cut off, has no sections to keep."""
    assert flat.flat_sections(page) == {}


@pytest.mark.parametrize("render", [project, flat_html])
@QUICK
@given(data=st.data())
def test_page_that_is_cut_off(render: Render, data: st.DataObject) -> None:
    """Wherever a page is cut behind its head, it is refused or still has all of its links (case 28)."""
    page = render(FILES)
    cut = data.draw(st.integers(page.index(b"</head>"), len(page)), "length")
    with suppress(BadPage):
        assert len(links.parse(page[:cut], SITE, layout.HTML_TYPE)) == len(FILES)


@QUICK
@given(data=st.data())
def test_json_page_that_is_cut_off(data: st.DataObject) -> None:
    """Wherever a JSON page is cut, it is refused (case 57)."""
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
    """A JSON page that cannot be understood, or holds what we never write, is no empty page (case 57)."""
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
    """Whatever the bytes, they give files or BadPage (case 57)."""
    with suppress(BadPage):
        assert all(isinstance(file, File) for file in json_pages.read_json(page).values())
