"""What is read of a container before anything is written."""

from dataclasses import replace

import pytest
from fake_store import FakeStore

from wheelhouse_tasks.container.converge import converge
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.project import Project
from wheelhouse_tasks.container.published import Keeping, Page
from wheelhouse_tasks.container.survey import survey
from wheelhouse_tasks.errors import Failed
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.storage.port import Conditions, Entry, Payload, make_payload

KEEPING = Keeping(workers=1)
FILE = File("demo-1.0.tar.gz", 3, "a" * 64, "")


def demo(store: FakeStore) -> dict[str, Project]:
    """Return the project of these tests, which nobody has read."""
    return {"demo": Project(store, "demo", KEEPING, writing=True)}


def put(store: FakeStore) -> Entry:
    """Store an artifact."""
    return store.put(layout.file_name("demo", FILE.filename), make_payload(b"abc", "", ""))


@pytest.mark.parametrize("slash", [True, False])
def test_container_that_is_not_there_is_an_empty_one(slash: bool) -> None:
    """A survey has of a container that is still to be created what it has of an empty one."""
    store, keeping = FakeStore(exists=False), replace(KEEPING, slash=slash)
    project = {"demo": Project(store, "demo", keeping, writing=True)}
    missing = survey(store, project, keeping)
    store.create()
    empty = survey(store, project, keeping)
    assert (missing.exists, empty.exists) == (False, True)
    assert replace(missing, exists=True) == empty
    assert (empty.root.pages.flat, empty.projects["demo"].files()) == (Page(layout.FLAT, None, None), {})


def test_nothing_is_read_again_of_a_container_that_was_not_there() -> None:
    """The pages of a new container are written at once; nobody can have filled it before it was there."""
    store = FakeStore(exists=False, honours=True)
    before = survey(store, demo(store), KEEPING)
    store.create()
    entry = put(store)
    before.projects["demo"].add(replace(FILE, mark=entry.mark), entry)
    store.requests.clear()
    converge(store, before.projects.values(), KEEPING, before=before)
    asked = [method for method, _ in store.requests]
    assert "read" not in asked
    assert asked[0] == "put"
    assert FILE.filename.encode() in store.content(layout.FLAT)


def test_pages_that_came_into_a_new_container_are_kept() -> None:
    """Where another worker creates the same container and fills it first, its files stay on the pages."""
    store, other = FakeStore(exists=False, honours=True), File("demo-2.0.tar.gz", 3, "b" * 64, "")
    before = survey(store, demo(store), KEEPING)
    store.create()
    theirs = survey(store, demo(store), KEEPING)
    entry = store.put(layout.file_name("demo", other.filename), make_payload(b"xyz", "", ""))
    theirs.projects["demo"].add(other, entry)
    converge(store, theirs.projects.values(), KEEPING, before=theirs)
    before.projects["demo"].add(FILE, put(store))
    converge(store, before.projects.values(), KEEPING, before=before)
    for page in (layout.FLAT, layout.project_page("demo"), layout.json_page("demo")):
        assert all(name.encode() in store.content(page) for name in (FILE.filename, other.filename))


def test_page_is_read_again_where_nothing_refuses_to_write_over_it() -> None:
    """What others wrote since the survey stays, where a mark is heeded and the absence of a page is not."""

    class MarksAlone(FakeStore):
        def put(self, name: str, payload: Payload, *, expect: str | None = None) -> Entry:
            entry = super().put(name, payload, expect=expect or None)
            if name == page:
                shown.append(self.content(name))
            return entry

        def conditions(self) -> Conditions:
            return Conditions(absent=False, mark=True, md5=False)

    page, shown = layout.json_page("demo"), list[bytes]()
    store, other = MarksAlone(honours=True), File("demo-2.0.tar.gz", 3, "b" * 64, "")
    before, theirs = survey(store, demo(store), KEEPING), survey(store, demo(store), KEEPING)
    theirs.projects["demo"].add(other, store.put(layout.file_name("demo", other.filename), make_payload(b"x", "", "")))
    converge(store, theirs.projects.values(), KEEPING, before=theirs)
    before.projects["demo"].add(FILE, put(store))
    converge(store, before.projects.values(), KEEPING, before=before)
    assert len(shown) > 1
    assert all(other.filename.encode() in content for content in shown)


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
    before.projects["demo"].add(FILE, put(store))
    store.requests.clear()
    converge(store, before.projects.values(), KEEPING, before=before)
    asked = store.requests[: store.requests.index(("put", layout.project_page("demo")))]
    assert [name for method, name in asked if method == "list"] == ([] if honours else ["files/demo/"])
    assert FILE.filename.encode() in store.content(layout.FLAT)
