"""A storage server that stops talking is given up."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar

import programs
import pytest
import servers
import wheels
from fronts import served
from outcomes import failed
from projects import inv, make_project, s3_env


@contextmanager
def stalled_s3(s3: servers.S3Server, after: int) -> Iterator[servers.FaultProxy]:
    """Put a proxy before the server whose answers stop after some bytes."""
    with servers.faultproxy(s3.port) as proxy:
        proxy.set("hang", after=after)
        yield proxy


@pytest.mark.parametrize("task", ["upload", "fetch"])
@pytest.mark.parametrize("after", [0, 20], ids=["silent", "mid-answer"])
def test_silent_storage_is_given_up(
    task: str, after: int, s3: servers.S3Server, bucket_name: str, tmp_path: Path
) -> None:
    """A storage server that stops talking is given up after `timeout`, not waited for."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    with stalled_s3(s3, after) as proxy:
        env = {**s3_env(s3, bucket_name), "WHEELHOUSE_PORT": str(proxy.port), "WHEELHOUSE_TIMEOUT": "1"}
        done = inv(project, f"wheelhouse.{task}", env=env)
    failed(done, 1, "no answer within 1 s")


class Mute(BaseHTTPRequestHandler):
    """Stands in front of a server that believes any signature: hands on what is read, and never answers a write."""

    protocol_version = "HTTP/1.1"
    target: ClassVar[int]
    #: The paths of the writes.
    writes: ClassVar[list[str]]
    end: ClassVar[threading.Event]

    def do_GET(self) -> None:
        """Hand a request on."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.target, timeout=programs.STUCK)) as connection:
            connection.request(self.command, self.path, headers=dict(self.headers.items()))
            answer = connection.getresponse()
            content = answer.read()
        self.send_response(answer.status)
        for name, text in answer.getheaders():
            if name.lower() in ("etag", "last-modified", "content-type"):
                self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_PUT(self) -> None:
        """Read, and never answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.writes.append(self.path)
        self.end.wait(programs.STUCK)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Be silent."""


def test_silence_in_mid_upload_is_given_up(moto: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """An upload whose answer never comes is given up too: libcloud itself would wait for ever."""
    project = make_project(tmp_path / "project")
    env = s3_env(moto, bucket_name)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    wheels.make_wheel(project / "dist", "demo", "2.0")
    writes, end = list[str](), threading.Event()
    with served(Mute, target=moto.port, writes=writes, end=end) as port:
        env |= {"WHEELHOUSE_PORT": str(port), "WHEELHOUSE_TIMEOUT": str(programs.SILENCE)}
        done = inv(project, "wheelhouse.upload", env=env)
        end.set()
    assert [path.rpartition("/")[2] for path in writes] == ["demo-2.0-py3-none-any.whl"]
    failed(done, 1, f"no answer within {programs.SILENCE} s")
