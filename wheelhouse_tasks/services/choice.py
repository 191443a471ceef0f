"""Which dialect the log of this build is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.services import ci
from wheelhouse_tasks.services.dialect import NoDialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheelhouse_tasks.services.dialect import Dialect


def dialect_of(environ: Mapping[str, str]) -> Dialect:
    """Return the dialect of the service that runs this build."""
    name = ci.service(environ)
    if name in ("GitHub Actions", "Gitea Actions", "Forgejo Actions"):
        from wheelhouse_tasks.services.github import GitHub

        return GitHub(environ)
    if name == "GitLab CI":
        from wheelhouse_tasks.services.gitlab import GitLab

        return GitLab()
    if name == "Azure Pipelines":
        from wheelhouse_tasks.services.azure import Azure

        return Azure()
    if name == "Buildkite":
        from wheelhouse_tasks.services.buildkite import Buildkite

        return Buildkite(environ)
    return NoDialect()
