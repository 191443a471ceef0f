"""The demo runs on the Python that it was started with, whatever other Pythons the machine has."""

import os
import runpy
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import programs
import pytest
import wheels
from paths import ROOT
from projects import inv, make_project

TASKS = runpy.run_path(str(ROOT / "tasks.py"))


def installed(project: Path) -> dict[str, list[str]]:
    """Run the commands of the demo that install; return the home and the package of each environment."""
    for words in TASKS["installs"](project):
        programs.run(*TASKS["command"](words), cwd=project, env=TASKS["environment"](UV_OFFLINE="1"), check=True)
    show = f"import sys, {TASKS['PACKAGE']} as it; print(*sys.version_info[:3], it.__file__)"
    outcome = {}
    for name in ("with-pip", "with-uv"):
        settings = dict(line.split(" = ") for line in (project / name / "pyvenv.cfg").read_text().splitlines())
        shown = programs.run(TASKS["python_of"](project / name), "-c", show, cwd=project, check=True)
        outcome[name] = [settings["home"], *shown.stdout.split()]
    return outcome


def test_every_uv_of_the_demo_names_its_python(tmp_path: Path) -> None:
    """Each command of uv says which Python it is for: this one, or that of an environment made from it."""
    commands: list[tuple[Any, ...]] = [words for words in TASKS["installs"](tmp_path) if words[0] == "uv"]
    pythons = {" ".join(words[1:3]): words[words.index("--python") + 1] for words in commands}
    assert pythons == {"venv --quiet": sys.executable, "pip install": tmp_path / "with-uv/bin/python"}


@pytest.mark.parametrize("preference", ["PATH", ".python-version"])
def test_demo_installs_for_the_python_that_runs_it(
    preference: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where the machine prefers another Python, both environments of the demo are still of the one that runs it."""
    other = tmp_path / "other"
    other.mkdir()
    for name in ("python", "python3"):
        (other / name).symlink_to(os.path.realpath(sys.executable))
    project = make_project(tmp_path / "project", name=TASKS["PACKAGE"])
    wheels.make_wheel(project / "dist", TASKS["PACKAGE"], TASKS["VERSION"])
    assert inv(project, "wheelhouse.upload").returncode == 0
    if preference == "PATH":
        monkeypatch.setenv("PATH", f"{other}{os.pathsep}{os.environ['PATH']}")
    else:
        (project / ".python-version").write_text(f"{other / 'python3'}\n")
    major, minor, micro = map(str, sys.version_info[:3])
    package = f"lib/python{major}.{minor}/site-packages/{TASKS['PACKAGE']}/__init__.py"
    for name, (home, *shown) in installed(project).items():
        assert Path(home) != other
        assert shown == [major, minor, micro, str(project / name / package)]


@pytest.mark.parametrize("ending", ["well", "badly"])
def test_demo_leaves_its_folder_where_asked(ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With --keep the folder stays, however the demo ends, and each thing to look at is printed with its path."""
    with suppress(ZeroDivisionError), TASKS["scratch_folder"](keep=True) as folder:
        for name in TASKS["KEPT"]:
            (folder / name).mkdir(parents=True, exist_ok=True)
        assert 1 / (ending == "well")
    assert folder.is_dir()
    shown = [line.partition(": ")[0] for line in capsys.readouterr().out.splitlines() if line.startswith(str(folder))]
    shutil.rmtree(folder)
    assert shown == [str(folder / name) for name in TASKS["KEPT"]]


def test_demo_removes_its_folder() -> None:
    """Without --keep nothing is left."""
    with TASKS["scratch_folder"](keep=False) as folder:
        (folder / "index").mkdir()
    assert not folder.exists()


def test_demo_prints_the_seconds_of_each_step(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is announced when it begins; in the end each is printed with the time until the next one began."""
    clock = iter([5.0, 7.5, 20.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    steps = TASKS["Steps"]()
    steps.begin("Build")
    steps.begin("Upload")
    assert capsys.readouterr().out == "\n== Build\n\n== Upload\n"
    steps.end()
    assert capsys.readouterr().out == "\n== Done in 15 s\n   2.5 s  Build\n  12.5 s  Upload\n"
