"""Settings and credentials with which no store can be opened."""

from pathlib import Path

import pytest
import requests
from libcloud.common.google import GoogleServiceAcctAuthConnection
from libcloud.common.types import LibcloudError

from wheelhouse_tasks.errors import (
    StoreError,
    Unreachable,
    UsageError,
    WheelhouseError,
)
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage.opening import open_store


def test_options_that_do_not_fit() -> None:
    """An unknown provider, and a driver's refusal of its options, are the user's to mend; no secret is told."""
    for provider, region in (("s3", "mars"), ("s3", "eu-west-1.example.org/"), ("ovh", "mars"), ("s4", "us-east-1")):
        with pytest.raises(UsageError) as told:
            open_store(Container(provider, "x", region=region, credentials=Credentials("user", "a-secret-key")))
        assert "a-secret-key" not in str(told.value) + repr(told.value)


@pytest.mark.parametrize(
    ("broken", "kind"),
    [(requests.ConnectionError("no such host: a-secret-key"), Unreachable), (LibcloudError("no key"), UsageError)],
)
def test_service_account_that_gets_no_token(
    broken: Exception, kind: type[WheelhouseError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service account of Google's asks for a token while the driver is made; that it fails is one line."""

    def fail(*_: object, **__: object) -> None:
        raise broken

    monkeypatch.setattr(GoogleServiceAcctAuthConnection, "__init__", fail)
    with pytest.raises(kind) as told:
        open_store(Container("google_storage", "x", credentials=Credentials("me@e.example", "a-secret-key")))
    assert "a-secret-key" not in str(told.value)
    assert not list(Path.home().iterdir())


@pytest.mark.parametrize(
    ("provider", "host", "options", "error"),
    [
        ("openstack_swift", None, {"ex_force_auth_url": "http://127.0.0.1:1/v3"}, UsageError),
        ("openstack_swift", None, {"ex_force_auth_url": "notaurl"}, UsageError),
        ("openstack_swift", None, {"ex_force_auth_url": "http://user:pw@127.0.0.1:1/v3"}, UsageError),
        ("s3_rgw", None, {}, UsageError),
        ("minio", None, {}, UsageError),
    ],
)
def test_settings_that_do_not_fit(
    provider: str, host: str | None, options: dict[str, str], error: type[WheelhouseError]
) -> None:
    """What libcloud finds out when it connects is the user's to mend too, without a repr of its objects."""
    at = Container(provider, "x", host=host, driver_options=options, credentials=Credentials("user", "a-secret-key"))
    with pytest.raises(error, match="its settings or credentials do not fit") as told:
        open_store(at)
    assert " object at 0x" not in str(told.value)


@pytest.mark.parametrize("provider", ["digitalocean_spaces", "scaleway", "ovh", "s3_rgw_outscale"])
def test_region_that_libcloud_does_not_know(provider: str) -> None:
    """A region of a maker of S3 that is younger than libcloud's list is named, with the way around that list."""
    own = Credentials("user", "a-secret-key")
    with pytest.raises(UsageError, match=r"not fit: .*new-9.*use provider 'minio' with its host and region"):
        open_store(Container(provider, "x", region="new-9", credentials=own))
    assert open_store(Container("minio", "x", region="new-9", host="s3.new-9.example", credentials=own))


def test_credentials_that_no_request_can_carry() -> None:
    """A line break within a user name, and what is no ASCII, are said to be the credentials."""
    for name in ("us\ner", "user€"):
        with pytest.raises(UsageError, match="holds a character that no request can carry"):
            open_store(Container("s3", "x", region="us-east-1", credentials=Credentials(name, "a-secret-key")))


def test_errors_share_one_base() -> None:
    """Whoever uses the API catches one class."""
    assert issubclass(StoreError, WheelhouseError)
