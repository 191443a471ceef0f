"""Print a workflow of a CI service for the project's settings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.publishing import pypirc
from wheelhouse_tasks.publishing.index import package_index
from wheelhouse_tasks.secret import mask
from wheelhouse_tasks.settings.credentials import OWN, secrets_of
from wheelhouse_tasks.settings.locations import Container
from wheelhouse_tasks.settings.providers import provider_of
from wheelhouse_tasks.settings.table import LOCAL, ROWS
from wheelhouse_tasks.storage.opening import check_known
from wheelhouse_tasks.ui import Silent, Ui
from wheelhouse_tasks.workflows.service import SERVICES
from wheelhouse_tasks.workflows.workflow import KINDS, RELEASE, Workflow

if TYPE_CHECKING:
    from collections.abc import Collection

    from wheelhouse_tasks.publishing.index import PackageIndex
    from wheelhouse_tasks.settings.resolve import Settings

#: What a shell of any system, and YAML, take for one word.
WORD = re.compile(r"[\w./-]+", re.ASCII)
#: The variables of settings that a release alone needs.
RELEASE_VARIABLES = frozenset(row.variables[-1] for row in ROWS.values() if row.group == RELEASE)
TITLES = {pypirc.PYPI: "PyPI", pypirc.TESTPYPI: "TestPyPI"}


@dataclass(frozen=True, kw_only=True)
class WorkflowResult:
    """A workflow, and what it needs."""

    service: str
    #: `nightly`, `release`, or both.
    kinds: tuple[str, ...]
    #: Where the file belongs, from the top of the repository.
    path: str
    text: str
    #: The names of the secrets that the service must have.
    secrets: tuple[str, ...]
    #: The environment that a release runs in; None where there is none.
    environment: str | None


def workflow(
    settings: Settings, ui: Ui | None = None, *, service: str | None = None, kind: str | None = None
) -> WorkflowResult:
    """Print the workflow of a *service* (`github`, `gitlab` or `azure`), and return it with what it needs.

    Its *kind* is `nightly` or `release`; without one it is for both. Settings that stand in the project's own files
    are read there by the jobs. Others become variables, but for secret ones: those, and all credentials, are named and
    never printed. Raises UsageError for what is unknown or cannot be written.
    """
    if service not in SERVICES:
        raise UsageError("service", f"{service or ''!r} is no CI service that is known", _advice(service, SERVICES))
    if kind is not None and kind not in KINDS:
        raise UsageError("kind", f"{kind!r} is no kind of workflow", _advice(kind, KINDS) + "; none for both")
    kinds = (kind,) if kind else KINDS
    _check(settings, releasing=RELEASE in kinds)
    index = package_index(settings) if RELEASE in kinds else None
    official = pypirc.official(index.upload_url) if index else None
    shown, hidden = _variables(settings, index)
    apart = tuple(name for name in hidden if name in RELEASE_VARIABLES)
    made = Workflow(
        service=SERVICES[service],
        kinds=kinds,
        project=settings.project or "this project",
        container=settings.options.container if _is_local(settings) else settings.container.label,
        local=_is_local(settings),
        local_folder=settings.options.local_folder,
        variables=shown,
        tables=tuple(
            name for name, row in ROWS.items() if name in settings.brought and isinstance(row.default, Mapping)
        ),
        credentials=(*_credentials(settings), *(name for name in hidden if name not in apart)),
        hidden=apart,
        index=TITLES.get(official or "") or (urlsplit(index.upload_url).hostname or "" if index else ""),
        official=official,
    )
    text = made.text()
    (ui or Silent()).document(text)
    return WorkflowResult(
        service=service,
        kinds=kinds,
        path=made.service.path,
        text=text,
        secrets=made.secrets,
        environment=made.environment if index and made.service.environments else None,
    )


def _advice(word: str | None, known: Collection[str]) -> str:
    """Return what may have been meant, and what is known."""
    near = difflib.get_close_matches(word or "", known, n=1)
    return "".join(f"did you mean {name!r}? " for name in near) + f"known are {', '.join(known)}"


def _is_local(settings: Settings) -> bool:
    return settings.container.provider == LOCAL


def _check(settings: Settings, *, releasing: bool) -> None:
    """Raise UsageError for settings with which the jobs could not work."""
    if not settings.container_given:
        problem = "neither provider nor container is set, and the default folder would be lost with each job"
        remedy = "set both in [tool.wheelhouse], or use --provider and --container"
        raise UsageError("container", problem, remedy)
    check_known(settings.container.provider)
    provider_of(settings.container.provider).options(settings.container)
    folder = settings.options.local_folder
    if not WORD.fullmatch(folder):
        raise UsageError("local_folder", f"{folder!r} is no word for every shell", "letters, digits and ./_-")
    if releasing:
        settings.need_project()


def _variables(settings: Settings, index: PackageIndex | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the variables of what the project's own files lack, and the names of those that nobody may see.

    A value is hidden too where a service would take a part of it for a variable of its own.
    """
    values: dict[str, str] = {}
    for name, row in ROWS.items():
        if name in settings.brought and (index or row.group != RELEASE):
            values[row.variables[-1]] = _text(name, getattr(settings.options, name))
    if index and index.repository and index.pypirc_url != pypirc.UPLOAD_URLS.get(index.repository):
        # .pypirc is a file of this machine
        del values[ROWS["repository"].variables[-1]]
        for name, url in (("repository_url", index.pypirc_url), ("check_url", index.check_url)):
            values[ROWS[name].variables[-1]] = url
    values |= _arguments(settings)
    values = {name: value for name, value in values.items() if value}
    secrets = secrets_of(settings.environ, ())
    hidden = tuple(name for name, value in values.items() if "$" in value or mask(value, secrets) != value)
    return {name: value for name, value in values.items() if name not in hidden}, hidden


def _arguments(settings: Settings) -> dict[str, str]:
    """Return the other variables of the providers that give what no setting gives."""
    values: dict[str, str] = {}
    for place in _containers(settings):
        known = set(settings.options.driver_options) | ({"region"} if settings.options.region else set())
        for variable, argument in provider_of(place.provider).arguments.items():
            value = settings.environ.get(variable, "").strip()
            if value and argument not in known:
                known.add(argument)
                values[variable] = value
    return values


def _credentials(settings: Settings) -> tuple[str, ...]:
    """Return the variables that hold the credentials of the container, and of those among the indexes."""
    names: list[str] = []
    for place in _containers(settings):
        own = provider_of(place.provider).credentials
        names += (own.user, own.secret) if own else OWN
    return tuple(dict.fromkeys(names))


def _containers(settings: Settings) -> list[Container]:
    """Return the containers that the jobs reach, one of each storage provider."""
    places = (settings.container, *(index for index in settings.indexes if isinstance(index, Container)))
    return list({place.provider: place for place in reversed(places) if place.provider != LOCAL}.values())[::-1]


def _text(name: str, value: object) -> str:
    """Return the value of a setting as its variable holds it; an empty text for a table, which no variable holds."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        if any(len(item.split()) > 1 for item in value):
            raise UsageError(name, "an item has a blank in it, which no variable can hold", "use [tool.wheelhouse]")
        return " ".join(value)
    return "" if value is None or isinstance(value, Mapping) else str(value)
