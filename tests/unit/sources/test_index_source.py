"""What an index page or the listing of a bucket offers of a project."""

from collections.abc import Iterator

import pytest

from wheelhouse_tasks.errors import BadListing, BadPage, PageMissing, WebError
from wheelhouse_tasks.pages import json_pages, layout, record
from wheelhouse_tasks.sources.download import Progress
from wheelhouse_tasks.sources.index_source import IndexSource
from wheelhouse_tasks.sources.offer import Offer

A, B, C = "a" * 64, "b" * 64, "c" * 128
BUCKET = "https://store.example/wheels"
GEN = "https://store.example/gen"
WHEEL, SDIST, OTHER = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "other-1.0.tar.gz"
HTML, XML, JSON, TEXT = "text/html", "application/xml", "application/json", "text/plain; charset=utf-8"


class Pages:
    """A web server that is a table of URL to content type and page."""

    def __init__(self, table: dict[str, tuple[str, str]]) -> None:
        self.table = table
        self.asked: list[str] = []

    def page(self, url: str) -> tuple[bytes, str, str]:
        """Return a page; a type that is a number is the status of an error."""
        self.asked.append(url)
        kind, page = self.table.get(url, ("404", ""))
        if kind == "404":
            raise PageMissing(url, "is not there (404)", status=404)
        if kind.isdecimal():
            raise WebError(url, f"the server answered {kind}", status=int(kind))
        return page.encode(), url, kind

    def blocks(self, url: str, progress: Progress, *, stay: bool) -> Iterator[bytes]:
        """Yield the bytes, which are those of the page, after a word on whether to stay."""
        assert progress == Progress(proven=not stay)
        yield b"stay " if stay else b""
        yield self.page(url)[0]


def listing(*keys: str, more: str = "") -> tuple[str, str]:
    """Return the listing of a bucket."""
    rows = "".join(f"<Contents><Key>{key}</Key><Size>{len(key)}</Size></Contents>" for key in keys)
    end = (
        f"<NextMarker>{more}</NextMarker><IsTruncated>true</IsTruncated>"
        if more
        else "<IsTruncated>false</IsTruncated>"
    )
    return XML, f"<ListBucketResult>{end}{rows}</ListBucketResult>"


def offer(table: dict[str, tuple[str, str]], url: str = BUCKET) -> Offer:
    """Return what a web server offers of `demo`."""
    return IndexSource("one", url, reader=Pages(table)).offer("demo")


def promises(offered: Offer) -> dict[str, str | None]:
    """Return where the files are, below the bucket, and the sha256 of candidate."""
    return {candidate.link.url.removeprefix(f"{BUCKET}/"): candidate.sha256 for candidate in offered.candidates}


def html(*hrefs: str) -> tuple[str, str]:
    """Return a page of links."""
    return HTML, "".join(f'<a href="{href}">x</a>' for href in hrefs)


def ours(*names: str) -> tuple[str, str]:
    """Return a project page of ours, in JSON."""
    files = [record.File(name, 5, A, "mark") for name in names]
    return layout.JSON_TYPE, json_pages.render_json("demo", files).decode()


PAGE = "simple-json/demo/index.html"


@pytest.mark.parametrize(
    ("table", "url", "expected"),
    [
        pytest.param(
            {BUCKET: listing(WHEEL, OTHER, f"a/{SDIST}", "notes.txt", "a/")},
            BUCKET,
            {WHEEL: None, f"a/{SDIST}": None},
            id="no page at all",
        ),
        pytest.param(
            {BUCKET: listing(WHEEL, more="m"), f"{BUCKET}?marker=m": listing(SDIST)},
            BUCKET,
            {WHEEL: None, SDIST: None},
            id="two pages of listing",
        ),
        pytest.param(
            {
                BUCKET: listing("index.html", WHEEL, SDIST, f"old/{WHEEL}"),
                f"{BUCKET}/index.html": html(f"{WHEEL}#sha256={A}", f"{OTHER}#sha256={A}"),
            },
            BUCKET,
            {WHEEL: A, SDIST: None, f"old/{WHEEL}": None},
            id="wheelhouse-uploader's page",
        ),
        pytest.param(
            {
                BUCKET: listing(
                    "index.html", PAGE, f"files/demo/{WHEEL}", f"files/demo/{SDIST}", "simple/demo/index.html"
                ),
                f"{BUCKET}/{PAGE}": ours(WHEEL),
            },
            BUCKET,
            {f"files/demo/{WHEEL}": A},
            id="ours, without what was removed",
        ),
        pytest.param(
            {
                BUCKET: listing(f"w/{PAGE}", f"w/files/demo/{WHEEL}", SDIST, "w/index.html"),
                f"{BUCKET}/w/{PAGE}": ours(WHEEL),
            },
            BUCKET,
            {f"w/files/demo/{WHEEL}": A, SDIST: None},
            id="ours below a prefix, with a stranger beside it",
        ),
        pytest.param(
            {
                f"{BUCKET}?prefix=w/": listing(f"w/{PAGE}", f"w/files/demo/{WHEEL}"),
                f"{BUCKET}/w/{PAGE}": ours(WHEEL),
            },
            f"{BUCKET}?prefix=w/",
            {f"w/files/demo/{WHEEL}": A},
            id="the listing of that prefix",
        ),
        pytest.param(
            {BUCKET: listing("simple-json/index.html", "simple-json/zoo/index.html", f"files/demo/{WHEEL}")},
            BUCKET,
            {},
            id="ours, in which the project is not indexed yet",
        ),
        pytest.param(
            {
                BUCKET: listing("demo/index.html", f"demo/{WHEEL}", "zoo/index.html", "index.html"),
                f"{BUCKET}/demo/index.html": html(f"{WHEEL}#sha256={B}"),
                f"{BUCKET}/index.html": html("demo/", "zoo/"),
            },
            BUCKET,
            {f"demo/{WHEEL}": B},
            id="a tree of PEP 503",
        ),
        pytest.param(
            {
                BUCKET: listing("simple/demo/index.html", f"p/{WHEEL}"),
                f"{BUCKET}/simple/demo/index.html": html(f"../../p/{WHEEL}#sha256={B}"),
            },
            BUCKET,
            {f"p/{WHEEL}": B},
            id="files beside the tree",
        ),
        pytest.param(
            {
                BUCKET: listing("index.html", "demo-1.0+l.1-py3-none-any.whl"),
                f"{BUCKET}/index.html": html(f"demo-1.0+l.1-py3-none-any.whl#sha256={B}"),
            },
            BUCKET,
            {"demo-1.0%2Bl.1-py3-none-any.whl": B},
            id="raw plus",
        ),
        pytest.param(
            {BUCKET: ("403", ""), f"{BUCKET}/index.html": html(WHEEL)}, BUCKET, {WHEEL: None}, id="no listing"
        ),
        pytest.param(
            {
                BUCKET: (TEXT, f"{WHEEL}\n"),
                f"{BUCKET}/?format=json": (JSON, f'[{{"name": "{WHEEL}", "bytes": 5}}]'),
                f"{BUCKET}/?format=json&marker={WHEEL}": (JSON, "[]"),
            },
            BUCKET,
            {WHEEL: None},
            id="Swift's text",
        ),
    ],
)
def test_bucket(table: dict[str, tuple[str, str]], url: str, expected: dict[str, str | None]) -> None:
    """A bucket offers every file of the project that it lists, with the sha256 that one of its pages promises."""
    assert promises(offer(table, url)) == expected


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        pytest.param(
            {BUCKET: listing(WHEEL, more="m")}, "is not there .404., though the page before", id="page 2 gone"
        ),
        pytest.param(
            {BUCKET: listing(WHEEL, more="m"), f"{BUCKET}?marker=m": ("403", "")}, "403.*though", id="page 2 refused"
        ),
        pytest.param(
            {BUCKET: listing(WHEEL, more="m"), f"{BUCKET}?marker=m": listing(SDIST, more="m")}, "repeats", id="repeats"
        ),
        pytest.param({BUCKET: (XML, "<ListBucketResult>")}, "cannot be read as XML", id="cut off"),
        pytest.param(
            {BUCKET: (TEXT, "x"), f"{BUCKET}/?format=json": (JSON, '[{"subdir": "x/"}]')}, "shows folders", id="folders"
        ),
    ],
)
def test_listing_that_is_not_whole(table: dict[str, tuple[str, str]], problem: str) -> None:
    """Part of a listing is an error, which no index page beside it makes good."""
    with pytest.raises(BadListing, match=problem):
        offer({f"{BUCKET}/index.html": html(WHEEL), **table})


@pytest.mark.parametrize(
    ("table", "url", "problem"),
    [
        pytest.param({BUCKET: (TEXT, "oops")}, BUCKET, "is 'text/plain', not an index page", id="text"),
        pytest.param(
            {BUCKET: (TEXT, "oops"), f"{BUCKET}/?format=json": (JSON, "[1]")}, BUCKET, "is 'text/plain'", id="JSON"
        ),
        pytest.param({BUCKET: (XML, "<Error/>")}, BUCKET, "is 'application/xml', not an index page", id="other XML"),
        pytest.param(
            {BUCKET: listing(WHEEL, "index.html")}, BUCKET, "index.html: is not there", id="page that is listed"
        ),
        pytest.param(
            {f"{BUCKET}/index.html": html(WHEEL)}, f"{BUCKET}?prefix=w/", "prefix=w/: is not there", id="asked for"
        ),
    ],
)
def test_what_is_no_source(table: dict[str, tuple[str, str]], url: str, problem: str) -> None:
    """The error for what is neither a page nor a listing is that of the page; a page that is listed must be there."""
    with pytest.raises((BadPage, PageMissing), match=problem):
        offer(table, url)


@pytest.mark.parametrize(
    "key",
    [
        f"../../{WHEEL}",
        f"a/../{WHEEL}",
        f"/abs/{WHEEL}",
        f"a//{WHEEL}",
        f"./{WHEEL}",
        f"..\\{WHEEL}",
        "demo\u202e-1.0.tar.gz",
        "demo-1.0-py3-none-any/.whl",
    ],
)
def test_key_that_leads_elsewhere(key: str) -> None:
    """A key that leads a request elsewhere is never requested; the file is listed as skipped."""
    offered = offer({BUCKET: listing(key, SDIST)})
    assert promises(offered) == {SDIST: None}
    assert all(file.name.isprintable() and file.reason for file in offered.skipped)
    assert len(offered.skipped) == key.rpartition("/")[2].replace("..\\", "").startswith("demo")


def test_name_in_two_folders() -> None:
    """A name that lies in two folders of a bucket, of which no page says which is meant, cannot be fetched."""
    offered = offer({BUCKET: listing(f"a/{WHEEL}", f"b/{WHEEL}", SDIST)})
    assert [bool(candidate.link.problem) for candidate in offered.candidates] == [True, True, False]


def test_two_digests_that_differ() -> None:
    """Two links to a name with different digests of another kind have a problem that tells both."""
    offered = offer({BUCKET: html(f"{WHEEL}#md5={A[:32]}", f"x/{WHEEL}#md5={B[:32]}", f"{SDIST}#md5={A[:32]}")})
    problems = [candidate.link.problem for candidate in offered.candidates]
    assert problems == [*[f"is there with md5 {A[:32]} and md5 {B[:32]}"] * 2, ""]


@pytest.mark.parametrize(
    ("href", "problem"),
    [
        (f"https://cdn.example/{WHEEL}", "leads to another host"),
        (f"http://store.example/{WHEEL}", "leads away from https"),
        (f"https://cdn.example/{WHEEL}#md5={A[:32]}", "leads to another host"),
        (f"https://cdn.example/{WHEEL}#sha1={A[:40]}", "leads to another host"),
        (f"https://cdn.example/{WHEEL}#sha512={C}", ""),
        (f"http://store.example/{WHEEL}#sha256={A}", ""),
        (f"https://cdn.example/{WHEEL}#sha256={A[1:]}", "its sha256 is malformed"),
    ],
)
def test_link_to_another_host(href: str, problem: str) -> None:
    """A link to another host, or away from https, is followed only with a digest that cannot be forged."""
    [candidate] = offer({BUCKET: html(href)}).candidates
    assert problem in candidate.link.problem
    assert bool(problem) == bool(candidate.link.problem)


def test_unpromised_file_stays_at_its_host() -> None:
    """A file that nothing promises a digest of is not fetched from where a redirect leads."""
    for fragment, expected in (("", b"stay x"), (f"#sha256={A}", b"x")):
        table = {f"{BUCKET}/": html(WHEEL + fragment), f"{BUCKET}/{WHEEL}": (HTML, "x")}
        place = IndexSource("one", f"{BUCKET}/", reader=Pages(table))
        [candidate] = place.offer("demo").candidates
        assert b"".join(place.blocks(candidate)) == expected


@pytest.mark.parametrize("status", ["401", "403", "404", "406", "410", "500", "503"])
def test_an_index_whose_root_cannot_be_read(status: str) -> None:
    """Pip asks an index for the pages of projects only, and so its root may answer anything."""
    table = {BUCKET: (status, ""), f"{BUCKET}/demo/": html(f"../../files/{WHEEL}#sha256={A}")}
    (candidate,) = offer(table).candidates
    assert (candidate.link.url, candidate.sha256) == (f"https://store.example/files/{WHEEL}", A)


@pytest.mark.parametrize(
    "root",
    [
        pytest.param((HTML, ""), id="blank"),
        pytest.param((HTML, " \n\0"), id="white space"),
        pytest.param((HTML, "<html><body><h1>Welcome</h1><p>Wheels for Python.</p></body></html>"), id="landing page"),
        pytest.param((HTML, "<script>load()</script><p>loading</p>"), id="script"),
        pytest.param((TEXT, "ok"), id="text"),
        pytest.param((JSON, '{"status": "up"}'), id="another API"),
        pytest.param((HTML, '<a href="/gen/demo">demo</a>'), id="absolute, without a slash"),
        pytest.param((HTML, '<a href="demo/index.html">demo</a>'), id="its file"),
        pytest.param((HTML, '<a href="Demo/">Demo</a>'), id="spelt otherwise"),
        pytest.param((HTML, '<a href="./demo?x=1">Demo</a>'), id="a query"),
        pytest.param((HTML, "<title>Simple index</title>"), id="an index that names nothing"),
        pytest.param((JSON, '{"meta": {"api-version": "1.0"}, "projects": [{"name": "Demo"}]}'), id="json"),
    ],
)
def test_an_index_whose_root_is_odd(root: tuple[str, str]) -> None:
    """The page of the project counts, whatever the root page is, and however it names the project."""
    page = html(f"{WHEEL}#sha256={A}")
    urls = ["demo/", "demo/index.html", "Demo/", "demo", "demo?x=1"]
    (candidate,) = offer({f"{GEN}/": root, **{f"{GEN}/{url}": page for url in urls}}, f"{GEN}/").candidates
    assert candidate.sha256 == A


@pytest.mark.parametrize("kind", ["404", "403", HTML])
def test_a_project_page_under_its_own_name_alone(kind: str) -> None:
    """An object store has the page of a folder under the name of the page."""
    table = {f"{GEN}/": html("demo/"), f"{GEN}/demo/": (kind, ""), f"{GEN}/demo/index.html": html(WHEEL)}
    (candidate,) = offer(table, f"{GEN}/").candidates
    assert candidate.link.url == f"{GEN}/demo/{WHEEL}"


@pytest.mark.parametrize("page", ["404", "403", "500"])
@pytest.mark.parametrize("root", ["403", "406", "500"])
def test_the_error_of_the_root_stands_where_no_page_of_the_project_is_there(root: str, page: str) -> None:
    """Nobody knows then what the index holds; that of the root is the one that a person can act upon."""
    with pytest.raises(WebError, match=f"answered {root}"):
        offer({GEN: (root, ""), f"{GEN}/demo/": (page, "")}, GEN)


def test_a_root_that_names_other_projects_says_that_there_is_nothing() -> None:
    """No page of the project is asked for then: a site that answers everything with its start page is an index too."""
    table = {GEN: html("other/"), f"{GEN}/demo/": (HTML, "<h1>Welcome</h1>")}
    assert offer(table, GEN) == Offer(candidates=())


def test_a_damaged_root_is_not_passed_over() -> None:
    """No other page stands in for one that is cut off, because it may have named more."""
    with pytest.raises(BadPage, match="cut off"):
        offer({GEN: (HTML, "<html><body><a href="), f"{GEN}/demo/": html(WHEEL)}, GEN)


@pytest.mark.parametrize(
    ("href", "problem"),
    [
        (f"https://cdn.example/{WHEEL}", ""),
        (f"https://CDN.example/{WHEEL}#md5={A[:32]}", ""),
        (f"http://cdn.example/{WHEEL}", "leads away from https"),
        (f"https://cdn.example.org/{WHEEL}", "see the setting 'trust': cdn.example.org"),
        (f"https://other.example/{WHEEL}", "see the setting 'trust': other.example"),
        (f"https://cdn.example/{WHEEL}#sha256={A[1:]}", "its sha256 is malformed"),
    ],
)
def test_a_trusted_host_may_be_led_to_without_a_digest(href: str, problem: str) -> None:
    """Trust is for a host by its name, and lifts neither https nor a digest that is malformed."""
    source = IndexSource("one", BUCKET, reader=Pages({BUCKET: html(href)}), trust=frozenset({"cdn.example"}))
    (candidate,) = source.offer("demo").candidates
    assert problem in candidate.link.problem
    assert bool(problem) == bool(candidate.link.problem)
