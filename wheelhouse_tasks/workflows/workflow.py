"""What a workflow does, and its text."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheelhouse_tasks.workflows.template import fill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wheelhouse_tasks.workflows.service import Service

NIGHTLY, RELEASE = "nightly", "release"
#: What a workflow is for; without a choice one is for both.
KINDS = (NIGHTLY, RELEASE)
#: A text that YAML reads as that text without quotes, if it is none of the words that mean something.
PLAIN = re.compile(r"[A-Za-z][\w./*-]*(:[\w./*-]+)*")
WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})
#: The credentials of twine, where no trusted publisher is known.
TWINE_USER, TWINE_PASSWORD = TWINE = ("TWINE_USERNAME", "TWINE_PASSWORD")
#: The user name of PyPI's API tokens.
TOKEN_USER = "__token__"  # noqa: S105
WIDTH = 98


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """What a workflow is to do for a project, in words that are no service's."""

    service: Service
    #: Of `KINDS`.
    kinds: tuple[str, ...]
    #: The project and the container, in words.
    project: str
    container: str
    #: Whether the container is a folder.
    local: bool
    local_folder: str
    #: The settings that the project's own files lack, as variables.
    variables: Mapping[str, str]
    #: Settings that those files lack too, and that no variable can hold.
    tables: tuple[str, ...]
    #: The credentials of the storage providers, and settings whose values must not be seen: what every job needs.
    credentials: tuple[str, ...]
    #: Such settings that a release alone needs.
    hidden: tuple[str, ...]
    #: The package index that a release goes to, and its name if it is PyPI or TestPyPI.
    index: str
    official: str | None

    @property
    def trusted(self) -> bool:
        """Return whether the package index takes the service's word for who uploads."""
        return self.service.trusted and self.official is not None

    @property
    def environment(self) -> str:
        """Return the name of the environment that a release runs in."""
        return self.official or "release"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the names of the secrets that the service must have."""
        return (*self.credentials, *self.hidden, *self._twine)

    @property
    def _twine(self) -> tuple[str, ...]:
        if RELEASE not in self.kinds or self.trusted:
            return ()
        return (TWINE_PASSWORD,) if self.official else TWINE

    def text(self) -> str:
        """Return the text of the file."""
        template = Path(__file__).with_name(f"{self.service.name}.yml").read_text(encoding="utf-8")
        holds = {*self.kinds}
        holds |= {
            word
            for word, is_so in (("local", self.local), ("trusted", self.trusted), ("variables", bool(self.variables)))
            if is_so
        }
        releasing = self._env((*(() if self.trusted else self.credentials), *self.hidden))
        twine = self._env(self._twine)
        if self.official and twine:
            twine = {TWINE_USER: TOKEN_USER, **twine}
        return fill(
            template,
            holds,
            {
                "PROJECT": self.project,
                "CONTAINER": self.container,
                "PATH": self.service.path,
                "REMARKS": self._remarks(),
                "VARIABLES": [f"{name}: {scalar(value)}" for name, value in self.variables.items()],
                "FOLDER": self.local_folder,
                "ENV": _block(self._env(self.credentials)),
                "RELEASE_ENV": _block({**releasing, **twine}),
                "INDEX": self.index,
                "ENVIRONMENT": self.environment,
                "TOKEN": f"{self.environment.upper()}_ID_TOKEN",
            },
        )

    def _env(self, names: Iterable[str]) -> dict[str, str]:
        """Return how a step of the service reads secrets; nothing where it has them anyway."""
        return {name: self.service.secret.format(name=name) for name in names if self.service.secret}

    def _remarks(self) -> list[str]:
        """Return what is to be set up, as lines of comment."""
        remarks = [f"{name} in [tool.wheelhouse], which no variable can hold" for name in self.tables]
        if self.secrets:
            remarks.append(f"the {self.service.secrets}: {', '.join(self.secrets)}")
        if RELEASE in self.kinds and self.trusted:
            file, environment = Path(self.service.path).name, self.environment
            remarks.append(f"on {self.index} a trusted publisher: this repository, {file}, environment {environment}")
        if self.local:
            remarks.append(f"runners that share the folder {self.container}: another one is lost with its job")
        return [line for remark in remarks for line in _comment(remark)]


def scalar(text: str) -> str:
    """Return *text* as a value of YAML, in quotes where YAML would read something else."""
    plain = PLAIN.fullmatch(text) and text.lower() not in WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def _comment(remark: str) -> list[str]:
    """Return an item of the list of what is to be set up."""
    return textwrap.wrap(
        remark, WIDTH, initial_indent="# - ", subsequent_indent="#   ", break_long_words=False, break_on_hyphens=False
    )


def _block(variables: Mapping[str, str]) -> list[str]:
    """Return the lines of `env:`, if there are any."""
    return ["env:", *(f"  {name}: {value}" for name, value in variables.items())] if variables else []
