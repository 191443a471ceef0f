"""A release: complete or refused, as planned or refused, and left on record."""

import hashlib
import json
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import servers
import wheels
from folders import digests
from outcomes import failed
from projects import index_env, inv, make_project, uploaded
from scripted import scripted

RELEASE = ("wheelhouse.release", "--version", "1.0")
LINUX, MAC, WINDOWS = (
    "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp312-cp312-macosx_11_0_arm64",
    "cp312-cp312-win_amd64",
)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of a project that no other test releases."""
    return "demo-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]


def project_with(folder: Path, name: str, version: str, *tags: str) -> Path:
    """Return a project that has built wheels for some tags, and an sdist."""
    project = folder / "project"
    if not project.exists():
        make_project(project, name=name)
    for tag in tags:
        wheels.make_wheel(project / "dist", name, version, tag)
    wheels.make_sdist(project / "dist", name, version)
    return project


def release(project: Path, index: servers.PackageIndex, *words: str) -> CompletedProcess[str]:
    """Release what is in dist/."""
    return inv(project, "wheelhouse.release", "--no-fetch", *words, env=index_env(index))


def shown(project: Path, index: servers.PackageIndex, name: str) -> set[str]:
    """Return the files that the index shows."""
    words = ("--project", name, "--index", index.simple_url, "--force")
    done = inv(project, "wheelhouse.fetch", *words, "--dry-run", "--json")
    said = json.loads(done.stdout)
    return {*said["downloaded"], *said["present"]} if done.returncode == 0 else set()


def test_expected_files(pypi: servers.PackageIndex, name: str, tmp_path: Path) -> None:
    """A release that lacks what is expected is refused with a matrix of what is there, and nothing is uploaded."""
    project = project_with(tmp_path, name, "1.0", LINUX, WINDOWS)
    words = (
        "--version",
        "1.0",
        "--expect",
        "cp312-*-win_amd64",
        "--expect",
        "cp312-*-macosx*arm64",
        "--expect",
        "sdist",
    )
    done = release(project, pypi, *words)
    failed(done, 1, "this release: lacks cp312-*-macosx*arm64")
    assert "manylinux_2_17_x86_64" in done.stdout
    assert shown(project, pypi, name) == set()
    wheels.make_wheel(project / "dist", name, "1.0", MAC)
    assert release(project, pypi, *words).returncode == 0
    assert len(shown(project, pypi, name)) == 4


def test_like_an_earlier_version(pypi: servers.PackageIndex, name: str, tmp_path: Path) -> None:
    """Every tag of an earlier version on the index must be covered; the first release has none to be like."""
    project = project_with(tmp_path, name, "1.0", LINUX, WINDOWS)
    assert release(project, pypi, "--version", "1.0", "--like", "previous").returncode == 0
    project_with(tmp_path, name, "1.1", LINUX, MAC)
    for like in ("previous", "1.0"):
        done = release(project, pypi, "--version", "1.1", "--like", like)
        failed(done, 1, f"this release: lacks {WINDOWS}")
        assert "MISSING" in done.stdout
    failed(
        release(project, pypi, "--version", "1.1", "--like", "0.7"),
        1,
        "--like wants a version that the package index shows (versions there: ",
    )
    wheels.make_wheel(project / "dist", name, "1.1", "py3-none-any")
    assert release(project, pypi, "--version", "1.1", "--like", "previous").returncode == 0


def test_plan_is_written_and_kept(pypi: servers.PackageIndex, name: str, tmp_path: Path) -> None:
    """A plan is written without an upload; later exactly that is uploaded, or nothing."""
    project = project_with(tmp_path, name, "1.0", LINUX)
    done = release(project, pypi, "--version", "1.0", "--plan", "plan.json")
    assert done.returncode == 0, done.stderr
    plan = json.loads((project / "plan.json").read_text())
    assert [row["action"] for row in plan["files"]] == ["upload", "upload"]
    assert shown(project, pypi, name) == set()
    extra = wheels.make_wheel(project / "dist", name, "1.0", WINDOWS)
    failed(release(project, pypi, "--plan", "plan.json"), 1, f"{extra.name} was not planned; nothing was uploaded")
    extra.unlink()
    sdist = wheels.make_sdist(project / "dist", name, "1.0", payload=b"other")
    failed(release(project, pypi, "--plan", "plan.json"), 1, f"{sdist.name} has other bytes; nothing was uploaded")
    sdist.unlink()
    failed(release(project, pypi, "--plan", "plan.json"), 1, f"{sdist.name} is not there; nothing was uploaded")
    wheels.make_sdist(project / "dist", name, "1.0")
    failed(release(project, pypi, "--plan", "gone.json"), 2, "gone.json: cannot be read as a plan")
    assert shown(project, pypi, name) == set()
    for uploads in (2, 0):  # and once more, with nothing to do
        done = release(project, pypi, "--plan", "plan.json", "--json")
        assert (done.returncode, len(json.loads(done.stdout)["uploaded"])) == (0, uploads), done.stderr
    assert shown(project, pypi, name) == {row["file"] for row in plan["files"]}


def test_conflict_is_in_the_plan(pypi: servers.PackageIndex, name: str, tmp_path: Path) -> None:
    """The plan shows which file is there with other bytes, and nothing else is uploaded."""
    project = project_with(tmp_path, name, "1.0")
    assert release(project, pypi, "--version", "1.0").returncode == 0
    wheels.make_sdist(project / "dist", name, "1.0", payload=b"other")
    wheels.make_wheel(project / "dist", name, "1.0")
    done = release(project, pypi, "--version", "1.0", "--dry-run")
    failed(done, 1, "nothing was uploaded (take it out of dist/")
    rows = [line.split() for line in done.stdout.splitlines()]
    named = [row for row in rows if any(word.endswith((".whl", ".gz")) for word in row)]
    assert [row[0] for row in named] == ["upload", "conflict"]
    assert " ".join(named[1]).partition(".tar.gz ")[2].startswith("is on http")
    assert len(shown(project, pypi, name)) == 1


def test_digests_are_left_beside(pypi: servers.PackageIndex, name: str, tmp_path: Path) -> None:
    """The digests lie beside dist/, never in it, and `sha256sum` agrees with them."""
    project = project_with(tmp_path, name, "1.0", LINUX)
    done = release(project, pypi, "--version", "1.0", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sums"] == str(project / "SHA256SUMS")
    assert len(list((project / "dist").iterdir())) == 2
    checked = programs.run("sha256sum", "--check", "--strict", "../SHA256SUMS", cwd=project / "dist")
    assert (checked.returncode, checked.stdout.count(": OK")) == (0, 2)


def test_attestations_stay_where_nobody_takes_them(pypi: servers.PackageIndex, name: str, tmp_path: Path) -> None:
    """An index that is not PyPI gets the files without their attestations, which is said."""
    project = project_with(tmp_path, name, "1.0")
    wheels.attest(project / "dist" / f"{name.replace('-', '_')}-1.0.tar.gz")
    done = release(project, pypi, "--version", "1.0")
    assert done.returncode == 0, done.stderr
    assert "takes no attestations: those of 1 file stay here" in done.stdout


def test_release_that_somebody_may_find_odd(pypi: servers.PackageIndex, name: str, tmp_path: Path) -> None:
    """A release without an sdist, or with several wheels for the same tags, is made, and both are told."""
    project = make_project(tmp_path / "project", name=name)
    wheels.make_wheel(project / "dist", name, "1.0", WINDOWS)
    wheels.make_wheel(project / "dist", name, "1.0", WINDOWS, build="3")
    words = ("--version", "1.0", "--strict")
    done = release(project, pypi, *words, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert f"{name} 1.0: there is no sdist" in done.stdout
    assert (
        f"{name} 1.0: {WINDOWS} has 2 wheels, with the build tags 3, none: installers take the highest" in done.stdout
    )
    said = json.loads(release(project, pypi, *words, "--json").stdout)
    assert (len(said["remarks"]), len(said["uploaded"]), said["warnings"]) == (2, 2, [])
    wheels.make_sdist(project / "dist", name, "1.0")
    (project / "dist" / f"{name.replace('-', '_')}-1.0-3-{WINDOWS}.whl").unlink()
    assert json.loads(release(project, pypi, *words, "--json").stdout)["remarks"] == []


def test_unmet_pattern_has_a_row(pypi: servers.PackageIndex, name: str, tmp_path: Path) -> None:
    """The matrix of a release that is refused shows the pattern that no file fits."""
    project = project_with(tmp_path, name, "1.0", LINUX)
    done = release(project, pypi, "--version", "1.0", "--expect", "cp312-*-macosx*arm64", "--expect", "pp3*")
    failed(done, 1, "this release: lacks cp312-*-macosx*arm64, pp3*")
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.strip()}
    assert (rows["cp312-*-macosx*arm64"], rows["pp3*"]) == (["MISSING"], ["MISSING"])


@pytest.mark.parametrize("index", ["pypi", "devpi_index"])
def test_release(index: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A release joins the wheelhouse's wheels with a local sdist, uploads, compares, and has nothing to do again."""
    server: servers.PackageIndex = request.getfixturevalue(index)
    name = f"demo-{index.replace('_', '-')}"
    project = make_project(tmp_path / "project", name=name)
    for tag in wheels.MATRIX[:3]:
        wheels.make_wheel(project / "dist", name, "1.0", tag)
    wheels.make_wheel(project / "dist", name, "0.9")
    assert inv(project, "wheelhouse.upload").returncode == 0
    for path in (project / "dist").iterdir():
        path.unlink()
    wheels.make_sdist(project / "dist", name, "1.0")

    words = ("wheelhouse.release", "--version", "1.0", "--json")
    dry = inv(project, *words, "--dry-run", env=index_env(server))
    assert dry.returncode == 0, dry.stderr
    assert len(list((project / "dist").iterdir())) == 1
    done = inv(project, *words, env=index_env(server))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert json.loads(dry.stdout) == {**result, "sums": None, "dry_run": True}
    assert [file.endswith(".whl") for file in result["uploaded"]] == [True, True, True, False]
    again = json.loads(inv(project, *words, env=index_env(server)).stdout)
    assert (again["uploaded"], again["present"]) == ([], result["uploaded"])

    target = tmp_path / "target"
    done = programs.uv_install(
        "--no-build",
        "--python-version",
        "3.11",
        "--python-platform",
        "x86_64-manylinux_2_28",
        "--default-index",
        server.simple_url,
        name,
        target=target,
    )
    assert done.returncode == 0, done.stderr
    fetched_back = inv(project, "wheelhouse.fetch", "--index", server.simple_url, "--local-folder", "back")
    assert fetched_back.returncode == 0, fetched_back.stderr
    assert digests(project / "back") == result["sha256"]


def test_release_finds_conflicts_first(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A file that the index shows with other bytes stops the release before anything is uploaded."""
    project = make_project(tmp_path / "project", name="demo-conflict")
    wheels.make_wheel(project / "dist", "demo-conflict", "1.0")
    words = ("wheelhouse.release", "--version", "1.0", "--no-fetch")
    assert inv(project, *words, env=index_env(pypi)).returncode == 0
    wheels.make_wheel(project / "dist", "demo-conflict", "1.0", payload=b"other")
    wheels.make_sdist(project / "dist", "demo-conflict", "1.0")
    done = inv(project, *words, env=index_env(pypi))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "nothing was uploaded" in done.stderr
    assert not (project / "wheelhouse").exists()


def test_release_stops_at_twine_check(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """What `twine check --strict` finds ends a strict release with nothing uploaded."""
    project = make_project(tmp_path / "project", name="demo-strict")
    metadata = "Metadata-Version: 2.1\nName: demo-strict\nVersion: 1.0\n"
    wheels.make_wheel(project / "dist", "demo-strict", "1.0", metadata=metadata)
    done = inv(project, "wheelhouse.release", "--version", "1.0", "--no-fetch", "--strict", env=index_env(pypi))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "twine check --strict" in done.stderr


def test_dry_run_refuses_what_the_release_refuses(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A file in dist/ with other bytes than the wheelhouse's stops the dry run as it stops the release."""
    project = uploaded(tmp_path)
    wheels.make_wheel(project / "dist", payload=b"other")
    for words in ((*RELEASE, "--dry-run"), RELEASE):
        failed(inv(project, *words, env=index_env(pypi)), 1, "with --no-fetch")


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_no_fetched_file_is_left_out(kind: str, pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A name in dist/ that is a link to elsewhere, or a folder, stops the release instead of dropping the file."""
    project = uploaded(tmp_path)
    published = next((project / "wheelhouse/files/demo").glob("*.whl"))
    place = project / "dist" / published.name
    if kind == "link":
        place.symlink_to(published)
    else:
        place.mkdir()
    failed(inv(project, *RELEASE, env=index_env(pypi)), 1, "remove it")


def test_release_tells_what_it_leaves_out(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A wheel in dist/ whose name is wrong is named in a warning."""
    project = make_project(tmp_path / "project", name="demo-leftout")
    wheels.make_wheel(project / "dist", "demo-leftout")
    (project / "dist" / "demo_leftout-1.0-cp311-win_amd64.whl").write_text("x")
    done = inv(project, *RELEASE, "--no-fetch", "--dry-run", env=index_env(pypi))
    assert (done.returncode, "left out demo_leftout-1.0-cp311-win_amd64.whl" in done.stdout) == (0, True)


def test_modules_of_the_project_do_not_shadow_twine(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A twine.py in the project is not what checks and uploads."""
    project = make_project(tmp_path / "project", name="demo-shadow")
    wheels.make_wheel(project / "dist", "demo-shadow")
    (project / "twine.py").write_text("print('I am twine')\n")
    (project / "id.py").write_text("raise SystemExit('shadowed')\n")
    done = inv(project, *RELEASE, "--no-fetch", env=index_env(pypi))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda dist: [wheels.make_sdist(dist, "demo", version) for version in ("1.0", "1.0.0")], "two sdists"),
        (lambda dist: [wheels.make_wheel(dist, "demo", version) for version in ("1.0", "1.0.0")], "two wheels"),
    ],
)
def test_two_of_a_kind_are_refused(make: object, said: str, pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """`1.0` and `1.0.0` are one version: two sdists, or two wheels for the same tags, stop a strict release."""
    project = make_project(tmp_path / "project")
    make(project / "dist")  # type: ignore[operator]
    failed(inv(project, *RELEASE, "--no-fetch", "--strict", env=index_env(pypi)), 1, said)


def test_local_version_is_refused_for_pypi(tmp_path: Path) -> None:
    """PyPI takes no local versions: that is said before anything is sent."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", version="1.0+cu118")
    with scripted() as server:
        server.page("/demo/", "")
        words = ("wheelhouse.release", "--version", "1.0+cu118", "--no-fetch", "--check-url", server.url)
        failed(inv(project, *words, "--repository", "pypi"), 1, "PyPI takes no local version")
