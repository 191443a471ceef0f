"""Resolve every level of configuration into one frozen value.

Precedence: flag > environment > invoke configuration > [tool.wheelhouse] in pyproject.toml >
[wheelhouse_uploader] artifact_indexes in setup.cfg > default.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.names import project_name, version_of
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.settings import locations
from wheelhouse_tasks.settings.credentials import find_credentials
from wheelhouse_tasks.settings.locations import Container, Location, path_of
from wheelhouse_tasks.settings.providers import provider_of
from wheelhouse_tasks.settings.rule import Rule
from wheelhouse_tasks.settings.table import FLAGS, LOCAL, ROWS, Options

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from packaging.utils import NormalizedName

CREDENTIAL_HINT = (
    "credentials never go into configuration files; use the variables WHEELHOUSE_USERNAME and WHEELHOUSE_SECRET"
)

PROJECT, SETUP_CFG, PYPROJECT = "[project] in pyproject.toml", "setup.cfg", "[tool.wheelhouse] in pyproject.toml"
#: The levels that are files of the project, whatever runs the tasks: `wheelhouse` reads no tasks.py.
PROJECT_FILES = (PROJECT, SETUP_CFG, PYPROJECT)


@dataclass(frozen=True)
class Settings:
    """The settings of one run."""

    #: Folder that relative paths start from: the one of tasks.py.
    root: Path
    project: NormalizedName | None
    local_folder: Path
    #: The container that `upload` writes.
    container: Container
    #: Whether any level names its provider or container: else it is the default, a folder of this machine.
    container_given: bool
    #: Whether any level names its provider.
    provider_given: bool
    #: The settings that a flag, the environment or invoke's configuration gave: the project's own files lack them.
    brought: frozenset[str]
    indexes: tuple[Location, ...]
    #: Which development builds stay.
    rule: Rule
    #: Every setting as it was read.
    options: Options
    #: Environment of the child processes (twine).
    environ: Mapping[str, str] = field(repr=False)

    def locate(self, text: str) -> Location:
        """Return the location that *text* names, with its credentials; raise UsageError for one that cannot be used."""
        return _located(locations.parse(text, self.root, self.container), self.container, self.environ)

    def need_project(self) -> NormalizedName:
        """Return the project; UsageError where none is named."""
        if self.project is None:
            raise UsageError("project", "not set", "use --project, or [project] name in pyproject.toml")
        return self.project


def resolve(
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    config: object,
    root: Path,
) -> Settings:
    """Return the settings that hold for one run.

    *flags*: the values of the command line, by name, None where it has none;
    *environ*: the process environment; *config*: invoke's `wheelhouse` subtree; *root*: the folder of tasks.py.
    Raises UsageError that names the setting and its source.
    """
    values = {name: row.default for name, row in ROWS.items()}
    levels = _levels(flags, environ, config, root)
    for source, level in levels:
        # what weaker levels set for another index does not hold for this one
        named = level.get("repository_url") or level.get("repository")
        if named and named != (values["repository_url"] or values["repository"]):
            values |= {name: ROWS[name].default for name in ("repository", "repository_url", "check_url")}
        for name, value in level.items():
            try:
                values[name] = ROWS[name].cast(value)
            except ValueError as error:
                shown = "a table" if isinstance(value, Mapping) else repr(mask_url(str(value)[:200]))
                shown = shown if not ROWS[name].secret else "another value"
                raise UsageError(f"{name} ({source})", f"{error}, got {shown}") from None
        if {"repository", "repository_url"} <= level.keys():
            raise UsageError(source, "sets both repository and repository_url", "one of them names the package index")
    given = {name: source not in PROJECT_FILES for source, level in levels for name in level}
    return _settings(values, flags, environ, root, given)


def _levels(
    flags: Mapping[str, Any], environ: Mapping[str, str], config: object, root: Path
) -> list[tuple[str, dict[str, Any]]]:
    """Return every level, weakest first, with the values that it sets."""
    pyproject = _pyproject(root / "pyproject.toml")
    name = _table_in(pyproject, "project").get("name")
    tool = _table_in(pyproject, "tool").get("wheelhouse", {})
    environment = {}
    for key, row in ROWS.items():
        for variable in row.variables:
            if environ.get(variable):
                environment[key] = environ[variable]
    _check_variables(environ)
    return [
        (PROJECT, {"project": name} if name else {}),
        (SETUP_CFG, _setup_cfg(root / "setup.cfg")),
        (PYPROJECT, _known(tool, PYPROJECT)),
        ("invoke configuration", _known(config, "invoke configuration")),
        ("environment", environment),
        ("flag", {key: value for key, value in flags.items() if key in ROWS and value not in (None, [], ())}),
    ]


def _check_variables(environ: Mapping[str, str]) -> None:
    """Raise UsageError for a variable that is nearly one of ours; others with our prefix may be the project's own."""
    ours = {f"WHEELHOUSE_{key.upper()}" for key in (*ROWS, *FLAGS)}
    for variable in sorted(environ):
        name = variable.removeprefix("INVOKE_")
        if name.startswith("WHEELHOUSE_") and not name.startswith("WHEELHOUSE_UPLOADER_") and name not in ours:
            near = difflib.get_close_matches(name, ours, n=1, cutoff=0.9)
            if near:
                raise UsageError(variable, "unknown setting", f"did you mean {near[0]!r}?")


def _known(table: object, source: str) -> dict[str, Any]:
    """Return the settings of a table; raise UsageError for a key that is no setting."""
    if not isinstance(table, Mapping):
        raise UsageError(source, "'wheelhouse' is not a table of settings")
    for key in table:
        if key in FLAGS:
            raise UsageError(source, f"{key!r} is not a setting", CREDENTIAL_HINT)
    check_names(table, source)
    return {key: value for key, value in table.items() if value is not None and value != {}}


def check_names(names: Iterable[object], source: str) -> None:
    """Raise UsageError for a name that is no setting's; *source* is where it stands."""
    for name in names:
        if name not in ROWS:
            near = difflib.get_close_matches(str(name).replace("-", "_"), ROWS, n=1)
            raise UsageError(source, f"unknown setting {name!r}", f"did you mean {near[0]!r}?" if near else "")


def _table_in(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = parent.get(name, {})
    if not isinstance(table, Mapping):
        raise UsageError("pyproject.toml", f"{name!r} is not a table")
    return table


def _pyproject(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(str(path), f"cannot be read: {error}") from None
    except RecursionError:
        raise UsageError(str(path), "cannot be read: it is nested too deep") from None


def _setup_cfg(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # the texts of configparser quote the line, which may hold a secret
        raise UsageError(str(path), f"cannot be read: {type(error).__name__}") from None
    indexes = parser.get("wheelhouse_uploader", "artifact_indexes", fallback="").split()
    return {"indexes": indexes} if indexes else {}


def _settings(
    values: dict[str, Any], flags: Mapping[str, Any], environ: Mapping[str, str], root: Path, given: Mapping[str, bool]
) -> Settings:
    """Return the settings; *given* has those that some level sets, and whether the strongest one is no file of ours."""
    provider = values["provider"].lower()
    local = provider == LOCAL
    container = Container(
        provider=provider,
        container=str(path_of(values["container"], root, "container")) if local else values["container"],
        prefix=locations.clean_prefix(values["prefix"]),
        credentials=None if local else find_credentials(provider, environ, flags),
        verify_tls=flags.get("verify_tls") is not False,
        ca_bundle=_certificates(values["ca_bundle"], root),
        **{name: values[name] for name in ("region", "host", "port", "secure", "driver_options", "timeout", "retries")},
    )
    container = _with_variables(container, environ)
    local_folder = path_of(values["local_folder"], root, "local_folder")
    if local and os.path.realpath(local_folder) == os.path.realpath(container.container):
        raise UsageError("local_folder", f"{str(local_folder)!r} is the container too", "use two folders")
    named = tuple(locations.parse(text, root, container) for text in values["indexes"]) or (container,)
    return Settings(
        root=root,
        project=project_name(values["project"]) if values["project"] else None,
        local_folder=local_folder,
        container=container,
        container_given=bool(given.keys() & {"provider", "container"}),
        provider_given="provider" in given,
        brought=frozenset(name for name, is_brought in given.items() if is_brought),
        indexes=tuple(_located(place, container, environ) for place in named),
        rule=Rule(values["keep"], values["older_than"], frozenset(version_of(text) for text in values["pin"])),
        options=Options(**values),
        environ=environ,
    )


def _certificates(text: str | None, root: Path) -> str | None:
    """Return the path of a file of certificates; UsageError where there is none."""
    if text is None:
        return None
    path = path_of(text, root, "ca_bundle")
    if not path.is_file():
        raise UsageError("ca_bundle", f"there is no file {str(path)!r}")
    import ssl

    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # an SSLError is one
        raise UsageError("ca_bundle", f"{str(path)!r} holds no certificate that can be read") from None
    return str(path)


def _with_variables(place: Container, environ: Mapping[str, str]) -> Container:
    """Return *place* with the values of other variables of its provider; its own values are stronger."""
    values: dict[str, Any] = {}
    for variable, name in provider_of(place.provider).arguments.items():
        if value := environ.get(variable, "").strip():  # a line break is easily pasted along
            values.setdefault(name, value)
    region = values.pop("region", None)
    return replace(place, driver_options={**values, **place.driver_options}, region=place.region or region)


def _located(place: Location, own: Container, environ: Mapping[str, str]) -> Location:
    """Return *place* with the credentials of its provider, where that is not the one of our *own* container."""
    if isinstance(place, Container) and place.provider not in (own.provider, LOCAL):
        credentials = find_credentials(place.provider, environ, {}, own=False)
        return _with_variables(replace(place, credentials=credentials), environ)
    return place
