"""The jobs of a workflow as its service would run them: steps with their variables, in order."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

SECRET_OF_GITHUB = re.compile(r"\$\{\{ secrets\.(\w+) \}\}")
MACRO_OF_AZURE = re.compile(r"\$\((\w+)\)")


@dataclass(frozen=True)
class Step:
    """Lines for a shell, and the variables that they see beside those of the service."""

    script: str
    environ: Mapping[str, str]


def load(text: str) -> dict[str, Any]:
    """Return a workflow as YAML 1.2 reads it."""
    loaded: dict[str, Any] = YAML(typ="safe").load(text)
    return loaded


def jobs(service: str, text: str, secrets: Mapping[str, str]) -> dict[str, list[Step]]:
    """Return the steps that are lines for a shell, of each job of a workflow; *secrets* are those of the service."""
    made = {"github": _github, "gitlab": _gitlab, "azure": _azure}[service](load(text), secrets)
    return {name: list(steps) for name, steps in made}


def _github(workflow: dict[str, Any], secrets: Mapping[str, str]) -> Iterator[tuple[str, Iterator[Step]]]:
    def steps(job: dict[str, Any]) -> Iterator[Step]:
        for step in job["steps"]:
            if "run" in step:
                own = {
                    name: SECRET_OF_GITHUB.sub(lambda match: secrets.get(match[1], ""), value)
                    for name, value in step.get("env", {}).items()
                }
                yield Step(step["run"], {**workflow.get("env", {}), **own})

    for name, job in workflow["jobs"].items():
        yield name, steps(job)


def _gitlab(workflow: dict[str, Any], secrets: Mapping[str, str]) -> Iterator[tuple[str, Iterator[Step]]]:
    def steps(job: dict[str, Any]) -> Iterator[Step]:
        for line in job["script"]:
            yield Step(line, {**secrets, **workflow["variables"], **job.get("variables", {})})

    for name, job in workflow.items():
        if "script" in job:
            yield name, steps(job)


def _azure(workflow: dict[str, Any], secrets: Mapping[str, str]) -> Iterator[tuple[str, Iterator[Step]]]:
    def steps(job: dict[str, Any]) -> Iterator[Step]:
        for step in job["steps"]:
            if "script" in step:
                own = {
                    name: MACRO_OF_AZURE.sub(lambda match: secrets.get(match[1], match[0]), value)
                    for name, value in step.get("env", {}).items()
                }
                yield Step(step["script"], {**workflow.get("variables", {}), **own})

    for job in workflow["jobs"]:
        yield job["job"], steps(job)
