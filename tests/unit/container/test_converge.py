"""The pages say what the listing says, whoever wrote what and when."""

import hashlib
import itertools
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import wheels
from fake_store import FakeStore

from wheelhouse_tasks.container.converge import Convergence, converge
from wheelhouse_tasks.container.looked import look
from wheelhouse_tasks.container.project import Project, to_user_metadata
from wheelhouse_tasks.container.published import Keeping
from wheelhouse_tasks.errors import BadPage, IndexUnstable
from wheelhouse_tasks.pages import json_pages, layout, links
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.people.versions import NOTHING, Front
from wheelhouse_tasks.storage.port import Entry, Payload

ALL_PAGES = (
    "simple/demo/index.html",
    "simple-json/demo/index.html",
    "simple/index.html",
    "simple-json/index.html",
    "index.html",
)


def publish(store: FakeStore, path: Path, *, metadata: bool = True) -> File:
    """Put a wheel as an upload does; return what is known of it."""
    content = path.read_bytes()
    text = wheel_metadata(path)
    described = hashlib.sha256(text).hexdigest()
    file = File(
        path.name,
        len(content),
        hashlib.sha256(content).hexdigest(),
        "",
        ">=3.8",
        described,
        "2026-01-01T00:00:00.000000Z",
    )
    name = layout.file_name("demo", path.name)
    entry = store.put(name, Payload(path, file.size, file.sha256, "", "", to_user_metadata(file)))
    if metadata:
        store.put(name + ".metadata", Payload(text, len(text), described, "", ""))
    return replace(file, mark=entry.mark)


def wheel_metadata(path: Path) -> bytes:
    """Return a wheel's METADATA."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")))


def linked(store: FakeStore, page: str) -> dict[str, str | None]:
    """Return the sha256 of every file that a page links."""
    kind = layout.JSON_TYPE if "json" in page else layout.HTML_TYPE
    return {link.filename: link.sha256 for link in links.parse(store.content(page), f"https://x/{page}", kind)}


def settle(store: FakeStore, *files: File, flat: bool = True, front: Front = NOTHING) -> Convergence:
    """Converge as the worker that wrote *files*."""
    keeping = Keeping(workers=2, flat=flat, front=front)
    project = Project(store, "demo", keeping, writing=True)
    for file in files:
        written = [store.objects[name][0] for name in store.objects if name.startswith(f"files/demo/{file.filename}")]
        project.add(file, *written)
    return converge(store, [project], keeping, sleep=lambda _: None)


def test_first_upload_writes_every_page(tmp_path: Path) -> None:
    """Every page lists the artifact with its sha256, and a second run writes nothing."""
    store = FakeStore()
    file = publish(store, wheels.make_wheel(tmp_path))
    assert settle(store, file) == Convergence(rounds=2, written=ALL_PAGES)
    for page in (*ALL_PAGES[:2], "index.html"):
        assert linked(store, page) == {file.filename: file.sha256}
    assert json_pages.read_json(store.content(ALL_PAGES[1])) == {file.filename: file}
    assert b'<a href="demo/">' in store.content("simple/index.html")
    assert settle(store) == Convergence(rounds=2, written=())


def test_pages_are_typed_and_never_cached(tmp_path: Path) -> None:
    """Pip reads no page without its type, and uv takes one without Cache-Control for fresh."""
    store = FakeStore()
    settle(store, publish(store, wheels.make_wheel(tmp_path)))
    for name in ALL_PAGES:
        payload = store.objects[name][2]
        expected = layout.JSON_TYPE if "json" in name else "text/html; charset=utf-8"
        assert (payload.content_type, payload.cache_control) == (expected, "no-cache")


def test_work_of_others_is_listed(tmp_path: Path) -> None:
    """What another worker put is linked with what it stored along, for one request each."""
    store = FakeStore()
    theirs = publish(store, wheels.make_wheel(tmp_path, tag=wheels.MATRIX[0]))
    mine = publish(store, wheels.make_wheel(tmp_path, tag=wheels.MATRIX[1]))
    store.requests.clear()
    settle(store, mine)
    assert [name for method, name in store.requests if method == "facts"] == [f"files/demo/{theirs.filename}"]
    assert json_pages.read_json(store.content(ALL_PAGES[1])) == {file.filename: file for file in (mine, theirs)}


def test_object_without_facts_is_read_and_hashed_once(tmp_path: Path) -> None:
    """A hand-made copy is linked with the sha256 of its bytes, and remembered."""
    store = FakeStore(keeps_facts=False)
    file = publish(store, wheels.make_wheel(tmp_path))
    settle(store)
    assert linked(store, "index.html") == {file.filename: file.sha256}
    assert json_pages.read_json(store.content(ALL_PAGES[1]))[file.filename] == replace(file, upload_time="")
    store.requests.clear()
    settle(store)
    assert (f"files/demo/{file.filename}") not in [name for method, name in store.requests if method == "read"]


def test_missing_metadata_file_is_not_promised(tmp_path: Path) -> None:
    """Installers fail on a promised .metadata that is not there; once it is there, it is promised."""
    store = FakeStore()
    wheel = wheels.make_wheel(tmp_path)
    file = publish(store, wheel, metadata=False)
    settle(store)
    assert b"core-metadata" not in store.content("simple/demo/index.html")
    text = wheel_metadata(wheel)
    store.put(f"files/demo/{file.filename}.metadata", Payload(text, len(text), "", "", ""))
    settle(store)
    assert f'data-core-metadata="sha256={file.metadata_sha256}"'.encode() in store.content("simple/demo/index.html")


@pytest.mark.parametrize("knows", ["own", "page"])
def test_lagging_listing_loses_no_link(knows: str, tmp_path: Path) -> None:
    """An object that the listing does not show yet stays: the worker wrote it, or the page knows it and it is there."""
    store = FakeStore()
    file = publish(store, wheels.make_wheel(tmp_path))
    if knows == "page":
        settle(store, file)
    store.unlisted = {name for name in store.objects if name.startswith("files/")}
    settle(store, *([file] if knows == "own" else []))
    assert linked(store, "index.html") == {file.filename: file.sha256}
    assert b"data-core-metadata" in store.content("simple/demo/index.html")


def test_removed_object_leaves_the_pages(tmp_path: Path) -> None:
    """An object that is really gone is linked no more."""
    store = FakeStore()
    kept, gone = (publish(store, wheels.make_wheel(tmp_path, version=version)) for version in ("1.0", "2.0"))
    settle(store, kept, gone)
    store.delete(f"files/demo/{gone.filename}")
    settle(store)
    assert linked(store, "index.html") == {kept.filename: kept.sha256}


def test_foreign_objects_are_not_linked(tmp_path: Path) -> None:
    """What is no artifact of the project, hostile names above all, is on no page."""
    store = FakeStore()
    file = publish(store, wheels.make_wheel(tmp_path))
    wheel = wheels.make_wheel(tmp_path)
    for name in (
        '"><script>-1.0-py3-none-any.whl',
        "../demo-2.0.tar.gz",
        "other-1.0.tar.gz",
        "sub/demo-3.0.tar.gz",
        "demo-9\n.tar.gz",
    ):
        store.put(f"files/demo/{name}", Payload(wheel, 1, "", "", ""))
    settle(store, file)
    assert linked(store, "index.html") == {file.filename: file.sha256}


def test_page_that_is_not_ours_stops_everything(tmp_path: Path) -> None:
    """A JSON page that cannot be understood is left as it is, with all the others."""
    store = FakeStore()
    settle(store, publish(store, wheels.make_wheel(tmp_path)))
    store.put(ALL_PAGES[1], Payload(b"<html>", 6, "", "", ""))
    before = {name: content for name, (_, content, _) in store.objects.items()}
    later = publish(store, wheels.make_wheel(tmp_path, version="2.0"))
    with pytest.raises(BadPage):
        settle(store, later)
    assert {name: store.content(name) for name in before} == before


def test_flat_page_reads_only_what_changed(tmp_path: Path) -> None:
    """The sections of other projects are taken over; only the changed project's page is read again."""
    store = FakeStore()
    file = publish(store, wheels.make_wheel(tmp_path))
    settle(store, file)
    other = File("other-1.0.tar.gz", 1, "0" * 64, "m")
    content = json_pages.render_json("other", [other])
    store.put("simple-json/other/index.html", Payload(content, len(content), "", "", ""))
    settle(store)
    assert linked(store, "index.html") == {file.filename: file.sha256, other.filename: other.sha256}
    store.requests.clear()
    settle(store, publish(store, wheels.make_wheel(tmp_path, version="2.0")))
    assert ("read", "simple-json/other/index.html") not in store.requests
    assert len(linked(store, "index.html")) == 3


def test_flat_page_can_be_left_out(tmp_path: Path) -> None:
    """Without the flat page the others are as ever."""
    store = FakeStore()
    assert settle(store, publish(store, wheels.make_wheel(tmp_path)), flat=False).written == ALL_PAGES[:-1]


NAMED = Front(title="Ours", address="https://x/index.html")


def test_title_stays_where_no_other_is_set(tmp_path: Path) -> None:
    """A worker that knows no title and no address keeps those of the page, and has nothing to write for them."""
    store = FakeStore()
    settle(store, publish(store, wheels.make_wheel(tmp_path)), front=NAMED)
    page = store.content("index.html")
    assert b"<title>Ours</title>" in page
    assert b"<code>https://x/index.html</code>" in page
    for front in (NAMED, NOTHING, Front(title="Ours"), Front(address="https://x/index.html")):
        assert settle(store, front=front).written == ()
    later = publish(store, wheels.make_wheel(tmp_path, version="2.0"))
    assert "index.html" in settle(store, later).written
    assert b"<title>Ours</title>" in store.content("index.html")
    assert store.content("index.html").count(b"<code>https://x/index.html</code>") == 2


def test_last_title_that_is_set_wins_with_one_write(tmp_path: Path) -> None:
    """Another title costs the flat page alone, once for each run, and no page of a project is read for it."""
    store = FakeStore()
    file = publish(store, wheels.make_wheel(tmp_path))
    settle(store, file, front=NAMED)
    for title in ("Theirs", "Ours", "Theirs"):
        store.requests.clear()
        assert settle(store, front=Front(title=title)).written == ("index.html",)
        assert store.requests.count(("read", "simple-json/demo/index.html")) == 1  # the project's own look
        assert f"<title>{title}</title>".encode() in store.content("index.html")
        assert linked(store, "index.html") == {file.filename: file.sha256}


def test_place_of_a_folder_is_not_kept(tmp_path: Path) -> None:
    """The address of a folder of one machine is gone with the first upload that does not know it."""
    store = FakeStore()
    settle(store, publish(store, wheels.make_wheel(tmp_path)), front=Front(address="file:///home/me/index.html"))
    assert b"<code>file:///home/me/index.html</code>" in store.content("index.html")
    assert settle(store).written == ("index.html",)
    assert b"/home/me" not in store.content("index.html")
    assert b"URL-OF-THIS-PAGE" in store.content("index.html")


class Busy(FakeStore):
    """Another worker is at it between our requests."""

    intrude: Callable[[], object] = staticmethod(lambda: None)

    def list(self, prefix: str, *, after: str = "", until: str | None = None) -> list[Entry]:
        """List, then let the other one work."""
        found = super().list(prefix, after=after, until=until)
        self.intrude()
        return found


def test_slow_worker_gives_way(tmp_path: Path) -> None:
    """Files that come while a worker writes its pages are on the pages in the end."""
    store, todo = Busy(), [wheels.make_wheel(tmp_path, tag=tag) for tag in wheels.MATRIX[:5]]
    mine = publish(store, wheels.make_wheel(tmp_path))
    theirs: list[File] = []

    def intrude() -> None:
        if todo:
            theirs.append(publish(store, todo.pop()))

    store.intrude = intrude
    settle(store, mine)
    assert linked(store, "index.html") == {file.filename: file.sha256 for file in (mine, *theirs)}
    assert len(theirs) == 5


def test_listing_that_never_holds_still_is_given_up(tmp_path: Path) -> None:
    """After a bounded number of rounds the error says what to do."""
    store = Busy()
    wheel = wheels.make_wheel(tmp_path)
    store.intrude = lambda: publish(store, wheel)
    with pytest.raises(IndexUnstable, match=r"run wheelhouse\.index"):
        settle(store)


def test_newcomers_are_the_duty_of_their_workers(tmp_path: Path) -> None:
    """Where conditional writes are honoured, a worker does not wait until nobody uploads any more."""
    store, numbers = Busy(honours=True), itertools.count()
    mine = publish(store, wheels.make_wheel(tmp_path))
    store.intrude = lambda: publish(store, wheels.make_wheel(tmp_path, version=f"2.{next(numbers)}"))
    assert settle(store, mine).rounds == 2
    for page in (*ALL_PAGES[:2], "index.html"):
        assert linked(store, page)[mine.filename] == mine.sha256


def test_marker_that_comes_meanwhile_makes_another_round(tmp_path: Path) -> None:
    """What changes an artifact that a page shows may have been done and undone: it is not left to its worker."""
    store = Busy(honours=True)
    first = publish(store, wheels.make_wheel(tmp_path))
    settle(store, first)
    later = publish(store, wheels.make_wheel(tmp_path, version="2.0"))
    todo = [f"files/demo/{first.filename}.yanked"]

    def intrude() -> None:
        if todo and store.count("list") > listed:
            store.put(todo.pop(), Payload(b"broken", 6, "", "", ""))

    listed = store.count("list")
    store.intrude = intrude
    assert settle(store, later).rounds == 3
    assert json_pages.read_json(store.content(ALL_PAGES[1]))[first.filename].yanked == "broken"


def test_looking_writes_nothing(tmp_path: Path) -> None:
    """What is there is found out by requests that read."""
    store = FakeStore()
    file = publish(store, wheels.make_wheel(tmp_path))
    store.requests.clear()
    project = look(Project(store, "demo", Keeping(workers=1)))
    assert project.files() == {file.filename: file}
    assert project.files(["demo-3.0.tar.gz"]) == {}
    assert store.count("put", "delete") == 0
