"""What is read of a container before anything is written."""

import pytest
from fake_store import FakeStore

from wheelhouse_tasks.container.converge import converge
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.container.published import Keeping, Page
from wheelhouse_tasks.container.survey import NO_CONTAINER, Survey, survey
from wheelhouse_tasks.errors import Failed
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.storage.port import Entry, make_payload

KEEPING = Keeping(workers=1)
FILE = File("demo-1.0.tar.gz", 3, "a" * 64, "")


def demo(store: FakeStore) -> dict[str, Project]:
    """Return the project of these tests, which nobody has read."""
    return {"demo": Project(store, "demo", KEEPING, writing=True)}


def put(store: FakeStore) -> Entry:
    """Store an artifact."""
    return store.put(layout.file_name("demo", FILE.filename), make_payload(b"abc", "", ""))


def test_no_container_is_a_value() -> None:
    """A container that is not there yet is an answer of its own, and an empty one is a survey."""
    store = FakeStore(exists=False)
    assert survey(store, demo(store), KEEPING) is NO_CONTAINER
    store.create()
    before = survey(store, demo(store), KEEPING)
    assert isinstance(before, Survey)
    assert (before.root.pages.flat, before.projects["demo"].files()) == (Page(layout.FLAT, None, None), {})


def test_survey_stops_at_a_foreign_flat_page() -> None:
    """Nobody's links are dropped: a flat page that is not ours ends the survey before a project is read."""
    store = FakeStore()
    store.put(layout.FLAT, make_payload(b"<a href=x>x</a>", "", ""))
    with pytest.raises(Failed, match="is not ours"):
        survey(store, demo(store), KEEPING)
    assert store.count("list") == 0


def test_project_that_was_read_stays_as_it_was() -> None:
    """A later look or listing is a new value; what was read before does not change under its reader."""
    store = FakeStore()
    first = look(demo(store)["demo"])
    entry = put(store)
    assert first.relist() == look(first).listing() == {(entry.name, 3, entry.mark)}
    assert (first.listing(), first.artifacts()) == (frozenset(), set())


@pytest.mark.parametrize("honours", [True, False])
def test_survey_spares_a_look(honours: bool) -> None:
    """The projects of a survey are read again only where the provider honours no conditional writes."""
    store = FakeStore(honours=honours)
    before = survey(store, demo(store), KEEPING)
    assert before is not NO_CONTAINER
    before.projects["demo"].add(FILE, put(store))
    store.requests.clear()
    converge(store, before.projects.values(), KEEPING, before=before)
    asked = store.requests[: store.requests.index(("put", layout.project_page("demo")))]
    assert [name for method, name in asked if method == "list"] == ([] if honours else ["files/demo/"])
    assert FILE.filename.encode() in store.content(layout.FLAT)
