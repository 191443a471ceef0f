"""A storage server that stops talking is given up."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import programs
import pytest
import servers
import wheels
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


def test_silence_in_mid_upload_is_given_up(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """An upload whose answer never comes is given up too: libcloud itself would wait for ever."""
    project = make_project(tmp_path / "project")
    env = s3_env(s3, bucket_name)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    wheels.make_wheel(project / "dist", "demo", "2.0")
    with servers.faultproxy(s3.port) as proxy:
        proxy.set("blackhole", skip=1)  # the listing comes through, the workers' own connections do not
        env |= {"WHEELHOUSE_PORT": str(proxy.port), "WHEELHOUSE_TIMEOUT": str(programs.SILENCE)}
        done = inv(project, "wheelhouse.upload", env=env)
        assert proxy.stats()["faulted"] == 1
    failed(done, 1, f"no answer within {programs.SILENCE} s")
