"""What the environment shows of a build: the service that runs it, a pull request, tox."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wheelhouse_tasks.settings.casts import NO

#: What nearly every build service sets, also one that nobody knows by name.
GENERIC = ("CI", "CONTINUOUS_INTEGRATION", "BUILD_NUMBER")
#: What a service is called that nobody knows by name.
UNNAMED = "CI"
#: What tox sets for the commands that it runs.
TOX = ("TOX_ENV_NAME", "TOX_ENV_DIR", "TOX_WORK_DIR")


#: The services that ci_info does not know by name, or takes for another one.
NAMED = {"FORGEJO_ACTIONS": "Forgejo Actions"}

NUMBER, SOME = r"[1-9]\d*", r".+"
#: What a service sets in the build of a pull request only, beside what ci_info 0.4.0 knows of it: the variable and its
#: values. An event of GitHub that runs the default branch (`issue_comment`, `workflow_run`) is none of them, and
#: neither is a merge queue, which runs what was approved. TeamCity, GoCD and Cloudflare show none in the environment.
PULL_REQUESTS: dict[str, str] = {
    # https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
    # Gitea and Forgejo have the same variables, and more events of that name:
    # https://docs.gitea.com/usage/actions/comparison, https://forgejo.org/docs/latest/user/actions/reference/
    "GITHUB_EVENT_NAME": r"pull_request(_.+)?",
    "GITHUB_REF": r"refs/pull/.+",
    "GITHUB_HEAD_REF": SOME,
    "GITEA_EVENT_NAME": r"pull_request(_.+)?",
    "GITEA_REF": r"refs/pull/.+",
    "FORGEJO_EVENT_NAME": r"pull_request(_.+)?",
    "FORGEJO_REF": r"refs/pull/.+",
    # https://docs.gitlab.com/ci/variables/predefined_variables/
    "CI_MERGE_REQUEST_IID": NUMBER,
    "CI_EXTERNAL_PULL_REQUEST_IID": NUMBER,
    "CI_PIPELINE_SOURCE": r"merge_request_event|external_pull_request_event",
    # https://woodpecker-ci.org/docs/usage/environment
    "CI_PIPELINE_EVENT": r"pull_request(_.+)?",
    "CI_BUILD_EVENT": r"pull_request(_.+)?",
    "CI_COMMIT_PULL_REQUEST": NUMBER,
    # https://docs.drone.io/pipeline/environment/reference/, and Harness
    "DRONE_BUILD_EVENT": r"pull_request",
    "DRONE_PULL_REQUEST": NUMBER,
    # https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables
    # and builds of patches on https://man.sr.ht/builds.sr.ht/
    "BUILD_REASON": r"PullRequest|patchset",
    "BUILD_SOURCEBRANCH": r"refs/pull/.+",
    "SYSTEM_PULLREQUEST_PULLREQUESTID": NUMBER,
    # Jenkins: multibranch pipelines, and the plugins ghprb, gitlab, bitbucket-pullrequest-builder and gerrit-trigger
    "CHANGE_ID": SOME,
    "ghprbPullId": NUMBER,
    "gitlabMergeRequestIid": NUMBER,
    "gitlabActionType": r"MERGE",
    "BITBUCKET_PULL_REQUEST_ID": NUMBER,
    "GERRIT_EVENT_TYPE": r"patchset-created",
    # https://circleci.com/docs/reference/variables/
    "CIRCLE_PR_NUMBER": NUMBER,
    "CIRCLE_BRANCH": r"pull/\d+",
    # https://docs.travis-ci.com/user/environment-variables/
    "TRAVIS_EVENT_TYPE": r"pull_request",
    # https://docs.semaphoreci.com/ci-cd-environment/environment-variables/
    "SEMAPHORE_GIT_PR_NUMBER": NUMBER,
    "SEMAPHORE_GIT_REF_TYPE": r"pull-request",
    # https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
    "CODEBUILD_SOURCE_VERSION": r"pr/\d+",
    "CODEBUILD_WEBHOOK_TRIGGER": r"pr/\d+",
    # https://go-vela.github.io/docs/reference/environment/variables/
    "VELA_BUILD_EVENT": r"pull_request",
    # https://docs.prow.k8s.io/docs/jobs/
    "JOB_TYPE": r"presubmit|batch",
    # https://confluence.atlassian.com/bamboo/bamboo-variables-289277087.html
    "bamboo_repository_pr_key": NUMBER,
}
#: The variables of which every build of a service has one, and that show, or stand beside what shows, what it builds.
EVENTS: dict[str, tuple[str, ...]] = {
    "GitHub Actions": ("GITHUB_EVENT_NAME",),
    "Gitea Actions": ("GITHUB_EVENT_NAME", "GITEA_EVENT_NAME"),
    "Forgejo Actions": ("GITHUB_EVENT_NAME", "GITEA_EVENT_NAME", "FORGEJO_EVENT_NAME"),
    "GitLab CI": ("CI_PIPELINE_SOURCE",),
    "Woodpecker": ("CI_PIPELINE_EVENT", "CI_BUILD_EVENT"),
    "Drone": ("DRONE_BUILD_EVENT",),
    "Azure Pipelines": ("BUILD_REASON",),
    "Bitbucket Pipelines": ("BITBUCKET_BRANCH", "BITBUCKET_TAG"),
    "CircleCI": ("CIRCLE_BRANCH", "CIRCLE_TAG"),
    "Cirrus CI": ("CIRRUS_BRANCH", "CIRRUS_TAG"),
    "Buildkite": ("BUILDKITE_PULL_REQUEST",),
    "Travis CI": ("TRAVIS_PULL_REQUEST", "TRAVIS_EVENT_TYPE"),
    "AppVeyor": ("APPVEYOR_REPO_BRANCH",),
    "Semaphore": ("SEMAPHORE_GIT_REF_TYPE",),
    "Prow": ("JOB_TYPE",),
}


def service(environ: Mapping[str, str]) -> str | None:
    """Return the name of the service that runs this build, or None outside of CI."""
    import ci_info

    for variable, known in NAMED.items():
        if _is_set(environ.get(variable, "")):
            return known
    name: str | None = ci_info.name(_given(environ))
    unnamed = any(_is_set(environ.get(variable, "")) for variable in GENERIC)
    return name or (UNNAMED if unnamed else None)


def is_pull_request(environ: Mapping[str, str]) -> bool:
    """Return whether this is the build of a pull request, as far as the service shows it."""
    import ci_info

    given = {name: value for name, value in environ.items() if _is_set(value)}
    shown = any(re.fullmatch(values, given.get(variable, "")) for variable, values in PULL_REQUESTS.items())
    return shown or bool(ci_info.is_pr(given))


def variables() -> frozenset[str]:
    """Return every variable by which a service, or the build of a pull request, is known."""
    import ci_info

    known = {*GENERIC, *NAMED, *PULL_REQUESTS, *(name for names in EVENTS.values() for name in names)}
    return frozenset(known.union(*(_named(vendor.get(key)) for vendor in ci_info.vendors for key in ("env", "pr"))))


def is_hidden_by_tox(environ: Mapping[str, str]) -> bool:
    """Return whether tox may hide that this is the build of a pull request.

    tox shows a build and a person the same environment where it passes none of the variables of a service.
    """
    if not in_tox(environ):
        return False
    name = service(environ)
    events = EVENTS.get(name or "", ())
    return name in (None, UNNAMED) or (bool(events) and not any(environ.get(variable) for variable in events))


def in_tox(environ: Mapping[str, str]) -> bool:
    """Return whether tox runs us, which hides every variable that its `pass_env` does not name."""
    return any(environ.get(variable) for variable in TOX)


def _named(condition: Any) -> set[str]:
    """Return the variables that a condition of ci_info looks at: a name, several, or a table of what they must be."""
    if isinstance(condition, Mapping):
        return {condition["env"]} if "env" in condition else set(condition.get("any", condition))
    return {condition} if isinstance(condition, str) else set(condition or ())


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not empty: an empty one counts as not set."""
    return {name: value for name, value in environ.items() if value}


def _is_set(value: str) -> bool:
    """Return whether a variable has a value other than no: many services set `false` outside of pull requests."""
    return value.strip().lower() not in ("", *NO)
