"""Which development builds retire: never a release, a pinned version, the last of a slot, or a young one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from wheelhouse_tasks import artifact, retention
from wheelhouse_tasks.pages import File
from wheelhouse_tasks.retention import Rule

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def build(version: str, tag: str = "py3-none-any", age: float = 1.0) -> File:
    """Return a file that was uploaded some days ago."""
    uploaded = (NOW - timedelta(days=age)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return File(f"demo-{version}-{tag}.whl", 1, "0" * 64, "m", upload_time=uploaded)


def rule(keep: int = 2, older_than: float = 0, *pin: str) -> Rule:
    """Return a rule."""
    return Rule(keep, older_than, frozenset(map(Version, pin)))


DEVS = [build(f"1.0.dev{number}") for number in range(4)]


@pytest.mark.parametrize(
    ("files", "applied", "retired"),
    [
        (DEVS, rule(2), DEVS[:2]),
        (DEVS, rule(5), []),
        (DEVS, rule(2, 0, "1.0.dev0"), DEVS[1:2]),
        ([build("1.0.dev0", age=3), *DEVS[1:3]], rule(1, 2), [build("1.0.dev0", age=3)]),
        ([build(f"1.{number}") for number in range(4)], rule(1), []),
        ([build(f"1.{number}rc1") for number in range(4)], rule(1), []),
        ([*DEVS, build("1.0.dev0", "cp312-cp312-win_amd64")], rule(1), DEVS[:3]),
        ([File("demo-1.0.dev0-py3-none-any.whl", 1, "0" * 64, "m"), *DEVS[2:]], rule(1), DEVS[2:3]),
    ],
    ids=["two", "few", "pinned", "young", "releases", "candidates", "other tags", "unknown age"],
)
def test_retire(files: list[File], applied: Rule, retired: list[File]) -> None:
    """The newest builds of each set of tags stay."""
    assert list(retention.retire(files, applied, NOW)) == retired


def test_only_the_slots_that_were_written() -> None:
    """After an upload only the slots of its files are looked at."""
    other = [build(f"1.0.dev{number}", "cp312-cp312-win_amd64") for number in range(3)]
    slots = {retention.slot(DEVS[0].filename)}
    assert list(retention.retire([*DEVS, *other], rule(1), NOW, slots)) == DEVS[:3]


files = st.lists(
    st.builds(
        build,
        st.sampled_from(["1.0", "1.1", "1.0rc1", *(f"1.0.dev{number}" for number in range(6))]),
        st.sampled_from(["py3-none-any", "cp312-cp312-win_amd64", "cp313-cp313-win_amd64"]),
        st.floats(0, 30),
    ),
    max_size=30,
    unique_by=lambda file: file.filename,
)


@given(files, st.integers(1, 4), st.floats(0, 20), st.sampled_from(["1.0.dev0", "1.0.dev5"]))
def test_no_channel_is_emptied(found: list[File], keep: int, older_than: float, pin: str) -> None:
    """Whatever the rule, releases, pins, young builds and the newest of each slot stay."""
    retired = retention.retire(found, rule(keep, older_than, pin), NOW)
    slots: dict[retention.Slot, list[File]] = {}
    for file in found:
        if artifact.parse(file.filename).version.is_devrelease:
            slots.setdefault(retention.slot(file.filename), []).append(file)
    for file in retired:
        version = artifact.parse(file.filename).version
        assert version.is_devrelease
        assert version != Version(pin)
        assert NOW - datetime.fromisoformat(file.upload_time) >= timedelta(days=older_than)
    for builds in slots.values():
        newest = sorted(builds, key=lambda file: artifact.parse(file.filename).version)[-keep:]
        assert not set(newest) & set(retired)
