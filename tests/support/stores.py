"""Containers on the servers of the tests, and what is stored in them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import servers
from libcloud.storage.types import Provider
from providers import FLAVOURS, place

from wheelhouse_tasks.settings.locations import Container
from wheelhouse_tasks.storage.gaps import driver_class
from wheelhouse_tasks.storage.port import Payload


def payload(content: bytes | Path, **changes: object) -> Payload:
    """Return the payload for `put`."""
    data = content if isinstance(content, bytes) else content.read_bytes()
    made = Payload(content, len(data), hashlib.sha256(data).hexdigest(), "text/plain", "no-cache")
    return replace(made, **changes)  # type: ignore[arg-type]


def s3_container(server: servers.S3Server, bucket: str, **changes: object) -> Container:
    """Return where a bucket is."""
    return place(FLAVOURS["s3-seaweedfs"], server, bucket, **changes)


@contextmanager
def s3_driver(server: servers.S3Server) -> Iterator[Any]:
    """Connect to an S3 server as the full user."""
    address = {"secure": False, "host": server.host, "port": server.port, "region": "us-east-1"}
    driver: Any = driver_class(Provider.S3)(server.key, server.secret, **address)
    yield driver
    driver.connection.connection.session.close()
