"""A damaged index is no empty index: of two, the first is damaged and the second is fine, and nothing is fetched."""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import wheels
from fake_store import FakeStore
from outcomes import LOGIN, failed
from projects import inv, make_project
from scripted import Answer, Handler, Scripted, scripted

from wheelhouse_tasks.commands.fetch import FetchResult, fetch
from wheelhouse_tasks.commands.release import release
from wheelhouse_tasks.commands.status import status
from wheelhouse_tasks.errors import BadPage, BlankPage, NothingToDo, WheelhouseError
from wheelhouse_tasks.pages import links
from wheelhouse_tasks.publishing.index import PackageIndex
from wheelhouse_tasks.settings.resolve import Settings, resolve
from wheelhouse_tasks.sources import index_page
from wheelhouse_tasks.sources.container_source import StoreSource
from wheelhouse_tasks.storage.port import make_payload

HTML, JSON = "text/html; charset=utf-8", "application/vnd.pypi.simple.v1+json"
TAGS = ("cp311-cp311-win_amd64", "cp312-cp312-macosx_11_0_arm64", "py3-none-any")
NAMES = [f"demo-1.0-{tag}.whl" for tag in TAGS]
ROWS = "".join(
    f'<a href="/f/{name}" title="für {name}" data-requires-python=">=3.11">{name}</a><br>\n' for name in NAMES
)
PAGE = (
    f"<!DOCTYPE html>\n<html><head><title>Links for demo</title></head>\n<body>\n<!-- all -->\n{ROWS}</body></html>\n"
)
ROWS_OF_JSON = [{"filename": name, "url": f"/f/{name}", "hashes": {}} for name in NAMES]
JSON_PAGE = {"meta": {"api-version": "1.0"}, "name": "demo", "files": ROWS_OF_JSON}
EMPTY_ROOT = "<html><head><title>Simple index</title></head><body><h1>Simple index</h1></body></html>"
DOWN = "<html><head><title>Maintenance</title></head><body><h1>We are back soon</h1>{}</body></html>"
APP = '<!doctype html><html><head><title>Portal</title></head><body><div id="root"></div><script src="/a.js"></script>'


def page(body: str | bytes, kind: str = HTML, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer."""
    return status, {"Content-Type": kind, **(headers or {})}, body.encode() if isinstance(body, str) else body


def cut(behind: str, more: int = 0, text: str = PAGE) -> Answer:
    """Return a page that ends behind some text, with the length that it then has."""
    return page(text.encode()[: text.encode().rindex(behind.encode()) + len(behind.encode()) + more])


def in_json(**change: object) -> Answer:
    """Return a JSON page with a change; None takes a value away."""
    value = {name: what for name, what in {**JSON_PAGE, **change}.items() if what is not None}
    return page(json.dumps(value), JSON)


def unsized(text: str) -> Callable[[Handler], None]:
    """Return an answer that ends when the connection does."""

    def answer(handler: Handler) -> None:
        handler.begin(200, {"Content-Type": HTML})
        handler.wfile.write(text.encode())

    return answer


def cut_chunk(handler: Handler) -> None:
    """Answer with half of what the chunk is said to hold."""
    handler.begin(200, {"Content-Type": HTML, "Transfer-Encoding": "chunked"}, "HTTP/1.1")
    handler.wfile.write(b"%x\r\n%s" % (len(PAGE), PAGE[: PAGE.index(NAMES[1])].encode()))


def no_last_chunk(handler: Handler) -> None:
    """Answer with a whole chunk, and without the one that ends them."""
    handler.begin(200, {"Content-Type": HTML, "Transfer-Encoding": "chunked"}, "HTTP/1.1")
    body = ROWS[: ROWS.index("<br>")].encode()
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))


def hang_up(handler: Handler) -> None:
    """Answer nothing."""


def loop(handler: Handler) -> None:
    """Lead to where the request came from."""
    handler.send(302, {"Location": handler.path}, b"")


PACKED = gzip.compress(PAGE.encode())
GZIP = {"Content-Encoding": "gzip"}
#: Whatever stands where a page is asked for is damaged, and may not be taken for "nothing is there".
DAMAGED: dict[str, Answer] = {
    "cut within a tag": cut("<a hr"),
    "cut behind a tag's name": cut("<a"),
    "cut within an attribute": cut(f'<a href="/f/{NAMES[2][:9]}'),
    "cut within a tag, behind an attribute that holds >": cut('data-requires-python=">=3', text=PAGE),
    "cut between attributes, behind one that holds >": cut('=3.11"'),
    "cut within a comment": cut("<!-- al"),
    "cut within a comment that holds links": page(f"{PAGE[:-8]}<!-- {ROWS}"),
    "cut within a letter": cut("f", 1, PAGE.partition('" data-')[0]),
    "cut within a script": page(f"<script>if (1) {{ {ROWS}"),
    "cut before </html>, of no length": unsized(PAGE[: PAGE.index(NAMES[1] + "</a>")].rpartition("<a ")[0]),
    "shorter than its length": page(PAGE[:-20], headers={"Content-Length": str(len(PAGE.encode()))}),
    "cut chunk": cut_chunk,
    "no last chunk": no_last_chunk,
    "gzip cut": page(PACKED[:-20], headers=GZIP),
    "gzip cut in its checksum": page(PACKED[:-2], headers=GZIP),
    "gzip of nothing": page(b"", headers=GZIP),
    "gzip damaged": page(PACKED[:40] + b"\0\0\0\0" + PACKED[44:], headers=GZIP),
    "gzip that nobody declares": page(PACKED),
    "second gzip stream cut": page(gzip.compress(EMPTY_ROOT.encode()) + PACKED[:-9], headers=GZIP),
    "JSON cut": page(json.dumps(JSON_PAGE)[:-30], JSON),
    "JSON without its last character": page(json.dumps(JSON_PAGE)[:-1], JSON),
    "JSON that is none": page("{'meta': 1}", JSON),
    "JSON cut to nothing": page("", JSON),
    "JSON called HTML": page(json.dumps(JSON_PAGE)),
    "HTML called JSON": page(PAGE, JSON),
    "API version 2.0": in_json(meta={"api-version": "2.0"}),
    "API version 10.0": in_json(meta={"api-version": "10.0"}),
    "API version 1.x": in_json(meta={"api-version": "1.x"}),
    "API version 2.0 in HTML": page(
        PAGE.replace("<head>", '<head><meta name="pypi:repository-version" content="2.0">')
    ),
    "no meta": in_json(meta=None),
    "meta of another type": in_json(meta=["1.0"]),
    "no files": in_json(files=None),
    "files of another type": in_json(files={}),
    "files null": page('{"meta": {"api-version": "1.0"}, "files": null}', JSON),
    "a file of another type": in_json(files=[*ROWS_OF_JSON, "x"]),
    "a file without a URL": in_json(files=[{"filename": NAMES[0]}]),
    "JSON of another API": page('{"info": {}, "releases": {}}', "application/json"),
    "XML": page("<Error><Code>SlowDown</Code></Error>", "application/xml"),
    "text": page("upstream timed out", "text/plain"),
    "text called HTML": page("upstream timed out"),
    "image": page(b"\x89PNG", "image/png"),
    "login page": page(LOGIN),
    "page of a site that is down": page(DOWN.format("")),
    "page of a site that is down, with links": page(
        DOWN.format(
            '<a href="https://status.example/">status</a> <a href="mailto:me@example.org">me</a> <a href="/">/</a>'
        )
    ),
    "application in place of any page": page(APP),
    "401": page("", status=401),
    "406": page("", status=406),
    "429": page("", status=429),
    "500": page("", status=500),
    "503": page("", status=503),
    "204": page("", status=204),
    "400": page("", status=400),
    "no answer": hang_up,
    "redirect loop": loop,
    "redirect to a login page": page("", status=302, headers={"Location": "/login"}),
}
MOVED: dict[str, Answer] = {"redirect to the home page": page("", status=302, headers={"Location": "/home/"})}
#: What object stores answer where they have nothing, and others where something is wrong.
DOUBTFUL: dict[str, Answer] = {
    "403": page("", status=403),
    "blank": page(""),
    "white space": page("\ufeff \r\n\n"),
    "marker of a folder": page("", "application/x-directory"),
}
EVERY: dict[str, Answer] = {**DAMAGED, **MOVED, **DOUBTFUL}


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Run a server."""
    with scripted() as script:
        script.page("/login", LOGIN)
        script.page("/home/", '<html><title>Home</title><a href="/home/news/">news</a></html>')
        yield script


@pytest.fixture
def fine(tmp_path: Path) -> Iterator[Scripted]:
    """Run an index with one good wheel, and a package index that knows nothing of it."""
    made = tmp_path / "made"
    made.mkdir()
    with scripted() as script:
        wheel = wheels.make_wheel(made)
        script.page("/simple/demo/", f'<a href="/f/{wheel.name}">x</a>')
        script.answers[f"/f/{wheel.name}"] = (200, {}, wheel.read_bytes())
        script.page("/check/", EMPTY_ROOT)
        yield script


def configured(folder: Path, fine: Scripted, *indexes: str) -> Settings:
    """Return settings with those indexes, and behind them the fine one."""
    given = {
        "indexes": [*indexes, f"{fine.url}simple/"],
        "project": "demo",
        "local_folder": "dist",
        "repository_url": fine.url,
        "check_url": f"{fine.url}check/",
        "retries": 0,
        "timeout": 5,
    }
    return resolve(given, {}, {}, folder)


def collect(chosen: Settings) -> FetchResult:
    """Fetch."""
    return fetch(chosen, version="1.0")


COMMANDS: dict[str, Callable[[Settings], object]] = {
    "fetch": collect,
    "release": lambda chosen: release(chosen, version="1.0", dry_run=True),
}


def refused(command: str, chosen: Settings, subject: str) -> str:
    """Run a command that must fail with exit code 1, write nothing, and name a page; return what it says."""
    with pytest.raises(WheelhouseError) as caught:
        COMMANDS[command](chosen)
    said = str(caught.value)
    assert caught.value.exit_code == 1
    assert said.startswith(f"{subject}: "), said
    assert "hunter2" not in said
    assert not chosen.local_folder.exists()
    return said


def place_project_page(server: Scripted, answer: Answer) -> tuple[str, str]:
    """Damage the page of a project; the root page is well and names none."""
    server.page("/simple/", EMPTY_ROOT)
    server.answers["/simple/demo/"] = answer
    return "simple/", "simple/demo/"


def place_named_page(server: Scripted, answer: Answer) -> tuple[str, str]:
    """Damage the page of a project that a root page names."""
    server.page("/pypi/", '<html><body><a href="demo/">demo</a></body></html>')
    server.answers["/pypi/demo/"] = answer
    return "pypi/", "pypi/demo/"


def place_json_page(server: Scripted, answer: Answer) -> tuple[str, str]:
    """Damage the page of a project that a root page in JSON names."""
    root = {"meta": {"api-version": "1.0"}, "projects": [{"name": "demo"}]}
    server.answers["/simple-json/"] = page(json.dumps(root), JSON)
    server.answers["/simple-json/demo/"] = answer
    return "simple-json/", "simple-json/demo/"


def place_root_page(server: Scripted, answer: Answer) -> tuple[str, str]:
    """Damage the root page; there is no page of the project."""
    server.answers["/simple/"] = answer
    return "simple/", "simple/"


def place_flat_page(server: Scripted, answer: Answer) -> tuple[str, str]:
    """Damage the page at the URL; below it are pages that are well and name nothing."""
    server.answers["/w/"] = answer
    server.page("/w/index.html", EMPTY_ROOT)
    server.page("/w/simple/", EMPTY_ROOT)
    return "w/", "w/"


def place_index_html(server: Scripted, answer: Answer) -> tuple[str, str]:
    """Damage the flat page of a bucket, whose root is forbidden; below it is a root page that names nothing."""
    server.answers["/b/"] = page("", status=403)
    server.answers["/b/index.html"] = answer
    server.page("/b/simple/", EMPTY_ROOT)
    return "b/", "b/index.html"


PLACES = [place_named_page, place_json_page, place_root_page, place_flat_page, place_index_html]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", EVERY)
def test_damaged_project_page_is_no_empty_page(
    damage: str, command: str, server: Scripted, fine: Scripted, tmp_path: Path
) -> None:
    """A damaged page of the project ends `fetch` and `release`, naming it, though a root page beside it is well."""
    root, damaged = place_project_page(server, EVERY[damage])
    index = server.url.replace("//", "//me:hunter2@") + root
    refused(command, configured(tmp_path, fine, index), server.url + damaged)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_page_of_any_kind_is_no_empty_page(
    damage: str,
    place: Callable[[Scripted, Answer], tuple[str, str]],
    server: Scripted,
    fine: Scripted,
    tmp_path: Path,
) -> None:
    """No page of any kind that is damaged is replaced by another one, or taken for one without files."""
    root, damaged = place(server, DAMAGED[damage])
    refused("fetch", configured(tmp_path, fine, server.url + root), server.url + damaged)


@pytest.mark.parametrize("doubt", DOUBTFUL)
def test_what_is_in_doubt_stands_unless_something_is_found(
    doubt: str, server: Scripted, fine: Scripted, tmp_path: Path
) -> None:
    """A folder that is forbidden or blank is no error where the index is found elsewhere, and one where it is not."""
    server.answers["/w/"] = server.answers["/simple/demo/"] = DOUBTFUL[doubt]
    refused("fetch", configured(tmp_path, fine, f"{server.url}w/"), f"{server.url}w/")
    server.page("/simple/", '<a href="Demo/">demo</a>')
    server.page("/simple/Demo/", f'<a href="{NAMES[2]}">x</a>')
    server.page("/w/index.html", f'<a href="{NAMES[2]}">x</a>')
    wheel = next((tmp_path / "made").iterdir()).read_bytes()
    server.answers[f"/w/{NAMES[2]}"] = server.answers[f"/simple/Demo/{NAMES[2]}"] = (200, {}, wheel)
    for index in (f"{server.url}w/", f"{server.url}simple/"):
        chosen = configured(tmp_path / index[-7:-1], fine, index)
        assert collect(chosen).sources == {NAMES[2]: index}


BUCKET = "<ListBucketResult><IsTruncated>{}</IsTruncated>{}</ListBucketResult>"
KEYS = "".join(f"<Contents><Key>{name}</Key><Size>5</Size></Contents>" for name in NAMES)
LISTING = BUCKET.format("false", KEYS)
LISTED_JSON = json.dumps([{"name": name, "bytes": 5} for name in NAMES])
XML = "application/xml"
LISTINGS: dict[str, dict[str, Answer]] = {
    "cut within a key": {"/w/": page(LISTING[: LISTING.index(NAMES[1]) + 5], XML)},
    "cut between objects": {"/w/": page(LISTING[: LISTING.index("<Contents>", 150)], XML)},
    "cut before its end": {"/w/": page(LISTING[:-2], XML)},
    "cut in its head": {"/w/": page(LISTING[:12], XML)},
    "cut in its head, called HTML": {"/w/": page(LISTING[:12])},
    "of no end": {"/w/": page(BUCKET.format("", KEYS), XML)},
    "in JSON, cut": {"/w/": page(LISTED_JSON[:-9], "application/json")},
    "in JSON, one bracket short": {"/w/": page(LISTED_JSON[:-1], "application/json")},
    "in JSON, of another type": {"/w/": page('[{"name": 5, "bytes": 5}]', "application/json")},
    "in text, whose JSON is cut": {
        "/w/?format=json": page(LISTED_JSON[:-9], "application/json"),
        "/w/": page("\n".join(NAMES), "text/plain"),
    },
    "whose second part is cut": {
        "/w/": page(BUCKET.format("true", KEYS), XML),
        f"/w/?marker={NAMES[2]}": page(LISTING[:-9], XML),
    },
    "whose second part is blank": {
        "/w/": page(BUCKET.format("true", KEYS), XML),
        f"/w/?marker={NAMES[2]}": page("", XML),
    },
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", LISTINGS)
def test_damaged_listing_is_no_empty_bucket(
    damage: str, command: str, server: Scripted, fine: Scripted, tmp_path: Path
) -> None:
    """A listing that is damaged ends `fetch` and `release`, whatever page lies in the bucket."""
    server.page("/w/index.html", EMPTY_ROOT)
    server.answers.update(LISTINGS[damage])
    refused(command, configured(tmp_path, fine, f"{server.url}w/"), server.url + [*LISTINGS[damage]][-1][1:])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="blank"),
        pytest.param(json.dumps(JSON_PAGE)[:-5], id="cut"),
        pytest.param(json.dumps({**JSON_PAGE, "meta": {"api-version": "2.0"}}), id="version 2"),
        pytest.param(None, id="forbidden"),
    ],
)
def test_damaged_page_of_ours_in_a_bucket(body: str | None, server: Scripted, fine: Scripted, tmp_path: Path) -> None:
    """A page of ours that a bucket lists is read, or the run ends."""
    key = "simple-json/demo/index.html"
    server.answers["/w/"] = page(BUCKET.format("false", f"<Contents><Key>{key}</Key></Contents>"), XML)
    server.answers[f"/w/{key}"] = page(body, JSON) if body is not None else page("", status=403)
    refused("fetch", configured(tmp_path, fine, f"{server.url}w/"), f"{server.url}w/{key}")


FOLDERS = {
    "cut": PAGE[: PAGE.index(NAMES[1]) + 5],
    "cut within a comment": f"{ROWS}<!-- {ROWS}",
    "blank": "",
    "bad JSON": '{"meta": {"api-version": "1.0"}, "files": [',
    "version 2": json.dumps({**JSON_PAGE, "meta": {"api-version": "2.0"}}),
    "of a site that is down": DOWN.format(""),
}


@pytest.mark.parametrize("damage", FOLDERS)
@pytest.mark.parametrize("where", ["index.html", "simple/index.html", "simple/demo/index.html"])
@pytest.mark.parametrize("spelled", ["path", "file:"])
def test_damaged_page_of_a_folder(damage: str, where: str, spelled: str, fine: Scripted, tmp_path: Path) -> None:
    """A damaged page on disk ends a fetch, whatever page lies above it."""
    folder = tmp_path / "w"
    (folder / "simple/demo").mkdir(parents=True)
    (folder / "simple/index.html").write_text(EMPTY_ROOT)
    (folder / where).write_text(FOLDERS[damage])
    index = folder / "simple" if "simple" in where else folder
    with pytest.raises(BadPage) as caught:
        collect(configured(tmp_path, fine, str(index) if spelled == "path" else index.as_uri()))
    assert str(folder / where) in str(caught.value)
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        pytest.param("simple-json/demo/index.html", "", id="JSON page, blank"),
        pytest.param("simple-json/demo/index.html", json.dumps(JSON_PAGE)[:-9], id="JSON page, cut"),
        pytest.param(
            "simple-json/demo/index.html", json.dumps({"meta": {"api-version": "2.0"}, "files": []}), id="version 2"
        ),
        pytest.param("simple-json/demo/index.html", json.dumps({"meta": {}, "files": []}), id="no version"),
        pytest.param(
            "simple-json/demo/index.html",
            json.dumps({"meta": {"api-version": 1}, "files": []}),
            id="version of no text",
        ),
        pytest.param("index.html", "", id="flat page, blank"),
        pytest.param("index.html", PAGE[:-9] + "<!-- ", id="flat page, cut within a comment"),
        pytest.param("index.html", LOGIN, id="flat page, a login page"),
    ],
)
def test_damaged_page_of_a_container(name: str, body: str) -> None:
    """A damaged page of a container that is read through its storage API is an error that names it."""
    store = FakeStore()
    store.put(f"files/demo/{NAMES[0]}", make_payload(b"w", "", "", {"sha256": "a" * 64}))
    store.put(name, make_payload(body.encode(), HTML, ""))
    with pytest.raises(BadPage) as caught:
        StoreSource(store, 2).offer("demo")
    assert str(caught.value).startswith(f"{store.label}/{name}: ")


def index_at(server: Scripted) -> PackageIndex:
    """Return a package index."""
    return PackageIndex(None, server.url, server.url.replace("//", "//me:hunter2@"), {}, frozenset(), 5, 0)


@pytest.mark.parametrize("damage", [*DAMAGED, *MOVED, "403"])
def test_damaged_page_of_the_package_index(damage: str, server: Scripted) -> None:
    """A damaged page of the package index shows no empty project, before an upload and after it."""
    server.answers["/demo/"] = EVERY[damage]
    with pytest.raises(WheelhouseError) as caught:
        index_at(server).shown("demo")
    assert str(caught.value).startswith(f"{server.url}demo/: ")


@pytest.mark.parametrize(
    "answer",
    [page("", status=404), page("", status=410), page(""), page(EMPTY_ROOT), page("<html></html>"), in_json(files=[])],
)
def test_project_without_files_on_the_package_index(answer: Answer, server: Scripted) -> None:
    """A project that the package index does not have, or that has no files there, shows none."""
    server.answers["/demo/"] = answer
    assert index_at(server).shown("demo") == {}


@pytest.mark.parametrize("status_code", [404, 410])
def test_what_is_not_there_falls_through(status_code: int, server: Scripted, fine: Scripted, tmp_path: Path) -> None:
    """A definite "not there" leads on to the root page, which names no project, and to the next index."""
    place_project_page(server, page("gone", status=status_code))
    assert collect(configured(tmp_path, fine, f"{server.url}simple/")).downloaded == (NAMES[2],)


def test_status_refuses_a_damaged_index(server: Scripted, fine: Scripted, tmp_path: Path) -> None:
    """`status` shows no part of what is there."""
    root, damaged = place_project_page(server, DAMAGED["cut within a tag"])
    with pytest.raises(BadPage, match=f"^{re.escape(server.url + damaged)}: is cut off"):
        status(configured(tmp_path, fine, server.url + root))


@pytest.mark.parametrize(
    "body",
    [
        "<html></html>",
        "<!DOCTYPE html><html><head></head><body></body></html>",
        EMPTY_ROOT,
        "<title>Links for demo</title>",
        "<h1>Index of /simple/demo/</h1><hr><pre><a href='../'>../</a></pre>",
        "<title>Directory listing for /simple/demo/</title><hr><ul></ul>",
        "<title>root/dev: links for demo</title><h1>root/dev: links for demo</h1>",
        "<html><body><h1>Demo</h1></body></html>",
        '<meta name="pypi:repository-version" content="1.3"><p>nothing yet</p>',
        "<p>see</p><a href='demo/'>demo</a>",
        "<p>see</p><a href='https://other.example/simple/demo/'>demo</a>",
        "<p>see</p><a href='notes.txt'>notes</a>",
        f"<p>see</p><a href='https://cdn.example/{NAMES[0]}'>demo</a>",
        "<!-- an odd <a> --!> <p>a < b, c > d, it's</p> <a href=x.zip>x<script>if (a < b) {}</script>",
        "<html><body><a href=x.zip>x",
    ],
)
def test_odd_index_pages_are_read(body: str) -> None:
    """A page of an index that has nothing, or that a person wrote by hand, is an index page."""
    url = "https://wheels.example/simple/demo/"
    assert index_page.read(body.encode(), url, HTML) == links.parse(body.encode(), url, HTML)


@pytest.mark.parametrize("kind", [HTML, "", "application/octet-stream", "application/x-directory"])
@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf"])
def test_blank_page_is_told_from_a_bad_one(kind: str, body: bytes) -> None:
    """A blank page is one of its own kind, which another page may stand in for."""
    with pytest.raises(BlankPage, match="is blank"):
        index_page.read(body, "https://wheels.example/", kind)


def test_gzip_streams_that_follow_each_other(server: Scripted, fine: Scripted, tmp_path: Path) -> None:
    """A page in two gzip streams is read to its end."""
    packed = b"".join(gzip.compress(each.encode()) for each in ("<p>x</p>", f'<a href="{fine.url}f/{NAMES[2]}">x</a>'))
    server.answers["/w/"] = page(packed, headers=GZIP)
    assert collect(configured(tmp_path, fine, f"{server.url}w/")).sources == {NAMES[2]: f"{server.url}w/"}


def test_command_names_the_damaged_page(server: Scripted, fine: Scripted, tmp_path: Path) -> None:
    """The command line ends with 1 and one line that names the damaged page, and dist/ is left as it was."""
    project = make_project(tmp_path / "project")
    root, damaged = place_project_page(server, DAMAGED["cut within a tag"])
    index = server.url.replace("//", "//me:hunter2@") + root
    done = inv(project, "wheelhouse.fetch", "--index", index, "--index", f"{fine.url}simple/")
    failed(done, 1, f"error: {server.url}{damaged}: is cut off in the middle of a tag")
    assert not list((project / "dist").iterdir())


def test_nothing_there_at_all(server: Scripted, fine: Scripted, tmp_path: Path) -> None:
    """Two indexes that are well and have nothing are told as such."""
    place_project_page(server, page("", status=404))
    chosen = configured(tmp_path, fine, f"{server.url}simple/")
    with pytest.raises(NothingToDo, match="no artifact in"):
        fetch(chosen, version="2.0")


def test_refusal_and_damaged_page_are_both_named(server: Scripted, tmp_path: Path) -> None:
    """Where an upload is refused and the index cannot be read then, one line names the refusal and the damaged page."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    server.answers["/"] = page("", status=400)
    server.in_turn("/demo/", page(EMPTY_ROOT), page(EMPTY_ROOT), page(LOGIN))
    env = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": server.url}
    login = {"TWINE_USERNAME": "me", "TWINE_PASSWORD": "hunter2"}
    words = ("wheelhouse.release", "--version", "1.0", "--no-fetch", "--yes")
    done = inv(project, *words, env={**env, **login})
    failed(done, 1, f"is not known: {server.url}demo/: is a login page, not an index page")
    assert done.stderr.startswith(f"error: {NAMES[2]}: {server.url} did not take it: ")
    assert "400" in done.stderr
