"""Reading the listings of bare buckets and containers, page by page, whoever serves them."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from html import escape
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, quote_plus, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paths import DATA

from wheelhouse_tasks.errors import BadListing, BadPage, PageMissing, WebError
from wheelhouse_tasks.pages import links
from wheelhouse_tasks.sources import listings
from wheelhouse_tasks.sources.listings import Listing, Object

CAPTURED = DATA / "listings"
URL = "https://store.example/wheels"
XML, JSON = "application/xml", "application/json; charset=utf-8"
#: What each of the captured servers held.
HELD = [
    Object("demo-1.0-py3-none-any.whl", 1120),
    Object("demo-1.0.tar.gz", 482),
    Object("demo-1.1+local.1-py3-none-any.whl", 1186),
    Object("nightly/demo-1.2.dev0 & co.txt", 482),
    Object("nightly/demo-1.2.dev0-py3-none-any.whl", 1120),
]


def parse(page: str | bytes, url: str = URL, kind: str = XML) -> Listing | None:
    """Return the listing that a page is."""
    return listings.parse(page.encode() if isinstance(page, str) else page, url, kind)


def part(objects: list[Object], next_url: str = "") -> Listing:
    """Return one page of a listing."""
    return Listing(objects=objects, next_url=next_url)


def everything(pages: list[bytes], query: str, kind: str) -> tuple[list[Object], list[str]]:
    """Follow pages in the order in which a server gave them; return the objects, and the URLs that were asked for."""
    asked = [f"{URL}?{query}"]

    def read(url: str) -> Listing | None:
        asked.append(url)
        return parse(pages[len(asked) - 1], url, kind)

    first = parse(pages[0], asked[0], kind)
    assert first
    return list(listings.follow(first, asked[0], read=read)), asked


@pytest.mark.parametrize(
    ("server", "query", "parameter"),
    [
        pytest.param("seaweedfs", "max-keys=2", "marker", id="SeaweedFS"),
        pytest.param("seaweedfs-v2", "list-type=2&max-keys=3", "continuation-token", id="SeaweedFS, version 2"),
        pytest.param("seaweedfs-encoded", "encoding-type=url&max-keys=3", "marker", id="SeaweedFS, keys quoted"),
        pytest.param("ceph", "max-keys=3", "marker", id="Ceph, which says no marker"),
        pytest.param("ceph-v2", "list-type=2&max-keys=2", "continuation-token", id="Ceph, version 2"),
        pytest.param("ceph-encoded", "encoding-type=url&max-keys=4", "marker", id="Ceph, keys quoted"),
        pytest.param("azurite", "restype=container&comp=list&maxresults=2", "marker", id="Azurite"),
        pytest.param("swift", "format=json&limit=2", "marker", id="Swift"),
        pytest.param("ceph-swift", "format=json&limit=3", "marker", id="Ceph as Swift"),
    ],
)
def test_listings_of_real_servers(server: str, query: str, parameter: str) -> None:
    """What a server was seen to answer is followed to its end, and gives every object once, with its size."""
    paths = sorted((CAPTURED / server).iterdir())
    objects, asked = everything([path.read_bytes() for path in paths], query, JSON if "swift" in server else XML)
    assert objects == HELD
    assert len(asked) == len(paths)
    assert all(parameter in parse_qs(urlsplit(url).query) for url in asked[1:])
    assert all(set(parse_qsl(query)) <= set(parse_qsl(urlsplit(url).query)) for url in asked)


def s3(rows: str, tail: str = "<IsTruncated>false</IsTruncated>", attributes: str = "") -> str:
    """Return a listing as S3 has it."""
    return f"<ListBucketResult{attributes}><Name>wheels</Name>{tail}{rows}</ListBucketResult>"


def row(key: str, size: str = "<Size>12</Size>") -> str:
    """Return an object of such a listing."""
    return f"<Contents><Key>{key}</Key>{size}</Contents>"


def azure(rows: str, tail: str = "<NextMarker/>") -> str:
    """Return a listing as Azure has it."""
    return f"<EnumerationResults><Blobs>{rows}</Blobs>{tail}</EnumerationResults>"


GOOGLE = """\
<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'><Name>wheels\
</Name><Prefix></Prefix><Marker></Marker><NextMarker>a/x-1.0.zip</NextMarker><IsTruncated>true</IsTruncated><Contents>\
<Key>a/x-1.0.zip</Key><Generation>1700000000000000</Generation><MetaGeneration>1</MetaGeneration><LastModified>\
2026-11-23T03:21:00.000Z</LastModified><ETag>"0cc175b9c0f1b6a831c399e269772661"</ETag><Size>12</Size></Contents>\
</ListBucketResult>"""
CUT = "<IsTruncated>true</IsTruncated>"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        pytest.param(s3(""), part([]), id="empty"),
        pytest.param("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>", part([]), id="bare"),
        pytest.param(s3(row("x-1.0.zip")), part([Object("x-1.0.zip", 12)]), id="no namespace"),
        pytest.param(s3(row("x"), attributes=' xmlns="urn:x"'), part([Object("x", 12)]), id="any namespace"),
        pytest.param(
            '<s:ListBucketResult xmlns:s="u"><s:IsTruncated>false</s:IsTruncated><s:Contents><s:Size>1</s:Size>'
            "<s:Key>x</s:Key></s:Contents></s:ListBucketResult>",
            part([Object("x", 1)]),
            id="namespace with a prefix",
        ),
        pytest.param(GOOGLE, part([Object("a/x-1.0.zip", 12)], f"{URL}?marker=a%2Fx-1.0.zip"), id="Google"),
        pytest.param("\ufeff" + s3(row("x")), part([Object("x", 12)]), id="BOM"),
        pytest.param(f"\n<!-- y -->\n{s3(row('x'))}\n", part([Object("x", 12)]), id="comment"),
        pytest.param(s3(row("<![CDATA[a&b]]>")), part([Object("a&b", 12)]), id="CDATA"),
        pytest.param(s3(row("a&#43;&#x26;b")), part([Object("a+&b", 12)]), id="references"),
        pytest.param(s3(row("a%2Bb")), part([Object("a%2Bb", 12)]), id="quoted key that is none"),
        pytest.param(
            s3(row("a%2Bb+%26"), "<EncodingType>url</EncodingType><IsTruncated> false\n</IsTruncated>"),
            part([Object("a+b &", 12)]),
            id="keys quoted",
        ),
        pytest.param(
            s3(row("a+b"), f"<EncodingType>url</EncodingType><NextMarker>a%2Bc</NextMarker>{CUT}"),
            part([Object("a b", 12)], f"{URL}?marker=a%2Bc"),
            id="marker quoted",
        ),
        pytest.param(s3(row("x", "")), part([Object("x", None)]), id="no size"),
        pytest.param(s3(row("x", "<Size>-5</Size>")), part([Object("x", None)]), id="negative size"),
        pytest.param(s3(row("x", f"<Size>{'9' * 5000}</Size>")), part([Object("x", None)]), id="endless size"),
        pytest.param(s3(row("x"), CUT), part([Object("x", 12)], f"{URL}?marker=x"), id="last key is the marker"),
        pytest.param(
            s3("", f"<NextMarker>m</NextMarker>{CUT}"), part([], f"{URL}?marker=m"), id="nothing on this page"
        ),
        pytest.param(
            s3(row("x"), f"<NextContinuationToken>t/=</NextContinuationToken>{CUT}"),
            part([Object("x", 12)], f"{URL}?list-type=2&continuation-token=t%2F%3D"),
            id="token",
        ),
        pytest.param(azure(""), part([]), id="empty, Azure"),
        pytest.param(
            azure('<Blob><Name Encoded="true">a%EF%BF%BF</Name></Blob><Blob><Name>b%20</Name></Blob>'),
            part([Object("a\uffff", None), Object("b%20", None)]),
            id="quoted name, Azure",
        ),
        pytest.param(
            azure(
                "<Blob><Name>x</Name><Properties><Content-Length>7</Content-Length></Properties>"
                "<Metadata><Blob>1</Blob><Name>z</Name></Metadata></Blob><Blob><Name>y</Name></Blob>",
                "<NextMarker>2!8!x--</NextMarker>",
            ),
            part([Object("x", 7), Object("y", None)], f"{URL}?marker=2%218%21x--"),
            id="marker and metadata, Azure",
        ),
    ],
)
def test_shapes_of_a_listing(page: str, expected: Listing) -> None:
    """Keys, sizes and what comes next are read from every legal way to write them."""
    assert parse(page) == expected


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        pytest.param("", XML, id="nothing"),
        pytest.param("<html><a href='x-1.0.zip'>", "text/html", id="page"),
        pytest.param('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', XML, id="XHTML"),
        pytest.param("<Error><Code>AccessDenied</Code></Error>", XML, id="error"),
        pytest.param("<ListBucketResults/>", XML, id="other name"),
        pytest.param(f'<!DOCTYPE x [<!ENTITY a "b">]>{s3(row("&a;"))}', XML, id="DOCTYPE"),
        pytest.param('{"meta": {"api-version": "1.0"}}', JSON, id="index in JSON"),
        pytest.param("[1]", "text/html", id="text in brackets"),
        pytest.param("demo-1.0.tar.gz\n", "text/plain", id="Swift's text"),
    ],
)
def test_what_is_no_listing(page: str, kind: str) -> None:
    """A page is no listing, and neither is XML that could declare entities."""
    assert parse(page, kind=kind) is None


@pytest.mark.parametrize(
    ("page", "kind", "problem"),
    [
        pytest.param(s3(row("x"), ""), XML, "does not say whether it is complete", id="no word of the end"),
        pytest.param(s3("", "<IsTruncated>maybe</IsTruncated>"), XML, "does not say whether", id="unclear"),
        pytest.param(s3("", CUT), XML, "is cut off, and does not say where it goes on", id="no marker"),
        pytest.param(s3(row(""), CUT), XML, "an object that has no name", id="empty key"),
        pytest.param(s3("<Contents><Size>1</Size></Contents>"), XML, "an object that has no name", id="no key"),
        pytest.param(s3("<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>"), XML, "shows folders", id="folders"),
        pytest.param(s3(row("x"))[:-1], XML, "cannot be read as XML", id="last byte lost"),
        pytest.param(s3(row("&a;")), XML, "cannot be read as XML", id="entity"),
        pytest.param(s3(row("\x01")), XML, "cannot be read as XML", id="control character"),
        pytest.param(f"<?xml version='1.0' encoding='x'?>{s3('')}", XML, "cannot be read as XML", id="encoding"),
        pytest.param(s3("<a>" * 5000), XML, "cannot be read as XML", id="nested without end"),
        pytest.param(azure("<Blob><Name>x</Name></Blob>", ""), XML, "does not say whether", id="Azure, no marker"),
        pytest.param(azure("<Blob/>"), XML, "an object that has no name", id="Azure, no name"),
        pytest.param(azure("<BlobPrefix><Name>a/</Name></BlobPrefix>"), XML, "shows folders", id="Azure, folders"),
        pytest.param('[{"subdir": "a/"}]', JSON, "shows folders", id="Swift, folders"),
        pytest.param('[{"name": 5, "bytes": 1}]', JSON, "an object that has no name", id="Swift, number"),
        pytest.param('[{"name": "", "bytes": 1}]', JSON, "an object that has no name", id="Swift, empty name"),
    ],
)
def test_listing_that_is_refused(page: str, kind: str, problem: str) -> None:
    """What is not surely a whole page of a listing is refused, naming the URL without its secrets."""
    with pytest.raises(BadListing) as refused:
        parse(page, "https://me:hunter2@store.example/wheels?sig=hunter2", kind)
    assert str(refused.value).startswith("https://<hidden>@store.example/wheels?sig=<hidden>: ")
    assert problem in str(refused.value)


def test_version_2_without_a_token() -> None:
    """A page that was asked for by version 2 and is cut off goes on by its token, or not at all."""
    with pytest.raises(BadListing, match="is cut off"):
        parse(s3(row("x"), f"<NextMarker>x</NextMarker>{CUT}"), f"{URL}?list-type=2")


@pytest.mark.parametrize("page", ["[", "[1]", '[{"name": "x"}]', "[" * 100_000, f"[{'9' * 5000}]"])
def test_json_that_is_no_listing(page: str) -> None:
    """JSON of another shape is a page that cannot be understood."""
    with pytest.raises(BadPage) as refused:
        parse(page, kind=JSON)
    assert not isinstance(refused.value, BadListing)


@pytest.mark.parametrize("path", sorted(CAPTURED.rglob("*.*")), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_listing_that_is_cut_anywhere(path: Path) -> None:
    """Wherever a listing is cut, it is refused, and never taken for a shorter one."""
    page, kind = path.read_bytes().rstrip(), JSON if path.suffix == ".json" else XML
    for length in range(len(page)):
        with suppress(BadPage):
            assert parse(page[:length], kind=kind) is None


def cycle(*urls: str) -> Callable[[str], Listing | None]:
    """Return a server that leads from each URL to the next."""
    following = dict(pairwise(urls))
    return lambda url: part([Object(url, 1)], following[url])


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        pytest.param(cycle("a", "a"), "repeats itself", id="same page again"),
        pytest.param(cycle("a", "b", "c", "a"), "repeats itself", id="round"),
        pytest.param(cycle("a", "b", "c", "b"), "repeats itself", id="round from the second"),
        pytest.param(lambda url: part([], url + "x"), "lists more than 1,000,000 objects", id="pages without end"),
        pytest.param(lambda url: part(HELD * 50_000, url + "x"), "lists more than", id="objects without end"),
        pytest.param(lambda url: part([], "b") if url == "a" else None, "is no listing, though", id="page of HTML"),
    ],
)
def test_listing_without_an_end(read: Callable[[str], Listing | None], problem: str) -> None:
    """A listing that repeats a marker, or never ends, is given up."""
    first = read("a")
    assert first
    with pytest.raises(BadListing, match=problem):
        list(listings.follow(first, "a", read=read))


@pytest.mark.parametrize("error", [PageMissing("b", "is not there (404)"), WebError("b", "access denied (403)")])
def test_page_that_cannot_be_read(error: WebError) -> None:
    """A listing whose second page is refused or gone is not taken for one of one page."""

    def read(url: str) -> Listing | None:
        assert url == "b"
        raise error

    with pytest.raises(BadListing, match=r"b: .*\(40[34]\), though the page before says"):
        list(listings.follow(part([], "b"), "a", read=read))


@pytest.mark.parametrize(
    ("url", "key", "expected"),
    [
        (URL, "x-1.0.zip", f"{URL}/x-1.0.zip"),
        (f"{URL}/", "a/x-1.0+l.zip", f"{URL}/a/x-1.0%2Bl.zip"),
        (f"{URL}?prefix=a/&max-keys=2", "a/x", f"{URL}/a/x"),
        ("https://wheels.store.example/", "a b?#%.zip", "https://wheels.store.example/a%20b%3F%23%25.zip"),
        ("https://h.example/v1/AUTH_x/w/?format=json&marker=é", "é", "https://h.example/v1/AUTH_x/w/%C3%A9"),
    ],
)
def test_where_an_object_is(url: str, key: str, expected: str) -> None:
    """An object's URL is its quoted key below the bucket, without the query of the listing."""
    assert listings.root(url) + quote(key) == expected


KEYS = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), min_size=1
    ),
    unique=True,
    max_size=12,
)


@settings(deadline=None)
@given(KEYS, st.integers(1, 5), st.sampled_from(["marker", "no marker", "token", "quoted", "quoted like Ceph"]))
def test_every_object_is_found(keys: list[str], length: int, way: str) -> None:
    """Whatever the keys, the length of the pages and the way a store writes them, every object is found once."""
    held = sorted(keys)
    ways: dict[str, Callable[[str], str]] = {"quoted": quote_plus, "quoted like Ceph": partial(quote, safe="")}
    encode = ways.get(way, str)

    def read(url: str) -> Listing | None:
        query = parse_qs(urlsplit(url).query, keep_blank_values=True)
        behind = [key for key in held if key > (query.get("marker") or query.get("continuation-token") or [""])[0]]
        here = behind[:length]
        more = len(behind) > length
        tail = f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        tail += "<EncodingType>url</EncodingType>" if "quoted" in way else ""
        if more and way != "no marker":
            name = "NextContinuationToken" if way == "token" else "NextMarker"
            tail += f"<{name}>{escape(here[-1] if way == 'token' else encode(here[-1]))}</{name}>"
        return parse(s3("".join(row(escape(encode(key))) for key in here), tail), url)

    first = read(URL)
    assert first
    assert [key for key, _ in listings.follow(first, URL, read=read)] == held


@settings(deadline=None)
@given(KEYS, st.integers(1, 5))
def test_every_object_of_swift_and_azure_is_found(keys: list[str], length: int) -> None:
    """Whatever the names and the length of the pages, every object of a container is found once."""
    held = sorted(keys)

    def read(url: str) -> Listing | None:
        marker = parse_qs(urlsplit(url).query, keep_blank_values=True).get("marker", [""])[0]
        behind = [key for key in held if key > marker]
        if "comp=list" in url:
            rows = "".join(f"<Blob><Name>{escape(key)}</Name></Blob>" for key in behind[:length])
            tail = behind[length - 1] if len(behind) > length else ""
            return parse(azure(rows, f"<NextMarker>{escape(tail)}</NextMarker>"), url)
        return parse(json.dumps([{"name": key, "bytes": 1, "hash": ""} for key in behind[:length]]), url, JSON)

    for url in (f"{URL}?restype=container&comp=list", f"{URL}?format=json"):
        first = read(url)
        assert first
        assert [key for key, _ in listings.follow(first, url, read=read)] == held


PIECES = [b"<", b">", b"&", b"</Key>", b"<Key>", b"<Contents>", b"true", b"[", b"{", b'"', b"\0", b"\xff", b"<!DOCTYPE"]


@settings(deadline=None)
@given(st.data())
def test_mutated_listing_is_survived(data: st.DataObject) -> None:
    """Whatever is changed in a real listing, it gives objects with names, or is refused, and leads nowhere else."""
    path = data.draw(st.sampled_from(sorted(CAPTURED.rglob("*.*"))))
    page = path.read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(page)))
        end = min(len(page), start + data.draw(st.integers(0, 40)))
        page = page[:start] + data.draw(st.one_of(st.binary(max_size=9), st.sampled_from(PIECES))) + page[end:]
    with suppress(BadPage):
        listing = parse(page, kind=JSON if path.suffix == ".json" else XML)
        if listing is None:
            with suppress(BadPage):
                links.parse(page, URL, XML)
            return
        assert all(key and (size is None or size >= 0) for key, size in listing.objects)
        assert listing.next_url == "" or listing.next_url.startswith((f"{URL}?", f"{URL}/?"))


@settings(deadline=None)
@given(st.binary(), st.sampled_from([XML, JSON, "text/html", "text/plain", "", "application/octet-stream"]))
def test_any_bytes_are_survived(page: bytes, kind: str) -> None:
    """Whatever the bytes, they are a listing, none, or refused."""
    with suppress(BadPage):
        parse(page, kind=kind)
    with suppress(BadPage):
        parse(b"<ListBucketResult>" + page, kind=kind)
