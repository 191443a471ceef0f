"""Which interpreters take a wheel: whether those that take one tag take another one too.

https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/ has the families of tags, and
`packaging/tags.py` (053c884, August 2026) what an interpreter takes of each. Every other platform (`win_amd64`,
`linux_x86_64`, `pyodide_2025_0_wasm32`, `wasi_…`, `freebsd_…`) is taken by itself alone: `linux_…` does not say which C
library it needs, and an Emscripten platform is one exact ABI (PEP 783).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: A platform with the oldest system that it runs on, and what runs there (PEP 600, 656, 730, 738).
AGED = re.compile(r"(manylinux|musllinux|macosx|ios)_(\d+)_(\d+)_(\w+)|(android)_(\d+)_(\w+)")
#: What PEP 600 calls the older names of manylinux (PEP 513, 571, 599).
LEGACY = {"manylinux1": "manylinux_2_5", "manylinux2010": "manylinux_2_12", "manylinux2014": "manylinux_2_17"}
#: The binary formats of macOS that hold several architectures; `fat32` is what packaging called `fat3` before 26.3.
BINARIES = {
    "universal2": {"arm64", "x86_64"},
    "universal": {"i386", "ppc", "ppc64", "x86_64"},
    "intel": {"i386", "x86_64"},
    "fat": {"i386", "ppc"},
    "fat3": {"i386", "ppc", "x86_64"},
    "fat32": {"i386", "ppc", "x86_64"},
    "fat64": {"ppc64", "x86_64"},
}
#: The first macOS of an architecture, and the last: from 10.7 on the processor has 64 bits.
FIRST_MACOS = {"arm64": (11, 0)}
LAST_MACOS = {"ppc64": (10, 5), "ppc": (10, 6), "i386": (10, 6)}
#: A processor with 32 bits that runs the programs of another one.
RUNS_TOO = {"armv8l": "armv7l"}
#: `cp312`, `py3`, `pp311`, `graalpy311`, `cp3_12`: an implementation and its version.
PYTHON = re.compile(r"([a-z]+)_?(\d)_?(\d*)")
#: `cp313td`: an ABI of CPython with its flags.
CPYTHON_ABI = re.compile(r"cp\d+([a-z]*)")
#: The stable ABIs of CPython: of the usual builds (PEP 384) and of the free-threaded ones (PEP 803).
STABLE = {"abi3": False, "abi3t": True}

Tag = tuple[str, str, str]


def parts(tag: Tag) -> list[Tag]:
    """Return a tag for each processor that *tag* names and Macs of its version have; on other systems *tag* alone."""
    python, abi, platform = tag
    system = _System.of(platform.lower())
    if not system or system.family != "macosx":
        return [tag]
    split = []
    for machine in sorted(system.machines):
        major, minor = max(system.version, FIRST_MACOS.get(machine, system.version))
        if (major, minor) <= LAST_MACOS.get(machine, (major, minor)):
            split.append((python, abi, f"macosx_{major}_{minor}_{machine}"))
    return split or [tag]


def serves(tag: Tag, wanted: Tag) -> bool:
    """Return whether every interpreter that installs wheels of the tag *wanted* installs those of *tag* too."""
    python, abi, platform = (part.lower() for part in tag)
    other_python, other_abi, other_platform = (part.lower() for part in wanted)
    # no installer asks for an ABI on any platform
    fits = _reaches(platform, other_platform) or (platform == "any" and abi == "none")
    return fits and _runs(python, abi, other_python, other_abi)


def _runs(python: str, abi: str, other_python: str, other_abi: str) -> bool:
    if (python, abi) == (other_python, other_abi):
        return True
    ours, theirs = _Takers.of(python, abi), _Takers.of(other_python, other_abi)
    if not ours or not theirs or ours.major != theirs.major:
        return False
    return (
        ours.implementation in ("py", theirs.implementation)
        and ours.abis[0] in theirs.abis
        and ours.free_threaded in (None, theirs.free_threaded)
        and (ours.minor <= theirs.minor if ours.and_later else (ours.minor, False) == (theirs.minor, theirs.and_later))
    )


@dataclass(frozen=True)
class _Takers:
    """The interpreters that install wheels of a Python tag and an ABI tag."""

    implementation: str
    major: int
    minor: int
    #: Whether those of a later minor version take it too.
    and_later: bool
    #: The ABI, and those that each of these interpreters takes as well.
    abis: tuple[str, ...]
    #: Whether they are builds of CPython without GIL; None where both are.
    free_threaded: bool | None = None

    @classmethod
    def of(cls, python: str, abi: str) -> _Takers | None:
        """Return the interpreters for two tags; None for a Python whose rules are not known."""
        match = PYTHON.fullmatch(python)
        if not match:
            return None
        name, major, minor = match[1], int(match[2]), int(match[3] or 0)
        if abi == "none":
            return cls(name, major, minor, name == "py" or not match[3], (abi,))
        if name == "cp" and abi in STABLE:
            return cls(name, major, minor, and_later=True, abis=("stable", "none"), free_threaded=STABLE[abi])
        flags = CPYTHON_ABI.fullmatch(abi)
        if not flags:
            return cls(name, major, minor, and_later=False, abis=(abi, "none"))
        # a debug build takes what was made for the usual one, from 3.8 on
        usual = (abi.replace("d", ""),) if "d" in flags[1] and (major, minor) >= (3, 8) else ()
        stable = ("stable",) if name == "cp" and (major, minor) >= (3, 2) else ()
        abis = (abi, *usual, *stable, "none")
        return cls(name, major, minor, and_later=False, abis=abis, free_threaded="t" in flags[1])


def _reaches(platform: str, wanted: str) -> bool:
    """Return whether a wheel for *platform* is installed wherever one for the *wanted* platform is."""
    if platform == wanted:
        return True
    ours, theirs = _System.of(platform), _System.of(wanted)
    if not ours or not theirs or ours.family != theirs.family or ours.version > theirs.version:
        return False
    if ours.family == "macosx" and ours.version[0] > 10 and ours.version[1]:
        return False  # no installer asks for a minor version there
    return all({machine, RUNS_TOO.get(machine)} & ours.machines for machine in theirs.machines)


@dataclass(frozen=True)
class _System:
    """The systems that install wheels of a platform tag: those of a family, from a version on."""

    family: str
    version: tuple[int, int]
    #: The processors for which it holds programs.
    machines: frozenset[str]

    @classmethod
    def of(cls, platform: str) -> _System | None:
        """Return the systems for a tag; None for a platform that fits itself alone."""
        name, _, rest = platform.partition("_")
        match = AGED.fullmatch(f"{LEGACY[name]}_{rest}" if name in LEGACY else platform)
        if not match:
            return None
        family, major, minor, machine = match.group(1, 2, 3, 4) if match[1] else (match[5], match[6], 0, match[7])
        machines = BINARIES.get(machine, {machine}) if family == "macosx" else {machine}
        return cls(family, (int(major), int(minor)), frozenset(machines))
