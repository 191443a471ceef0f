"""Where the benchmark runs: a server, a folder, an environment without settings of the machine, and the peers."""

import http.client
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import certificates
import programs
from bench_runner import RunFailed
from bench_server import HOST

BENCH = Path(__file__).parent
BIN = Path(sys.executable).parent
KEY, SECRET = "benchkey", "bench-secret"
#: Where Linux has a file system in memory, and what the largest row takes of it, in bytes.
SHARED_MEMORY, ROOM = Path("/dev/shm"), 6_000_000_000  # noqa: S108
#: What a program needs of the machine; all else might steer it.
NEEDED = ("PATH", "LANG", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Lab:
    """The server for timings, and the folder in which everything lies."""

    folder: Path
    port: int
    #: The port of TLS and the certificate; None where there is no openssl to make one.
    tls_port: int | None
    certificate: Path | None

    def url(self, *, tls: bool = False) -> str:
        """Return the address of the server."""
        return f"https://{HOST}:{self.tls_port}" if tls else f"http://{HOST}:{self.port}"

    def control(self, word: str, text: str = "") -> dict[str, int]:
        """Order the server; return its counts of objects, released files, and requests since the last order."""
        counted: dict[str, int] = json.loads(self._ask("POST", f"/-/{word}", text.encode()))
        return counted

    def put(self, path: str, content: bytes, kind: str = "application/octet-stream") -> None:
        """Store an object."""
        self._ask("PUT", path, content, {"Content-Type": kind})

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=60)) as line:
            line.request(method, path, body, headers or {})
            answer = line.getresponse()
            content = answer.read()
        if answer.status != 200:
            raise RunFailed(f"the server for timings answered {answer.status} to {method} {path}")
        return content

    @cached_property
    def env(self) -> dict[str, str]:
        """Return the environment of every command; what Python compiles is kept, as where a package is installed."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        kept = {name: os.environ[name] for name in NEEDED if name in os.environ}
        own = {
            "HOME": str(home),
            "NO_PROXY": HOST,
            "COLUMNS": "120",
            "NO_COLOR": "1",
            "RCLONE_CONFIG": str(home / "rclone.conf"),
        }
        return {**kept, **own, "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', os.defpath)}"}

    def keys(self, *, tls: bool) -> dict[str, str]:
        """Return the environment in which clients of AWS find the server, its keys and its certificate."""
        trusted = {"AWS_CA_BUNDLE": str(self.certificate)} if tls else {}
        names = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}
        addresses = dict.fromkeys(("AWS_ENDPOINT_URL", "S3_ENDPOINT_URL"), self.url(tls=tls))
        return {**self.env, **names, **trusted, **addresses}


def program(name: str) -> str | None:
    """Return the path of a program beside this Python or on PATH."""
    return programs.find(name)


def python_with(module: str) -> str | None:
    """Return the first Python of PATH, after this one, that has a module."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    code = f"import {module}"
    for python in dict.fromkeys([sys.executable, *(shutil.which("python3", path=folder) or "" for folder in folders)]):
        if python and subprocess.run([python, "-c", code], capture_output=True, check=False).returncode == 0:
            return python
    return None


def memory() -> str | None:
    """Return a folder that no disk slows down, if there is one with room, unless TMPDIR names another."""
    if "TMPDIR" in os.environ or not SHARED_MEMORY.is_dir() or shutil.disk_usage(SHARED_MEMORY).free < ROOM:
        return None
    return str(SHARED_MEMORY)


@contextmanager
def running() -> Iterator[Lab]:
    """Run the server; when the block ends, however it ends, nothing of it is left."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="wheelhouse-bench-", dir=memory())))
        pem, alone = folder / "own.pem", None
        if programs.find("openssl"):
            alone = certificates.make(pem, f"IP:{HOST}")
        words: list[str | Path] = [sys.executable, BENCH / "bench_server.py", *([pem] if alone else [])]
        server = stack.enter_context(
            subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,  # Ctrl-C of the terminal is ours
            )
        )
        stack.callback(server.kill)
        assert server.stdout is not None
        ports = [int(port) for port in server.stdout.readline().split()]
        yield Lab(folder, ports[0], ports[1] if alone else None, alone)
