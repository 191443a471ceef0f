"""The doctor finds what is off, and nothing where all is well; containers that `upload` creates are public."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import programs
import providers
import pytest
import requests
import servers
import wheels
from fronts import refusing
from projects import inv, make_project, s3_env
from providers import FLAVOURS

from wheelhouse_tasks.commands import doctor as command
from wheelhouse_tasks.commands.doctor import DoctorResult, NotWell
from wheelhouse_tasks.commands.upload import upload
from wheelhouse_tasks.diagnosis import findings
from wheelhouse_tasks.settings.resolve import Settings, resolve
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.ui import Silent

DEV = "2.0.dev20260131120000"


class Listener(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def note(self, text: str) -> None:
        """Keep a note."""
        self.notes.append(text)

    def warn(self, text: str) -> None:
        """Keep a warning, unless it is that the project has built two versions."""
        if not text.startswith("of older versions: "):
            self.warnings.append(text)


def settle(project: Path, env: Mapping[str, str]) -> Settings:
    """Return the settings of a project in an environment."""
    return resolve({}, {**os.environ, **env}, {}, project)


def project_with_wheel(folder: Path) -> Path:
    """Make a project with a wheel for another platform, and one of a development version."""
    project = make_project(folder)
    wheels.make_wheel(project / "dist", "demo", "1.0", "cp312-cp312-win_amd64")
    wheels.make_wheel(project / "dist", "demo", DEV)
    return project


def examine(project: Path, env: Mapping[str, str], **options: Any) -> DoctorResult:
    """Return what the doctor finds, well or not."""
    try:
        return command.doctor(settle(project, env), **options)
    except NotWell as error:
        return cast("DoctorResult", error.result)


def states(result: DoctorResult) -> dict[str, str]:
    """Return the state of each check."""
    return {finding.check: finding.state for finding in result.findings}


def off(result: DoctorResult) -> dict[str, str]:
    """Return what is off, in one text each."""
    findings = [finding for finding in result.findings if finding.state == "off"]
    assert all(finding.remedy for finding in findings), findings
    return {finding.check: f"{finding.found} | {finding.remedy}" for finding in findings}


def environment(place: str, bucket: str, request: pytest.FixtureRequest) -> tuple[dict[str, str], str]:
    """Return the environment of a container, yet to be created, and the address below which it will be readable."""
    if place == "local":
        web: servers.Nginx = request.getfixturevalue("web")
        url = f"{web.url}/{bucket}/"
        return {"WHEELHOUSE_CONTAINER": str(web.root / bucket), "WHEELHOUSE_PUBLIC_URL": url}, url
    if place == "azure":
        azure: servers.AzureServer = request.getfixturevalue("azure")
        env = providers.environment(providers.place(FLAVOURS["azure-azurite"], azure, bucket))
        return env | {"WHEELHOUSE_SLASH_PAGES": "yes"}, f"{azure.url}/{bucket}/"
    if place == "swift":
        swift: servers.SwiftServer = request.getfixturevalue("swift")
        account = swift.key.partition(":")[0]
        env = providers.environment(providers.place(FLAVOURS["swift-swift"], swift, bucket))
        return env, f"{swift.url}/v1/AUTH_{account}/{bucket}/"
    if place == "ceph":
        ceph: servers.S3Server = request.getfixturevalue("ceph")
        more = {"WHEELHOUSE_SLASH_PAGES": "yes", "WHEELHOUSE_PREFIX": "some/where"}
        return s3_env(ceph, bucket, **more), f"{ceph.url}/{bucket}/some/where/"
    s3: servers.SeaweedFS = request.getfixturevalue("s3")
    front: servers.Nginx = request.getfixturevalue("s3_web")
    url = f"{front.url}/s3/{bucket}/"
    return s3_env(s3, bucket, WHEELHOUSE_PUBLIC_URL=url.rstrip("/")), url


@pytest.mark.parametrize("place", ["local", "s3", "azure", "ceph", "swift"])
def test_all_is_well(place: str, bucket_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Of a container that upload created everything is checked and well, and the probes are gone."""
    env, url = environment(place, bucket_name, request)
    project = project_with_wheel(tmp_path / "project")
    said = Listener()
    assert upload(settle(project, env), said).url == url
    assert said.warnings == []
    assert requests.get(f"{url}index.html", timeout=programs.STUCK).headers["Content-Type"].startswith("text/html")
    result = examine(project, env)
    assert off(result) == {}
    assert result.url == url
    assert set(states(result).values()) == {"ok"}
    assert {"pip, index.html", "pip, simple/", "uv, index.html", "uv, simple/"} <= states(result).keys()
    left = [entry.name for entry in open_store(settle(project, env).container).list(".wheelhouse/")]
    kept = [".wheelhouse/address.json"]  # upload asked the address
    assert left == (kept if place == "local" else [*kept, ".wheelhouse/conditions.json"])


@pytest.mark.parametrize("place", ["ceph", "azure"])
def test_created_container_is_private_if_asked(
    place: str, bucket_name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Without enable_cdn nobody else reads the container; the doctor minds only where a public_url is promised."""
    env, url = environment(place, bucket_name, request)
    env["WHEELHOUSE_ENABLE_CDN"] = "no"
    project = project_with_wheel(tmp_path / "project")
    assert upload(settle(project, env)).url is None
    assert requests.get(f"{url}index.html", timeout=programs.STUCK).status_code in {403, 404}
    assert off(examine(project, env)) == {}
    for more in ({"WHEELHOUSE_PUBLIC_URL": url}, {"WHEELHOUSE_ENABLE_CDN": "yes"}):
        found = off(examine(project, env | {"WHEELHOUSE_PREFIX": ""} | more))
        assert set(found) == {"public URL"}


def test_created_container_costs_one_request_more(ceph: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Access is opened once, by the upload that creates the container, and never again."""
    project = project_with_wheel(tmp_path / "project")
    with servers.or_skip(servers.counting(ceph.port)) as proxy:
        env = s3_env(ceph, bucket_name, WHEELHOUSE_PORT=str(proxy.port))
        with proxy.requests() as first:
            upload(settle(project, env))
        wheels.make_wheel(project / "dist", "demo", "3.0")
        with proxy.requests() as second:
            upload(settle(project, env))
    assert [line for line in first + second if "policy" in line] == [f"PUT /{bucket_name}?policy= 204"]


def test_flag_and_message(ceph: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """The address is told when it is opened, and --no-enable-cdn opens nothing."""
    project = project_with_wheel(tmp_path / "project")
    done = inv(project, "wheelhouse.upload", "--no-enable-cdn", env=s3_env(ceph, bucket_name))
    assert (done.returncode, "everybody" in done.stdout) == (0, False)
    done = inv(project, "wheelhouse.upload", env=s3_env(ceph, f"{bucket_name}-open"))
    assert f"everybody can read it: {ceph.url}/{bucket_name}-open/\n" in done.stdout
    assert f"pip install --find-links {ceph.url}/{bucket_name}-open/index.html" in done.stdout


def test_refusal_does_not_fail_the_upload(ceph: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Where access is not opened, the upload is done all the same, and one line says why and what to do."""
    project = project_with_wheel(tmp_path / "project")
    said = Listener()
    with refusing(ceph.port, "policy", 403) as port:
        result = upload(settle(project, s3_env(ceph, bucket_name, WHEELHOUSE_PORT=str(port))), said)
    assert (len(result.uploaded), result.url) == (2, None)
    (warning,) = said.warnings
    assert f"s3://{bucket_name}: not made readable for everybody: 403 (allow s3:GetObject to everybody" in warning
    assert requests.get(f"{ceph.url}/{bucket_name}/index.html", timeout=programs.STUCK).status_code == 403


def test_answer_that_may_change_is_asked_for_again(ceph: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A server that is busy for a moment is asked again."""
    project = project_with_wheel(tmp_path / "project")
    said = Listener()
    with refusing(ceph.port, "policy", 503) as port:
        upload(settle(project, s3_env(ceph, bucket_name, WHEELHOUSE_PORT=str(port))), said)
    assert said.warnings == []
    assert requests.get(f"{ceph.url}/{bucket_name}/index.html", timeout=programs.STUCK).status_code == 200


def test_prefix_that_stands_for_others(ceph: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A prefix that a bucket's policy would take for a pattern opens nothing."""
    said = Listener()
    env = s3_env(ceph, bucket_name, WHEELHOUSE_PREFIX="some*where")
    upload(settle(project_with_wheel(tmp_path / "project"), env), said)
    assert len(said.warnings) == 1
    assert requests.get(f"{ceph.url}/{bucket_name}/some*where/index.html", timeout=programs.STUCK).status_code == 403


def test_wrong_secret(s3: servers.SeaweedFS, bucket_name: str, tmp_path: Path) -> None:
    """Credentials that are refused are named by their variables, and end what needs them; exit 1, and no secret."""
    project = project_with_wheel(tmp_path / "project")
    upload(settle(project, s3_env(s3, bucket_name)))
    env = s3_env(s3, bucket_name, WHEELHOUSE_SECRET="not-the-secret-at-all")
    done = inv(project, "wheelhouse.doctor", "--json", env=env)
    assert done.returncode == 1
    said = json.loads(done.stdout)
    found = {each["check"]: each for each in said["findings"]}
    assert "WHEELHOUSE_SECRET" in found["credentials"]["found"]
    assert {check: each["state"] for check, each in found.items()} == {
        **dict.fromkeys(findings.CHECKS, "not checked"),
        "development builds": "not checked",
        "credentials": "off",
    }
    assert "off: credentials" in said["error"]
    assert "not-the-secret-at-all" not in done.stdout + done.stderr


def before_the_first_upload() -> dict[str, str]:
    """Return the state of each check where there is no container yet."""
    return {**dict.fromkeys((*findings.CHECKS, "development builds"), "not checked"), "credentials": "ok"}


@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["run", "dry run"])
def test_doctor_before_the_first_upload_is_no_failure(words: tuple[str, ...], tmp_path: Path) -> None:
    """Where no container is yet, that is said, with what creates it; exit 0, and nothing is made."""
    project = project_with_wheel(tmp_path / "project")
    before = sorted(project.rglob("*"))
    done = inv(project, "wheelhouse.doctor", "--json", *words)
    assert done.returncode == 0, done.stderr
    assert {each["check"]: each["state"] for each in json.loads(done.stdout)["findings"]} == before_the_first_upload()
    assert f"{project / 'wheelhouse'} is not there yet: upload creates it" in done.stderr
    assert sorted(path for path in project.rglob("*") if "__pycache__" not in path.parts) == before
    assert inv(project, "wheelhouse.upload").returncode == 0
    assert "not there yet" not in inv(project, "wheelhouse.doctor", "--dry-run").stdout


@pytest.mark.parametrize("kind", ["secret", "container", "server", "nothing"])
def test_azure_is_off(kind: str, azure: servers.AzureServer, bucket_name: str, tmp_path: Path) -> None:
    """A wrong key, a missing container, a server that is down and missing credentials are told from each other."""
    project = project_with_wheel(tmp_path / "project")
    change, check = {
        "secret": ({"WHEELHOUSE_SECRET": "d3Jvbmc="}, "credentials"),
        "container": ({}, ""),
        "server": ({"WHEELHOUSE_PORT": str(servers.closed_port()), "WHEELHOUSE_RETRIES": "0"}, "container"),
        "nothing": ({"WHEELHOUSE_SECRET": ""}, "credentials"),
    }[kind]
    env = providers.environment(providers.place(FLAVOURS["azure-azurite"], azure, bucket_name))
    result = examine(project, env | change)
    assert set(off(result)) == {check} - {""}
    assert states(result)["public URL"] == "not checked"


def test_missing_bucket_and_dead_server(s3: servers.SeaweedFS, bucket_name: str, tmp_path: Path) -> None:
    """A bucket that is not there yet is no failure, a server that does not answer is one."""
    project = project_with_wheel(tmp_path / "project")
    result = examine(project, s3_env(s3, bucket_name))
    assert off(result) == {}
    assert states(result) == before_the_first_upload()
    dead = s3_env(s3, bucket_name, WHEELHOUSE_PORT=str(servers.closed_port()), WHEELHOUSE_RETRIES="0")
    assert "cannot be reached" in off(examine(project, dead))["container"]


def test_reader_may_not_write(s3: servers.SeaweedFS, bucket_name: str, tmp_path: Path) -> None:
    """A key that may only read is found by the object that cannot be written."""
    project = project_with_wheel(tmp_path / "project")
    upload(settle(project, s3_env(s3, bucket_name)))
    env = s3_env(s3, bucket_name, WHEELHOUSE_USERNAME=s3.read_key, WHEELHOUSE_SECRET=s3.read_secret)
    assert set(off(examine(project, env))) == {"objects"}


def test_public_url_of_another_container(web: servers.Nginx, bucket_name: str, tmp_path: Path) -> None:
    """An address that shows another container does not show what was just written."""
    project = project_with_wheel(tmp_path / "project")
    ours, other = web.root / bucket_name, web.root / f"{bucket_name}-other"
    for container in (ours, other):
        upload(settle(project, {"WHEELHOUSE_CONTAINER": str(container)}))
    url = f"{web.url}/{other.name}/"
    result = examine(project, {"WHEELHOUSE_CONTAINER": str(ours), "WHEELHOUSE_PUBLIC_URL": url})
    assert set(off(result)) == {"public URL"}
    assert {states(result)[check] for check in ("pages", "JSON pages", "pip, index.html")} == {"not checked"}


def test_plain_web_server(tmp_path: Path) -> None:
    """A server of plain files gives JSON pages the wrong type, and no page a lifetime; installs work."""
    project = project_with_wheel(tmp_path / "project")
    with servers.static(tmp_path / "container") as site:
        env = {"WHEELHOUSE_CONTAINER": str(site.root), "WHEELHOUSE_PUBLIC_URL": site.url}
        upload(settle(project, env))
        found = off(examine(project, env))
    assert set(found) == {"pages", "JSON pages"}
    assert found["pages"].startswith("Cache-Control is 'missing'")
    assert "Content-Type is 'text/html', expected 'application/vnd.pypi.simple.v1+json'" in found["JSON pages"]


def test_slash_pages_are_lost(s3: servers.SeaweedFS, bucket_name: str, tmp_path: Path) -> None:
    """SeaweedFS keeps no name that ends in a slash: that is off where it was asked for, else advice."""
    project = project_with_wheel(tmp_path / "project")
    env = s3_env(s3, bucket_name)
    upload(settle(project, env))
    result = examine(project, env)
    assert off(result) == {}
    assert "simple/" not in " ".join(states(result))
    assert "web server" in {finding.check: finding.remedy for finding in result.findings}["folder pages"]
    assert set(off(examine(project, env | {"WHEELHOUSE_SLASH_PAGES": "yes"}))) == {"folder pages"}


def test_slash_pages_are_advised(ceph: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Where they would do, slash_pages are advised; the address that is open is told for public_url."""
    project = project_with_wheel(tmp_path / "project")
    env = s3_env(ceph, bucket_name, WHEELHOUSE_PREFIX="nightly builds")
    upload(settle(project, env))
    remedies = {finding.check: finding.remedy for finding in examine(project, env).findings}
    assert "set slash_pages to yes" in remedies["folder pages"]
    assert f"set public_url to {ceph.url}/{bucket_name}/, and" in remedies["public URL"]


def test_clock_and_age(tmp_path: Path) -> None:
    """A clock that is ahead by 40 days is off, and so is a development build that is as old."""
    project = project_with_wheel(tmp_path / "project")
    upload(settle(project, {}))
    later = datetime.now(UTC).timestamp() + 40 * 24 * 3600
    found = off(examine(project, {}, now=lambda: later))
    assert set(found) == {"clock", "development builds"}
    assert "ahead of the provider" in found["clock"]
    assert "40 days old" in found["development builds"]


def test_nothing_is_written_by_a_dry_run(tmp_path: Path) -> None:
    """A dry run looks, and leaves no trace."""
    project = project_with_wheel(tmp_path / "project")
    upload(settle(project, {}))
    before = sorted(project.rglob("*"))
    result = examine(project, {}, dry_run=True)
    assert sorted(project.rglob("*")) == before
    assert (states(result)["container"], states(result)["objects"]) == ("ok", "not checked")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Passwords in addresses and in driver options are hidden from the table and the result."""
    project = project_with_wheel(tmp_path / "project")
    (project / "invoke.yaml").write_text("wheelhouse:\n  driver_options:\n    ex_key: hidden-option\n")
    with servers.static(tmp_path / "container") as site:
        url = site.url.replace("//", "//me:hidden-password@") + "/"
        env = {"WHEELHOUSE_CONTAINER": str(site.root), "WHEELHOUSE_PUBLIC_URL": url}
        assert inv(project, "wheelhouse.upload", env=env).returncode == 0
        outputs = [inv(project, "wheelhouse.doctor", *words, env=env) for words in ([], ["--json"])]
    for done in outputs:
        assert done.returncode == 1
        assert "ex_key" in done.stdout
        assert not any(secret in done.stdout + done.stderr for secret in ("hidden-password", "hidden-option"))
