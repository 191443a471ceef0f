"""The plan of an upload, given the facts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned import OTHER_WHEEL, SDIST, WHEEL, A, B, local

from wheelhouse_tasks.artifacts.local import LocalFile, Skipped
from wheelhouse_tasks.errors import Conflict
from wheelhouse_tasks.uploading import plan
from wheelhouse_tasks.uploading.plan import UploadPlan

SKIPPED = (Skipped("notes.txt", "no artifact"),)


def test_upload_sends_what_is_new() -> None:
    """Files that are not published are sent, those that are there with the same bytes are not."""
    files = [local(SDIST), local(WHEEL), local(OTHER_WHEEL)]
    assert plan.plan_upload(files, {WHEEL: A, "demo-0.9.tar.gz": B}, SKIPPED) == UploadPlan(
        send=(local(OTHER_WHEEL), local(SDIST)), present=(local(WHEEL),), skipped=SKIPPED
    )


def test_upload_refuses_other_bytes() -> None:
    """A published name never changes its bytes; every such file is named."""
    files = [local(WHEEL), local(OTHER_WHEEL), local(SDIST)]
    with pytest.raises(Conflict) as refused:
        plan.plan_upload(files, {WHEEL: B, SDIST: B, OTHER_WHEEL: A}, ())
    assert str(refused.value) == (
        f"{WHEEL}, {SDIST}: already published with other bytes; nothing was sent "
        "(build under a new version, or pass --overwrite)"
    )


def test_upload_overwrites_when_told() -> None:
    """With overwrite, files with other bytes are sent, and those with the same still are not."""
    files = [local(WHEEL), local(SDIST)]
    expected = UploadPlan(send=(local(WHEEL),), present=(local(SDIST),), skipped=())
    assert plan.plan_upload(files, {WHEEL: B, SDIST: A}, (), overwrite=True) == expected


@pytest.mark.parametrize(
    ("names", "taken", "message"),
    [
        pytest.param(
            [WHEEL, WHEEL.replace("demo", "Demo")], [], f"{WHEEL}: differs from D{WHEEL[1:]} in case", id="ours"
        ),
        pytest.param([SDIST], ["Demo-1.0.tar.gz"], f"{SDIST}: differs from Demo-1.0.tar.gz in case", id="published"),
        pytest.param([SDIST, WHEEL], [SDIST, WHEEL, "demo-2.0.zip"], "", id="the same names"),
    ],
)
def test_upload_refuses_names_that_differ_in_case(names: list[str], taken: list[str], message: str) -> None:
    """Two names that not every file system can hold beside each other are refused."""
    files = list(map(local, names))
    if message:
        with pytest.raises(Conflict, match=re.escape(message)):
            plan.plan_upload(files, {}, (), taken=taken)
    else:
        assert set(plan.plan_upload(files, {}, (), taken=taken).send) == set(files)


def test_upload_of_what_was_removed() -> None:
    """A release that waits for its deletion is refused, a development build of that kind is left out."""
    dev = "demo-1.0.dev1.tar.gz"
    with pytest.raises(Conflict, match=f"{WHEEL}: was removed, and waits for its deletion; nothing was sent"):
        plan.plan_upload([local(WHEEL), local(SDIST)], {}, (), removed={WHEEL})
    found = plan.plan_upload([local(dev), local(SDIST)], {}, (), removed={dev})
    expected = (Skipped(dev, "was retired, and waits for its deletion"),)
    assert (found.send, found.skipped) == ((local(SDIST),), expected)


def test_projects_of_an_upload() -> None:
    """The pages of every project with a file are brought up to date, sent or there already."""
    found = plan.plan_upload([local("zoo-1.0.zip"), local(WHEEL), local(SDIST)], {WHEEL: A}, ())
    assert found.projects == ("demo", "zoo")
    assert plan.plan_upload([local(WHEEL)], {WHEEL: A}, ()).projects == ("demo",)


@given(st.lists(st.sampled_from([WHEEL, OTHER_WHEEL, SDIST, "zoo-1.0.zip"]), unique=True), st.data())
def test_upload_plans_every_file_once(names: list[str], data: st.DataObject) -> None:
    """Each file is either sent or there already, whatever is published and in whatever order the files come."""
    published = data.draw(st.dictionaries(st.sampled_from([WHEEL, SDIST]), st.sampled_from([A, B])))
    found = plan.plan_upload(map(local, names), published, (), overwrite=True)
    assert sorted(each.artifact.filename for each in (*found.send, *found.present)) == sorted(names)
    assert found == plan.plan_upload(map(local, data.draw(st.permutations(names))), published, (), overwrite=True)


class Counted(LocalFile):
    """A file that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        """Compare by identity, and count."""
        Counted.compared += 1
        return self is other

    __hash__ = LocalFile.__hash__


def test_a_plan_compares_no_file_with_all_others() -> None:
    """A plan of thousands of files takes a time that grows with their number: none is looked for in a list."""
    files = [Counted(**vars(local(f"demo-1.{number}-py3-none-any.whl"))) for number in range(200)]
    files += [Counted(**vars(local(f"demo-1.{number}.dev1-py3-none-any.whl"))) for number in range(100)]
    published = {file.artifact.filename: B if file.artifact.version.is_devrelease else A for file in files[100:]}
    planned = plan.plan_upload(files, published, ())
    assert (len(planned.send), len(planned.present), len(planned.kept)) == (100, 100, 100)
    assert Counted.compared == 0
