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


@pytest.mark.parametrize(
    ("earlier", "now", "back"),
    [
        pytest.param("cp315-cp315t-{}", "cp315-abi3t-{}", False, id="free-threaded stable ABI"),
        pytest.param("cp315-cp315t-{}", "cp315-abi3.abi3t-{}", False, id="both stable ABIs"),
        pytest.param("cp316-cp316t-{}", "cp315-abi3.abi3t-{}", False, id="both stable ABIs of an earlier Python"),
        pytest.param("cp316-cp316-{}", "cp315-abi3.abi3t-{}", False, id="usual build"),
        pytest.param("cp316-abi3.abi3t-{}", "cp315-abi3.abi3t-{}", False, id="stable ABIs of a later Python"),
        pytest.param("cp315-abi3t-{}", "cp315-abi3.abi3t-{}", False, id="one of both"),
        pytest.param("cp313-cp313d-{}", "cp313-cp313-{}", False, id="debug build"),
        pytest.param("cp313-cp313td-{}", "cp313-cp313t-{}", False, id="free-threaded debug build"),
        pytest.param("cp37-cp37m-{}", "cp36-abi3-{}", False, id="old flags"),
        pytest.param("cp315-cp315t-{}", "cp315-none-{}", False, id="no ABI of this Python"),
        pytest.param("pp311-pypy311_pp73-{}", "py3-none-{}", False, id="PyPy"),
        pytest.param("pp311-pypy311_pp73-{}", "pp3-none-any", False, id="any PyPy"),
        pytest.param("graalpy311-graalpy242_311_native-{}", "py3-none-any", False, id="GraalPy"),
        pytest.param("py312-none-any", "py38-none-any", False, id="an older Python of any maker"),
        pytest.param("cp312-cp312-{}", "py38-none-{}", False, id="any maker of an older Python"),
        pytest.param("py30-none-any", "py3-none-any", True, id="any Python 3"),
    ],
)
@pytest.mark.parametrize("platform", ["win_amd64", "manylinux_2_28_x86_64"])
def test_earlier_pythons_are_covered(earlier: str, now: str, back: bool, platform: str) -> None:
    """A wheel covers the Pythons that take it, and another one does not cover it in turn."""
    before, after = of(earlier.format(platform)), of(now.format(platform))
    assert coverage.uncovered(before, after) == []
    assert (coverage.uncovered(after, before) == []) is back


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        ("ios_13_0_arm64_iphoneos", "ios_12_0_arm64_iphoneos"),
        ("ios_14_0_x86_64_iphonesimulator", "ios_13_2_x86_64_iphonesimulator"),
        ("android_24_arm64_v8a", "android_21_arm64_v8a"),
        ("android_100_x86", "android_21_x86"),
        ("musllinux_1_2_riscv64", "musllinux_1_1_riscv64"),
        ("manylinux2014_ppc64le", "manylinux_2_16_ppc64le"),
        ("manylinux2010_i686", "manylinux1_i686"),
        ("manylinux_2_31_armv8l", "manylinux_2_31_armv7l"),
        ("macosx_10_6_x86_64", "macosx_10_6_intel"),
        ("macosx_10_6_i386", "macosx_10_6_intel"),
        ("macosx_10_6_i386", "macosx_10_4_fat"),
        ("macosx_10_6_intel", "macosx_10_6_fat3"),
        ("macosx_10_5_ppc64", "macosx_10_5_fat64"),
        ("macosx_10_5_fat3", "macosx_10_5_universal"),
        ("macosx_26_0_arm64", "macosx_11_0_universal2"),
        ("macosx_11_0_x86_64", "macosx_10_9_intel"),
    ],
)
def test_earlier_platforms_are_covered(earlier: str, now: str) -> None:
    """A wheel for an older system, or for more processors, covers another one of its family, and is not in turn."""
    before, after = (of(f"cp313-cp313-{platform}") for platform in (earlier, now))
    assert coverage.uncovered(before, after) == []
    assert coverage.uncovered(after, before) == [after[0].label]


@pytest.mark.parametrize("format_", ["intel", "fat3", "fat64", "universal"])
def test_processors_that_no_mac_has_any_more_are_not_missed(format_: str) -> None:
    """From macOS 10.7 on a Mac has 64 bits: the half for 32 bits, or for PowerPC, is nobody's."""
    thin = of("cp313-cp313-macosx_10_9_x86_64")
    assert coverage.uncovered(of(f"cp313-cp313-macosx_10_9_{format_}"), thin) == []
    assert coverage.uncovered(of("cp313-cp313-macosx_10_6_intel"), of("cp313-cp313-macosx_10_6_x86_64")) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ios_13_0_arm64_iphoneos", "ios_13_0_arm64_iphonesimulator"),
        ("android_21_arm64_v8a", "android_21_armeabi_v7a"),
        ("android_21_x86", "android_21_x86_64"),
        ("win32", "win_amd64"),
        ("win_arm64", "win_amd64"),
        ("linux_x86_64", "manylinux_2_17_x86_64"),
        ("linux_x86_64", "musllinux_1_2_x86_64"),
        ("linux_armv7l", "linux_armv6l"),
        ("pyodide_2025_0_wasm32", "pyodide_2024_0_wasm32"),
        ("pyemscripten_2026_0_wasm32", "pyemscripten_2026_1_wasm32"),
        ("pyemscripten_2026_0_wasm32", "emscripten_4_0_9_wasm32"),
        ("wasi_0_0_0_wasm32", "emscripten_3_1_58_wasm32"),
        ("freebsd_14_2_release_amd64", "freebsd_13_2_release_amd64"),
        ("macosx_11_0_arm64", "macosx_11_0_x86_64"),
        ("macosx_10_6_ppc", "macosx_10_6_i386"),
    ],
)
def test_platforms_apart_do_not_cover_each_other(one: str, other: str) -> None:
    """What is made for one of them runs on the other in neither direction; each covers itself."""
    first, second = (of(f"cp313-cp313-{platform}") for platform in (one, other))
    assert coverage.uncovered(first, second) != []
    assert coverage.uncovered(second, first) != []
    assert coverage.uncovered(first, first) == coverage.uncovered(second, second) == []


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        ("cp315-cp315", "cp315-abi3t"),
        ("cp315-cp315t", "cp315-abi3"),
        ("cp315-cp315t", "cp316-abi3.abi3t"),
        ("cp315-abi3", "cp315-abi3t"),
        ("cp312-abi3", "cp312-none"),
        ("pp311-pypy311_pp73", "pp310-none"),
        ("pp311-pypy311_pp73", "cp311-abi3"),
        ("graalpy311-graalpy242_311_native", "py2-none"),
        ("cp311-cp311", "py312-none"),
        ("cp27-cp27mu", "cp32-abi3"),
    ],
)
def test_pythons_that_are_not_covered(earlier: str, now: str) -> None:
    """Another build, another maker, or a later Python than the earlier one is no replacement."""
    before = of(f"{earlier}-win_amd64")
    assert coverage.uncovered(before, of(f"{now}-win_amd64")) == [before[0].label]


@pytest.mark.parametrize("now", ["cp313-cp313-macosx_11_1_arm64", "cp313-cp313-any", "cp39-abi3-any"])
def test_what_no_installer_asks_for_covers_nothing(now: str) -> None:
    """From macOS 11 on installers look for minor version 0 only, and for any platform with no ABI only."""
    assert coverage.uncovered(of("cp313-cp313-macosx_12_0_arm64"), of(now)) != []


@pytest.mark.parametrize(
    "whole",
    ["macosx_10_13_x86_64.macosx_11_0_arm64", "macosx_10_13_universal2", "macosx_11_0_universal2"],
)
def test_halves_cover_a_whole(whole: str) -> None:
    """Two wheels together cover what one wheel did."""
    now = of("cp312-cp312-macosx_10_13_x86_64", "cp312-cp312-macosx_11_0_arm64", version="2.0")
    assert coverage.uncovered(of(f"cp312-cp312-{whole}"), now) == []
    assert coverage.uncovered(of(f"cp312-cp312-{whole}"), now[:1]) != []


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
