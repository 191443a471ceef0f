"""Reading the links of HTML pages of any maker, however damaged they are."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from page_links import FRAGMENTS, HREFS, HTML, NAME, URL, A, filenames, harmless, links_as_written, parse, plain
from paths import DATA

from wheelhouse_tasks.errors import BadPage
from wheelhouse_tasks.pages import links
from wheelhouse_tasks.pages.link import Link

LOCAL_NAME = "demo-1.1+local.1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
WHEEL_SHA = "77d9c0913d182f566be8cfc5a17f8a4a617f848b4eefffb0b07583d3929ef668"
SDIST_SHA = "a50c752dbf8265b8c5f5347857ad0a31aed634992afa0158ff45edc6964b8a5e"
LOCAL_SHA = "60bce22762fbe4dbeff6ad5f698e90ce0a4e82ae209a7184215fbedf83b5bdcd"


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
    files = [link for link in parse((DATA / page).read_bytes(), url) if link.filename]
    assert sorted((link.filename, link.sha256) for link in files) == sorted(expected, key=lambda row: row[0])
    assert all(link.url.startswith("https://") and not link.problem for link in files)


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
            '<a href="demo-1.0+cu1.tar.gz">', plain(f"{URL}demo-1.0%2Bcu1.tar.gz", "demo-1.0+cu1.tar.gz"), id="raw plus"
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
    """Links are resolved by the rules of HTML, whatever they look like in the source."""
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
    """The page's first <base href> counts, itself relative to the page, wherever it stands."""
    assert parse(page.format(base=base, name=NAME)) == plain(expected)


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
    """A link tells whether it is yanked, and why, and its size where that is a number."""
    assert parse(f'<a href="{NAME}" {attributes}>x</a>') == [Link(URL + NAME, NAME, None, yanked, size)]


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
    """Whatever the charset and the bytes, the links before and behind are found."""
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
    """UTF-16 is read too."""
    assert filenames(f'<p>é</p><a href="{NAME}">'.encode("utf-16"), kind=kind) == [NAME]


@pytest.mark.parametrize("tag", ["div", "b", "span", "dd", "font", "li", "td", "p"])
def test_unclosed_tags(tag: str) -> None:
    """However deep the unclosed tags nest, no link is lost."""
    count = 20_000 if tag == "div" else 3000
    page = "".join(f'<{tag}><a href="demo-{number}.tar.gz">x</a>' for number in range(count))
    assert filenames(page) == [f"demo-{number}.tar.gz" for number in range(count)]


def test_endless_text() -> None:
    """12 MB of text before the links hide none of them."""
    assert filenames(b"x" * (12 << 20) + f'<a href="{NAME}">'.encode()) == [NAME]


def test_endless_attribute() -> None:
    """12 MB in one attribute hide no link behind it."""
    page = b'<a title="' + b"x" * (12 << 20) + f'" href="{NAME}">x</a><a href="{NAME}">y</a>'.encode()
    assert filenames(page) == [NAME, NAME]


def test_many_links() -> None:
    """All of 15 000 links are found."""
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
    """A page of ours that has not as many links as it says is refused."""
    with pytest.raises(BadPage, match="is cut off"):
        parse(page)


@pytest.mark.parametrize("rest", ['<a href="y-1.0.zip', "<a", "</a", "<!-- x", f'<a href="y-1.0.zip#sha256={A}" data-'])
def test_page_that_ends_within_a_tag(rest: str) -> None:
    """A page of any maker that ends in the middle of a tag is refused: its last link would be lost."""
    with pytest.raises(BadPage, match="is cut off"):
        parse(f'<a href="{NAME}">x</a>{rest}')


LOGIN = '<form><input name="user"><input TYPE="Password"></form>'


def test_login_page() -> None:
    """A login page that came with status 200 is no page without links."""
    with pytest.raises(BadPage, match="is a login page, not an index page"):
        parse(f'<a href="/help">help</a>{LOGIN}')
    assert NAME in filenames(f'<a href="{NAME}">x</a>{LOGIN}')


def test_links_that_lead_nowhere_count() -> None:
    """What is left out does not make a whole page look cut off."""
    assert filenames(f'<meta name="wheelhouse:links" content="2"><a href="mailto:x">x</a><a href="{NAME}">') == [NAME]


@settings(deadline=None)
@given(
    st.lists(st.one_of(FRAGMENTS, HREFS.map("<base href='{}'>".format)), max_size=6).map("".join), st.text(max_size=9)
)
@example("<base href='http://[bad/'><a href='x-1.zip'>", "utf-8")
@example("<a href='x-1.zip'>", "bogus")
def test_any_base_and_charset_are_survived(page: str, charset: str) -> None:
    """Whatever the page says its base and charset are, it gives harmless links, or BadPage."""
    with suppress(BadPage):
        harmless(links.parse(page.encode(), URL, f"text/html; charset={charset}"))


@settings(deadline=None, max_examples=300)
@given(
    st.lists(links_as_written(), max_size=6), st.sampled_from(["", "\n<div>", "<table><tr><td>", "<pre>", "<!--x-->"])
)
def test_every_link_is_found(anchors: list[tuple[str, tuple[str, str | None]]], between: str) -> None:
    """Every link of a page is found with its sha256, in whatever legal way it is spelled."""
    page = "<!DOCTYPE html><html><body>" + between.join(["", *[anchor for anchor, _ in anchors], ""])
    assert [(link.filename, link.sha256) for link in parse(page)] == [expected for _, expected in anchors]
