"""The known providers: one record for each, and everything else follows from it.

From a record come what libcloud is given, where credentials are looked for, which variables are secret and masked in
every output, what `doctor` and errors name, the variables that the tests hide, and the row of the README.
To add a provider or a variable, change its record, and the rows of the README: a test names those that it lacks.
"""

from __future__ import annotations

import base64
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.settings.provider import Provider, Variables
from wheelhouse_tasks.settings.table import LOCAL

if TYPE_CHECKING:
    from wheelhouse_tasks.settings.locations import Container

#: The partitions of AWS: how their regions begin, their names in its policies, and their domains, as in its SDKs.
AWS_PARTITIONS = (
    ("cn-", "aws-cn", "amazonaws.com.cn"),
    ("us-gov-", "aws-us-gov", "amazonaws.com"),
    ("eusc-", "aws-eusc", "amazonaws.eu"),
    ("us-iso-", "aws-iso", "c2s.ic.gov"),
    ("us-isob-", "aws-iso-b", "sc2s.sgov.gov"),
    ("us-isof-", "aws-iso-f", "csp.hci.ic.gov"),
    ("eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"),
    ("", "aws", "amazonaws.com"),
)
REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
#: The region of AWS that takes no location when a container is created, and that its main address leads to.
AWS_FIRST = "us-east-1"
#: How an address of OpenStack's identity service ends, and what libcloud calls the version that answers there.
IDENTITY = {"v3": "3.x_password", "v2.0": "2.0_password", "v1.0": "1.0"}


def provider_of(name: str) -> Provider:
    """Return the record of a libcloud provider; libcloud has one for each region of S3."""
    if name in PROVIDERS:
        return PROVIDERS[name]
    return replace(PROVIDERS["s3"], name=name, arguments={}) if name.startswith("s3") else Provider(name=name)


def _rgw(container: Container) -> dict[str, Any]:
    """Sign as AWS does: with version 2, its default, the driver does not sign `?uploads` and its like."""
    return {"signature_version": "4", **container.driver_options}


def partition_of(container: Container) -> tuple[str, str]:
    """Return the name of the partition of AWS that a container is in, and its domain; other makers have the first."""
    region = "" if container.host else container.region or ""
    return next((name, domain) for start, name, domain in AWS_PARTITIONS if region.startswith(start))


def _aws(container: Container) -> dict[str, Any]:
    """Name the host of a region: libcloud refuses each region that is younger than its list."""
    if container.host or container.region in (None, AWS_FIRST):
        return dict(container.driver_options)
    if not REGION.fullmatch(container.region):
        raise UsageError("region", f"{container.region!r} is no region of AWS", "one like eu-west-1")
    return {"host": f"s3.{container.region}.{partition_of(container)[1]}", **container.driver_options}


def _set_aws_region(driver: Any, container: Container) -> None:
    """Set the region that requests are signed for, and at AWS itself the location of a container that is created."""
    _set_region(driver, container)
    if container.region and not container.host:
        driver.ex_location_name = "" if container.region == AWS_FIRST else container.region


def _google(container: Container) -> dict[str, Any]:
    """Distinguish a service account from HMAC keys; left alone, libcloud starts a dialogue in a browser."""
    hmac = container.credentials and container.credentials.username.startswith("GOOG")
    # a service account asks for its token while the driver is made, and would keep it in the home folder
    kind = {"auth_type": "GCS_S3" if hmac else "SA", "credential_file": os.devnull, "timeout": container.timeout}
    return {**kind, **container.driver_options}


def _set_host(driver: Any, container: Container) -> None:
    """Set host and port on the driver that was made: its arguments would use the host to choose the authentication."""
    if container.host:
        driver.connection.host = container.host
        driver.connection.port = container.port or driver.connection.port


def _set_region(driver: Any, container: Container) -> None:
    """Set the region that requests are signed for."""
    if container.region:
        driver.region_name = container.region


def _swift(container: Container) -> dict[str, Any]:
    """Choose where to authenticate, and how: Keystone by the end of its address or a project, else version 1."""
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


def _checksum_sha256(sha256: str) -> dict[str, str]:
    return {"x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode()}


def _goog_hash(md5: str) -> dict[str, str]:
    """Name the digest as Google does: the driver would sign the name of Content-MD5 in lower case."""
    return {"x-goog-hash": "md5=" + _content_md5(md5)["Content-MD5"]}


def _etag(md5: str) -> dict[str, str]:
    return {"ETag": md5}


_S3_API = Provider(
    name="",
    keys="access key id and secret access key",
    credentials=Variables(
        user="AWS_ACCESS_KEY_ID",
        secret="AWS_SECRET_ACCESS_KEY",  # noqa: S106
        token="AWS_SESSION_TOKEN",  # noqa: S106
    ),
    other_secrets=("AWS_SECURITY_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    api="s3",
    advice="allow s3:GetObject to everybody in its bucket policy (at AWS, switch off 'Block Public Access' before)",
    digest=_content_md5,
    strong_digest=_checksum_sha256,
)
#: With the variables that the tools of AWS take a region from, at other makers too.
_S3 = replace(
    _S3_API,
    name="s3",
    arguments={"AWS_REGION": "region", "AWS_DEFAULT_REGION": "region"},
    options=_aws,
    takes_no=("region",),
    finish=_set_aws_region,
    settings="`region`, any of AWS; for another maker `host`, `port`",
    proven="SeaweedFS 4.42, Ceph 16.2, Swift 2.38.3 (s3api), moto 5.2.5; AWS itself is not",
)
_SWIFT = Provider(
    name="openstack_swift",
    keys="user (version 1: account:user) and password",
    credentials=Variables(user="OS_USERNAME", secret="OS_PASSWORD"),  # noqa: S106
    other_secrets=(
        *("OS_APPLICATION_CREDENTIAL_SECRET", "OS_TOKEN", "OS_AUTH_TOKEN", "OS_ACCESS_TOKEN", "OS_CLIENT_SECRET"),
        *("OS_PASSCODE", "ST_KEY"),
    ),
    arguments={
        "OS_AUTH_URL": "ex_force_auth_url",
        "OS_PROJECT_NAME": "ex_tenant_name",
        "OS_TENANT_NAME": "ex_tenant_name",
        "OS_USER_DOMAIN_NAME": "ex_domain_name",
        "OS_REGION_NAME": "region",
    },
    api="swift",
    advice="swift post --read-acl '.r:*,.rlistings' --meta 'web-index: index.html' {name}",
    options=_swift,
    digest=_etag,
    takes_no=("host", "port"),
    reads_unquoted=True,
    settings="`host`, `port` (address `/auth`, version 1), or `driver_options`: `ex_force_auth_url` "
    "(`https://…:5000/v3` is Keystone), `ex_tenant_name`, `ex_domain_name`, `ex_force_service_name`; `region`",
    proven="Swift 2.38.3, Ceph 16.2; Keystone emulated",
)
_RECORDS = (
    Provider(name=LOCAL, keys="", proven="a folder"),
    _S3,
    replace(
        _S3,
        name="minio",
        other_secrets=("MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY"),
        options=Provider.options,
        finish=_set_region,
        settings="`host`, `port`, `region`: S3 by any maker, any region",
        proven="SeaweedFS 4.42, Ceph 16.2",
    ),
    replace(_S3_API, name="s3_rgw", options=_rgw, settings="`host`, `port`; no `region`", proven="Ceph 16.2"),
    _SWIFT,
    replace(
        _SWIFT,
        name="cloudfiles",
        settings="as `openstack_swift`; without them Rackspace by `region`",
        proven="Swift 2.38.3; Rackspace itself is not",
    ),
    Provider(
        name="azure_blobs",
        keys="account and its base64 key",
        credentials=Variables(user="AZURE_STORAGE_ACCOUNT", secret="AZURE_STORAGE_KEY"),  # noqa: S106
        other_secrets=("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET"),
        api="azure",
        advice="allow public access in the storage account, and 'Blob' access in the container",
        digest=_content_md5,
        # where an object is small enough for one request, its driver drops Cache-Control, and keeps this one
        cache="x-ms-blob-cache-control",
        settings="for an emulator `host`, `port`",
        proven="Azurite 3.35.0, which emulates Azure",
    ),
    Provider(
        name="google_storage",
        keys="HMAC key id (GOOG…) and secret, or a service account and its key file",
        key_file="GOOGLE_APPLICATION_CREDENTIALS",
        other_secrets=("GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"),
        api="google",
        advice="gcloud storage buckets add-iam-policy-binding gs://{name} "
        "--member=allUsers --role=roles/storage.objectViewer",
        options=_google,
        digest=_goog_hash,
        absent={"x-goog-if-generation-match": "0"},
        of_connection=("auth_type", "credential_file"),
        takes_no=("region", "host", "port"),
        finish=_set_host,
        settings="`driver_options`: `project`",
        proven="emulated: HMAC keys on a stand-in for its XML API (its signatures, headers and conditions, in front "
        "of a mocked S3); Google itself and service accounts are not; or `minio` with `host` `storage.googleapis.com`, "
        "`region` `auto` and an HMAC key",
    ),
    Provider(
        name="backblaze_b2",
        keys="application key id and application key",
        credentials=Variables(user="B2_APPLICATION_KEY_ID", secret="B2_APPLICATION_KEY"),  # noqa: S106
        advice="b2 bucket update {name} allPublic",
        container_needed=True,
        proven="unproven; rather `minio` with `host` `s3.us-west-004.backblazeb2.com`, `region` `us-west-004`",
    ),
    replace(
        _S3_API,
        name="digitalocean_spaces",
        other_secrets=("SPACES_SECRET_ACCESS_KEY",),
        settings="`region`",
        proven="unproven; or `minio` with `host` `nyc3.digitaloceanspaces.com`, `region` `nyc3`",
    ),
    replace(_S3_API, name="ovh", settings="`region`", proven="unproven"),
    replace(_S3_API, name="scaleway", other_secrets=("SCW_SECRET_KEY",), settings="`region`", proven="unproven"),
    Provider(
        name="aliyun_oss",
        keys="access key id and secret",
        other_secrets=("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    ),
    replace(_S3_API, name="s3_rgw_outscale", options=_rgw, settings="`region`", proven="unproven"),
)
PROVIDERS = {record.name: record for record in _RECORDS}


def provider_rows() -> list[tuple[str, str, str]]:
    """Return the cells of the README's table of providers: the settings of each, and what it is proven on."""
    return [(f"`{record.name}`", record.settings, record.proven) for record in PROVIDERS.values()]


def credential_rows() -> list[tuple[str, str, str]]:
    """Return the cells of the README's table of credentials: what each provider wants, and the variables it reads."""
    rows = []
    names: dict[tuple[str, tuple[str, ...]], str] = {}
    for record in PROVIDERS.values():
        if record.keys:
            first = names.setdefault((record.keys, record.read), record.name)
            variables = ", ".join(f"`{name}`" for name in record.read)
            same = first != record.name
            rows.append((f"`{record.name}`", f"as `{first}`" if same else record.keys, "" if same else variables))
    return rows
