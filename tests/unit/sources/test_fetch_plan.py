"""The plan of a fetch, given the facts."""

import re

import pytest
from packaging.version import Version
from planned import OTHER_WHEEL, SDIST, WHEEL, A, B

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.artifacts.local import Skipped
from wheelhouse_tasks.errors import Conflict, Failed, NothingToDo
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.sources import fetch_plan
from wheelhouse_tasks.sources.fetch_plan import Candidate, FetchPlan

SKIPPED = (Skipped("notes.txt", "no artifact"),)


def candidate(filename: str, sha256: str | None = A, source: str = "one", problem: str = "") -> Candidate:
    """Return a file that a wheelhouse offers."""
    link = Link(f"https://wheels.example/{source}/{filename}", filename, sha256, problem=problem)
    return Candidate(artifact=artifact.parse(filename), sha256=sha256, source=source, link=link)


def promised(algorithm: str, digest: str, source: str = "one") -> Candidate:
    """Return a file whose digest is not sha256."""
    link = Link(f"https://wheels.example/{source}/{WHEEL}", WHEEL, digest=(algorithm, digest))
    return Candidate(artifact=artifact.parse(WHEEL), sha256=None, source=source, link=link)


OFFERED = [
    "demo-1.0.tar.gz",
    "demo-1.0.0-py3-none-any.whl",
    "demo-1.0+cu118-py3-none-any.whl",
    "demo-1.0rc1.tar.gz",
    "demo-extra-1.0.tar.gz",
    "demo-1-1.tar.gz",
]


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param("1.0", ["demo-1.0.0-py3-none-any.whl", "demo-1.0.tar.gz"], id="15 both spellings"),
        pytest.param("1.0.0", ["demo-1.0.0-py3-none-any.whl", "demo-1.0.tar.gz"], id="15 asked the other way"),
        pytest.param("1.0+cu118", ["demo-1.0+cu118-py3-none-any.whl"], id="18 local version when asked for"),
        pytest.param("1.0rc1", ["demo-1.0rc1.tar.gz"], id="candidate"),
        pytest.param(
            None,
            [
                "demo-1.0rc1.tar.gz",
                "demo-1.0.0-py3-none-any.whl",
                "demo-1.0.tar.gz",
                "demo-1.0+cu118-py3-none-any.whl",
            ],
            id="16 all versions of this project only",
        ),
    ],
)
def test_choose_by_version(version: str | None, expected: list[str]) -> None:
    """Versions are compared by PEP 440 with their local part, projects by PEP 503."""
    chosen = fetch_plan.choose("demo", Version(version) if version else None, map(candidate, OFFERED), "here")
    assert [each.artifact.filename for each in chosen] == expected


@pytest.mark.parametrize(
    ("project", "version", "message"),
    [
        pytest.param(
            "demo",
            "2.0",
            "demo 2.0: no artifact in here (versions there: 1.0rc1, 1.0, 1.0+cu118)",
            id="18, 36 version absent",
        ),
        pytest.param("zoo", "2.0", "zoo 2.0: no artifact in here (no version of it is there)", id="36 project absent"),
        pytest.param("zoo", None, "zoo: no artifact in here (no version of it is there)", id="36 any version"),
    ],
)
def test_nothing_to_choose(project: str, version: str | None, message: str) -> None:
    """Where nothing matches, the versions that are there are listed in order."""
    with pytest.raises(NothingToDo) as refused:
        fetch_plan.choose(project, Version(version) if version else None, map(candidate, OFFERED), "here")
    assert str(refused.value) == message


FIRST, SECOND, UNKNOWN = candidate(WHEEL), candidate(WHEEL, source="two"), candidate(WHEEL, None, "no digest")


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        pytest.param([FIRST, SECOND], FIRST, id="34 same digest"),
        pytest.param([UNKNOWN, SECOND], SECOND, id="digest behind none"),
        pytest.param([FIRST, UNKNOWN], FIRST, id="none behind digest"),
        pytest.param([UNKNOWN, SECOND, FIRST], SECOND, id="none, then two"),
    ],
)
def test_choose_one_for_each_name(offered: list[Candidate], expected: Candidate) -> None:
    """A file that several indexes offer is taken once, from the first that promises its digest."""
    assert fetch_plan.choose("demo", None, offered, "here") == (expected,)


@pytest.mark.parametrize(
    ("offered", "message"),
    [
        pytest.param(
            [FIRST, candidate(WHEEL, B, "two")], f"{WHEEL}: has sha256 {A} in one, {B} in two", id="37 two indexes"
        ),
        pytest.param([FIRST, candidate(WHEEL, B)], f"{WHEEL}: has sha256 {A} in one, {B} in one", id="34 one index"),
        pytest.param(
            [UNKNOWN, FIRST, candidate(WHEEL, B, "two")],
            f"{WHEEL}: has sha256 {A} in one, {B} in two",
            id="37 behind one without",
        ),
        pytest.param(
            [candidate("Demo-1.0.tar.gz"), candidate("demo-1.0.tar.gz")],
            "demo-1.0.tar.gz: differs from Demo-1.0.tar.gz in case only (fetch from one location)",
            id="11 case",
        ),
        pytest.param(
            [promised("md5", "a" * 32), promised("md5", "b" * 32, "two")],
            f"{WHEEL}: has md5 {'a' * 32} in one, {'b' * 32} in two",
            id="37 another digest",
        ),
    ],
)
def test_choose_refuses_contradictions(offered: list[Candidate], message: str) -> None:
    """Two files that would be one in the folder are a conflict that names both."""
    with pytest.raises(Conflict) as refused:
        fetch_plan.choose("demo", None, offered, "here")
    assert str(refused.value) == message


def test_choose_prefers_what_can_be_fetched() -> None:
    """Of two offers without a digest, the one that can be downloaded is taken."""
    broken, good = candidate(WHEEL, None, "one", "leads away"), candidate(WHEEL, None, "two")
    assert fetch_plan.choose("demo", None, [broken, good], "here") == (good,)


def test_fetch_downloads_what_is_missing() -> None:
    """Files that are not in the folder are downloaded, those with the promised bytes are not."""
    wanted = [candidate(WHEEL), candidate(OTHER_WHEEL), candidate(SDIST, None)]
    found = fetch_plan.plan_fetch(wanted, {WHEEL: A, "other.whl": B}, SKIPPED, "dist")
    missing = (candidate(OTHER_WHEEL), candidate(SDIST, None))
    assert found == FetchPlan(download=missing, present=(candidate(WHEEL),), skipped=SKIPPED)
    assert found.files == (candidate(OTHER_WHEEL), candidate(WHEEL), candidate(SDIST, None))


def test_fetch_replaces_nothing_unasked() -> None:
    """Files that are there with other bytes are kept, and all of them are named, unless the user insists."""
    wanted = [candidate(WHEEL), candidate(OTHER_WHEEL), candidate(SDIST, source="two")]
    here = {WHEEL: B, OTHER_WHEEL: A, SDIST: B}
    with pytest.raises(Conflict) as refused:
        fetch_plan.plan_fetch(wanted, here, (), "dist")
    assert str(refused.value) == (
        f"{WHEEL} (of one), {SDIST} (of two): in dist with other bytes; nothing was fetched "
        "(pass --force to replace it)"
    )
    replaced = frozenset({WHEEL, SDIST})
    expected = FetchPlan(download=(wanted[0], wanted[2]), present=(wanted[1],), skipped=(), replaced=replaced)
    assert fetch_plan.plan_fetch(wanted, here, (), "dist", force=True) == expected


@pytest.mark.parametrize("force", [False, True])
def test_fetch_compares_what_promises_no_digest(force: bool) -> None:
    """A file without a promised digest is downloaded: only its bytes tell whether it is the one that is there."""
    offer = candidate(WHEEL, None)
    plan = fetch_plan.plan_fetch([offer], {WHEEL: B}, (), "dist", force=force)
    assert plan == FetchPlan(download=(offer,), present=(), skipped=())


def test_fetch_of_another_command_has_its_own_remedy() -> None:
    """A command without --force says what else to do."""
    with pytest.raises(Conflict, match=r"\(remove it\)$"):
        fetch_plan.plan_fetch([candidate(WHEEL)], {WHEEL: B}, (), "dist", remedy="remove it")


@pytest.mark.parametrize("force", [False, True])
def test_fetch_refuses_a_link_with_a_problem(force: bool) -> None:
    """A link with a malformed digest, say, is never downloaded."""
    offer = candidate(WHEEL, None, problem="its sha256 is malformed")
    with pytest.raises(Failed, match=re.escape(f"{WHEEL}: cannot be fetched from one: its sha256 is malformed")):
        fetch_plan.plan_fetch([offer], {}, (), "dist", force=force)
