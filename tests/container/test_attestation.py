"""Attestations (PEP 740) go with their artifacts: from dist/ to the container, and back to dist/."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import servers
import wheels
from outcomes import failed
from projects import inv, make_project

from wheelhouse_tasks.artifacts import attestation


def fetch_from(tmp_path: Path, where: str) -> Path:
    """Fetch demo into another project; return its dist/."""
    project = tmp_path / "other"
    if not project.exists():
        make_project(project)
    done = inv(project, "wheelhouse.fetch", "--index", where)
    assert done.returncode == 0, done.stderr
    return project / "dist"


@pytest.mark.parametrize("page", ["", "simple/demo/", "json", "storage", "folder"])
def test_attestation_travels(page: str, tmp_path: Path) -> None:
    """What the build attested comes along, whether a page is read or the container itself."""
    project = make_project(tmp_path / "project")
    attested = wheels.attest(wheels.make_wheel(project / "dist"))
    wheels.make_sdist(project / "dist")
    done = inv(project, "wheelhouse.upload")
    assert (done.returncode, "skipped demo" in done.stdout) == (0, False)
    assert inv(project, "wheelhouse.check").returncode == 0
    if page == "storage":
        got = fetch_from(tmp_path, str(project / "wheelhouse"))
    elif page == "folder":
        got = fetch_from(tmp_path, str(project / "dist"))
    elif page == "json":
        got = fetch_from(tmp_path, str(project / "wheelhouse/simple-json/demo"))
    else:
        with servers.static(project / "wheelhouse") as site:
            got = fetch_from(tmp_path, f"{site.url}/{page}")
            assert sum(".publish.attestation" in line for line in site.requests) == 1
    assert (got / attested.name).read_bytes() == attested.read_bytes()
    assert [path.name for path in got.glob("*.publish.attestation")] == [attested.name]


def test_attestation_comes_later(tmp_path: Path) -> None:
    """One that is made after its wheel was uploaded is uploaded and fetched by the next runs; a rerun does nothing."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist")
    assert inv(project, "wheelhouse.upload").returncode == 0
    wheelhouse = str(project / "wheelhouse")
    got = fetch_from(tmp_path, wheelhouse)
    attested = wheels.attest(wheel)
    done = inv(project, "wheelhouse.upload", "--json")
    assert len(json.loads(done.stdout)["pages"]) == 3, done.stderr
    assert json.loads(inv(project, "wheelhouse.upload", "--json").stdout)["pages"] == []
    fetch_from(tmp_path, wheelhouse)
    assert (got / attested.name).read_bytes() == attested.read_bytes()


def test_attestation_of_other_bytes(tmp_path: Path) -> None:
    """One that belongs to another build is refused on either way."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist")
    attested = wheels.attest(wheel, "0" * 64)
    failed(inv(project, "wheelhouse.upload"), 1, f"{attested.name}: is of other bytes than those of the artifact")
    assert not (project / "wheelhouse/files").exists()
    wheels.attest(wheel)
    assert inv(project, "wheelhouse.upload").returncode == 0
    (project / "wheelhouse/files/demo" / attested.name).write_text("{}")
    other = make_project(tmp_path / "other")
    done = inv(other, "wheelhouse.fetch", "--index", str(project / "wheelhouse"))
    failed(done, 1, f"{attested.name}: is not an attestation (PEP 740) of one artifact")
    assert not (other / "dist" / attested.name).exists()


def wrap(statement: object) -> str:
    """Return an attestation whose statement is not base64 of anything useful."""
    return json.dumps({"envelope": {"statement": statement}})


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"envelope": null}', wrap(7), wrap("?"), wrap("e30="), wrap("W10="), "[" * 100_000],
)
def test_what_is_none(text: str) -> None:
    """Whatever else lies there is told from an attestation."""
    assert attestation.problem(text.encode(), "0" * 64) == "is not an attestation (PEP 740) of one artifact"


def test_what_is_one(tmp_path: Path) -> None:
    """One of the right bytes is taken."""
    attested: Callable[[str], bytes] = lambda digest: wheels.attest(tmp_path / "a.whl", digest).read_bytes()  # noqa: E731
    assert attestation.problem(attested("0" * 64), "0" * 64) == ""
    assert attestation.problem(attested("1" * 64), "0" * 64) == "is of other bytes than those of the artifact beside it"
