"""What libcloud needs for each provider beside our settings, and what the provider, or its driver, does otherwise."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.secret import S3

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wheelhouse_tasks.settings.locations import Container

#: How an address of OpenStack's identity service ends, and what libcloud calls the version that answers there.
IDENTITY = {"v3": "3.x_password", "v2.0": "2.0_password", "v1.0": "1.0"}


@dataclass(frozen=True)
class Profile:
    """A provider; the defaults are those of any that we know nothing of."""

    #: What user name and secret are.
    keys: str = "user name and secret"
    #: The API that it speaks, where we know more than the driver does.
    api: str = ""
    #: What a person does to let everybody read the objects of the container *name*.
    advice: str = "let everybody read the objects of {name} in the provider's console"
    #: The driver's arguments: `driver_options`, and what follows from the settings.
    options: Callable[[Container], dict[str, Any]] = lambda container: dict(container.driver_options)
    #: Headers made of a file's md5, with which the provider compares: a file that changed is refused, not stored.
    digest: Callable[[str], dict[str, str]] = lambda md5: {}  # noqa: ARG005
    #: Headers of a write that expects no object.
    absent: Mapping[str, str] = field(default_factory=lambda: {"If-None-Match": "*"})
    #: Header that tells how long an object may be cached.
    cache: str = "Cache-Control"
    #: Options that the driver takes, but keeps from its connection.
    of_connection: tuple[str, ...] = ()
    #: Settings that the driver has no argument for; *finish* sets them once it is made.
    takes_no: tuple[str, ...] = ()
    finish: Callable[[Any, Container], None] = lambda driver, container: None  # noqa: ARG005
    #: Whether the driver reads an object under its name as it is, not quoted (libcloud trap 5).
    reads_unquoted: bool = False
    #: Whether the driver needs more of a container than its name, and so a request for it.
    container_needed: bool = False


def profile(provider: str) -> Profile:
    """Return the profile of a libcloud provider."""
    family = "s3" if provider.startswith(S3) else provider
    return PROFILES.get(provider) or PROFILES.get(family) or Profile()


def _rgw(container: Container) -> dict[str, Any]:
    """Sign as AWS does: with version 2, its default, libcloud forgets to sign some requests (trap 11)."""
    return {"signature_version": "4", **container.driver_options}


def _google(container: Container) -> dict[str, Any]:
    """Tell a service account from HMAC keys; left alone, libcloud starts a dialogue in a browser."""
    hmac = container.credentials and container.credentials.username.startswith("GOOG")
    # a service account asks for its token while the driver is made, and would keep it in the home folder
    kind = {"auth_type": "GCS_S3" if hmac else "SA", "credential_file": os.devnull, "timeout": container.timeout}
    return {**kind, **container.driver_options}


def _set_host(driver: Any, container: Container) -> None:
    """Set what Google's driver would take for the way to authenticate (trap 13)."""
    if container.host:
        driver.connection.host = container.host
        driver.connection.port = container.port or driver.connection.port


def _set_region(driver: Any, container: Container) -> None:
    """Set what requests are signed for."""
    if container.region:
        driver.region_name = container.region


def _swift(container: Container) -> dict[str, Any]:
    """Tell where to authenticate, and how: Keystone by the end of its address or a project, else version 1."""
    options = dict(container.driver_options)
    if container.host and "ex_force_auth_url" not in options:
        port = f":{container.port}" if container.port else ""
        options["ex_force_auth_url"] = f"{'https' if container.secure else 'http'}://{container.host}{port}/auth"
    root, _, end = str(options.get("ex_force_auth_url", "")).rstrip("/").rpartition("/")
    if end in IDENTITY:  # libcloud adds it itself
        options["ex_force_auth_url"] = root
    usual = "3.x_password" if options.keys() & {"ex_tenant_name", "ex_domain_name"} else "1.0"
    return {"ex_force_auth_version": IDENTITY.get(end, usual), **options}


def _content_md5(md5: str) -> dict[str, str]:
    return {"Content-MD5": base64.b64encode(bytes.fromhex(md5)).decode()}


def _goog_hash(md5: str) -> dict[str, str]:
    """Say it as Google does: the driver signs a Content-MD5 in lower case."""
    return {"x-goog-hash": "md5=" + _content_md5(md5)["Content-MD5"]}


def _etag(md5: str) -> dict[str, str]:
    return {"ETag": md5}


_S3 = Profile(
    "access key id and secret access key",
    "s3",
    "allow s3:GetObject to everybody in its bucket policy (at AWS, switch off 'Block Public Access' before)",
    digest=_content_md5,
)
_SWIFT = Profile(
    "user (version 1: account:user) and password",
    "swift",
    "swift post --read-acl '.r:*,.rlistings' --meta 'web-index: index.html' {name}",
    options=_swift,
    digest=_etag,
    takes_no=("host", "port"),
    reads_unquoted=True,
)
PROFILES = {
    "s3": _S3,
    "s3_rgw": replace(_S3, options=_rgw),
    "s3_rgw_outscale": replace(_S3, options=_rgw),
    "minio": replace(_S3, takes_no=("region",), finish=_set_region),
    "azure_blobs": Profile(
        "account and its base64 key",
        "azure",
        "allow public access in the storage account, and 'Blob' access in the container",
        digest=_content_md5,
        # its driver loses Cache-Control on small blobs (libcloud trap 17)
        cache="x-ms-blob-cache-control",
    ),
    "openstack_swift": _SWIFT,
    "cloudfiles": _SWIFT,
    "google_storage": Profile(
        "HMAC key id (GOOG…) and secret, or a service account and its key file",
        "google",
        "gcloud storage buckets add-iam-policy-binding gs://{name} --member=allUsers --role=roles/storage.objectViewer",
        options=_google,
        digest=_goog_hash,
        absent={"x-goog-if-generation-match": "0"},
        of_connection=("auth_type", "credential_file"),
        takes_no=("region", "host", "port"),
        finish=_set_host,
    ),
    "backblaze_b2": Profile(
        "application key id and application key", advice="b2 bucket update {name} allPublic", container_needed=True
    ),
}
