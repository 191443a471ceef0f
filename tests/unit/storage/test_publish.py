"""How a container is opened to everybody."""

import pytest

from wheelhouse_tasks.settings.locations import Container
from wheelhouse_tasks.storage import publish


@pytest.mark.parametrize(
    ("provider", "advice"),
    [
        ("google_storage", "gs://wheels --member=allUsers"),
        ("backblaze_b2", "b2 bucket update wheels allPublic"),
        ("cloudfiles", "swift post"),
        ("s3_eu_west", "Block Public Access"),
        ("aliyun_oss", "provider's console"),
    ],
)
def test_advice(provider: str, advice: str) -> None:
    """Each provider has its own way to open a container, and the rest a console."""
    assert advice in publish.advice(Container(provider, "wheels"))
