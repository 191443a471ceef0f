"""What the artifacts of a version cover, and what they lack."""

import pytest
from packaging.version import Version

from wheelhouse_tasks.artifacts import artifact, coverage
from wheelhouse_tasks.artifacts.artifact import Artifact


def of(*labels: str, version: str = "1.0") -> list[Artifact]:
    """Return artifacts with some labels."""
    return [
        artifact.parse(f"demo-{version}" + (".tar.gz" if label == "sdist" else f"-{label}.whl")) for label in labels
    ]


@pytest.mark.parametrize(
    ("label", "pattern", "expected"),
    [
        ("cp312-cp312-win_amd64", "cp312-*", True),
        ("cp312-cp312-win_amd64", "cp311-*", False),
        ("cp312-cp312-win_amd64", "sdist", False),
        ("sdist", "sdist", True),
        ("sdist", "*-*", False),
        ("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "cp312-cp312-manylinux2014_x86_64", True),
        ("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", "*-*-manylinux*_x86_64", True),
        ("py2.py3-none-any", "py3-none-any", True),
    ],
)
def test_patterns(label: str, pattern: str, expected: bool) -> None:
    """A pattern fits the whole label of a wheel, or any one of its tags; an sdist is called sdist."""
    [said] = of(label)
    assert coverage.fits(said, [pattern]) is expected
    assert coverage.unmet([pattern], [said]) == ([] if expected else [pattern])


def test_no_pattern_fits_all() -> None:
    """Where nothing is asked for, everything fits."""
    assert all(coverage.fits(each, []) for each in of("sdist", "py3-none-any"))


@pytest.mark.parametrize(
    ("earlier", "now", "covered"),
    [
        pytest.param("cp312-cp312-win_amd64", "cp312-cp312-win_amd64", True, id="the same"),
        pytest.param("cp312-cp312-win_amd64", "cp313-cp313-win_amd64", False, id="another Python"),
        pytest.param("cp312-cp312-win_amd64", "cp312-cp312-win_arm64", False, id="another platform"),
        pytest.param("cp312-cp312-win_amd64", "py3-none-any", True, id="pure now"),
        pytest.param("cp312-cp312-win_amd64", "py3-none-win_amd64", True, id="no ABI"),
        pytest.param("cp312-cp312-win_amd64", "py2-none-any", False, id="Python 2"),
        pytest.param("cp312-cp312-win_amd64", "cp39-abi3-win_amd64", True, id="stable ABI"),
        pytest.param("cp312-cp312-win_amd64", "cp313-abi3-win_amd64", False, id="stable ABI of a later Python"),
        pytest.param("cp313-cp313t-win_amd64", "cp39-abi3-win_amd64", False, id="free-threaded"),
        pytest.param("cp39-abi3-win_amd64", "cp310-abi3-win_amd64", False, id="stable ABI without the oldest"),
        pytest.param("cp39-abi3-win_amd64", "cp312-cp312-win_amd64", False, id="no stable ABI any more"),
        pytest.param("py3-none-any", "cp312-cp312-win_amd64", False, id="no longer pure"),
        pytest.param("py2.py3-none-any", "py3-none-any", False, id="no Python 2 any more"),
        pytest.param(
            "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp312-cp312-manylinux2014_x86_64",
            True,
            id="another name of a platform",
        ),
        pytest.param(
            "cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-manylinux_2_17_x86_64", True, id="an older system"
        ),
        pytest.param(
            "cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-manylinux_2_28_x86_64", False, id="a later system"
        ),
        pytest.param(
            "cp312-cp312-musllinux_1_2_x86_64", "cp312-cp312-manylinux_2_17_x86_64", False, id="another C library"
        ),
        pytest.param("cp312-cp312-macosx_11_0_arm64", "cp312-cp312-macosx_10_13_universal2", True, id="universal2"),
        pytest.param("cp312-cp312-macosx_10_9_universal2", "cp312-cp312-macosx_10_9_x86_64", False, id="half of it"),
        pytest.param("sdist", "sdist", True, id="sdist"),
        pytest.param("sdist", "py3-none-any", False, id="no sdist"),
    ],
)
def test_earlier_tags_are_covered(earlier: str, now: str, covered: bool) -> None:
    """Whoever found an artifact of the earlier version finds one of this version."""
    assert coverage.uncovered(of(earlier), of(now, version="2.0")) == ([] if covered else [earlier])


def test_halves_cover_a_whole() -> None:
    """Two wheels together cover what one wheel did."""
    now = of("cp312-cp312-macosx_10_13_x86_64", "cp312-cp312-macosx_11_0_arm64", version="2.0")
    assert coverage.uncovered(of("cp312-cp312-macosx_10_13_x86_64.macosx_11_0_arm64"), now) == []


@pytest.mark.parametrize(
    ("versions", "version", "expected"),
    [
        (["1.0", "1.1", "2.0"], "2.0", "1.1"),
        (["1.0", "1.1rc1", "1.1.dev3"], "1.1", "1.0"),
        (["1.0rc1", "1.0rc2"], "1.0", "1.0rc2"),
        (["2.0"], "1.0", None),
        ([], "1.0", None),
    ],
)
def test_previous(versions: list[str], version: str, expected: str | None) -> None:
    """The version before is the newest release before; a pre-release only where there is no other."""
    found = coverage.previous(map(Version, versions), Version(version))
    assert found == (Version(expected) if expected else None)


def test_matrix() -> None:
    """Rows are Pythons in order, columns platforms, and the sdist comes last."""
    cells = {
        "sdist": "1 kB",
        "cp312-cp312-win_amd64": "2 kB",
        "cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64": "3 kB",
        "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64": "MISSING",
    }
    assert coverage.matrix(cells) == (
        ["Python", "manylinux_2_17_x86_64", "win_amd64"],
        [["cp39 abi3", "3 kB", ""], ["cp312", "MISSING", "2 kB"], ["sdist", "1 kB", ""]],
    )
    assert coverage.matrix({"sdist": "1 kB"}) == (["", ""], [["sdist", "1 kB"]])
