"""What lies in dist/ by mistake: other projects and older versions are told, and left out where that is asked for."""

import json
from pathlib import Path

import pytest
import wheels
from in_process import inv_here
from outcomes import failed
from projects import inv, make_project

OURS, OLD, OTHER = "demo-2.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl", "extra-1.0-py3-none-any.whl"


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """Return the project `demo` whose dist/ holds an older version, and a wheel of another project."""
    project = make_project(tmp_path / "project")
    for name, version in (("demo", "1.0"), ("demo", "2.0"), ("extra", "1.0")):
        wheels.make_wheel(project / "dist", name, version)
    return project


def stored(project: Path) -> set[str]:
    """Return the wheels in the container."""
    return {path.name for path in (project / "wheelhouse/files").rglob("*.whl")}


def plan_of(text: str) -> list[str]:
    """Return the lines of the plan, without its title."""
    return [line for line in text.splitlines() if line.startswith(("upload ", "replace ", "already there "))]


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_strays_are_named_and_sent(words: tuple[str, ...], crowded: Path) -> None:
    """Other projects and older versions are in a warning, the plan, the sum and the result, and are sent."""
    done = inv_here(crowded, "wheelhouse.upload", "--json", *words)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["other_projects"], result["older_versions"]) == ([OTHER], [OLD])
    assert set(result["uploaded"]) == {OURS, OLD, OTHER}
    assert f"warning: not of demo: {OTHER} (--project demo leaves them out)" in done.stderr
    assert f"warning: of older versions: {OLD} (--version leaves them out)" in done.stderr
    rows = {line.split()[-1]: line for line in done.stderr.splitlines() if line.startswith("upload ")}
    assert rows[OTHER].startswith("upload (other project) ")
    assert rows[OLD].startswith("upload (older version) ")
    assert rows[OURS].startswith("upload  ")
    if not words:
        assert "of all: 1 of other projects, 1 of older versions\n" in done.stderr
        assert stored(crowded) == {OURS, OLD, OTHER}


@pytest.mark.parametrize(
    ("words", "expected", "warned"),
    [
        (("--project", "demo"), {OURS, OLD}, True),
        (("--project", "Extra"), {OTHER}, False),
        (("--project", "demo", "--project", "extra", "--version", "1.0"), {OLD, OTHER}, False),
        (("--version", "2"), {OURS}, False),
        (("--project", "demo", "--version", "2.0.0"), {OURS}, False),
    ],
)
def test_only_what_is_asked_for_is_sent(
    words: tuple[str, ...], expected: set[str], crowded: Path, *, warned: bool
) -> None:
    """`--project`, once for each, and `--version` send nothing else, and what is named so is no mistake."""
    done = inv_here(crowded, "wheelhouse.upload", *words)
    assert done.returncode == 0, done.stderr
    assert stored(crowded) == expected
    assert ("warning" in done.stdout) == warned


@pytest.mark.parametrize("words", [("--project", "nothing"), ("--version", "3.0"), ("--project=extra", "--version=2")])
def test_nothing_that_fits_names_what_is_there(words: tuple[str, ...], crowded: Path) -> None:
    """Where no file fits, one line names what is there, and nothing is written."""
    failed(inv_here(crowded, "wheelhouse.upload", *words), 1, "(there: demo 1.0, demo 2.0, extra 1.0)")
    assert not (crowded / "wheelhouse").exists()


def test_monorepo_that_names_its_projects_is_not_warned(crowded: Path) -> None:
    """Projects that are built together on purpose are named, and go without a warning."""
    (crowded / "dist" / OLD).unlink()
    done = inv(crowded, "wheelhouse.upload", "--project", "demo", "--project", "extra")
    assert (done.returncode, "warning" in done.stdout, "of all" in done.stdout) == (0, False, False)


def test_builds_that_differ_in_their_local_part_are_no_older_versions(tmp_path: Path) -> None:
    """Variants of one version (CUDA, ...) belong together; a project that is not named is no other project."""
    project = make_project(tmp_path / "project")
    (project / "pyproject.toml").unlink()
    for version in ("1.0", "1.0+cu118", "1.0+cu121"):
        wheels.make_wheel(project / "dist", "demo", version)
    wheels.make_wheel(project / "dist", "extra", "0.1")
    done = inv_here(project, "wheelhouse.upload", "--json")
    result = json.loads(done.stdout)
    assert (result["other_projects"], result["older_versions"], "warning" in done.stderr) == ([], [], False)


def test_overwrite_marks_what_it_replaces(crowded: Path) -> None:
    """A file that takes the place of other bytes is marked in the plan, the sum and the result, no other one."""
    assert inv_here(crowded, "wheelhouse.upload", "--project", "extra").returncode == 0
    wheels.make_wheel(crowded / "dist", "extra", "1.0", payload=b"other")
    for words in (("--dry-run",), ()):
        done = inv_here(crowded, "wheelhouse.upload", "--overwrite", "--json", *words)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["replaced"] == [OTHER]
        actions = {line.split()[-1]: line.split()[0] for line in plan_of(done.stderr) if ".whl" in line}
        assert actions == {OTHER: "replace", OLD: "upload", OURS: "upload"}
    assert "1 replaced" in done.stderr
