"""The workflows that `wheelhouse workflow` prints, run line by line: the real uv, a real store, a real package index."""

import json
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import jobs
import programs
import pytest
import servers
import standins
import wheels
from outcomes import SENTINEL
from projects import index_env, s3_env

from wheelhouse_tasks import Wheelhouse

#: What each service sets in the build of the tag v1.0, of a pull request from a fork, and at night.
TAG = {
    "github": {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REF": "refs/tags/v1.0",
        "GITHUB_REF_NAME": "v1.0",
    },
    "gitlab": {"CI": "true", "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "v1.0"},
    "azure": {
        "TF_BUILD": "True",
        "BUILD_REASON": "IndividualCI",
        "BUILD_SOURCEBRANCH": "refs/tags/v1.0",
        "BUILD_SOURCEBRANCHNAME": "v1.0",
    },
}
PULL_REQUEST = {
    "github": {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"},
    "gitlab": {"CI": "true", "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event"},
    "azure": {"TF_BUILD": "True", "BUILD_REASON": "PullRequest", "BUILD_SOURCEBRANCH": "refs/pull/7/merge"},
}
NIGHT = {
    "github": {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_REF": "refs/heads/main",
    },
    "gitlab": {"CI": "true", "GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "schedule"},
    "azure": {"TF_BUILD": "True", "BUILD_REASON": "Schedule", "BUILD_SOURCEBRANCH": "refs/heads/main"},
}
#: Names of secrets, and the variables of the tests that hold the same.
SECRETS = {"AWS_ACCESS_KEY_ID": "WHEELHOUSE_USERNAME", "AWS_SECRET_ACCESS_KEY": "WHEELHOUSE_SECRET"}
#: The programs that would go to the network.
AWAY = ("curl", "docker")

Run = Callable[..., str]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment in which the lines find uv, and uv what they ask for, on this machine alone."""
    folder = tmp_path_factory.mktemp("tools")
    text = (Path(standins.__file__).parents[2] / "wheelhouse_tasks/workflows/github.yml").read_text()
    packages = standins.make(folder / "packages", dict(re.findall(r"uvx ([\w-]+)@([\d.]+)", text)))
    (folder / "bin").mkdir()
    for name in AWAY:
        (folder / "bin" / name).write_text("#!/bin/sh\n")
        (folder / "bin" / name).chmod(0o755)
    return {
        "PATH": os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "UV_CACHE_DIR": str(folder / "cache"),
        "UV_FIND_LINKS": str(packages),
        "UV_OFFLINE": "1",
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON_PREFERENCE": "only-system",
        "UV_TOOL_DIR": str(folder / "uv-tools"),
        # the programs of others may warn
        "PYTHONWARNINGS": "",
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a project that a build backend can build, with the file that says where wheelhouse_tasks comes from."""
    return make_checkout(tmp_path / "checkout", "1.0")


def make_checkout(folder: Path, version: str, name: str = "demo") -> Path:
    """Make a project of a version, in a git repository as jobs have it."""
    module = name.replace("-", "_")
    (folder / module).mkdir(parents=True)
    (folder / module / "__init__.py").touch()
    (folder / "README.md").write_text("# demo\n")
    (folder / "requirements-wheelhouse.txt").write_text("wheelhouse-tasks==0.1.0\n")
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "{version}"\nreadme = "README.md"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        f'[tool.hatch.build.targets.wheel]\npackages = ["{module}"]\n'
    )
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "all")):
        programs.run(*git, *words, cwd=folder, check=True)
    return folder


@pytest.fixture
def run(tools: Mapping[str, str]) -> Run:
    """Return a function that runs the steps of a job in a checkout, each as the service's shell does; it must succeed."""

    def run(steps: list[jobs.Step], checkout: Path, environ: Mapping[str, str]) -> str:
        printed = ""
        for step in steps:
            env = {**os.environ, **tools, **environ, **step.environ}
            done = programs.run(
                "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.script, cwd=checkout, env=env
            )
            printed += f"$ {step.script}\n{done.stdout}{done.stderr}"
            assert done.returncode == 0, printed
        return printed

    return run


def printed(checkout: Path, service: str, **settings: str) -> str:
    """Return the workflow of a service for a checkout and settings that are given by name."""
    return Wheelhouse.of_project(checkout, environ={}, **settings).workflow(service).text


@pytest.mark.parametrize("service", TAG)
def test_tag_is_built_and_released(
    service: str,
    tmp_path: Path,
    run: Run,
    s3: servers.S3Server,
    pypi: servers.PackageIndex,
    bucket_name: str,
) -> None:
    """Every job of a tag's build ends well, and the package index shows what they built; no secret is printed."""
    name = f"demo-{service}-{bucket_name[-12:]}"
    store = s3_env(s3, bucket_name)
    secrets = {name: store.pop(variable) for name, variable in SECRETS.items()}
    first = make_checkout(tmp_path / "first", "1.0", name)
    text = printed(first, service, **{name.removeprefix("WHEELHOUSE_").lower(): text for name, text in store.items()})
    made = jobs.jobs(service, text, {**secrets, "TWINE_PASSWORD": pypi.password})
    # a release to PyPI, whose place another index takes
    elsewhere = index_env(pypi)
    said = ""
    for number, (job, steps) in enumerate(made.items()):
        here = make_checkout(tmp_path / f"job-{number}", "1.0", name)
        tag = {"STANDIN_TAG": f"cp31{number}-cp31{number}-manylinux_2_17_x86_64"}
        env = {**TAG[service], **tag, **(elsewhere if job == "release" else {})}
        if job == "release" and service == "azure":
            del env["TWINE_PASSWORD"]  # the step has it as a secret
        steps = [
            jobs.Step(step.script, {k: v for k, v in step.environ.items() if k != "TWINE_USERNAME"}) for step in steps
        ]
        said += run(steps, here, env)
    module = name.replace("-", "_")
    built = sum(job in ("wheels", "linux", "macos", "windows") for job in made)
    expected = {f"{module}-1.0-cp31{n}-cp31{n}-manylinux_2_17_x86_64.whl" for n in range(built)}
    expected |= {f"{module}-1.0.tar.gz"}
    with urllib.request.urlopen(f"{pypi.simple_url}{name}/") as page:
        shown = set(re.findall(r">([^<>]+\.(?:whl|tar\.gz))<", page.read().decode()))
    assert shown == expected
    assert not any(secret in said for secret in (*secrets.values(), pypi.password))
