"""What a folder offers of a project, with and without a page in it."""

import hashlib
from pathlib import Path

import wheels

from wheelhouse_tasks.artifacts.local import Skipped
from wheelhouse_tasks.settings.locations import FolderIndex
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
