"""What a run leaves in the log of a CI service and beside it: groups, annotations, summaries, outputs."""

import json
import os
import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import wheels
from projects import inv, make_project

GITHUB = {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_EVENT_NAME": "push"}
GITLAB = {"GITLAB_CI": "true", "CI": "true"}
AZURE = {"TF_BUILD": "True"}
BUILDKITE = {"BUILDKITE": "true", "CI": "true"}
SERVICES = {"GitHub": GITHUB, "GitLab": GITLAB, "Azure": AZURE, "Buildkite": BUILDKITE}
#: What only one of the services reads.
MARKS = {
    "GitHub": "::group::",
    "GitLab": "section_start:",
    "Azure": "##[group]",
    "Buildkite": "--- ",
}
SECRET = "hunter2-of-the-store"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with a wheel that PyPI would refuse, and a container that is named."""
    root = make_project(tmp_path / "project")
    wheels.make_wheel(root / "dist", "demo", "1.0", "cp312-cp312-linux_x86_64")
    return root


def upload(project: Path, service: dict[str, str], *words: str, **more: str) -> CompletedProcess[str]:
    """Upload from a build of a service."""
    env = {
        **service,
        "WHEELHOUSE_CONTAINER": "wheels",
        "WHEELHOUSE_SECRET": SECRET,
        "WHEELHOUSE_USERNAME": "me",
        **more,
    }
    return inv(project, "wheelhouse.upload", *words, env=env)


@pytest.mark.parametrize("service", [*SERVICES, None])
def test_commands_of_a_service_are_its_own(service: str | None, project: Path) -> None:
    """A log has the groups of the service that keeps it, and of no other; a terminal has none."""
    done = upload(project, SERVICES[service] if service else {})
    assert done.returncode == 0, done.stderr
    assert {name for name, mark in MARKS.items() if mark in done.stdout} == ({service} if service else set())
    assert "cp312-cp312-linux_x86_64" in done.stdout


def test_github_shows_warnings_and_errors_beside_the_code(project: Path) -> None:
    """A warning and an error are commands at the start of a line; the log has the error once, and stderr one line."""
    done = upload(project, GITHUB)
    warnings = [line for line in done.stdout.splitlines() if line.startswith("::warning title=wheelhouse::")]
    assert any("PyPI does not take the platform linux_x86_64" in line for line in warnings)
    assert done.stdout.count("::group::") == done.stdout.count("::endgroup::") == 1
    wheels.make_wheel(project / "dist", "demo", "1.0", "cp312-cp312-linux_x86_64", payload=b"other")
    failed = upload(project, GITHUB)
    assert failed.returncode == 1
    reason = "demo-1.0-cp312-cp312-linux_x86_64.whl: already published with other bytes"
    assert failed.stderr.startswith(f"::error title=wheelhouse::{reason}")
    assert (failed.stderr.count("\n"), reason in failed.stdout) == (1, False)


def test_github_gets_a_summary_and_outputs(project: Path, tmp_path: Path) -> None:
    """The summary tells what was done, with the plan and the install commands; the outputs are for later steps."""
    summary, outputs = tmp_path / "summary.md", tmp_path / "outputs"
    summary.write_text("before\n")
    files = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    assert upload(project, GITHUB, "--json", **files).returncode == 0
    text = summary.read_text()
    assert text.startswith("before\n### upload\n")
    assert "- 1 file uploaded, 0 already there" in text
    assert "| upload | " in text
    assert "demo-1.0-cp312-cp312-linux\\_x86\\_64.whl |" in text
    assert "pip install" in text
    values = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    assert json.loads(values["uploaded"]) == ["demo-1.0-cp312-cp312-linux_x86_64.whl"]
    assert (values["url"], values["changed"]) == ((project / "wheels").as_uri() + "/", "true")
    assert values["version"] == "1.0"
    assert upload(project, GITHUB, **files).returncode == 0
    values = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    assert (values["uploaded"], values["changed"]) == ("[]", "false")


@pytest.mark.parametrize("place", ["", "/nowhere/summary.md"])
def test_a_summary_that_cannot_be_written_fails_no_build(place: str, project: Path) -> None:
    """The files are shipped, whatever becomes of the summary."""
    done = upload(project, GITHUB, GITHUB_STEP_SUMMARY=place, GITHUB_OUTPUT=place)
    assert done.returncode == 0, done.stderr


def test_gitlab_sections_begin_and_end_by_name(project: Path) -> None:
    """Each section ends under the name that it began with."""
    done = upload(project, GITLAB)
    names = re.findall(r"\x1b\[0Ksection_(start|end):\d+:(\w+)[\r\n]\x1b\[0K", done.stdout)
    assert [kind for kind, _ in names] == ["start", "end"]
    assert len({name for _, name in names}) == 1


def test_azure_shows_issues(project: Path) -> None:
    """A warning is an issue of the run."""
    done = upload(project, AZURE)
    assert "##vso[task.logissue type=warning]" in done.stdout
    assert done.stdout.count("##[group]") == done.stdout.count("##[endgroup]") == 1


def test_buildkite_annotates_the_build_by_its_agent(project: Path, tmp_path: Path) -> None:
    """Where the agent is there, it gets the warnings and the error; where it is not, nothing is amiss."""
    calls = tmp_path / "bin" / "calls"
    calls.parent.mkdir()
    agent = calls.parent / "buildkite-agent"
    agent.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >> {calls}\n')
    agent.chmod(0o755)
    assert upload(project, BUILDKITE).returncode == 0
    done = upload(project, BUILDKITE, PATH=f"{agent.parent}{os.pathsep}{os.environ['PATH']}", WHEELHOUSE_KEEP="x")
    assert done.returncode == 2
    assert calls.read_text().startswith("annotate|--style|error|--context|wheelhouse-upload-error|- keep (environment)")
    assert "^^^ +++" in done.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_no_name_of_a_file_is_a_command(service: str, project: Path) -> None:
    """A file in dist/ whose name looks like a command of the service is shown, and is none."""
    for name in ("::error::x", "##vso[task.complete result=Failed]", "##[error]x", "--- x", "^^^ +++"):
        (project / "dist" / name).touch()
    done = upload(project, SERVICES[service])
    assert done.returncode == 0, done.stderr
    assert "::error::x" in done.stdout
    assert not re.search(r"^\s*::error::", done.stdout, re.MULTILINE)
    if service == "Azure":
        assert "##vso[task.complete" not in done.stdout
        assert "##[error]" not in done.stdout


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("words", [(), ("--json",), ("--verbose",)], ids=" ".join)
def test_no_secret_is_left_with_a_service(service: str, words: tuple[str, ...], project: Path, tmp_path: Path) -> None:
    """Neither the log, nor annotations, summaries and outputs hold a secret, also where a run fails over one."""
    files = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    more = {"WHEELHOUSE_PUBLIC_URL": f"https://me:{SECRET}@wheels.example/", **files}
    for wrong in ({}, {"WHEELHOUSE_KEEP": SECRET}):
        done = upload(project, SERVICES[service], *words, **more, **wrong)
        kept = [path.read_text() for path in map(Path, files.values()) if path.exists()]
        assert SECRET not in "".join([done.stdout, done.stderr, *kept])
