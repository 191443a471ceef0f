"""Listings of S3: every row is read, and no part of a listing passes for all of it."""

import pytest

from wheelhouse_tasks.errors import StoreError
from wheelhouse_tasks.storage.port import Entry
from wheelhouse_tasks.storage.s3_listing import Parts, parse, read_all

NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
KEYS = [f"p/files/demo/{number:02}&amp;.whl" for number in range(10)]


def row(key: str) -> str:
    """Return a row of a listing."""
    return (
        f"<Contents><Key>{key}</Key><LastModified>2026-01-31T12:00:00.000Z</LastModified>"
        "<ETag>&quot;abc&quot;</ETag><Size>7</Size><Owner><ID>x</ID></Owner></Contents>"
    )


def answer(keys: list[str], *, truncated: str | None, namespace: str = NAMESPACE, encoding: str = "UTF-8") -> bytes:
    """Return an answer with some rows."""
    end = "" if truncated is None else f"<IsTruncated>{truncated}</IsTruncated>"
    rows = "".join(map(row, keys))
    head = f"<?xml version='1.0' encoding='{encoding}'?>"
    return f"{head}<ListBucketResult{namespace}><Name>b</Name>{end}{rows}</ListBucketResult>".encode()


WHOLE = answer(KEYS, truncated="false")


@pytest.mark.parametrize("namespace", [NAMESPACE, ""])
def test_rows_become_entries(namespace: str) -> None:
    """Name, size, mark and time of each row are read, with and without a namespace."""
    part = parse(answer(KEYS[:1], truncated="false", namespace=namespace), "s3://b", len("p/"))
    assert part.entries == [Entry("files/demo/00&.whl", 7, "abc", "2026-01-31T12:00:00.000Z")]
    assert part.last_key == ""


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(answer(KEYS, truncated=None), id="no word on its end"),
        pytest.param(answer(KEYS, truncated=""), id="an empty word on its end"),
        pytest.param(answer(KEYS, truncated="perhaps"), id="no clear word on its end"),
        pytest.param(answer([], truncated="true"), id="empty in the middle"),
        pytest.param(answer(["a", ""], truncated="true"), id="goes on behind a key that is empty"),
        pytest.param(answer(KEYS, truncated="false", encoding="utf-99"), id="an encoding that nobody knows"),
        pytest.param(WHOLE.replace(b"<Contents>", b'<Contents xmlns="urn:other">'), id="rows of another namespace"),
        pytest.param(WHOLE.replace(b"<Size>7</Size>", b""), id="no size"),
        pytest.param(WHOLE.replace(b"<ETag>", b"<Tag>").replace(b"</ETag>", b"</Tag>"), id="no mark"),
        pytest.param(b"<html><body>Service unavailable</body></html>", id="a page of HTML"),
        pytest.param(b"<Error><Code>InternalError</Code></Error>", id="an error with status 200"),
    ],
)
def test_damaged_listing_is_rejected(damaged: bytes) -> None:
    """An answer that is damaged, or does not state whether it is the last, is an error, never a shorter listing."""
    with pytest.raises(StoreError, match="listing"):
        parse(damaged, "s3://b")


def test_every_cut_of_a_listing_is_rejected() -> None:
    """A listing that ends in the middle, wherever, is an error."""
    whole = answer(KEYS[:2], truncated="false")
    assert len(parse(whole, "s3://b").entries) == 2
    for length in range(len(whole)):
        with pytest.raises(StoreError, match="listing"):
            parse(whole[:length], "s3://b")


class Bucket:
    """A bucket that answers three rows at a time."""

    def __init__(self) -> None:
        self.keys = [key.replace("&amp;", "&") for key in KEYS]
        self.markers: list[str] = []

    def request(self, marker: str) -> bytes:
        """Return the rows behind a marker."""
        self.markers.append(marker)
        behind = [key.replace("&", "&amp;") for key in self.keys if key > marker]
        return answer(behind[:3], truncated="true" if behind[3:] else "false")


def names(bucket: Bucket, parts: Parts, after: str = "", until: str | None = None) -> list[str]:
    """Return the last parts of the names that are listed."""
    entries = read_all(bucket.request, parts, "p/files/", len("p/"), after=after, until=until)
    return [entry.name.removeprefix("files/demo/")[:2] for entry in entries]


def test_listing_goes_on_behind_the_last_key() -> None:
    """All answers together are the listing; a piece asks for no more than it needs."""
    bucket, parts = Bucket(), Parts("s3://b")
    assert names(bucket, parts) == [f"{number:02}" for number in range(10)]
    bucket.markers.clear()
    assert names(bucket, parts, bucket.keys[1], bucket.keys[4].removeprefix("p/")) == ["02", "03", "04"]
    assert bucket.markers == [bucket.keys[1]]


def test_same_answer_is_read_once() -> None:
    """The entries of an answer that comes again are those of the first time; an answer that differs is read."""
    bucket, parts = Bucket(), Parts("s3://b")
    first = read_all(bucket.request, parts, "p/files/", 2)
    del bucket.keys[9]
    again = read_all(bucket.request, parts, "p/files/", 2)
    assert again == first[:9]
    assert all(one is other for one, other in zip(first[:6], again, strict=False))


def test_server_that_knows_no_marker_is_rejected() -> None:
    """A server that answers the same part again and again holds nobody up for ever."""
    asked: list[str] = []

    def request(marker: str) -> bytes:
        asked.append(marker)
        assert len(asked) < 9, "it never ends"
        return answer(["a", "b"], truncated="true")

    with pytest.raises(StoreError, match="does not go on"):
        read_all(request, Parts("s3://b"), "", 0)
    assert asked == ["", "b"]
