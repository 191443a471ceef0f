"""Reading the links of index pages of any type, and those of JSON."""

import gzip
import json
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_links import (
    FRAGMENTS,
    HREFS,
    HTML,
    JSON,
    NAME,
    URL,
    A,
    B,
    C,
    filenames,
    harmless,
    links_as_written,
    parse,
)
from paths import DATA

from wheelhouse_tasks.errors import BadPage
from wheelhouse_tasks.pages import links
from wheelhouse_tasks.pages.link import Link

WHEEL_SHA = "77d9c0913d182f566be8cfc5a17f8a4a617f848b4eefffb0b07583d3929ef668"
SDIST_SHA = "a50c752dbf8265b8c5f5347857ad0a31aed634992afa0158ff45edc6964b8a5e"
LOCAL_SHA = "60bce22762fbe4dbeff6ad5f698e90ce0a4e82ae209a7184215fbedf83b5bdcd"


def test_page_of_the_public_index() -> None:
    """JSON as the public index writes it gives digests, sizes, and which files are yanked and why."""
    base = "https://files.pythonhosted.example/packages"
    assert parse((DATA / "pypi-simple.json").read_bytes(), kind=JSON) == [
        Link(f"{base}/77/d9/{NAME}", NAME, WHEEL_SHA, None, 1120),
        Link(f"{base}/a5/0c/demo-1.0.tar.gz", "demo-1.0.tar.gz", SDIST_SHA, "broken on Windows", 482),
        Link(f"{base}/60/bc/demo-0.9.tar.gz", "demo-0.9.tar.gz", LOCAL_SHA, "", 481),
    ]


@pytest.mark.parametrize(
    ("row", "sha256", "digest", "problem"),
    [
        pytest.param({}, None, None, "", id="no hashes"),
        pytest.param({"hashes": {}}, None, None, "", id="empty"),
        pytest.param({"hashes": None}, None, None, "", id="null"),
        pytest.param({"hashes": {"md5": "0" * 32}}, None, ("md5", "0" * 32), "", id="md5 only"),
        pytest.param({"hashes": {"md5": "0" * 32, "sha512": C}}, None, ("sha512", C), "", id="strongest of two"),
        pytest.param({"hashes": {"sha256": A}}, A, None, "", id="sha256"),
        pytest.param({"hashes": {"sha256": A.upper(), "sha512": C}}, A, None, "", id="capital digits"),
        pytest.param({"hashes": {"sha256": ""}}, None, None, "its sha256 is malformed", id="empty digest"),
        pytest.param({"hashes": {"sha256": A[1:]}}, None, None, "its sha256 is malformed", id="cut digest"),
        pytest.param({"hashes": {"sha256": 5}}, None, None, "its sha256 is malformed", id="number"),
        pytest.param({"hashes": [A]}, None, None, "its hashes are malformed", id="list"),
        pytest.param({"hashes": f"sha256={A}"}, None, None, "its hashes are malformed", id="text"),
        pytest.param({"url": f"{NAME}#sha256={B}"}, B, None, "", id="in the URL"),
        pytest.param({"url": f"{NAME}#sha256={B}", "hashes": {"sha256": A}}, A, None, "", id="beside the URL's"),
    ],
)
def test_digest_of_a_json_row(
    row: dict[str, object], sha256: str | None, digest: tuple[str, str] | None, problem: str
) -> None:
    """The digests of a JSON row are checked as those of a link."""
    page = {"meta": {"api-version": "1.0"}, "files": [{"url": NAME, **row}]}
    assert parse(json.dumps(page), kind=JSON) == [Link(URL + NAME, NAME, sha256, problem=problem, digest=digest)]


@pytest.mark.parametrize(
    ("row", "yanked", "size"),
    [
        pytest.param({}, None, None, id="none"),
        pytest.param({"yanked": False, "size": 12}, None, 12, id="not yanked"),
        pytest.param({"yanked": None, "size": None}, None, None, id="nulls"),
        pytest.param({"yanked": 0, "size": 0}, None, None, id="zeros"),
        pytest.param({"yanked": True, "size": "12"}, "", None, id="yanked, size as text"),
        pytest.param({"yanked": "", "size": 1.5}, None, None, id="empty reason, size with a fraction"),
        pytest.param({"yanked": 0}, None, None, id="nought"),
        pytest.param({"yanked": []}, None, None, id="empty list"),
        pytest.param({"yanked": {"reason": "x"}}, "", None, id="some value"),
        pytest.param({"yanked": "false"}, "false", None, id="a reason, whatever it says"),
        pytest.param({"yanked": "why"}, "why", None, id="reason"),
        pytest.param({"yanked": 1}, "", None, id="number"),
        pytest.param(
            {"size": -5},
            None,
            None,
            id="negative size",
        ),
        pytest.param(
            {"size": True},
            None,
            None,
            id="size as truth",
        ),
    ],
)
def test_json_attributes(row: dict[str, object], yanked: str | None, size: int | None) -> None:
    """A JSON row tells the same."""
    page = {"meta": {"api-version": "1.0"}, "files": [{"url": NAME, **row}]}
    [link] = parse(json.dumps(page), kind=JSON)
    assert (link.yanked, link.size, type(link.size)) == (yanked, size, type(size))


def test_root_page_in_json() -> None:
    """The projects of a JSON root page are links to folders; rows of another shape are passed over."""
    page = {"meta": {"api-version": "1.1"}, "projects": [{"name": "demo"}, 5, {"name": 5}, {}, {"name": "other"}]}
    folders = parse(json.dumps(page), "https://wheels.example/simple/", JSON)
    assert [(link.url, link.last_folder) for link in folders] == [
        ("https://wheels.example/simple/demo/", "demo"),
        ("https://wheels.example/simple/other/", "other"),
    ]


META = '{"meta": {"api-version": "1.0"}'


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        pytest.param("", "cannot be read as JSON", id="empty"),
        pytest.param('{"meta": {"api-ver', "cannot be read as JSON", id="cut off"),
        pytest.param("<!DOCTYPE html>", "cannot be read as JSON", id="HTML"),
        pytest.param("[" * 100_000, "cannot be read as JSON", id="nested without end"),
        pytest.param("9" * 5000, "cannot be read as JSON", id="endless number"),
        pytest.param("[]", "is not a page of the simple repository API", id="list"),
        pytest.param("null", "is not a page of the simple repository API", id="null"),
        pytest.param('"x"', "is not a page of the simple repository API", id="text"),
        pytest.param("{}", "is not a page of the simple repository API", id="no meta"),
        pytest.param('{"meta": 1, "files": []}', "is not a page of the simple repository API", id="meta of no shape"),
        pytest.param('{"info": {}, "urls": []}', "is not a page of the simple repository API", id="project JSON"),
        pytest.param('{"meta": {}}', "has API version '', expected 1.x", id="no version"),
        pytest.param('{"meta": {"api-version": "2.0"}}', "has API version '2.0', expected 1.x", id="version 2"),
        pytest.param('{"meta": {"api-version": null}}', "has API version 'None', expected 1.x", id="version null"),
        pytest.param(META + ', "files": {}}', "has no list of files or projects", id="files of no list"),
        pytest.param(META + ', "projects": 5}', "has no list of files or projects", id="projects of no list"),
        pytest.param(META + ', "files": [5]}', "has a file without a url", id="row of no shape"),
        pytest.param(META + ', "files": [{"filename": "x"}]}', "has a file without a url", id="row without a URL"),
        pytest.param(META + ', "files": [{"url": null}]}', "has a file without a url", id="URL null"),
    ],
)
def test_json_of_the_wrong_shape(page: str, problem: str) -> None:
    """JSON that is not an index page is refused, naming the page without its credentials."""
    with pytest.raises(BadPage) as refused:
        parse(page, "https://me:hunter2@wheels.example/simple/demo/", JSON)
    assert str(refused.value).startswith(f"https://<hidden>@wheels.example/simple/demo/: {problem}")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/html",
        "TEXT/HTML; charset=UTF-8",
        "text/html;charset=utf8",
        "application/vnd.pypi.simple.v1+html",
        "application/xhtml+xml",
    ],
)
def test_types_of_html(kind: str) -> None:
    """HTML is taken under all its content types, and without one."""
    assert filenames(f'<a href="{NAME}">', kind=kind) == [NAME]


@pytest.mark.parametrize("kind", ["application/octet-stream", "binary/octet-stream", "text/plain"])
@pytest.mark.parametrize("start", ["<!DOCTYPE html>", "\ufeff\n<!doctype HTML>", "  <HTML>"])
def test_html_that_a_store_mislabels(kind: str, start: str) -> None:
    """A page that a store does not know to be HTML is taken for what it is."""
    assert filenames(f'{start}<a href="{NAME}">', kind=kind) == [NAME]


@pytest.mark.parametrize(
    ("page", "kind", "shown"),
    [
        pytest.param((DATA / "s3-listing.xml").read_bytes(), "application/xml", "'application/xml'", id="S3 listing"),
        pytest.param(b"oops", "text/plain; charset=utf-8", "'text/plain'", id="text"),
        pytest.param(b"PK\3\4", "application/zip", "'application/zip'", id="zip"),
        pytest.param(b"x", "image/\x1b[31mpng", "x1b[31mpng", id="escape sequence"),
    ],
)
def test_other_types_are_refused(page: bytes, kind: str, shown: str) -> None:
    """What is no index page is refused, and its content type is named."""
    with pytest.raises(BadPage) as refused:
        parse(page, kind=kind)
    assert shown in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("kind", [HTML, "", "text/html; charset=latin1"])
def test_compressed_page_is_no_empty_page(kind: str) -> None:
    """A gzip page that nothing declares is read or refused, and never a page without links."""
    with suppress(BadPage):
        assert filenames(gzip.compress(f'<a href="{NAME}">x</a>'.encode()), kind=kind) == [NAME]


PAGES = st.one_of(st.binary(), st.lists(FRAGMENTS, max_size=8).map("".join).map(lambda text: text.encode("utf-8")))
TYPES = st.sampled_from(["", HTML, "text/html; charset=iso-8859-1", "application/octet-stream", JSON])


@settings(deadline=None)
@given(PAGES, TYPES)
def test_any_bytes_are_links_or_a_bad_page(page: bytes, kind: str) -> None:
    """Whatever the bytes, they give links that are harmless, or BadPage."""
    with suppress(BadPage):
        harmless(links.parse(page, URL, kind))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


ROWS = st.dictionaries(
    st.sampled_from(["url", "hashes", "size", "yanked", "name", "sha256"]), VALUES | HREFS, max_size=4
)


@settings(deadline=None)
@given(st.lists(ROWS | VALUES, max_size=4) | VALUES, st.lists(ROWS | VALUES, max_size=4) | VALUES)
def test_any_json_is_links_or_a_bad_page(files: object, projects: object) -> None:
    """Whatever the shape of the JSON, it gives links that are harmless, or BadPage."""
    page = {"meta": {"api-version": "1.0"}, "files": files, "projects": projects}
    with suppress(BadPage):
        harmless(parse(json.dumps(page), kind=JSON))


@settings(deadline=None)
@given(st.lists(links_as_written(), max_size=6), st.booleans())
def test_every_row_is_found(anchors: list[tuple[str, tuple[str, str | None]]], ascii_only: bool) -> None:
    """Every file of a JSON page is found with its sha256, whatever stands beside it."""
    rows = [
        {"filename": name, "url": quote(name), "hashes": {"sha256": sha256} if sha256 else {}, "é": None}
        for _, (name, sha256) in anchors
    ]
    page = json.dumps({"files": rows, "meta": {"api-version": "1.4"}, "name": "é"}, ensure_ascii=ascii_only)
    assert [(link.filename, link.sha256) for link in parse(page, kind=JSON)] == [expected for _, expected in anchors]
