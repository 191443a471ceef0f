"""No test, and no process that a test starts, leaves loopback."""

import errno
import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import fence
import programs
import pytest
import servers
from paths import SUPPORT, TESTS

ELSEWHERE = ("192.0.2.1", "198.51.100.1", "2001:db8::1", "2606:4700::1")
#: Tries to reach each address in both ways; prints what came of it.
TRY = """
import json, socket, sys
def attempt(host, kind):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as asking:
        asking.settimeout(10)
        return asking.connect_ex((host, 443))
kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
print(json.dumps([attempt(host, kind) for host in sys.argv[1:] for kind in kinds]))
"""
IN_VAIN = [errno.ENETUNREACH] * 2 * len(ELSEWHERE)
#: Runs its second argument behind the fence of a system that gives no namespace.
NO_NAMESPACE = f"""
import sys
sys.path.insert(0, {str(SUPPORT)!r})
import fence
def denied(): raise fence.NoNamespace("the system gives no network namespace: Operation not permitted")
fenced = fence.put_up(needed=False, enter=denied)
"""


@pytest.fixture
def kernel(fenced: fence.Fence) -> None:
    """Skip what only the kernel can keep in."""
    if not fenced.namespace:
        pytest.skip(fenced.text)


@pytest.fixture
def listener() -> Iterator[int]:
    """Return a port of 127.0.0.1 on which connections are accepted."""
    with socket.create_server((servers.HOST, 0)) as server:
        port: int = server.getsockname()[1]
        yield port


@pytest.mark.parametrize("host", ELSEWHERE)
def test_no_test_leaves_loopback(host: str) -> None:
    """The test process itself reaches no other machine, whichever fence stands."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(family, kind) as asking:
            asking.settimeout(10)
            with pytest.raises(OSError, match="Network is unreachable") as refused:
                asking.connect((host, 443))
            assert refused.value.errno == errno.ENETUNREACH
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("pypi.org", 443)


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("flags", [(), ("-I", "-S")], ids=["as it is", "isolated"])
def test_no_python_leaves_loopback(flags: tuple[str, ...]) -> None:
    """A Python that a test starts reaches no other machine, though it reads no environment and no site packages."""
    done = programs.run(sys.executable, *flags, "-c", TRY, *ELSEWHERE, env={}, check=True)
    assert json.loads(done.stdout) == IN_VAIN


@pytest.mark.usefixtures("kernel")
def test_no_grandchild_leaves_loopback() -> None:
    """Nor does what a program starts in a session of its own, once its parent is gone."""
    code = "import subprocess, sys; subprocess.Popen(sys.argv[1:], start_new_session=True)"
    child = (sys.executable, "-I", "-c", TRY, *ELSEWHERE)
    done = programs.run(sys.executable, "-I", "-c", code, *child, env={}, check=True)
    assert json.loads(done.stdout) == IN_VAIN


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("host", ELSEWHERE)
def test_no_other_program_leaves_loopback(host: str) -> None:
    """A program that is no Python reaches no other machine."""
    done = programs.run("bash", "-c", f": < /dev/tcp/{host}/443", env={"PATH": os.environ["PATH"]})
    assert (done.returncode, "Network is unreachable" in done.stderr) == (1, True), done.stderr


@pytest.mark.usefixtures("kernel")
def test_uv_leaves_no_loopback(tmp_path: Path) -> None:
    """Nor does uv, though nothing tells it to use a proxy or to stay offline."""
    uv = (programs.find("uv") or "uv", "--no-config", "pip", "install", "--no-cache", "--target", tmp_path / "target")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "UV_HTTP_RETRIES": "0"}
    done = programs.run(*uv, "--python", sys.executable, "--default-index", "http://192.0.2.1/simple/", "demo", env=env)
    assert (done.returncode, "Network is unreachable" in done.stderr) == (2, True), done.stderr


def test_loopback_is_there(listener: int) -> None:
    """Within the fence 127.0.0.1 and `localhost` answer, a test and a program."""
    code = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2]))).close()"
    for host in (servers.HOST, "localhost"):
        socket.create_connection((host, listener), timeout=10).close()
        programs.run(sys.executable, "-c", code, host, str(listener), check=True)


@pytest.mark.usefixtures("kernel")
def test_fence_gives_no_rights(tmp_path: Path) -> None:
    """Within the fence a user is who he was, and has no more rights than before."""
    assert tmp_path.stat().st_uid == os.geteuid()
    rights = next(line for line in Path("/proc/thread-self/status").read_text().splitlines() if "CapEff" in line)
    assert os.geteuid() == 0 or int(rights.split()[1], 16) == 0


def test_ci_needs_the_kernel() -> None:
    """In CI a system that gives no namespace is a failure, and nothing weaker is put up in its place."""

    def denied() -> None:
        raise fence.NoNamespace("the system gives no network namespace: Operation not permitted")

    with pytest.raises(fence.NoNamespace):
        fence.put_up(needed=True, enter=denied)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can lay down the right")
@pytest.mark.parametrize(
    ("ci", "code", "said"), [("true", 4, "in CI nothing less"), ("", 0, "by a hook and by proxies")]
)
def test_header_tells_which_fence_stands(ci: str, code: int, said: str, tmp_path: Path) -> None:
    """Where the right to make a namespace is lacking, pytest says so, and stops in CI."""
    (tmp_path / "test_nothing.py").write_text("def test_nothing(clean_env): pass\n")
    lower = ("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin")
    argv = (sys.executable, "-m", "pytest", "-c", os.devnull, "-p", "no:cacheprovider", "-p", "conftest", tmp_path)
    env = {**os.environ, "CI": ci, "PYTHONPATH": f"{SUPPORT}{os.pathsep}{TESTS}", fence.MARK: ""}
    done = programs.run(*lower, *argv, env=env)
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 443), timeout=10)",
        "socket.create_connection(('2001:db8::1', 443), timeout=10)",
        "socket.create_connection(('pypi.org', 443), timeout=10)",
        "socket.socket().connect_ex(('192.0.2.1', 443))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 53))",
        "socket.gethostbyname('pypi.org')",
        "socket.gethostbyname_ex('pypi.org')",
        "socket.gethostbyaddr('192.0.2.1')",
        "socket.getnameinfo(('192.0.2.1', 443), 0)",
        "urllib.request.urlopen('http://192.0.2.1/', timeout=10)",
        "asyncio.run(asyncio.open_connection('192.0.2.1', 443))",
    ],
)
def test_second_fence_stops_the_process(attempt: str) -> None:
    """Without a namespace, the test process refuses for itself every way out that Python has."""
    code = f"{NO_NAMESPACE}import asyncio, socket, urllib.request\n{attempt}\n"
    done = programs.run(sys.executable, "-I", "-c", code, env={})
    assert done.returncode == 1
    assert "(fence of the tests)" in done.stderr.splitlines()[-1]


def test_second_fence_leaves_loopback(listener: int) -> None:
    """Without a namespace, loopback answers all the same: IPv4 by address and name, and the sockets of a folder."""
    code = f"""{NO_NAMESPACE}
import socket, tempfile
for host in ("127.0.0.1", "localhost"):
    socket.create_connection((host, {listener}), timeout=10).close()
socket.getfqdn("127.0.0.1"), socket.getaddrinfo("::1", 1), socket.getaddrinfo(None, 1)
with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
    server.bind(folder + "/socket")
    server.listen()
    socket.socket(socket.AF_UNIX).connect(folder + "/socket")
"""
    programs.run(sys.executable, "-I", "-c", code, env={}, check=True)


@pytest.mark.parametrize(
    "installer",
    [
        (sys.executable, "-m", "pip", "install", "--retries=1", "--index-url"),
        (programs.find("uv") or "uv", "--no-config", "pip", "install", "--no-cache", "--default-index"),
    ],
    ids=["pip", "uv"],
)
def test_second_fence_stops_programs_that_heed_proxies(installer: tuple[str, ...], tmp_path: Path) -> None:
    """Without a namespace, installers are sent to a proxy that is not there, but to loopback without one."""
    code = f"{NO_NAMESPACE}import json; print(json.dumps(fenced.environment))"
    proxies = json.loads(programs.run(sys.executable, "-I", "-c", code, env={}, check=True).stdout)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "UV_HTTP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    with servers.static(tmp_path) as static:
        for url, said in (("https://192.0.2.1", "Connection refused"), (static.url, "demo")):
            done = programs.run(
                *installer, f"{url}/simple/", "--target", tmp_path / "target", "demo", env=env | proxies
            )
            assert done.returncode != 0
            assert said in done.stderr
        assert static.requests == ["GET /simple/demo/"]
