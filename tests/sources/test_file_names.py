"""Names of files, as links, answers, objects and folders give them: none leads out of the folder."""

from pathlib import Path

import pytest
import wheels
from fake_store import FakeStore
from in_process import inv_here
from projects import make_project
from scripted import Scripted
from served import EVIL, SDIST, WHEEL, collect, link, names, page_of, serve

from wheelhouse_tasks.errors import Conflict, WheelhouseError
from wheelhouse_tasks.sources.container_source import StoreSource
from wheelhouse_tasks.storage.port import make_payload


@pytest.mark.parametrize("kind", ["html", "json", "xml"])
@pytest.mark.parametrize("href", EVIL.values(), ids=EVIL)
def test_name_that_leads_out(href: str, kind: str, server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Whatever a link is called, nothing is written but files of the folder, and the rest is fetched."""
    page, header = page_of([href, WHEEL], kind)
    files = {f"/{folder}{SDIST}": b"no archive" for folder in ("", "etc/")}
    serve(server, page, {f"/{WHEEL}": wheel, **files}, **{"Content-Type": header})
    before = names(tmp_path.parent)
    asked = said = None
    try:
        asked = collect(tmp_path, server.url)
    except WheelhouseError as error:  # what is left of a link has no path, and leads to no archive
        said = str(error)
    assert said is None or (SDIST in said and said.isprintable())
    new = names(tmp_path.parent) - before
    assert {Path(name).name for name in new} <= {"dist", WHEEL}
    if asked:
        assert WHEEL in asked.downloaded
        assert all(each.name.isprintable() and each.reason for each in asked.skipped)
    assert not any("%" in request or "\\" in request for request in server.requests)


@pytest.mark.parametrize("href", [f"..%2f..%2f{SDIST}", f"..%5c{SDIST}", "demo%0a-1.0.tar.gz", "demo%E2%80%AE-1.zip"])
def test_name_is_shown_escaped(href: str, server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """What is skipped for its name is told in a warning, on one printable line."""
    project = make_project(tmp_path / "project")
    serve(server, link(href) + link(WHEEL), {f"/{WHEEL}": wheel})
    done = inv_here(project, "wheelhouse.fetch", "--index", server.url)
    assert done.returncode == 0, done.stderr
    said = [line for line in (done.stdout + done.stderr).splitlines() if "skipped" in line]
    assert len(said) == 1
    assert said[0].isprintable()
    assert [path.name for path in (project / "dist").iterdir()] == [WHEEL]


def test_name_of_the_answer_is_ignored(server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """The name comes from the link, whatever Content-Disposition says."""
    serve(server, link(WHEEL), {})
    disposition = {"Content-Disposition": 'attachment; filename="../../evil.whl"'}
    server.answers[f"/{WHEEL}"] = (200, disposition, wheel)
    collect(tmp_path, server.url)
    assert names(tmp_path) == {"dist", f"dist/{WHEEL}"}


def test_objects_that_lead_out() -> None:
    """An object of a container whose name is no plain path is never asked for."""
    store = FakeStore()
    good = [f"files/demo/{WHEEL}", SDIST]
    bad = ["../../x.whl", f"/abs/{WHEEL}", f"a//{WHEEL}", "dir/", f"files/demo/../{WHEEL}", f"files/demo//{WHEEL}"]
    for name in (*good, *bad, f"files/demo/x/{WHEEL}", f"../{SDIST}", f"..\\{SDIST}"):
        store.put(name, make_payload(b"w", "", "", {"sha256": "a" * 64}))
    store.put("index.html", make_payload(link(f"../{SDIST}").encode(), "", ""))
    store.requests.clear()
    found = StoreSource(store, 2).offer("demo")
    assert {each.link.url for each in found.candidates} == set(good)
    assert {name for what, name in store.requests if what != "list"}.isdisjoint(bad)


def test_names_that_another_system_reserves(server: Scripted, tmp_path: Path) -> None:
    """A name that only another system reserves is fetched."""
    (tmp_path / "made").mkdir()
    wheel = wheels.make_wheel(tmp_path / "made", "con")
    serve(server, link(wheel.name), {f"/{wheel.name}": wheel.read_bytes()})
    assert collect(tmp_path, server.url, project="con").downloaded == (wheel.name,)


def test_twins(server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Two names that differ in case only are refused, before anything is fetched."""
    serve(server, link(WHEEL) + link(f"D{WHEEL[1:]}"), {f"/{WHEEL}": wheel})
    with pytest.raises(Conflict, match=r"differs from .* in case only"):
        collect(tmp_path, server.url)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("name", ["de\u0301mo-1.0.tar.gz", "d\u00e9mo-1.0.tar.gz"])
def test_names_in_other_letters(name: str, server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Of two names that differ in how a letter is composed, neither is an artifact's."""
    serve(server, link(name) + link(WHEEL), {f"/{WHEEL}": wheel}, **{"Content-Type": "text/html; charset=utf-8"})
    assert collect(tmp_path, server.url).downloaded == (WHEEL,)


def test_folder_of_other_things(tmp_path: Path) -> None:
    """What is no artifact in a folder is passed over, and told where its name looks like one."""
    (tmp_path / "from").mkdir()
    wheels.make_wheel(tmp_path / "from")
    others = ["demo.exe", "demo.egg", "demo-1.0.tar.bz2", f"{WHEEL}.asc", "x.part", "metadata.json", ".DS_Store"]
    for name in [*others, "demo-1.0-variants.json"]:
        (tmp_path / "from" / name).write_text("x")
    found = collect(tmp_path, str(tmp_path / "from"))
    assert (found.downloaded, [each.name for each in found.skipped]) == ((WHEEL,), ["demo-1.0.tar.bz2"])
