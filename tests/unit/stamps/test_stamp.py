"""The stamp of a development version: which needs one, and what a wheel is rewritten to."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from packaging.version import Version
from stamped import WHEN, rewritten

from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.stamps import stamp


@pytest.mark.parametrize(
    ("version", "needed"),
    [
        ("1.0", False),
        ("1.0rc1", False),
        ("1.0.dev0", True),
        ("1.0.dev12+gabc1234", True),
        ("1.0.dev20260101", False),
        ("1.0.dev202601011200", False),
        ("1.0.dev0+20260101120000", False),
        ("1.0.dev12+gabc1234.d20260101", False),
        ("1.0+20260101", False),
    ],
)
def test_what_needs_a_stamp(version: str, needed: bool) -> None:
    """Development versions need one, unless they hold a date; releases never do."""
    assert stamp.needs_stamp(artifact.parse(f"demo-{version}-py3-none-any.whl")) is needed
    assert stamp.needs_stamp(artifact.parse(f"demo-{version}.tar.gz")) is needed


def test_stamped_versions_sort_by_time() -> None:
    """The stamp stands in front of the local part, so that a later build is a later version."""
    assert str(stamp.stamped_version(Version("1.0.dev0"), WHEN)) == "1.0.dev0+20260101000000"
    assert str(stamp.stamped_version(Version("1!1.0.dev0+zz"), WHEN)) == "1!1.0.dev0+20260101000000.zz"
    older, newer = stamp.stamped_version(Version("1.0.dev0+z"), 0), stamp.stamped_version(Version("1.0.dev0+a"), WHEN)
    assert older < newer < Version("1.0")


def test_every_trace_of_the_version_changes(tmp_path: Path) -> None:
    """METADATA, the names of the folders, and RECORD agree with the new name; the old wheel is left alone."""
    wheel, fresh = rewritten(tmp_path)
    before = wheel.read_bytes()
    assert fresh.name == "demo-1.0.dev0+20260101000000-py3-none-any.whl"
    [read] = dist.read([(fresh, artifact.parse(fresh.name))], 1)
    assert b"\nVersion: 1.0.dev0+20260101000000\n" in read.metadata.text
    info = "demo-1.0.dev0+20260101000000.dist-info"
    with zipfile.ZipFile(fresh) as archive:
        names = archive.namelist()
        assert "demo-1.0.dev0+20260101000000.data/scripts/tool" in names
        assert not [name for name in names if name.startswith("demo-1.0.dev0.") or name.endswith(".jws")]
        rows = list(csv.reader(io.StringIO(archive.read(f"{info}/RECORD").decode())))
    assert sorted(row[0] for row in rows) == sorted(names)
    assert rows[-1] == [f"{info}/RECORD", "", ""]
    assert wheel.read_bytes() == before


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    """All that a rerun changes is nothing."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert rewritten(tmp_path / "a")[1].read_bytes() == rewritten(tmp_path / "b")[1].read_bytes()
