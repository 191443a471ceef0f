"""Answers that are index pages, and answers that are none, as `fetch` meets them."""

import gzip
import zlib
from pathlib import Path

import pytest
import servers
import wheels
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from in_process import inv_here
from outcomes import LOGIN, failed
from projects import inv, make_project
from scripted import Scripted, scripted
from served import EVIL, SDIST, WHEEL, collect, link, names, page_of, serve

from wheelhouse_tasks.errors import Failed, WheelhouseError


@pytest.mark.parametrize(
    ("encoding", "kind"),
    [
        pytest.param("latin-1", "text/html", id="latin-1, unsaid"),
        pytest.param("utf-16", "text/html", id="UTF-16 by its mark"),
        pytest.param("utf-16-le", "text/html; charset=utf-16-le", id="UTF-16"),
        pytest.param("utf-8-sig", "text/html; charset=bogus", id="mark, and a bogus charset"),
    ],
)
def test_page_in_any_charset(encoding: str, kind: str, server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """The links of a page are found in whatever charset it comes."""
    serve(server, f"<p>caf\xe9</p>{link(WHEEL)}".encode(encoding), {f"/{WHEEL}": wheel}, **{"Content-Type": kind})
    assert collect(tmp_path, server.url).downloaded == (WHEEL,)


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
def test_packed_page(page: bytes, encoding: str, problem: str, server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """A packed page is unpacked within bounds, or refused with the reason."""
    serve(server, page, {f"/{WHEEL}": wheel}, **({"Content-Encoding": encoding} if encoding else {}))
    if problem:
        with pytest.raises(Failed, match=problem):
            collect(tmp_path, server.url)
    else:
        assert collect(tmp_path, server.url).downloaded == (WHEEL,)


def test_page_that_ends_too_early(server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """A page shorter than its Content-Length is read again, and then an error, never fewer files."""
    page = link(WHEEL) + "<p>" + "x" * 50
    serve(server, page, {f"/{WHEEL}": wheel}, **{"Content-Length": str(len(page) + 100)})
    with pytest.raises(Failed, match="could not be read"):
        collect(tmp_path, server.url)
    assert server.requests == ["GET /"] * 2
    assert names(tmp_path) == set()


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
    status: int, headers: dict[str, str], body: bytes, problem: str, server: Scripted, tmp_path: Path
) -> None:
    """Each answer that is no index page is told as what it is, naming the page without its credentials."""
    server.answers["/"] = (status, headers, body)
    with pytest.raises(Failed, match=f"{server.url}: {problem}"):
        collect(tmp_path, server.url.replace("//", "//me:hunter2@"))
    assert names(tmp_path) == set()


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        pytest.param("data-yanked", "yanked", id="bare"),
        pytest.param('data-yanked=""', "yanked", id="empty"),
        pytest.param('data-yanked="broken on &lt;Windows&gt;"', "yanked: broken on <Windows>", id="reason"),
        pytest.param('data-yanked="x&#27;[31m&#8238;y"', "yanked: x\\x1b[31m\\u202ey", id="tricks"),
    ],
)
def test_yanked_file(attributes: str, shown: str, server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """A yanked file is not fetched, and the reason is shown, escaped."""
    project = make_project(tmp_path / "project")
    serve(server, link(SDIST, attributes) + link(WHEEL), {f"/{WHEEL}": wheel})
    done = inv_here(project, "wheelhouse.fetch", "--index", server.url)
    assert done.returncode == 0, done.stderr
    assert f"skipped {SDIST}: {shown}" in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert [path.name for path in (project / "dist").iterdir()] == [WHEEL]


HREFS = st.one_of(st.text(max_size=20), st.sampled_from([WHEEL, *EVIL.values(), f"{WHEEL}#sha256=", "//[/", "?C=N"]))


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(HREFS, max_size=4), st.sampled_from(["html", "json", "xml"]), st.data())
def test_any_page_is_survived(
    server: Scripted, wheel: bytes, tmp_path: Path, hrefs: list[str], kind: str, data: st.DataObject
) -> None:
    """Whatever an index answers, it gives files of the folder or one line."""
    page, header = page_of(hrefs, kind)
    cut = data.draw(st.integers(0, len(page)))
    page = page[:cut] + data.draw(st.sampled_from([b"", b"\0", b"<", b"&", b"\xff"])) + page[cut:]
    serve(server, page, {f"/{WHEEL}": wheel}, **{"Content-Type": header})
    said = ""
    try:
        collect(tmp_path, server.url)
    except WheelhouseError as error:
        said = str(error)
    assert said.isprintable()
    assert names(tmp_path) <= {"dist", f"dist/{WHEEL}"}


def test_gzip_page_that_is_cut_off(tmp_path: Path) -> None:
    """Half a compressed page is no shorter page."""
    project = make_project(tmp_path / "project")
    packer = zlib.compressobj(wbits=31)
    links = "".join(f"<a href='demo-1.{number}.tar.gz'>x</a>" for number in range(1000))
    body = packer.compress(links.encode()) + packer.flush()
    with scripted() as server:
        for cut, said in ((body[: len(body) // 2], "is cut off"), (b"plain", "is said to be compressed")):
            server.answers["/"] = (200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, cut)
            env = {"WHEELHOUSE_RETRIES": "1"}
            failed(inv(project, "wheelhouse.fetch", "--index", server.url, env=env), 1, said)


@pytest.mark.parametrize("task", ["fetch", "release"])
def test_silent_web_server_is_given_up(task: str, tmp_path: Path) -> None:
    """A web server that accepts and never answers is given up after `timeout`."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    with servers.silent() as port:
        url = f"http://127.0.0.1:{port}/"
        env = {"WHEELHOUSE_TIMEOUT": "1", "WHEELHOUSE_REPOSITORY_URL": url, "WHEELHOUSE_CHECK_URL": url}
        words = ("--index", url) if task == "fetch" else ("--version", "1.0", "--no-fetch")
        failed(inv(project, f"wheelhouse.{task}", *words, env=env), 1, "no answer within 1 s")
