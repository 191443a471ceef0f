"""The rooms of the package: no arrow climbs, nothing goes in a circle, and only the edge reads and prints."""

import ast
import functools
from pathlib import Path

import pytest

import wheelhouse_tasks

PACKAGE = Path(wheelhouse_tasks.__file__).parent


#: The floors of the package, from the ground up: a folder imports itself and those that stand before it.
GROUND = (
    "blocks",
    "errors",
    "files",
    "names",
    "network",
    "connections",
    "secret",
    "text",
    "parallel",
    "retry",
    "child",
    "ui",
    "spool",
)


FLOORS = (
    *(
        "settings",
        "services",
        "artifacts",
        "stamps",
        "storage",
        "pages",
        "people",
        "container",
        "sources",
        "pypi",
        "publishing",
        "workflows",
    ),
    *("uploading", "diagnosis", "commands", "wheelhouse", "cli", "__init__", "__main__", "nox", "setup_commands"),
)


ONLY_IN = {
    "libcloud": ("storage/",),
    "requests": ("connections", "storage/", "sources/web", "sources/session", "publishing/twine_runner"),
    "lxml": ("pages/html_links", "sources/listings"),
    "rich": ("cli/",),
    "twine": (),
    "invoke": ("cli/", "__main__"),
    "ci_info": ("services/ci",),
    "nox": ("nox",),
    "setuptools": ("setup_commands",),
    "subprocess": ("child",),
}


@functools.cache
def tree(path: Path) -> ast.Module:
    """Return a module as Python reads it."""
    return ast.parse(path.read_text())


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Return the modules that a file imports anywhere, with the names taken from our own package."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "wheelhouse_tasks":
            found.update(f"wheelhouse_tasks.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return frozenset(found)


def place(path: Path) -> str:
    """Return the folder of a module, or its own name where it stands at the top."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_direction_of_imports(path: Path) -> None:
    """No arrow climbs from one floor to a higher one, and each library has one home."""
    here = place(path)
    below = (*GROUND, *FLOORS[: FLOORS.index(here) + 1]) if here in FLOORS else GROUND
    for name in imports(path):
        first, _, rest = name.partition(".")
        if first == "wheelhouse_tasks":
            there = rest.partition(".")[0]
            assert (there if there in (*GROUND, *FLOORS) else "__init__") in below, f"{path} imports {name}"
        elif first in ONLY_IN:
            at = str(path.relative_to(PACKAGE).with_suffix(""))
            assert at.startswith(ONLY_IN[first]), f"{path} imports {name}"


def test_no_circle() -> None:
    """No module imports one that imports it, at whatever distance."""
    ours = "wheelhouse_tasks."
    modules = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
        if path.name != "__init__.py"
    }
    arrows = {
        name: {each.removeprefix(ours) for each in imports(path) if each.startswith(ours)} & modules.keys()
        for name, path in modules.items()
    }
    for name, path in modules.items():  # `from package import module`
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ours):
                room = (node.module or "").removeprefix(ours)
                arrows[name] |= {f"{room}.{alias.name}" for alias in node.names} & modules.keys()
    while leaves := {name for name, theirs in arrows.items() if not theirs & arrows.keys()}:
        for name in leaves:
            del arrows[name]
    assert arrows == {}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_environment_and_output_stay_at_the_edge(path: Path) -> None:
    """Only the tasks read the environment, but for what hides a variable from libcloud; the console alone prints."""
    text = path.read_text()
    assert "os.environ" not in text or place(path) in ("cli", "wheelhouse") or path.name == "gaps.py"
    calls = [
        node.func.id for node in ast.walk(tree(path)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert "print" not in calls
    streams = [
        node.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in ("stdin", "stdout", "stderr")
        if isinstance(node.value, ast.Name) and node.value.id == "sys"
    ]
    assert not streams or path.name in ("console.py", "streams.py")
