"""What the environment shows of a build: which service runs it, whether it is one of a pull request, and tox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.settings.casts import NO

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What nearly every build service sets, also one that nobody knows by name.
GENERIC = ("CI", "CONTINUOUS_INTEGRATION", "BUILD_NUMBER")
#: What tox sets for the commands that it runs.
TOX = ("TOX_ENV_NAME", "TOX_ENV_DIR", "TOX_WORK_DIR")


def service(environ: Mapping[str, str]) -> str | None:
    """Return the name of the service that runs this build, or None outside of CI."""
    import ci_info

    name: str | None = ci_info.name(_given(environ))
    unnamed = any(environ.get(variable, "").strip().lower() not in ("", *NO) for variable in GENERIC)
    return name or ("CI" if unnamed else None)


def is_pull_request(environ: Mapping[str, str]) -> bool:
    """Return whether this is the build of a pull request, as far as the service shows it."""
    import ci_info

    return bool(ci_info.is_pr(_given(environ)))


def in_tox(environ: Mapping[str, str]) -> bool:
    """Return whether tox runs us, which hides every variable that its `pass_env` does not name."""
    return any(environ.get(variable) for variable in TOX)


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are not empty: an empty one says nothing."""
    return {name: value for name, value in environ.items() if value}
