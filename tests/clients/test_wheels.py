"""The factories make real wheels and sdists."""

import hashlib
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import programs
import pytest
import wheels
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

NATIVE = str(next(sys_tags()))


def native_wheel(folder: Path, name: str) -> Path:
    """Make a wheel for this very machine, with all the optional parts."""
    extra = {"plugin.py": b"", "odd, name.txt": b"a"}
    return wheels.make_wheel(folder, name, "1.2+local.1", NATIVE, build="2", extra_files=extra)


FACTORIES = [wheels.make_wheel, wheels.make_sdist, native_wheel]
INSTALLERS = [programs.pip_install, programs.uv_install]


@pytest.mark.parametrize("install", INSTALLERS)
@pytest.mark.parametrize("make", FACTORIES)
def test_product_installs(
    make: Callable[[Path, str], Path], install: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    """Pip and uv install what the factory makes, and its module tells the version."""
    product = make(tmp_path, "My.Demo-project")
    target = tmp_path / "target"
    done = install("--no-index", "--no-build-isolation", product, target=target)
    assert done.returncode == 0, done.stderr
    show = "import my_demo_project as demo; print(demo.__version__)"
    version = programs.run(sys.executable, "-c", show, cwd=target, check=True).stdout.strip()
    assert product.name.startswith(f"my_demo_project-{version}")
    assert (target / "my_demo_project" / "payload.bin").read_bytes() == b"payload\n"


def test_products_pass_twine(tmp_path: Path) -> None:
    """Twine finds nothing to complain of."""
    products = [make(tmp_path, "demo") for make in FACTORIES]
    programs.run(sys.executable, "-m", "twine", "check", "--strict", *products, check=True)


@pytest.mark.parametrize("make", FACTORIES)
def test_products_are_reproducible(make: Callable[[Path, str], Path], tmp_path: Path) -> None:
    """The same arguments give the same bytes."""
    digests = set()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        digests.add(hashlib.sha256(make(tmp_path / name, "demo").read_bytes()).digest())
    assert len(digests) == 1


@pytest.mark.parametrize("make", [wheels.make_wheel, wheels.make_sdist])
def test_payload_changes_the_bytes(make: Callable[..., Path], tmp_path: Path) -> None:
    """Another payload gives another file of the same name."""
    before = make(tmp_path).read_bytes()
    assert make(tmp_path, payload=b"other").read_bytes() != before


def test_metadata_can_be_anything(tmp_path: Path) -> None:
    """Raw metadata goes into the wheel as it is, so that tests can break it."""
    with zipfile.ZipFile(wheels.make_wheel(tmp_path, metadata="Name: other\n")) as wheel:
        assert wheel.read("demo-1.0.dist-info/METADATA") == b"Name: other\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, {"Root-Is-Purelib: true", "Tag: py3-none-any"}),
        ({"tag": "py2.py3-none-any"}, {"Root-Is-Purelib: true", "Tag: py2-none-any", "Tag: py3-none-any"}),
        (
            {"tag": "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "build": "1"},
            {
                "Root-Is-Purelib: false",
                "Tag: cp312-cp312-manylinux_2_17_x86_64",
                "Tag: cp312-cp312-manylinux2014_x86_64",
                "Build: 1",
            },
        ),
    ],
)
def test_wheel_file_lists_the_tags(arguments: dict[str, Any], expected: set[str], tmp_path: Path) -> None:
    """WHEEL has a line for each tag that the name stands for."""
    with zipfile.ZipFile(wheels.make_wheel(tmp_path, **arguments)) as wheel:
        lines = set(wheel.read("demo-1.0.dist-info/WHEEL").decode().splitlines())
    assert lines - {"Wheel-Version: 1.0", "Generator: wheelhouse-tasks tests"} == expected


def test_matrix_is_a_release(tmp_path: Path) -> None:
    """The matrix gives 24 wheels with valid names, none of which claims the tags of another."""
    names = [wheels.make_wheel(tmp_path, tag=tag).name for tag in wheels.MATRIX]
    tags = [tag for name in names for tag in parse_wheel_filename(name)[3]]
    assert len(names) == 24
    assert len(tags) == len(set(tags)) == 33
