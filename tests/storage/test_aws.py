"""The regions of AWS: every one of them, whatever libcloud knows, and the variables of AWS's own tools."""

import json
from pathlib import Path

import pytest
import requests
import servers
import wheels
from programs import STUCK
from projects import inv, make_project

from wheelhouse_tasks.settings.locations import Container, Credentials
from wheelhouse_tasks.settings.providers import partition_of
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.storage.driver import Worker

KEYS = {"WHEELHOUSE_PROVIDER": "s3", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.mark.parametrize(
    ("region", "host"),
    [
        (None, "s3.amazonaws.com"),
        ("us-east-1", "s3.amazonaws.com"),
        ("eu-west-2", "s3.eu-west-2.amazonaws.com"),
        ("il-central-1", "s3.il-central-1.amazonaws.com"),
        ("mx-central-1", "s3.mx-central-1.amazonaws.com"),
        ("us-gov-east-1", "s3.us-gov-east-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "s3.eusc-de-east-1.amazonaws.eu"),
        ("us-isob-east-1", "s3.us-isob-east-1.sc2s.sgov.gov"),
    ],
)
def test_host_of_a_region(region: str | None, host: str) -> None:
    """Each region has its own host, signature and location, also one that libcloud does not know."""
    driver = Worker(Container("s3", "wheels", region=region, credentials=Credentials("key", "secret"))).driver
    assert driver.connection.host == host
    assert driver.region_name == (region or "us-east-1")
    assert driver.ex_location_name == ("" if region in (None, "us-east-1") else region)


def test_regions_of_every_partition_have_the_hosts_of_awss_own_library() -> None:
    """botocore, which the tests have from moto, names the same host for each region that it knows."""
    session = pytest.importorskip("botocore.session").get_session()
    regions = [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("s3", partition)
    ]
    assert len(regions) > 30
    for region in regions:
        client = session.create_client(
            "s3", region_name=region, aws_access_key_id="key", aws_secret_access_key="secret"
        )
        driver = Worker(Container("s3", "wheels", region=region, credentials=Credentials("key", "secret"))).driver
        assert f"https://{driver.connection.host}" == client.meta.endpoint_url


@pytest.mark.parametrize(
    ("region", "host", "name"),
    [
        (None, None, "aws"),
        ("eu-west-2", None, "aws"),
        ("cn-northwest-1", None, "aws-cn"),
        ("us-gov-west-1", None, "aws-us-gov"),
        ("us-gov-west-1", "ceph.example.org", "aws"),
    ],
)
def test_partition_in_the_policy_of_a_container(region: str | None, host: str | None, name: str) -> None:
    """A policy names resources of its own partition, and is refused otherwise."""
    assert partition_of(Container("s3", "wheels", region=region, host=host))[0] == name


@pytest.mark.parametrize("region", ["il-central-1", "eu-west-1", "us-east-1"])
@pytest.mark.parametrize("variable", ["WHEELHOUSE_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"])
def test_upload_creates_a_container_in_its_region(
    region: str, variable: str, moto: servers.S3Server, bucket_name: str, tmp_path: Path
) -> None:
    """AWS refuses a bucket whose location is not that of the host; a region of libcloud's list had none so far."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    at_moto = {"http_proxy": moto.url, "NO_PROXY": "", "WHEELHOUSE_SECURE": "no", "WHEELHOUSE_CONTAINER": bucket_name}
    done = inv(project, "wheelhouse.upload", "--json", env={**KEYS, **at_moto, variable: region})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["uploaded"]
    located = requests.get(f"{moto.url}/{bucket_name}?location", timeout=STUCK).text
    assert (region in located) == (region != "us-east-1")


def test_setting_beats_the_variables_of_aws(moto: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Order: the setting, AWS_REGION, AWS_DEFAULT_REGION."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    at_moto = {"http_proxy": moto.url, "NO_PROXY": "", "WHEELHOUSE_SECURE": "no", "WHEELHOUSE_CONTAINER": bucket_name}
    regions = {"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}
    done = inv(project, "wheelhouse.upload", "--region", "ap-south-2", env={**KEYS, **at_moto, **regions})
    assert done.returncode == 0, done.stderr
    assert "ap-south-2" in requests.get(f"{moto.url}/{bucket_name}?location", timeout=STUCK).text
    other = {"WHEELHOUSE_CONTAINER": f"{bucket_name}-2"}
    assert inv(project, "wheelhouse.upload", env={**KEYS, **at_moto, **regions, **other}).returncode == 0
    assert "eu-west-2" in requests.get(f"{moto.url}/{bucket_name}-2?location", timeout=STUCK).text


@pytest.mark.parametrize("region", ["eu-west-2\n", " eu-west-2 "])
def test_blanks_around_a_region_of_a_variable_say_nothing(region: str, tmp_path: Path) -> None:
    """A line break that was pasted along is no part of a region, as of a key; of a blank variable nothing is taken."""
    for more in ({}, {"AWS_REGION": " "}):
        environ = {**KEYS, "WHEELHOUSE_CONTAINER": "b", "AWS_DEFAULT_REGION": region, **more}
        assert resolve({}, environ, {}, tmp_path).container.region == "eu-west-2"
