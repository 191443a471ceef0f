"""The workflows that `wheelhouse workflow` prints, run line by line: with uv, a store and a package index."""

import os
import re
import shutil
import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jobs
import programs
import pytest
import servers
import standins
import wheels
from outcomes import SENTINEL
from projects import index_env, s3_env

from wheelhouse_tasks import Wheelhouse
from wheelhouse_tasks.artifacts.companions import ATTESTATION

#: What each service sets in the build of the tag v1.0, of a pull request, and GitHub at night.
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
NIGHT = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "schedule", "GITHUB_REF": "refs/heads/main"}
#: Names of secrets, and the variables of the tests that hold the same.
SECRETS = {"AWS_ACCESS_KEY_ID": "WHEELHOUSE_USERNAME", "AWS_SECRET_ACCESS_KEY": "WHEELHOUSE_SECRET"}
#: How the line ends that makes a machine ready: every job has it, and here they share one.
READY = "pip install uv"
#: The programs that would go to the network.
AWAY = ("curl", "docker")

Run = Callable[[list[jobs.Step], Path, Mapping[str, str]], str]


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
        "VIRTUAL_ENV": sys.prefix,
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
    """Return a function that runs the steps of a job in a checkout, as a shell of the service does, to a good end."""

    def run(steps: list[jobs.Step], checkout: Path, environ: Mapping[str, str]) -> str:
        printed = ""
        for step in steps:
            env = {**os.environ, **tools, **step.environ, **environ}
            done = programs.run(
                "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.script, cwd=checkout, env=env
            )
            printed += f"$ {step.script}\n{done.stdout}{done.stderr}"
            assert done.returncode == 0, printed
        return printed

    return run


def printed(checkout: Path, service: str, **settings: Any) -> str:
    """Return the workflow of a service for a checkout and settings that are given by name."""
    return Wheelhouse.of_project(checkout, environ={}, **settings).workflow(service).text


def secrets_of(store: dict[str, str]) -> dict[str, str]:
    """Take the credentials out of a worker's environment; return them under the names that AWS's tools have."""
    return {name: store.pop(variable) for name, variable in SECRETS.items()}


def settings_of(store: Mapping[str, str]) -> dict[str, str]:
    """Return a worker's environment as settings by name."""
    return {name.removeprefix("WHEELHOUSE_").lower(): value for name, value in store.items()}


def different(made: Mapping[str, list[jobs.Step]]) -> dict[str, list[jobs.Step]]:
    """Return the jobs without those all of whose lines another job has, on another machine."""
    return {
        name: steps
        for number, (name, steps) in enumerate(made.items())
        if not any(
            {step.script for step in steps} < {step.script for step in others} for others in [*made.values()][:number]
        )
    }


@pytest.mark.parametrize("service", TAG)
def test_tag_is_built_and_released(
    service: str, tmp_path: Path, run: Run, s3: servers.S3Server, pypi: servers.PackageIndex, bucket_name: str
) -> None:
    """Every job of a tag's build ends well, and the package index shows what they built; no secret is printed."""
    name = f"demo-{service}-{bucket_name[-12:]}"
    store = s3_env(s3, bucket_name)
    secrets = {**secrets_of(store), "TWINE_PASSWORD": pypi.password}
    checkout = make_checkout(tmp_path / "checkout", "1.0", name)
    made = different(jobs.jobs(service, printed(checkout, service, **settings_of(store)), secrets))
    # it is a release to PyPI, in whose place there is another index, with another name than that of PyPI's tokens
    elsewhere = index_env(pypi)
    if service == "azure":  # the step has its token from a secret
        del elsewhere["TWINE_PASSWORD"]
    expected, output = {f"{name.replace('-', '_')}-1.0.tar.gz"}, ""
    ready: set[str] = set()
    for number, (job, steps) in enumerate(made.items()):
        here = tmp_path / job
        shutil.copytree(checkout, here)
        environ = {**TAG[service], "STANDIN_TAG": f"cp31{number}-cp31{number}-manylinux_2_17_x86_64"}
        if job not in ("sdist", "release"):
            expected.add(f"{name.replace('-', '_')}-1.0-{environ['STANDIN_TAG']}.whl")
        output += run(
            [step for step in steps if step.script not in ready],
            here,
            {**environ, **(elsewhere if job == "release" else {})},
        )
        ready |= {step.script for step in steps if step.script.endswith(READY)}
        if job == "release" and service != "azure":
            assert {path.name.removesuffix(ATTESTATION) for path in here.glob(f"dist/*{ATTESTATION}")} == expected
    with urllib.request.urlopen(f"{pypi.simple_url}{name}/") as page:
        assert set(re.findall(r">([^<>]+\.(?:whl|tar\.gz))<", page.read().decode())) == expected
    assert not any(secret in output for secret in secrets.values())


@pytest.mark.parametrize(
    ("service", "secrets"),
    [
        pytest.param("github", {}, id="github-fork"),
        pytest.param("gitlab", {}, id="gitlab-fork"),
        pytest.param("azure", {}, id="azure-fork"),
        pytest.param("github", dict.fromkeys(SECRETS, SENTINEL), id="github-branch"),
    ],
)
def test_pull_request_uploads_nothing(service: str, secrets: dict[str, str], checkout: Path, run: Run) -> None:
    """The build of a pull request ends well, with secrets or without, and does not even reach the provider."""
    store = {"provider": "s3", "container": "kept", "host": "127.0.0.1", "port": "1", "retries": "0"}
    (checkout / "dist").mkdir()
    wheels.make_wheel(checkout / "dist")
    steps = next(iter(jobs.jobs(service, printed(checkout, service, **store), secrets).values()))
    output = run(steps[-1:], checkout, PULL_REQUEST[service])
    assert "nothing was uploaded: this is the build of a pull request" in output
    assert SENTINEL not in output


def test_night_uploads_a_development_build(tmp_path: Path, run: Run, s3: servers.S3Server, bucket_name: str) -> None:
    """A scheduled build gives its development version the time of the commit, and uploads it."""
    store = s3_env(s3, bucket_name)
    secrets = secrets_of(store)
    checkout = make_checkout(tmp_path / "checkout", "1.3.dev0")
    text = printed(checkout, "github", **settings_of(store))
    output = run(jobs.jobs("github", text, secrets)["sdist"], checkout, NIGHT)
    assert re.search(r"stamped demo-1\.3\.dev0\.tar\.gz as demo-1\.3\.dev0\+\d{14}\.tar\.gz", output), output
    assert "1 file uploaded" in output
