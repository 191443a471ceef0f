"""The table of settings: one row for each, and everything else follows from it.

From a row come the attribute of `Settings.options`, the flag of each task that takes it, the help of the flag, the
variable of the environment, what the collection declares to invoke, the row of the README, and the names that a
misspelt one is compared with. To add a setting, add its row, then run `inv readme`.

Every `inv` of a host project imports this module: it imports nothing but rows and casts.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.settings.casts import (
    as_boolean,
    as_container,
    as_host,
    as_hosts,
    as_list,
    as_name,
    as_seconds,
    as_table,
    as_text,
    as_url,
    at_least_zero,
    one_of,
    whole,
)
from wheelhouse_tasks.settings.row import Row, row

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL = "local"
MAX_WORKERS = 64

#: The tasks that work on our container, and have the flags that name it.
CONTAINER_TASKS = ("upload", "index", "check", "doctor", "yank", "unyank", "remove", "prune")
#: The tasks that name our container, and ask nothing of it: no credentials are among their flags.
NAMING_TASKS = (*CONTAINER_TASKS, "workflow")
#: The tasks that work on one project.
PROJECT_TASKS = ("fetch", "release", "status", "promote", "doctor", "yank", "unyank", "remove", "prune", "workflow")
#: The tasks that look for artifacts in `indexes`.
LOOKING_TASKS = ("fetch", "release", "status", "promote", "workflow")
#: Every task, whatever it is called.
EVERY_TASK = ("*",)


class Options(SimpleNamespace):
    """The value of every setting as it was read, in the order of the README's table; made with all by name."""

    project: str | None = row(
        "project",
        as_text,
        None,
        "project whose artifacts are fetched and released",
        tasks=PROJECT_TASKS,
        flag_help="project of the files (the one of pyproject.toml)",
        shown="`[project] name`",
    )
    provider: str = row(
        "container",
        as_name,
        LOCAL,
        "libcloud storage provider id, any case",
        tasks=NAMING_TASKS,
        flag_help="storage provider id of Apache Libcloud",
    )
    container: str = row(
        "container",
        as_container,
        "wheelhouse",
        "container; for `local` a folder",
        tasks=NAMING_TASKS,
        flag_help="container to work on; a folder for the local provider",
    )
    prefix: str = row("container", as_text, "", "folder within the container", tasks=NAMING_TASKS)
    region: str | None = row(
        "container", as_text, None, "passed to the driver", tasks=NAMING_TASKS, flag_help="region of the container"
    )
    host: str | None = row(
        "container",
        as_host,
        None,
        "passed to the driver: host name of the storage endpoint",
        tasks=NAMING_TASKS,
        flag_help="host name of the storage endpoint",
    )
    port: int | None = row(
        "container",
        whole(1, 65535),
        None,
        "passed to the driver: port of the storage endpoint",
        tasks=NAMING_TASKS,
        flag_help="port of the storage endpoint",
    )
    secure: bool = row("container", as_boolean, True, "https to the storage endpoint")
    driver_options: Mapping[str, Any] = row("container", as_table, {}, "table of further driver arguments", secret=True)
    missing_credentials: str = row(
        "container", one_of("fail", "skip"), "fail", "`skip`: without credentials `upload` does nothing"
    )
    public_url: str | None = row(
        "container", as_url, None, "URL under which the container is readable", tasks=("workflow",)
    )
    local_folder: str = row(
        "artifacts",
        as_name,
        "dist",
        "folder of the built artifacts",
        tasks=("upload", "fetch", "release", "workflow"),
        flag_help="folder of the built or fetched artifacts (dist)",
    )
    recursive: bool = row(
        "artifacts",
        as_boolean,
        False,
        "search the folders within `local_folder` too",
        tasks=("upload", "release"),
        flag_help="search the folders within the local folder too",
    )
    indexes: tuple[str, ...] = row(
        "artifacts",
        as_list,
        (),
        "where `fetch` and `release` look",
        tasks=LOOKING_TASKS,
        parameter="index",
        flag_help="wheelhouse to look in, as a URL or path; give it once for each",
        shown="the container",
    )
    trust: tuple[str, ...] = row(
        "artifacts",
        as_hosts,
        (),
        "other hosts that the page of an index may lead to for files without a digest, which stay unverified",
    )
    max_workers: int = row("transfers", whole(1, MAX_WORKERS), 8, "transfers at once", tasks=("upload",))
    retries: int = row("transfers", whole(0, 100), 3, "repeats of a request that failed for want of an answer")
    timeout: float = row("transfers", as_seconds, 60.0, "seconds of silence after which a server is given up")
    ca_bundle: str | None = row(
        "transfers", as_name, None, "file of the TLS certificates to trust, in place of the usual ones"
    )
    update_index: bool = row(
        "pages",
        as_boolean,
        True,
        "write the index pages after an upload",
        tasks=("upload",),
        flag_help="leave the index pages alone",
    )
    flat_index: bool = row("pages", as_boolean, True, "keep the flat page `index.html` of all projects")
    title: str | None = row(
        "pages",
        as_name,
        None,
        "title and heading of the flat page; without it the page keeps its own, at first `Wheelhouse`",
    )
    slash_pages: bool = row(
        "pages", as_boolean, False, "store each page under its folder's name too, for plain object endpoints"
    )
    enable_cdn: bool = row(
        "pages",
        as_boolean,
        True,
        "make a container that `upload` creates readable for everybody",
        tasks=("upload",),
        flag_help="do not make a container that is created readable for everybody",
    )
    stamp: bool = row(
        "development builds",
        as_boolean,
        True,
        "give development builds a version with the time of their commit",
        tasks=("upload",),
        flag_help="leave the versions of development builds alone",
    )
    keep: int = row(
        "development builds",
        whole(1, 10**6),
        5,
        "newest development builds of each set of tags and release line that stay",
        tasks=("prune",),
        flag_help="newest development builds of each set of tags and release line that stay (5)",
    )
    older_than: float = row(
        "development builds",
        at_least_zero("days"),
        0.0,
        "days that a development build stays at least",
        tasks=("prune",),
        flag_help="days that a development build stays at least (0)",
    )
    pin: tuple[str, ...] = row(
        "development builds",
        as_list,
        (),
        "versions of development builds that stay",
        tasks=("prune",),
        flag_help="version that stays; give it once for each",
    )
    grace: float = row(
        "development builds", at_least_zero("hours"), 1.0, "hours between the removal from the pages and the deletion"
    )
    repository: str = row(
        "release",
        as_name,
        "pypi",
        "package index to release to: a name from `.pypirc`, as in twine",
        tasks=("release", "workflow"),
        flag_help="package index: a name from .pypirc, as in twine (pypi)",
    )
    repository_url: str | None = row(
        "release", as_text, None, "upload URL of the package index, instead of a name", tasks=("release", "workflow")
    )
    check_url: str | None = row(
        "release",
        as_text,
        None,
        "simple URL of that index, read before and after",
        tasks=("release", "workflow"),
        shown="PyPI's, TestPyPI's",
    )
    expect: tuple[str, ...] = row(
        "release",
        as_list,
        (),
        "what a release must contain: patterns over `python-abi-platform`, or `sdist`",
        tasks=("release", "workflow"),
        flag_help="pattern over python-abi-platform, or sdist, that a file must fit; give it once for each",
    )
    strict: bool = row(
        "release",
        as_boolean,
        False,
        "release nothing that is doubtful, though the index takes it",
        tasks=("release", "workflow"),
        flag_help="release nothing that is doubtful, though the index takes it",
    )
    file_limit: int = row("release", whole(1, 10**6), 100, "MiB that PyPI takes for one file of the project")
    quiet: bool = row(
        "output", as_boolean, False, "print warnings, errors and what was asked for, and nothing else", tasks=EVERY_TASK
    )

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: the settings of a run do not change."""
        raise AttributeError(name)


#: Every setting, by name.
ROWS: Mapping[str, Row] = {name: fact for name, fact in vars(Options).items() if isinstance(fact, Row)}
#: What the command line alone may hold. Credentials are flags because wheelhouse-uploader had them.
FLAGS: Mapping[str, Row] = {
    flag.name: flag
    for flag in (
        Row(
            "credentials",
            as_text,
            None,
            "user name or key id (better: the variable WHEELHOUSE_USERNAME)",
            name="username",
            tasks=CONTAINER_TASKS,
            parameter="username",
        ),
        Row(
            "credentials",
            as_text,
            None,
            "secret key (better: the variable WHEELHOUSE_SECRET)",
            name="secret",
            tasks=CONTAINER_TASKS,
            parameter="secret",
            secret=True,
        ),
        Row(
            "transfers",
            as_boolean,
            True,
            "trust any TLS certificate, for this run",
            name="verify_tls",
            tasks=("upload",),
            parameter="no_ssl_check",
        ),
    )
}


def flags_of(task: str) -> tuple[Row, ...]:
    """Return the rows that a task takes as flags."""
    return tuple(row for row in (*ROWS.values(), *FLAGS.values()) if task in row.tasks or row.tasks == EVERY_TASK)
