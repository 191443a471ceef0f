"""The README is true: its commands and its code run as written, and its tables are those of the code."""

import os
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import programs
import pytest
import wheels
from in_process import inv_here
from paths import ROOT
from projects import clone, inv, make_project
from readme import README, anchor, blocks, section, written
from scripted import Scripted

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.settings import table
from wheelhouse_tasks.settings.casts import as_table
from wheelhouse_tasks.settings.resolve import resolve


def test_ci_runs_the_commands() -> None:
    """What .ci/run takes out of the README are the two commands, and nothing else."""
    patterns = re.findall(r"^(\w+)=\$\(grep '(.*)' README.md\)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    commands = {name: re.findall(pattern, README, re.MULTILINE) for name, pattern in patterns}
    assert commands == {"demo": [blocks("bash")[0].strip()], "tests": [blocks("bash")[1].strip()]}


def test_first_screen() -> None:
    """Both commands are on the first screen, each complete in one line."""
    first = README.splitlines()[:36]
    assert [line for line in first if line.startswith("python3 -m venv")] == [
        text.strip() for text in blocks("bash")[:2]
    ]


def test_the_registry_is_not_named_as_a_source() -> None:
    """No command installs the package by its name; where it comes from stands in the section on installing alone."""
    elsewhere = README.replace(section("Installing"), "").replace(blocks("bash")[0], "").replace(blocks("bash")[1], "")
    install = r"\b(?:pip3?|uv|pipx|uvx|pdm|poetry|conda)\b[^\n|]*\b(?:install|add|run|tool|download)\b"
    assert re.findall(rf"{install}[^\n|]*wheelhouse[-_.]tasks.*", README) == []
    assert re.findall(r".*(?:git\+|HOST/OWNER|wheelhouse[-_]tasks *(?:@|[=~<>]=)).*", elsewhere) == []
    assert [re.sub(r"@ git\+https://HOST/OWNER/.*", "", line) for line in requirements().splitlines()] == [
        "wheelhouse-tasks "
    ]


def requirements() -> str:
    """Return the requirements file of the section on installing."""
    return next(text for text in blocks("text") if "HOST/OWNER" in text)


@pytest.mark.parametrize("source", ["git URL", "checkout"])
def test_install_as_the_section_says(source: str, tmp_path: Path) -> None:
    """What the section writes into the requirements file installs the package, for a repository and for a checkout."""
    checkout = clone(tmp_path / "wheelhouse_tasks")
    line = requirements().strip()
    if source == "checkout":
        line = "./wheelhouse_tasks"
        assert f"`{line}`" in README
    else:
        git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")
        for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "all"]):
            programs.run(*git, *words, cwd=checkout, check=True)
        commit = programs.run("git", "rev-parse", "HEAD", cwd=checkout, check=True).stdout.strip()
        line = line.replace("https://HOST/OWNER", tmp_path.as_uri()).replace("COMMIT", commit)
    (tmp_path / "requirements.txt").write_text(f"{line}\n")
    target = tmp_path / "target"
    pip = (sys.executable, "-m", "pip", "--isolated", "install", "--no-index", "--no-deps", "--no-build-isolation")
    env = {**os.environ, "PIP_CONFIG_FILE": os.devnull}
    programs.run(*pip, "--target", target, "-r", "requirements.txt", cwd=tmp_path, env=env, check=True)
    show = "import wheelhouse_tasks; print(wheelhouse_tasks.__file__)"
    done = programs.run(sys.executable, "-c", show, cwd=tmp_path, env={**env, "PYTHONPATH": str(target)}, check=True)
    assert done.stdout.strip() == str(target / "wheelhouse_tasks/__init__.py")
    assert (target / "bin/wheelhouse").is_file()


def test_pythons() -> None:
    """The README claims the Pythons that the metadata claims."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    minors = sorted(int(text) for text in re.findall(r"Python :: 3\.(\d+)", "\n".join(project["classifiers"])))
    assert project["requires-python"] == f">=3.{minors[0]}"
    claims = re.findall(r"Python (3\.\d+ [^,\n]*)", README)
    assert claims
    assert set(claims) == {f"3.{minors[0]} to 3.{minors[-1]}"}


def test_parts_are_written_from_the_code() -> None:
    """`inv readme` would change nothing."""
    assert written(README) == README


def test_prose_is_narrow() -> None:
    """No line of prose is longer than 100 columns; tables and code may be."""
    prose = re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE).splitlines()
    assert [line for line in prose if len(line) > 100 and not line.startswith("|")] == []


def test_links_lead_to_headings() -> None:
    """Each link within the README leads to a heading of it."""
    targets = re.findall(r"\]\(#([^)]*)\)", README)
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", README, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    )
    assert targets
    assert set(targets) <= {anchor(heading) for heading in headings}


def test_settings_table() -> None:
    """The tables of settings name every setting with its group, flag, variable, default and meaning."""
    rows = re.findall(r"^\| `(\w+)` \| ?(.*?) ?\| ?(.*?) ?\| ?(.*?) ?\| (.*?) \|$", section("Settings"), re.MULTILINE)
    assert [(name, text) for name, *_, text in rows] == [(name, key.help) for name, key in table.ROWS.items()]
    groups = re.findall(r"^\*\*(.*)\*\*$", section("Settings"), re.MULTILINE)
    assert groups == list(dict.fromkeys(key.group.capitalize() for key in table.ROWS.values()))
    for name, flag, variable, default, _ in rows:
        key = table.ROWS[name]
        assert flag == (f"`{key.flag}`" if key.tasks else ""), name
        assert variable == ("" if key.cast is as_table else f"`WHEELHOUSE_{name.upper()}`"), name
        if key.default in (None, "", (), {}):
            assert default in ("", "the container", "`[project] name`", "PyPI's, TestPyPI's"), name
        else:
            assert key.cast(default.strip("`")) == key.default, name


def test_four_lines_of_tasks(tmp_path: Path) -> None:
    """The four lines mount the collection."""
    project = make_project(tmp_path / "project", blocks("python")[0])
    wheels.make_wheel(project / "dist")
    assert inv(project, "wheelhouse.upload").returncode == 0
    assert (project / "wheelhouse/index.html").is_file()


def test_use_from_python(tmp_path: Path) -> None:
    """The example of the Python API uploads, and shows what is there."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist")
    code = next(text for text in blocks("python") if "of_project" in text)
    done = programs.run(sys.executable, "-c", code, cwd=project, check=True)
    url = (project / "nightly").as_uri()
    assert done.stdout == f"{(wheel.name,)} {url}/\n1.0 {[wheel.name]}\n"


def test_composed_tasks(tmp_path: Path) -> None:
    """The example of composed tasks uploads to both containers."""
    code = next(text for text in blocks("python") if "pre=" in text)
    project = make_project(tmp_path / "project", code)
    wheels.make_wheel(project / "dist")
    done = inv(project, "nightly")
    assert done.returncode == 0, done.stderr
    assert all((project / name / "index.html").is_file() for name in ("wheelhouse", "mirror"))


def test_configuration_examples(tmp_path: Path) -> None:
    """The pyproject.toml example is accepted; what it does not say is a missing credential."""
    (tmp_path / "pyproject.toml").write_text(blocks("toml")[0])
    found = resolve({}, {}, {}, tmp_path)
    assert (found.container.provider, found.container.container, len(found.indexes)) == ("s3", "my-wheelhouse", 2)
    assert tomllib.loads(blocks("toml")[0])["tool"]["wheelhouse"].keys() <= table.ROWS.keys()
    with pytest.raises(UsageError, match="did you mean 'max_workers'"):
        resolve({}, {}, {"max_worker": 16}, tmp_path)


def test_migration_commands(tmp_path: Path) -> None:
    """The commands that replace wheelhouse-uploader's do their job."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "my-project", "1.2")
    program = Path(sys.executable).with_name("wheelhouse")
    table = README.partition("## Moving from wheelhouse-uploader")[2]
    upload = re.search(r"\| `wheelhouse (upload --container \w+)`", table)
    fetch = re.search(r"\| `wheelhouse (fetch .*?)` \|", table)
    assert upload
    assert fetch
    programs.run(program, *upload[1].split(), cwd=project, check=True)
    words = fetch[1].replace("X.Y.Z", "1.2.0").replace("http://wheelhouse.example.org/", "my_wheelhouse").split()
    programs.run(program, *words, "--local-folder", "got", cwd=project, check=True)
    assert [path.name for path in (project / "got").iterdir()] == ["my_project-1.2-py3-none-any.whl"]


def sub(project: Path) -> None:
    """Put the wheel into a folder within dist/."""
    (project / "dist/sub").mkdir()
    wheels.make_wheel(project / "dist/sub")


def published(project: Path) -> None:
    """Publish the wheel, and build it anew with other bytes."""
    wheels.make_wheel(project / "dist")
    assert inv_here(project, "wheelhouse.upload").returncode == 0
    wheels.make_wheel(project / "dist", payload=b"other\n")


def uploaded(project: Path) -> None:
    """Publish the wheel."""
    wheels.make_wheel(project / "dist")
    assert inv_here(project, "wheelhouse.upload").returncode == 0


def built(project: Path) -> None:
    """Build a wheel."""
    wheels.make_wheel(project / "dist")


#: For each line of the section: what was done before, the command, and the variables.
OFF: dict[str, tuple[Callable[[Path], object], str, dict[str, str]]] = {
    "credentials": (built, "upload --provider s3 --container x", {}),
    "container": (built, "upload", {"CI": "true", "GITHUB_ACTIONS": "true"}),
    "demo-1.0-py3-none-any.whl": (published, "upload", {}),
    "dist: holds": (sub, "upload", {}),
    "demo 9.9": (uploaded, "fetch --version 9.9", {}),
    "http": (built, "fetch --version 1.0 --index http://127.0.0.1:9/", {}),
    "s3://x": (
        built,
        "upload --provider s3 --container x --host 127.0.0.1 --port 9",
        {"WHEELHOUSE_USERNAME": "a", "WHEELHOUSE_SECRET": "b", "WHEELHOUSE_RETRIES": "0"},
    ),
    "this release": (built, "release --version 1.0 --no-fetch --dry-run --expect cp312-*", {}),
    "WHEELHOUSE_MAX_WORKER": (built, "upload", {"WHEELHOUSE_MAX_WORKER": "16"}),
    "dist: there is no such folder": (lambda project: (project / "dist").rmdir(), "upload", {}),
}
LINES = re.findall(r"^\| `(.*?)` \| .+ \|$", section("When something is off"), re.MULTILINE)


def test_each_line_that_is_off_has_its_scene() -> None:
    """Each line of the section is tried."""
    assert len(LINES) == len(OFF) == 10
    assert all(line.startswith(start) for line, start in zip(LINES, OFF, strict=True))


@pytest.mark.parametrize(("line", "scene"), list(zip(LINES, OFF.values(), strict=True)), ids=list(OFF))
def test_line_that_is_off(
    line: str, scene: tuple[Callable[[Path], object], str, dict[str, str]], tmp_path: Path, server: Scripted
) -> None:
    """The command says what the section says that it does."""
    before, words, env = scene
    project = make_project(tmp_path / "project")
    before(project)
    command, *flags = words.split()
    server.answers["/"] = (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html><body></body></html>")
    index = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": server.url}
    done = inv_here(project, f"wheelhouse.{command}", *flags, env={**index, **env})
    assert done.returncode in (1, 2)
    assert line in (done.stdout + done.stderr).replace(f"{project}/", "")
