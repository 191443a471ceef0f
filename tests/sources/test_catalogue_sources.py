"""The catalogue of bad input, names and pages: each case as `fetch` meets it, with its number."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import pytest
import wheels
from fake_store import FakeStore
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from outcomes import LOGIN
from paths import TESTS
from projects import inv, make_project
from scripted import Scripted, scripted

from wheelhouse_tasks.commands.fetch import FetchResult, fetch
from wheelhouse_tasks.errors import Conflict, Failed, NothingToDo, UsageError, WheelhouseError
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.sources.container_source import StoreSource
from wheelhouse_tasks.storage.port import make_payload

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
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


def serve(web: Scripted, page: str | bytes, files: dict[str, bytes], **headers: str) -> None:
    """Answer `/` with a page, and each path with a file."""
    content = page if isinstance(page, bytes) else page.encode()
    web.answers["/"] = (200, {"Content-Type": "text/html", **headers}, content)
    for path, body in files.items():
        web.answers[path] = (200, {"Content-Type": "application/octet-stream"}, body)


def collect(folder: Path, *indexes: str, project: str = "demo", version: str | None = None) -> FetchResult:
    """Fetch into dist/ of a folder."""
    given = {"indexes": list(indexes), "project": project, "local_folder": "dist", "retries": 1, "timeout": 5}
    return fetch(resolve(given, {}, {}, folder), version=version)


def link(href: str, attributes: str = "") -> str:
    """Return an anchor."""
    return f'<a href="{href}" {attributes}>x</a>\n'


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


def names(folder: Path) -> set[str]:
    """Return every path below a folder, but those of the wheel that was made for the test."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {name for name in found if not name.startswith("made")}


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
    done = inv(project, "wheelhouse.fetch", "--index", web.url)
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


def versions(web: Scripted, folder: Path, *names_: str, name: str = "demo") -> str:
    """Serve wheels of several versions; return the page."""
    folder.mkdir()
    made = [wheels.make_wheel(folder, name, version) for version in names_]
    page = "".join(link(path.name.replace("+", "%2B")) for path in made)
    serve(web, page, {})
    for path in made:
        web.answers[f"/{path.name.replace('+', '%2B')}"] = (200, {}, path.read_bytes())
    return page


@pytest.mark.parametrize("asked", ["1.0", "1.0.0", "v1.0", " 1.0 ", "1"])
def test_two_spellings_of_a_version(asked: str, web: Scripted, tmp_path: Path) -> None:
    """Cases 15, 17: 1.0 and 1.0.0 are one release, however it is asked for, and the version is echoed as it counts."""
    versions(web, tmp_path / "made", "1.0", "1.0.0", "1.0.1")
    found = collect(tmp_path, web.url, version=asked)
    assert found.downloaded == ("demo-1.0-py3-none-any.whl", "demo-1.0.0-py3-none-any.whl")
    assert found.version == asked.strip().removeprefix("v")


@pytest.mark.parametrize("asked", ["Demo.Pkg", "demo_pkg", "DEMO-PKG", "demo--pkg"])
def test_spellings_of_a_project(asked: str, web: Scripted, tmp_path: Path) -> None:
    """Case 16: a project is found however it is spelled, and one that only begins like it is not."""
    page = versions(web, tmp_path / "made", "1.0", name="demo-pkg")
    serve(web, page + link("demo_pkg_extra-1.0.tar.gz") + link("demo-1-1.tar.gz"), {})
    assert collect(tmp_path, web.url, project=asked).downloaded == ("demo_pkg-1.0-py3-none-any.whl",)


@pytest.mark.parametrize("asked", ["banana", "", "1.0 2.0", "1.0-", "\u0661.0x", "1" * 5000])
def test_version_that_is_none(asked: str, web: Scripted, tmp_path: Path) -> None:
    """Case 17: what is no version is a usage error, before anything is asked for."""
    with pytest.raises(UsageError, match="is not a valid version"):
        collect(tmp_path, web.url, version=asked)
    assert web.requests == []


def test_local_version_is_another(web: Scripted, tmp_path: Path) -> None:
    """Case 18: 1.0+cu118 is not taken for 1.0, and is named where it is all there is."""
    versions(web, tmp_path / "made", "1.0+cu118")
    with pytest.raises(NothingToDo, match=r"demo 1.0: no artifact in .*versions there: 1.0\+cu118"):
        collect(tmp_path, web.url, version="1.0")
    assert collect(tmp_path, web.url, version="1.0+cu118").downloaded == ("demo-1.0+cu118-py3-none-any.whl",)


@pytest.mark.parametrize(
    ("encoding", "kind"),
    [
        pytest.param("latin-1", "text/html", id="latin-1, unsaid"),
        pytest.param("utf-16", "text/html", id="UTF-16 by its mark"),
        pytest.param("utf-16-le", "text/html; charset=utf-16-le", id="UTF-16"),
        pytest.param("utf-8-sig", "text/html; charset=bogus", id="mark, and a bogus charset"),
    ],
)
def test_page_in_any_charset(encoding: str, kind: str, web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 26: the links of a page are found in whatever charset it comes."""
    serve(web, f"<p>caf\xe9</p>{link(WHEEL)}".encode(encoding), {f"/{WHEEL}": wheel}, **{"Content-Type": kind})
    assert collect(tmp_path, web.url).downloaded == (WHEEL,)


@pytest.mark.parametrize(
    ("page", "encoding", "problem"),
    [
        pytest.param(gzip.compress(link(WHEEL).encode()), "gzip", "", id="packed and said"),
        pytest.param(gzip.compress(link(WHEEL).encode()), "", "compressed bytes that nothing declares", id="unsaid"),
        pytest.param(link(WHEEL).encode(), "gzip", "is said to be compressed, and is not", id="said, and not packed"),
        pytest.param(gzip.compress(link(WHEEL).encode())[:-9], "gzip", "is cut off", id="cut"),
        pytest.param(gzip.compress(b" " * (129 << 20), 9), "gzip", "is larger than 128 MiB", id="bomb"),
        pytest.param(link(WHEEL).encode(), "br", "content encoding 'br', which was not asked for", id="other"),
    ],
)
def test_packed_page(page: bytes, encoding: str, problem: str, web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 27: a packed page is unpacked within bounds, or refused with the reason."""
    serve(web, page, {f"/{WHEEL}": wheel}, **({"Content-Encoding": encoding} if encoding else {}))
    if problem:
        with pytest.raises(Failed, match=problem):
            collect(tmp_path, web.url)
    else:
        assert collect(tmp_path, web.url).downloaded == (WHEEL,)


def test_page_that_ends_too_early(web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 28: a page shorter than its Content-Length is read again, and then an error, never fewer files."""
    page = link(WHEEL) + "<p>" + "x" * 50
    serve(web, page, {f"/{WHEEL}": wheel}, **{"Content-Length": str(len(page) + 100)})
    with pytest.raises(Failed, match="could not be read"):
        collect(tmp_path, web.url)
    assert web.requests == ["GET /"] * 2
    assert names(tmp_path) == set()


def test_link_to_another_host_takes_no_credentials(web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 32: credentials of the index go to it alone; without a digest the other host is not asked at all."""
    with scripted() as other:
        far = other.url.replace("127.0.0.1", "localhost") + WHEEL
        other.answers[f"/{WHEEL}"] = (200, {}, wheel)
        index = web.url.replace("//", "//me:hunter2@")
        serve(web, link(far), {})
        with pytest.raises(Failed, match="leads to another host, or away from https, without a sha256"):
            collect(tmp_path, index)
        assert other.requests == []
        serve(web, link(f"{far}#sha256={hashlib.sha256(wheel).hexdigest()}"), {})
        assert collect(tmp_path, index).downloaded == (WHEEL,)
        assert other.asked(f"/{WHEEL}", "Authorization") == [None]
        assert None not in web.asked("/", "Authorization")


def test_redirect_to_another_host(web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 32: a file that nothing promises is not taken from where its own host redirects to."""
    with scripted() as other:
        other.answers["/x"] = (200, {}, wheel)
        serve(web, link(WHEEL), {})
        web.answers[f"/{WHEEL}"] = (302, {"Location": f"{other.url}x"}, b"")
        with pytest.raises(Failed, match="redirects to another host"):
            collect(tmp_path, web.url)
        serve(web, link(f"{WHEEL}#sha512={hashlib.sha512(wheel).hexdigest()}"), {})
        assert collect(tmp_path, web.url).downloaded == (WHEEL,)


HASHES: dict[str, Callable[[bytes], Any]] = {
    **{
        name: partial(hashlib.new, name) for name in ("md5", "sha1", "sha224", "sha384", "sha512", "sha3_256", "sha256")
    },
    "blake2b": hashlib.blake2b,
    "blake2b of 256 bits": partial(hashlib.blake2b, digest_size=32),
}


@pytest.mark.parametrize("which", HASHES)
def test_digest_is_verified(which: str, web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 33: the strongest digest that a link promises is compared, and a file of other bytes is not kept."""
    name, good = which.split(maxsplit=1)[0], HASHES[which](wheel).hexdigest()
    serve(web, link(f"{WHEEL}#{name.upper()}={good.upper()}"), {f"/{WHEEL}": wheel})
    found = collect(tmp_path / "one", web.url)
    assert (found.downloaded, found.unverified) == ((WHEEL,), ())
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    weak = f"&amp;md5={hashlib.md5(wheel, usedforsecurity=False).hexdigest()}" if name != "md5" else ""
    serve(web, link(f"{WHEEL}#egg=x{weak}&amp;{name}={bad}"), {})
    with pytest.raises(WheelhouseError, match=f"{WHEEL}: {name} is {good}, expected {bad}"):
        collect(tmp_path / "two", web.url)
    assert not list((tmp_path / "two/dist").iterdir())
    serve(web, link(f"{WHEEL}#{name}={good[:-1]}"), {})
    with pytest.raises(Failed, match=f"{WHEEL}: cannot be fetched from .*: its {name} is malformed"):
        collect(tmp_path / "three", web.url)


@pytest.mark.parametrize("size", [True, False], ids=["size said", "size unsaid"])
def test_digest_of_packed_bytes(size: bool, web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 33: bytes that were packed on the way are compared when unpacked, and however they are packed, compared."""
    good, more = hashlib.sha512(wheel).hexdigest(), f'data-size="{len(wheel)}"' if size else ""
    serve(web, link(f"{WHEEL}#sha512={good}", more), {f"/{WHEEL}": gzip.compress(wheel)})
    assert collect(tmp_path / "one", web.url).downloaded == (WHEEL,)
    serve(web, link(f"{WHEEL}#sha512={'0' * 128}", more), {})
    for packed in (gzip.compress(wheel), gzip.compress(b"") * 9999 + gzip.compress(wheel)):
        serve(web, link(f"{WHEEL}#sha512={'0' * 128}", more), {f"/{WHEEL}": packed})
        with pytest.raises(WheelhouseError, match=f"{WHEEL}: "):
            collect(tmp_path / "two", web.url)
        assert not list((tmp_path / "two/dist").iterdir())


def test_name_twice(web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 34: a name twice with one digest is one download; with two, an error that names both."""
    good, other = hashlib.sha256(wheel).hexdigest(), "b" * 64
    twice = link(f"{WHEEL}#sha256={good}") + link(f"x/../{WHEEL}#sha256={good}")
    serve(web, twice, {f"/{WHEEL}": wheel})
    collect(tmp_path, web.url)
    assert web.requests == ["GET /", f"GET /{WHEEL}"]
    serve(web, twice + link(f"x/{WHEEL}#sha256={other}"), {})
    with pytest.raises(Conflict, match=f"has sha256 {good} in {web.url}, {other} in {web.url}"):
        collect(tmp_path, web.url)


TEXT = {"Content-Type": "text/plain"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "problem"),
    [
        pytest.param(401, {}, b"", "access denied .401. .put user and password", id="401"),
        pytest.param(403, {}, b"", "access denied .403.", id="403"),
        pytest.param(404, {}, b"", "is not there .404.", id="404"),
        pytest.param(410, {}, b"", "is not there .410.", id="410"),
        pytest.param(429, {"Retry-After": "0"}, b"", "the server answered 429", id="429"),
        pytest.param(500, {}, b"", "the server answered 500", id="500"),
        pytest.param(204, {}, b"", "the server answered 204", id="204"),
        pytest.param(302, {"Location": "/"}, b"", "redirects in a loop", id="loop"),
        pytest.param(200, {"Content-Type": "text/html"}, LOGIN.encode(), "is a login page", id="login"),
        pytest.param(200, {"Content-Type": "application/json"}, b'{"a": 1}', "is not a page of the simple", id="JSON"),
        pytest.param(200, {"Content-Type": "application/json"}, b"[1]", "is JSON, but neither", id="JSON list"),
        pytest.param(200, {"Content-Type": "application/xml"}, b"<Error/>", "is 'application/xml', not an", id="XML"),
        pytest.param(200, TEXT, b"oops", "is 'text/plain', not an index page", id="text"),
        pytest.param(200, {"Content-Type": "image/png"}, b"\x89PNG", "is 'image/png', not an index page", id="image"),
    ],
)
def test_answer_that_is_no_page(
    status: int, headers: dict[str, str], body: bytes, problem: str, web: Scripted, tmp_path: Path
) -> None:
    """Case 35: each answer that is no index page is told as what it is, naming the page without its credentials."""
    web.answers["/"] = (status, headers, body)
    with pytest.raises(Failed, match=f"{web.url}: {problem}"):
        collect(tmp_path, web.url.replace("//", "//me:hunter2@"))
    assert names(tmp_path) == set()


def test_nothing_of_the_version(web: Scripted, tmp_path: Path) -> None:
    """Case 36: an empty index, and one without the version, are errors that list what is there."""
    serve(web, "<html></html>", {})
    with pytest.raises(NothingToDo, match=r"demo 3.0: no artifact in .*no version of it is there"):
        collect(tmp_path, web.url, version="3.0")
    versions(web, tmp_path / "made", "1.0", "2.0rc1", "1.10")
    with pytest.raises(NothingToDo, match=r"demo 3.0: no artifact in .* .versions there: 1.0, 1.10, 2.0rc1."):
        collect(tmp_path, web.url, version="3.0")


def test_two_indexes(web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 37: two indexes that disagree on a file, and one of three that is down, stop everything."""
    good = hashlib.sha256(wheel).hexdigest()
    serve(web, link(f"{WHEEL}#sha256={good}"), {f"/{WHEEL}": wheel})
    with scripted() as second, scripted() as third:
        serve(second, link(f"{WHEEL}#sha256={'b' * 64}"), {})
        with pytest.raises(Conflict, match=f"{good} in {web.url}, {'b' * 64} in {second.url}"):
            collect(tmp_path, web.url, second.url)
        serve(second, link(f"{WHEEL}#sha256={good}"), {f"/{WHEEL}": wheel})
        third.answers["/"] = (503, {}, b"")
        with pytest.raises(Failed, match=f"{third.url}: the server answered 503"):
            collect(tmp_path, web.url, second.url, third.url)
        assert names(tmp_path) == set()
        serve(third, link(WHEEL), {})
        assert collect(tmp_path, third.url, second.url, web.url).sources == {WHEEL: second.url}


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        pytest.param("data-yanked", "yanked", id="bare"),
        pytest.param('data-yanked=""', "yanked", id="empty"),
        pytest.param('data-yanked="broken on &lt;Windows&gt;"', "yanked: broken on <Windows>", id="reason"),
        pytest.param('data-yanked="x&#27;[31m&#8238;y"', "yanked: x\\x1b[31m\\u202ey", id="tricks"),
    ],
)
def test_yanked_file(attributes: str, shown: str, web: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Case 38: a yanked file is not fetched, and the reason is shown, escaped."""
    project = make_project(tmp_path / "project")
    serve(web, link(SDIST, attributes) + link(WHEEL), {f"/{WHEEL}": wheel})
    done = inv(project, "wheelhouse.fetch", "--index", web.url)
    assert done.returncode == 0, done.stderr
    assert f"skipped {SDIST}: {shown}" in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert [path.name for path in (project / "dist").iterdir()] == [WHEEL]


HREFS = st.one_of(st.text(max_size=20), st.sampled_from([WHEEL, *EVIL.values(), f"{WHEEL}#sha256=", "//[/", "?C=N"]))


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(HREFS, max_size=4), st.sampled_from(["html", "json", "xml"]), st.data())
def test_any_page_is_survived(
    web: Scripted, wheel: bytes, tmp_path: Path, hrefs: list[str], kind: str, data: st.DataObject
) -> None:
    """Whatever an index answers, it gives files of the folder or one line."""
    page, header = page_of(hrefs, kind)
    cut = data.draw(st.integers(0, len(page)))
    page = page[:cut] + data.draw(st.sampled_from([b"", b"\0", b"<", b"&", b"\xff"])) + page[cut:]
    serve(web, page, {f"/{WHEEL}": wheel}, **{"Content-Type": header})
    said = ""
    try:
        collect(tmp_path, web.url)
    except WheelhouseError as error:
        said = str(error)
    assert said.isprintable()
    assert names(tmp_path) <= {"dist", f"dist/{WHEEL}"}


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
