"""Reading the links of index pages, whoever made them and however damaged they are."""

import gzip
import json
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from paths import DATA

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import BadPage, NotAnArtifact
from wheelhouse_tasks.pages import links
from wheelhouse_tasks.pages.link import Link

URL = "https://wheels.example/w/simple/demo/"
HTML = "text/html"
JSON = "application/vnd.pypi.simple.v1+json"

NAME = "demo-1.0-py3-none-any.whl"
LOCAL_NAME = "demo-1.1+local.1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
A, B = "a" * 64, "b" * 64
WHEEL_SHA = "77d9c0913d182f566be8cfc5a17f8a4a617f848b4eefffb0b07583d3929ef668"
SDIST_SHA = "a50c752dbf8265b8c5f5347857ad0a31aed634992afa0158ff45edc6964b8a5e"
LOCAL_SHA = "60bce22762fbe4dbeff6ad5f698e90ce0a4e82ae209a7184215fbedf83b5bdcd"


def parse(page: str | bytes, url: str = URL, kind: str = HTML) -> list[Link]:
    """Return the links of a page."""
    return links.parse(page.encode() if isinstance(page, str) else page, url, kind)


def filenames(page: str | bytes, url: str = URL, kind: str = HTML) -> list[str]:
    """Return the file names of a page's links."""
    return [link.filename for link in parse(page, url, kind)]


def plain(url: str, filename: str = NAME) -> list[Link]:
    """Return a page's only link, which has no attributes."""
    return [Link(url, filename)]


FILES = [
    ("demo-1.0-py3-none-any.whl", None),
    ("demo-1.0.tar.gz", None),
    (LOCAL_NAME, None),
]
HASHED = [(NAME, WHEEL_SHA), ("demo-1.0.tar.gz", SDIST_SHA), (LOCAL_NAME, LOCAL_SHA)]


@pytest.mark.parametrize(
    ("page", "url", "expected"),
    [
        pytest.param("nginx-autoindex.html", "https://wheels.example/auto/demo/", FILES, id="nginx autoindex"),
        pytest.param("http-server-listing.html", "https://wheels.example/demo/", FILES, id="python -m http.server"),
        pytest.param("apache-fancy-index.html", "https://wheels.example/wheels/demo/", FILES, id="Apache fancy index"),
        pytest.param("pypiserver-simple.html", "https://wheels.example/simple/demo/", HASHED, id="pypiserver"),
        pytest.param("devpi-simple.html", "https://wheels.example/u/dev/+simple/demo/", HASHED, id="devpi"),
        pytest.param("s3-simple-tree.html", "https://b.s3.amazonaws.com/simple/demo/", HASHED, id="tree in a bucket"),
    ],
)
def test_pages_of_other_makers(page: str, url: str, expected: list[tuple[str, str | None]]) -> None:
    """Every file of a listing or index page is found by its whole name, with its sha256; sort links are no files."""
    found = [link for link in parse((DATA / page).read_bytes(), url) if link.filename]
    assert sorted((link.filename, link.sha256) for link in found) == sorted(expected, key=lambda row: row[0])
    assert all(link.url.startswith("https://") and not link.problem for link in found)


@pytest.mark.parametrize(
    ("page", "url", "folders"),
    [
        ("nginx-autoindex.html", "https://wheels.example/auto/demo/", {"auto", "old"}),
        ("http-server-listing.html", "https://wheels.example/demo/", {"old"}),
        ("apache-fancy-index.html", "https://wheels.example/wheels/demo/", {"wheels", "old", "demo"}),
    ],
)
def test_folders_of_a_listing(page: str, url: str, folders: set[str]) -> None:
    """Links to folders have no file name, and name the folder."""
    assert {link.last_folder for link in parse((DATA / page).read_bytes(), url) if not link.filename} == folders


def test_page_of_the_public_index() -> None:
    """Case 38: JSON as the public index writes it gives digests, sizes, and which files are yanked and why."""
    base = "https://files.pythonhosted.example/packages"
    assert parse((DATA / "pypi-simple.json").read_bytes(), kind=JSON) == [
        Link(f"{base}/77/d9/{NAME}", NAME, WHEEL_SHA, None, 1120),
        Link(f"{base}/a5/0c/demo-1.0.tar.gz", "demo-1.0.tar.gz", SDIST_SHA, "broken on Windows", 482),
        Link(f"{base}/60/bc/demo-0.9.tar.gz", "demo-0.9.tar.gz", LOCAL_SHA, "", 481),
    ]


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        pytest.param(f'<a href="{NAME}">', plain(URL + NAME), id="relative"),
        pytest.param(f'<a href="../../files/{NAME}">', plain(f"https://wheels.example/w/files/{NAME}"), id="up"),
        pytest.param(f'<a href="/r/{NAME}">', plain(f"https://wheels.example/r/{NAME}"), id="from the root"),
        pytest.param(f'<a href="//cdn.example/{NAME}">', plain(f"https://cdn.example/{NAME}"), id="protocol-relative"),
        pytest.param(f'<a href="http://h.example/{NAME}">', plain(f"http://h.example/{NAME}"), id="absolute"),
        pytest.param(f"<a href='{NAME}'>", plain(URL + NAME), id="single quotes"),
        pytest.param(f"<a href={NAME}>", plain(URL + NAME), id="no quotes"),
        pytest.param(f'<A HREF="{NAME}">', plain(URL + NAME), id="capitals"),
        pytest.param(f'<a href=" \n\t{NAME}\r\n ">', plain(URL + NAME), id="blanks around"),
        pytest.param('<a href="demo-1.0-\npy3-none-any.whl">', plain(URL + NAME), id="newline within"),
        pytest.param(f'<a href="{NAME}" href="evil.whl">', plain(URL + NAME), id="first of two"),
        pytest.param(f'<a href="{NAME}?a=1&amp;copy=2">', plain(f"{URL}{NAME}?a=1&copy=2"), id="query"),
        pytest.param(f'<a href="{NAME}?at=x/y">', plain(f"{URL}{NAME}?at=x/y"), id="query with a slash"),
        pytest.param(
            '<a href="demo-1.0%2Bcu1.tar.gz">', plain(f"{URL}demo-1.0%2Bcu1.tar.gz", "demo-1.0+cu1.tar.gz"), id="plus"
        ),
        pytest.param(
            '<a href="demo-1.0+cu1.tar.gz">', plain(f"{URL}demo-1.0+cu1.tar.gz", "demo-1.0+cu1.tar.gz"), id="raw plus"
        ),
        pytest.param(
            '<a href="demo-1%252B0.zip">', plain(f"{URL}demo-1%252B0.zip", "demo-1%2B0.zip"), id="decoded once only"
        ),
        pytest.param('<a href="other/">', plain(f"{URL}other/", ""), id="folder"),
        pytest.param('<a name="top">', [], id="no href"),
        pytest.param(f'<!-- <a href="{NAME}"> -->', [], id="comment"),
        pytest.param(f"<script>'<a href=\"{NAME}\">'</script>", [], id="script"),
        pytest.param(f'<link href="{NAME}"><img src="{NAME}">', [], id="other tags"),
        pytest.param("just text, no markup", [], id="text"),
        pytest.param("", [], id="empty page"),
        pytest.param(" \n ", [], id="blank page"),
    ],
)
def test_anchor(anchor: str, expected: list[Link]) -> None:
    """Case 30: links are resolved by the rules of HTML, whatever they look like in the source."""
    assert parse(anchor) == expected


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        pytest.param("https://cdn.example/x/", f"https://cdn.example/x/{NAME}", id="absolute"),
        pytest.param("../../files/", f"https://wheels.example/w/files/{NAME}", id="relative"),
        pytest.param("/r/", f"https://wheels.example/r/{NAME}", id="from the root"),
        pytest.param("//cdn.example/x/", f"https://cdn.example/x/{NAME}", id="protocol-relative"),
        pytest.param(" /r/\n", f"https://wheels.example/r/{NAME}", id="blanks around"),
        pytest.param("", f"{URL}{NAME}", id="empty"),
        pytest.param(
            "http://[bad/",
            f"{URL}{NAME}",
            id="no URL",
        ),
    ],
)
@pytest.mark.parametrize(
    "page",
    [
        pytest.param('<base href="{base}"><a href="{name}">', id="before"),
        pytest.param('<a href="{name}"><base href="{base}">', id="after"),
        pytest.param('<base target="_top"><base href="{base}"><base href="/no/"><a href="{name}">', id="first counts"),
    ],
)
def test_base(page: str, base: str, expected: str) -> None:
    """Case 30: the page's first <base href> counts, itself relative to the page, wherever it stands."""
    assert parse(page.format(base=base, name=NAME)) == plain(expected)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "mailto:me@wheels.example",
        f"ftp://wheels.example/{NAME}",
        f"file:///etc/{NAME}",
        f"data:text/plain,{NAME}",
        f"C:\\{NAME}",
        "demo:1.whl",
        f"http://[bad/{NAME}",
        f"http://wheels.example:port/{NAME}",
        f"http://wheels.example:99999/{NAME}",
    ],
)
def test_link_that_leads_nowhere(href: str) -> None:
    """Case 31: a link that cannot be fetched is left out, and the rest of the page is used."""
    assert parse(f'<a href="{href}">x</a> <a href="{NAME}">y</a>') == plain(URL + NAME)
    rows = {"meta": {"api-version": "1.0"}, "files": [{"url": href}, {"url": NAME}]}
    assert parse(json.dumps(rows), kind=JSON) == plain(URL + NAME)


@pytest.mark.parametrize(
    ("url", "page", "expected"),
    [
        pytest.param("file:///w/index.html", f'<a href="{NAME}">', plain(f"file:///w/{NAME}"), id="within"),
        pytest.param("file:///w/index.html", f'<a href="../x/{NAME}">', plain(f"file:///x/{NAME}"), id="above"),
        pytest.param("file:///w/index.html", f'<a href="https://h.example/{NAME}">', [], id="to the web"),
        pytest.param(
            "file:///w/index.html",
            f'<base href="https://h.example/"><a href="{NAME}">',
            [],
            id="base on the web",
        ),
        pytest.param(URL, f'<base href="file:///etc/"><a href="{NAME}">', [], id="base on this machine"),
    ],
)
def test_files_and_the_web_stay_apart(url: str, page: str, expected: list[Link]) -> None:
    """Case 31: a page on this machine leads to files of this machine only, one on the web never does."""
    assert parse(page, url) == expected


@pytest.mark.parametrize(
    "href",
    [
        "../../etc/x-1.0-py3-none-any.whl",
        f"..%2f..%2f{NAME}",
        f"%252e%252e%252f{NAME}",
        f"..\\{NAME}",
        f"%00{NAME}",
        "demo%0A-1.0-py3-none-any.whl",
        f"%E2%80%AE{NAME}",
        "%ff-1.0.tar.gz",
    ],
)
def test_names_hold_no_path(href: str) -> None:
    """Cases 1-4: the name is the last part of the path, decoded once; what still holds a path is no artifact."""
    [link] = parse(f'<a href="{href}">')
    with suppress(NotAnArtifact):
        assert artifact.parse(link.filename).filename == "x-1.0-py3-none-any.whl"


C = "c" * 128


@pytest.mark.parametrize(
    ("fragment", "sha256", "digest"),
    [
        pytest.param("", None, None, id="none"),
        pytest.param("#", None, None, id="empty fragment"),
        pytest.param(f"#sha256={A}", A, None, id="sha256"),
        pytest.param(f"#sha256={A.upper()}", A, None, id="capital digits"),
        pytest.param(f"#SHA256={A}", A, None, id="capital name"),
        pytest.param(f"#sha256={A}&amp;md5={'0' * 32}", A, None, id="with md5"),
        pytest.param(f"#md5={'0' * 32}&amp;sha256={A}", A, None, id="behind md5"),
        pytest.param(f"#sha512={C}&amp;sha256={A}", A, None, id="behind sha512"),
        pytest.param(f"#egg=demo&amp;sha256={A}", A, None, id="behind an egg"),
        pytest.param(f"#sha256={A}&amp;sha256={A.upper()}", A, None, id="said twice"),
        pytest.param(f"#sha256%3D{A}", A, None, id="quoted"),
        pytest.param(f"#sha256={A} ", A, None, id="blank behind"),
        pytest.param(f"#sha1={'0' * 40}", None, ("sha1", "0" * 40), id="sha1 only"),
        pytest.param(f"#MD5={A[:32].upper()}", None, ("md5", A[:32]), id="md5 only"),
        pytest.param(f"#md5={A[:32]}&amp;sha512={C}", None, ("sha512", C), id="strongest of two"),
        pytest.param(f"#sha384={C[:96]}&amp;sha1={A[:40]}", None, ("sha384", C[:96]), id="strongest first"),
        pytest.param(f"#blake2b={C}", None, ("blake2b", C), id="blake2b"),
        pytest.param(f"#blake2b={A}", None, ("blake2b", A), id="blake2b of 256 bits"),
        pytest.param("#rot13=abc", None, None, id="unknown"),
    ],
)
def test_digest_of_a_link(fragment: str, sha256: str | None, digest: tuple[str, str] | None) -> None:
    """Case 33: the sha256 is found wherever it stands, and where there is none the strongest other digest."""
    assert parse(f'<a href="{NAME}{fragment}">') == [Link(URL + NAME, NAME, sha256, digest=digest)]


@pytest.mark.parametrize(
    ("fragment", "problem"),
    [
        pytest.param("sha256=", "its sha256 is malformed", id="empty"),
        pytest.param("sha256", "its sha256 is malformed", id="name alone"),
        pytest.param(f"sha256={A[1:]}", "its sha256 is malformed", id="cut"),
        pytest.param(f"sha256={A}a", "its sha256 is malformed", id="long"),
        pytest.param(f"sha256={A[1:]}g", "its sha256 is malformed", id="no hex"),
        pytest.param(f"sha256={A[1:]}\u0661", "its sha256 is malformed", id="digit beyond ASCII"),
        pytest.param(f"sha512={A}", "its sha512 is malformed", id="sha256 called sha512"),
        pytest.param("md5=", "its md5 is malformed", id="empty md5"),
        pytest.param(f"blake2b={A[:40]}", "its blake2b is malformed", id="cut blake2b"),
        pytest.param(f"sha256={A}&amp;md5=xyz", "its md5 is malformed", id="one of two"),
        pytest.param(f"sha256={A}&amp;sha256={B}", "it has two different sha256", id="two that differ"),
    ],
)
def test_malformed_digest_is_not_no_digest(fragment: str, problem: str) -> None:
    """Case 33: a link with a malformed digest has a problem, and none of its digests is taken."""
    assert parse(f'<a href="{NAME}#{fragment}">') == [Link(URL + NAME, NAME, None, problem=problem)]


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
    """Case 33: the digests of a JSON row are checked as those of a link."""
    page = {"meta": {"api-version": "1.0"}, "files": [{"url": NAME, **row}]}
    assert parse(json.dumps(page), kind=JSON) == [Link(URL + NAME, NAME, sha256, problem=problem, digest=digest)]


@pytest.mark.parametrize(
    ("attributes", "yanked", "size"),
    [
        pytest.param("", None, None, id="none"),
        pytest.param("data-yanked", "", None, id="bare yanked"),
        pytest.param('data-yanked=""', "", None, id="yanked without a reason"),
        pytest.param('data-yanked="false"', "false", None, id="any value yanks"),
        pytest.param('data-yanked="&lt;b&gt; &quot;x&quot;"', '<b> "x"', None, id="reason is decoded"),
        pytest.param('data-size="12"', None, 12, id="size"),
        pytest.param('data-size="-12"', None, None, id="negative size"),
        pytest.param('data-size="many"', None, None, id="no size"),
        pytest.param(
            f'data-size="{"9" * 5000}"',
            None,
            None,
            id="endless size",
        ),
    ],
)
def test_attributes(attributes: str, yanked: str | None, size: int | None) -> None:
    """Case 38: a link tells whether it is yanked, and why, and its size where that is a number."""
    assert parse(f'<a href="{NAME}" {attributes}>x</a>') == [Link(URL + NAME, NAME, None, yanked, size)]


@pytest.mark.parametrize(
    ("row", "yanked", "size"),
    [
        pytest.param({}, None, None, id="none"),
        pytest.param({"yanked": False, "size": 12}, None, 12, id="not yanked"),
        pytest.param({"yanked": None, "size": None}, None, None, id="nulls"),
        pytest.param({"yanked": True, "size": "12"}, "", None, id="yanked, size as text"),
        pytest.param({"yanked": "", "size": 1.5}, "", None, id="empty reason, size with a fraction"),
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
    """Case 38: a JSON row tells the same."""
    page = {"meta": {"api-version": "1.0"}, "files": [{"url": NAME, **row}]}
    [link] = parse(json.dumps(page), kind=JSON)
    assert (link.yanked, link.size, type(link.size)) == (yanked, size, type(size))


def test_root_page_in_json() -> None:
    """The projects of a JSON root page are links to folders; rows of another shape are passed over."""
    page = {"meta": {"api-version": "1.1"}, "projects": [{"name": "demo"}, 5, {"name": 5}, {}, {"name": "other"}]}
    found = parse(json.dumps(page), "https://wheels.example/simple/", JSON)
    assert [(link.url, link.last_folder) for link in found] == [
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
    """Case 35: JSON that is not an index page is refused, naming the page without its credentials."""
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
    """Case 35: what is no index page is refused, and its content type is named."""
    with pytest.raises(BadPage) as refused:
        parse(page, kind=kind)
    assert shown in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        pytest.param("<p>caf\xe9</p>".encode("latin-1"), HTML, id="latin-1 without a charset"),
        pytest.param("<p>caf\xe9</p>".encode("latin-1"), "text/html; charset=ISO-8859-1", id="latin-1"),
        pytest.param(b"<p>x</p>", "text/html; charset=latin-1", id="latin-1 by its other name"),
        pytest.param("<p>é</p>".encode(), 'text/html; charset="utf-8"', id="quoted charset"),
        pytest.param("\ufeff<p>é</p>".encode(), HTML, id="BOM"),
        pytest.param(b'<meta charset="bogus"><p>\xff</p>', HTML, id="bogus meta"),
        pytest.param(b'<meta charset="utf-16"><p>\xff</p>', HTML, id="wrong meta"),
        pytest.param(b"<p>\xff\xfe</p>", "text/html; charset=ascii", id="not ASCII as said"),
        pytest.param(b"<p>\x80\xff</p>", "text/html; charset=shift_jis", id="not Japanese as said"),
        pytest.param(b"<p>\xff\xff</p>", "text/html; charset=koi8-r", id="another charset"),
        pytest.param(b"<p>\0</p>\x1b\x07", HTML, id="control characters"),
        pytest.param(b"<p>x</p>", "text/html; charset=bogus", id="bogus charset"),
        pytest.param(b"<p>x</p>", "text/html; charset=rot13", id="charset that is none"),
        pytest.param(b"<p>x</p>", "text/html; charset=punycode", id="charset of Python's"),
        pytest.param(b"<p>\\d \\8 \xff</p>", "text/html; charset=unicode_escape", id="escapes of Python's"),
        pytest.param(b"<p>\xff</p>", "text/html; charset=\xfctf-8", id="charset whose name is not ASCII"),
        pytest.param(b'<?xml version="1.0" encoding="x"?><p>', HTML, id="XML declaration"),
    ],
)
def test_charsets_are_read_leniently(page: bytes, kind: str) -> None:
    """Case 26: whatever the charset and the bytes, the links before and behind are found."""
    link = f'<a href="{NAME}">x</a>'.encode()
    assert filenames(page + link + page + link, kind=kind) == [NAME, NAME]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("text/html; charset=utf-16", id="declared"),
        pytest.param(
            HTML,
            id="by its BOM",
        ),
    ],
)
def test_utf_16(kind: str) -> None:
    """Case 26: UTF-16 is read too."""
    assert filenames(f'<p>é</p><a href="{NAME}">'.encode("utf-16"), kind=kind) == [NAME]


@pytest.mark.parametrize("kind", [HTML, "", "text/html; charset=latin1"])
def test_compressed_page_is_no_empty_page(kind: str) -> None:
    """Case 27: a gzip page that nobody said to be one is read or refused, and never a page without links."""
    with suppress(BadPage):
        assert filenames(gzip.compress(f'<a href="{NAME}">x</a>'.encode()), kind=kind) == [NAME]


@pytest.mark.parametrize("tag", ["div", "b", "span", "dd", "font", "li", "td", "p"])
def test_unclosed_tags(tag: str) -> None:
    """Case 29: however deep the unclosed tags nest, no link is lost."""
    count = 20_000 if tag == "div" else 3000
    page = "".join(f'<{tag}><a href="demo-{number}.tar.gz">x</a>' for number in range(count))
    assert filenames(page) == [f"demo-{number}.tar.gz" for number in range(count)]


def test_endless_text() -> None:
    """Case 29: 12 MB of text before the links hide none of them."""
    assert filenames(b"x" * (12 << 20) + f'<a href="{NAME}">'.encode()) == [NAME]


def test_endless_attribute() -> None:
    """Case 29: 12 MB in one attribute hide no link behind it."""
    page = b'<a title="' + b"x" * (12 << 20) + f'" href="{NAME}">x</a><a href="{NAME}">y</a>'.encode()
    assert filenames(page) == [NAME, NAME]


def test_many_links() -> None:
    """Case 29: all of 15 000 links are found."""
    page = "".join(f'<a href="demo-{number}.tar.gz#sha256={A}">x</a><br>\n' for number in range(15_000))
    assert len(parse(page)) == 15_000


@pytest.mark.parametrize(
    "page",
    [
        pytest.param('<meta name="wheelhouse:links" content="2"><a href="x-1.zip">', id="fewer than promised"),
        pytest.param('<meta name="wheelhouse:links" content="0"><a href="x-1.zip">', id="more than promised"),
        pytest.param('<meta name="wheelhouse:links" content="2"><a href="x-1.zip">x</a><a href="y-1', id="cut link"),
        pytest.param('<meta name="wheelhouse:links" content="many"><a href="x-1.zip">', id="no number"),
    ],
)
def test_page_that_is_cut_off(page: str) -> None:
    """Case 28: a page of ours that has not as many links as it says is refused."""
    with pytest.raises(BadPage, match="is cut off"):
        parse(page)


@pytest.mark.parametrize("rest", ['<a href="y-1.0.zip', "<a", "</a", "<!-- x", f'<a href="y-1.0.zip#sha256={A}" data-'])
def test_page_that_ends_within_a_tag(rest: str) -> None:
    """Case 28: a page of any maker that ends in the middle of a tag is refused: its last link would be lost."""
    with pytest.raises(BadPage, match="is cut off"):
        parse(f'<a href="{NAME}">x</a>{rest}')


LOGIN = '<form><input name="user"><input TYPE="Password"></form>'


def test_login_page() -> None:
    """Case 35: a login page that came with status 200 is no page without links."""
    with pytest.raises(BadPage, match="is a login page, not an index page"):
        parse(f'<a href="/help">help</a>{LOGIN}')
    assert NAME in filenames(f'<a href="{NAME}">x</a>{LOGIN}')


def test_links_that_lead_nowhere_count() -> None:
    """What is left out does not make a whole page look cut off."""
    assert filenames(f'<meta name="wheelhouse:links" content="2"><a href="mailto:x">x</a><a href="{NAME}">') == [NAME]


HREFS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [NAME, f"{NAME}#sha256={A}", "http://[bad/", "../../x-1.0.zip", "//[/", "file:///etc/", "http://h:x/"]
    ),
)
FRAGMENTS = st.one_of(
    HREFS.map('<a href="{}">'.format),
    HREFS.map("<a href={}>".format),
    st.text(max_size=10).map('<a href="x-1.zip" data-size="{}" data-yanked>'.format),
    st.sampled_from(
        ["<div>", "</div>", "<!--", "-->", "<script>", "</script>", "\0", "<base href='/x/'>", "<a", '"', ">"]
    ),
)
PAGES = st.one_of(st.binary(), st.lists(FRAGMENTS, max_size=8).map("".join).map(lambda text: text.encode("utf-8")))
TYPES = st.sampled_from(["", HTML, "text/html; charset=iso-8859-1", "application/octet-stream", JSON])


def harmless(found: list[Link]) -> None:
    """Check that each link can be fetched, and that its name is that of an artifact or known to be none."""
    for link in found:
        assert link.url.startswith(("http://", "https://"))
        with suppress(NotAnArtifact):
            assert "/" not in artifact.parse(link.filename).filename


@settings(deadline=None)
@given(PAGES, TYPES)
def test_any_bytes_are_links_or_a_bad_page(page: bytes, kind: str) -> None:
    """Cases 1-5, 26-31, 35: whatever the bytes, they give links that are harmless, or BadPage."""
    with suppress(BadPage):
        harmless(links.parse(page, URL, kind))


@settings(deadline=None)
@given(
    st.lists(st.one_of(FRAGMENTS, HREFS.map("<base href='{}'>".format)), max_size=6).map("".join), st.text(max_size=9)
)
@example("<base href='http://[bad/'><a href='x-1.zip'>", "utf-8")
@example("<a href='x-1.zip'>", "bogus")
def test_any_base_and_charset_are_survived(page: str, charset: str) -> None:
    """Cases 26, 30: whatever the page says its base and charset are, it gives harmless links, or BadPage."""
    with suppress(BadPage):
        harmless(links.parse(page.encode(), URL, f"text/html; charset={charset}"))


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
    """Case 35: whatever the shape of the JSON, it gives links that are harmless, or BadPage."""
    page = {"meta": {"api-version": "1.0"}, "files": files, "projects": projects}
    with suppress(BadPage):
        harmless(parse(json.dumps(page), kind=JSON))


def spelled(char: str, how: int) -> str:
    """Return a character of a URL as HTML may have it: as it is, or as one of its references."""
    return [char, char, char, f"&#{ord(char)};", f"&#x{ord(char):X};"][how]


@st.composite
def links_as_written(draw: st.DrawFn) -> tuple[str, tuple[str, str | None]]:
    """Return an anchor in any legal spelling, and the name and sha256 that it leads to."""
    number = draw(st.integers(0, 99))
    name = draw(st.sampled_from([f"demo-1.{number}.tar.gz", f"demo-1.{number}+local.{number}-py3-none-any.whl"]))
    sha256 = draw(st.none() | st.sampled_from([A, B]))
    quoted = "".join(quote(char, safe="") if draw(st.integers(0, 4)) == 0 else char for char in name)
    places = ["", "./", "../demo/", "/w/simple/demo/", "//wheels.example/w/simple/demo/", URL, "x/../", "../../files/"]
    query = draw(st.sampled_from(["", "", "", "?a=1&b=/x"]))
    digest = draw(st.sampled_from(["sha256={}", "SHA256={}", f"md5={A[:32]}&sha256={{}}", "sha256={}&egg=x"]))
    fragment = "#" + digest.format(draw(st.sampled_from([sha256.upper(), sha256]))) if sha256 else ""
    href = draw(st.sampled_from(places)) + quoted + query + fragment
    mark = draw(st.sampled_from(["'", '"', ""]))
    text = "".join(spelled(char, draw(st.integers(0, 4))) for char in href)
    text = text.replace("&b", "&amp;b").replace("&sha", "&amp;sha").replace("&egg", "&amp;egg")
    blanks = st.sampled_from(["", " ", "\n", "\t\r\n"])
    if mark:
        text = draw(blanks) + text + draw(blanks)
    tag = draw(st.sampled_from(["a", "A"]))
    before, behind = draw(st.sampled_from(["", ' class="x"', " rel=internal"])), draw(st.sampled_from(["", " data-x"]))
    equals = draw(st.sampled_from(["=", " = ", "=\n"]))
    attribute = draw(st.sampled_from(["href", "HREF", "Href"])) + equals + mark + text + mark
    end = draw(st.sampled_from(["</a>", "</A>", "", "<br>", "</td></tr>"]))
    return f"<{tag}{before} {attribute}{behind}>{name[:20]}..&gt;{end}", (name, sha256)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(links_as_written(), max_size=6), st.sampled_from(["", "\n<div>", "<table><tr><td>", "<pre>", "<!--x-->"])
)
def test_every_link_is_found(anchors: list[tuple[str, tuple[str, str | None]]], between: str) -> None:
    """Case 30: every link of a page is found with its sha256, in whatever legal way it is spelled."""
    page = "<!DOCTYPE html><html><body>" + between.join(["", *[anchor for anchor, _ in anchors], ""])
    assert [(link.filename, link.sha256) for link in parse(page)] == [expected for _, expected in anchors]


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
