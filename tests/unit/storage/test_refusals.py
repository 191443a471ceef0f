"""What the answer of a provider is understood as."""

import pytest

from wheelhouse_tasks.errors import AccessDenied, ContainerMissing, Overloaded, StoreError, Unsupported
from wheelhouse_tasks.retry import TryAgainError
from wheelhouse_tasks.storage.refusals import MEANING, understand
from wheelhouse_tasks.storage.transport import Refusal


@pytest.mark.parametrize("code", [*MEANING, ""])
def test_every_code_has_its_line(code: str) -> None:
    """Each code that we know gives one line with a remedy; without a code the status does.

    It names no variable: a user name and a secret come from any of several.
    """
    error = understand(Refusal(403, code, by_token=False), "s3://x", "file", StoreError)
    assert isinstance(error, AccessDenied)
    assert error.remedy
    assert error.status == 403
    assert "WHEELHOUSE_" not in str(error)
    assert f"(403 {code}".rstrip() in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Unsupported), (404, ContainerMissing), (416, Unsupported), (429, Overloaded), (501, Unsupported)],
)
def test_error_has_the_status_of_the_answer(status: int, kind: type[StoreError]) -> None:
    """Whoever handles a refusal asks its type and its status, never its words."""
    error = understand(Refusal(status, "", by_token=False), "s3://x", "file", ContainerMissing)
    error = error.error if isinstance(error, TryAgainError) else error
    assert type(error) is kind
    assert isinstance(error, StoreError)
    assert error.status == status
