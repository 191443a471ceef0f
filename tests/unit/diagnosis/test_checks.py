"""What the doctor says of where credentials come from."""

import pytest

from wheelhouse_tasks.diagnosis import checks
from wheelhouse_tasks.settings.locations import Credentials


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hush"}, "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"),
        ({"WHEELHOUSE_USERNAME": "key", "LOGNAME": "key"}, "WHEELHOUSE_USERNAME, --secret"),
        ({"AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "another"}, "--secret"),
    ],
)
def test_origin_of_credentials(environ: dict[str, str], expected: str) -> None:
    """Credentials are told by the names of their variables."""
    assert checks.origin_of(Credentials("key", "hush"), environ) == expected
