"""Whether an index will take a set of files, found out before the first of them is uploaded.

What holds everywhere: archives that tell the truth, and files that agree. What PyPI adds: names, types, platforms,
metadata and sizes (`warehouse/forklift/legacy.py`, docs.pypi.org).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import archive
from wheelhouse_tasks.errors import BadArtifact, one_line
from wheelhouse_tasks.publishing import meaning

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from wheelhouse_tasks.artifacts.local import LocalFile

#: In which limits are set and shown, as by PyPI.
MIB = 1 << 20
#: `_allowed_platforms` and its neighbours in warehouse/forklift/legacy.py.
PLATFORM = re.compile(
    r"any|win32|win_(amd64|arm64)"
    r"|(manylinux(1|2010|2014|_\d+_\d+)|musllinux_\d+_\d+)_\w+"
    r"|linux_armv[67]l"
    r"|macosx_(10_\d+|(11|12|13|14|15|26)_0)_\w+"
    r"|ios_\d+_\d+_\w+_(iphoneos|iphonesimulator)|android_\d+_\w+"
    r"|pyemscripten_\d+_\d+_wasm32"
)
SUMMARY_LIMIT = 512
#: Fields that installers take from any one file of a release and believe of all of them.
SHARED = ("Summary", "Requires-Python", "License-Expression")
#: Of wheels only: an sdist may leave them to its build (PEP 643).
OF_WHEELS = ("Requires-Dist", "Provides-Extra")


@dataclass(frozen=True)
class Rules:
    """What an index refuses."""

    #: Whether it is PyPI, or an index with its rules.
    pypi: bool
    #: Bytes of one file.
    file_limit: int


def findings(files: Sequence[LocalFile], rules: Rules, workers: int) -> list[BadArtifact]:
    """Return everything that is wrong with the files of one release, in the order of the files."""
    own = parallel.run(lambda file: [*_own(file, rules)], files, workers)
    found = [
        BadArtifact(file.artifact.filename, one_line(text))
        for file, problems in zip(files, own, strict=True)
        for text in problems
    ]
    return [*found, *_doubles(files), *_disagreements(files)]


def _own(file: LocalFile, rules: Rules) -> Iterator[str]:
    if file.artifact.is_wheel:
        yield from archive.record_problems(file.path)
    if rules.pypi:
        yield from _names(file)
        yield from _metadata(file)
        yield from archive.pypi_problems(file)
        if file.size > rules.file_limit:
            limit = f"{rules.file_limit // MIB} MiB"
            yield f"has {file.size / MIB:.1f} MiB, the limit is {limit} (see the setting 'file_limit')"


def _names(file: LocalFile) -> Iterator[str]:
    said, name = file.artifact, file.artifact.filename
    normal = said.project.replace("-", "_")
    if said.version.local:
        yield f"PyPI takes no local version (+{said.version.local})"
    if not said.is_wheel:
        expected = f"{normal}-{said.version}.tar.gz"
        if name != expected:
            yield f"PyPI takes an sdist under the name {expected} only"
        return
    if name.partition("-")[0] != normal:
        yield f"its name must begin with {normal}- on PyPI"
    refused = [each for each in said.tags[2].split(".") if not PLATFORM.fullmatch(each)]
    if refused:
        yield f"PyPI does not take the platform {', '.join(refused)}"


def _metadata(file: LocalFile) -> Iterator[str]:
    from packaging.metadata import Metadata, RawMetadata, parse_email

    raw, unparsed = parse_email(file.metadata.text)
    if not archive.knows_license_files(raw.get("metadata_version", "")):
        raw.pop("license_files", None)  # as twine does, since setuptools 57 to 76 wrote them all the same
    if unparsed:
        yield f"its metadata has fields that cannot be read: {', '.join(sorted(unparsed))}"
    try:
        said = Metadata.from_raw(RawMetadata(**raw))
    except ExceptionGroup as group:
        yield from (f"its metadata: {error}" for error in group.exceptions)
        return
    if len(said.summary or "") > SUMMARY_LIMIT:
        yield f"its Summary has {len(said.summary or '')} characters, the limit is {SUMMARY_LIMIT}"
    for each in said.requires_dist or ():
        if each.url:
            yield f"PyPI takes no dependency by URL: {each.name}"
    yield from _classifiers(said.classifiers or ())


def _classifiers(used: Sequence[str]) -> Iterator[str]:
    from trove_classifiers import classifiers, deprecated_classifiers

    for each in used:
        if each in deprecated_classifiers:
            better = ", ".join(deprecated_classifiers[each]) or "none"
            yield f"classifier {each!r} is deprecated, in its place: {better}"
        elif each not in classifiers and not each.startswith("Private ::"):
            yield f"classifier {each!r} is not known (to the installed trove-classifiers)"
        elif each.startswith("Private ::"):
            yield f"classifier {each!r} keeps it off PyPI"


def _doubles(files: Sequence[LocalFile]) -> Iterator[BadArtifact]:
    """Find what a release would hold twice: `1.0` and `1.0.0` are one version."""
    seen: dict[tuple[tuple[str, str, str], str], str] = {}
    for file in files:
        name = file.artifact.filename
        twin = seen.setdefault((file.artifact.tags, file.artifact.build), name)
        if twin != name:
            what = "wheels for the same tags" if file.artifact.is_wheel else "sdists"
            yield BadArtifact(f"{twin}, {name}", f"two {what} of one version", "remove one of them")


def _disagreements(files: Sequence[LocalFile]) -> Iterator[BadArtifact]:
    """Find the files whose metadata mean something else than those of most others."""
    for fields, those in ((SHARED, files), (OF_WHEELS, [file for file in files if file.artifact.is_wheel])):
        headers = {file.artifact.filename: HeaderParser().parsestr(file.metadata.text.decode()) for file in those}
        for field in fields:
            spelt = {name: header.get_all(field, []) for name, header in headers.items()}
            meant = {name: meaning.of(field, values) for name, values in spelt.items()}
            if len(set(meant.values())) > 1:
                usual = Counter(meant.values()).most_common(1)[0][0]
                model = next(name for name in meant if meant[name] == usual)
                for name, meant_here in meant.items():
                    if meant_here != usual:
                        here, there = _beside(field, spelt[name], usual), _beside(field, spelt[model], meant_here)
                        problem = f"its metadata says {field} {here!r}, that of {model} {there!r}"
                        yield BadArtifact(name, one_line(problem))


def _beside(field: str, values: Sequence[str], meant: frozenset[Hashable]) -> str:
    """Return the values that say something else than *meant*."""
    return "; ".join(sorted(each for each in values if not meaning.of(field, [each]) <= meant)) or "none"
