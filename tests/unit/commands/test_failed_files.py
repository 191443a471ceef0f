"""What a fetch reports of the files that it could not get."""

import pytest

from wheelhouse_tasks.commands import fetch
from wheelhouse_tasks.errors import (
    BadArtifact,
    BadArtifacts,
    DigestMismatch,
    Failed,
    PageMissing,
    StoreError,
    WheelhouseError,
)

NAME = "demo-1.0+local-py3-none-any.whl"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(BadArtifact(NAME, "is damaged"), id="file"),
        pytest.param(DigestMismatch(NAME, "0" * 64, "1" * 64), id="digest"),
        pytest.param(Failed(f"/home/me/dist/{NAME}", "cannot be written"), id="path"),
        pytest.param(Failed(f"/home/me/c#/[x/dist/{NAME}", "cannot be written"), id="odd path"),
        pytest.param(PageMissing(f"https://[h/{NAME}", "cannot be requested"), id="odd URL"),
        pytest.param(Failed(rf"C:\me\dist\{NAME}", "cannot be written"), id="path of Windows"),
        pytest.param(PageMissing(f"https://h.example/files/{NAME}", "is not there (404)"), id="URL"),
        pytest.param(PageMissing(f"https://h.example/{NAME.replace('+', '%2B')}", "is not there (404)"), id="quoted"),
        pytest.param(PageMissing(f"https://h.example/{NAME}?sig=<hidden>#x", "is not there (404)"), id="query"),
        pytest.param(StoreError(f"s3://bucket/files/demo/{NAME}", "no answer"), id="object"),
        pytest.param(BadArtifact(f"{NAME}.publish.attestation", "is none"), id="attestation"),
    ],
)
def test_error_of_the_file_is_reported_as_it_is(error: WheelhouseError) -> None:
    """An error whose subject is the file, or what lies beside it, names it once."""
    assert fetch.about(NAME, error) is error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(StoreError("s3://bucket", "no answer"), id="container"),
        pytest.param(BadArtifact(f"other-{NAME}", "is damaged"), id="name that ends like it"),
        pytest.param(BadArtifact(f"{NAME}.zip", "is damaged"), id="name that begins like it"),
        pytest.param(Failed(f"/home/{NAME}/dist", "cannot be written"), id="folder of its name"),
        pytest.param(StoreError("s3://bucket", f"does not know {NAME}"), id="problem that names it"),
        pytest.param(BadArtifacts((BadArtifact("demo.whl", "is damaged"),)), id="no subject"),
    ],
)
def test_error_of_something_else_is_reported_with_the_file(error: WheelhouseError) -> None:
    """What is about something else is put behind the name of the file."""
    reported = fetch.about(NAME, error)
    assert isinstance(reported, Failed)
    assert (reported.subject, reported.problem) == (NAME, str(error))
