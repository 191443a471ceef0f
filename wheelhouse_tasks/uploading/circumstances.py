"""The build that an upload runs in: whether it should upload at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.services import ci
from wheelhouse_tasks.settings.credentials import is_given, variables_of
from wheelhouse_tasks.settings.table import LOCAL

if TYPE_CHECKING:
    from wheelhouse_tasks.settings.resolve import Settings

#: tox hides every variable that is not named, also those by which a build of a pull request is known.
TOX_ADVICE = "name WHEELHOUSE_* and the variables of the CI service in pass_env of tox"


def check_that_it_lasts(settings: Settings) -> None:
    """Raise UsageError where the container may be another one than was meant, or would be lost with the build.

    A folder that is named is for jobs that keep it. In tox, which may hide the provider, it is one if that is said too.
    """
    in_tox = ci.in_tox(settings.environ)
    if settings.provider_given or (settings.container_given and not in_tox):
        return
    files = "provider and container in [tool.wheelhouse]; a container alone is a folder of this machine"
    if in_tox:
        problem = "provider is not set" if settings.container_given else "neither provider nor container is set"
        files = f"provider and container in [tool.wheelhouse]; provider {LOCAL!r} is a folder of this machine"
        raise UsageError("container", f"{problem}, unless tox hides it", f"{TOX_ADVICE}, or set {files}")
    service = ci.service(settings.environ)
    if service:
        problem = f"neither provider nor container is set, and this build ({service}) would lose the default folder"
        raise UsageError("container", problem, f"set WHEELHOUSE_PROVIDER and WHEELHOUSE_CONTAINER, or {files}")


def reason_not_to(settings: Settings, *, pull_request: bool) -> str:
    """Return why this build should not reach the storage provider, or an empty text.

    Raises UsageError where tox may hide the reason.
    """
    container, environ = settings.container, settings.environ
    if container.provider == LOCAL:
        return ""
    if not pull_request and ci.is_pull_request(environ):
        return f"this is the build of a pull request ({ci.service(environ)}); see --upload-pull-request"
    if not pull_request and ci.is_hidden_by_tox(environ):
        problem = "tox shows no variable by which this would be known from the build of a pull request"
        raise UsageError("upload", problem, f"{TOX_ADVICE}, or use --upload-pull-request")
    if container.credentials is None and not is_given(container.provider, environ):
        needed = f"set {variables_of(container.provider)}" + f"; {TOX_ADVICE}" * ci.in_tox(environ)
        if settings.options.missing_credentials == "skip":
            return f"there are no credentials, and missing_credentials is skip ({needed})"
        if ci.in_tox(environ):
            raise UsageError("credentials", f"none found for provider {container.provider!r}", needed)
    return ""
