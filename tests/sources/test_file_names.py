"""Names of files, as links, answers, objects and folders give them: none leads out of the folder."""

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest
import wheels
from fake_store import FakeStore
from in_process import inv_here
from paths import TESTS
from projects import make_project
from scripted import Scripted, scripted
from served import SDIST, WHEEL, collect, link, names, serve

from wheelhouse_tasks.errors import Conflict, WheelhouseError
from wheelhouse_tasks.sources.source import StoreSource
from wheelhouse_tasks.storage.port import make_payload

JSON = "application/vnd.pypi.simple.v1+json"


@pytest.fixture
def web() -> Iterator[Scripted]:
    """Run a server whose answers are a table."""
    with scripted() as server:
        yield server


@pytest.fixture
def wheel(tmp_path: Path) -> bytes:
    """Return the bytes of a real wheel, WHEEL."""
    (tmp_path / "made").mkdir()
    return wheels.make_wheel(tmp_path / "made").read_bytes()


def page_of(hrefs: list[str], kind: str) -> tuple[bytes, str]:
    """Return a page with links, or a listing with keys, and its content type."""
    if kind == "json":
        rows: list[dict[str, Any]] = [{"filename": href, "url": href, "hashes": {}} for href in hrefs]
        return json.dumps({"meta": {"api-version": "1.0"}, "files": rows}).encode(), JSON
    if kind == "xml":
        keys = "".join(f"<Contents><Key>{escape(href)}</Key></Contents>" for href in hrefs)
        page = f"<ListBucketResult><IsTruncated>false</IsTruncated>{keys}</ListBucketResult>"
        return page.encode("utf-8", "replace"), "application/xml"
    return "".join(map(link, hrefs)).encode("utf-8", "replace"), "text/html"


EVIL = {
    "Case 1": f"../../etc/{SDIST}",
    "Case 1, beyond the root": f"../../../../../../../../etc/{SDIST}",
    "Case 2": f"..%2f..%2f{SDIST}",
    "Case 3": f"%252e%252e%252f{SDIST}",
    "Case 3, twice": f"..%252f{SDIST}",
    "Case 4, backslash": f"..\\{SDIST}",
    "Case 4, quoted backslash": f"..%5c{SDIST}",
    "Case 4, drive": f"C%3a%5c{SDIST}",
    "Case 4, NUL": f"%00{SDIST}",
    "Case 4, NUL behind": f"{SDIST}%00.whl",
    "Case 4, control": f"%1b[31m{SDIST}",
    "Case 4, newline": "demo%0a-1.0.tar.gz",
    "Case 4, right to left": "demo%E2%80%AE-1.0.tar.gz",
    "Case 5": "..%2fdemo-1.0.tar.gz",
    "Case 5, markup": "%3Cb%3Edemo-1.0.tar.gz",
    "Case 9": f"demo-1.0-py3-none-{'a' * 260}.whl",
    "Case 9, quoted": f"demo-1.0-py3-none-{'%61' * 260}.whl",
}


@pytest.mark.parametrize("kind", ["html", "json", "xml"])
@pytest.mark.parametrize("href", EVIL.values(), ids=EVIL)
def test_name_that_leads_out(href: str, kind: str, web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Cases 1-5, 9: whatever a link is called, nothing is written but files of the folder, and the rest is fetched."""
    page, header = page_of([href, WHEEL], kind)
    files = {f"/{folder}{SDIST}": b"no archive" for folder in ("", "etc/")}
    serve(web, page, {f"/{WHEEL}": wheel, **files}, **{"Content-Type": header})
    before = names(tmp_path.parent)
    asked = said = None
    try:
        asked = collect(tmp_path, web.url)
    except WheelhouseError as error:  # what is left of a link has no path, and leads to no archive
        said = str(error)
    assert said is None or (SDIST in said and said.isprintable())
    new = names(tmp_path.parent) - before
    assert {Path(name).name for name in new} <= {"dist", WHEEL}
    if asked:
        assert WHEEL in asked.downloaded
        assert all(each.name.isprintable() and each.reason for each in asked.skipped)
    assert not any("%" in request or "\\" in request for request in web.requests)


@pytest.mark.parametrize("href", [f"..%2f..%2f{SDIST}", f"..%5c{SDIST}", "demo%0a-1.0.tar.gz", "demo%E2%80%AE-1.zip"])
def test_name_is_shown_escaped(href: str, web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Cases 2, 4: what is skipped for its name is told in a warning, on one printable line."""
    project = make_project(tmp_path / "project")
    serve(web, link(href) + link(WHEEL), {f"/{WHEEL}": wheel})
    done = inv_here(project, "wheelhouse.fetch", "--index", web.url)
    assert done.returncode == 0, done.stderr
    said = [line for line in (done.stdout + done.stderr).splitlines() if "skipped" in line]
    assert len(said) == 1
    assert said[0].isprintable()
    assert [path.name for path in (project / "dist").iterdir()] == [WHEEL]


def test_name_of_the_answer_is_ignored(web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 6: the name comes from the link, whatever Content-Disposition says."""
    serve(web, link(WHEEL), {})
    disposition = {"Content-Disposition": 'attachment; filename="../../evil.whl"'}
    web.answers[f"/{WHEEL}"] = (200, disposition, wheel)
    collect(tmp_path, web.url)
    assert names(tmp_path) == {"dist", f"dist/{WHEEL}"}


def test_objects_that_lead_out() -> None:
    """Case 7: an object of a container whose name is no plain path is never asked for."""
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


def test_names_that_another_system_reserves(web: Scripted, tmp_path: Path) -> None:
    """Case 10: a name that only another system reserves is fetched."""
    (tmp_path / "made").mkdir()
    wheel = wheels.make_wheel(tmp_path / "made", "con")
    serve(web, link(wheel.name), {f"/{wheel.name}": wheel.read_bytes()})
    assert collect(tmp_path, web.url, project="con").downloaded == (wheel.name,)


def test_twins(web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 11: two names that differ in case only are refused, before anything is fetched."""
    serve(web, link(WHEEL) + link(f"D{WHEEL[1:]}"), {f"/{WHEEL}": wheel})
    with pytest.raises(Conflict, match=r"differs from .* in case only"):
        collect(tmp_path, web.url)
    assert names(tmp_path) == set()


@pytest.mark.parametrize("name", ["de\u0301mo-1.0.tar.gz", "d\u00e9mo-1.0.tar.gz"])
def test_names_in_other_letters(name: str, web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 11: of two names that differ in how a letter is composed, neither is an artifact's."""
    serve(web, link(name) + link(WHEEL), {f"/{WHEEL}": wheel}, **{"Content-Type": "text/html; charset=utf-8"})
    assert collect(tmp_path, web.url).downloaded == (WHEEL,)


def test_folder_of_other_things(tmp_path: Path) -> None:
    """Case 14: what is no artifact in a folder is passed over, and told where its name looks like one."""
    (tmp_path / "from").mkdir()
    wheels.make_wheel(tmp_path / "from")
    others = ["demo.exe", "demo.egg", "demo-1.0.tar.bz2", f"{WHEEL}.asc", "x.part", "metadata.json", ".DS_Store"]
    for name in [*others, "demo-1.0-variants.json"]:
        (tmp_path / "from" / name).write_text("x")
    found = collect(tmp_path, str(tmp_path / "from"))
    assert (found.downloaded, [each.name for each in found.skipped]) == ((WHEEL,), ["demo-1.0.tar.bz2"])


NUMBERS = re.compile(r"\bCases? (\d[\d, -]*)", re.IGNORECASE)


def test_every_case_has_a_test() -> None:
    """Every case of the catalogue about names and index pages (1 to 18, 26 to 38) is named by a test."""
    found: set[int] = set()
    for path in TESTS.rglob("test_*.py"):
        for match in NUMBERS.finditer(path.read_text()):
            for part in filter(None, re.split(r",\s*", match[1].strip(" ,-"))):
                first, _, last = part.partition("-")
                found |= set(range(int(first), int(last or first) + 1))
    assert not {*range(1, 19), *range(26, 39)} - found
