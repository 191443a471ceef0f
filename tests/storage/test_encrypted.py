"""Objects that the provider encrypts, whose ETag is no md5: what counts is whether it compares what it receives."""

from pathlib import Path

import pytest
import servers
import wheels
from encrypting import encrypting
from projects import inv, make_project
from stores import payload

from wheelhouse_tasks.errors import BadArtifact
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage.cloud import CloudStore

MODE = "x-amz-server-side-encryption"
MODES = [
    pytest.param({MODE: "aws:kms"}, id="aws:kms"),
    pytest.param({MODE: "aws:kms:dsse"}, id="aws:kms:dsse"),
    pytest.param({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, id="a key of the customer"),
    pytest.param({MODE: "of:next:year"}, id="one that nobody knows yet"),
    pytest.param({}, id="without a word"),
]


def store_at(port: int, bucket: str) -> CloudStore:
    """Return a container behind the front."""
    credentials = Credentials("key", "secret")
    return CloudStore(Container("s3", bucket, host="127.0.0.1", port=port, secure=False, credentials=credentials))


@pytest.mark.parametrize("mode", MODES)
def test_upload_to_an_encrypted_container(
    mode: dict[str, str], moto: servers.S3Server, bucket_name: str, tmp_path: Path
) -> None:
    """Files and pages arrive, `check` finds nothing, and a second upload finds everything there."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    with encrypting(moto.port, mode, compares=True) as port:
        at_front = {"PROVIDER": "s3", "CONTAINER": bucket_name, "HOST": "127.0.0.1", "PORT": str(port), "SECURE": "no"}
        env = {f"WHEELHOUSE_{name}": text for name, text in {**at_front, "USERNAME": "key", "SECRET": "secret"}.items()}
        for words, said in (("upload", "1 file uploaded"), ("check --deep", ""), ("upload", "1 already there")):
            done = inv(project, *f"wheelhouse.{words}".split(), env=env)
            assert done.returncode == 0, done.stderr
            assert said in done.stdout


@pytest.mark.parametrize("mode", MODES[1:])
def test_bytes_that_changed_are_refused_by_an_encrypting_provider(
    mode: dict[str, str], moto: servers.S3Server, bucket_name: str, tmp_path: Path
) -> None:
    """It compares the digest of the request, whatever its ETag is."""
    path = tmp_path / "x.whl"
    path.write_bytes(b"before")
    promised = payload(path)
    path.write_bytes(b"after!")
    with encrypting(moto.port, mode, compares=True) as port:
        store = store_at(port, bucket_name)
        store.create()
        with pytest.raises(BadArtifact, match="received other bytes"):
            store.put("x.whl", promised)
        assert store.list("") == []


@pytest.mark.parametrize("mode", MODES[1:])
def test_nothing_is_believed_of_a_provider_that_compares_nothing(
    mode: dict[str, str], moto: servers.S3Server, bucket_name: str
) -> None:
    """Where the ETag is no md5 and a wrong digest is taken, nobody knows what was stored, and nothing of it stays."""
    with encrypting(moto.port, mode, compares=False) as port:
        store = store_at(port, bucket_name)
        store.create()
        with pytest.raises(BadArtifact, match="received other bytes"):
            store.put("x.txt", payload(b"text"))
        assert store.list("") == []


def test_digests_are_tried_once(moto: servers.S3Server, bucket_name: str) -> None:
    """The trial is one object for all the files of a run, and is not left behind."""
    with encrypting(moto.port, {MODE: "aws:kms:dsse"}, compares=True) as port:
        store = store_at(port, bucket_name)
        store.create()
        marks = {store.put(f"{number}.txt", payload(str(number).encode())).mark for number in range(3)}
        assert {entry.mark for entry in store.list("")} == marks
        assert len(marks) == 3
