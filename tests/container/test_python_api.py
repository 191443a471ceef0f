"""The commands used from Python, one after the other."""

from dataclasses import is_dataclass
from pathlib import Path

import pytest
import wheels
from projects import make_project

from wheelhouse_tasks import Wheelhouse


def test_a_wheelhouse_from_its_first_upload_to_its_last_prune(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every method does its work and returns a dataclass, and nothing is printed."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    wheels.make_wheel(project / "dist", "demo", "2.0.dev20260101")
    wheelhouse = Wheelhouse.of_project(project, environ={}, grace=0)
    assert wheelhouse.upload(dry_run=True).uploaded == wheelhouse.upload().uploaded
    assert [version.version for version in wheelhouse.status().versions] == ["2.0.dev20260101", "1.0"]
    elsewhere = Wheelhouse.of_project(project, environ={}, local_folder="back")
    fetched = elsewhere.fetch(version="1.0", only=["py3-*"])
    assert [path.name for path in (project / "back").iterdir()] == list(fetched.downloaded)
    results = [
        wheelhouse.yank(version="1.0", reason="broken"),
        wheelhouse.unyank(version="1.0"),
        wheelhouse.promote(version="1.0", to=str(project / "stable")),
        wheelhouse.index(),
        wheelhouse.check(deep=True),
        wheelhouse.remove(version="2.0.dev20260101"),
        wheelhouse.prune(at_once=True),
        wheelhouse.doctor(dry_run=True),
    ]
    assert all(map(is_dataclass, [fetched, *results]))
    assert [version.version for version in wheelhouse.status().versions] == ["1.0"]
    assert list((project / "stable/files/demo").glob("*.whl"))
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "")
