"""Development wheels get versions that installers agree with, and upgrade to."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import wheels
from packaging.version import Version
from projects import inv, make_project
from stamped import WHEN, rewritten

from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.pypi.archive import record_problems
from wheelhouse_tasks.stamps import stamp, stamp_sdist


def test_record_of_windows_is_written_anew(tmp_path: Path) -> None:
    """A wheel whose RECORD has backslashes gets one with slashes, which lists every file, and installs."""
    wheel = wheels.make_wheel(
        tmp_path, "demo", "1.0.dev0", extra_files={"demo-1.0.dev0.data/scripts/tool": b"#!python\n"}
    )
    with zipfile.ZipFile(wheel) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(b"/", b"\\") if name.endswith("RECORD") else content)
    (tmp_path / "stamped").mkdir()
    fresh = stamp.rewrite(wheel, artifact.parse(wheel.name), WHEN, tmp_path / "stamped")
    [read] = dist.read([(fresh, artifact.parse(fresh.name))], 1)
    assert list(record_problems(read.path)) == []
    with zipfile.ZipFile(fresh) as archive:
        text = archive.read("demo-1.0.dev0+20260101000000.dist-info/RECORD").decode()
    assert "\\" not in text
    assert programs.pip_install("--no-index", fresh, target=tmp_path / "target").returncode == 0
    assert (tmp_path / "target/bin/tool").is_file()


@pytest.mark.parametrize("install", [programs.pip_install, programs.uv_install])
def test_stamped_wheel_installs(install: object, tmp_path: Path) -> None:
    """Installers take the stamped wheel, and find its version in its metadata."""
    fresh = rewritten(tmp_path)[1]
    done = install("--no-index", fresh, target=tmp_path / "target")  # type: ignore[operator]
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "target/demo-1.0.dev0+20260101000000.dist-info/METADATA").is_file()


def commit(project: Path, when: int) -> None:
    """Make a commit at a time."""
    date = f"{when} +0000"
    env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "PATH": "/usr/bin:/bin", "HOME": str(project)}
    git = ["git", "-C", str(project), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *words], check=True, env=env)


def test_dev_wheel_is_upgraded(tmp_path: Path) -> None:
    """`pip install -U --pre` takes the wheel of a later commit in place of an earlier one's, from the wheelhouse."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0")
    pip = ("--no-index", "--find-links", str(project / "wheelhouse/index.html"), "--pre", "--upgrade", "demo")
    for when, version in ((WHEN, "1.0.dev0+20260101000000"), (WHEN + 61, "1.0.dev0+20260101000101")):
        commit(project, when)
        done = inv(project, "wheelhouse.upload", "--json")
        assert json.loads(done.stdout)["uploaded"] == [f"demo-{version}-py3-none-any.whl"], done.stderr
        done = programs.pip_install(*pip, target=tmp_path / "target")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"target/demo-{version}.dist-info").is_dir()
    assert [path.name for path in (project / "dist").iterdir()] == ["demo-1.0.dev0-py3-none-any.whl"]


def test_rerun_of_a_commit_keeps_what_is_there(tmp_path: Path) -> None:
    """The same commit built again to other bytes is kept out and reported; a release in that case is an error."""
    project = make_project(tmp_path / "project")
    env = {"SOURCE_DATE_EPOCH": str(WHEN)}
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0")
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0", payload=b"other")
    done = json.loads(inv(project, "wheelhouse.upload", "--json", env=env).stdout)
    name = "demo-1.0.dev0+20260101000000-py3-none-any.whl"
    assert (done["uploaded"], done["kept"], done["pages"]) == ([], [name], [])
    assert inv(project, "wheelhouse.check", "--deep").returncode == 0


def test_stamp_can_be_left_out(tmp_path: Path) -> None:
    """With --no-stamp the version stays as it is; without commit and epoch the newest time in the wheel counts."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0")
    plain = json.loads(inv(project, "wheelhouse.upload", "--no-stamp", "--json").stdout)
    assert plain["uploaded"] == ["demo-1.0.dev0-py3-none-any.whl"]
    stamped = json.loads(inv(project, "wheelhouse.upload", "--json").stdout)
    assert stamped["uploaded"] == ["demo-1.0.dev0+19800101000000-py3-none-any.whl"]


def git(project: Path, *words: str) -> None:
    """Run git in a project."""
    env = {"PATH": os.environ["PATH"], "HOME": str(project), "GIT_CONFIG_NOSYSTEM": "1"}
    for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        env[name] = f"{WHEN} +0000"
    user = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", str(project), *user, *words], check=True, env=env)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a project whose files are committed, with a development wheel."""
    project = make_project(tmp_path / "project")
    git(project, "init", "-q")
    git(project, "add", "tasks.py", "pyproject.toml")
    git(project, "commit", "-q", "-m", "x")
    wheels.make_wheel(project / "dist", "demo", "1.0.dev0")
    return project


@pytest.mark.parametrize("version", ["2.0.0.dev0+git20260115.2c45a56", "2.0.0.dev0+2026.1.15", "2.0.dev20260115"])
def test_version_with_a_date_is_left_alone(version: str, checkout: Path) -> None:
    """A build that says itself when it was built keeps its name, as wheel and as sdist."""
    (checkout / "dist/demo-1.0.dev0-py3-none-any.whl").unlink()
    made = [
        wheels.make_wheel(checkout / "dist", version=version),
        wheels.make_sdist(checkout / "dist", version=version),
    ]
    done = inv(checkout, "wheelhouse.upload", "--json")
    assert sorted(json.loads(done.stdout)["uploaded"]) == sorted(path.name for path in made)
    assert done.stderr.count("stamped") == 0


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}, id="another user's"),
        pytest.param({"GIT_DIR": "/nowhere"}, id="GIT_DIR"),
        pytest.param({"GIT_TRACE": "1", "GIT_PAGER": "false", "LANG": "de_DE.UTF-8"}, id="loud git"),
        pytest.param({"SOURCE_DATE_EPOCH": "5"}, id="epoch beside"),
    ],
)
def test_jobs_of_one_commit_get_one_version(env: dict[str, str], checkout: Path) -> None:
    """Whoever owns the checkout and whatever the environment says, the stamp is the time of HEAD, without a warning."""
    git(checkout, "config", "log.showSignature", "true")
    done = inv(checkout, "wheelhouse.upload", "--json", env=env)
    assert json.loads(done.stdout)["uploaded"] == ["demo-1.0.dev0+20260101000000-py3-none-any.whl"], done.stderr
    assert "warning" not in done.stderr


@pytest.mark.parametrize(
    ("epoch", "stamped", "instead"),
    [("", "19800101000000", "the newest time inside the files"), ("86400", "19700102000000", "SOURCE_DATE_EPOCH")],
)
def test_time_of_a_checkout_that_cannot_be_had_is_told(epoch: str, stamped: str, instead: str, checkout: Path) -> None:
    """Where git does not tell the time of HEAD, a warning names the reason and what is used in its place."""
    (checkout / ".git/HEAD").unlink()
    done = inv(checkout, "wheelhouse.upload", "--dry-run", env={"SOURCE_DATE_EPOCH": epoch})
    assert done.returncode == 0, done.stderr
    assert f"as demo-1.0.dev0+{stamped}-py3-none-any.whl" in done.stdout
    warning = f"warning: {checkout}: the time of its commit cannot be had: not a git repository"
    assert (warning in done.stdout, f"the stamp is {instead} (" in done.stdout) == (True, True)


def test_folder_without_git_needs_no_time_of_it(checkout: Path) -> None:
    """Where there is no checkout, nothing is amiss."""
    (checkout / ".git").rename(checkout.parent / "git")
    done = inv(checkout, "wheelhouse.upload", "--dry-run")
    assert (done.returncode, "warning" in done.stdout) == (0, False)


def test_changed_checkout_is_told(checkout: Path) -> None:
    """A build of a tree that differs from its commit gets the version of the commit: a warning names what differs."""
    (checkout / "tasks.py").write_text((checkout / "tasks.py").read_text() + "# changed\n")
    done = inv(checkout, "wheelhouse.upload")
    assert done.returncode == 0, done.stderr
    assert (
        f"warning: {checkout}: differs from its commit, whose time is the stamp: tasks.py (commit first" in done.stdout
    )


def test_unknown_file_is_told_where_other_bytes_are_kept_out(checkout: Path) -> None:
    """A file that git does not know is no change, until it may be why a commit was built to other bytes."""
    (checkout / "new.py").touch()
    assert "warning" not in inv(checkout, "wheelhouse.upload").stdout
    wheels.make_wheel(checkout / "dist", "demo", "1.0.dev0", payload=b"other")
    done = inv(checkout, "wheelhouse.upload")
    assert (done.returncode, "1 kept as published" in done.stdout) == (0, True)
    assert (
        "warning: kept builds: other bytes of the same commit are there, and git does not know new.py (" in done.stdout
    )


def test_changes_that_git_does_not_tell_are_a_doubt_of_what_is_kept(checkout: Path) -> None:
    """A changed checkout of another user is not seen to be changed: that is told where other bytes are kept out."""
    env = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    assert "warning" not in inv(checkout, "wheelhouse.upload", env=env).stdout
    (checkout / "tasks.py").write_text((checkout / "tasks.py").read_text() + "# changed\n")
    wheels.make_wheel(checkout / "dist", "demo", "1.0.dev0", payload=b"other")
    done = inv(checkout, "wheelhouse.upload", env=env)
    assert (done.returncode, "1 kept as published" in done.stdout) == (0, True)
    assert "warning: kept builds: other bytes of the same commit are there, and git does not tell" in done.stdout
    assert "dubious ownership" in done.stdout


def test_changed_checkout_without_a_commit_is_told_once(checkout: Path) -> None:
    """Where the stamp is another time than that of a commit, nothing differs from the commit that it is of."""
    (checkout / ".git/HEAD").write_text("ref: refs/heads/none\n")
    done = inv(checkout, "wheelhouse.upload", "--dry-run", env={"SOURCE_DATE_EPOCH": str(WHEN)})
    [warning] = [line for line in done.stdout.splitlines() if line.startswith("warning: ")]
    assert "the stamp is SOURCE_DATE_EPOCH (" in warning


def depends(folder: Path, *requirements: str, version: str = "1.3.dev4+gabc1234") -> Path:
    """Write a wheel of demo with requirements."""
    lines = [
        "Metadata-Version: 2.1",
        "Name: demo",
        f"Version: {version}",
        *(f"Requires-Dist: {r}" for r in requirements),
    ]
    return wheels.make_wheel(folder, "demo", version, metadata="\n".join(lines) + "\n\nA project.\n")


def install(tool: str, target: Path, *words: str) -> CompletedProcess[str]:
    """Install with dependencies, from nowhere but what *words* name."""
    if tool == "uv":
        uv = [programs.find("uv") or "uv", "--no-config", "pip", "install", "--no-cache", "--python", sys.executable]
        return programs.run(*uv, "--no-index", "--target", target, *words)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "install",
        "--no-cache-dir",
        "--no-index",
        "--target",
        str(target),
    ]
    return programs.run(*pip, *words, env={**os.environ, "PIP_CONFIG_FILE": os.devnull, "PYTHONWARNINGS": ""})


@pytest.mark.parametrize("tool", ["pip", "uv"])
@pytest.mark.parametrize(
    ("pin", "version"),
    [
        ("demo-core==1.3.dev4+gabc1234", "1.3.dev4+gabc1234"),
        ("demo_core[fast] (===1.3.dev4+gabc1234) ; python_version > '3'", "1.3.dev4+gabc1234"),
        ("demo-core==1.3.dev4", "1.3.dev4"),
        ("demo-core<2,>=1.3.dev4,~=1.3.dev0", "1.3.dev4+gabc1234"),
    ],
)
def test_siblings_that_pin_each_other_install(tool: str, pin: str, version: str, checkout: Path) -> None:
    """Builds that are stamped together still find each other in the wheelhouse, by pip and by uv."""
    (checkout / "dist/demo-1.0.dev0-py3-none-any.whl").unlink()
    depends(checkout / "dist", pin, version=version)
    wheels.make_wheel(checkout / "dist", "demo-core", version)
    done = inv(checkout, "wheelhouse.upload", "--json", "--project", "demo", "--project", "demo-core")
    stamped = str(stamp.stamped_version(Version(version), WHEN))
    assert len(json.loads(done.stdout)["uploaded"]) == 2, done.stderr
    assert "warning" not in done.stderr
    page = str(checkout / "wheelhouse/index.html")
    done = install(tool, checkout / "target", "--find-links", page, f"demo=={stamped}")
    assert done.returncode == 0, done.stderr
    assert (checkout / f"target/demo_core-{stamped}.dist-info").is_dir()
    assert inv(checkout, "wheelhouse.check", "--deep").returncode == 0


def test_pin_that_cannot_follow_is_told(checkout: Path) -> None:
    """A file that stays as it is, and pins a build that is stamped, is named."""
    depends(checkout / "dist", "demo-core==1.3.dev4+gabc1234", version="2.0")
    wheels.make_wheel(checkout / "dist", "demo-core", "1.3.dev4+gabc1234")
    done = inv(checkout, "wheelhouse.upload")
    name = "demo-2.0-py3-none-any.whl"
    assert f"warning: {name}: requires demo-core==1.3.dev4+gabc1234, which is stamped (" in done.stdout


def test_pin_on_a_build_of_another_upload_is_told(checkout: Path) -> None:
    """A stamped wheel that pins a build which is not beside it, and gets a stamp elsewhere, is named."""
    depends(checkout / "dist", "demo-core==1.3.dev4+gabc1234")
    done = inv(checkout, "wheelhouse.upload")
    name = "demo-1.3.dev4+gabc1234-py3-none-any.whl"
    assert (
        f"warning: {name}: requires demo-core==1.3.dev4+gabc1234, which another upload gives a stamp (" in done.stdout
    )


@pytest.mark.parametrize("moment", [(0, 0, 0), (13, 1, 0), (2, 30, 0), (15, 31, 31), (1, 1, 31)], ids=str)
def test_time_that_no_calendar_has_does_not_count(moment: tuple[int, int, int], tmp_path: Path) -> None:
    """A member with such a time breaks nothing; another member, or the first time of a zip, gives the stamp."""
    project = make_project(tmp_path / "project")
    month, day, hour = moment
    wheel = wheels.make_wheel(project / "dist", "demo", "1.0.dev0")
    for all_bad, stamped in ((False, "20260101000000"), (True, "19800101000000")):
        with zipfile.ZipFile(wheel) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, content in members.items():
                bad = all_bad or not name.endswith("WHEEL")
                archive.writestr(
                    zipfile.ZipInfo(name, (2030, month, day, hour, 0, 0) if bad else (2026, 1, 1, 0, 0, 0)), content
                )
        done = inv(project, "wheelhouse.upload", "--json")
        assert json.loads(done.stdout)["uploaded"] == [f"demo-1.0.dev0+{stamped}-py3-none-any.whl"], done.stderr


@pytest.mark.parametrize("said", ["nan", "inf", "-inf", "1e999", "-5", "1e15", "soon"])
def test_time_of_an_sdist_that_is_none_does_not_count(said: str, tmp_path: Path) -> None:
    """A pax header may say any number for a time; another member gives the stamp, and the sdist is stamped."""
    project = make_project(tmp_path / "project")
    sdist = wheels.make_sdist(project / "dist", "demo", "1.0.dev0", extra_files={"pyproject.toml": built("1.0.dev0")})
    with tarfile.open(sdist, "r:gz") as archive:
        members = [(member, archive.extractfile(member)) for member in archive.getmembers()]
        with tarfile.open(project / "odd", "w:gz", format=tarfile.PAX_FORMAT) as odd:
            for member, stream in members:
                member.mtime = WHEN if member.name.endswith("PKG-INFO") else 0
                member.pax_headers = {} if member.mtime else {"mtime": said}
                odd.addfile(member, stream)
    (project / "odd").replace(sdist)
    done = inv(project, "wheelhouse.upload", "--json")
    assert json.loads(done.stdout).get("uploaded") == ["demo-1.0.dev0+20260101000000.tar.gz"], done.stderr


def built(version: str) -> bytes:
    """Return a pyproject.toml with a version in it."""
    return f"""[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]  # of the tests
name = "demo"
authors = [
  {{name = "x"}},
]
version = '{version}'  # the next one
description = "A project made for a test."

[tool.other]
version = "{version}"
""".encode()


DYNAMIC = b"""[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "demo"
dynamic = ["version"]
[tool.hatch.version]
path = "demo/__init__.py"
"""
SETUPTOOLS = b"""[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "demo"
version = "1.0.dev0"
[tool.setuptools]
packages = ["demo"]
"""


@pytest.mark.parametrize(
    "pyproject",
    [
        pytest.param(built("1.0.dev0"), id="hatchling"),
        pytest.param(DYNAMIC, id="hatchling dynamic"),
        pytest.param(DYNAMIC.replace(b'["hatchling"]', b'["hatchling>=1.10,<3"]'), id="hatchling dynamic, demanded"),
        pytest.param(SETUPTOOLS, id="setuptools"),
    ],
)
def test_stamped_sdist_installs(pyproject: bytes, checkout: Path) -> None:
    """Each night's sdist has a version of its own, which pip finds in what it builds from it."""
    (checkout / "dist/demo-1.0.dev0-py3-none-any.whl").unlink()
    wheels.make_sdist(checkout / "dist", "demo", "1.0.dev0", extra_files={"pyproject.toml": pyproject})
    done = inv(checkout, "wheelhouse.upload", "--json")
    version = "1.0.dev0+20260101000000"
    assert json.loads(done.stdout)["uploaded"] == [f"demo-{version}.tar.gz"], done.stderr
    page = str(checkout / "wheelhouse/index.html")
    done = install("pip", checkout / "target", "--no-build-isolation", "--find-links", page, f"demo=={version}")
    assert done.returncode == 0, done.stderr
    assert (checkout / f"target/demo-{version}.dist-info").is_dir()


def test_stamped_sdist_is_the_same_but_for_its_version(tmp_path: Path) -> None:
    """Equal input gives equal bytes; long names, links and times stay, and no other version is touched."""
    long = "/".join(["deep" * 20] * 3)
    sdist = wheels.make_sdist(
        tmp_path,
        "demo",
        "1.0.dev0",
        extra_files={"pyproject.toml": built("1.0.dev0"), long: b"x", "demo/v.py": b"1.0.dev0"},
    )
    with tarfile.open(sdist, "r:gz") as archive:
        members = [(member, archive.extractfile(member)) for member in archive.getmembers()]
        odd = tmp_path / "odd"
        odd.mkdir()
        with tarfile.open(odd / sdist.name, "w:gz", format=tarfile.GNU_FORMAT) as other:
            for member, stream in members:
                member.mtime = 5
                other.addfile(member, stream)
            link = tarfile.TarInfo("demo-1.0.dev0/link")
            link.type, link.linkname = tarfile.LNKTYPE, "demo-1.0.dev0/README.md"
            other.addfile(link)
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        named = artifact.parse(sdist.name)
        made.append(stamp_sdist.rewrite(odd / sdist.name, named, Version("1.0.dev0+1"), tmp_path / name))
    assert made[0].read_bytes() == made[1].read_bytes()
    with tarfile.open(made[0]) as archive:
        names = archive.getnames()
        assert {name.partition("/")[0] for name in names} == {"demo-1.0.dev0+1"}
        assert f"demo-1.0.dev0+1/{long}" in names
        assert archive.getmember("demo-1.0.dev0+1/link").linkname == "demo-1.0.dev0+1/README.md"
        assert {member.mtime for member in archive if member.isreg()} == {5}
        read = {name: stream.read() for name in names if (stream := archive.extractfile(name))}
    expected = built("1.0.dev0").replace(b"'1.0.dev0'  #", b"'1.0.dev0+1'  #")
    assert read["demo-1.0.dev0+1/pyproject.toml"] == expected
    assert read["demo-1.0.dev0+1/demo/v.py"] == b"1.0.dev0"
    [checked] = dist.read([(made[0], artifact.parse(made[0].name))], 1)
    assert b"\nVersion: 1.0.dev0+1\n" in checked.metadata.text


@pytest.mark.parametrize("scm", ['"setuptools_scm[simple]"]', '"setuptools-scm>=8"]\n[tool.setuptools_scm]'])
def test_record_that_setuptools_scm_prefers_is_left_out(scm: str, checkout: Path) -> None:
    """setuptools_scm 10 takes the version from a record of its own, if there is one, and else from PKG-INFO."""
    head = '[project]\nname = "demo"\ndynamic = ["version"]\n[build-system]\nbuild-backend = "setuptools.build_meta"\n'
    files = {
        "pyproject.toml": f'{head}requires = ["setuptools", {scm}\n'.encode(),
        "src/demo.egg-info/scm_version.json": b"{}",
        "src/demo.egg-info/PKG-INFO": b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0.dev0\n",
        "tests/data/other.egg-info/PKG-INFO": b"Version: 1.0.dev0\nVersion: 2\n",
        "tests/data/other.egg-info/scm_version.json": b"{}",
    }
    (checkout / "dist/demo-1.0.dev0-py3-none-any.whl").unlink()
    wheels.make_sdist(checkout / "dist", "demo", "1.0.dev0", extra_files=files)
    done = inv(checkout, "wheelhouse.upload", "--json")
    name = "demo-1.0.dev0+20260101000000"
    assert json.loads(done.stdout)["uploaded"] == [f"{name}.tar.gz"], done.stderr
    with tarfile.open(checkout / f"wheelhouse/files/demo/{name}.tar.gz") as archive:
        assert f"{name}/src/demo.egg-info/scm_version.json" not in archive.getnames()
        assert f"{name}/tests/data/other.egg-info/scm_version.json" in archive.getnames()
        other = archive.extractfile(f"{name}/tests/data/other.egg-info/PKG-INFO")
        assert other
        assert other.read() == files["tests/data/other.egg-info/PKG-INFO"]
        information = archive.extractfile(f"{name}/src/demo.egg-info/PKG-INFO")
        assert information
        assert b"Version: 1.0.dev0+20260101000000\n" in information.read()


DYNAMIC_VERSION = (b"version = '1.0.dev0'", b"dynamic = ['version']")
NOT_STAMPED: dict[str, tuple[str, list[tuple[bytes, bytes]]]] = {
    "another version": ("its version in pyproject.toml is not the one that", [(b"'1.0.dev0'", b"'1.0'")]),
    "unknown backend": ("its version in pyproject.toml is not the one that other", [(b"hatchling.build", b"other")]),
    "own backend": ("its build backend is its own", [(b"[project]", b"backend-path = ['.']\n[project]")]),
    "code": ("its build backend, flit_core.buildapi,", [DYNAMIC_VERSION, (b"hatchling.build", b"flit_core.buildapi")]),
    "setuptools and code": (
        "its build backend, setuptools.build_meta,",
        [DYNAMIC_VERSION, (b"hatchling.build", b"setuptools.build_meta")],
    ),
    "old hatchling": (
        "its build backend, hatchling.build,",
        [DYNAMIC_VERSION, (b'["hatchling"]', b'["hatchling<1.22"]')],
    ),
    "pinned old hatchling": (
        "its build backend, hatchling.build,",
        [DYNAMIC_VERSION, (b'["hatchling"]', b'["hatchling==1.18.0"]')],
    ),
    "odd hatchling": (
        "its build backend, hatchling.build,",
        [DYNAMIC_VERSION, (b'["hatchling"]', b'["hatchling===old", 5]')],
    ),
    "odd build system": (
        "its build backend, ['x'],",
        [DYNAMIC_VERSION, (b'["hatchling"]', b"5"), (b'"hatchling.build"', b'["x"]')],
    ),
    "no backend": ("its build backend, setuptools.build_meta:__legacy__,", [DYNAMIC_VERSION, (b"build-backend", b"x")]),
    "damaged": ("its pyproject.toml cannot be read", [(b"[project]", b"[project")]),
    "dotted": (
        "its version is not on a line of its own",
        [(b"[project]", b"[x]"), (b"[x]", b"project.version='1.0.dev0'\n[x]"), (b"[build-system]\n", b"")],
    ),
}


@pytest.mark.parametrize("why", NOT_STAMPED)
def test_sdist_that_would_not_install_is_not_stamped(why: str, checkout: Path) -> None:
    """An sdist from which another version would be built is sent as it is, and a warning says why."""
    reason, changes = NOT_STAMPED[why]
    text = built("1.0.dev0")
    for old, new in changes:
        text = text.replace(old, new, 1)
    sdist = wheels.make_sdist(checkout / "dist", "demo", "1.0.dev0", extra_files={"pyproject.toml": text})
    done = inv(checkout, "wheelhouse.upload")
    assert done.returncode == 0, done.stderr
    assert f"warning: {sdist.name}: is not stamped: {reason}" in done.stdout
    stamped = "demo-1.0.dev0+20260101000000-py3-none-any.whl"
    files = (checkout / "wheelhouse/files/demo").glob("demo*[lz]")
    assert sorted(path.name for path in files) == sorted([stamped, sdist.name])


def test_night_after_night_has_its_own_sdist(tmp_path: Path) -> None:
    """The sdist of a later commit does not stay out because an earlier one has its name."""
    project = make_project(tmp_path / "project")
    for night in range(2):
        commit(project, WHEN + 86400 * night)
        wheels.make_sdist(project / "dist", "demo", "1.0.dev0", payload=f"{night}\n".encode())
        done = inv(project, "wheelhouse.upload", "--json")
        assert json.loads(done.stdout)["uploaded"] == [f"demo-1.0.dev0+2026010{night + 1}000000.tar.gz"], done.stderr
