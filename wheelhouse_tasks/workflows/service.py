"""The CI services that a workflow can be written for: one record for each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service; its template is the file `NAME.yml` beside this module."""

    name: str
    title: str
    #: Where its file belongs, from the top of the repository.
    path: str
    #: How a step reads a secret *{name}*; "" where every variable of the project is there.
    secret: str
    #: What the service calls the place of its secrets.
    secrets: str
    #: Whether PyPI knows it as a trusted publisher, and takes the attestations that are signed there:
    #: https://docs.pypi.org/trusted-publishers/, https://docs.pypi.org/attestations/producing-attestations/
    trusted: bool
    #: Whether its jobs may run in an environment, where people approve what runs.
    environments: bool


_RECORDS = (
    Service(
        name="github",
        title="GitHub Actions",
        path=".github/workflows/wheels.yml",
        secret="${{{{ secrets.{name} }}}}",  # noqa: S106
        secrets="secrets of the repository",
        trusted=True,
        environments=True,
    ),
    Service(
        name="gitlab",
        title="GitLab CI",
        path=".gitlab-ci.yml",
        secret="",
        secrets="masked and protected variables of the project, with its tags v* protected",
        trusted=True,
        environments=True,
    ),
    Service(
        name="azure",
        title="Azure Pipelines",
        path="azure-pipelines.yml",
        secret="$({name})",  # noqa: S106
        secrets="secret variables of the pipeline",
        trusted=False,
        environments=False,
    ),
)
#: Every service, by name.
SERVICES = {record.name: record for record in _RECORDS}
