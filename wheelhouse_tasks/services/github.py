"""GitHub Actions, and those that run its workflows: groups, annotations, the summary of a job, and outputs of a step.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.services.dialect import NoDialect, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Results that say that something was changed.
CHANGES = ("uploaded", "downloaded", "copied", "marked", "retired", "deleted", "pages", "written")


class GitHub(NoDialect):
    """Commands begin with two colons at the start of a line."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.summary = environ.get("GITHUB_STEP_SUMMARY", "")
        self.outputs = environ.get("GITHUB_OUTPUT", "")

    def opening(self, title: str) -> str:
        """Return the command that begins a group."""
        return f"::group::{_data(title)}"

    def closing(self) -> str:
        """Return the command that ends it."""
        return "::endgroup::"

    def warning(self, text: str) -> str:
        """Return the command of an annotation."""
        return f"::warning title=wheelhouse::{_data(text)}"

    def last(self, text: str) -> str:
        """Return the command of an annotation: the runner reads stderr too, and writes `Error: text` in its place.

        https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs
        """
        return f"::error title=wheelhouse::{_data(text)}"

    def harmless(self, line: str) -> str:
        """Return *line* with a blank in what would be a command: `::name::` and `##[name]` at its start."""
        start = line.lstrip()
        return line.replace(start[:2], f"{start[0]} {start[1]}", 1) if start[:2] in ("::", "##") else line

    def finish(self, command: str, report: Report, result: Mapping[str, Any], error: str) -> None:
        """Add to the summary of the job, and to the outputs of the step: url, version, uploaded, changed."""
        _append(self.summary, _summary(command, report, error))
        outputs = {
            "url": result.get("url") or "",
            "version": result.get("version") or "",
            "uploaded": json.dumps(result.get("uploaded") or []),
            "changed": json.dumps(not result.get("dry_run") and any(result.get(name) for name in CHANGES)),
        }
        # names and URLs are on one line by now
        _append(self.outputs, "".join(f"{name}={' '.join(str(value).split())}\n" for name, value in outputs.items()))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _append(path: str, text: str) -> None:
    """Add to a file of the service; a build never fails for it."""
    if path:
        with suppress(OSError), open(path, "a", encoding="utf-8") as file:  # noqa: PTH123  # a path as it was given
            file.write(text)


def _summary(command: str, report: Report, error: str) -> str:
    lines = [f"### {_cell(command)}", ""]
    lines += [f"**{_cell(error)}**", ""] if error else []
    lines += [*(f"- {_cell(text)}" for text in report.done), ""]
    lines += [*(f"- ⚠️ {_cell(text)}" for text in report.warnings), ""]
    for title, columns, rows in report.tables:
        lines += [f"<details><summary>{_cell(title)}</summary>", "", _row(columns), _row(["---"] * len(columns))]
        lines += [*map(_row, rows), "", "</details>", ""]
    if report.notes:
        lines += ["```text", *(text.replace("```", "'''") for text in report.notes), "```", ""]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(map(_cell, cells)) + " |"


def _cell(text: str) -> str:
    """Return a text without what Markdown or HTML would make of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")
