"""Findings about a release before anything is uploaded, in two grades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import BadArtifact, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a file of a release, or with the release."""

    subject: str
    problem: str
    remedy: str = ""
    #: Whether the package index accepts the file all the same: a warning, unless the release is strict.
    doubtful: bool = False

    def __str__(self) -> str:
        return str(self.error())

    def error(self) -> BadArtifact:
        """Return the error that stops the release."""
        return BadArtifact(self.subject, one_line(self.problem), self.remedy)


def told_once(findings: Iterable[Finding]) -> list[str]:
    """Return a line for each problem: one that several files have is named once, with the first of them."""
    subjects: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        subjects.setdefault((finding.problem, finding.remedy), []).append(finding.subject)
    return [
        str(Finding(names[0] + (f" and {len(names) - 1} more" if names[1:] else ""), problem, remedy))
        for (problem, remedy), names in subjects.items()
    ]
