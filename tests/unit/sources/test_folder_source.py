"""What a folder offers of a project, with and without a page in it."""

import hashlib
from pathlib import Path

import pytest
import wheels

from wheelhouse_tasks.artifacts.local import Skipped
from wheelhouse_tasks.settings.locations import Container, FolderIndex, parse
from wheelhouse_tasks.sources.source import Source, open_source

A = "a" * 64


def open_folder(folder: Path) -> Source:
    """Open a folder as `--index` does."""
    return open_source(FolderIndex(folder), timeout=1, retries=0, workers=2)


def test_folder_with_a_page(tmp_path: Path) -> None:
    """A folder offers what its page links, and the files beside the page, each once, with their sha256."""
    wheel, sdist = wheels.make_wheel(tmp_path), wheels.make_sdist(tmp_path)
    wheels.make_wheel(tmp_path, version="0.9")
    (tmp_path / "other").mkdir()
    far = wheels.make_wheel(tmp_path / "other", version="2.0")
    hrefs = [f"{wheel.name}#sha256={A}", f"other/{far.name}", '0.9" hidden="']
    yanked = '<a href="demo-0.9-py3-none-any.whl" data-yanked="bad">'
    (tmp_path / "index.html").write_text("".join(f'<a href="{href}">x</a>' for href in hrefs) + yanked)
    place = open_folder(tmp_path)
    offered = place.offer("demo")
    expected = {wheel.name: A, far.name: None, sdist.name: hashlib.sha256(sdist.read_bytes()).hexdigest()}
    assert {candidate.artifact.filename: candidate.sha256 for candidate in offered.candidates} == expected
    assert offered.skipped == (Skipped("demo-0.9-py3-none-any.whl", "yanked: bad"),)
    assert {
        candidate.artifact.filename for candidate in offered.candidates if b"".join(place.blocks(candidate))
    } == set(expected)


def test_folder_without_a_page(tmp_path: Path) -> None:
    """A folder of files offers those of the project."""
    wheels.make_wheel(tmp_path, "other")
    wheel = wheels.make_wheel(tmp_path)
    assert [candidate.artifact.filename for candidate in open_folder(tmp_path).offer("demo").candidates] == [wheel.name]


@pytest.mark.parametrize("name", ["my-demo", "My_Demo"])
@pytest.mark.parametrize("root", [None, "", "<h1>Welcome</h1>", '<a href="{name}/">x</a>', '<a href="{name}">x</a>'])
@pytest.mark.parametrize("paged", [True, False], ids=["with pages", "without pages"])
def test_a_tree_of_projects(root: str | None, name: str, paged: bool, tmp_path: Path) -> None:
    """A folder for each project is read with and without a root page, with and without pages of the projects."""
    for folder in (name, "other"):
        (tmp_path / folder).mkdir()
    wheel = wheels.make_wheel(tmp_path / name, "my_demo")
    wheels.make_wheel(tmp_path / "other", "other")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if paged:
        (tmp_path / name / "index.html").write_text(f'<a href="{wheel.name}#sha256={sha256}">x</a>')
    if root is not None:
        (tmp_path / "index.html").write_text(root.format(name=name))
    for text in (str(tmp_path), tmp_path.as_uri(), f"{tmp_path.as_uri()}/"):
        place = parse(text, tmp_path, Container("local", str(tmp_path / "none")))
        source = open_source(place, timeout=1, retries=0, workers=2)
        (candidate,) = source.offer("my-demo").candidates
        assert candidate.sha256 == sha256
        assert b"".join(source.blocks(candidate)) == wheel.read_bytes()
        assert b"".join(source.blocks(candidate, 100)) == wheel.read_bytes()[100:]


@pytest.mark.parametrize("end", ["", "/", "/index.html"])
def test_a_page_of_one_project_in_a_tree(end: str, tmp_path: Path) -> None:
    """The page of a project may be named itself, as its folder or as its file."""
    for folder in ("files", "demo"):
        (tmp_path / folder).mkdir()
    wheel = wheels.make_wheel(tmp_path / "files")
    (tmp_path / "demo" / "index.html").write_text(f'<a href="../files/{wheel.name}#sha256={A}">x</a>')
    place = parse(f"{tmp_path.as_uri()}/demo{end}", tmp_path, Container("local", str(tmp_path / "none")))
    (candidate,) = open_source(place, timeout=1, retries=0, workers=2).offer("demo").candidates
    assert candidate.sha256 == A
