"""An index is read by `fetch` wherever pip reads it by `--index-url`, and a server gets the same requests for files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import wheels
from programs import pip_install
from projects import inv, make_project
from scripted import Answer, Scripted, scripted

VERSION = "1.2+cu118"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Scripted]:
    """Serve one wheel with a local version, from a server that reads a raw `+` as a blank, as S3 does."""
    wheel = wheels.make_wheel(tmp_path, "demo", VERSION)
    with scripted() as server:
        server.answers[f"/files/{wheel.name.replace('+', '%2B')}"] = (200, {}, wheel.read_bytes())
        server.answers[f"/files/{wheel.name}"] = (403, {}, b"")
        yield server


def answer(status: int, text: str = "", kind: str = "text/html") -> Answer:
    """Return an answer of a page."""
    return status, {"Content-Type": kind}, text.encode()


#: Nobody listens there.
NOWHERE = "http://127.0.0.1:9/demo/"
HREF = "../../../files/demo-1.2{}cu118-py3-none-any.whl"
SHAPES = [
    pytest.param({"/gen/python/": answer(404)}, "+", id="root 404, raw plus"),
    pytest.param({"/gen/python/": answer(403)}, "&#43;", id="root 403, plus by its number"),
    pytest.param({"/gen/python/": answer(406)}, "%2B", id="root 406, quoted"),
    pytest.param({"/gen/python/": answer(500)}, "%2b", id="root 500, quoted in small letters"),
    pytest.param({"/gen/python/": answer(200)}, "+", id="blank root"),
    pytest.param({"/gen/python/": answer(200, '<a href="/gen/python/demo">demo</a>')}, "+", id="no slash"),
    pytest.param({"/gen/python/": answer(200, '{"up": true}', "application/json")}, "+", id="another API"),
    pytest.param({"/gen/python/": answer(200, '<form><input type="password"></form>')}, "+", id="login page"),
    pytest.param({"/gen/python/": answer(200, '<a href="other/">other</a>')}, "+", id="only another project"),
    pytest.param({"/gen/python/": answer(200, '<a href="demo.html">demo</a>')}, "+", id="page of another name"),
    pytest.param({"/gen/python/": answer(200, f'<a href="{NOWHERE}">demo</a>')}, "+", id="host that is not there"),
    pytest.param(
        {"/gen/python/": answer(200, '<a href="/ui/demo/">demo</a>'), "/ui/demo/": answer(500)}, "+", id="link to a 500"
    ),
    pytest.param(
        {"/gen/python/": answer(200, '<a href="/ui/demo/">demo</a>'), "/ui/demo/": answer(200, "<p>demo</p>")},
        "+",
        id="link to another page",
    ),
]


@pytest.mark.parametrize(("root", "plus"), SHAPES)
def test_an_index_that_pip_reads_is_fetched_from(
    root: dict[str, Answer], plus: str, index: Scripted, tmp_path: Path
) -> None:
    """Pip and `fetch` take the same file, whatever the root of the index is."""
    index.answers |= root
    index.page("/gen/python/demo/", f'<title>Links for demo</title><a href="{HREF.format(plus)}">demo</a>')
    url = f"{index.url}gen/python/"
    done = pip_install("--index-url", url, "--trusted-host", "127.0.0.1", f"demo=={VERSION}", target=tmp_path / "pip")
    assert done.returncode == 0, done.stderr
    of_pip = {request.path for request in index.seen if request.path.startswith("/files/")}
    project = make_project(tmp_path / "project")
    index.seen.clear()
    done = inv(project, "wheelhouse.fetch", "--index", url, env={"WHEELHOUSE_RETRIES": "0"})
    assert done.returncode == 0, done.stderr
    (fetched,) = (project / "dist").iterdir()
    assert fetched.read_bytes() == (tmp_path / fetched.name).read_bytes()
    assert {request.path for request in index.seen if request.path.startswith("/files/")} == of_pip
