"""Every level of configuration in, one frozen value out.

Precedence: flag > environment > invoke configuration > [tool.wheelhouse] in pyproject.toml >
[wheelhouse_uploader] artifact_indexes in setup.cfg > default.
"""

from __future__ import annotations

import configparser
import difflib
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks import location
from wheelhouse_tasks.artifact import project_name
from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.location import LOCAL, NO, YES, Container, Location, path_of
from wheelhouse_tasks.secret import find_credentials, mask_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from packaging.utils import NormalizedName

MAX_WORKERS = 64


def _text(value: object) -> str:
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise ValueError("expected text")
    text = str(value).strip()
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return text


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in YES + NO:
        raise ValueError("expected yes or no")
    return word in YES


def _whole(low: int, high: int) -> Callable[[object], int]:
    def cast(value: object) -> int:
        text = str(value).strip()
        if not text.isdecimal() or len(text) > 9 or not low <= int(text) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(text)

    return cast


def _seconds(value: object) -> float:
    try:
        number = float(str(value).strip())
    except ValueError:
        raise ValueError("expected a number of seconds") from None
    if not (math.isfinite(number) and number > 0):
        raise ValueError("expected more than 0 seconds")
    return number


def _url(value: object) -> str:
    text = _text(value)
    if not text.startswith(("https://", "http://", "file:///")):
        raise ValueError("expected a URL (https://...)")
    return text


def _host(value: object) -> str:
    text = _text(value)
    if "/" in text or ":" in text:
        raise ValueError("expected a host name alone, without scheme and port")
    return text


def _name(value: object) -> str:
    text = _text(value)
    if not text:
        raise ValueError("expected a name")
    return text


def _container(value: object) -> str:
    text = _name(value)
    if "://" in text:
        raise ValueError("expected a name, not a URL: use provider, container and prefix")
    return text


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    if isinstance(value, list | tuple) and all(isinstance(item, str) and item.strip() for item in value):
        return tuple(item.strip() for item in value)
    raise ValueError("expected a list of texts")


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError("expected a table of options")
    return dict(value)


@dataclass(frozen=True)
class Key:
    """One setting: how its value is read, its default, and what it is for (the README's table)."""

    cast: Callable[[object], Any]
    default: Any
    help: str


KEYS: Mapping[str, Key] = {
    "project": Key(_text, None, "project whose artifacts are fetched and released"),
    "provider": Key(_name, LOCAL, "libcloud storage provider id, any case"),
    "container": Key(_container, "wheelhouse", "container; for `local` a folder"),
    "prefix": Key(_text, "", "folder within the container"),
    "region": Key(_text, None, "passed to the driver"),
    "host": Key(_host, None, "passed to the driver: host name of the storage endpoint"),
    "port": Key(_whole(1, 65535), None, "passed to the driver: port of the storage endpoint"),
    "secure": Key(_boolean, True, "https to the storage endpoint"),
    "driver_options": Key(_table, {}, "table of further driver arguments"),
    "local_folder": Key(_name, "dist", "folder of the built artifacts"),
    "indexes": Key(_words, (), "where `fetch` and `release` look"),
    "public_url": Key(_url, None, "URL under which the container is readable"),
    "max_workers": Key(_whole(1, MAX_WORKERS), 8, "transfers at once"),
    "retries": Key(_whole(0, 100), 3, "repeats of a request that failed for want of an answer"),
    "timeout": Key(_seconds, 60.0, "seconds of silence after which a server is given up"),
    "update_index": Key(_boolean, True, "write the index pages after an upload"),
    "flat_index": Key(_boolean, True, "keep the flat page `index.html` of all projects"),
    "repository": Key(_name, "pypi", "package index to release to: a name from `.pypirc`, as in twine"),
    "repository_url": Key(_text, None, "upload URL of the package index, instead of a name"),
    "check_url": Key(_text, None, "simple URL of that index, read before and after"),
}

CREDENTIAL_KEYS = ("username", "secret")
CREDENTIAL_HINT = (
    "credentials never go into configuration files; use the variables WHEELHOUSE_USERNAME and WHEELHOUSE_SECRET"
)


@dataclass(frozen=True)
class Settings:
    """What one run works with."""

    #: Folder that relative paths start from: the one of tasks.py.
    root: Path
    project: NormalizedName | None
    local_folder: Path
    #: The container that `upload` writes.
    container: Container
    indexes: tuple[Location, ...]
    public_url: str | None
    max_workers: int
    update_index: bool
    flat_index: bool
    repository: str
    repository_url: str | None
    check_url: str | None
    #: Environment of the child processes (twine).
    environ: Mapping[str, str] = field(repr=False)

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
    *,
    verify_tls: bool = True,
) -> Settings:
    """Return the settings that hold for one run.

    *flags*: what the command line says, by key, None where it says nothing, with `username` and `secret`;
    *environ*: the process environment; *config*: invoke's `wheelhouse` subtree; *root*: the folder of tasks.py.
    Raises UsageError that names the setting and its source.
    """
    values = {name: key.default for name, key in KEYS.items()}
    for source, level in _levels(flags, environ, config, root):
        if {"repository", "repository_url"} & level.keys():  # what weaker levels say belongs to another index
            values |= {name: KEYS[name].default for name in ("repository", "repository_url", "check_url")}
        for name, value in level.items():
            try:
                values[name] = KEYS[name].cast(value)
            except ValueError as error:
                shown = "a table" if isinstance(value, Mapping) else repr(mask_url(str(value)[:200]))
                raise UsageError(f"{name} ({source})", f"{error}, got {shown}") from None
        if {"repository", "repository_url"} <= level.keys():
            raise UsageError(source, "sets both repository and repository_url", "one of them names the index")
    credentials = {name: flags.get(name) for name in CREDENTIAL_KEYS}
    return _settings(values, credentials, environ, root, verify_tls)


def _levels(
    flags: Mapping[str, Any], environ: Mapping[str, str], config: object, root: Path
) -> list[tuple[str, dict[str, Any]]]:
    """Return every level, weakest first, each as what it says."""
    pyproject = _pyproject(root / "pyproject.toml")
    name = _table_in(pyproject, "project").get("name")
    tool = _table_in(pyproject, "tool").get("wheelhouse", {})
    environment = {}
    for key in KEYS:
        # INVOKE_WHEELHOUSE_…: invoke itself drops it where the project configures the subtree at its root
        for variable in (f"INVOKE_WHEELHOUSE_{key.upper()}", f"WHEELHOUSE_{key.upper()}"):
            if environ.get(variable):
                environment[key] = environ[variable]
    _check_variables(environ)
    return [
        ("[project] in pyproject.toml", {"project": name} if name else {}),
        ("setup.cfg", _setup_cfg(root / "setup.cfg")),
        ("[tool.wheelhouse] in pyproject.toml", _known(tool, "[tool.wheelhouse] in pyproject.toml")),
        ("invoke configuration", _known(config, "invoke configuration")),
        ("environment", environment),
        ("flag", {key: value for key, value in flags.items() if key in KEYS and value not in (None, [], ())}),
    ]


def _check_variables(environ: Mapping[str, str]) -> None:
    """Raise UsageError for a variable that is nearly one of ours; others with our prefix may be the project's own."""
    ours = {f"WHEELHOUSE_{key.upper()}" for key in (*KEYS, *CREDENTIAL_KEYS)}
    for variable in sorted(environ):
        name = variable.removeprefix("INVOKE_")
        if name.startswith("WHEELHOUSE_") and not name.startswith("WHEELHOUSE_UPLOADER_") and name not in ours:
            near = difflib.get_close_matches(name, ours, n=1, cutoff=0.9)
            if near:
                raise UsageError(variable, "unknown setting", f"did you mean {near[0]!r}?")


def _known(table: object, source: str) -> dict[str, Any]:
    """Return what a table sets; UsageError for a key that is none of ours."""
    if not isinstance(table, Mapping):
        raise UsageError(source, "'wheelhouse' is not a table of settings")
    for key in table:
        if key in CREDENTIAL_KEYS:
            raise UsageError(source, f"{key!r} is not a setting", CREDENTIAL_HINT)
        if key not in KEYS:
            near = difflib.get_close_matches(str(key).replace("-", "_"), KEYS, n=1)
            raise UsageError(source, f"unknown setting {key!r}", f"did you mean {near[0]!r}?" if near else "")
    return {key: value for key, value in table.items() if value is not None and value != {}}


def _table_in(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = parent.get(name, {})
    if not isinstance(found, Mapping):
        raise UsageError("pyproject.toml", f"{name!r} is not a table")
    return found


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
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        # the texts of configparser quote the line, which may hold a secret
        raise UsageError(str(path), f"cannot be read: {type(error).__name__}") from None
    indexes = parser.get("wheelhouse_uploader", "artifact_indexes", fallback="").split()
    return {"indexes": indexes} if indexes else {}


def _settings(
    values: dict[str, Any],
    credentials: Mapping[str, str | None],
    environ: Mapping[str, str],
    root: Path,
    verify_tls: bool,
) -> Settings:
    provider = values["provider"].lower()
    local = provider == LOCAL
    container = Container(
        provider=provider,
        container=str(path_of(values["container"], root, "container")) if local else values["container"],
        prefix=location.clean_prefix(values["prefix"]),
        credentials=None if local else find_credentials(provider, environ, credentials),
        verify_tls=verify_tls,
        **{name: values[name] for name in ("region", "host", "port", "secure", "driver_options", "timeout", "retries")},
    )
    local_folder = path_of(values["local_folder"], root, "local_folder")
    if local and os.path.realpath(local_folder) == os.path.realpath(container.container):
        raise UsageError("local_folder", f"{str(local_folder)!r} is the container too", "use two folders")
    found = tuple(location.parse(text, root, container) for text in values["indexes"]) or (container,)
    return Settings(
        root=root,
        project=project_name(values["project"]) if values["project"] else None,
        local_folder=local_folder,
        container=container,
        indexes=tuple(
            replace(place, credentials=find_credentials(place.provider, environ, {}, own=False))
            if isinstance(place, Container) and place.provider not in (provider, LOCAL)
            else place
            for place in found
        ),
        environ=environ,
        **{name: values[name] for name in _PLAIN},
    )


_PLAIN = (
    "public_url",
    "max_workers",
    "update_index",
    "flat_index",
    "repository",
    "repository_url",
    "check_url",
)
