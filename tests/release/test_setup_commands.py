"""`python setup.py sdist fetch_artifacts upload_all`, as projects that used wheelhouse-uploader run it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import programs
import pytest
import servers
import wheels
from projects import inv, make_project
from setuptools import Distribution

from wheelhouse_tasks import setup_commands

#: What a project's setup.py says: nothing at all, or what wheelhouse-uploader told it to say.
ENTRY_POINTS = "cmdclass = {}\n"
IDIOM = """\
cmdclass = {}

try:
    import wheelhouse_tasks.setup_commands
    cmdclass.update(vars(wheelhouse_tasks.setup_commands))
except ImportError:
    pass
"""
SETUP = """\
from setuptools import setup

{cmdclass}
setup(
    name="{name}",
    version="1.0",
    packages=["package"],
    url="https://example.org/",
    description="A project made for a test.",
    long_description="A demo.",
    long_description_content_type="text/plain",
    python_requires=">=3.8",
    cmdclass=cmdclass,
)
"""
OLD_LINE = ("sdist", "fetch_artifacts", "upload_all")


@pytest.fixture
def newest() -> Iterator[dict[str, str]]:
    """Return the environment in which Python finds the newest setuptools."""
    with servers.or_skip(servers.cached(servers.SETUPTOOLS)) as folder:
        yield {"PYTHONPATH": str(folder)}


@pytest.fixture
def with_dry_run() -> Iterator[dict[str, str]]:
    """Return the environment in which Python finds the last setuptools that still knows `setup.py --dry-run`."""
    with servers.or_skip(servers.cached(servers.OLD_SETUPTOOLS)) as folder:
        yield {"PYTHONPATH": str(folder)}


def make_old_project(folder: Path, cmdclass: str = ENTRY_POINTS, name: str = "demo", indexes: str = "") -> Path:
    """Make a project that has a setup.py and a setup.cfg, and names *indexes*."""
    (folder / "package").mkdir(parents=True)
    (folder / "package/__init__.py").write_text("")
    (folder / "README").write_text("A demo.")
    (folder / "setup.py").write_text(SETUP.format(cmdclass=cmdclass, name=name))
    if indexes:
        lines = ("[wheelhouse_uploader]", "artifact_indexes=", "    # the workers upload here", f"    {indexes}", "")
        (folder / "setup.cfg").write_text("\n".join(lines))
    return folder


def setup_py(project: Path, *words: str, env: dict[str, str] | None = None) -> CompletedProcess[str]:
    """Run setup.py, with *env* on top of the test's environment."""
    return programs.run(sys.executable, "setup.py", *words, cwd=project, env={**os.environ, **(env or {})})


def pypirc(upload_url: str, username: str, password: str) -> None:
    """Write a .pypirc that names one index, `corp`."""
    lines = (
        *("[distutils]", "index-servers =", "    corp", ""),
        *("[corp]", f"repository = {upload_url}", f"username = {username}", f"password = {password}", ""),
    )
    Path(os.environ["HOME"], ".pypirc").write_text("\n".join(lines))


def settings_of(project: Path, index: servers.PackageIndex) -> None:
    """Configure the release to `corp` in pyproject.toml."""
    (project / "pyproject.toml").write_text(
        f'[tool.wheelhouse]\nrepository = "corp"\ncheck_url = "{index.simple_url}"\n'
    )


def fill(wheelhouse: Path, name: str) -> list[str]:
    """Upload three wheels of 1.0 and what no release of 1.0 may take along; return the names of the three."""
    worker = make_project(wheelhouse.with_name("worker"), name=name)
    made = [wheels.make_wheel(worker / "dist", name, "1.0", tag).name for tag in wheels.MATRIX[:3]]
    wheels.make_wheel(worker / "dist", name, "0.9")
    wheels.make_wheel(worker / "dist", f"{name}-extra", "1.0")
    done = inv(worker, "wheelhouse.upload", "--container", str(wheelhouse))
    assert done.returncode == 0, done.stderr
    return sorted(made)


def failed(done: CompletedProcess[str], code: int, what: str) -> None:
    """Check that a run failed with *code* and one line that says *what*."""
    assert (done.returncode, done.stderr.count("\n")) == (code, 1), done.stderr
    assert done.stderr.startswith("error: ")
    assert what in done.stderr


def released(index: servers.PackageIndex, name: str, folder: Path) -> dict[str, bytes]:
    """Return every file that the index has of a project, fetched into a new folder."""
    words = ("fetch", "--project", name, "--index", index.simple_url, "--local-folder", folder)
    programs.run(sys.executable, "-m", "wheelhouse_tasks", *words, cwd=folder.parent)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file of a folder; of one that is not there, none."""
    return {path.name: path.read_bytes() for path in folder.glob("*")}


@pytest.mark.parametrize(
    ("cmdclass", "index", "version"),
    [(ENTRY_POINTS, "pypi", "newest"), (IDIOM, "devpi_index", "newest"), (IDIOM, "pypi", "with_dry_run")],
    ids=["entry-points", "idiom", "older"],
)
def test_old_line(
    cmdclass: str,
    index: str,
    version: str,
    web: servers.Nginx,
    bucket_name: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """The line builds an sdist, fetches the wheels, uploads all; a rerun uploads nothing, a new sdist is refused."""
    env: dict[str, str] = request.getfixturevalue(version)
    server: servers.PackageIndex = request.getfixturevalue(index)
    name = f"old-{bucket_name}"
    wheelhouse = web.root / bucket_name / "wheelhouse"
    wheelhouse.parent.mkdir()
    artifacts = fill(wheelhouse, name)
    place = f"{web.url}/{bucket_name}/wheelhouse/" if cmdclass == IDIOM else str(wheelhouse)
    project = make_old_project(tmp_path / "project", cmdclass, name, place)
    settings_of(project, server)
    pypirc(server.upload_url, server.username, server.password)

    done = setup_py(project, *OLD_LINE, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    artifacts.append(f"{name.replace('-', '_')}-1.0.tar.gz")
    files = contents(project / "dist")
    assert sorted(files) == artifacts
    assert released(server, name, tmp_path / "first") == files
    for task in ("fetch", "release"):
        line = f"{task} --project {name} --version 1.0"
        assert f"replaced by: wheelhouse {line}, or inv wheelhouse.{line}\n" in done.stdout
    assert server.password not in done.stdout

    again = setup_py(project, "-q", "fetch_artifacts", "upload_all", env=env)
    assert (again.returncode, again.stderr) == (0, "")
    assert f"corp already shows all 4 files of {name} 1.0" in again.stdout
    (project / "README").write_text("Another demo.")
    failed(setup_py(project, *OLD_LINE, env=env), 1, "tar.gz is on corp with sha256")
    next((project / "dist").glob("*.tar.gz")).unlink()
    assert setup_py(project, "fetch_artifacts", "upload_all", env=env).returncode == 0
    assert released(server, name, tmp_path / "second") == files


def test_repository_on_the_command_line(pypi: servers.PackageIndex, bucket_name: str, tmp_path: Path) -> None:
    """`upload_all -r NAME --check-url URL` publishes to an index of .pypirc that no setting names."""
    project = make_old_project(tmp_path / "project", name=bucket_name)
    pypirc(pypi.upload_url, pypi.username, pypi.password)
    done = setup_py(project, "sdist", "upload_all", "-r", "corp", "--check-url", pypi.simple_url)
    assert (done.returncode, done.stderr) == (0, "")
    flags = f"--project {bucket_name} --version 1.0 --repository=corp --check-url={pypi.simple_url}"
    assert f"replaced by: wheelhouse release {flags}, or inv wheelhouse.release {flags}\n" in done.stdout
    assert released(pypi, bucket_name, tmp_path / "back") == contents(project / "dist")


def test_dry_run_of_older_setuptools(
    pypi: servers.PackageIndex,
    newest: dict[str, str],
    with_dry_run: dict[str, str],
    bucket_name: str,
    tmp_path: Path,
) -> None:
    """`setup.py --dry-run` uploads nothing where setuptools has the flag, and is refused where it has not."""
    project = make_old_project(tmp_path / "project", name=bucket_name, indexes="../wheelhouse")
    fill(tmp_path / "wheelhouse", bucket_name)
    settings_of(project, pypi)
    pypirc(pypi.upload_url, pypi.username, pypi.password)
    for env, code in ((with_dry_run, 0), (newest, 1)):
        assert setup_py(project, "--dry-run", "fetch_artifacts", env=env).returncode == code
        assert not (project / "dist").exists()
    (project / "dist").mkdir()
    wheels.make_wheel(project / "dist", bucket_name, "1.0")
    done = setup_py(project, "-q", "--dry-run", "upload_all", env=with_dry_run)
    assert (done.returncode, "dry run: nothing was written" in done.stdout) == (0, True), done.stderr
    assert released(pypi, bucket_name, tmp_path / "back") == {}


@pytest.mark.parametrize(
    ("indexes", "code", "what"),
    [
        ("", 1, "wheelhouse: there is no such folder"),
        ("http://me:hunter2-hunter2@127.0.0.1:9/", 1, "http://127.0.0.1:9/: could not be read: Connection refused"),
        ("ftp://127.0.0.1/", 2, "unknown storage provider 'ftp'"),
        ("../other", 1, "demo 1.0: no artifact in"),
        ("../changed", 1, "demo-1.0-py3-none-any.whl (of "),
    ],
    ids=["none", "unreachable", "unknown", "missing", "conflict"],
)
def test_fetch_that_fails(indexes: str, code: int, what: str, tmp_path: Path) -> None:
    """Nothing configured, out of reach, of no known kind, without the version, other bytes: one line, no upload."""
    project = make_old_project(tmp_path / "project", indexes=indexes)
    for folder, version, payload in ((project / "dist", "1.0", b"a"), (tmp_path / "other", "1.1", b"a")):
        folder.mkdir()
        wheels.make_wheel(folder, version=version, payload=payload)
    changed = make_project(tmp_path / "worker")
    wheels.make_wheel(changed / "dist", payload=b"b")
    assert inv(changed, "wheelhouse.upload", "--container", "../changed").returncode == 0
    done = setup_py(project, "-vvv", "fetch_artifacts", "upload_all")
    said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert (done.returncode, len(said)) == (code, 1), done.stderr
    assert what in said[0]
    assert "running upload_all" not in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    failed(setup_py(project, "fetch_artifacts", "upload_all"), code, what)


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        (None, 2, "repository: 'corp' is not in "),
        ("[distutils]\nindex-servers = other\n", 2, "repository: 'corp' is not in "),
        ("password = s3cret-password\n", 2, ".pypirc: cannot be read: MissingSectionHeaderError"),
        ("wrong password", 1, "continue with: wheelhouse release --project demo --version 1.0 --no-fetch)"),
    ],
    ids=["none", "another", "broken", "wrong-password"],
)
def test_pypirc_that_does_not_fit(
    text: str | None, code: int, what: str, pypi: servers.PackageIndex, tmp_path: Path
) -> None:
    """An index that .pypirc does not know, a file that cannot be read, a wrong password: one line without a secret."""
    project = make_old_project(tmp_path / "project")
    settings_of(project, pypi)
    if text == "wrong password":
        pypirc(pypi.upload_url, "me", "s3cret-password")
    elif text is not None:
        Path(os.environ["HOME"], ".pypirc").write_text(text)
    (project / "dist").mkdir()
    wheels.make_wheel(project / "dist")
    done = setup_py(project, "upload_all")
    failed(done, code, what)
    assert "s3cret" not in done.stdout + done.stderr


def test_secrets_of_the_command_line_are_not_logged(tmp_path: Path) -> None:
    """What replaces the command, and the log of `setup.py -vvv`, are told without the password of a URL."""
    project = make_old_project(tmp_path / "project", IDIOM)  # imports us before there is a log to clean
    (project / "dist").mkdir()
    wheels.make_wheel(project / "dist")
    url = "http://me:hunter2-hunter2@127.0.0.1:9/"
    pypirc("http://127.0.0.1:9/", "me", "password")
    for verbosity, masked in (("-v", "http://<hidden>@127.0.0.1:9/"), ("-vvv", "http://me:<hidden>@127.0.0.1:9/")):
        done = setup_py(project, verbosity, "upload_all", "-r", "corp", "--check-url", url)
        assert (done.returncode, f"--check-url={masked}" in done.stdout) == (1, True), done.stderr
        assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("cmdclass", [ENTRY_POINTS, IDIOM], ids=["entry-points", "idiom"])
def test_commands_are_listed(cmdclass: str, tmp_path: Path) -> None:
    """`--help-commands` describes both commands; it lists the module's own names only where setup.py took them all."""
    project = make_old_project(tmp_path / "project", cmdclass)
    done = setup_py(project, "--help-commands")
    assert (done.returncode, done.stderr) == (0, "")
    listed = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith("  ")}
    for command in (setup_commands.fetch_artifacts, setup_commands.upload_all):
        assert listed[command.__name__].endswith(command.description)
    assert ("run_task" in listed) == (cmdclass == IDIOM)


def test_names_are_no_commands_of_setuptools() -> None:
    """What the idiom puts into a cmdclass replaces no command that setuptools has."""
    distribution = Distribution()
    ours = {"fetch_artifacts", "upload_all"}
    distribution.print_commands()
    known = set(distribution.cmdclass) - ours
    assert {"sdist", "build", "bdist_wheel"} <= known
    assert ours <= vars(setup_commands).keys()
    assert not known & vars(setup_commands).keys()


def test_idiom_does_no_harm_to_a_build(tmp_path: Path) -> None:
    """Pip builds a wheel of a project whose cmdclass holds all of the module."""
    project = make_old_project(tmp_path / "project", IDIOM)
    pip = (sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index")
    done = programs.run(*pip, "--wheel-dir", tmp_path, project)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "demo-1.0-py3-none-any.whl").is_file()
