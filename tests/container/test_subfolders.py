"""Artifacts in folders within dist/, as actions/download-artifact leaves them."""

import json
import shutil
from pathlib import Path

import pytest
import scripted_index
import wheels
from in_process import inv_here
from outcomes import failed
from projects import index_env, inv, make_project

LINUX, WINDOWS = "cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-win_amd64"
NAMES = ["demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", "demo-1.0-cp312-cp312-win_amd64.whl", "demo-1.0.tar.gz"]


@pytest.fixture
def nested(tmp_path: Path) -> Path:
    """Return a project whose dist/ holds an sdist, and wheels in folders."""
    project = make_project(tmp_path / "project")
    wheels.make_sdist(project / "dist", "demo", "1.0")
    for folder, tag in (("wheels-linux", LINUX), ("deep/wheels-windows", WINDOWS)):
        (project / "dist" / folder).mkdir(parents=True)
        wheels.make_wheel(project / "dist" / folder, "demo", "1.0", tag)
    return project


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_wheels_in_subfolders_are_an_error_without_recursive(words: tuple[str, ...], nested: Path) -> None:
    """The sdist above is not sent alone: the upload ends with 1, and names the folders and the flag."""
    done = inv_here(nested, "wheelhouse.upload", *words)
    failed(done, 1, "holds artifacts in deep/wheels-windows, wheels-linux,")
    assert "--recursive" in done.stderr
    assert not (nested / "wheelhouse").exists()


@pytest.mark.parametrize("way", ["flag", "variable", "pyproject.toml"])
def test_wheels_in_subfolders_are_sent_with_recursive(way: str, nested: Path) -> None:
    """With the flag or the setting everything is sent, at any depth, and no searched folder is told as skipped."""
    if way == "pyproject.toml":
        with (nested / way).open("a") as file:
            file.write("[tool.wheelhouse]\nrecursive = true\n")
    words = ["--recursive"] if way == "flag" else []
    done = inv(nested, "wheelhouse.upload", "--json", *words, env={"WHEELHOUSE_RECURSIVE": "yes" * (way == "variable")})
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert sorted(result["uploaded"]) == NAMES
    assert [file["name"] for file in result["skipped"]] == []
    stored = {path.name for path in (nested / "wheelhouse/files/demo").iterdir()}
    assert stored >= set(NAMES)


def test_same_file_in_two_subfolders(nested: Path) -> None:
    """The same bytes are sent once; other bytes under one name end the upload, with both places."""
    wheel = nested / "dist/wheels-linux" / NAMES[0]
    (nested / "dist/again").mkdir()
    shutil.copy(wheel, nested / "dist/again")
    done = inv_here(nested, "wheelhouse.upload", "--recursive", "--json", "--dry-run")
    assert sorted(json.loads(done.stdout)["uploaded"]) == NAMES
    wheels.make_wheel(nested / "dist/again", "demo", "1.0", LINUX, payload=b"other")
    done = inv_here(nested, "wheelhouse.upload", "--recursive")
    failed(done, 1, f"twice, with other bytes: again/{wheel.name} and wheels-linux/{wheel.name}")
    assert not (nested / "wheelhouse").exists()


@pytest.mark.parametrize("words", [(), ("--recursive",)])
@pytest.mark.parametrize("name", [".hidden", "__pycache__", "node_modules", "x/.cache", "x/node_modules/y", "link"])
def test_folders_of_others_are_not_searched(name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    """Hidden folders, caches, installed packages and links are no place of artifacts: with the flag and without."""
    project = make_project(tmp_path / "project")
    wheels.make_sdist(project / "dist", "demo", "1.0")
    folder = project / "dist" / name
    if name == "link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir(parents=True)
    wheels.make_wheel(folder, "demo", "1.0", LINUX)
    done = inv_here(project, "wheelhouse.upload", "--json", *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["uploaded"] == [NAMES[2]]


def test_container_within_the_local_folder_is_not_searched(tmp_path: Path) -> None:
    """A local container in the folder of the artifacts holds what was uploaded, and is no subfolder of new ones."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    for words in ((), (), ("--recursive",)):
        done = inv_here(project, "wheelhouse.upload", "--container", "dist/store", "--json", *words)
        assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["present"] == ["demo-1.0-py3-none-any.whl"]


def test_other_files_in_subfolders_are_told_with_their_folder(nested: Path) -> None:
    """What lies beside a wheel in a subfolder, and is none, is skipped under its path."""
    (nested / "dist/wheels-linux/notes.txt").touch()
    done = inv_here(nested, "wheelhouse.upload", "--recursive", "--json")
    assert [file["name"] for file in json.loads(done.stdout)["skipped"]] == ["wheels-linux/notes.txt"]


def test_release_searches_subfolders_by_the_same_rule(nested: Path, tmp_path: Path) -> None:
    """`release --no-fetch` ends with 1 for artifacts in subfolders, and with `--recursive` plans all of them."""
    words = ["wheelhouse.release", "--version", "1.0", "--no-fetch", "--dry-run", "--json"]
    with scripted_index.running(tmp_path / "index") as index:
        env = index_env(index.access)
        failed(inv(nested, *words, env=env), 1, "--recursive")
        done = inv(nested, *words, "--recursive", env=env)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(done.stdout)["sha256"]) == NAMES
