"""Which versions and projects a fetch takes for those that were asked for."""

from pathlib import Path

import pytest
from scripted import Scripted
from served import collect, link, serve, versions

from wheelhouse_tasks.errors import NothingToDo, UsageError


@pytest.mark.parametrize("asked", ["1.0", "1.0.0", "v1.0", " 1.0 ", "1"])
def test_two_spellings_of_a_version(asked: str, server: Scripted, tmp_path: Path) -> None:
    """1.0 and 1.0.0 are one release, however it is asked for, and the version is echoed as it counts."""
    versions(server, tmp_path / "made", "1.0", "1.0.0", "1.0.1")
    found = collect(tmp_path, server.url, version=asked)
    assert found.downloaded == ("demo-1.0-py3-none-any.whl", "demo-1.0.0-py3-none-any.whl")
    assert found.version == asked.strip().removeprefix("v")


@pytest.mark.parametrize("asked", ["Demo.Pkg", "demo_pkg", "DEMO-PKG", "demo--pkg"])
def test_spellings_of_a_project(asked: str, server: Scripted, tmp_path: Path) -> None:
    """A project is found however it is spelled, and one that only begins like it is not."""
    page = versions(server, tmp_path / "made", "1.0", name="demo-pkg")
    serve(server, page + link("demo_pkg_extra-1.0.tar.gz") + link("demo-1-1.tar.gz"), {})
    assert collect(tmp_path, server.url, project=asked).downloaded == ("demo_pkg-1.0-py3-none-any.whl",)


@pytest.mark.parametrize("asked", ["banana", "", "1.0 2.0", "1.0-", "\u0661.0x", "1" * 5000])
def test_version_that_is_none(asked: str, server: Scripted, tmp_path: Path) -> None:
    """What is no version is a usage error, before anything is asked for."""
    with pytest.raises(UsageError, match="is not a valid version"):
        collect(tmp_path, server.url, version=asked)
    assert server.requests == []


def test_local_version_is_another(server: Scripted, tmp_path: Path) -> None:
    """1.0+cu118 is not taken for 1.0, and is named where it is all there is."""
    versions(server, tmp_path / "made", "1.0+cu118")
    with pytest.raises(NothingToDo, match=r"demo 1.0: no artifact in .*versions there: 1.0\+cu118"):
        collect(tmp_path, server.url, version="1.0")
    assert collect(tmp_path, server.url, version="1.0+cu118").downloaded == ("demo-1.0+cu118-py3-none-any.whl",)


def test_nothing_of_the_version(server: Scripted, tmp_path: Path) -> None:
    """An empty index, and one without the version, are errors that list what is there."""
    serve(server, "<html></html>", {})
    with pytest.raises(NothingToDo, match=r"demo 3.0: no artifact in .*no version of it is there"):
        collect(tmp_path, server.url, version="3.0")
    versions(server, tmp_path / "made", "1.0", "2.0rc1", "1.10")
    with pytest.raises(NothingToDo, match=r"demo 3.0: no artifact in .* .versions there: 1.0, 1.10, 2.0rc1."):
        collect(tmp_path, server.url, version="3.0")
