"""The package itself: what is built is complete, in order, and works where nothing else is installed."""

import ast
import importlib.metadata
import os
import re
import sys
import tomllib
import venv
from email import message_from_string
from email.message import Message
from itertools import chain
from pathlib import Path
from zipfile import ZipFile

import programs
import pytest
import servers
import wheels
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from paths import ROOT
from projects import clone, index_env, make_project, s3_env

PACKAGE = "wheelhouse-tasks"
#: What pyroma asks for and the project does not have: no mailbox and no address on the web is made up for it.
NOT_THERE = "AuthorEmail,Url"
#: What imports us rather than we it, and what we run as a program.
HOSTS, RUN = {"nox", "setuptools"}, {"twine"}
QUIET = {"PYTHONWARNINGS": ""}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from it; return their folder."""
    folder = tmp_path_factory.mktemp("built")
    checkout = clone(folder / "checkout")
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", checkout)
    programs.run(*build, env={**os.environ, **QUIET}, check=True)
    return folder / "dist"


@pytest.fixture(scope="module")
def wheel_file(built: Path) -> Path:
    """Return the wheel."""
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def metadata(wheel_file: Path) -> Message:
    """Return the metadata of the wheel."""
    with ZipFile(wheel_file) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(archive.read(name).decode())


def test_build_makes_a_wheel_and_an_sdist(built: Path) -> None:
    """There is one of each, for every Python."""
    names = sorted(path.name for path in built.iterdir())
    assert [re.sub(r"\d[\d.]*\d", "1", name) for name in names] == [
        "wheelhouse_tasks-1-py3-none-any.whl",
        "wheelhouse_tasks-1.tar.gz",
    ]


@pytest.mark.parametrize(
    ("words", "suffixes"),
    [
        pytest.param(("twine", "check", "--strict"), (".whl", ".gz"), id="twine"),
        pytest.param(("check-wheel-contents",), (".whl",), id="check-wheel-contents"),
        pytest.param(("pyroma", "--min", "10", "--skip-tests", NOT_THERE), (".gz",), id="pyroma"),
    ],
)
def test_checkers_find_nothing(words: tuple[str, ...], suffixes: tuple[str, ...], built: Path) -> None:
    """What others check of a package is in order."""
    program, *rest = words
    files = sorted(path for path in built.iterdir() if path.suffix in suffixes)
    done = programs.run(programs.find(program) or program, *rest, *files, env={**os.environ, **QUIET})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()


def test_what_the_checker_may_skip_is_not_there(metadata: Message) -> None:
    """Once the project has an address or a mailbox, pyroma is to look at it."""
    assert [metadata[name] for name in ("Home-page", "Project-URL", "Author-email")] == [None, None, None]


def test_wheel_holds_the_package_and_nothing_else(wheel_file: Path) -> None:
    """Each file of the package is in the wheel, with the mark of its types and the license."""
    with ZipFile(wheel_file) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    inside = {name for name in names if ".dist-info/" not in name}
    listed = programs.run("git", "ls-files", "--cached", "--others", "--exclude-standard", "wheelhouse_tasks", cwd=ROOT)
    assert inside == {name for name in listed.stdout.split() if (ROOT / name).is_file()}
    assert "wheelhouse_tasks/py.typed" in inside
    assert [name for name in names if name.endswith("/licenses/LICENSE")]


def test_every_library_that_is_imported_is_a_dependency(metadata: Message) -> None:
    """What the package imports it names, rather than to have it from another dependency; and it names nothing else."""
    trees = (ast.parse(path.read_text()) for path in (ROOT / "wheelhouse_tasks").rglob("*.py"))
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    tops = {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"wheelhouse_tasks", *HOSTS}
    owners = importlib.metadata.packages_distributions()
    imported = {canonicalize_name(owner) for top in tops for owner in owners[top]}
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    assert {each.name for each in requirements if not each.marker} == imported | RUN


def test_metadata_claims_every_python_that_is_proven(metadata: Message) -> None:
    """The classifiers name the Pythons from the lowest to the newest that CI runs, and no other one."""
    classifiers = metadata.get_all("Classifier", [])
    minors = [int(name.rpartition(".")[2]) for name in classifiers if re.search(r":: 3\.\d+$", name)]
    others = re.search(r"^others=\((.*)\)$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert others
    assert minors == list(range(11, 16))
    assert int(others[1].split(".")[-1]) == minors[-1]
    assert metadata["Requires-Python"] == ">=3.11"


def needed(requirements: list[str]) -> dict[str, importlib.metadata.Distribution]:
    """Return the distributions, installed here, that requirements need, and what those need."""
    closed: dict[str, importlib.metadata.Distribution] = {}
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (requirement.marker and not requirement.marker.evaluate({"extra": extra})) or name in closed:
            continue
        closed[name] = importlib.metadata.distribution(name)
        extras = ("", *requirement.extras)
        waiting += [(Requirement(text), each) for text in closed[name].requires or () for each in extras]
    return closed


@pytest.fixture(scope="module")
def clean_python(wheel_file: Path, metadata: Message, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that has the wheel, and what its metadata names: no checkout, no test tools.

    The dependencies are links to those of this environment, so that no package index is asked.
    """
    folder = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    pip = (sys.executable, "-m", "pip", "--isolated", "--python", python, "install", "--no-index", "--no-deps")
    programs.run(*pip, wheel_file, env={**os.environ, **QUIET}, check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    found = needed(metadata.get_all("Requires-Dist", []))
    for path in chain.from_iterable(distribution.files or () for distribution in found.values()):
        if path.parts[0] not in ("..", "__pycache__") and not (packages / path.parts[0]).exists():
            (packages / path.parts[0]).symlink_to(Path(str(path.locate())).parents[len(path.parts) - 1] / path.parts[0])
    return python


def test_clean_environment_is_clean(clean_python: Path, tmp_path: Path) -> None:
    """The package comes from the wheel, and no tool of the tests is there."""
    code = (
        "import importlib.util as u, wheelhouse_tasks; print(wheelhouse_tasks.__file__)\n"
        "print([name for name in ('pytest', 'moto', 'nox', 'uv', 'hypothesis') if u.find_spec(name)])"
    )
    path, others = programs.run(clean_python, "-c", code, cwd=tmp_path, check=True).stdout.splitlines()
    assert Path(path).is_relative_to(clean_python.parents[1])
    assert others == "[]"


def test_wheel_uploads_fetches_and_releases(clean_python: Path, pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """With the wheel and its dependencies alone the program does the main job, and pip installs what came of it."""
    name = f"demo-{tmp_path.name.replace('_', '-')}"
    project = make_project(tmp_path / "project", name=name)
    (project / "tasks.py").unlink()
    made = wheels.make_wheel(project / "dist", name, "1.0")
    program = clean_python.with_name("wheelhouse")
    env = {**os.environ, **index_env(pypi)}
    programs.run(program, "upload", cwd=project, env=env, check=True)
    for words in (("fetch",), ("release", "--yes")):
        more = ("--version", "1.0", "--local-folder", "got")
        done = programs.run(program, *words, *more, cwd=project, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (project / "got" / made.name).read_bytes() == made.read_bytes()
    for number, index in enumerate(((project / "wheelhouse/simple").as_uri() + "/", pypi.simple_url)):
        target = tmp_path / str(number)
        done = programs.pip_install("--index-url", index, name, target=target)
        assert done.returncode == 0, done.stderr
        assert (target / made.name.partition("-")[0] / "__init__.py").is_file()


def test_wheel_uploads_to_an_object_store(
    clean_python: Path, s3: servers.S3Server, bucket_name: str, project: Path
) -> None:
    """With the wheel and its dependencies alone the program speaks to an object store."""
    env = {**os.environ, **s3_env(s3, bucket_name)}
    for task in ("upload", "check"):
        done = programs.run(clean_python.with_name("wheelhouse"), task, cwd=project, env=env)
        assert done.returncode == 0, done.stdout + done.stderr


def test_floors_stand_where_a_test_runs_them() -> None:
    """Each dependency has a floor, and CI runs the tests at the floors."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    without = [text for text in project["dependencies"] if not re.fullmatch(r"[a-z0-9-]+>=[\d.]+", text)]
    assert without == []
    assert "bash .ci/lowest run" in (ROOT / ".ci/run").read_text()
