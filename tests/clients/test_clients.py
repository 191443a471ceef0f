"""What installers make of the pages: pip of several ages and uv, through each entry point, from servers and folders."""

import os
import re
import sys
import uuid
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import servers
import wheels
from flat_pages import flat_sections, render_flat, render_section
from projects import inv, make_project

from wheelhouse_tasks.pages import html_pages, json_pages, layout

REASON = 'broken on "<Windows>"'
#: What lies in the wheelhouse; the local version is the newest that an installer may take by itself.
VERSIONS = {
    "1.0": ">=3.8",
    "1.1+cu.1": ">=3.8,<4",
    "1.2": ">=3.8",  # yanked
    "1.3": ">=4",
    "2.0.dev20261123030405": ">=3.8",
}
LONG_AGO = "2020-02-02T00:00:00.000000Z"

Install = Callable[..., CompletedProcess[str]]


@dataclass(frozen=True)
class Places:
    """Where the pages are, each without the final slash."""

    nginx: str
    static: servers.StaticServer
    folder: Path

    def url(self, place: str) -> str:
        """Return the address of the wheelhouse at one of them."""
        return {"nginx": self.nginx, "static": self.static.url, "file": self.folder.as_uri()}[place]


@pytest.fixture(scope="module")
def places(web: servers.Nginx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Upload, yank one version, and date another back; serve the folder in three ways."""
    project = make_project(tmp_path_factory.mktemp("clients") / "project")
    for version, requires in VERSIONS.items():
        wheels.make_wheel(project / "dist", "demo", version, requires_python=requires)
    wheels.make_sdist(project / "dist", "demo", "1.0")
    wheels.make_wheel(project / "dist", "other", "7.0")
    folder = web.root / f"clients-{uuid.uuid4().hex[:8]}"
    env = {"WHEELHOUSE_CONTAINER": str(folder)}
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    (folder / "files/demo/demo-1.2-py3-none-any.whl.yanked").write_text(REASON)
    done = inv(project, "wheelhouse.upload", env=env)
    assert done.returncode == 0, done.stderr
    date_back(folder, "demo-1.0-py3-none-any.whl")
    with servers.static(folder) as static:
        yield Places(f"{web.url}/{folder.name}", static, folder)


def date_back(folder: Path, name: str) -> None:
    """Write the pages of a wheelhouse in which a file was uploaded long ago."""
    page = folder / layout.json_page("demo")
    files = json_pages.read_json(page.read_bytes())
    files[name] = replace(files[name], upload_time=LONG_AGO)
    page.write_bytes(json_pages.render_json("demo", files.values()))
    (folder / layout.project_page("demo")).write_bytes(html_pages.render_project("demo", files.values()))
    sections = {name: each.text for name, each in flat_sections((folder / layout.FLAT).read_bytes()).items()}
    sections["demo"] = render_section("demo", "mark", files.values())
    (folder / layout.FLAT).write_bytes(render_flat(sections))


def where(entry: str, url: str, *, uv: bool) -> list[str]:
    """Return the options by which an installer reads nothing but an entry point."""
    if entry == "index.html":
        return ["--no-index", "--find-links", f"{url}/{entry}"]
    return ["--default-index" if uv else "--index-url", f"{url}/{entry}"]


def run_pip(python: str | Path, *words: str | Path, cwd: Path | None = None) -> CompletedProcess[str]:
    """Run a pip with the settings of no machine and no person."""
    return programs.run(python, "-m", "pip", "--isolated", *words, cwd=cwd, env={**os.environ, "PYTHONWARNINGS": ""})


def run_uv(*words: str | Path, cwd: Path | None = None) -> CompletedProcess[str]:
    """Run uv with the settings of no machine and no person."""
    return programs.run(programs.find("uv") or "uv", "--no-config", *words, cwd=cwd, env=dict(os.environ))


def pip_of(python: str | Path) -> Install:
    """Return the installer that a Python has."""

    def install(entry: str, url: str, target: Path, *words: str) -> CompletedProcess[str]:
        options = ("--no-deps", "--no-cache-dir", "--target", target)
        return run_pip(python, "install", *options, *where(entry, url, uv=False), *words)

    return install


def uv(entry: str, url: str, target: Path, *words: str) -> CompletedProcess[str]:
    """Install with uv."""
    options = ("--no-deps", "--no-cache", "--python", sys.executable, "--target", target)
    return run_uv("pip", "install", *options, *where(entry, url, uv=True), *words)


def old_pip(folder: Path, pip: Path) -> Path:
    """Make an environment whose pip is an old one that lies in a folder; return its Python."""
    venv.create(folder, with_pip=False)
    (packages,) = folder.glob("lib/*/site-packages")
    (packages / "old.pth").write_text(f"{pip}\n")
    return folder / "bin/python"


@pytest.fixture(scope="session")
def old_pips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Install]:
    """Return what gives an old pip, in an environment of its own."""
    made: dict[str, Path] = {}

    def get(name: str) -> Install:
        if name not in made:
            with servers.or_skip(servers.cached(name)) as pip:
                made[name] = old_pip(tmp_path_factory.mktemp("pip") / name, pip)
        said = run_pip(made[name], "--version")
        if said.returncode:
            pytest.skip(f"{name} does not run on this Python: {said.stderr.strip().splitlines()[-1]}")
        assert said.stdout.startswith(f"{name.replace('-', ' ')} ")
        return pip_of(made[name])

    return get


@pytest.fixture
def installer(request: pytest.FixtureRequest) -> tuple[str, Install]:
    """Return an installer and its name."""
    name: str = request.param
    if name == "uv":
        return name, uv
    if name == "pip":
        return name, pip_of(sys.executable)
    get: Callable[[str], Install] = request.getfixturevalue("old_pips")
    return name, get(name)


def installed(target: Path) -> list[str]:
    """Return what was installed into a folder."""
    return sorted(path.name.removesuffix(".dist-info") for path in target.glob("*.dist-info"))


NEW, OLD = ("uv", "pip"), servers.OLD_PIPS
ENTRIES = ("simple/", "index.html", "simple-json/")
#: JSON came with pip 22.2, and needs a server that knows its type.
INSTALLS = [
    (name, entry, place)
    for name in (*NEW, *OLD)
    for entry in ENTRIES
    for place in ("nginx", "static", "file")
    if entry != "simple-json/" or (place == "nginx" and name != "pip-20.2.4")
]


@pytest.mark.parametrize(("installer", "entry", "place"), INSTALLS, indirect=["installer"])
def test_install(entry: str, place: str, installer: tuple[str, Install], places: Places, tmp_path: Path) -> None:
    """Each installer takes the newest version that is not yanked, suits this Python and is no pre-release."""
    name, install = installer
    done = install(entry, places.url(place), tmp_path / "target", "demo")
    assert done.returncode == 0, done.stderr
    if (name, entry) == ("uv", "index.html") and "`demo==1.2` is yanked" in done.stderr:
        # uv 0.13 weighs neither yanks nor dates of what --find-links names; on any page, so it says what it took
        assert installed(tmp_path / "target") == ["demo-1.2"]
    else:
        assert installed(tmp_path / "target") == ["demo-1.1+cu.1"]


@pytest.mark.parametrize("place", ["static", "file"])
@pytest.mark.parametrize("installer", NEW, indirect=True)
def test_json_needs_its_type(place: str, installer: tuple[str, Install], places: Places, tmp_path: Path) -> None:
    """Where a page has the type of its suffix, the JSON tree is empty for installers, and nothing worse."""
    done = installer[1]("simple-json/", places.url(place), tmp_path / "target", "demo")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("installer", "entry"),
    [*((name, entry) for name in NEW for entry in ENTRIES), *((name, "index.html") for name in OLD)],
    indirect=["installer"],
)
def test_yanked_file_can_be_pinned(entry: str, installer: tuple[str, Install], places: Places, tmp_path: Path) -> None:
    """A yanked version is installed if exactly it is asked for, with its reason."""
    done = installer[1](entry, places.nginx, tmp_path / "target", "demo==1.2")
    assert done.returncode == 0, done.stderr
    assert installed(tmp_path / "target") == ["demo-1.2"]
    assert REASON in done.stdout + done.stderr


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("installer", NEW, indirect=True)
def test_pre_release_is_there_for_those_who_ask(
    entry: str, installer: tuple[str, Install], places: Places, tmp_path: Path
) -> None:
    """A development build is installed by those who ask for one."""
    name, install = installer
    done = install(entry, places.nginx, tmp_path / "target", "demo", "--prerelease=allow" if name == "uv" else "--pre")
    assert done.returncode == 0, done.stderr
    assert installed(tmp_path / "target") == ["demo-2.0.dev20261123030405"]


SOON, THEN = "2100-01-01T00:00:00Z", "2021-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("entry", "until", "expected"),
    [
        ("simple-json/", SOON, "demo-1.1+cu.1"),
        ("simple-json/", THEN, "demo-1.0"),
        ("simple-json/", "2019-01-01T00:00:00Z", None),
        # HTML has no upload times for pip, and it takes nothing whose time it does not know
        ("simple/", SOON, None),
        ("index.html", SOON, None),
    ],
)
def test_pip_uploaded_prior_to(entry: str, until: str, expected: str | None, places: Places, tmp_path: Path) -> None:
    """Pip's cool-down goes by the times of the JSON pages."""
    done = pip_of(sys.executable)(entry, places.nginx, tmp_path / "target", "demo", "--uploaded-prior-to", until)
    assert installed(tmp_path / "target") == ([expected] if expected else []), done.stderr


@pytest.mark.parametrize("entry", ["simple/", "simple-json/"])
@pytest.mark.parametrize(
    ("until", "expected"), [(SOON, "demo-1.1+cu.1"), (THEN, "demo-1.0"), ("2019-01-01T00:00:00Z", None)]
)
def test_uv_exclude_newer(entry: str, until: str, expected: str | None, places: Places, tmp_path: Path) -> None:
    """The cool-down of uv goes by the times of HTML pages too."""
    done = uv(entry, places.nginx, tmp_path / "target", "demo", "--exclude-newer", until)
    assert installed(tmp_path / "target") == ([expected] if expected else []), done.stderr


@pytest.mark.parametrize("entry", ["simple/", "index.html"])
@pytest.mark.parametrize("client", ["pip", "uv"])
def test_resolution_reads_no_wheel(client: str, entry: str, places: Places, tmp_path: Path) -> None:
    """To find out what would be installed, an installer reads the small file beside the wheel, once."""
    places.static.requests.clear()
    options = where(entry, places.static.url, uv=client == "uv")
    if client == "pip":
        flags = ("--dry-run", "--ignore-installed", "--no-cache-dir")
        done = run_pip(sys.executable, "install", *flags, *options, "demo<1.2", "other")
    else:
        (tmp_path / "requirements.in").write_text("demo<1.2\nother\n")
        done = run_uv("pip", "compile", "--no-cache", "--no-header", *options, "requirements.in", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"demo[-=]+1\.1\+cu\.1", done.stdout)
    assert sorted(request for request in places.static.requests if "/files/" in request) == [
        "GET /files/demo/demo-1.1%2Bcu.1-py3-none-any.whl.metadata",
        "GET /files/other/other-7.0-py3-none-any.whl.metadata",
    ]
