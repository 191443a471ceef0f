"""The platforms of wheels that PyPI takes, family by family, and those beside them that it refuses."""

import pytest

from wheelhouse_tasks.pypi import platforms

LINUX = ("x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x", "riscv64", "loongarch64", "armv6l")
MACOS = ("ppc", "ppc64", "i386", "x86_64", "arm64", "intel", "fat", "fat3", "fat64", "universal", "universal2")
#: How the tags of a family begin and end, the machines that it has, and some that it has not.
FAMILIES = {
    "manylinux1_{}": ("x86_64 i686", LINUX),
    "manylinux2010_{}": ("x86_64 i686", LINUX),
    "manylinux2014_{}": ("x86_64 i686 aarch64 armv7l ppc64 ppc64le s390x", LINUX),
    "manylinux_2_17_{}": ("x86_64 i686 aarch64 armv7l ppc64 ppc64le s390x riscv64", LINUX),
    "manylinux_2_39_{}": ("x86_64 i686 aarch64 armv7l ppc64 ppc64le s390x riscv64", LINUX),
    "musllinux_1_2_{}": ("x86_64 i686 aarch64 armv7l ppc64le s390x riscv64", LINUX),
    "linux_{}": ("armv6l armv7l", LINUX),
    "macosx_10_9_{}": (" ".join(MACOS), (*MACOS, "aarch64", "arm64e")),
    "macosx_11_0_{}": (" ".join(MACOS), (*MACOS, "aarch64", "amd64")),
    "macosx_26_0_{}": (" ".join(MACOS), (*MACOS, "aarch64")),
    "macosx_11_1_{}": ("", MACOS),
    "macosx_16_0_{}": ("", MACOS),
    "ios_13_0_{}_iphoneos": ("arm64 x86_64", ("arm64", "x86_64", "armv7", "arm64e")),
    "ios_13_0_{}_iphonesimulator": ("arm64 x86_64", ("arm64", "x86_64", "i386")),
    "ios_13_0_{}_appletv": ("", ("arm64", "x86_64")),
    "android_21_{}": (
        "armeabi_v7a arm64_v8a x86 x86_64",
        ("armeabi_v7a", "arm64_v8a", "x86", "x86_64", "aarch64", "arm"),
    ),
    "win_{}": ("amd64 arm64 ia64", ("amd64", "arm64", "ia64", "arm32", "x86_64")),
    "pyemscripten_2026_0_{}": ("wasm32", ("wasm32", "wasm64")),
    "emscripten_4_0_9_{}": ("", ("wasm32",)),
    "{}": ("any win32", ("any", "win32", "win64", "wasi_0_0_0_wasm32", "pyodide_2025_0_wasm32", "solaris_2_11_sparc")),
}


@pytest.mark.parametrize(
    ("tag", "taken"),
    [
        pytest.param(pattern.format(machine), machine in machines.split(), id=pattern.format(machine))
        for pattern, (machines, tried) in FAMILIES.items()
        for machine in tried
    ],
)
def test_each_family_has_its_own_machines(tag: str, *, taken: bool) -> None:
    """PyPI takes a platform where its family has the machine, whatever the case of its letters."""
    assert (platforms.is_taken(tag), platforms.is_taken(tag.upper())) == (taken, taken)


@pytest.mark.parametrize(
    ("compressed", "expected"),
    [
        ("manylinux_2_17_x86_64.manylinux2014_x86_64", []),
        ("manylinux_2_17_riscv64.manylinux2014_riscv64", ["manylinux2014_riscv64"]),
        ("linux_x86_64.manylinux1_aarch64.any", ["linux_x86_64", "manylinux1_aarch64"]),
        ("", []),  # of an sdist
    ],
)
def test_each_tag_of_a_compressed_set_is_looked_at(compressed: str, expected: list[str]) -> None:
    """One platform that PyPI refuses is enough, and it is the one that is named."""
    assert platforms.refused(compressed) == expected
