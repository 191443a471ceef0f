"""What is wrong with the files of a release, and what the release lacks, found out before anything is uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts import artifact, coverage
from wheelhouse_tasks.errors import BadArtifact, BadArtifacts, NotAnArtifact, NothingToDo
from wheelhouse_tasks.names import version_of
from wheelhouse_tasks.publishing import acceptance
from wheelhouse_tasks.publishing.acceptance import MIB, Rules
from wheelhouse_tasks.text import count, size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.publishing.index import PackageIndex
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import Ui

#: The name of the newest earlier version.
PREVIOUS = "previous"


@dataclass(frozen=True)
class Unfit:
    """What keeps a release from being uploaded: everything that was found."""

    findings: tuple[tuple[str, str], ...]


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
    if not like:
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
        raise NothingToDo(f"{project} {like}", "no such version to be like on the package index", f"versions: {there}")
    return [*missing, *(label for label in coverage.uncovered(earlier[model], artifacts) if label not in missing)]


def prove(
    files: Sequence[LocalFile],
    damaged: Sequence[BadArtifact],
    lacking: Sequence[str],
    index: PackageIndex,
    settings: Settings,
    ui: Ui,
) -> None:
    """Raise BadArtifacts with everything that is wrong with *files*, the *damaged* ones, and what is *lacking*."""
    rules = Rules(index.is_pypi, settings.options.file_limit * MIB)
    findings = [
        *damaged,
        *acceptance.findings(files, rules, settings.options.max_workers),
        *index.check([file.path for file in files]),
    ]
    if lacking:
        cells = {file.artifact.label: size_text(file.size) for file in files}
        title = f"{len(lacking)} missing"
        ui.table(title, *coverage.matrix(cells | {label: "MISSING" for label in lacking if "*" not in label}))
        findings.append(BadArtifact("this release", f"lacks {', '.join(lacking)}"))
    if not findings:
        ui.note(f"{count(files)} proved: archives, names, metadata, twine check --strict")
        return
    rows = tuple((finding.subject, finding.problem) for finding in findings)
    if len(rows) > 1:
        ui.table("Found", ("file", "what is wrong"), rows)
    refused = BadArtifacts((*findings, BadArtifact("release", "nothing was uploaded")))
    refused.result = Unfit(rows)
    raise refused
