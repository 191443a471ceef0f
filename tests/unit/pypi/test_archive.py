"""What PyPI refuses of an archive beyond its records, and what stands beside it that PyPI takes."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import wheels

from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.pypi import acceptance
from wheelhouse_tasks.pypi.acceptance import Rules

HEAD = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"
TEXT = f"{HEAD}Summary: x\nDescription-Content-Type: text/markdown\n"
LICENSED = f"{TEXT}License-File: LICENSE\n\nwords\n"
INFO = "demo-1.0.dist-info"
Make = Callable[[Path], object]


def found(folder: Path) -> list[tuple[str, bool]]:
    """Return what is wrong with the artifacts of a folder for PyPI, and whether it is doubtful only."""
    files = dist.read([(path, artifact.parse(path.name)) for path in sorted(folder.iterdir())], 1)
    return [(each.problem, each.doubtful) for each in acceptance.findings(files, Rules(True, 1 << 30), 1)]


def wheel(metadata: str = f"{TEXT}\nwords\n", **files: bytes) -> Make:
    """Return what makes a wheel with more files; a name has `__` for `/`."""
    more = {name.replace("__", "/").replace("INFO", INFO): content for name, content in files.items()}
    return lambda folder: wheels.make_wheel(folder, metadata=metadata, extra_files=more)


def entry_points(text: str) -> Make:
    """Return what makes a wheel with entry points."""
    return lambda folder: wheels.make_wheel(folder, extra_files={f"{INFO}/entry_points.txt": text.encode()})


def source(text: bytes, name: str = "demo/secret.py") -> Make:
    """Return what makes a wheel with one more file."""
    return lambda folder: wheels.make_wheel(folder, extra_files={name: text})


def sdist(*names: str, content: bytes = b"", metadata: str = f"{TEXT}\nwords\n") -> Make:
    """Return what makes an sdist of files of one content; PKG-INFO has the metadata."""

    def make(folder: Path) -> None:
        with tarfile.open(folder / "demo-1.0.tar.gz", "w:gz") as archive:
            for name in names:
                data = metadata.encode() if name.endswith("PKG-INFO") else content
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))

    return make


def tar_before_zip(folder: Path) -> None:
    """Make a wheel that is a tar archive too: its first member is one, stored as it is."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    path = wheels.make_wheel(folder)
    path.write_bytes(inner.getvalue() + path.read_bytes())


# written in two parts: this file is in an sdist of ours
ARMOR, SOURCE_BEGIN, SOURCE_END = b"__pyarmor" + b"_enter__", b"---BEGIN" + b" PYE FILE---", b"---END" + b" PYE FILE---"


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(
            wheel(LICENSED, INFO__LICENSE=b"x"), "is not in it, at demo-1.0.dist-info/licenses/", id="license"
        ),
        pytest.param(wheel(LICENSED, INFO__license_files__LICENSE=b"x"), "'LICENSE' is not in it", id="older place"),
        pytest.param(wheel(LICENSED, demo__LICENSE=b"x"), "its License-File 'LICENSE' is not in it", id="elsewhere"),
        pytest.param(entry_points("[console_scripts]\n../x = a:b\n"), "has a name that is not valid", id="path"),
        pytest.param(entry_points("[gui_scripts]\na b = a:b\n"), "entry point 'a b' of 'gui_scripts' has", id="blank"),
        pytest.param(entry_points("[console_scripts]\nx = a\nx = b\n"), "cannot be read: Duplicate", id="twice"),
        pytest.param(source(b"x = '" + ARMOR + b"'"), "'demo/secret.py', which PyArmor encrypted", id="PyArmor"),
        pytest.param(
            source(SOURCE_BEGIN + b"x" + SOURCE_END, "demo/x.pye"), "which SourceDefender", id="SourceDefender"
        ),
        pytest.param(
            sdist("demo-1.0/PKG-INFO", "demo-1.0/x.PY", content=ARMOR), "which PyArmor encrypted", id="sdist PyArmor"
        ),
        pytest.param(
            sdist("demo-1.0/PKG-INFO", "other/x"), "holds more than one folder at its top", id="two folders of an sdist"
        ),
        pytest.param(
            sdist("./demo-1.0/PKG-INFO", "./demo-1.0/x"), "has no PKG-INFO in its folder 'demo-1.0'", id="dotted sdist"
        ),
        pytest.param(
            sdist("demo-1.0/PKG-INFO", "/demo-1.0/x"), "holds more than one folder at its top", id="absolute member"
        ),
        pytest.param(
            sdist("demo-1.0/PKG-INFO", "demo-1.0/x", metadata=f"{TEXT}\nwords\n".replace("1.0", "1.0.0")),
            "takes an sdist under the name demo-1.0.0.tar.gz only",
            id="version of the metadata",
        ),
        pytest.param(tar_before_zip, "is both a zip archive and a tar archive", id="tar and zip"),
        pytest.param(source(b"", "demo/a\tb.py"), "has a control character in its name", id="tab"),
    ],
)
def test_archive_is_refused(make: Make, problem: str, tmp_path: Path) -> None:
    """PyPI does not take the file, and why is told."""
    make(tmp_path)
    problems = found(tmp_path)
    assert [text for text, doubtful in problems if problem in text and not doubtful], problems


@pytest.mark.parametrize(
    ("make", "doubt"),
    [
        pytest.param(wheel(LICENSED, INFO__licenses__LICENSE=b"x"), None, id="license"),
        pytest.param(entry_points("[console_scripts]\na.b-c_d = a:b\n[other]\na b = a:b\n"), None, id="other group"),
        pytest.param(entry_points("[console_scripts]\nx = not valid!\n"), "is not valid: 'not valid!'", id="value"),
        pytest.param(source(ARMOR, "demo/x.txt"), None, id="no source"),
        pytest.param(source(SOURCE_BEGIN), None, id="half a mark"),
        pytest.param(
            sdist("demo-1.0/PKG-INFO", "demo-1.0/x", content=b"\0" * (70 << 20)), None, id="sdist that packs well"
        ),
        pytest.param(
            sdist("Demo-1.0/PKG-INFO", "Demo-1.0/x"), "its folder is not called 'demo-1.0', but 'Demo-1.0'", id="folder"
        ),
    ],
)
def test_archive_is_taken(make: Make, doubt: str | None, tmp_path: Path) -> None:
    """What PyPI takes is no error; what another tool may stumble over is doubtful."""
    make(tmp_path)
    problems = found(tmp_path)
    assert [doubtful for _, doubtful in problems] == [True] * (doubt is not None), problems
    assert doubt is None or doubt in problems[0][0]


def test_same_wheel_under_two_names(tmp_path: Path) -> None:
    """A wheel that was copied to another tag has the same bytes, and PyPI takes those once."""
    path = wheels.make_wheel(tmp_path, metadata=f"{TEXT}\nwords\n")
    (tmp_path / "demo-1.0-py2-none-any.whl").write_bytes(path.read_bytes())
    problem = "has the same bytes as demo-1.0-py2-none-any.whl, and PyPI takes the same bytes once"
    assert found(tmp_path) == [(problem, False)]


def test_comment_of_an_archive_is_doubtful(tmp_path: Path) -> None:
    """PyPI's documentation forbids a comment, its code does not."""
    with zipfile.ZipFile(wheels.make_wheel(tmp_path), "a") as archive:
        archive.comment = b"hello"
    assert found(tmp_path) == [("has a comment", True)]
