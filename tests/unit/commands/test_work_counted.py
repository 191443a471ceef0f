"""What commands count while they work: each file once, with all of its bytes."""

import os
from pathlib import Path

import pytest
import wheels
from watching import Watcher

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.commands.check import check
from wheelhouse_tasks.commands.fetch import fetch
from wheelhouse_tasks.commands.maintain import index, prune, remove, yank
from wheelhouse_tasks.commands.promote import promote
from wheelhouse_tasks.commands.upload import upload
from wheelhouse_tasks.errors import WheelhouseError
from wheelhouse_tasks.settings.resolve import Settings, resolve

#: More than a block, and not to be compressed.
PAYLOAD = os.urandom(BLOCK + 1)
OLD, NEW = "demo-1.0.dev1-py3-none-any.whl", "demo-1.0.dev2-py3-none-any.whl"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a project with two development builds in dist/."""
    (tmp_path / "dist").mkdir()
    for version in ("1.0.dev1", "1.0.dev2"):
        wheels.make_wheel(tmp_path / "dist", version=version, payload=PAYLOAD)
    given = {"project": "demo", "container": "store", "keep": 1, "stamp": False, "grace": 0, "update_index": True}
    return resolve({}, {}, given, tmp_path)


@pytest.fixture
def sizes(settings: Settings) -> dict[str, int]:
    """Return the bytes of each file."""
    return {path.name: path.stat().st_size for path in settings.local_folder.iterdir()}


def clear(settings: Settings) -> None:
    """Empty dist/."""
    for path in settings.local_folder.iterdir():
        path.unlink()


@pytest.mark.parametrize("title", ["check files", "upload"])
def test_upload(title: str, settings: Settings, sizes: dict[str, int]) -> None:
    """All bytes are counted as they are hashed, and once more as they are sent."""
    ui = Watcher()
    upload(settings, ui)
    work = ui.the(title)
    assert work.counted == sizes
    assert (work.files, work.size) == (2, sum(sizes.values()))
    assert {way.name: way.size for way in work.ways} == sizes


def test_upload_of_what_is_there(settings: Settings) -> None:
    """What is there is not counted as sent."""
    upload(settings)
    ui = Watcher()
    upload(settings, ui)
    assert [work.files for work in ui.works if work.title == "upload"] in ([], [0])


def test_fetch(settings: Settings, sizes: dict[str, int]) -> None:
    """What is fetched is counted byte by byte, and what is there already as it is hashed."""
    upload(settings)
    clear(settings)
    ui = Watcher()
    fetch(settings, ui)
    work = ui.the("fetch")
    assert (work.counted, work.files, work.size) == (sizes, 2, sum(sizes.values()))
    ui = Watcher()
    fetch(settings, ui)
    assert [work.files for work in ui.works if work.title == "fetch"] == [0]
    assert (list(ui.the("check files").counted), ui.the("check files").size) == (sorted(sizes), sum(sizes.values()))


def test_fetch_of_a_file_that_is_lost(settings: Settings) -> None:
    """A file that cannot be fetched does not count as done."""
    page = settings.root / "index.html"
    page.write_text(f"<a href='dist/{OLD}#sha256={'0' * 64}'>x</a><a href='dist/{NEW}'>x</a>")
    ui = Watcher()
    with pytest.raises(WheelhouseError):
        fetch(resolve({}, {}, {"project": "demo", "indexes": [str(page)], "local_folder": "got"}, settings.root), ui)
    assert list(ui.the("fetch").counted) == [NEW]


def test_promote(settings: Settings, sizes: dict[str, int]) -> None:
    """The files of a version are fetched, checked and copied, and counted each time."""
    upload(settings)
    ui = Watcher()
    promote(settings, ui, version="1.0.dev2", to="other")
    for title in ("fetch", "check files", "copy"):
        assert ui.the(title).counted == {NEW: sizes[NEW]}


@pytest.mark.parametrize("deep", [False, True])
def test_check(deep: bool, settings: Settings, sizes: dict[str, int]) -> None:
    """Each file is counted; its bytes are where they are read."""
    upload(settings)
    ui = Watcher()
    check(settings, ui, deep=deep)
    work = ui.the("check")
    there = {name: sizes[name] for name in work.counted}
    assert there
    assert work.counted == (there if deep else dict.fromkeys(there, 0))
    assert (work.files, work.size) == (len(there), sum(there.values()) if deep else 0)


def test_index(settings: Settings) -> None:
    """Each file that a request is made for counts, where the pages do not know it."""
    upload(settings)
    for page in (settings.root / "store").rglob("index.html"):
        page.unlink()
    ui = Watcher()
    index(settings, ui)
    assert NEW in ui.the("pages").counted


def test_adoption(settings: Settings) -> None:
    """What wheelhouse-uploader left is counted as it moves."""
    upload(settings)
    stray = wheels.make_wheel(settings.root / "store", version="0.9")
    size = stray.stat().st_size
    ui = Watcher()
    index(settings, ui, adopt=True)
    assert ui.the("adopt").counted == {stray.name: size}
    assert list(ui.the("delete at the root").counted) == [stray.name]


def test_marks(settings: Settings) -> None:
    """Yanks, removals and what is retired or deleted are counted by files."""
    upload(settings)
    ui = Watcher()
    yank(settings, ui, version="1.0.dev2")
    assert (list(ui.the("yank").counted), ui.the("yank").files) == ([NEW], 1)
    remove(settings, ui, version="1.0.dev2")
    assert list(ui.the("remove").counted) == [NEW]
    prune(settings, ui, at_once=True)
    assert NEW in ui.the("delete").counted


def test_retired(settings: Settings) -> None:
    """What the rule retires is counted, and what is deleted then."""
    upload(resolve({}, {}, {"project": "demo", "container": "store", "stamp": False}, settings.root))
    ui = Watcher()
    prune(settings, ui, at_once=True)
    assert list(ui.the("retire").counted) == [OLD]
    assert list(ui.the("delete").counted) == [OLD]
