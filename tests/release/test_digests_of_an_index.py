"""An index shows the digests that it likes: files are compared by whichever it is, and without any by their bytes."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import scripted_index
import servers
import wheels
from folders import digests
from outcomes import failed
from projects import index_env, inv, make_project
from scripted_index import Fault, Script, Stored

from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.pypi import shown

RELEASE = ("wheelhouse.release", "--version", "1.0", "--no-fetch")
ALGORITHMS = ("md5", "sha1", "sha224", "sha384", "sha512", "blake2b", "sha3_256", "off")


@pytest.fixture(params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest) -> str:
    """Return what the index shows."""
    return str(request.param)


@pytest.fixture
def index(algorithm: str, tmp_path: Path) -> Iterator[servers.PackageIndex]:
    """Run pypiserver with another kind of digest."""
    (tmp_path / "index").mkdir()
    with servers.or_skip(servers.pypiserver(tmp_path / "index", f"--hash-algo={algorithm}")) as server:
        yield server


def test_release_is_verified_and_continued(algorithm: str, index: servers.PackageIndex, tmp_path: Path) -> None:
    """A release is verified; a rerun uploads what is missing and no more; other bytes are a conflict before all."""
    project = make_project(tmp_path / "project")
    first, second = wheels.make_wheel(project / "dist"), wheels.make_sdist(project / "dist")
    second.rename(project / second.name)
    done = inv(project, *RELEASE, env=index_env(index))
    assert done.returncode == 0, done.stderr
    assert f"{'sha256' if algorithm == 'off' else algorithm} compared" in done.stdout
    (project / second.name).rename(second)
    done = inv(project, *RELEASE, "--json", env=index_env(index))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["uploaded"], said["present"], said["sha256"]) == (
        [second.name],
        [first.name],
        digests(project / "dist"),
    )
    wheels.make_wheel(project / "dist", payload=b"other")
    wheels.make_wheel(project / "dist", tag="cp312-cp312-win_amd64")
    done = inv(project, *RELEASE, env=index_env(index))
    failed(done, 1, f"{first.name} is on {index.upload_url} with {'sha256' if algorithm == 'off' else algorithm} ")
    assert "nothing was uploaded" in done.stderr


@pytest.mark.parametrize("shows", ["md5", "sha512", ""])
def test_file_that_arrived_though_it_was_refused(shows: str, tmp_path: Path) -> None:
    """Where an answer says that an upload failed, the digest that the index shows decides whether it arrived."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist")
    with scripted_index.running(tmp_path / "index") as running:
        env = {**index_env(running.access), "WHEELHOUSE_RETRIES": "0", "WHEELHOUSE_TIMEOUT": "2"}
        running.script = Script([Fault(500, "Oops", stores=True)], algorithm=shows)
        done = inv(project, *RELEASE, env=env)
        assert done.returncode == 0, done.stderr
        assert running.shown == digests(project / "dist")
        running.delete(wheel.name)
        running.gone.clear()
        running.script = Script([Fault(500, "Oops")], algorithm=shows)
        (running.folder / wheel.name).write_bytes(b"other bytes")
        running.files[wheel.name] = Stored("demo", hashlib.sha256(b"other bytes").hexdigest(), 11, 2)
        failed(inv(project, *RELEASE, env=env), 1, f"{wheel.name}: is on {running.access.upload_url} with ")


def local(path: Path) -> LocalFile:
    """Return what is known of a file."""
    [file] = dist.read([(path, artifact.parse(path.name))], 1)
    return file


@pytest.mark.parametrize(("name", "length"), [("md5", 32), ("sha1", 40), ("sha512", 128), ("blake2b", 64)])
def test_file_is_compared_by_any_digest(name: str, length: int, tmp_path: Path) -> None:
    """A digest that is not known of a file is read; blake2b comes in several lengths."""
    file = local(wheels.make_wheel(tmp_path))
    right = dist.digest_of(file.path, name, length)
    assert shown.difference(file, {name: right}) == ""
    assert shown.difference(file, {name: "0" * length}) == f"with {name} {'0' * length}, here with {right}"
    assert shown.difference(file, {"sha256": file.sha256}) == ""
    assert shown.difference(file, {}) == "without a digest to compare"
