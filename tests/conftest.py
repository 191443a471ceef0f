"""Fixtures: servers that each worker starts once, at need, and a clean environment for each test."""

import json
import os
import re
import signal
import uuid
import venv
from collections.abc import Iterator
from pathlib import Path

import certificates
import ci_info
import fence
import google_front
import programs
import pytest
import servers
import wheels
from hypothesis import HealthCheck, settings
from projects import make_project
from scripted import Scripted, scripted

from wheelhouse_tasks.services import ci
from wheelhouse_tasks.settings.providers import PROVIDERS

# how long an example takes tells of the machine
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
# where Python may not keep what it compiled, each of the many programs that we start compiles the package anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# a shell that started us in the background had us ignore Ctrl-C, and so what the tests start
signal.signal(signal.SIGINT, signal.default_int_handler)
#: What steers the package, the programs it runs and the libraries it uses, and what tells of a pull request.
STEERING = re.compile(
    r"(WHEELHOUSE|AWS|AZURE|GOOGLE|OS|B2|INVOKE|TWINE|UV|PIP|LIBCLOUD)_.*|NETRC|.*_PROXY|"
    r"(GITHUB|GITLAB|CI|CIRCLE|BUILDKITE|TRAVIS|APPVEYOR|CIRRUS|JENKINS|TF|BUILD)_.*|CIRCLECI|TRAVIS|BUILDKITE|APPVEYOR",
    re.IGNORECASE,
)
#: What shows any build service that is known, tox, or the credentials of any provider.
HIDDEN = {
    *re.findall(r"\w+", json.dumps([[vendor["env"], vendor.get("pr")] for vendor in ci_info.vendors])),
    *(
        *ci.GENERIC,
        *ci.TOX,
        *(name for each in PROVIDERS.values() for name in each.credential_variables.union(each.read)),
    ),
}
FENCE = pytest.StashKey[fence.Fence]()


def pytest_configure(config: pytest.Config) -> None:
    """Shut the tests in before there is a thread, a server or a worker of xdist."""
    try:
        config.stash[FENCE] = fence.put_up(needed=servers.in_ci())
    except fence.NoNamespace as error:
        raise pytest.UsageError(f"{error} (in CI nothing less keeps the tests from the network)") from None


def pytest_report_header(config: pytest.Config) -> str:
    """Tell which fence stands."""
    return f"network: {config.stash[FENCE].text}"


@pytest.fixture(scope="session")
def fenced(pytestconfig: pytest.Config) -> fence.Fence:
    """Return what keeps the tests on loopback."""
    return pytestconfig.stash[FENCE]


@pytest.fixture(autouse=True)
def clean_env(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, fenced: fence.Fence) -> None:
    """Hide the settings, credentials and home of the machine from the test and what it runs."""
    for name in list(os.environ):
        if name in HIDDEN or STEERING.fullmatch(name):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    folders = {"CACHE_HOME": "cache", "CONFIG_HOME": "config", "DATA_HOME": "data", "STATE_HOME": "state"}
    clean = {
        "HOME": str(home),
        **{f"XDG_{name}": str(home / folder) for name, folder in folders.items()},
        "NO_PROXY": "127.0.0.1,localhost",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_NO_CONFIG": "1",
        "COLUMNS": "200",
        "NO_COLOR": "1",
        # nothing in a command of ours may warn
        "PYTHONWARNINGS": "error",
        **fenced.environment,
    }
    for name, value in clean.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.SeaweedFS]:
    """Run SeaweedFS; anybody may read any bucket."""
    with servers.or_skip(servers.seaweedfs(tmp_path_factory.mktemp("seaweedfs"))) as server:
        yield server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.S3Server]:
    """Run moto: S3 without authentication."""
    with servers.or_skip(servers.moto(tmp_path_factory.mktemp("moto"))) as server:
        yield server


@pytest.fixture(scope="session")
def google(moto: servers.S3Server) -> Iterator[servers.S3Server]:
    """Run what stands for Google Cloud Storage, with a bucket owner's HMAC key."""
    key, secret = "GOOGTESTKEY", "google-secret"
    with google_front.google_front(moto.port, key, secret) as port:
        yield servers.S3Server(moto.host, port, key, secret)


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Ceph]:
    """Run a Ceph Object Gateway; who has no key reads what its owner made public."""
    with servers.or_skip(servers.ceph(tmp_path_factory.mktemp("ceph"))) as server:
        yield server


@pytest.fixture(scope="session")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.SwiftServer]:
    """Run OpenStack Swift."""
    with servers.or_skip(servers.swift(tmp_path_factory.mktemp("swift"))) as server:
        yield server


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.AzureServer]:
    """Run Azurite; who has no key reads what its owner made public."""
    with servers.or_skip(servers.azurite(tmp_path_factory.mktemp("azurite"))) as server:
        yield server


@pytest.fixture(scope="session")
def pypi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.PackageIndex]:
    """Run pypiserver."""
    with servers.or_skip(servers.pypiserver(tmp_path_factory.mktemp("pypiserver"))) as index:
        yield index


@pytest.fixture(scope="session")
def devpi_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.PackageIndex]:
    """Run devpi."""
    with servers.or_skip(servers.devpi(tmp_path_factory.mktemp("devpi"))) as index:
        yield index


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Nginx]:
    """Run nginx over an empty folder, its `root`, in which each test uses a folder of its own."""
    with servers.or_skip(servers.nginx(tmp_path_factory.mktemp("web"))) as server:
        yield server


@pytest.fixture(scope="session")
def s3_web(tmp_path_factory: pytest.TempPathFactory, s3: servers.S3Server) -> Iterator[servers.Nginx]:
    """Run nginx in front of SeaweedFS: the buckets are below `/s3/`."""
    with servers.or_skip(servers.nginx(tmp_path_factory.mktemp("web"), s3.port)) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that has built a wheel."""
    made = make_project(tmp_path / "project")
    wheels.make_wheel(made / "dist")
    return made


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Run a server whose answers are a table."""
    with scripted() as script:
        yield script


@pytest.fixture
def wheel(tmp_path: Path) -> bytes:
    """Return the bytes of a real wheel, demo-1.0-py3-none-any.whl."""
    folder = tmp_path / "made"
    folder.mkdir()
    return wheels.make_wheel(folder).read_bytes()


@pytest.fixture
def bucket_name() -> str:
    """Return a name for a bucket that no other test uses, and that is yet to be created."""
    return f"bucket-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def client_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a virtual environment with nothing in it, not even pip."""
    folder = tmp_path_factory.mktemp("client") / "venv"
    venv.create(folder, with_pip=False)
    return folder


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate of 127.0.0.1, with its key in the same file."""
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    if not programs.find("openssl"):
        pytest.skip("openssl is not there")
    certificates.make(path, "IP:127.0.0.1")
    return path
