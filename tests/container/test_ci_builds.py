"""Builds of pull requests and of forks, and servers with certificates of one's own."""

import json
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ci_info
import pytest
import servers
import wheels
from outcomes import failed
from projects import MOUNT, NEWER_PYTHON, inv, make_project, s3_env
from scripted import scripted
from stores import s3_container

from wheelhouse_tasks import child
from wheelhouse_tasks.commands.upload import upload
from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.settings import ci
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.storage.opening import open_store

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
GITHUB = {"CI": "true", "GITHUB_ACTIONS": "true"}
GITEA = {**GITHUB, "GITEA_ACTIONS": "true"}
FORGEJO = {**GITEA, "FORGEJO_ACTIONS": "true"}
WOODPECKER = {"CI": "woodpecker"}
JENKINS = {"JENKINS_URL": "http://j/", "BUILD_ID": "7"}
#: Builds of pull requests, each with the name that the service gets.
MORE_PULL_REQUESTS = [
    ("GitHub Actions", {**GITHUB, "GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main"}),
    ("GitHub Actions", {**GITHUB, "GITHUB_EVENT_NAME": "pull_request_review"}),
    ("GitHub Actions", {**GITHUB, "GITHUB_EVENT_NAME": "pull_request_review_comment"}),
    ("GitHub Actions", {**GITHUB, "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/pull/7/merge"}),
    ("Gitea Actions", {**GITEA, "GITHUB_EVENT_NAME": "pull_request"}),
    ("Gitea Actions", {**GITEA, "GITHUB_EVENT_NAME": "pull_request_target"}),
    ("Gitea Actions", {**GITEA, "GITHUB_EVENT_NAME": "pull_request_sync", "GITHUB_REF": "refs/pull/7/head"}),
    ("Forgejo Actions", {**FORGEJO, "GITHUB_EVENT_NAME": "pull_request"}),
    ("Forgejo Actions", {"FORGEJO_ACTIONS": "true", "FORGEJO_EVENT_NAME": "pull_request_target"}),
    ("Woodpecker", {**WOODPECKER, "CI_PIPELINE_EVENT": "pull_request", "CI_COMMIT_PULL_REQUEST": "7"}),
    ("Woodpecker", {**WOODPECKER, "CI_PIPELINE_EVENT": "pull_request_closed"}),
    ("Woodpecker", {**WOODPECKER, "CI_PIPELINE_EVENT": "pull_request_metadata"}),
    ("Woodpecker", {**WOODPECKER, "CI_COMMIT_PULL_REQUEST": "7"}),
    ("Woodpecker", {**WOODPECKER, "CI_BUILD_EVENT": "pull_request"}),
    ("GitLab CI", {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7", "CI_PIPELINE_SOURCE": "parent_pipeline"}),
    ("GitLab CI", {"GITLAB_CI": "true", "CI_EXTERNAL_PULL_REQUEST_IID": "7"}),
    ("GitLab CI", {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event"}),
    ("Drone", {"DRONE": "true", "DRONE_PULL_REQUEST": "7"}),
    ("Harness CI", {"HARNESS_BUILD_ID": "7", "DRONE_BUILD_EVENT": "pull_request"}),
    ("Azure Pipelines", {"TF_BUILD": "True", "BUILD_REASON": "Manual", "BUILD_SOURCEBRANCH": "refs/pull/7/merge"}),
    ("Azure Pipelines", {"TF_BUILD": "True", "SYSTEM_PULLREQUEST_PULLREQUESTID": "7"}),
    ("Jenkins", {**JENKINS, "gitlabMergeRequestIid": "7"}),
    ("Jenkins", {**JENKINS, "BITBUCKET_PULL_REQUEST_ID": "7"}),
    ("Jenkins", {**JENKINS, "CHANGE_ID": "PR-7"}),
    ("CircleCI", {"CIRCLECI": "true", "CIRCLE_PR_NUMBER": "7"}),
    ("CircleCI", {"CIRCLECI": "true", "CIRCLE_BRANCH": "pull/7"}),
    ("Travis CI", {"TRAVIS": "true", "TRAVIS_EVENT_TYPE": "pull_request"}),
    ("Semaphore", {"SEMAPHORE": "true", "SEMAPHORE_GIT_PR_NUMBER": "7"}),
    ("Semaphore", {"SEMAPHORE": "true", "SEMAPHORE_GIT_REF_TYPE": "pull-request"}),
    ("AWS CodeBuild", {"CODEBUILD_BUILD_ARN": "x", "CODEBUILD_SOURCE_VERSION": "pr/7"}),
    ("Bitbucket Pipelines", {"BITBUCKET_COMMIT": "x", "BITBUCKET_PR_ID": "7"}),
    ("Prow", {"PROW_JOB_ID": "x", "JOB_TYPE": "presubmit"}),
    ("Bamboo", {"bamboo_planKey": "x", "bamboo_repository_pr_key": "7"}),
    ("Codemagic", {"CM_BUILD_ID": "x", "CM_PULL_REQUEST": "true"}),
]
OTHER_BUILDS = [
    {**GITHUB, "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/pull/7", "GITHUB_HEAD_REF": ""},
    {**GITHUB, "GITHUB_EVENT_NAME": "issue_comment", "GITHUB_REF": "refs/heads/main"},
    {**GITHUB, "GITHUB_EVENT_NAME": "merge_group", "GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-7-abc"},
    {**GITHUB, "GITHUB_EVENT_NAME": "schedule"},
    {**GITEA, "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"},
    {**FORGEJO, "GITHUB_EVENT_NAME": "release", "GITHUB_REF": "refs/tags/v1"},
    {**WOODPECKER, "CI_PIPELINE_EVENT": "push", "CI_PREV_PIPELINE_EVENT": "pull_request", "CI_COMMIT_PULL_REQUEST": ""},
    {**WOODPECKER, "CI_PIPELINE_EVENT": "cron", "DRONE_PULL_REQUEST": "0"},
    {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_OPEN_MERGE_REQUESTS": "a/b!7"},
    {"DRONE": "true", "DRONE_BUILD_EVENT": "push", "DRONE_PULL_REQUEST": ""},
    {"TF_BUILD": "True", "BUILD_REASON": "Schedule", "BUILD_SOURCEBRANCH": "refs/heads/main"},
    {**JENKINS, "GERRIT_EVENT_TYPE": "change-merged", "gitlabActionType": "PUSH"},
    {"CIRCLECI": "true", "CIRCLE_BRANCH": "main"},
    {"TRAVIS": "true", "TRAVIS_EVENT_TYPE": "cron", "TRAVIS_PULL_REQUEST": "false"},
    {"SEMAPHORE": "true", "SEMAPHORE_GIT_REF_TYPE": "branch"},
    {"CODEBUILD_BUILD_ARN": "x", "CODEBUILD_SOURCE_VERSION": "main"},
    {"PROW_JOB_ID": "x", "JOB_TYPE": "postsubmit"},
    {"CM_BUILD_ID": "x", "CM_PULL_REQUEST": "false"},
    {"BITRISE_IO": "true", "BITRISE_PULL_REQUEST": ""},
    {},
]


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


@pytest.mark.parametrize(("service", "environ"), MORE_PULL_REQUESTS, ids=str)
def test_every_service_shows_its_pull_requests(service: str, environ: dict[str, str], project: Path) -> None:
    """Whatever a service calls the build of a pull request, nothing is sent, and the service is named."""
    result = upload(resolve({}, {**environ, "WHEELHOUSE_PROVIDER": "s3", "WHEELHOUSE_HOST": "127.0.0.1"}, {}, project))
    assert result.uploaded == ()
    assert result.reason == f"this is the build of a pull request ({service}); see --upload-pull-request"


@pytest.mark.parametrize("environ", OTHER_BUILDS, ids=str)
def test_other_builds_are_no_pull_requests(environ: dict[str, str]) -> None:
    """Pushes, schedules, comments and merge queues build what the repository holds, or has approved."""
    assert not ci.is_pull_request(environ)


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
    """A local folder is nobody else's: a pull request may fill one that somebody named."""
    words = ("wheelhouse.upload", "--json", "--container", "kept")
    done = inv(project, *words, env=PULL_REQUESTS["GitHub Actions"])
    assert len(json.loads(done.stdout)["uploaded"]) == 1


def sample(vendor: dict[str, Any]) -> dict[str, str]:
    """Return the environment by which a build service is known."""
    known = vendor["env"]
    if isinstance(known, dict) and "env" in known:
        return {known["env"]: known["includes"]}
    if isinstance(known, dict):
        return dict.fromkeys(known["any"][:1], "1") if "any" in known else known
    return dict.fromkeys([known] if isinstance(known, str) else known, "1")


BUILDS = {
    **{vendor["name"]: sample(vendor) for vendor in ci_info.vendors},
    "nobody's": {"CI": "true"},
    "CI in other words": {"CI": "yes"},
    "CI with a number": {"CI": "1"},
    "CONTINUOUS_INTEGRATION": {"CONTINUOUS_INTEGRATION": "true"},
    "Jenkins without its URL": {"BUILD_NUMBER": "17"},
    "a service that says no": {"CI": "false", "GITHUB_ACTIONS": "true"},
    "empty settings": {"CI": "true", "WHEELHOUSE_CONTAINER": "", "WHEELHOUSE_PROVIDER": ""},
    "credentials alone": {"CI": "true", "WHEELHOUSE_USERNAME": "me", "WHEELHOUSE_SECRET": "hush-hush"},
    "an address alone": {"CI": "true", "WHEELHOUSE_HOST": "127.0.0.1", "WHEELHOUSE_PREFIX": "nightly"},
    **{f"pull request at {name}": environ for name, environ in PULL_REQUESTS.items()},
    "tox": {"TOX_ENV_NAME": "py"},
    "tox that passes CI": {"TOX_ENV_DIR": "/x/.tox/py", "CI": "true"},
}


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("dry_run", [False, True], ids=["upload", "dry run"])
def test_default_folder_is_no_place_for_a_build(build: str, dry_run: bool, project: Path) -> None:
    """A build that names no container uploads nothing, and is told what to set, in a dry run too."""
    found = resolve({}, BUILDS[build], {}, project)
    with pytest.raises(UsageError, match=r"^container: neither provider nor container is set") as refused:
        upload(found, dry_run=dry_run)
    assert ("pass_env" in str(refused.value)) == build.startswith("tox")
    for word in ("WHEELHOUSE_", "provider", "container", "[tool.wheelhouse]"):
        assert word in refused.value.remedy
    assert not (project / "wheelhouse").exists()


@pytest.mark.parametrize("environ", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}, {"GITHUB_ACTIONS": ""}], ids=str)
def test_default_folder_is_for_people(environ: dict[str, str], project: Path) -> None:
    """Outside of CI the default folder is filled, as ever; an empty variable shows no build."""
    assert len(upload(resolve({}, environ, {}, project)).uploaded) == 1
    assert (project / "wheelhouse/index.html").is_file()


@pytest.mark.parametrize("setting", ["provider", "container"])
@pytest.mark.parametrize("level", ["flag", "environment", "INVOKE_ variable", "invoke configuration", "pyproject.toml"])
@pytest.mark.parametrize("build", ["GitHub Actions", "tox"])
def test_container_that_somebody_named_is_filled(setting: str, level: str, build: str, project: Path) -> None:
    """Whichever level names the provider or the container, be it as by default: a build uploads to it."""
    value = {"provider": "local", "container": "wheelhouse"}[setting]
    names = {"environment": f"WHEELHOUSE_{setting.upper()}", "INVOKE_ variable": f"INVOKE_WHEELHOUSE_{setting.upper()}"}
    environ = {**BUILDS[build], **({names[level]: value} if level in names else {})}
    flags = {setting: value} if level == "flag" else {}
    config = {setting: value} if level == "invoke configuration" else {}
    if level == "pyproject.toml":
        (project / "pyproject.toml").write_text(f'[tool.wheelhouse]\n{setting} = "{value}"\n')
    assert len(upload(resolve(flags, environ, config, project)).uploaded) == 1


@pytest.mark.parametrize("words", [(), ("--dry-run",), ("--json",), ("--prefix", "nightly")], ids=" ".join)
def test_build_that_names_no_container_fails(words: tuple[str, ...], project: Path) -> None:
    """The task ends with 2 and one line, and leaves nothing behind."""
    done = inv(project, "wheelhouse.upload", *words, env={"GITHUB_ACTIONS": "true", "CI": "true"})
    failed(done, 2, "this build (GitHub Actions) would lose the default folder (set WHEELHOUSE_PROVIDER and")
    assert ("--json" in words) == (done.stdout != "")
    assert not (project / "wheelhouse").exists()


def odd_names(folder: Path) -> None:
    """Make what looks like artifacts and is none: a folder of wheels, a bad name, a link to nowhere."""
    (folder / "cp312").mkdir()
    wheels.make_wheel(folder / "cp312")
    (folder / "demo-1.0-py3-none-any (1).whl").touch()
    (folder / "demo-2.0-py3-none-any.whl").symlink_to("/nowhere")


@pytest.mark.parametrize(
    ("prepare", "problem", "skipped"),
    [
        pytest.param(lambda folder: folder.rmdir(), "there is no such folder", 0, id="no folder"),
        pytest.param(lambda _: None, "holds no wheel or sdist", 0, id="empty folder"),
        pytest.param(odd_names, "holds no wheel or sdist", 3, id="nothing but odd names"),
    ],
)
def test_build_that_made_nothing_fails(
    prepare: Callable[[Path], object], problem: str, skipped: int, project: Path
) -> None:
    """A job whose build went wrong does not end well, and each file that was left out is named."""
    (project / "dist/demo-1.0-py3-none-any.whl").unlink()
    prepare(project / "dist")
    done = inv(project, "wheelhouse.upload", "--container", "kept", env=BUILDS["GitHub Actions"])
    assert (done.returncode, done.stdout.count("skipped ")) == (1, skipped)
    assert f"dist: {problem} (build the project first, or use --local-folder)" in done.stderr
    assert not (project / "kept").exists()


def test_build_whose_files_stay_behind_says_so(project: Path) -> None:
    """A development build that is there with other bytes is counted in the last line, as is what was skipped."""
    place = ("wheelhouse.upload", "--container", "kept")
    version = "2.0.dev0+20260101000000"
    wheels.make_wheel(project / "dist", version=version)
    assert inv(project, *place, env=BUILDS["GitHub Actions"]).returncode == 0
    wheels.make_wheel(project / "dist", version=version, extra_files={"other.py": b"1"})
    odd_names(project / "dist")
    done = inv(project, *place, env=BUILDS["GitHub Actions"])
    assert done.returncode == 0, done.stderr
    assert "0 files uploaded, 1 already there, 3 skipped, 1 kept as published\n" in done.stdout


def test_credentials_that_tox_hides(project: Path) -> None:
    """An upload that is skipped for want of credentials names tox where it may be what hides them."""
    environ = {"WHEELHOUSE_PROVIDER": "s3", "WHEELHOUSE_MISSING_CREDENTIALS": "skip"}
    reasons = [upload(resolve({}, {**environ, **more}, {}, project)).reason or "" for more in ({}, BUILDS["tox"])]
    assert ["AWS_SECRET_ACCESS_KEY" in reason for reason in reasons] == [True, True]
    assert ["pass_env of tox" in reason for reason in reasons] == [False, True]


def test_tests_see_no_build_service() -> None:
    """What a test runs is a person's command, wherever the tests run."""
    assert (ci.service(os.environ), ci.in_tox(os.environ)) == (None, False)


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


@pytest.mark.parametrize("kind", ["DeprecationWarning", "UserWarning", "ResourceWarning"])
def test_warning_in_a_program_of_others_is_no_error(kind: str, tmp_path: Path) -> None:
    """Where each warning is an error, twine, pip and the like run all the same, whatever they warn of."""
    (tmp_path / "other.py").write_text(f"import warnings\nwarnings.warn('old', {kind})\nprint('done')\n")
    done = child.run([sys.executable, "other.py"], {**os.environ, "PYTHONWARNINGS": "error"}, 60, tmp_path)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


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
    """LIBCLOUD_DEBUG would write down each request with signature and session token: nothing goes there, nor warns."""
    log = tmp_path / "libcloud.log"
    env = s3_env(s3, bucket_name, LIBCLOUD_DEBUG=str(log), **NEWER_PYTHON)
    done = inv(project, "wheelhouse.upload", env=env)
    assert done.returncode == 0, done.stderr
    assert log.read_text() == ""
