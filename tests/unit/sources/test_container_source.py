"""What a container offers of a project, given the objects and the page at its root."""

import pytest
from fake_store import FakeStore
from flat_pages import render_flat

from wheelhouse_tasks.errors import BadPage
from wheelhouse_tasks.sources.container_source import StoreSource
from wheelhouse_tasks.sources.offer import Offer
from wheelhouse_tasks.storage.port import make_payload

A, C = "a" * 64, "c" * 128
WHEEL, SDIST, OTHER = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz", "other-1.0.tar.gz"


def store(*objects: tuple[str, str]) -> FakeStore:
    """Return a container with objects."""
    filled = FakeStore()
    for name, content in objects:
        filled.put(name, make_payload(content.encode(), "text/html", ""))
    return filled


@pytest.mark.parametrize(
    ("objects", "expected", "skipped"),
    [
        pytest.param([(WHEEL, "w"), (OTHER, "o")], {WHEEL: None}, [], id="files alone"),
        pytest.param(
            [("index.html", f'<a href="{WHEEL}#sha256={A}"><a href="{SDIST}">'), (WHEEL, "w"), (SDIST, "s")],
            {WHEEL: A, SDIST: None},
            [],
            id="page with and without digests",
        ),
        pytest.param(
            [("index.html", f'<a href="{WHEEL}#sha256={A}">'), (WHEEL, "w"), (SDIST, "s"), (f"a/{SDIST}", "s")],
            {WHEEL: A, SDIST: None},
            [],
            id="file that the page forgot",
        ),
        pytest.param(
            [("index.html", f'<a href="demo-1.0+l.1.tar.gz#sha256={A}">'), ("demo-1.0+l.1.tar.gz", "s")],
            {"demo-1.0+l.1.tar.gz": A},
            [],
            id="raw plus",
        ),
        pytest.param(
            [("index.html", f'<a href="a/{WHEEL}#sha256={A}">'), (f"a/{WHEEL}", "w")],
            {f"a/{WHEEL}": A},
            [],
            id="folder",
        ),
        pytest.param(
            [("index.html", f'<a href="{WHEEL}"><a href="https://x.example/{SDIST}"><a href="{OTHER}">')],
            {},
            [WHEEL, SDIST],
            id="links that lead to nothing",
        ),
        pytest.param([("index.html", f'<a href="{WHEEL}" data-yanked="bad">'), (WHEEL, "w")], {}, [WHEEL], id="yanked"),
    ],
)
def test_container_of_wheelhouse_uploader(
    objects: list[tuple[str, str]], expected: dict[str, str | None], skipped: list[str]
) -> None:
    """Artifacts at the root of a container are offered, with the sha256 that its page promises, where it does."""
    offered = StoreSource(store(*objects), 2).offer("demo")
    assert {candidate.link.url: candidate.sha256 for candidate in offered.candidates} == expected
    assert [file.name for file in offered.skipped] == skipped


def test_root_of_our_container_is_not_listed() -> None:
    """A container with a flat page of ours has nothing at its root, and is not listed as a whole."""
    filled = store(("index.html", render_flat({}).decode()), (WHEEL, "w"))
    assert StoreSource(filled, 2).offer("demo") == Offer(candidates=())


def test_other_digest_in_a_container() -> None:
    """Another digest that the page of a container promises goes with the link."""
    place = StoreSource(store(("index.html", f'<a href="{WHEEL}#sha512={C}">'), (WHEEL, "w")), 2)
    [candidate] = place.offer("demo").candidates
    assert (candidate.sha256, candidate.link.digest) == (None, ("sha512", C))
    assert b"".join(place.blocks(candidate)) == b"w"


def test_damaged_page_of_a_container() -> None:
    """A flat page that is cut off is no page without links; the container is named."""
    place = StoreSource(store(("index.html", f'<a href="{WHEEL}'), (WHEEL, "w")), 2)
    with pytest.raises(BadPage) as refused:
        place.offer("demo")
    assert str(refused.value) == f"{place.label}/index.html: is cut off in the middle of a tag"
