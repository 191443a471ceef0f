"""A listing that is asked for in pieces is the listing."""

from itertools import pairwise

from fake_store import FakeStore
from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_tasks.container import pieces
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.storage.port import make_payload


class InPieces(FakeStore):
    """A store that is asked for pieces."""

    @property
    def lists_in_pieces(self) -> bool:
        """Return that a piece costs less than all."""
        return True


@given(there=st.sets(st.integers(0, 40)), at=st.sets(st.integers(0, 40)))
def test_pieces_make_the_listing(there: set[int], at: set[int]) -> None:
    """Wherever a listing is cut, by names that are there or not, every object is in it once, in order."""
    store = InPieces()
    for number in there:
        store.put(f"files/demo/{number:02}", make_payload(b"", "", ""))
    cuts = [f"files/demo/{number:02}" for number in sorted(at)]
    store.requests.clear()
    assert pieces.list_all(store, "files/demo/", cuts, 1) == store.list("files/demo/")
    assert store.count("list") == len(cuts) + 2


def test_page_tells_where_to_cut() -> None:
    """A piece holds no more objects than one answer of S3 does, with the companions that the page knows of."""
    files = [
        File(f"demo-{number:04}-py3-none-any.whl", 1, "a" * 64, "", metadata_sha256="b" * 64) for number in range(2000)
    ]
    cuts = pieces.cuts("files/demo/", files)
    objects = sorted(f"files/demo/{file.filename}{suffix}" for file in files for suffix in ("", ".metadata"))
    bounds = ["", *cuts, "z"]
    sizes = [sum(start < name <= end for name in objects) for start, end in pairwise(bounds)]
    assert max(sizes) == pieces.PIECE < 1000
    assert len(cuts) == 4
    assert pieces.cuts("files/demo/", files[:100]) == ()
