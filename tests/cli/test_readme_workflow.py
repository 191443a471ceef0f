"""The workflow that the README shows is the one that the command prints, and it installs as the README says."""

import os
import re
import shlex
import sys
from pathlib import Path

import programs
from paths import ROOT
from projects import make_project

README = (ROOT / "README.md").read_text()
HEADING = "## CI, complete"


def block(language: str) -> str:
    """Return the first block of code of a language in the section."""
    section = README.partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]
    found = re.search(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert found, f"{HEADING} has no block of {language}"
    return found[1]


def test_workflow_is_what_the_command_prints(tmp_path: Path) -> None:
    """The commands of the section, typed as they stand, write the file that the section shows."""
    project = make_project(tmp_path / "project")
    commands = re.sub(r"^\$ ", "", block("console"), flags=re.MULTILINE)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    programs.run("bash", "-ec", commands, cwd=project, env={**os.environ, "PATH": path}, check=True)
    written = project / shlex.split(commands)[-1]
    assert written.read_text() == block("yaml")


def test_workflow_installs_from_the_file_of_the_section_on_installing() -> None:
    """The file of requirements is the one that the README says how to fill."""
    names = re.findall(r"^\$ pip install -r (\S+)$", README, re.MULTILINE)
    assert len(names) == 1
    assert set(re.findall(r"--with-requirements (\S+)", block("yaml"))) == set(names)
