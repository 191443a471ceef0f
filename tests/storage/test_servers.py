"""Each test server does what the other tests count on."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import programs
import pytest
import requests
import scripted_index
import servers
import wheels
from libcloud.storage.types import Provider
from programs import STUCK
from stores import s3_driver

from wheelhouse_tasks.storage.gaps import driver_class

#: The environment before the tests began.
MACHINE = dict(os.environ)


@pytest.fixture
def driver(s3: servers.S3Server) -> Iterator[Any]:
    """Connect to SeaweedFS as the full user."""
    with s3_driver(s3) as connected:
        yield connected


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Write a page of 10,000 bytes."""
    path = tmp_path / "index.html"
    path.write_bytes(b"x" * 10_000)
    return path


@pytest.fixture
def proxy(page: Path) -> Iterator[servers.FaultProxy]:
    """Run a fault proxy in front of a web server with one page."""
    with servers.static(page.parent) as web, servers.faultproxy(int(web.url.rpartition(":")[2])) as proxy:
        yield proxy


def test_seaweedfs_stores_objects(driver: Any, s3: servers.S3Server, bucket_name: str, page: Path) -> None:
    """An object comes back to its owner and to anybody, with its content type."""
    bucket = driver.create_container(bucket_name)
    driver.upload_object(str(page), bucket, "a/index.html", extra={"content_type": "text/html"})
    (listed,) = driver.list_container_objects(bucket)
    assert b"".join(driver.download_object_as_stream(listed)) == page.read_bytes()
    anonymous = requests.get(f"{s3.url}/{bucket_name}/a/index.html", timeout=STUCK)
    assert (anonymous.content, anonymous.headers["Content-Type"]) == (page.read_bytes(), "text/html")


def test_seaweedfs_is_strict(s3: servers.S3Server, bucket_name: str) -> None:
    """Nobody unknown may write, and no bucket comes by being used."""
    assert requests.put(f"{s3.url}/{bucket_name}/a", b"a", timeout=STUCK).status_code == 403
    assert requests.get(f"{s3.url}/{bucket_name}/a", timeout=STUCK).status_code == 404


def test_ceph_is_strict(ceph: servers.S3Server, bucket_name: str, page: Path) -> None:
    """An object is public where its owner said so; nobody else may know whether there is one, or write."""
    with s3_driver(ceph) as driver:
        bucket = driver.create_container(bucket_name)
        for name, acl in (("public", {"acl": "public-read"}), ("private", {}), ("folder/", {"acl": "public-read"})):
            driver.upload_object(str(page), bucket, name, extra={"content_type": "text/html", **acl})
        (listed,) = driver.list_container_objects(bucket, prefix="priv")
        assert b"".join(driver.download_object_as_stream(listed)) == page.read_bytes()
    url = f"{ceph.url}/{bucket_name}"
    answers = [requests.get(f"{url}/{name}", timeout=STUCK) for name in ("public", "folder/", "private", "none", "")]
    assert [answer.status_code for answer in answers] == [200, 200, 403, 403, 403]
    assert (answers[0].content, answers[0].headers["Content-Type"]) == (page.read_bytes(), "text/html")
    assert requests.put(f"{url}/public", b"a", timeout=STUCK).status_code == 403


def test_swift_is_strict(swift: servers.SwiftServer, bucket_name: str) -> None:
    """A token opens its own account; nobody reads or writes without one, and no token is given for a wrong password."""
    login = {"X-Auth-User": swift.key, "X-Auth-Key": swift.secret}
    given = requests.get(f"{swift.url}/auth/v1.0", headers=login, timeout=STUCK).headers
    url, token = f"{given['X-Storage-Url']}/{bucket_name}", {"X-Auth-Token": given["X-Auth-Token"]}
    assert requests.put(url, headers=token, timeout=STUCK).status_code == 201
    assert requests.put(f"{url}/a/", b"a", headers=token, timeout=STUCK).status_code == 201
    assert requests.get(f"{url}/a/", headers=token, timeout=STUCK).content == b"a"
    assert requests.get(f"{url}/a/", timeout=STUCK).status_code == 401
    assert requests.put(f"{url}/a/", b"b", timeout=STUCK).status_code == 401
    login["X-Auth-Key"] = "wrong"
    assert requests.get(f"{swift.url}/auth/v1.0", headers=login, timeout=STUCK).status_code == 401


def test_azurite_is_strict(azure: servers.AzureServer, bucket_name: str, page: Path) -> None:
    """A blob is public where its container is; nobody may write without the key."""
    address = {"secure": False, "host": azure.host, "port": azure.port}
    driver: Any = driver_class(Provider.AZURE_BLOBS)(azure.account, azure.key, **address)
    container = driver.create_container(bucket_name)
    driver.upload_object(str(page), container, "a/", extra={"content_type": "text/html"})
    (listed,) = driver.list_container_objects(container)
    assert b"".join(driver.download_object_as_stream(listed)) == page.read_bytes()
    url = f"{azure.url}/{bucket_name}"
    assert requests.get(f"{url}/a/", timeout=STUCK).status_code in {403, 404}
    acl, public = {"restype": "container", "comp": "acl"}, {"x-ms-blob-public-access": "blob"}
    driver.connection.request(f"/{bucket_name}", params=acl, headers=public, method="PUT")
    driver.connection.connection.session.close()
    answers = [requests.get(f"{url}/{name}", timeout=STUCK) for name in ("a/", "none")]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert (answers[0].content, answers[0].headers["Content-Type"]) == (page.read_bytes(), "text/html")
    blob = {"x-ms-blob-type": "BlockBlob"}
    assert requests.put(f"{url}/a/", b"a", headers=blob, timeout=STUCK).status_code == 403


@pytest.mark.parametrize(("fixture", "repeated"), [("pypi", 1), ("devpi_index", 0)])
def test_package_index_takes_uploads(
    fixture: str, repeated: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """A wheel uploaded by twine is on the simple page; only devpi takes the same file again."""
    index: servers.PackageIndex = request.getfixturevalue(fixture)
    wheel = wheels.make_wheel(tmp_path, "smoke")
    env = {**os.environ, "TWINE_USERNAME": index.username, "TWINE_PASSWORD": index.password}
    twine: list[str | Path] = [sys.executable, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar"]
    upload: list[str | Path] = [*twine, "--repository-url", index.upload_url, wheel]
    programs.run(*upload, env=env, check=True)
    assert wheel.name in requests.get(f"{index.simple_url}smoke/", timeout=STUCK).text
    assert programs.run(*upload, env=env).returncode == repeated
    wrong = programs.run(*upload, env={**env, "TWINE_PASSWORD": "wrong"})
    assert wrong.returncode == 1


def test_package_index_serves_installers(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """What is uploaded can be installed from the index by pip and by uv."""
    wheel = wheels.make_wheel(tmp_path, "served")
    files = {"content": (wheel.name, wheel.read_bytes())}
    form = {":action": "file_upload", "name": "served", "version": "1.0"}
    auth = (pypi.username, pypi.password)
    requests.post(pypi.upload_url, form, files=files, auth=auth, timeout=STUCK).raise_for_status()
    for number, install in enumerate([programs.pip_install, programs.uv_install]):
        target = tmp_path / str(number)
        assert install("--index-url", pypi.simple_url, "served", target=target).returncode == 0
        assert (target / "served" / "__init__.py").exists()


def test_nginx_serves_folders(web: servers.Nginx) -> None:
    """A folder shows its page at its own address and its files below `/auto/`."""
    folder = web.root / "folders" / "simple-json" / "demo"
    folder.mkdir(parents=True)
    (folder / "index.html").write_text("{}")
    (folder.parent.parent / "index.html").write_text("page")
    (folder.parent.parent / "a+b.whl").write_text("wheel")
    expected = {
        "/folders/": (200, "text/html", "page"),
        "/folders/a%2Bb.whl": (200, "application/octet-stream", "wheel"),
        "/folders/simple-json/demo/": (200, "application/vnd.pypi.simple.v1+json", "{}"),
    }
    answers = {path: requests.get(web.url + path, timeout=STUCK) for path in expected}
    found = {path: (got.status_code, got.headers["Content-Type"], got.text) for path, got in answers.items()}
    assert found == expected
    assert requests.get(f"{web.url}/folders/none", timeout=STUCK).status_code == 404
    assert 'href="folders/"' in requests.get(f"{web.url}/auto/", timeout=STUCK).text
    assert "GET /folders/a%2Bb.whl 200" in web.access_log.read_text().splitlines()


def test_nginx_serves_buckets(driver: Any, s3_web: servers.Nginx, bucket_name: str, page: Path) -> None:
    """A folder of a bucket shows its page, a wheel with a plus sign is found, and a missing one is not."""
    bucket = driver.create_container(bucket_name)
    driver.upload_object(str(page), bucket, "a/index.html", extra={"content_type": "text/html"})
    driver.upload_object(str(page), bucket, "a/b+c.whl")
    names = ["a/", "a/b%2Bc.whl", "a/none.whl"]
    answers = [requests.get(f"{s3_web.url}/s3/{bucket_name}/{name}", timeout=STUCK) for name in names]
    assert [answer.status_code for answer in answers] == [200, 200, 404]
    assert answers[0].headers["Content-Type"] == "text/html"
    assert answers[1].content == page.read_bytes()


def test_counting_proxy_notes_requests(s3: servers.SeaweedFS, bucket_name: str, page: Path) -> None:
    """Every request is noted, in order, with its query and status; signatures hold behind the proxy."""
    with servers.or_skip(servers.counting(s3.port)) as proxy:
        behind = servers.S3Server(servers.HOST, proxy.port, s3.key, s3.secret)
        with proxy.requests() as asked, s3_driver(behind) as driver:
            bucket = driver.create_container(bucket_name)
            driver.upload_object(str(page), bucket, "a b")
        with proxy.requests() as nothing:
            pass
        with proxy.requests() as missing:
            requests.get(f"{s3.url}/{bucket_name}/none", timeout=STUCK)
            requests.get(f"http://{servers.HOST}:{proxy.port}/{bucket_name}/none?x=1", timeout=STUCK)
    assert asked == [f"PUT /{bucket_name} 200", f"PUT /{bucket_name}/a%20b 200"]
    assert (nothing, missing) == ([], [f"GET /{bucket_name}/none?x=1 404"])


def test_static_records_requests(page: Path) -> None:
    """The web server in the test tells what it was asked for."""
    with servers.static(page.parent) as web:
        assert requests.get(f"{web.url}/", timeout=STUCK).content == page.read_bytes()
        assert requests.head(f"{web.url}/none", timeout=STUCK).status_code == 404
    assert web.requests == ["GET /", "HEAD /none"]


def test_scripted_index_keeps_the_rules_of_pypi(tmp_path: Path) -> None:
    """The same file again changes nothing, other bytes and deleted names are refused; pip and uv read its pages."""
    with scripted_index.running(tmp_path / "index") as index:
        access = index.access
        login = {"TWINE_USERNAME": access.username, "TWINE_PASSWORD": access.password, "COLUMNS": "1000"}
        words = (sys.executable, "-m", "twine", "upload", "--non-interactive", "--repository-url", access.upload_url)

        def upload(payload: bytes) -> str:
            wheel = wheels.make_wheel(tmp_path, payload=payload)
            done = programs.run(*words, wheel, env={**os.environ, **login})
            return done.stdout if done.returncode else "taken"

        binary = bytes(range(256)) * 100 + b"\r\n--"
        assert [upload(binary) for _ in range(2)] == ["taken"] * 2
        assert "File already exists" in upload(b"other")
        stored = index.stored
        assert dict(stored) == index.shown
        for number, install in enumerate((programs.pip_install, programs.uv_install)):
            done = install("--index-url", access.simple_url, "demo", target=tmp_path / str(number))
            assert done.returncode == 0, done.stderr
        page = requests.get(f"{access.simple_url}demo/", headers={"Accept": "text/html"}, timeout=STUCK).text
        assert f'demo-1.0-py3-none-any.whl#sha256={stored[0][1]}"' in page
        index.delete("demo-1.0-py3-none-any.whl")
        assert "already been used" in upload(binary)
        login["TWINE_PASSWORD"] = "wrong"
        assert "403" in upload(binary)
        assert (index.stored, index.shown) == (stored, {})


@pytest.mark.parametrize(
    ("mode", "numbers", "silence", "error"),
    [
        ("refuse", {}, programs.STUCK, requests.ConnectionError),
        ("blackhole", {}, 0.3, requests.ReadTimeout),
        ("hang", {"after": 1000}, programs.SILENCE, requests.ConnectionError),
        ("cut", {"after": 1000}, programs.STUCK, requests.exceptions.ChunkedEncodingError),
        ("reset", {"after": 1000}, programs.STUCK, requests.exceptions.ChunkedEncodingError),
        ("upreset", {"after": 10}, programs.STUCK, requests.ConnectionError),
        ("delay", {"ms": 600_000}, 0.3, requests.ReadTimeout),
    ],
)
def test_faultproxy_breaks_connections(
    mode: str, numbers: dict[str, int], silence: float, error: type[Exception], proxy: servers.FaultProxy, page: Path
) -> None:
    """A fault breaks as many connections as wanted, and no more."""
    proxy.set(mode, count=1, skip=1, **numbers)
    assert requests.get(proxy.url, timeout=STUCK).content == page.read_bytes()
    with pytest.raises(error):
        requests.get(proxy.url, timeout=(programs.STUCK, silence))
    assert requests.get(proxy.url, timeout=STUCK).content == page.read_bytes()
    stats = proxy.stats()
    assert (stats["connections"], stats["faulted"]) == (3, 1)


def test_faultproxy_answers_by_itself(proxy: servers.FaultProxy) -> None:
    """A status is answered in the target's place, to uploads too, with Retry-After on demand."""
    proxy.set("status", code=429, retry=7)
    answer = requests.put(proxy.url, b"x" * 1_000_000, timeout=STUCK)
    assert (answer.status_code, answer.headers["Retry-After"], answer.content) == (429, "7", b"")


def test_faultproxy_slows_down(proxy: servers.FaultProxy) -> None:
    """A slow answer takes its time and is complete."""
    proxy.set("slow", rate=50_000)
    start = time.monotonic()
    assert len(requests.get(proxy.url, timeout=STUCK).content) == 10_000
    assert time.monotonic() - start > 0.2


def test_faultproxy_closes_all(proxy: servers.FaultProxy) -> None:
    """Connections that are open can be reset from outside."""
    proxy.set("blackhole")
    with socket.create_connection((servers.HOST, proxy.port), timeout=STUCK) as connection:
        while not proxy.stats()["open"]:
            time.sleep(0.01)
        proxy.close_all()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_faultproxy_refuses_unknown_modes(proxy: servers.FaultProxy) -> None:
    """A misspelt mode fails the test that set it."""
    with pytest.raises(ConnectionError):
        proxy.set("explode")


def test_silent_server_never_answers() -> None:
    """A client gets through to the silent server and then waits in vain."""
    with servers.silent() as port, pytest.raises(requests.ReadTimeout):
        requests.get(f"http://{servers.HOST}:{port}/", timeout=(programs.STUCK, 0.3))


def test_port_that_is_taken_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a port on which somebody listens is given, nor one whose SeaweedFS socket another run has in /tmp."""
    heard, named, free = servers.free_ports(3)
    monkeypatch.setattr(servers, "PORTS", iter([heard, named, free]))
    left = Path(f"/tmp/seaweedfs-filer-grpc-{named}.sock")  # noqa: S108
    left.touch()
    try:
        with socket.create_server((servers.HOST, heard)):
            assert servers.free_ports(1) == [free]
    finally:
        left.unlink()


def test_closed_port_is_refused() -> None:
    """Nobody listens on a closed port."""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((servers.HOST, servers.closed_port()), timeout=STUCK)


def test_server_that_dies_is_reported_at_once(tmp_path: Path) -> None:
    """A server that ends while it starts fails with the end of its log."""
    if programs.find("nginx") is None:
        pytest.skip("nginx: no such program")
    with (
        pytest.raises(servers.ServerError, match=r"(?s)nginx: ended with 1 .*unexpected"),
        servers.nginx(tmp_path / 'quo"te'),
    ):
        pytest.fail("it started")


@pytest.mark.parametrize(
    ("ci", "without", "outcome", "line"),
    [
        ("true", "", servers.ServerError, "demo: no such program"),
        ("1", "nginx demonstration", servers.ServerError, "demo: no such program"),
        ("", "", pytest.skip.Exception, "demo: no such program"),
        ("true", "nginx demo", pytest.skip.Exception, "demo: no such program, left out by TESTS_WITHOUT"),
    ],
)
def test_server_that_cannot_start(
    ci: str, without: str, outcome: type[BaseException], line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that cannot start fails the test in CI, unless the run is one without it, and skips it elsewhere."""

    @contextmanager
    def missing() -> Iterator[None]:
        raise servers.ServerError("demo", "no such program")
        yield

    monkeypatch.setattr(servers, "CI", ci)
    monkeypatch.setenv("TESTS_WITHOUT", without)
    with pytest.raises(outcome, match=f"^{line}$"), servers.or_skip(missing()):
        pytest.fail("it started")


def test_environment_is_clean() -> None:
    """A program that a test runs sees no settings of the machine."""
    show = "import os; print('\\n'.join(sorted(os.environ)))"
    seen = programs.run(sys.executable, "-c", show, check=True).stdout.split()
    steering = [name for name in seen if name.startswith(("AWS_", "PIP_", "TWINE_", "UV_", "WHEELHOUSE_"))]
    assert steering == ["PIP_CONFIG_FILE", "PIP_DISABLE_PIP_VERSION_CHECK", "UV_NO_CONFIG"]
    assert os.environ["PATH"] == MACHINE["PATH"]
    assert os.environ["HOME"] != MACHINE.get("HOME")


def test_bare_environment_has_no_packages(client_venv: Path) -> None:
    """The bare virtual environment runs Python and has no pip."""
    assert programs.run(client_venv / "bin" / "python", "-c", "import pip").returncode == 1


def test_run_kills_what_takes_too_long(tmp_path: Path) -> None:
    """A program that outlives its time ends with all it started."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reading, True)
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run("sh", "-c", 'exec 3> "$0"; echo begun >&3; sleep 600 & wait', pipe, timeout=programs.SILENCE)
    with open(reading, "rb") as file:  # noqa: PTH123
        assert file.read() == b"begun\n"  # it ends when nobody is left who could write


def test_run_reports_failure() -> None:
    """A program that must succeed and does not shows its output."""
    with pytest.raises(AssertionError, match=r"gave 3\nout\n\nerr"):
        programs.run("sh", "-c", "echo out; echo err >&2; exit 3", check=True)
