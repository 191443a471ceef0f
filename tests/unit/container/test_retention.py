"""Which development builds retire: never a release, a pinned version, the last of a slot, a young or a spared one."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import parse_tag
from packaging.version import Version

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.container import retention
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.settings.rule import Rule

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ANY, WINDOWS = "py3-none-any", "cp312-cp312-win_amd64"


def build(version: str, tag: str = ANY, age: float = 1.0, *, yanked: bool = False) -> File:
    """Return a file that was uploaded some days ago."""
    return file(f"demo-{version}-{tag}.whl", f"{NOW - timedelta(days=age):%Y-%m-%dT%H:%M:%S.%fZ}", yanked=yanked)


def file(name: str, uploaded: str = "2026-10-31T00:00:00.000000Z", *, yanked: bool = False) -> File:
    """Return a file with a name of its own."""
    return File(name, 1, "0" * 64, "m", upload_time=uploaded, yanked="broken" if yanked else None)


def rule(keep: int = 2, older_than: float = 0, *pin: str) -> Rule:
    """Return a rule."""
    return Rule(keep, older_than, frozenset(map(Version, pin)))


DEVS = [build(f"1.0.dev{number}") for number in range(4)]
BROKEN = [build(f"1.0.dev{number}", yanked=True) for number in range(4)]
NIGHTS = [build(f"2.0.dev0+2026010{day}000000") for day in range(1, 6)]
SDISTS = [file(f"demo-1.0.dev{number}.tar.gz") for number in range(4)]


@pytest.mark.parametrize(
    ("files", "applied", "retired"),
    [
        (DEVS, rule(2), DEVS[:2]),
        (DEVS, rule(5), []),
        (DEVS, rule(2, 0, "1.0.dev0"), DEVS[1:2]),
        (DEVS, rule(2, 0, "1.0.dev3"), DEVS[:2]),
        ([build("1.0.dev0", age=3), *DEVS[1:3]], rule(1, 2), [build("1.0.dev0", age=3)]),
        ([build(f"1.{number}") for number in range(4)], rule(1), []),
        ([build(f"1.{number}rc1") for number in range(4)], rule(1), []),
        ([*DEVS, build("1.0.dev0", WINDOWS)], rule(1), DEVS[:3]),
        ([*DEVS, *SDISTS], rule(3), [DEVS[0], SDISTS[0]]),
        ([file("demo-1.0.dev0-py3-none-any.whl", ""), *DEVS[2:]], rule(1), DEVS[2:3]),
        ([file("demo-1.0.dev0-py3-none-any.whl", "2099-01-01T00:00:00Z"), *DEVS[2:]], rule(1), DEVS[2:3]),
        (
            [file("demo-1.0.dev0-py3-none-any.whl", "0001-01-01T00:00:00+14:00"), DEVS[2]],
            rule(1, 9),
            [file("demo-1.0.dev0-py3-none-any.whl", "0001-01-01T00:00:00+14:00")],
        ),
        (DEVS, rule(1, 1e6), []),
        (DEVS, rule(1, 1e300), []),
    ],
    ids=[
        *("two", "few", "pinned", "a pinned one counts", "young", "releases", "candidates", "other tags", "sdists"),
        *("unknown age", "of tomorrow", "as old as can be", "older than anything", "a number of days without an end"),
    ],
)
def test_retire(files: list[File], applied: Rule, retired: list[File]) -> None:
    """The newest builds of each set of tags stay."""
    assert list(retention.retire(files, applied, NOW)) == retired


@pytest.mark.parametrize(
    "last",
    [
        *(
            "1.9.2.dev0",
            "1.9.2.dev0+20260106000000",
            "1.9.2.dev7+g1234567",
            "2.0a1.dev3",
            "2.0rc1.dev0",
            "2.0.post1.dev2",
        ),
        *("2.0a1.post1.dev0", "2.0.1.dev0", "2.1.dev0", "1!1.0.dev0", "1!2.0.dev0", "0.1.dev20260106"),
    ],
)
def test_other_lines_do_not_compete(last: str) -> None:
    """A build of another release line stays beside many newer ones, and takes no place of theirs."""
    assert retention.retire([*NIGHTS, build(last)], rule(5), NOW) == ()
    assert list(retention.retire([*NIGHTS, build(last)], rule(1), NOW)) == NIGHTS[:4]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1.9.2.dev0", "1.9.2.dev0+20260106000000"),
        ("1.9.2.dev0+20260106000000", "1.9.2.dev1"),
        ("1.9.2.dev0", "1.9.2.0.dev1"),
        ("1.9.2.0.0.dev0", "1.9.2.dev1"),
        ("v1.9.2.dev0", "1.9.2.dev1"),
        ("0!1.9.2.dev0", "1.9.2.dev1"),
        ("1!1.9.2.dev0", "1!1.9.2.0.dev1"),
        ("2.0a1.dev3", "2.0.0alpha1.dev4+local"),
        ("2.0.post1.dev2", "2.0.rev1.dev3"),
        ("2.0.dev", "2.dev1"),
        ("2.0.dev9", "2.0.dev10"),
        ("1.0.dev1+dev.2", "1.0.dev2"),
    ],
)
def test_one_line_however_it_is_spelt(first: str, second: str) -> None:
    """Builds whose versions differ in dev and local parts only, by PEP 440, compete; the older one goes."""
    builds = [build(first, age=1), build(second, age=2)]
    assert list(retention.retire(builds, rule(1), NOW)) == builds[:1]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (build("1.0.dev0", age=2), build("1.0.0.dev0", age=1)),
        (build("1.0.0.dev0", age=2), build("1.0.dev0", age=1)),
        (
            file("demo-1.0.0.dev0-py3-none-any.whl", "2026-10-01T00:30:00+01:00"),
            file("demo-1.0.dev0-py3-none-any.whl", "2026-10-01T00:00:00Z"),
        ),
        (file("demo-1.0.dev0-py3-none-any.whl", "2026-10-01T00:00:00Z"), file("demo-1.0.0.dev0-py3-none-any.whl", "")),
        (build("1.0.dev0", f"1-{ANY}", age=1), build("1.0.dev0", f"2-{ANY}", age=2)),
        (build("1.0.dev0", f"9-{ANY}", age=1), build("1.0.dev0", f"10-{ANY}", age=2)),
        (build("1.0.dev0", age=1), build("1.0.dev0", f"1-{ANY}", age=2)),
        (build("1.0.dev0", f"1-{ANY}"), build("1.0.dev1")),
        (build("1.0.dev0", "py2.py3-none-any"), build("1.0.dev1", "py3.py2-none-any")),
        (
            build("1.0.dev0", "cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64"),
            build("1.0.dev1", "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ),
        (file("demo-1.0.dev0.tar.gz"), file("demo-1.0.dev1.zip")),
    ],
    ids=[
        *(
            "time",
            "time, not spelling",
            "other time zone",
            "unknown counts as new",
            "build tag",
            "build tag as a number",
        ),
        *("no build tag", "version before build tag", "python tags", "platform tags", "kinds of sdist"),
    ],
)
def test_order_within_a_slot(older: File, newer: File) -> None:
    """Of a slot the build stays that installers prefer: by version, then build tag, then upload time."""
    assert retention.retire([older, newer], rule(1), NOW) == (older,)
    assert retention.retire([newer, older], rule(1), NOW) == (older,)


@pytest.mark.parametrize(
    ("files", "keep", "retired"),
    [
        ([DEVS[0], BROKEN[1]], 1, []),
        ([DEVS[0], BROKEN[1], BROKEN[2], BROKEN[3]], 1, []),
        (BROKEN, 1, []),
        ([BROKEN[0], DEVS[1]], 1, [BROKEN[0]]),
        ([BROKEN[0], DEVS[1]], 2, []),
        ([DEVS[0], DEVS[1], BROKEN[2], DEVS[3]], 2, [DEVS[0]]),
        ([DEVS[0], BROKEN[1], DEVS[2], DEVS[3]], 2, [DEVS[0], BROKEN[1]]),
    ],
    ids=["newest", "all the newer", "all", "older", "among the newest", "no place taken", "both"],
)
def test_a_yanked_build_pushes_none_out(files: list[File], keep: int, retired: list[File]) -> None:
    """What installers pass over is none of the newest, and goes when enough others are newer."""
    assert list(retention.retire(files, rule(keep), NOW)) == retired


def test_what_is_spared_stays_and_counts() -> None:
    """Names to spare stay however old they are; others make no more room for them."""
    spare = {DEVS[0].filename, DEVS[3].filename}
    assert list(retention.retire(DEVS, rule(1), NOW, spare=spare)) == DEVS[1:3]
    assert retention.retire(DEVS, rule(1), NOW, spare={each.filename for each in DEVS}) == ()


def test_only_the_slots_that_were_written() -> None:
    """After an upload only the slots of its files are looked at."""
    other = [build(f"1.0.dev{number}", WINDOWS) for number in range(3)]
    slots = {retention.slot(DEVS[0].filename)}
    assert list(retention.retire([*DEVS, *other, *NIGHTS], rule(1), NOW, slots)) == DEVS[:3]


#: Few, so that many a list holds rivals.
VERSIONS = [
    *("1.0", "1.0rc1", "1.0.dev0", "1.0.dev1", "1.0.0.dev1", "1.0.dev1+20260101", "1.0.dev2", "1.0.dev3"),
    *("1.0a1.dev1", "1.0a1.dev2", "1.0.post1.dev1", "1!1.0.dev1", "1!1.dev2"),
]
files = st.lists(
    st.builds(
        build,
        st.sampled_from(VERSIONS),
        st.sampled_from([ANY, "cp312.cp313-abi3-win_amd64", "cp313.cp312-abi3-win_amd64"]),
        st.one_of(st.sampled_from([0.0, 1.0, 9.0]), st.floats(-2, 30)),
        yanked=st.booleans(),
    ),
    max_size=30,
    unique_by=lambda file: file.filename,
)


def channel(name: str) -> object:
    """Return what a build is the newest of, worked out in another way than by the rule."""
    named = artifact.parse(name)
    line = Version(re.sub(r"\.dev[0-9]+.*", "", str(named.version)))
    return line, parse_tag("-".join(named.tags))


@given(
    st.data(), files, st.integers(-1, 4), st.sampled_from([0.0, 1.0, 5.5]), st.sampled_from(["1.0.dev0", "1.0.dev1"])
)
def test_no_channel_is_emptied(data: st.DataObject, found: list[File], keep: int, older_than: float, pin: str) -> None:
    """Whatever the rule, what must stay stays, and of each set of tags and line no more than that."""
    names = [each.filename for each in found]
    spare = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    retired = set(retention.retire(found, rule(keep, older_than, pin), NOW, spare=spare))
    assert retired == set(retention.retire(found[::-1], rule(keep, older_than, pin), NOW, spare=spare))
    channels: dict[object, list[File]] = {}
    must_stay = set()
    for each in found:
        version = artifact.parse(each.filename).version
        age = NOW - datetime.fromisoformat(each.upload_time)
        if not version.is_devrelease:
            must_stay.add(each)
            continue
        channels.setdefault(channel(each.filename), []).append(each)
        if version == Version(pin) or each.filename in spare or age.total_seconds() < older_than * 86400:
            must_stay.add(each)
    assert not must_stay & retired
    for builds in channels.values():
        left = [each for each in builds if each not in retired]
        versions = sorted((artifact.parse(each.filename).version for each in builds if not each.yanked), reverse=True)
        there = sorted((artifact.parse(each.filename).version for each in left if not each.yanked), reverse=True)
        assert left
        assert there[: max(keep, 1)] == versions[: max(keep, 1)]
        assert len([each for each in left if not each.yanked and each not in must_stay]) <= max(keep, 1)
