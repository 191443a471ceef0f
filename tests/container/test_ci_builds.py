"""Builds on CI services: those of pull requests, those that name no container, and those that made nothing."""

import json
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import ci_info
import pytest
import servers
import wheels
from in_process import inv_here
from outcomes import failed
from projects import inv, s3_env

from wheelhouse_tasks.commands.upload import upload
from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.services import ci
from wheelhouse_tasks.services.passing import patterns
from wheelhouse_tasks.settings.providers import PROVIDERS
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.settings.table import ROWS

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
    ("AWS CodeBuild", {"CODEBUILD_BUILD_ARN": "x", "CODEBUILD_WEBHOOK_TRIGGER": "pr/7"}),
    ("Vela", {"VELA": "true", "VELA_BUILD_EVENT": "pull_request"}),
    ("Sourcehut", {"CI_NAME": "sourcehut", "BUILD_REASON": "patchset"}),
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
    {"CODEBUILD_BUILD_ARN": "x", "CODEBUILD_SOURCE_VERSION": "main", "CODEBUILD_WEBHOOK_TRIGGER": "branch/main"},
    {"VELA": "true", "VELA_BUILD_EVENT": "push"},
    {"PROW_JOB_ID": "x", "JOB_TYPE": "postsubmit"},
    {"CM_BUILD_ID": "x", "CM_PULL_REQUEST": "false"},
    {"BITRISE_IO": "true", "BITRISE_PULL_REQUEST": ""},
    {},
]


@pytest.mark.parametrize("service", PULL_REQUESTS)
def test_pull_request_uploads_nothing(service: str, project: Path) -> None:
    """The build of a pull request says so, reaches no provider, and is a success."""
    env = {
        **PULL_REQUESTS[service],
        "WHEELHOUSE_PROVIDER": "s3",
        "WHEELHOUSE_HOST": "127.0.0.1",
        "WHEELHOUSE_PORT": "1",
    }
    done = inv_here(project, "wheelhouse.upload", env=env)
    said = f"nothing was uploaded: this is the build of a pull request ({service}); see --upload-pull-request\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
    result = json.loads(inv_here(project, "wheelhouse.upload", "--json", env=env).stdout)
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
    done = inv_here(project, "wheelhouse.upload", "--json", env={**env, **PUSHES[service]})
    assert (len(json.loads(done.stdout)["uploaded"]), done.returncode) == (1, 0)
    wheels.make_wheel(project / "dist", version="2.0")
    words = ("wheelhouse.upload", "--json", "--upload-pull-request")
    done = inv_here(project, *words, env={**env, **PULL_REQUESTS[service]})
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


@pytest.mark.parametrize(
    ("build", "setting"),
    [("GitHub Actions", "provider"), ("GitHub Actions", "container"), ("tox", "provider")],
)
@pytest.mark.parametrize("level", ["flag", "environment", "INVOKE_ variable", "invoke configuration", "pyproject.toml"])
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
    done = inv_here(project, "wheelhouse.upload", *words, env={"TRAVIS": "true", "CI": "true"})
    failed(done, 2, "this build (Travis CI) would lose the default folder (set WHEELHOUSE_PROVIDER and")
    assert ("--json" in words) == (done.stdout != "")
    assert not (project / "wheelhouse").exists()


def odd_names(folder: Path) -> None:
    """Make what looks like artifacts and is none: a folder of wheels, a bad name, a link to nowhere."""
    (folder / "cp312").mkdir()
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
    done = inv_here(project, "wheelhouse.upload", "--container", "kept", env=BUILDS["GitHub Actions"])
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


@pytest.mark.parametrize("more", [{}, BUILDS["GitHub Actions"]], ids=["all is hidden", "the service is shown"])
def test_container_alone_is_half_of_what_tox_may_hide(more: dict[str, str], project: Path) -> None:
    """In tox a container without a provider fills no folder of its name."""
    environ = {**BUILDS["tox"], **more, "WHEELHOUSE_CONTAINER": "nightly"}
    with pytest.raises(UsageError, match=r"^container: provider is not set, unless tox hides it .*pass_env of tox"):
        upload(resolve({}, environ, {}, project))
    assert not (project / "nightly").exists()


#: A build of each service that is not that of a pull request, with what tox must pass to show it.
EVENTS = {
    "GitHub Actions": {**GITHUB, "GITHUB_EVENT_NAME": "push"},
    "Gitea Actions": {**GITEA, "GITHUB_EVENT_NAME": "push"},
    "Forgejo Actions": {**FORGEJO, "FORGEJO_EVENT_NAME": "push"},
    "GitLab CI": {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push"},
    "Woodpecker": {**WOODPECKER, "CI_PIPELINE_EVENT": "push"},
    "Drone": {"DRONE": "true", "DRONE_BUILD_EVENT": "push"},
    "Azure Pipelines": {"TF_BUILD": "True", "BUILD_REASON": "IndividualCI"},
    "Bitbucket Pipelines": {"BITBUCKET_COMMIT": "x", "BITBUCKET_TAG": "v1"},
    "CircleCI": {"CIRCLECI": "true", "CIRCLE_TAG": "v1"},
    "Cirrus CI": {"CIRRUS_CI": "true", "CIRRUS_BRANCH": "main"},
    "Buildkite": {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST": "false"},
    "Travis CI": {"TRAVIS": "true", "TRAVIS_PULL_REQUEST": "false"},
    "AppVeyor": {"APPVEYOR": "True", "APPVEYOR_REPO_BRANCH": "main"},
    "Semaphore": {"SEMAPHORE": "true", "SEMAPHORE_GIT_REF_TYPE": "branch"},
    "Prow": {"PROW_JOB_ID": "x", "JOB_TYPE": "postsubmit"},
}


def test_every_service_with_an_event_is_tried() -> None:
    """The table of the next test has each service whose builds show what they build."""
    assert EVENTS.keys() == ci.EVENTS.keys()


@pytest.mark.parametrize("service", EVENTS)
def test_tox_must_show_the_event(service: str) -> None:
    """In tox a service without its event may build a pull request; with it, and outside of tox, all is known."""
    shown = EVENTS[service]
    assert ci.service(shown) == service
    hidden = dict(list(shown.items())[:-1])
    assert not ci.is_hidden_by_tox(hidden)
    assert ci.is_hidden_by_tox({**hidden, **BUILDS["tox"]})
    assert not ci.is_hidden_by_tox({**shown, **BUILDS["tox"]})


SHOWN = [
    *PULL_REQUESTS.items(),
    *MORE_PULL_REQUESTS,
    *PUSHES.items(),
    *EVENTS.items(),
    *[(str(vendor["name"]), sample(vendor)) for vendor in ci_info.vendors],
]


@pytest.mark.parametrize(("service", "environ"), SHOWN, ids=str)
def test_patterns_for_tox_pass_what_shows_a_build(service: str, environ: dict[str, str]) -> None:
    """With what README's environment passes, a build is known as it is without tox."""
    passed = {name: value for name, value in environ.items() if any(fnmatch(name, each) for each in patterns())}
    assert passed == environ, service


def test_patterns_for_tox_pass_what_is_read() -> None:
    """README's environment passes each variable of a setting, of our credentials and of a provider."""
    names = {name for row in ROWS.values() for name in row.variables}
    names |= {"WHEELHOUSE_SECRET", "WHEELHOUSE_UPLOADER_USERNAME", "TWINE_PASSWORD", "SOURCE_DATE_EPOCH"}
    names |= {"ACTIONS_ID_TOKEN_REQUEST_URL", "PYPI_ID_TOKEN"}
    names |= {name for record in PROVIDERS.values() for name in record.read}
    assert [name for name in names if not any(fnmatch(name, each) for each in patterns())] == []


def test_credentials_that_tox_hides(project: Path) -> None:
    """An upload that is skipped for want of credentials names tox where it may be what hides them."""
    environ = {**PUSHES["GitHub Actions"], "WHEELHOUSE_PROVIDER": "s3", "WHEELHOUSE_MISSING_CREDENTIALS": "skip"}
    reasons = [upload(resolve({}, {**environ, **more}, {}, project)).reason or "" for more in ({}, BUILDS["tox"])]
    assert ["AWS_SECRET_ACCESS_KEY" in reason for reason in reasons] == [True, True]
    assert ["pass_env of tox" in reason for reason in reasons] == [False, True]
