"""Answers that are no whole listing, or state that they are not the last and lead nowhere, are never taken for one."""

from __future__ import annotations

import pytest

from wheelhouse_tasks.errors import StoreError
from wheelhouse_tasks.storage.s3_listing import Parts, parse, read_all

ROW = "<Contents{more}><Key>{key}</Key><Size>1</Size><ETag>&quot;e&quot;</ETag></Contents>"


def answer(*keys: str, cut: str = "false", more: str = "", encoding: str = "UTF-8") -> bytes:
    """Return a listing; *more* is in the tag of each row."""
    rows = "".join(ROW.format(key=key, more=more) for key in keys)
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    return f"{head}<ListBucketResult>{rows}<IsTruncated>{cut}</IsTruncated></ListBucketResult>".encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(answer("a", more=' xmlns="urn:other"'), id="rows of another namespace"),
        pytest.param(answer("a", "", cut="true"), id="cut off behind a key that is empty"),
        pytest.param(answer(cut="true"), id="empty in the middle"),
        pytest.param(answer("a", encoding="utf-99"), id="an encoding that nobody knows"),
        pytest.param(answer("a", cut=""), id="neither the last nor not"),
        pytest.param(b"<html><body>Service unavailable</body></html>", id="a page of HTML"),
        pytest.param(b"<Error><Code>InternalError</Code></Error>", id="an error with status 200"),
    ],
)
def test_what_is_no_whole_listing_is_refused(content: bytes) -> None:
    """An answer from which rows may be missing is an error."""
    with pytest.raises(StoreError):
        parse(content, "bucket")


def test_every_cut_of_a_listing_is_refused() -> None:
    """A listing that ends in the middle, wherever, is an error."""
    whole = answer("a", "b")
    assert len(parse(whole, "bucket").entries) == 2
    for length in range(len(whole)):
        with pytest.raises(StoreError):
            parse(whole[:length], "bucket")


def test_a_server_that_knows_no_marker_is_refused() -> None:
    """A server that answers the same part again and again holds nobody up for ever."""
    asked: list[str] = []

    def request(marker: str) -> bytes:
        asked.append(marker)
        assert len(asked) < 9, "it never ends"
        return answer("a", "b", cut="true")

    with pytest.raises(StoreError, match="does not go on"):
        read_all(request, Parts("bucket"), "", 0)
    assert asked == ["", "b"]
