"""Azure Pipelines: groups, and issues that it shows beside the run.

https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

from wheelhouse_tasks.services.dialect import NoDialect


class Azure(NoDialect):
    """Commands are found anywhere in a line."""

    def opening(self, title: str) -> str:
        """Return the command that begins a group."""
        return f"##[group]{_data(title)}"

    def closing(self) -> str:
        """Return the command that ends it."""
        return "##[endgroup]"

    def warning(self, text: str) -> str:
        """Return the command of an issue."""
        return f"##vso[task.logissue type=warning]{_data(text)}"

    def error(self, text: str) -> str:
        """Return the command of an issue."""
        return f"##vso[task.logissue type=error]{_data(text)}"

    def harmless(self, line: str) -> str:
        """Return *line* with a blank in what would be a command."""
        return line.replace("##vso[", "# #vso[").replace("##[", "# #[")


def _data(text: str) -> str:
    return Azure().harmless(text).replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
