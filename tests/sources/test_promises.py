"""What an index promises of a file, and which host may give what nothing promises."""

import gzip
import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import wheels
from outcomes import failed
from projects import inv, make_project
from scripted import Scripted, scripted
from served import WHEEL, collect, link, names, serve

from wheelhouse_tasks.errors import Conflict, Failed, WheelhouseError


def test_link_to_another_host_takes_no_credentials(server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Credentials of the index go to it alone; without a digest the other host is not asked at all."""
    with scripted() as other:
        far = other.url.replace("127.0.0.1", "localhost") + WHEEL
        other.answers[f"/{WHEEL}"] = (200, {}, wheel)
        index = server.url.replace("//", "//me:hunter2@")
        serve(server, link(far), {})
        with pytest.raises(Failed, match="leads to another host, without a sha256"):
            collect(tmp_path, index)
        assert other.requests == []
        serve(server, link(f"{far}#sha256={hashlib.sha256(wheel).hexdigest()}"), {})
        assert collect(tmp_path, index).downloaded == (WHEEL,)
        assert other.asked(f"/{WHEEL}", "Authorization") == [None]
        assert None not in server.asked("/", "Authorization")


def test_redirect_to_another_host(server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """A file that nothing promises is not taken from where its own host redirects to."""
    with scripted() as other:
        other.answers["/x"] = (200, {}, wheel)
        serve(server, link(WHEEL), {})
        server.answers[f"/{WHEEL}"] = (302, {"Location": f"{other.url}x"}, b"")
        with pytest.raises(Failed, match="redirects to another host"):
            collect(tmp_path, server.url)
        serve(server, link(f"{WHEEL}#sha512={hashlib.sha512(wheel).hexdigest()}"), {})
        assert collect(tmp_path, server.url).downloaded == (WHEEL,)


HASHES: dict[str, Callable[[bytes], Any]] = {
    **{
        name: partial(hashlib.new, name) for name in ("md5", "sha1", "sha224", "sha384", "sha512", "sha3_256", "sha256")
    },
    "blake2b": hashlib.blake2b,
    "blake2b of 256 bits": partial(hashlib.blake2b, digest_size=32),
}


@pytest.mark.parametrize("which", HASHES)
def test_digest_is_verified(which: str, server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """The strongest digest that a link promises is compared, and a file of other bytes is not kept."""
    name, good = which.split(maxsplit=1)[0], HASHES[which](wheel).hexdigest()
    serve(server, link(f"{WHEEL}#{name.upper()}={good.upper()}"), {f"/{WHEEL}": wheel})
    found = collect(tmp_path / "one", server.url)
    assert (found.downloaded, found.unverified) == ((WHEEL,), ())
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    weak = f"&amp;md5={hashlib.md5(wheel, usedforsecurity=False).hexdigest()}" if name != "md5" else ""
    serve(server, link(f"{WHEEL}#egg=x{weak}&amp;{name}={bad}"), {})
    with pytest.raises(WheelhouseError, match=f"{WHEEL}: {name} is {good}, expected {bad}"):
        collect(tmp_path / "two", server.url)
    assert not list((tmp_path / "two/dist").iterdir())
    serve(server, link(f"{WHEEL}#{name}={good[:-1]}"), {})
    with pytest.raises(Failed, match=f"{WHEEL}: cannot be fetched from .*: its {name} is malformed"):
        collect(tmp_path / "three", server.url)


@pytest.mark.parametrize("size", [True, False], ids=["size said", "size unsaid"])
def test_digest_of_packed_bytes(size: bool, server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Bytes that were packed on the way are compared when unpacked, and however they are packed, compared."""
    good, more = hashlib.sha512(wheel).hexdigest(), f'data-size="{len(wheel)}"' if size else ""
    serve(server, link(f"{WHEEL}#sha512={good}", more), {f"/{WHEEL}": gzip.compress(wheel)})
    assert collect(tmp_path / "one", server.url).downloaded == (WHEEL,)
    serve(server, link(f"{WHEEL}#sha512={'0' * 128}", more), {})
    for packed in (gzip.compress(wheel), gzip.compress(b"") * 9999 + gzip.compress(wheel)):
        serve(server, link(f"{WHEEL}#sha512={'0' * 128}", more), {f"/{WHEEL}": packed})
        with pytest.raises(WheelhouseError, match=f"{WHEEL}: "):
            collect(tmp_path / "two", server.url)
        assert not list((tmp_path / "two/dist").iterdir())


def test_name_twice(server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """A name twice with one digest is one download; with two, an error that names both."""
    good, other = hashlib.sha256(wheel).hexdigest(), "b" * 64
    twice = link(f"{WHEEL}#sha256={good}") + link(f"x/../{WHEEL}#sha256={good}")
    serve(server, twice, {f"/{WHEEL}": wheel})
    collect(tmp_path, server.url)
    assert server.requests == ["GET /", f"GET /{WHEEL}"]
    serve(server, twice + link(f"x/{WHEEL}#sha256={other}"), {})
    with pytest.raises(Conflict, match=f"has sha256 {good} in {server.url}, {other} in {server.url}"):
        collect(tmp_path, server.url)


def test_two_indexes(server: Scripted, wheel: bytes, tmp_path: Path) -> None:
    """Two indexes that disagree on a file, and one of three that is down, stop everything."""
    good = hashlib.sha256(wheel).hexdigest()
    serve(server, link(f"{WHEEL}#sha256={good}"), {f"/{WHEEL}": wheel})
    with scripted() as second, scripted() as third:
        serve(second, link(f"{WHEEL}#sha256={'b' * 64}"), {})
        with pytest.raises(Conflict, match=f"{good} in {server.url}, {'b' * 64} in {second.url}"):
            collect(tmp_path, server.url, second.url)
        serve(second, link(f"{WHEEL}#sha256={good}"), {f"/{WHEEL}": wheel})
        third.answers["/"] = (503, {}, b"")
        with pytest.raises(Failed, match=f"{third.url}: the server answered 503"):
            collect(tmp_path, server.url, second.url, third.url)
        assert names(tmp_path) == set()
        serve(third, link(WHEEL), {})
        assert collect(tmp_path, third.url, second.url, server.url).sources == {WHEEL: second.url}


def test_unverified_file_from_another_host_is_refused(tmp_path: Path) -> None:
    """A redirect to another host is not followed for a file that nothing vouches for."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path)
    with scripted() as here, scripted() as elsewhere:
        elsewhere.answers[f"/{wheel.name}"] = (200, {}, wheel.read_bytes())
        here.page("/", f"<a href='{wheel.name}'>x</a>")
        here.answers[f"/{wheel.name}"] = (302, {"Location": f"{elsewhere.url}{wheel.name}"}, b"")
        failed(inv(project, "wheelhouse.fetch", "--index", here.url), 1, "redirects to another host")
    assert not list((project / "dist").iterdir())
