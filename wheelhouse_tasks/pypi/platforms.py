"""The platforms of wheels that PyPI accepts.

`_valid_platform_tag` and what stands above it in `warehouse/forklift/legacy.py` of pypi/warehouse, commit 6b62157 of
2026-08-21, read on 2026-11-26. Each family of tags has its own machines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: `_allowed_platforms`: those that are tags of their own.
EXACT = frozenset(
    [
        "any",
        *("win32", "win_amd64", "win_arm64", "win_ia64"),
        *("manylinux1_x86_64", "manylinux1_i686", "manylinux2010_x86_64", "manylinux2010_i686"),
        *(
            f"manylinux2014_{machine}"
            for machine in ["x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x"]
        ),
        *("linux_armv6l", "linux_armv7l"),
    ]
)
#: `_macosx_arches`.
MACOS = frozenset(
    ["ppc", "ppc64", "i386", "x86_64", "arm64", "intel", "fat", "fat3", "fat64", "universal", "universal2"]
)
#: `_jointlinux_arches`, which are `_musllinux_arches` too.
MUSLLINUX = frozenset(["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"])
#: `_manylinux_arches`.
MANYLINUX = MUSLLINUX | {"ppc64"}
#: `_ios_arches`.
IOS = frozenset(("arm64", "x86_64"))
#: `_android_arches`.
ANDROID = frozenset(("armeabi_v7a", "arm64_v8a", "x86", "x86_64"))


@dataclass(frozen=True)
class Family:
    """Tags that hold the version of a system, and a machine."""

    #: What its tags begin with; the group is the machine.
    tag: re.Pattern[str]
    machines: frozenset[str]


FAMILIES = (
    Family(re.compile(r"macosx_10_\d+_(.*)"), MACOS),
    #: `_macosx_major_versions`: since 11 only the first part of the version counts.
    Family(re.compile(r"macosx_(?:11|12|13|14|15|26)_0_(.*)"), MACOS),
    #: `_linux_platform_re` (PEP 600, PEP 656).
    Family(re.compile(r"manylinux_\d+_\d+_(.*)"), MANYLINUX),
    Family(re.compile(r"musllinux_\d+_\d+_(.*)"), MUSLLINUX),
    #: `_ios_platform_re`, `_android_platform_re` (PEP 730, PEP 738).
    Family(re.compile(r"ios_\d+_\d+_(.*)_(?:iphoneos|iphonesimulator)"), IOS),
    Family(re.compile(r"android_\d+_(.*)"), ANDROID),
    #: `_pyemscripten_platform_re` (PEP 783).
    Family(re.compile(r"pyemscripten_\d+_\d+_(wasm32)"), frozenset(("wasm32",))),
)


def is_taken(platform: str) -> bool:
    """Return whether PyPI accepts wheels with a platform tag, in any case of its letters."""
    tag = platform.lower()
    return tag in EXACT or any(
        (match := family.tag.match(tag)) is not None and match[1] in family.machines for family in FAMILIES
    )


def refused(platforms: str) -> list[str]:
    """Return those of a compressed set of platform tags (`manylinux_2_17_x86_64.linux_x86_64`) that PyPI refuses.

    The set of an sdist is empty.
    """
    return [tag for tag in platforms.split(".") if tag and not is_taken(tag)]
