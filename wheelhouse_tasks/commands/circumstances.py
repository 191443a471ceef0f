"""The build that an upload runs in: whether it should upload at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.settings import ci
from wheelhouse_tasks.settings.credentials import is_given, variables_of
from wheelhouse_tasks.settings.table import LOCAL

if TYPE_CHECKING:
    from wheelhouse_tasks.settings.resolve import Settings

#: tox hides every variable that is not named, also those by which a build of a pull request is known.
TOX_ADVICE = "name WHEELHOUSE_* and the variables of the CI service in pass_env of tox"


def check_that_it_lasts(settings: Settings) -> None:
    """Raise UsageError where nobody named a container, and the default folder would be lost with the build."""
    if settings.container_given:
        return
    files = "provider and container in [tool.wheelhouse]; a container alone is a folder of this machine"
    if ci.in_tox(settings.environ):
        problem = "neither provider nor container is set, unless tox hides them"
        raise UsageError("container", problem, f"{TOX_ADVICE}, or set {files}")
    service = ci.service(settings.environ)
    if service:
        problem = f"neither provider nor container is set, and this build ({service}) would lose the default folder"
        raise UsageError("container", problem, f"set WHEELHOUSE_PROVIDER and WHEELHOUSE_CONTAINER, or {files}")


def reason_not_to(settings: Settings, *, pull_request: bool) -> str:
    """Return why this build should not reach the storage provider, or an empty text."""
    container = settings.container
    if container.provider == LOCAL:
        return ""
    if not pull_request and ci.is_pull_request(settings.environ):
        return f"this is the build of a pull request ({ci.service(settings.environ)}); see --upload-pull-request"
    given = container.credentials is not None or is_given(container.provider, settings.environ)
    if not given and settings.options.missing_credentials == "skip":
        advice = f"set {variables_of(container.provider)}" + f"; {TOX_ADVICE}" * ci.in_tox(settings.environ)
        return f"there are no credentials, and missing_credentials is skip ({advice})"
    return ""
