"""The plan of a release: what is uploaded, in which order, what is there already, and its record."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version
from planned import OTHER_WHEEL, SDIST, WHEEL, A, B, local

from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.errors import Failed, UsageError
from wheelhouse_tasks.publishing import release_plan
from wheelhouse_tasks.publishing.release_plan import ReleasePlan, ReleaseRow, plan_release
from wheelhouse_tasks.pypi.shown import difference


def found_in(*files: LocalFile) -> dict[str, tuple[LocalFile, str]]:
    """Return files with their source, by name."""
    return {file.artifact.filename: (file, "dist") for file in files}


def plan(*names: str, published: dict[str, dict[str, str]] | None = None, index: str = "pypi") -> ReleasePlan:
    """Return the plan of some files."""
    return plan_release("demo", Version("1.0"), index, found_in(*map(local, names)), published or {})


def test_release_uploads_wheels_first() -> None:
    """Wheels go before the sdist, so that nobody builds it for want of a wheel; what is there is left."""
    found = plan(SDIST, WHEEL, OTHER_WHEEL, published={WHEEL: {"sha256": A}, "demo-0.9.zip": {"sha256": B}})
    rows = (
        ReleaseRow(local(OTHER_WHEEL), "dist", "upload"),
        ReleaseRow(local(WHEEL), "dist", "already there"),
        ReleaseRow(local(SDIST), "dist", "upload"),
    )
    assert found == ReleasePlan("demo", Version("1.0"), "pypi", rows)
    assert (found.upload, found.conflicts) == ((local(OTHER_WHEEL), local(SDIST)), ())


@pytest.mark.parametrize(
    ("shown", "problem"),
    [
        ({"sha256": B}, f"is on pypi with sha256 {B}, here with {A}"),
        ({}, "is on pypi without a digest to compare"),
    ],
)
def test_other_or_unknown_bytes_are_a_conflict(shown: dict[str, str], problem: str) -> None:
    """A file of other or unknown bytes on the index is never uploaded."""
    found = plan(WHEEL, SDIST, published={SDIST: shown})
    assert found.upload == (local(WHEEL),)
    assert [(row.file, row.problem) for row in found.conflicts] == [(local(SDIST), problem)]


def test_other_digests_are_made_of_the_file(tmp_path: Path) -> None:
    """Where an index shows a digest that nobody made yet, the file is read."""
    file = replace(local(WHEEL), path=tmp_path / WHEEL)
    file.path.write_bytes(b"wheel")
    md5 = hashlib.md5(b"wheel", usedforsecurity=False).hexdigest()
    assert difference(file, {"md5": md5}) == ""
    assert difference(file, {"md5": "1" * 32}) == f"with md5 {'1' * 32}, here with {md5}"


def test_record_is_read_again() -> None:
    """What was written is what is read: project, version, index, and the digest of every file."""
    made = plan(WHEEL, SDIST, published={WHEEL: {"sha256": A}})
    written = json.loads(json.dumps(release_plan.record(made)))
    assert written["files"][0] == {
        "file": WHEEL,
        "size": 1,
        "sha256": A,
        "tags": "py3-none-any",
        "source": "dist",
        "action": "already there",
    }
    found = release_plan.read(json.dumps(written), "plan.json")
    assert (found.project, found.version, found.index) == ("demo", Version("1.0"), "pypi")
    assert found.files == {WHEEL: A, SDIST: A}
    release_plan.compare(found, plan(SDIST, WHEEL), "plan.json")  # what was uploaded meanwhile is no difference


@pytest.mark.parametrize(
    ("now", "problem"),
    [
        (plan(WHEEL), f"{SDIST} is not there"),
        (plan(WHEEL, SDIST, OTHER_WHEEL), f"{OTHER_WHEEL} was not planned"),
        (plan(WHEEL, SDIST, index="testpypi"), "the package index is testpypi, planned was pypi"),
        (
            plan_release("demo", Version("1.0"), "pypi", found_in(local(WHEEL, B), local(SDIST)), {}),
            f"{WHEEL} has other bytes",
        ),
    ],
)
def test_another_plan_is_refused(now: ReleasePlan, problem: str) -> None:
    """Exactly the recorded files go to exactly the recorded index, or none."""
    recorded = release_plan.read(json.dumps(release_plan.record(plan(WHEEL, SDIST))), "plan.json")
    with pytest.raises(Failed) as refused:
        release_plan.compare(recorded, now, "plan.json")
    assert str(refused.value).startswith(f"plan.json: {problem}; nothing was uploaded")


def broken(**changes: Any) -> str:
    """Return a record with something else in it."""
    return json.dumps({**release_plan.record(plan(WHEEL)), **changes})


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "null", "{}", "[" * 100_000),
        *(broken(format=2), broken(version="banana"), broken(project="../x"), broken(files=None)),
        broken(files=[{"file": WHEEL, "sha256": "abc"}]),
    ],
)
def test_what_is_no_plan(text: str) -> None:
    """Anything else is refused by name."""
    with pytest.raises(UsageError) as refused:
        release_plan.read(text, "plan.json")
    assert str(refused.value).startswith("plan.json: is not a plan of a release")
