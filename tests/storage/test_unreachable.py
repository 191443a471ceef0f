"""What a storage provider that cannot be talked to is said to be, whichever driver talks to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted import Scripted, scripted

from wheelhouse_tasks.errors import Unreachable
from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage.opening import open_store

#: Drivers that ask for the container or a token at once, and drivers that ask for it with the first request.
PROVIDERS = ["s3", "minio", "s3_rgw", "azure_blobs", "openstack_swift", "google_storage"]


@pytest.fixture
def plain() -> Iterator[Scripted]:
    """Run a server that speaks no TLS."""
    with scripted() as server:
        yield server


def container_at(provider: str, port: int) -> Container:
    """Return a container at a provider on this machine, with TLS."""
    user = "GOOG1EXAMPLE" if provider == "google_storage" else "key"
    credentials = Credentials(user, "c2VjcmV0")
    return Container(provider, "wheels", credentials=credentials, host="127.0.0.1", port=port, retries=0, timeout=20)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_https_to_a_server_without_tls_names_the_setting_secure(provider: str, plain: Scripted) -> None:
    """It is not said to be a bad certificate, nor bad credentials."""
    with pytest.raises(Unreachable, match=r"answers without TLS \(.*'secure' = false\)"):
        open_store(container_at(provider, plain.port)).list("")
    assert plain.seen == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_certificate_that_nobody_trusts_names_the_setting_ca_bundle(provider: str, certificate: Path) -> None:
    """It is said in the same words by every driver."""
    with scripted(certificate) as server:
        with pytest.raises(Unreachable, match=r"its TLS certificate is not trusted \(see the setting 'ca_bundle'\)"):
            open_store(container_at(provider, server.port)).list("")
        assert server.seen == []
