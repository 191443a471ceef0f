"""Builds of pull requests and of forks, and servers with certificates of one's own."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import servers
import wheels
from projects import MOUNT, inv, make_project, s3_env
from scripted import scripted
from test_bad_input import failed
from test_storage import s3_container

from wheelhouse_tasks.storage import open_store

PULL_REQUESTS = {
    "GitHub Actions": {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"},
    "GitLab CI": {"GITLAB_CI": "true", "CI_MERGE_REQUEST_ID": "7"},
    "CircleCI": {"CIRCLECI": "true", "CIRCLE_PULL_REQUEST": "https://example.org/7"},
    "Azure Pipelines": {"TF_BUILD": "True", "BUILD_REASON": "PullRequest"},
    "Buildkite": {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "7"},
    "Travis CI": {"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "7"},
    "AppVeyor": {"APPVEYOR": "True", "APPVEYOR_PULL_REQUEST_NUMBER": "7"},
    "Cirrus CI": {"CIRRUS_CI": "true", "CIRRUS_PR": "7"},
    "Jenkins": {"JENKINS_URL": "http://j/", "BUILD_ID": "7", "CHANGE_ID": "7"},
}
PUSHES = {
    "GitHub Actions": {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"},
    "Buildkite": {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "false"},
    "Travis CI": {"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "false"},
    "Azure Pipelines": {"TF_BUILD": "True", "BUILD_REASON": "IndividualCI"},
}


REQUEST_OF_THE_PROJECT = """
from invoke import task

@task
def ask(context, port):
    import requests

    requests.get(f"https://127.0.0.1:{port}/", verify=False)

ns.add_task(ask)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that has built a wheel."""
    made = make_project(tmp_path / "project")
    wheels.make_wheel(made / "dist")
    return made


@pytest.mark.parametrize("service", PULL_REQUESTS)
def test_pull_request_uploads_nothing(service: str, project: Path) -> None:
    """The build of a pull request says so, reaches no provider, and is a success."""
    env = {
        **PULL_REQUESTS[service],
        "WHEELHOUSE_PROVIDER": "s3",
        "WHEELHOUSE_HOST": "127.0.0.1",
        "WHEELHOUSE_PORT": "1",
    }
    done = inv(project, "wheelhouse.upload", env=env)
    said = f"nothing was uploaded: this is the build of a pull request ({service}); see --upload-pull-request\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
    result = json.loads(inv(project, "wheelhouse.upload", "--json", env=env).stdout)
    assert (result["uploaded"], service in result["reason"]) == ([], True)


@pytest.mark.parametrize("service", PUSHES)
def test_other_builds_upload(service: str, project: Path, s3: servers.S3Server, bucket_name: str) -> None:
    """The build of a push uploads, and so does that of a pull request when told."""
    env = s3_env(s3, bucket_name)
    done = inv(project, "wheelhouse.upload", "--json", env={**env, **PUSHES[service]})
    assert (len(json.loads(done.stdout)["uploaded"]), done.returncode) == (1, 0)
    wheels.make_wheel(project / "dist", version="2.0")
    words = ("wheelhouse.upload", "--json", "--upload-pull-request")
    done = inv(project, *words, env={**env, **PULL_REQUESTS[service]})
    assert (len(json.loads(done.stdout)["uploaded"]), done.returncode) == (1, 0)


def test_local_container_of_a_pull_request(project: Path) -> None:
    """A local folder is nobody else's: a pull request may fill it."""
    done = inv(project, "wheelhouse.upload", "--json", env=PULL_REQUESTS["GitHub Actions"])
    assert len(json.loads(done.stdout)["uploaded"]) == 1


@pytest.mark.parametrize(
    ("provider", "variables"),
    [
        ("s3", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("azure_blobs", "AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY"),
        ("openstack_swift", "OS_USERNAME and OS_PASSWORD"),
        ("backblaze_b2", "B2_APPLICATION_KEY_ID and B2_APPLICATION_KEY"),
        ("google_storage", "GOOGLE_APPLICATION_CREDENTIALS"),
    ],
)
def test_missing_credentials(provider: str, variables: str, project: Path) -> None:
    """Without credentials an upload fails and names the variables, unless it was told to do nothing then."""
    env = {"WHEELHOUSE_PROVIDER": provider, "WHEELHOUSE_HOST": "127.0.0.1"}
    failed(inv(project, "wheelhouse.upload", env=env), 2, f"or {variables}")
    done = inv(project, "wheelhouse.upload", env={**env, "WHEELHOUSE_MISSING_CREDENTIALS": "skip"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nothing was uploaded: there are no credentials")
    assert variables in done.stdout
    failed(
        inv(project, "wheelhouse.upload", env={**env, "WHEELHOUSE_MISSING_CREDENTIALS": "perhaps"}), 2, "fail or skip"
    )
    half = {**env, "WHEELHOUSE_MISSING_CREDENTIALS": "skip", variables.partition(" ")[0]: "me"}
    failed(inv(project, "wheelhouse.upload", env=half), 2, f"or {variables}")


@contextmanager
def over_tls(port: int, certificate: Path) -> Iterator[int]:
    """Pass on to a server of this machine what comes over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(65536):
                target.sendall(block)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve(raw: socket.socket) -> None:
        with (
            suppress(OSError),
            raw,
            context.wrap_socket(raw, server_side=True) as secure,
            socket.create_connection(("127.0.0.1", port)) as plain,
        ):
            back = threading.Thread(target=copy, args=(plain, secure))
            back.start()
            copy(secure, plain)
            back.join()

    def accept() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                raw, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(raw,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        main = threading.Thread(target=accept)
        main.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            for thread in (main, *threads):
                thread.join()


def test_storage_with_a_certificate_of_ones_own(
    project: Path, s3: servers.S3Server, bucket_name: str, certificate: Path
) -> None:
    """With ca_bundle a provider with such a certificate is trusted; else only --no-ssl-check goes on, and warns."""
    open_store(s3_container(s3, bucket_name)).create()
    with over_tls(s3.port, certificate) as port:
        env = s3_env(s3, bucket_name, WHEELHOUSE_PORT=str(port), WHEELHOUSE_SECURE="yes", WHEELHOUSE_RETRIES="0")
        failed(inv(project, "wheelhouse.upload", env=env), 1, "its TLS certificate is not trusted")
        done = inv(project, "wheelhouse.upload", "--no-ssl-check", env=env)
        assert done.returncode == 0, done.stderr
        assert "warning: TLS certificates are not checked in this run" in done.stdout
        assert "Warning" not in done.stderr
        done = inv(project, "wheelhouse.check", env={**env, "WHEELHOUSE_CA_BUNDLE": str(certificate)})
        assert done.returncode == 0, done.stderr
        failed(inv(project, "wheelhouse.check", env={**env, "WHEELHOUSE_CA_BUNDLE": "gone.pem"}), 2, "there is no file")


def test_warnings_stay_the_host_projects(
    project: Path, s3: servers.S3Server, bucket_name: str, certificate: Path
) -> None:
    """After an upload that checks no certificate and warns of none, the project is warned of its own as before."""
    open_store(s3_container(s3, bucket_name)).create()
    (project / "tasks.py").write_text(MOUNT + REQUEST_OF_THE_PROJECT)
    with over_tls(s3.port, certificate) as port:
        env = s3_env(s3, bucket_name, WHEELHOUSE_PORT=str(port), WHEELHOUSE_SECURE="yes", WHEELHOUSE_RETRIES="0")
        done = inv(project, "wheelhouse.upload", "--no-ssl-check", "ask", "--port", str(port), env=env)
    assert "1 file uploaded" in done.stdout
    assert done.returncode == 1
    assert "InsecureRequestWarning: Unverified HTTPS request is being made" in done.stderr


def test_index_with_a_certificate_of_ones_own(project: Path, certificate: Path) -> None:
    """The ca_bundle holds for index pages too, and is stronger than the variable of requests."""
    with scripted(certificate) as secure:
        content = wheels.make_wheel(project / "dist").read_bytes()
        (project / "dist/demo-1.0-py3-none-any.whl").unlink()
        secure.page("/", '<a href="demo-1.0-py3-none-any.whl">demo</a>')
        secure.answers["/demo-1.0-py3-none-any.whl"] = (200, {}, content)
        words = ("wheelhouse.fetch", "--index", secure.url)
        env = {"REQUESTS_CA_BUNDLE": "gone.pem", "WHEELHOUSE_CA_BUNDLE": str(certificate), "WHEELHOUSE_RETRIES": "0"}
        done = inv(project, *words, env=env)
        assert done.returncode == 0, done.stderr
        assert (project / "dist/demo-1.0-py3-none-any.whl").read_bytes() == content


def test_debug_log_of_libcloud_stays_empty(
    project: Path, s3: servers.S3Server, bucket_name: str, tmp_path: Path
) -> None:
    """LIBCLOUD_DEBUG would write down each request with signature and session token: nothing goes there."""
    log = tmp_path / "libcloud.log"
    env = s3_env(s3, bucket_name, LIBCLOUD_DEBUG=str(log))
    done = inv(project, "wheelhouse.upload", env=env)
    assert done.returncode == 0, done.stderr
    assert log.read_text() == ""
