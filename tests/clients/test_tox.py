"""Uploads in tox, which hides what it is not asked to pass, from builds as a CI service runs them."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import servers
import wheels
from outcomes import SENTINEL
from paths import ROOT
from projects import make_project, s3_env

README = (ROOT / "README.md").read_text()
#: What the environment of README is, but for the packages that it would install.
TOX_INI = re.findall(r"^```ini\n(\[testenv:.*?)^```", README, re.DOTALL | re.MULTILINE)[0]
PUSH = {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
PULL_REQUEST = {**PUSH, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/merge"}
#: A container that nobody can reach, with credentials.
NOWHERE = {
    "WHEELHOUSE_PROVIDER": "s3",
    "WHEELHOUSE_CONTAINER": "kept",
    "WHEELHOUSE_HOST": "127.0.0.1",
    "WHEELHOUSE_PORT": "1",
    "WHEELHOUSE_RETRIES": "0",
    "AWS_ACCESS_KEY_ID": "me",
    "AWS_SECRET_ACCESS_KEY": SENTINEL,
}
FORK = {name: value for name, value in NOWHERE.items() if not name.startswith("AWS_")}

Tox = Callable[..., CompletedProcess[str]]


@pytest.fixture
def tox_project(tmp_path: Path) -> Path:
    """Return a project with a wheel and the tox.ini of README."""
    project = make_project(tmp_path / "project")
    (project / "tasks.py").unlink()
    wheels.make_wheel(project / "dist")
    return project


@pytest.fixture(scope="module")
def tox(tmp_path_factory: pytest.TempPathFactory) -> Tox:
    """Return a function that runs tox as a job in the project's folder would, with other words in place of pass_env."""
    work = tmp_path_factory.mktemp("tox")

    def run(project: Path, *words: str, env: dict[str, str], pass_env: str | None = None) -> CompletedProcess[str]:
        text = TOX_INI.replace("deps = -r requirements-wheelhouse.txt", "allowlist_externals = wheelhouse")
        if pass_env is not None:
            text = f"{text.partition('pass_env =')[0]}pass_env = {pass_env}\n"
        (project / "tox.ini").write_text(text)
        programs_here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = {**os.environ, "PATH": programs_here, "PYTHONWARNINGS": "", **env}
        tox = (sys.executable, "-m", "tox", "--workdir", work, "-e", "wheelhouse")
        return programs.run(*tox, *words, cwd=project, env=environ)

    return run


def test_push_uploads(tox: Tox, tox_project: Path, s3: servers.S3Server, bucket_name: str) -> None:
    """With the environment of README the build of a push uploads to the container that the service's variables name."""
    done = tox(tox_project, env={**s3_env(s3, bucket_name), **PUSH})
    assert (done.returncode, "1 file uploaded" in done.stdout) == (0, True), done.stdout + done.stderr
    words = ("--", "fetch", "--version", "1.0", "--local-folder", "got")
    done = tox(tox_project, *words, env={**s3_env(s3, bucket_name), **PUSH})
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in (tox_project / "got").iterdir()] == ["demo-1.0-py3-none-any.whl"]
    assert s3.secret not in done.stdout + done.stderr


@pytest.mark.parametrize("environ", [NOWHERE, FORK], ids=["with secrets", "fork without secrets"])
def test_pull_request_uploads_nothing(environ: dict[str, str], tox: Tox, tox_project: Path) -> None:
    """With the environment of README the build of a pull request is known, reaches no provider, and is a success."""
    done = tox(tox_project, env={**environ, **PULL_REQUEST})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was uploaded: this is the build of a pull request (GitHub Actions)" in done.stdout


@pytest.mark.parametrize(
    ("pass_env", "said"),
    [
        pytest.param("LANG", "container: neither provider nor container is set, unless tox hides it", id="all"),
        pytest.param("WHEELHOUSE_CONTAINER, CI, GITHUB_*", "provider is not set, unless tox hides it", id="provider"),
        pytest.param("WHEELHOUSE_*, CI, GITHUB_*", "credentials: none found for provider 's3'", id="credentials"),
        pytest.param("WHEELHOUSE_*, AWS_*", "upload: tox shows no variable", id="the service"),
        pytest.param("WHEELHOUSE_*, AWS_*, CI", "upload: tox shows no variable", id="which service"),
        pytest.param("WHEELHOUSE_*, AWS_*, CI, GITHUB_ACTIONS", "upload: tox shows no variable", id="the event"),
    ],
)
@pytest.mark.parametrize("event", [PUSH, PULL_REQUEST], ids=["push", "pull request"])
def test_variables_that_tox_drops_end_the_upload(
    pass_env: str, said: str, event: dict[str, str], tox: Tox, tox_project: Path
) -> None:
    """No folder of the machine is filled, no pull request passes for a push, and the error names pass_env."""
    if event is PULL_REQUEST and said.startswith("credentials"):
        said = "nothing was uploaded: this is the build of a pull request"
    done = tox(tox_project, env={**NOWHERE, **event}, pass_env=pass_env)
    everything = done.stdout + done.stderr
    assert said in everything
    assert (done.returncode, "pass_env of tox" in everything) == ((0, False) if said[:7] == "nothing" else (2, True))
    assert SENTINEL not in everything
    assert sorted(path.name for path in tox_project.iterdir()) == ["dist", "pyproject.toml", "tox.ini"]


def test_person_says_that_it_is_no_pull_request(
    tox: Tox, tox_project: Path, s3: servers.S3Server, bucket_name: str
) -> None:
    """On a laptop, where no service runs, one flag uploads."""
    words = ("--", "upload", "--upload-pull-request")
    done = tox(tox_project, *words, env=s3_env(s3, bucket_name))
    assert (done.returncode, "1 file uploaded" in done.stdout) == (0, True), done.stdout + done.stderr
