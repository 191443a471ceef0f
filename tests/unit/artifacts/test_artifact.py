"""What a file name says, and which names are taken."""

import re
import sys
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename
from packaging.version import Version

from wheelhouse_tasks import names
from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.artifacts.artifact import Artifact
from wheelhouse_tasks.errors import NotAnArtifact, UsageError

PURE = ("py3", "none", "any")
SDIST = ("", "", "")
MANYLINUX = "manylinux_2_17_x86_64.manylinux2014_x86_64"


def made(
    filename: str, project: str, version: str, tags: tuple[str, str, str] = PURE, build: str = ""
) -> tuple[str, Artifact]:
    """Return a row of the table: a name, and what it says."""
    return filename, Artifact(filename, NormalizedName(project), Version(version), tags, build)


@pytest.mark.parametrize(
    ("filename", "expected"),
    [
        pytest.param(*made("demo-1.0-py3-none-any.whl", "demo", "1.0"), id="pure wheel"),
        pytest.param(*made("demo-1.0-2-py3-none-any.whl", "demo", "1.0", build="2"), id="build number"),
        pytest.param(*made("demo-1.0-2b-py3-none-any.whl", "demo", "1.0", build="2b"), id="build tag"),
        pytest.param(
            *made(f"demo-1.0-cp312-cp312-{MANYLINUX}.whl", "demo", "1.0", ("cp312", "cp312", MANYLINUX)),
            id="compressed tags stay as written",
        ),
        pytest.param(*made("Demo.Pkg-1.0-py3-none-any.whl", "demo-pkg", "1.0"), id="16 project is normalised"),
        pytest.param(*made("demo-1.0.0-py3-none-any.whl", "demo", "1.0"), id="15 same version spelt longer"),
        pytest.param(*made("demo-1.0+Local_1-py3-none-any.whl", "demo", "1.0+local.1"), id="local version"),
        pytest.param(*made("demo-1!2.0-py3-none-any.whl", "demo", "1!2.0"), id="epoch"),
        pytest.param(*made("demo-1.0.tar.gz", "demo", "1.0", SDIST), id="sdist"),
        pytest.param(*made("demo-1.0.zip", "demo", "1.0", SDIST), id="zip sdist"),
        pytest.param(*made("demo-1-1.tar.gz", "demo-1", "1", SDIST), id="16 sdist splits at the last dash"),
        pytest.param(*made("demo_pkg-1.0.dev0+2026.tar.gz", "demo-pkg", "1.0.dev0+2026", SDIST), id="dev sdist"),
        pytest.param(*made("con-1.0-py3-none-any.whl", "con", "1.0"), id="10 reserved on Windows"),
    ],
)
def test_name_says(filename: str, expected: Artifact) -> None:
    """A valid name gives project, version, tags and build, and is kept as it is."""
    assert artifact.parse(filename) == expected


@pytest.mark.parametrize(
    "filename",
    [
        pytest.param("../../etc/x-1.0-py3-none-any.whl", id="1 path"),
        pytest.param("..%2f..%2fdemo-1.0-py3-none-any.whl", id="2 quoted path"),
        pytest.param("%2e%2e%2fdemo-1.0-py3-none-any.whl", id="3 twice quoted path"),
        pytest.param("..\\demo-1.0-py3-none-any.whl", id="4 backslash"),
        pytest.param("C:demo-1.0-py3-none-any.whl", id="4 drive letter"),
        pytest.param("demo-1.0-py3-none-any\0.whl", id="4 NUL"),
        pytest.param("demo-1.0-py3-none-any\n.whl", id="4 newline"),
        pytest.param("demo-1.0-py3-none-any.whl\n", id="4 newline at the end"),
        pytest.param("demo-1.0-py3-none-\x1b[31many.whl", id="4 escape sequence"),
        pytest.param("demo-1.0-py3-none-\u202eany.whl", id="4 right-to-left mark"),
        pytest.param("\ud800demo-1.0-py3-none-any.whl", id="4 lone surrogate"),
        pytest.param("../demo-1.0.tar.gz", id="5 sdist in a folder above"),
        pytest.param("<b>-1.0.tar.gz", id="5 markup for a name"),
        pytest.param("demo-1.0-py3-none-<script>.whl", id="5 markup for a tag"),
        pytest.param('x"><script>alert(1)</script>-1.0-py3-none-any.whl', id="61 markup"),
        pytest.param("/abs/x-1.0-py3-none-any.whl", id="7 absolute path"),
        pytest.param("a//b-1.0-py3-none-any.whl", id="7 empty folder"),
        pytest.param("dir/", id="7 folder"),
        pytest.param("-demo-1.0.tar.gz", id="looks like an option"),
        pytest.param(".demo-1.0.tar.gz", id="hidden file"),
        pytest.param("_demo-1.0-py3-none-any.whl", id="name that no project has"),
        pytest.param("dé-1.0-py3-none-any.whl", id="letters beyond ASCII"),
        pytest.param("demo-1.0 -py3-none-any.whl", id="blank"),
        pytest.param("demo-1.0-py3-none-any%2e.whl", id="percent sign"),
        pytest.param("demo..pkg-1.0.tar.gz", id="two dots"),
        pytest.param("demo-1.0-py3-none-a+b.whl", id="plus sign in a tag"),
        pytest.param("demo-1.0.exe", id="14 exe"),
        pytest.param("demo-1.0-py3.12.egg", id="14 egg"),
        pytest.param("demo-1.0.tar.bz2", id="14 bz2"),
        pytest.param("demo-1.0-py3-none-any.whl.asc", id="14 signature"),
        pytest.param("demo-1.0-py3-none-any.whl.part", id="14 half a download"),
        pytest.param("demo-1.0-py3-none-any.whl.metadata", id="14 companion"),
        pytest.param(".DS_Store", id="14 folder settings"),
        pytest.param("demo-1.0-py3-none-any.WHL", id="suffix in capitals"),
        pytest.param("demo-1.0-any.whl", id="too few parts"),
        pytest.param("demo-1.0-1-2-py3-none-any.whl", id="too many parts"),
        pytest.param("demo-1.0-b1-py3-none-any.whl", id="build tag without a digit"),
        pytest.param("demo-banana-py3-none-any.whl", id="wheel without a version"),
        pytest.param("demo-1.0-post1.tar.gz", id="sdist without a version"),
        pytest.param("demo.tar.gz", id="sdist without a dash"),
        pytest.param("-1.0.tar.gz", id="no name"),
        pytest.param(".whl", id="suffix only"),
        pytest.param("", id="empty"),
    ],
)
def test_name_is_refused(filename: str) -> None:
    """A name that could escape a folder, a page or a terminal, or says nothing, is none."""
    with pytest.raises(NotAnArtifact) as refused:
        artifact.parse(filename)
    assert str(refused.value).isprintable()
    assert refused.value.problem


def test_refusal_takes_as_long_for_any_name() -> None:
    """Half of a listing are companions, which are no artifacts: each character of their names is not looked at."""

    def calls(filename: str) -> int:
        count = 0

        def trace(_: object, event: str, __: object) -> None:
            nonlocal count
            count += event == "call"

        with suppress(NotAnArtifact):
            sys.setprofile(trace)
            try:
                artifact.parse(filename)
            finally:
                sys.setprofile(None)
        return count

    assert 0 < calls(f"{'x' * 150}-1.0-py3-none-any.whl.metadata") == calls("x-1.0-py3-none-any.whl.metadata")


@pytest.mark.parametrize(
    ("length", "taken"),
    [pytest.param(artifact.NAME_LIMIT, True, id="longest"), pytest.param(artifact.NAME_LIMIT + 1, False, id="longer")],
)
def test_name_leaves_room_for_its_companions(length: int, taken: bool) -> None:
    """A name is taken up to the length at which its longest companion still fits into 255 bytes."""
    filename = "demo-1.0.tar.gz".rjust(length, "a")
    if taken:
        assert len((artifact.parse(filename).filename + ".publish.attestation").encode()) == 255
    else:
        with pytest.raises(NotAnArtifact, match="longer than"):
            artifact.parse(filename)


@pytest.mark.parametrize(
    ("filename", "label", "is_wheel"),
    [
        ("demo-1.0-cp312-abi3-win_amd64.whl", "cp312-abi3-win_amd64", True),
        ("demo-1.0-7-py3-none-any.whl", "py3-none-any", True),
        ("demo-1.0.tar.gz", "sdist", False),
        ("demo-1.0.zip", "sdist", False),
    ],
)
def test_label(filename: str, label: str, is_wheel: bool) -> None:
    """A wheel is labelled by its tags, an sdist as such."""
    said = artifact.parse(filename)
    assert (said.label, said.is_wheel) == (label, is_wheel)


def test_order() -> None:
    """Artifacts are ordered by project, version, wheels before the sdist, and name."""
    ordered = [
        "alpha-2.0.tar.gz",
        "demo-1.0.dev1-py3-none-any.whl",
        "demo-1.9-cp311-cp311-win_amd64.whl",
        "demo-1.9-cp312-cp312-win_amd64.whl",
        "demo-1.9.tar.gz",
        "demo-1.10-py3-none-any.whl",
    ]
    found = sorted(map(artifact.parse, reversed(ordered)), key=Artifact.sort_key)
    assert [each.filename for each in found] == ordered


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Demo.Pkg", "demo-pkg"), ("demo_pkg", "demo-pkg"), ("DEMO--PKG", "demo-pkg"), ("d", "d"), ("1", "1")],
)
def test_project_is_normalised(text: str, expected: str) -> None:
    """A project may be written in every way that PEP 503 holds for equal."""
    assert names.project_name(text) == expected


@pytest.mark.parametrize("text", ["", " ", "../x", "foo bar", "-demo", "demo_", "dé", "demo\n", "<b>", "a/b", "a\0"])
def test_project_is_refused(text: str) -> None:
    """What cannot be the name of a project is a usage error that quotes it."""
    with pytest.raises(UsageError) as refused:
        names.project_name(text)
    assert str(refused.value) == f"project: {text!r} is not a valid project name"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.0", "1.0"), ("v1.0", "1.0"), ("1.0 ", "1.0"), ("1.0-RC1", "1.0rc1"), ("1.0+CU_118", "1.0+cu.118")],
)
def test_version_is_read(text: str, expected: str) -> None:
    """A version may be written in every way that PEP 440 can normalise."""
    assert str(names.version_of(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("banana", id="word"),
        pytest.param("", id="empty"),
        pytest.param("1.0 beta x", id="sentence"),
        pytest.param("latest\x1b[31m", id="escape sequence"),
        pytest.param(
            "1" * 5000,
            id="more digits than Python converts",
        ),
    ],
)
def test_version_is_refused(text: str) -> None:
    """What is no version is a usage error of one line."""
    with pytest.raises(UsageError, match="is not a valid version") as refused:
        names.version_of(text)
    assert str(refused.value).isprintable()


NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_.]?[A-Za-z0-9]){0,8}", fullmatch=True)
VERSIONS = st.from_regex(
    r"([0-9]!)?[0-9]{1,3}(\.[0-9]{1,3}){0,2}((a|b|rc|\.dev|\.post)[0-9])?(\+[a-z0-9]{1,4})?", fullmatch=True
)
PIECES = st.sampled_from(
    [
        "demo",
        "-",
        "1.0",
        "..",
        "/",
        "\\",
        "%2f",
        "\0",
        "\n",
        "py3-none-any",
        ".whl",
        ".tar.gz",
        ".zip",
        "<b>",
        "é",
        "+",
        "!",
    ]
)


@given(
    st.one_of(
        st.text(),
        st.builds("{}{}".format, st.text(), st.sampled_from([".whl", ".tar.gz", ".zip"])),
        st.lists(PIECES, max_size=9).map("".join),
    )
)
def test_any_text_is_an_artifact_or_refused(text: str) -> None:
    """Whatever the text, it gives an artifact with a harmless name, or NotAnArtifact in one line."""
    message = ""
    try:
        said = artifact.parse(text)
    except NotAnArtifact as refused:
        message = str(refused)
    else:
        assert said.filename == text
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+!-]*", text)
        assert ".." not in text
    assert message.isprintable()


ODD = st.lists(st.sampled_from(["demo", "1.0", "_", "__", ".", "-", "3", "v1!2", "+x", "py3", "none", "py2.py3"]))


@given(st.one_of(ODD, ODD.map(lambda parts: [*parts, "-py3-none-any"])).map(lambda parts: "".join([*parts, ".whl"])))
@example("demo-1.0_1-py3-none-any.whl")
@example("demo__x-1.0-py3-none-any.whl")
@example("demo-1.0_-py3-none-any.whl")
def test_wheel_name_is_read_as_packaging_reads_it(filename: str) -> None:
    """The parts of a name are read one by one, and only once each; together they are what `packaging` says of it."""
    try:
        project, version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        with pytest.raises(NotAnArtifact):
            artifact.parse(filename)
        return
    with suppress(NotAnArtifact):  # stricter than packaging
        said = artifact.parse(filename)
        assert (said.project, said.version) == (project, version)


@given(NAMES, VERSIONS, st.sampled_from(["py3-none-any", "cp312-abi3-win_amd64"]), st.sampled_from(["", "3", "12x"]))
def test_what_is_put_into_a_wheel_name_comes_out(name: str, version: str, tag: str, build: str) -> None:
    """The name of a wheel gives back the project, version, build and tags that it was made of."""
    name = re.sub("_+", "_", name)
    said = artifact.parse("-".join(filter(None, [name, version, build, tag])) + ".whl")
    expected = (names.project_name(name), Version(version), build, tag)
    assert (said.project, said.version, said.build, said.label) == expected


@given(NAMES, VERSIONS, st.sampled_from([".tar.gz", ".zip"]))
def test_what_is_put_into_an_sdist_name_comes_out(name: str, version: str, suffix: str) -> None:
    """The name of an sdist gives back the project and version that it was made of."""
    said = artifact.parse(f"{name}-{version}{suffix}")
    assert (said.project, said.version) == (names.project_name(name), Version(version))
