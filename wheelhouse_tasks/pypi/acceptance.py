"""Whether a package index will accept a set of files, decided before the first of them is uploaded.

What holds everywhere: archives that keep their promises, and files that agree. What PyPI adds: names, platforms,
metadata, archives, sizes and times; its rules have their place in pypi/warehouse beside them, commit 6b62157 of
2026-08-21, read on 2026-11-26. What a package index accepts all the same is doubtful.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import NotAnArtifact, one_line
from wheelhouse_tasks.pypi import archive, core_metadata, meaning, platforms
from wheelhouse_tasks.pypi.finding import Finding
from wheelhouse_tasks.pypi.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.pypi.shown import Shown

#: In which limits are set and shown, as by PyPI.
MIB, GIB = 1 << 20, 1 << 30
#: `MAX_PROJECT_SIZE` in warehouse/constants.py; PyPI raises it for some projects, and shows that to nobody.
PROJECT_LIMIT = 10 * GIB
#: `MAXIMUM_AGE_FOR_NEW_UPLOADS_DAYS` in warehouse/forklift/legacy.py.
OPEN_FOR = timedelta(days=14)
#: Fields that installers take from any one file of a release and believe of all of them.
SHARED = ("Summary", "Requires-Python", "License-Expression")
#: Of wheels only: an sdist may leave them to its build (PEP 643).
OF_WHEELS = ("Requires-Dist", "Provides-Extra")


@dataclass(frozen=True)
class Rules:
    """What a package index refuses."""

    #: Whether it is PyPI, or a package index with its rules.
    pypi: bool
    #: Bytes of one file.
    file_limit: int


def findings(files: Sequence[LocalFile], rules: Rules, workers: int) -> list[Finding]:
    """Return everything that is wrong with the files of one release, in the order of the files."""
    own = parallel.run(lambda file: [*_own(file, rules)], files, workers)
    of_files = [
        Finding(file.artifact.filename, one_line(problem.text), doubtful=problem.doubtful)
        for file, problems in zip(files, own, strict=True)
        for problem in problems
    ]
    firsts = {file.sha256: file.artifact.filename for file in reversed(files)} if rules.pypi else {}
    return [*of_files, *_doubles(files), *_copies(files, firsts), *_disagreements(files)]


def history(files: Sequence[LocalFile], published: Mapping[str, Shown], now: datetime) -> list[Finding]:
    """Return what keeps *files* from PyPI, given what it shows of their project: age, size, name and files.

    The files are of one release, and those that PyPI shows already are not sent again.
    """
    in_order = sorted(files, key=lambda file: file.artifact.sort_key())
    new = [file for file in in_order if file.artifact.filename not in published]
    if not new:
        return []
    first = new[0].artifact
    obstacles = [*_closed(f"{first.project} {first.version}", first.version, published, now)]
    held, size = sum(shown.size or 0 for shown in published.values()), sum(file.size for file in new)
    if held + size > PROJECT_LIMIT:
        # beyond the limit already: then it is another one
        limit = f"PyPI holds {held / GIB:.2f} GiB of the project, with these files it is {(held + size) / GIB:.2f} GiB"
        problem = f"{limit}, and the usual limit is {PROJECT_LIMIT // GIB} GiB"
        remedy = "delete old releases there, or ask for a larger limit"
        obstacles.append(Finding(first.project, problem, remedy, doubtful=held > PROJECT_LIMIT))
    obstacles += _copies(new, {shown.digests.get("sha256", ""): name for name, shown in published.items()})
    sdists = [name for name in published if not name.endswith(".whl") and _version(name) == first.version]
    if sdists and not new[-1].artifact.is_wheel:
        obstacles.append(Finding(new[-1].artifact.filename, f"PyPI has the sdist of this version: {sdists[0]}"))
    if not published and first.project in reserved_names():
        obstacles.append(Finding(first.project, "PyPI takes no new project called like a module of Python itself"))
    return obstacles


def _closed(release: str, version: Version, published: Mapping[str, Shown], now: datetime) -> Iterator[Finding]:
    """Yield a finding where PyPI accepts no new files for a release: `file_upload` in warehouse/forklift/legacy.py."""
    times = [shown.uploaded for name, shown in published.items() if shown.uploaded and _version(name) == version]
    if times and now - min(times) > OPEN_FOR:
        age = f"its first file is of {min(times):%Y-%m-%d}, and PyPI takes new files for {OPEN_FOR.days} days"
        yield Finding(release, age, "release a new version")


def _version(filename: str) -> Version | None:
    try:
        return artifact.parse(filename).version
    except NotAnArtifact:
        return None


def reserved_names() -> frozenset[str]:
    """Return names that PyPI gives to no new project: `STDLIB_PROHIBITED` in warehouse/packaging/services.py.

    Those of the Python that is running; PyPI knows those of every version, and of the modules in packages.
    """
    return frozenset(canonicalize_name(name.strip("-_.")) for name in sys.stdlib_module_names)


def _own(file: LocalFile, rules: Rules) -> Iterator[Problem]:
    if file.artifact.is_wheel:
        yield from archive.record_problems(file.path)
    if rules.pypi:
        yield from map(Problem, _names(file))
        yield from core_metadata.problems(file.metadata.text)
        yield from archive.pypi_problems(file)
        if file.size > rules.file_limit:
            limit = f"{rules.file_limit // MIB} MiB"
            yield Problem(f"has {file.size / MIB:.1f} MiB, the limit is {limit} (see the setting 'file_limit')")


def _names(file: LocalFile) -> Iterator[str]:
    """Yield what PyPI refuses of a file name: `_validate_metadata` for the version, else `file_upload`."""
    named, name = file.artifact, file.artifact.filename
    normal = named.project.replace("-", "_")
    if named.version.local:
        yield f"PyPI takes no local version (+{named.version.local})"
    if not named.is_wheel:
        expected = f"{normal}-{_said_version(file)}.tar.gz"
        if name != expected:
            yield f"PyPI takes an sdist under the name {expected} only"
        return
    if name.partition("-")[0] != normal:
        yield f"its name must begin with {normal}- on PyPI"
    refused = platforms.refused(named.tags[2])
    if refused:
        yield f"PyPI does not take the platform {', '.join(refused)}"


def _said_version(file: LocalFile) -> Version:
    """Return the version in the metadata, which equals that of the file name, but may have more zeros."""
    try:
        return Version(HeaderParser().parsestr(file.metadata.text.decode()).get("Version", ""))
    except InvalidVersion:
        return file.artifact.version


def _doubles(files: Sequence[LocalFile]) -> Iterator[Finding]:
    """Yield what a release would hold twice: `1.0` and `1.0.0` are one version, which has one sdist (`file_upload`)."""
    seen: dict[tuple[tuple[str, str, str], str], str] = {}
    for file in files:
        name = file.artifact.filename
        twin = seen.setdefault((file.artifact.tags, file.artifact.build), name)
        if twin != name:
            what = "wheels for the same tags" if file.artifact.is_wheel else "sdists"
            problem = f"two {what} of one version"
            yield Finding(f"{twin}, {name}", problem, "remove one of them", doubtful=file.artifact.is_wheel)


def _copies(files: Iterable[LocalFile], names: Mapping[str, str]) -> Iterator[Finding]:
    """Yield files of the same bytes as another one, which *names* has by its sha256 (`_is_duplicate_file`)."""
    for file in files:
        twin = names.get(file.sha256, file.artifact.filename)
        if twin != file.artifact.filename:
            problem = f"has the same bytes as {twin}, and PyPI takes the same bytes once"
            yield Finding(file.artifact.filename, problem)


def _disagreements(files: Sequence[LocalFile]) -> Iterator[Finding]:
    """Yield the files whose metadata differ in meaning from those of most others; no package index compares them."""
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
                        yield Finding(name, one_line(problem), doubtful=True)


def _beside(field: str, values: Iterable[str], meant: frozenset[Hashable]) -> str:
    """Return the values whose meaning is not among *meant*."""
    return "; ".join(sorted(value for value in values if not meaning.of(field, [value]) <= meant)) or "none"
