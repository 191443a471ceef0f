"""Every provider that a server of this machine can stand for: how to reach it, and what it was seen to do."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import programs
import pytest
import requests
import servers
from libcloud.common.types import MalformedResponseError

from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.storage.gaps import driver_class
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import Conditions

Server = servers.S3Server | servers.AzureServer


@dataclass(frozen=True)
class Flavour:
    """A provider of libcloud's on a server, which is the fixture of that name."""

    provider: str
    server: str
    #: Which conditions of writes this server honours, as far as `put` can use them.
    conditions: Conditions
    region: str | None = None

    @property
    def wire(self) -> str:
        """The API that it speaks: `s3`, `swift` or `azure`."""
        return {"openstack_swift": "swift", "cloudfiles": "swift", "azure_blobs": "azure"}.get(self.provider, "s3")


#: Honours every condition; refuses a write that expects a mark; knows no condition at all.
STRICT, CREATES, LAX = (
    Conditions(absent=absent, mark=mark, md5=True) for absent, mark in ((True, True), (True, False), (False,) * 2)
)
#: The first two, of servers that refuse bytes of another sha256 than the promised one.
STRICTEST, COMPARES = (replace(known, sha256=True) for known in (STRICT, CREATES))
FLAVOURS = {
    "s3-seaweedfs": Flavour("s3", "s3", STRICTEST, "us-east-1"),
    "minio-seaweedfs": Flavour("minio", "s3", STRICTEST),
    "s3-moto": Flavour("s3", "moto", STRICT, "us-east-1"),
    # google_front.py in front of moto
    "google": Flavour("google_storage", "google", CREATES),
    "s3-ceph": Flavour("s3", "ceph", COMPARES, "us-east-1"),
    "s3_rgw-ceph": Flavour("s3_rgw", "ceph", COMPARES),
    # as with a HMAC key of Google
    "minio-ceph": Flavour("minio", "ceph", COMPARES, "auto"),
    # ignores If-None-Match
    "swift-ceph": Flavour("openstack_swift", "ceph", LAX),
    "s3-swift": Flavour("s3", "swift", COMPARES, "us-east-1"),
    "swift-swift": Flavour("openstack_swift", "swift", CREATES),
    "cloudfiles-swift": Flavour("cloudfiles", "swift", CREATES),
    "azure-azurite": Flavour("azure_blobs", "azure", replace(STRICT, md5=False)),
}


def place(flavour: Flavour, server: Server, bucket: str, **changes: Any) -> Container:
    """Return where a bucket is."""
    at = Container(flavour.provider, bucket, "", flavour.region, server.host, server.port, secure=False)
    return replace(
        at, **{"credentials": _credentials(flavour, server), "timeout": float(programs.STUCK), "retries": 0, **changes}
    )


def _credentials(flavour: Flavour, server: Server) -> Credentials:
    if isinstance(server, servers.AzureServer):
        return Credentials(server.account, server.key)
    if isinstance(server, servers.Ceph) and flavour.wire == "swift":
        return Credentials(server.swift_user, server.secret)
    return Credentials(server.key, server.secret)


def environment(at: Container) -> dict[str, str]:
    """Return what a CI worker has to know of a bucket."""
    assert at.credentials
    env = {
        "PROVIDER": at.provider.upper(),
        "CONTAINER": at.container,
        "HOST": str(at.host),
        "PORT": str(at.port),
        "SECURE": "no",
        "REGION": at.region or "",
        "USERNAME": at.credentials.username,
        "SECRET": at.credentials.secret,
    }
    return {f"WHEELHOUSE_{name}": value for name, value in env.items() if value}


def publish(server: Server, bucket: str) -> str:
    """Make a bucket that anybody may read; return its address."""
    if isinstance(server, servers.AzureServer):
        with _connected("azure_blobs", server.account, server.key, server) as driver:
            driver.create_container(bucket)
            acl, public = {"restype": "container", "comp": "acl"}, {"x-ms-blob-public-access": "blob"}
            driver.connection.request(f"/{bucket}", params=acl, headers=public, method="PUT")
    elif isinstance(server, servers.SwiftServer):
        user = {"X-Auth-User": server.key, "X-Auth-Key": server.secret}
        answer = requests.get(f"{server.url}/auth/v1.0", headers=user, timeout=programs.STUCK)
        token = {"X-Auth-Token": answer.headers["X-Auth-Token"], "X-Container-Read": ".r:*"}
        url = f"{answer.headers['X-Storage-Url']}/{bucket}"
        requests.put(url, headers=token, timeout=programs.STUCK).raise_for_status()
        return url
    elif server.key.startswith("GOOG"):
        assert open_store(place(FLAVOURS["google"], server, bucket)).create()
    else:
        everything = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
        rule = {"Version": "2012-10-17", "Statement": [{**everything, "Resource": f"arn:aws:s3:::{bucket}/*"}]}
        with _connected("s3", server.key, server.secret, server) as driver:
            driver.create_container(bucket)
            if not isinstance(server, servers.SeaweedFS):  # where anybody may read any bucket
                with suppress(MalformedResponseError):  # moto answers True
                    driver.connection.request(f"/{bucket}", params={"policy": ""}, data=json.dumps(rule), method="PUT")
    return f"{server.url}/{bucket}"


@contextmanager
def _connected(provider: str, username: str, secret: str, server: Server) -> Iterator[Any]:
    """Connect to a server as its full user."""
    driver = driver_class(provider)(username, secret, secure=False, host=server.host, port=server.port)
    try:
        yield driver
    finally:
        driver.connection.connection.session.close()


def each(*names: str) -> pytest.MarkDecorator:
    """Return a mark that runs a test with each flavour, or those that are named."""
    return pytest.mark.parametrize("flavour", [pytest.param(FLAVOURS[name], id=name) for name in names or FLAVOURS])
