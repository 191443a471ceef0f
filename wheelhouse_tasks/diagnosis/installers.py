"""pip and uv, in processes of their own: whether they find an artifact on the pages, without installing anything."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from wheelhouse_tasks import child
from wheelhouse_tasks.errors import one_line
from wheelhouse_tasks.secret import mask_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheelhouse_tasks.artifacts.artifact import Artifact

NAMES = ("pip", "uv")
PYTHONS = [f"3.{minor}" for minor in range(20, 6, -1)]


class NotInstalled(Exception):
    """There is no such program here."""


def find(name: str, environ: Mapping[str, str]) -> list[str]:
    """Return the command that runs pip or uv: the one beside this Python, else that of PATH; raise NotInstalled."""
    if any(distributions(name=name)):  # to look for the module would wake what setuptools does about distutils
        return child.module(name)
    path = shutil.which(name, path=environ.get("PATH"))
    if path is None:
        raise NotInstalled(name)
    return [path]


def fault(
    name: str, url: str, file: Artifact, requires_python: str | None, environ: Mapping[str, str], timeout: float
) -> str | None:
    """Return why an installer does not see *file* at *url*: a page ending in .html, else an index; None where it does.

    It need not be one for this machine, nor for this Python, but for uv a wheel. Neither its configuration nor any
    other index is heeded. URLs go in the environment: they may hold a password. Raises NotInstalled.
    """
    command = find(name, environ)
    clean = {key: value for key, value in environ.items() if not key.upper().startswith(("PIP_", "UV_"))}
    flat = url.endswith(".html")
    kind = "FIND_LINKS" if flat else "INDEX_URL" if name == "pip" else "DEFAULT_INDEX"
    clean |= {f"{name.upper()}_{kind}": url, "NO_COLOR": "1"}
    words = _pip(file) if name == "pip" else _uv(file, requires_python)
    if name == "pip":
        clean["PIP_CONFIG_FILE"] = "/dev/null" if sys.platform != "win32" else "nul"
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as folder:
        (Path(folder) / "wanted.txt").write_text(f"{file.project}=={file.version}\n")
        words += ["--no-index"] if flat else []
        try:
            ended = child.run([*command, *words], clean, timeout, folder)
        except TimeoutError:
            return f"no answer within {timeout:g} s"
        except OSError as error:
            return f"cannot be started: {error.strerror}"
    output = ended.stdout + ended.stderr
    if ended.returncode == 0 and re.search(rf"(?<![\w.+]){re.escape(str(file.version))}(?![\w.+])", output):
        return None
    return one_line(mask_url(_reason(output)))[:400]


def _pip(file: Artifact) -> list[str]:
    """Return the words that list the versions, for the platform and the Python that the file is for."""
    words = ["index", "versions", str(file.project), "--pre", "--disable-pip-version-check", "--no-cache-dir"]
    words.append("--ignore-requires-python")
    if file.is_wheel:
        python, abi, platform = (tag.partition(".")[0] for tag in file.tags)
        version = re.sub(r"\D", "", python) or "3"
        words += ["--only-binary", ":all:", "--implementation", re.sub(r"\d", "", python), "--abi", abi]
        words += ["--python-version", version, "--platform", platform]
    return words


def _uv(file: Artifact, requires_python: str | None) -> list[str]:
    """Return the words that resolve the version, for any platform, and for a Python that the file is for."""
    words = ["pip", "compile", "--no-config", "--no-cache", "--no-deps", "--universal", "--no-header", "--no-build"]
    allowed = SpecifierSet(requires_python or "")
    tagged = re.match(r"[a-z]+(\d)(\d+)", file.tags[0])
    python = f"{tagged[1]}.{tagged[2]}" if tagged else next(filter(allowed.contains, PYTHONS), PYTHONS[0])
    words += ["--python-version", python]
    return [*words, "--prerelease", "allow", "--python", sys.executable, "wanted.txt"]


def _reason(output: str) -> str:
    """Return what was printed from the first error on, without the repeated tries."""
    lines = [line.strip() for line in output.splitlines() if line.strip() and "Retrying" not in line]
    first = next((number for number, line in enumerate(lines) if re.match(r"(?i)error|warning", line)), -1)
    return " ".join(lines[first:]) or "it gave no reason"
