"""Settings as a project writes them: what is nearly right is refused, and what is right is heeded."""

from pathlib import Path

import pytest
import wheels
from in_process import inv_here
from outcomes import failed
from projects import make_project


@pytest.mark.parametrize(
    ("variable", "near"),
    [("WHEELHOUSE_PROVIDR", "WHEELHOUSE_PROVIDER"), ("INVOKE_WHEELHOUSE_CONTAINR", "WHEELHOUSE_CONTAINER")],
)
def test_mistyped_variables(variable: str, near: str, tmp_path: Path) -> None:
    """A variable that is nearly one of ours is an error: its wheels would go elsewhere on a green build."""
    project = make_project(tmp_path / "project")
    failed(inv_here(project, "wheelhouse.upload", env={variable: "s3"}), 2, f"did you mean '{near}'?")
    wheels.make_wheel(project / "dist")
    assert inv_here(project, "wheelhouse.upload", env={"WHEELHOUSE_CACHE_DIR": "x"}).returncode == 0


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("container", "s3://x/y", "expected a name, not a URL"),
        ("container", "s3:/x/y", "expected a name, not a URL"),
        ("container", "", "expected a name"),
        ("local_folder", "wheelhouse", "is the container too"),
        ("host", "http://127.0.0.1:9", "expected a host name alone"),
        ("public_url", "w.example.org", "expected a URL"),
    ],
)
def test_values_that_would_go_astray(key: str, value: str, said: str, tmp_path: Path) -> None:
    """Values that mean something else than their writer thought are refused."""
    project = make_project(tmp_path / "project")
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'[tool.wheelhouse]\n{key} = "{value}"\n')
    failed(inv_here(project, "wheelhouse.upload"), 2, said)


def test_table_of_driver_options_in_invoke_yaml(tmp_path: Path) -> None:
    """driver_options is a table, and invoke takes one."""
    project = make_project(tmp_path / "project")
    (project / "invoke.yaml").write_text("wheelhouse:\n  driver_options:\n    token: x\n")
    wheels.make_wheel(project / "dist")
    assert inv_here(project, "wheelhouse.upload").returncode == 0


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
    failed(inv_here(project, "wheelhouse.upload", env=env), 2, f"or {variables}")
    done = inv_here(project, "wheelhouse.upload", env={**env, "WHEELHOUSE_MISSING_CREDENTIALS": "skip"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("nothing was uploaded: there are no credentials")
    assert variables in done.stdout
    failed(
        inv_here(project, "wheelhouse.upload", env={**env, "WHEELHOUSE_MISSING_CREDENTIALS": "perhaps"}),
        2,
        "fail or skip",
    )
    half = {**env, "WHEELHOUSE_MISSING_CREDENTIALS": "skip", variables.partition(" ")[0]: "me"}
    failed(inv_here(project, "wheelhouse.upload", env=half), 2, f"or {variables}")
