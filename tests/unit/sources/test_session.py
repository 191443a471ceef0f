"""Requests that are made of an earlier one are those that requests would prepare."""

from pathlib import Path

import pytest
import requests
from scripted import Scripted

from wheelhouse_tasks.sources import session
from wheelhouse_tasks.sources.session import Session

HEADERS = {"Accept-Encoding": "identity"}
FIRST = "https://wheels.example:8443/first.whl"
#: Of those with False the URL is not sent as it is written, or might not be.
URLS = {
    "https://wheels.example:8443/files/demo-1.0-py3-none-any.whl": True,
    "https://wheels.example:8443/a/demo-1.0%2Bcpu-py3-none-any.whl": True,
    "https://wheels.example:8443/a/demo-1.0+cpu-py3-none-any.whl": True,
    "https://wheels.example:8443/a/../demo.whl": False,
    "https://wheels.example:8443/a/./demo.whl": False,
    "https://wheels.example:8443/a//demo.whl": False,
    "https://wheels.example:8443/%7Edemo/a.whl": False,
    "https://wheels.example:8443/%2e%2e/a.whl": False,
    "https://wheels.example:8443/a b.whl": False,
    "https://wheels.example:8443/ä.whl": False,
    "https://WHEELS.example:8443/a.whl": False,
    "https://wheels.example:8443/a.whl?signature=1%2b2": False,
    "https://wheels.example:8443/a.whl#sha256=00": False,
    "https://user:password@wheels.example:8443/a.whl": False,
    "https://wheels.example:8443": False,
}


def prepare(made: requests.Session, url: str, auth: tuple[str, str] | None = None) -> dict[str, object]:
    """Return what is sent to a URL."""
    prepared = made.prepare_request(requests.Request("GET", url, headers=HEADERS, auth=auth))
    return {"method": prepared.method, "url": prepared.url, "headers": dict(prepared.headers), "body": prepared.body}


@pytest.mark.parametrize(("url", "is_plain"), URLS.items())
def test_second_request_is_what_requests_would_send(url: str, is_plain: bool) -> None:
    """Whatever the URL holds, it is sent as a session of requests sends it, also after another one of its host."""
    own, theirs = Session(), requests.Session()
    theirs.headers["User-Agent"] = own.headers["User-Agent"]
    prepare(own, FIRST)
    assert prepare(own, url) == prepare(theirs, url)
    assert (session.PLAIN.fullmatch(url) is not None) is is_plain


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


def test_cookies_of_a_server_go_back_to_it(server: Scripted) -> None:
    """A cookie that comes with one file goes with the next, though a request without it was made before."""
    for name in ("a", "b", "c"):
        headers = {"Set-Cookie": "crumb=7; Path=/"} if name == "b" else {}
        server.answers[f"/{name}.whl"] = (200, headers, b"x")
    own, sent = Session(), []
    own.trust_env = False
    for name in ("a", "b", "c"):
        answer = own.get(f"{server.url}{name}.whl", headers=HEADERS)
        sent.append(answer.request.headers.get("Cookie"))
    assert sent == [None, None, "crumb=7"]


def test_each_server_has_its_own_connections(server: Scripted) -> None:
    """Requests that alternate between servers each reach theirs."""
    server.answers["/a.whl"] = (200, {}, b"x")
    own = Session()
    for url in (server.url, server.url.replace("127.0.0.1", "localhost")) * 2:
        own.get(f"{url}a.whl")
    hosts = [request.headers["Host"].partition(":")[0] for request in server.seen]
    assert hosts == ["127.0.0.1", "localhost"] * 2
