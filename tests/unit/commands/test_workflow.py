"""The workflow of a project's settings: what it repeats, what it names only, and what it refuses."""

import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import jobs
import pytest
from id import detect_credential
from in_process import inv_here
from projects import make_project

from wheelhouse_tasks import Wheelhouse
from wheelhouse_tasks.commands.workflow import WorkflowResult
from wheelhouse_tasks.errors import UsageError

S3: dict[str, Any] = {"provider": "s3", "container": "kept", "region": "eu-west-1"}
TOOL = '[tool.wheelhouse]\nprovider = "s3"\ncontainer = "kept"\nregion = "eu-west-1"\nexpect = ["sdist"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project without settings."""
    return make_project(tmp_path / "project")


def made(
    project: Path,
    service: str = "github",
    kind: str | None = None,
    environ: dict[str, str] | None = None,
    **settings: Any,
) -> WorkflowResult:
    """Return the workflow for settings by name, which stand for flags, and for variables."""
    return Wheelhouse.of_project(project, environ=environ or {}, **settings).workflow(service, kind=kind)


def variables(result: WorkflowResult) -> dict[str, str]:
    """Return the variables that every job of a workflow has."""
    loaded = jobs.load(result.text)
    shown: dict[str, str] = loaded.get("env" if result.service == "github" else "variables", {})
    return {name: value for name, value in shown.items() if name != "GIT_DEPTH"}


@pytest.mark.parametrize("service", ["github", "gitlab", "azure"])
def test_settings_of_flags_and_variables_are_written(service: str, project: Path) -> None:
    """What a flag or the environment gave is a variable of the jobs, as text that is read back to the same."""
    environ = {"WHEELHOUSE_KEEP": "7", "INVOKE_WHEELHOUSE_SECURE": "no", "WHEELHOUSE_EXPECT": "cp31*-macosx* sdist"}
    result = made(project, service, environ=environ, **S3, public_url="https://wheels.example.org/")
    shown = variables(result)
    assert shown == {
        "WHEELHOUSE_PROVIDER": "s3",
        "WHEELHOUSE_CONTAINER": "kept",
        "WHEELHOUSE_REGION": "eu-west-1",
        "WHEELHOUSE_SECURE": "no",
        "WHEELHOUSE_PUBLIC_URL": "https://wheels.example.org/",
        "WHEELHOUSE_KEEP": "7",
        "WHEELHOUSE_EXPECT": "cp31*-macosx* sdist",
    }
    first = Wheelhouse.of_project(project, environ=environ, **S3, public_url="https://wheels.example.org/").settings
    again = Wheelhouse.of_project(project, environ=shown).settings
    assert again.options == first.options


def test_settings_of_the_project_are_not_repeated(project: Path) -> None:
    """What stands in pyproject.toml is read there by the jobs."""
    with (project / "pyproject.toml").open("a") as file:
        file.write(TOOL)
    result = made(project)
    assert "WHEELHOUSE_" not in result.text
    assert "s3://kept keeps them" in result.text
    assert variables(made(project, container="other")) == {"WHEELHOUSE_CONTAINER": "other"}


def test_values_of_credentials_are_never_written(project: Path) -> None:
    """Credentials are secrets by the names that the provider's tools have, whatever variable holds them here."""
    environ = {
        "WHEELHOUSE_USERNAME": "someone-1",
        "WHEELHOUSE_SECRET": "s3cret-value",
        "AWS_SESSION_TOKEN": "token-value",
    }
    for service in ("github", "gitlab", "azure"):
        result = made(project, service, "nightly", environ=environ, **S3)
        assert result.secrets == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        assert not any(value in result.text for value in environ.values())
        assert ", ".join(result.secrets) in result.text


@pytest.mark.parametrize(
    ("settings", "environ", "secrets"),
    [
        pytest.param({"provider": "azure_blobs"}, {}, ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"), id="azure"),
        pytest.param({"provider": "google_storage"}, {}, ("WHEELHOUSE_USERNAME", "WHEELHOUSE_SECRET"), id="google"),
        pytest.param({"provider": "local"}, {}, (), id="local"),
        pytest.param(
            {"provider": "local", "indexes": ["azure_blobs://there"]},
            {},
            ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"),
            id="of an index",
        ),
        pytest.param(
            {"provider": "local"},
            {"WHEELHOUSE_INDEXES": "https://me:hunter22@wheels.example.org/"},
            ("WHEELHOUSE_INDEXES",),
            id="URL with a password",
        ),
        pytest.param({"provider": "local", "prefix": "a$b"}, {}, ("WHEELHOUSE_PREFIX",), id="dollar"),
    ],
)
def test_secrets_are_named(
    settings: dict[str, Any], environ: dict[str, str], secrets: tuple[str, ...], project: Path
) -> None:
    """Each secret that the jobs need is named; a setting that cannot be shown, or would be expanded, is one of them."""
    result = made(project, "github", "nightly", environ, container="kept", **settings)
    assert result.secrets == secrets
    assert "hunter22" not in result.text
    read = jobs.jobs("github", result.text, dict.fromkeys(secrets, "given"))["wheels"][-1].environ
    assert {name for name, value in read.items() if value == "given"} == set(secrets)


def test_other_variables_of_the_provider_are_written(project: Path) -> None:
    """A region or an address that variables of the provider give goes with the jobs, unless a setting gives it."""
    environ = {"AWS_DEFAULT_REGION": "eu-west-1"}
    assert (
        variables(made(project, environ=environ, provider="s3", container="kept"))["AWS_DEFAULT_REGION"] == "eu-west-1"
    )
    assert "AWS_DEFAULT_REGION" not in made(project, environ=environ, **S3).text
    swift = {"OS_AUTH_URL": "https://id.example.org:5000/v3", "OS_PROJECT_NAME": "mine", "OS_TENANT_NAME": "mine"}
    shown = variables(made(project, environ=swift, provider="openstack_swift", container="kept"))
    assert {name: value for name, value in shown.items() if name.startswith("OS_")} == {
        "OS_AUTH_URL": "https://id.example.org:5000/v3",
        "OS_PROJECT_NAME": "mine",
    }


@pytest.mark.parametrize(
    ("settings", "service", "environment", "secrets"),
    [
        ({}, "github", "pypi", ()),
        ({}, "gitlab", "pypi", ()),
        ({}, "azure", None, ("TWINE_PASSWORD",)),
        ({"repository": "testpypi"}, "github", "testpypi", ()),
        ({"repository_url": "https://test.pypi.org/legacy/"}, "gitlab", "testpypi", ()),
        (
            {"repository_url": "https://pypi.example.org/legacy/", "check_url": "https://pypi.example.org/simple/"},
            "github",
            "release",
            ("TWINE_USERNAME", "TWINE_PASSWORD"),
        ),
    ],
)
def test_release_is_trusted_or_has_a_token(
    settings: dict[str, Any], service: str, environment: str | None, secrets: tuple[str, ...], project: Path
) -> None:
    """PyPI trusts GitHub and GitLab, and takes attestations from them; all else has credentials for twine."""
    result = made(project, service, "release", provider="local", container="kept", **settings)
    assert (result.environment, result.secrets) == (environment, secrets)
    lines = [step.script for step in jobs.jobs(service, result.text, {})["release"]]
    trusted = environment in ("pypi", "testpypi")
    assert any("pypi-attestations" in line for line in lines) == trusted
    assert any("--no-fetch" in line for line in lines) == trusted
    job = jobs.load(result.text)
    if service == "github":
        assert ("id-token" in job["jobs"]["release"]["permissions"]) == trusted
    if service == "gitlab":
        name = f"{environment}".upper() + "_ID_TOKEN"
        assert job["release"]["id_tokens"] == {name: {"aud": environment}, "SIGSTORE_ID_TOKEN": {"aud": "sigstore"}}


def test_repository_of_pypirc_goes_as_its_urls(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file .pypirc is not where the jobs run: what it says of a name goes with them."""
    (tmp_path / ".pypirc").write_text(
        "[distutils]\nindex-servers = ours\n"
        "[ours]\nrepository = https://pypi.example.org/legacy/\npassword = hunter22\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    named: dict[str, Any] = {"repository": "ours", "check_url": "https://pypi.example.org/simple/"}
    result = made(project, environ={"HOME": str(tmp_path)}, **S3, **named)
    shown = variables(result)
    assert {name: value for name, value in shown.items() if "URL" in name or "REPOSITORY" in name} == {
        "WHEELHOUSE_REPOSITORY_URL": "https://pypi.example.org/legacy/",
        "WHEELHOUSE_CHECK_URL": "https://pypi.example.org/simple/",
    }
    assert "hunter22" not in result.text
    assert Wheelhouse.of_project(project, environ=shown).settings.options.repository == "pypi"


@pytest.mark.parametrize(
    ("kind", "events", "names"),
    [
        ("nightly", {"schedule", "workflow_dispatch", "pull_request"}, {"wheels", "sdist"}),
        ("release", {"push"}, {"wheels", "sdist", "release"}),
        (None, {"schedule", "workflow_dispatch", "pull_request", "push"}, {"wheels", "sdist", "release"}),
    ],
)
def test_kind_says_when_jobs_run(kind: str | None, events: set[str], names: set[str], project: Path) -> None:
    """Nights and pull requests, tags with a release, or both."""
    loaded = jobs.load(made(project, kind=kind, **S3).text)
    assert (loaded["on"].keys(), loaded["jobs"].keys()) == (events, names)


def test_folder_is_not_filled_by_pull_requests(project: Path) -> None:
    """A folder that runners share has no provider that refuses: no workflow of it runs for a pull request."""
    assert "pull_request" not in jobs.load(made(project, container="shared").text)["on"]
    rules = jobs.load(made(project, "gitlab", container="shared").text)["workflow"]["rules"]
    assert not any("merge_request" in rule["if"] for rule in rules)
    assert jobs.load(made(project, "azure", container="shared").text)["pr"] == "none"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "githb",
            "service: 'githb' is no CI service that is known (did you mean 'github'? known are github, gitlab",
        ),
        ("github --kind weekly", "kind: 'weekly' is no kind of workflow (known are nightly, release; none for both)"),
        ("github --container ''", "container (flag): expected a name"),
        ("github", "container: neither provider nor container is set, and the default folder would be lost"),
        ("github --provider s4", "provider: unknown storage provider 's4'"),
        ("github --provider s3 --region Here", "region: 'Here' is no region of AWS"),
        ("github --container x --local-folder a;b", "local_folder: 'a;b' is no word for every shell"),
        ("github --container x --repository-url https://example.org/", "check_url: not set"),
    ],
)
def test_what_cannot_be_written_is_one_line(words: str, message: str, project: Path) -> None:
    """The task ends with 2, prints one line that says what is wrong, and no workflow."""
    done = inv_here(project, "wheelhouse.workflow", *(word.replace("''", "") for word in words.split()))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert done.stderr.startswith(f"error: {message}")


def test_project_is_needed_for_a_release_only(tmp_path: Path) -> None:
    """What fetches and releases must know the project; nights do not."""
    with pytest.raises(UsageError, match="project: not set"):
        made(tmp_path, kind="release", **S3)
    assert made(tmp_path, kind="nightly", **S3).text


def test_item_with_a_blank_is_refused(project: Path) -> None:
    """A list goes into a variable with blanks between its items."""
    with pytest.raises(UsageError, match="an item has a blank"):
        made(project, **S3, indexes=["a b"])


@pytest.mark.parametrize(
    ("service", "path"),
    [("github", ".github/workflows/wheels.yml"), ("gitlab", ".gitlab-ci.yml"), ("azure", "azure-pipelines.yml")],
)
def test_stdout_is_the_file(service: str, path: str, project: Path) -> None:
    """The task prints the file and nothing else; with --json its text is in the result."""
    words = ("wheelhouse.workflow", service, "--provider", "s3", "--container", "kept", "--region", "eu-west-1")
    done = inv_here(project, *words, env={"GITHUB_ACTIONS": "true", "CI": "true"})
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(inv_here(project, *words, "--json").stdout)
    assert done.stdout == result["text"] == made(project, service, **S3).text
    assert result["path"] == path


@pytest.mark.parametrize("repository", ["pypi", "testpypi"])
def test_tokens_of_gitlab_are_found(repository: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library by which twine and pypi-attestations find GitLab's tokens looks where the workflow puts them."""
    loaded = jobs.load(made(project, "gitlab", container="kept", repository=repository).text)
    monkeypatch.setenv("GITLAB_CI", "true")
    tokens = loaded["release"]["id_tokens"]
    for name, token in tokens.items():
        made_of = urlsafe_b64encode(json.dumps(token).encode()).decode()
        monkeypatch.setenv(name, f"head.{made_of}.{name}")
        assert detect_credential(token["aud"]) == f"head.{made_of}.{name}"
    assert [token["aud"] for token in tokens.values()] == [repository, "sigstore"]


def test_table_is_not_forgotten(project: Path) -> None:
    """What no variable can hold is named as what is to be set up."""
    result = made(project, **S3, driver_options={"token": "hunter22"})
    assert "# - driver_options in [tool.wheelhouse], which no variable can hold\n" in result.text
    assert "hunter22" not in result.text
