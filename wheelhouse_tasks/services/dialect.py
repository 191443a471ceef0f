"""What a CI service reads in the log of a build: the port of the dialects, and the one of a terminal.

A dialect gives texts to print, and writes what its service keeps beside the log. Secrets are hidden before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Report:
    """What a run showed, for a service that keeps it."""

    #: Title, columns and rows of each table.
    tables: list[tuple[str, list[str], list[list[str]]]] = field(default_factory=list)
    #: What was done, in words.
    done: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Dialect(Protocol):
    """What a service reads; an empty text where it reads nothing."""

    def opening(self, title: str) -> str:
        """Return what begins a group of lines that can be folded."""

    def closing(self) -> str:
        """Return what ends it."""

    def warning(self, text: str) -> str:
        """Return the line of a warning."""

    def error(self, text: str) -> str:
        """Return the line of an error."""

    def last(self, text: str) -> str:
        """Return the line of an error that the program ends with, on stderr: one that the service shows in the log."""

    def harmless(self, line: str) -> str:
        """Return *line* so that the service takes nothing in it for a command."""

    def finish(self, command: str, report: Report, result: Mapping[str, Any], error: str) -> None:
        """Keep what a run did: its *command*, its machine-readable *result*, and its *error* or an empty text."""


class NoDialect:
    """That of a terminal, and of services without one."""

    def opening(self, title: str) -> str:  # noqa: ARG002
        """Return nothing."""
        return ""

    def closing(self) -> str:
        """Return nothing."""
        return ""

    def warning(self, text: str) -> str:  # noqa: ARG002
        """Return nothing."""
        return ""

    def error(self, text: str) -> str:  # noqa: ARG002
        """Return nothing."""
        return ""

    def last(self, text: str) -> str:  # noqa: ARG002
        """Return nothing."""
        return ""

    def harmless(self, line: str) -> str:
        """Return *line* as it is."""
        return line

    def finish(self, command: str, report: Report, result: Mapping[str, Any], error: str) -> None:
        """Keep nothing."""
