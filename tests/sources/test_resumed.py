"""A fetch that was stopped goes on in the next run: killed, interrupted, or without a network."""

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import programs
import pytest
import servers
import wheels
from in_process import inv_here
from outcomes import failed
from projects import inv, make_project, s3_env
from scripted import Handler, Scripted, scripted

from wheelhouse_tasks.artifacts.halves import half_name

WHEEL = "demo-1.0-py3-none-any.whl"
FETCH = ("wheelhouse.fetch", "--index")
LARGE = hashlib.shake_256(b"large").digest(30_000_000)
BODY = LARGE[:4_000_000]


def contents(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder, hidden files too."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def sha256_of(content: bytes) -> str:
    """Return a digest."""
    return hashlib.sha256(content).hexdigest()


def shelf(server: Scripted, body: bytes, *stops: int, ranges: bool = True, silently: bool = False) -> str:
    """Serve a page with a wheel whose answers are cut off after as many bytes as told, in turn; return its URL."""
    left = list(stops)

    def answer(handler: Handler) -> None:
        asked = handler.headers["Range"] if ranges else None
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        part = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"} if asked else {}
        handler.begin(206 if asked else 200, {"Content-Length": str(len(body) - start), **part})
        stop = left.pop(0) if left else len(body)
        handler.wfile.write(memoryview(body)[start : start + stop])
        if stop < len(body) - start and silently:
            handler.wfile.flush()
            handler.rfile.read(1)  # until the client has left

    server.answers[f"/{WHEEL}"] = answer
    server.page("/", f"<a href='{WHEEL}#sha256={sha256_of(body)}'>x</a>")
    return server.url


def stop(project: Path, url: str, kind: signal.Signals, is_time: Callable[[], bool]) -> tuple[int, str, str]:
    """Fetch, and send a signal when it is time; return the exit code and what was printed."""
    task = [sys.executable, "-m", "invoke", *FETCH, url]
    with subprocess.Popen(task, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not is_time() and process.poll() is None:
                time.sleep(0.01)
            process.send_signal(kind)
            printed, told = process.communicate(timeout=programs.STUCK)
        finally:
            process.kill()
    return process.returncode, printed, told


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_killed_fetch_goes_on(kind: signal.Signals, server: Scripted, tmp_path: Path) -> None:
    """Whatever ended a run, the next one asks for the bytes that are missing, and proves the whole file."""
    project = make_project(tmp_path / "project")
    url, half = shelf(server, LARGE, 20_000_000, silently=True), project / "dist" / half_name(WHEEL, sha256_of(LARGE))
    code, printed, told = stop(project, url, kind, lambda: half.is_file() and half.stat().st_size > 19_000_000)
    size = half.stat().st_size
    if kind == signal.SIGKILL:
        assert code == -signal.SIGKILL
    else:
        assert (code, told.count("\n")) == (130, 1), told
        assert f"{size / 1e6:.1f} MB of {WHEEL} kept: the next fetch goes on from there" in printed
    assert contents(project / "dist") == {half.name: LARGE[:size]}
    done = inv(project, *FETCH, url)
    assert (done.returncode, contents(project / "dist")) == (0, {WHEEL: LARGE}), done.stderr
    assert f"{WHEEL}: goes on from {size / 1e6:.1f} MB" in done.stdout
    assert server.asked(f"/{WHEEL}", "Range") == [None, f"bytes={size}-"]


NO_PATIENCE = {"WHEELHOUSE_RETRIES": "0"}


def test_each_run_goes_on_where_the_last_one_stopped(server: Scripted, tmp_path: Path) -> None:
    """On a line on which no answer gets far, a few runs without a retry fetch a file all the same."""
    project = make_project(tmp_path / "project")
    url = shelf(server, BODY, 1_500_000, 1_500_000)
    for _ in range(2):
        failed(inv_here(project, *FETCH, url, env=NO_PATIENCE), 1, "could not be read: IncompleteRead")
    assert inv_here(project, *FETCH, url, env=NO_PATIENCE).returncode == 0
    assert server.asked(f"/{WHEEL}", "Range") == [None, "bytes=1500000-", "bytes=3000000-"]
    assert contents(project / "dist") == {WHEEL: BODY}


def test_server_without_ranges(server: Scripted, tmp_path: Path) -> None:
    """A server that sends the whole file all the same is asked for it, without a retry; nothing is appended."""
    project = make_project(tmp_path / "project")
    url = shelf(server, BODY, 1_500_000, ranges=False)
    for code in (1, 0):
        assert inv_here(project, *FETCH, url, env=NO_PATIENCE).returncode == code
    assert server.asked(f"/{WHEEL}", "Range") == [None, "bytes=1500000-", None]
    assert contents(project / "dist") == {WHEEL: BODY}


def test_other_bytes_by_now(server: Scripted, tmp_path: Path) -> None:
    """What was fetched of a file that was published anew is no part of the new one, and goes away."""
    project = make_project(tmp_path / "project")
    assert inv_here(project, *FETCH, shelf(server, BODY, 1_500_000), env=NO_PATIENCE).returncode == 1
    assert len(contents(project / "dist")) == 1
    done = inv_here(project, *FETCH, shelf(server, BODY[::-1]), env=NO_PATIENCE)
    assert (done.returncode, contents(project / "dist")) == (0, {WHEEL: BODY[::-1]}), done.stderr
    assert server.asked(f"/{WHEEL}", "Range") == [None, None]


def test_damaged_half(server: Scripted, tmp_path: Path) -> None:
    """Where the bytes that are there are not those that came, the file is fetched from its start in the same run."""
    project = make_project(tmp_path / "project")
    (project / "dist" / half_name(WHEEL, sha256_of(BODY))).write_bytes(bytes(2_000_000))
    assert inv_here(project, *FETCH, shelf(server, BODY), env=NO_PATIENCE).returncode == 0
    assert server.asked(f"/{WHEEL}", "Range") == ["bytes=2000000-", None]
    assert contents(project / "dist") == {WHEEL: BODY}


@pytest.mark.parametrize("maker", ["nginx", "SeaweedFS"])
def test_real_servers(
    maker: str, web: servers.Nginx, bucket_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A fetch whose network was lost goes on: from a web server, and from a container by its API."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist", payload=BODY)
    body = wheel.read_bytes()
    if maker == "nginx":
        project.rename(web.root / bucket_name)
        project, port, env = web.root / bucket_name, urlsplit(web.url).port, {}
        indexes = [f"http://127.0.0.1:{{}}/{bucket_name}/wheelhouse/simple/demo/"]
    else:
        s3: servers.S3Server = request.getfixturevalue("s3")
        port, env, indexes = s3.port, s3_env(s3, bucket_name), []
    assert port
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    (project / "got").mkdir()
    half = project / "got" / half_name(wheel.name, sha256_of(body))

    def fetch(port: int) -> subprocess.CompletedProcess[str]:
        index = [word for text in indexes for word in ("--index", text.format(port))]
        at = {**env, "WHEELHOUSE_PORT": str(port)} if env else {}
        return inv_here(
            project,
            "wheelhouse.fetch",
            *index,
            "--local-folder",
            "got",
            env={**at, "WHEELHOUSE_TIMEOUT": "1", **NO_PATIENCE},
        )

    with servers.faultproxy(port) as proxy:
        proxy.set("hang", after=3_000_000)
        failed(fetch(proxy.port), 1, "no answer within 1 s")
    size = half.stat().st_size
    assert size > 1_000_000
    with servers.counting(port) as counted, counted.requests() as asked:
        done = fetch(counted.port)
    assert (done.returncode, contents(project / "got")) == (0, {wheel.name: body}), done.stderr
    [status] = [line.split()[-1] for line in asked if f"/{wheel.name}" in line and line.startswith("GET")]
    assert status == "206"


@pytest.mark.parametrize("dry_run", [True, False])
def test_release_goes_on(dry_run: bool, server: Scripted, tmp_path: Path) -> None:
    """A release that stopped while it fetched goes on too; a dry run, which fetches into no folder, keeps nothing."""
    project = make_project(tmp_path / "project")
    url, words = shelf(server, BODY, 1_500_000, 1_500_000), ["--dry-run"] if dry_run else []
    with scripted() as index:
        index.page("/simple/demo/", "")
        env = {"WHEELHOUSE_REPOSITORY_URL": f"{index.url}legacy/", "WHEELHOUSE_CHECK_URL": f"{index.url}simple/"}
        release = ("wheelhouse.release", "--version", "1.0", "--index", url, *words)
        told = [inv_here(project, *release, env={**env, **NO_PATIENCE}).stdout for _ in range(2)]
    assert [(" kept: " in text, "goes on from" in text) for text in told] == (
        [(False, False)] * 2 if dry_run else [(True, True), (True, True)]
    )
    assert server.asked(f"/{WHEEL}", "Range") == [None, None if dry_run else "bytes=1500000-"]
    assert list(map(len, contents(project / "dist").values())) == ([] if dry_run else [3_000_000])
