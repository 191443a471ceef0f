"""Prove the files of a release before anything is uploaded: what is wrong with them, and what the release lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks import parallel
from wheelhouse_tasks.artifacts import artifact, coverage
from wheelhouse_tasks.errors import BadArtifact, BadArtifacts, NotAnArtifact, NothingToDo
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.pypi.finding import Finding, told_once
from wheelhouse_tasks.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.publishing.index import PackageIndex
    from wheelhouse_tasks.pypi.shown import Shown
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui

#: The name of the newest earlier version.
PREVIOUS = "previous"


@dataclass(frozen=True)
class Unfit:
    """All findings that keep a release from being uploaded."""

    findings: tuple[tuple[str, str], ...]
    #: Findings that do not: the package index accepts the files all the same.
    warnings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Candidates:
    """The files that may be released."""

    files: Sequence[LocalFile]
    #: What is wrong with files that cannot be read.
    damaged: Sequence[BadArtifact]
    #: The files that the package index shows of their project, by name.
    published: Mapping[str, Shown] = field(default_factory=dict)
    #: What is wrong with single files, or with all of them together.
    findings: Sequence[Finding] = ()


def lacks(
    project: str,
    version: Version,
    files: Iterable[str],
    published: Iterable[str],
    expect: Sequence[str],
    like: str | None,
) -> list[str]:
    """Return what *files* lack: patterns that none fits, and labels of an earlier version that none covers.

    *published* are the file names that the package index shows. Raises NothingToDo where there is no version *like*.
    """
    artifacts = [artifact.parse(name) for name in files]
    missing = coverage.unmet(expect, artifacts)
    if like is None:
        return missing
    earlier: dict[Version, list[Artifact]] = {}
    for name in published:
        try:
            shown = artifact.parse(name)
        except NotAnArtifact:
            continue
        if shown.project == project:
            earlier.setdefault(shown.version, []).append(shown)
    model = coverage.previous(earlier, version) if like == PREVIOUS else version_of(like)
    if model is None and like == PREVIOUS:
        return missing  # a first release
    if model not in earlier:
        there = ", ".join(map(str, sorted(earlier))) or "none"
        raise NothingToDo(
            f"{project} {like}", "--like wants a version that the package index shows", f"versions there: {there}"
        )
    return [*missing, *(label for label in coverage.uncovered(earlier[model], artifacts) if label not in missing)]


def remarks(names: Iterable[str]) -> tuple[str, ...]:
    """Return remarks on a release of the files *names*, which may be as intended."""
    artifacts = [artifact.parse(name) for name in names]
    builds: dict[str, list[str]] = {}
    for named in artifacts:
        if named.is_wheel:
            builds.setdefault(named.label, []).append(named.build or "none")
    several = [
        f"{label} has {len(tags)} wheels, with the build tags {', '.join(tags)}: installers take the highest"
        for label, tags in builds.items()
        if len(set(tags)) > 1
    ]
    return (*several, *(() if len(artifacts) > sum(map(len, builds.values())) else ("there is no sdist",)))


def examine(
    project: str, files: Sequence[LocalFile], damaged: Sequence[BadArtifact], index: PackageIndex, settings: Settings
) -> Candidates:
    """Return the candidates for a release of *project*, with what is wrong with them and what *index* shows.

    None of the three looks waits for another: twine has a process of its own. Raises WebError, or BadPage.
    """
    from wheelhouse_tasks.pypi import acceptance
    from wheelhouse_tasks.pypi.acceptance import MIB, Rules

    rules, workers = Rules(index.is_pypi, settings.options.file_limit * MIB), settings.options.max_workers
    looks: tuple[Callable[[], Any], ...] = (
        lambda: acceptance.findings(files, rules, workers),
        lambda: index.check([file.path for file in files]),
        lambda: index.shown(project, [file.artifact.filename for file in files]),
    )
    ours, of_twine, published = parallel.run(lambda look: look(), looks, len(looks))
    return Candidates(files, damaged, published, (*ours, *of_twine))


def prove(
    candidates: Candidates,
    lacking: Sequence[str],
    index: PackageIndex,
    settings: Settings,
    ui: Ui,
    now: datetime,
) -> tuple[Finding, ...]:
    """Return the doubtful findings; raise BadArtifacts with all findings that stop the release of *candidates*.

    What is *lacking* stops it, and with the setting `strict` what is doubtful too.
    """
    from wheelhouse_tasks.pypi import acceptance

    options, files = settings.options, candidates.files
    findings = [
        *(Finding(bad.subject, bad.problem, bad.remedy) for bad in candidates.damaged),
        *candidates.findings,
        *(acceptance.history(files, candidates.published, now) if index.is_pypi else ()),
    ]
    if lacking:
        sizes = {file.artifact.label: [file.size] for file in files}
        ui.matrix(f"{len(lacking)} missing", sizes, lacking)
        findings.append(Finding("this release", f"lacks {', '.join(lacking)}"))
    refused = [finding for finding in findings if options.strict or not finding.doubtful]
    doubtful = tuple(finding for finding in findings if finding not in refused)
    for line in told_once(doubtful):
        ui.warn(line)
    if not refused:
        ui.done(f"{count(files)} proved: archives, names, metadata, twine check --strict")
        return doubtful
    if len(refused) > 1:
        ui.table("Found", ("file", "what is wrong"), _rows(refused))
    error = BadArtifacts((*(finding.error() for finding in refused), BadArtifact("release", "nothing was uploaded")))
    error.result = Unfit(_rows(refused), _rows(doubtful))
    raise error


def _rows(findings: Iterable[Finding]) -> tuple[tuple[str, str], ...]:
    return tuple((finding.subject, finding.problem) for finding in findings)
