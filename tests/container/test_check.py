"""What `check` requests: as much at once as there are workers, and its findings keep their order."""

import json
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
import servers
import wheels
from projects import inv, make_project, s3_env
from scripted import Answer, Handler, scripted

WORKERS, PATIENCE = 4, 3


class Held(dict[str, Answer]):
    """The answers of a server, asked for as they are wanted; some are held until so many are wanted at once."""

    def __init__(self, port: int, held: Callable[[str], bool]) -> None:
        super().__init__()
        self.port = port
        self.held = held
        self.most = self._now = 0
        self._changed = threading.Condition()

    def get(self, path: str, _: object = None) -> Answer:
        """Return the answer to any path."""
        return lambda handler: self._forward(handler, path)

    def _forward(self, handler: Handler, path: str) -> None:
        if self.held(path):
            self._hold()
        with closing(HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request("GET", path, headers=dict(handler.headers))
            answer = connection.getresponse()
            body = answer.read()
            passed = {name: value for name, value in answer.getheaders() if name not in ("Connection", "Date")}
            handler.send(answer.status, passed, body)

    def _hold(self) -> None:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= WORKERS, PATIENCE)
            self._now -= 1


@pytest.mark.parametrize(
    ("names", "held"),
    [
        pytest.param(["demo"], lambda path: ".metadata" in path, id="metadata of one project"),
        pytest.param([f"demo{number}" for number in range(WORKERS)], lambda path: "/simple/" in path, id="pages"),
        pytest.param([f"demo{number}" for number in range(WORKERS)], lambda path: ".metadata" in path, id="projects"),
    ],
)
def test_check_requests_as_much_at_once_as_there_are_workers(
    names: list[str], held: Callable[[str], bool], s3: servers.S3Server, bucket_name: str, tmp_path: Path
) -> None:
    """No request waits for that of another file, or of another project."""
    for name in names:
        project = make_project(tmp_path / name, name=name)
        for number in range(WORKERS // len(names)):
            wheels.make_wheel(project / "dist", name, f"1.{number}")
        assert inv(project, "wheelhouse.upload", env=s3_env(s3, bucket_name)).returncode == 0
    with scripted() as front:
        front.answers = answers = Held(s3.port, held)
        env = s3_env(s3, bucket_name, WHEELHOUSE_PORT=str(front.port), WHEELHOUSE_MAX_WORKERS=str(WORKERS))
        done = inv(project, "wheelhouse.check", env=env)
    assert (done.returncode, answers.most) == (0, WORKERS), done.stderr
    assert f"{WORKERS} files, all well" in done.stdout


def test_findings_keep_their_order(tmp_path: Path) -> None:
    """Findings are named project by project, and by file name within, however many are found at once."""
    for name in ("b", "a", "c"):
        project = make_project(tmp_path / name, name=name)
        for number in range(5):
            wheels.make_wheel(project / "dist", name, f"1.{number}")
        env = {"WHEELHOUSE_CONTAINER": str(tmp_path / "store")}
        assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    damaged = [f"files/{name}/{name}-1.{number}-py3-none-any.whl.metadata" for name in "abc" for number in (0, 2, 4)]
    for path in damaged:
        (tmp_path / "store" / path).write_text("Name: evil")
    (tmp_path / "store/simple-json/b/index.html").write_text("{")
    found = json.loads(inv(project, "wheelhouse.check", "--json", env=env).stdout)["findings"]
    named = [finding["name"].removeprefix(f"{tmp_path}/store/") for finding in found if finding["name"] != "index.html"]
    assert named == [*damaged[:3], "simple-json/b/index.html", *damaged[6:]]
