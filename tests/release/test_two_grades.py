"""What an index refuses stops a release; what is merely doubtful is told, and stops it only with `strict`."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import scripted_index
import wheels
from outcomes import failed
from projects import index_env, inv, make_project
from scripted_index import Index

RELEASE = ("wheelhouse.release", "--version", "1.0", "--no-fetch")
HEAD = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
RST = "Description-Content-Type: text/x-rst\n"
MARKDOWN = "Description-Content-Type: text/markdown\n"
#: Tags of wheels, with what their metadata says more: nothing that an index refuses.
DOUBTFUL = {
    "other dependencies": {
        "cp312-cp312-win_amd64": f"{MARKDOWN}Requires-Dist: colorama\n\nx",
        "py3-none-any": MARKDOWN,
    },
    "other Python": {"cp312-cp312-win_amd64": f"{MARKDOWN}Requires-Python: >=3.12\n\nx", "py3-none-any": MARKDOWN},
    "no content type": {"py3-none-any": "\nwords\n"},
    "no description": {"py3-none-any": MARKDOWN},
    "UNKNOWN": {"py3-none-any": "Description: UNKNOWN\n"},
}
#: What an index would show broken, or not take at all.
REFUSED = {
    "description that cannot be rendered": {"py3-none-any": f"{RST}\n.. what::\n"},
    "description that is taken for such a one": {"py3-none-any": "\n====\nTitle\n"},
    "metadata that twine does not send": {"py3-none-any": f"{MARKDOWN}Bogus: 1\n\nx"},
}


def project_with(folder: Path, wheels_made: dict[str, str]) -> Path:
    """Return a project with wheels of some metadata."""
    project = make_project(folder / "project")
    for tag, text in wheels_made.items():
        ending = "" if text.startswith("\n") or "\n\n" in text else "\n"
        wheels.make_wheel(project / "dist", tag=tag, metadata=f"{HEAD}{text}{ending}")
    return project


def release(project: Path, index: Index, *words: str, **more: str) -> CompletedProcess[str]:
    """Release what is in dist/."""
    return inv(project, *RELEASE, *words, env={**index_env(index.access), **more})


@pytest.mark.parametrize("made", DOUBTFUL.values(), ids=DOUBTFUL)
def test_doubtful_release_is_made_and_warned_of(made: dict[str, str], tmp_path: Path) -> None:
    """What the index takes all the same is a warning: in the output, and with file and problem in the result."""
    project = project_with(tmp_path, made)
    with scripted_index.running(tmp_path / "index") as index:
        done = release(project, index, "--dry-run")
        assert (done.returncode, done.stdout.count("warning: ")) == (0, len(set(done.stdout.split("warning: ")[1:])))
        assert "warning: demo-1.0-" in done.stdout
        done = release(project, index, "--json")
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert (len(said["uploaded"]), len(index.stored)) == (len(made), len(made))
        assert {name for name, _ in said["warnings"]} <= set(said["uploaded"])
        assert all(problem in done.stderr for _, problem in said["warnings"])
        assert said["warnings"]


@pytest.mark.parametrize("how", ["flag", "variable", "pyproject"])
@pytest.mark.parametrize("made", DOUBTFUL.values(), ids=DOUBTFUL)
def test_strict_release_stops_at_what_is_doubtful(how: str, made: dict[str, str], tmp_path: Path) -> None:
    """With `strict`, however it is set, the same files are refused, and nothing is uploaded."""
    project = project_with(tmp_path, made)
    if how == "pyproject":
        with (project / "pyproject.toml").open("a") as file:
            file.write("[tool.wheelhouse]\nstrict = true\n")
    words = ["--strict"] if how == "flag" else []
    more = {"WHEELHOUSE_STRICT": "yes"} if how == "variable" else {}
    with scripted_index.running(tmp_path / "index") as index:
        done = release(project, index, *words, "--json", **more)
        said = json.loads(done.stdout)
        assert (done.returncode, index.posts, said["warnings"]) == (1, [], []), done.stderr
        assert said["findings"]
        assert "nothing was uploaded" in done.stderr


@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_stops_every_release(made: dict[str, str], tmp_path: Path) -> None:
    """What twine check calls an error is one, without `strict` too."""
    project = project_with(tmp_path, made)
    with scripted_index.running(tmp_path / "index") as index:
        failed(release(project, index), 1, "twine check --strict: ")
        assert index.posts == []


def test_doubt_about_many_files_is_one_line(tmp_path: Path) -> None:
    """What is found about every file of a release is told once, with the number of files."""
    made = dict.fromkeys((f"cp31{minor}-cp31{minor}-win_amd64" for minor in range(5)), "\nwords\n")
    project = project_with(tmp_path, made)
    with scripted_index.running(tmp_path / "index") as index:
        done = release(project, index, "--dry-run")
    [line] = [line for line in done.stdout.splitlines() if line.startswith("warning: ")]
    assert line.startswith("warning: demo-1.0-cp310-cp310-win_amd64.whl and 4 more: twine check --strict: ")


def test_refusal_hides_no_warning(tmp_path: Path) -> None:
    """Where a release is refused, what is doubtful is told beside it, and apart from it."""
    project = project_with(tmp_path, {**REFUSED["metadata that twine does not send"], **DOUBTFUL["other dependencies"]})
    wheels.make_wheel(project / "dist", tag="cp313-cp313-win_amd64", metadata=f"{HEAD}Bogus: 1\n\nx")
    with scripted_index.running(tmp_path / "index") as index:
        done = release(project, index, "--json")
    said = json.loads(done.stdout)
    assert {name for name, _ in said["findings"]} == {"demo-1.0-cp313-cp313-win_amd64.whl"}
    assert {name for name, _ in said["warnings"]} >= {"demo-1.0-cp312-cp312-win_amd64.whl"}
    assert "colorama" not in done.stderr.rpartition("error: ")[2]
