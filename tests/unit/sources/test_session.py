"""Requests that repeat an earlier one are those that requests would send, and their answers are what came."""

from pathlib import Path

import pytest
import requests
from scripted import Scripted

from wheelhouse_tasks.sources import session
from wheelhouse_tasks.sources.session import Session

HEADERS = {"Accept-Encoding": "identity"}
FIRST = "https://wheels.example:8443/first.whl"
#: Of those with False the path is not sent as it is written, or might not be.
PATHS = {
    "files/demo-1.0-py3-none-any.whl": True,
    "a/demo-1.0%2Bcpu-py3-none-any.whl": True,
    "a/demo-1.0+cpu-py3-none-any.whl": True,
    "a/../demo.whl": False,
    "a/./demo.whl": False,
    "a//demo.whl": False,
    "%7Edemo/a.whl": False,
    "%2e%2e/a.whl": False,
    "a b.whl": False,
    "ä.whl": False,
    "a.whl?signature=1%2b2": False,
    "a.whl#sha256=00": False,
    "": False,
}


def prepare(made: requests.Session, url: str, auth: tuple[str, str] | None = None) -> dict[str, object]:
    """Return what is sent to a URL."""
    prepared = made.prepare_request(requests.Request("GET", url, headers=HEADERS, auth=auth))
    return {"method": prepared.method, "url": prepared.url, "headers": dict(prepared.headers), "body": prepared.body}


def ask(own: Session, url: str, auth: tuple[str, str] | None = None) -> requests.Response:
    """Return an answer, after its body was read."""
    with own.ask(url, HEADERS, auth=auth, timeout=5) as answer:
        answer.raw.read(decode_content=False)
        return answer


def seen(server: Scripted) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the requests that came: path and headers."""
    return [(str(request), request.headers.items()) for request in server.seen]


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that are asked for without requests' own work."""
    paths: list[str] = []
    usual = session.HostAdapter.raw

    def raw(self: session.HostAdapter, path: str, headers: dict[str, str], timeout: float) -> object:
        paths.append(path)
        return usual(self, path, headers, timeout)

    monkeypatch.setattr(session.HostAdapter, "raw", raw)
    return paths


@pytest.mark.parametrize(("path", "is_plain"), PATHS.items())
@pytest.mark.parametrize("auth", [None, ("user", "password")], ids=["nobody", "login"])
def test_second_request_is_what_requests_would_send(
    server: Scripted, direct: list[str], path: str, is_plain: bool, auth: tuple[str, str] | None
) -> None:
    """Whatever the URL holds, it is sent as a session of requests sends it, also after another one of its host."""
    own, theirs = Session(), requests.Session()
    theirs.headers["User-Agent"] = own.headers["User-Agent"]
    theirs.get(f"{server.url}{path}", headers=HEADERS, auth=auth)
    ask(own, f"{server.url}first.whl", auth)
    ask(own, f"{server.url}{path}", auth)
    usual, _, mine = seen(server)
    assert mine == usual
    assert direct == ([f"/{path}"] if is_plain else [])


def test_second_answer_has_what_the_first_one_had(server: Scripted, direct: list[str]) -> None:
    """Status, headers in any case, URL and body are those of the server."""
    server.answers["/a.whl"] = (416, {"Content-Range": "bytes */4"}, b"body")
    own = Session()
    for _ in range(2):
        with own.ask(f"{server.url}a.whl", HEADERS, auth=None, timeout=5) as answer:
            facts = answer.status_code, answer.headers["content-range"], answer.url, answer.history, answer.content
        assert facts == (416, "bytes */4", f"{server.url}a.whl", [], b"body")
    assert direct == ["/a.whl"]


def test_redirect_is_followed_without_a_second_request(server: Scripted, direct: list[str]) -> None:
    """What was asked for directly is not asked for again, and no login goes to another server."""
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.answers["/a.whl"] = server.answers["/there.whl"] = (200, {}, b"x")
    server.answers["/b.whl"] = (302, {"Location": f"{elsewhere}there.whl"}, b"")
    own, login = Session(), ("user", "password")
    ask(own, f"{server.url}a.whl", login)
    answer = ask(own, f"{server.url}b.whl", login)
    assert (answer.url, [early.status_code for early in answer.history]) == (f"{elsewhere}there.whl", [302])
    assert server.requests == ["GET /a.whl", "GET /b.whl", "GET /there.whl"]
    assert direct == ["/b.whl"]
    assert [("Authorization" in request.headers) for request in server.seen] == [True, True, False]


def test_every_request_goes_through_a_proxy(
    server: Scripted, direct: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the environment names a proxy, it gets the second request as it gets the first."""
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    own = Session()
    for name in ("a", "b"):
        ask(own, f"http://wheels.example/{name}.whl")
    assert server.requests == [f"GET http://wheels.example/{name}.whl" for name in ("a", "b")]
    assert direct == []


def test_each_login_and_header_has_its_own_requests(server: Scripted) -> None:
    """A request without a login, or for another part, has nothing of the one before."""
    own = Session()
    url = f"{server.url}a.whl"
    for auth in (("user", "password"), None, ("other", "password")) * 2:
        ask(own, url, auth)
    for part in ("bytes=1-", "bytes=2-", "bytes=2-"):
        own.ask(url, {**HEADERS, "Range": part}, auth=None, timeout=5).close()
    logins = [request.headers["Authorization"] for request in server.seen]
    assert logins[:3] == logins[3:6]
    assert logins[1] is None
    assert len(set(logins[:3])) == 3
    assert logins[6:] == [None] * 3
    assert [request.headers["Range"] for request in server.seen][5:] == [None, "bytes=1-", "bytes=2-", "bytes=2-"]


def test_login_goes_to_its_host_alone() -> None:
    """A request to another port, or without the login, is not made of one that carried it."""
    own, login = Session(), ("user", "password")
    first = prepare(own, FIRST, login)
    assert "Authorization" in str(first)
    assert prepare(own, "https://wheels.example:8443/b.whl", login)["headers"] == first["headers"]
    for url in (
        "https://wheels.example:8444/b.whl",
        "https://other.example/b.whl",
        "https://wheels.example:8443/b.whl",
    ):
        assert "Authorization" not in str(prepare(own, url))


def test_login_of_netrc_is_found_for_each_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ~/.netrc has for one host goes to no other."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine wheels.example login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    own = Session()
    for _ in range(2):
        assert "Authorization" in str(prepare(own, FIRST))
        assert "Authorization" not in str(prepare(own, "https://other.example/first.whl"))


@pytest.mark.parametrize("giver", ["a", "b"])
def test_cookies_of_a_server_go_back_to_it(server: Scripted, giver: str) -> None:
    """A cookie that comes with one file goes with the next, though a request without it was made before."""
    names = ("a", "b", "c", "d")
    for name in names:
        server.answers[f"/{name}.whl"] = (200, {"Set-Cookie": "crumb=7; Path=/"} if name == giver else {}, b"x")
    own = Session()
    for name in names:
        ask(own, f"{server.url}{name}.whl")
    given = names.index(giver) + 1
    assert [request.headers["Cookie"] for request in server.seen] == [None] * given + ["crumb=7"] * (4 - given)


def test_each_server_has_its_own_connections(server: Scripted) -> None:
    """Requests that alternate between servers each reach theirs."""
    server.answers["/a.whl"] = (200, {}, b"x")
    own = Session()
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")) * 2:
        ask(own, f"{url}a.whl")
    hosts = [request.headers["Host"].partition(":")[0] for request in server.seen]
    assert hosts == ["127.0.0.1", "localhost"] * 2
