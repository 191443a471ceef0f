"""Buildkite: groups of the log, and annotations of the build by its agent.

https://buildkite.com/docs/pipelines/configure/managing-log-output, https://buildkite.com/docs/agent/cli/reference/annotate
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks import child
from wheelhouse_tasks.services.dialect import NoDialect, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

AGENT = "buildkite-agent"
#: Seconds that the agent may take.
PATIENCE = 10.0


class Buildkite(NoDialect):
    """A group begins with three dashes, and ends where the next one begins."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def opening(self, title: str) -> str:
        """Return the head of a group."""
        return f"--- {title}"

    def error(self, text: str) -> str:  # noqa: ARG002
        """Return what unfolds the group that was begun last."""
        return "^^^ +++"

    def harmless(self, line: str) -> str:
        """Return *line* with a blank before what would begin a group."""
        return f" {line}" if line.startswith(("--- ", "+++ ", "~~~ ", "^^^ ")) else line

    def finish(self, command: str, report: Report, result: Mapping[str, Any], error: str) -> None:  # noqa: ARG002
        """Annotate the build with an error, and with warnings; a build never fails for it."""
        agent = shutil.which(AGENT, path=self.environ.get("PATH"))
        for style, texts in (("error", [error] if error else []), ("warning", report.warnings)):
            if agent and texts:
                words = [agent, "annotate", "--style", style, "--context", f"wheelhouse-{command}-{style}"]
                body = "\n".join(f"- {text}" for text in texts)
                with suppress(OSError):  # TimeoutError is one
                    child.run([*words, body], self.environ, PATIENCE)
