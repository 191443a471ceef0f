"""Every workflow that can be printed is valid for its service's published schema, and a linter finds nothing in it."""

import os
import sys
from itertools import product
from pathlib import Path
from typing import Any

import programs
import pytest
from projects import make_project

from wheelhouse_tasks import Wheelhouse

#: The schema of each service, and how the checker reads what is special to it.
SCHEMAS = {
    "github": ["vendor.github-workflows"],
    "gitlab": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    "azure": ["vendor.azure-pipelines", "--data-transform", "azure-pipelines", "--regex-variant", "nonunicode"],
}
KINDS = (None, "nightly", "release")
OTHER_INDEX = {"repository_url": "https://pypi.example.org/legacy/", "check_url": "https://pypi.example.org/simple/"}
#: Settings that make a difference to the text.
SETTINGS: dict[str, dict[str, Any]] = {
    "s3": {"provider": "s3", "container": "kept", "region": "eu-west-1", "expect": ["cp31*-manylinux*", "sdist"]},
    "testpypi": {"provider": "azure_blobs", "container": "kept", "repository": "testpypi"},
    "folder": {"container": "/mnt/shared"},
    "index": {"provider": "s3", "container": "kept", "secure": False, **OTHER_INDEX},
    "hidden": {"container": "kept", "indexes": ["https://me:hunter22@wheels.example.org/"]},
}
QUIET = {"PYTHONWARNINGS": ""}


def write(folder: Path, service: str) -> list[Path]:
    """Write every workflow of a service into a folder."""
    project = make_project(folder / "project")
    paths = []
    for kind, name in product(KINDS, SETTINGS):
        made = Wheelhouse.of_project(project, environ={}, **SETTINGS[name]).workflow(service, kind=kind)
        paths.append(folder / f"{name}-{kind}.yml")
        paths[-1].write_text(made.text)
    return paths


@pytest.mark.parametrize("service", SCHEMAS)
def test_schema(service: str, tmp_path: Path) -> None:
    """The published schema accepts each, and the checker does look: it refuses a key that no service has."""
    check = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", *SCHEMAS[service])
    paths = write(tmp_path, service)
    done = programs.run(*check, *paths, env={**os.environ, **QUIET})
    assert done.returncode == 0, done.stdout + done.stderr
    paths[0].write_text(paths[0].read_text() + "jobs: 1\n" if service == "gitlab" else "steps: 1\n")
    assert programs.run(*check, paths[0], env={**os.environ, **QUIET}).returncode == 1


def test_linter(tmp_path: Path) -> None:
    """Zizmor finds nothing in those of GitHub: no action without its commit, no permission or secret too many."""
    # without --strict-collection what it cannot read is passed over
    words = ("--offline", "--no-progress", "--quiet", "--strict-collection", "--persona", "pedantic")
    zizmor = (programs.find("zizmor") or "zizmor", *words)
    paths = write(tmp_path, "github")
    done = programs.run(*zizmor, *paths)
    assert done.returncode == 0, done.stdout + done.stderr
    paths[0].write_text(paths[0].read_text().replace("permissions: {}", "permissions: write-all"))
    assert programs.run(*zizmor, *paths).returncode > 0
