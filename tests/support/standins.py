"""Wheels that stand for what a workflow takes from a package index: each leads to what is installed here.

The programs of a workflow are run by the real uv from requirements that it really resolves and installs; no package
index is asked. Of a package that needs the network at work (cibuildwheel, the signing of attestations) a few lines
stand in.
"""

import site
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

from paths import ROOT, SUPPORT

BUILDS_A_WHEEL = """\
import os, sys, tomllib
from pathlib import Path

import wheels

def main():
    folder = Path(sys.argv[sys.argv.index("--output-dir") + 1])
    folder.mkdir(exist_ok=True)
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    wheels.make_wheel(folder, project["name"], project["version"], os.environ.get("STANDIN_TAG", "py3-none-any"))
"""
SIGNS = """\
import sys
from pathlib import Path

import wheels

def main():
    command, *files = sys.argv[1:]
    assert command == "sign", command
    for name in files:
        wheels.attest(Path(name))
"""


def make(folder: Path, versions: Mapping[str, str]) -> Path:
    """Write the wheels into a folder, for `--find-links`; *versions* are those that a workflow asks for by name."""
    folder.mkdir()
    _bridge(folder, "wheelhouse-tasks", "0.1.0", {"wheelhouse": "wheelhouse_tasks.__main__:main"})
    _bridge(folder, "hatchling", "1.99")
    for name, code in (("cibuildwheel", BUILDS_A_WHEEL), ("pypi-attestations", SIGNS)):
        _bridge(folder, name, versions[name], {name: f"standin_{name.replace('-', '_')}:main"}, code)
    return folder


def _bridge(folder: Path, name: str, version: str, scripts: Mapping[str, str] | None = None, code: str = "") -> None:
    """Write a wheel that has nothing but a way to the packages of this environment, and its programs."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    lines = ["[console_scripts]", *(f"{program} = {entry}" for program, entry in (scripts or {}).items())]
    files = {
        f"{module}_bridge.pth": "\n".join([*site.getsitepackages(), str(ROOT), str(SUPPORT)]) + "\n",
        **({f"standin_{module}.py": code} if code else {}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "\n".join(lines) + "\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
