"""What reviewers broke once: each test is one of their attacks."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import programs
import pytest
import servers
import wheels
from outcomes import LOGIN, failed
from projects import index_env, inv, make_project, s3_env
from scripted import scripted
from stores import payload, s3_container

from wheelhouse_tasks.errors import BadArtifact
from wheelhouse_tasks.storage.opening import open_store
from wheelhouse_tasks.storage.port import read_all

RELEASE = ("wheelhouse.release", "--version", "1.0")


def uploaded(tmp_path: Path, *tags: str, name: str = "demo") -> Path:
    """Return a project with an empty dist/ and wheels in its wheelhouse."""
    project = make_project(tmp_path / "project", name=name)
    for tag in tags or ("py3-none-any",):
        wheels.make_wheel(project / "dist", name, "1.0", tag)
    assert inv(project, "wheelhouse.upload").returncode == 0
    for path in (project / "dist").iterdir():
        path.unlink()
    return project


def test_dry_run_refuses_what_the_release_refuses(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A file in dist/ with other bytes than the wheelhouse's stops the dry run as it stops the release (case 77)."""
    project = uploaded(tmp_path)
    wheels.make_wheel(project / "dist", payload=b"other")
    for words in ((*RELEASE, "--dry-run"), RELEASE):
        failed(inv(project, *words, env=index_env(pypi)), 1, "with --no-fetch")


def test_repository_of_a_stronger_level_is_another_index(tmp_path: Path) -> None:
    """A repository by flag does away with the repository_url and check_url of weaker levels."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    with scripted() as configured, scripted() as corp:
        text = f'[tool.wheelhouse]\nrepository_url = "{configured.url}"\ncheck_url = "{configured.url}"\n'
        with (project / "pyproject.toml").open("a") as file:
            file.write(text)
        pypirc = f"[distutils]\nindex-servers = corp\n[corp]\nrepository = {corp.url}\nusername = u\npassword = p\n"
        Path(os.environ["HOME"], ".pypirc").write_text(pypirc)
        words = (*RELEASE, "--no-fetch", "--repository", "corp")
        failed(inv(project, *words), 2, "check_url: not set")
        corp.page("/demo/", "")
        done = inv(project, *words, "--check-url", corp.url)
        assert (done.returncode, "POST /" in corp.requests, configured.requests) == (1, True, []), done.stderr


def test_both_names_of_an_index_are_refused(tmp_path: Path) -> None:
    """A repository and a repository_url at one level contradict each other."""
    project = make_project(tmp_path / "project")
    words = (*RELEASE, "--repository", "testpypi", "--repository-url", "https://example.org/")
    failed(inv(project, *words), 2, "sets both repository and repository_url")


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


def test_login_page_is_no_index(tmp_path: Path) -> None:
    """A login page in place of an index stops a fetch, and a release before it uploads (cases 35 and 69)."""
    project = uploaded(tmp_path)
    with scripted() as server:
        server.page("/", LOGIN)
        server.page("/demo/", LOGIN)
        words = ("wheelhouse.fetch", "--index", "wheelhouse", "--index", server.url)
        failed(inv(project, *words), 1, "is a login page")
        env = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": server.url}
        failed(inv(project, *RELEASE, env=env), 1, "is a login page")
        assert not [request for request in server.requests if request.startswith("POST")]


def test_check_url_that_leads_nowhere_is_found_before(tmp_path: Path) -> None:
    """A simple URL at which nothing is stops the release before anything is uploaded (case 69)."""
    project = uploaded(tmp_path)
    with scripted() as server:
        env = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": f"{server.url}simpel/"}
        failed(inv(project, *RELEASE, env=env), 2, "check_url: nothing is at")
        assert server.requests == ["GET /simpel/demo/", "GET /simpel/"]


def test_query_of_the_check_url_stays_behind(tmp_path: Path) -> None:
    """The project's page is asked for with the query of the simple URL behind it."""
    project = uploaded(tmp_path)
    with scripted() as server:
        server.page("/simple/demo/?token=tokentoken", "")
        env = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": f"{server.url}simple/?token=tokentoken"}
        done = inv(project, *RELEASE, "--dry-run", env=env)
        assert done.returncode == 0, done.stderr
        assert "tokentoken" not in done.stdout + done.stderr


def test_page_that_is_kept_no_more_goes(tmp_path: Path) -> None:
    """Without the flat page an old one is deleted, and a fetch from the wheelhouse's root finds everything."""
    project = uploaded(tmp_path)
    wheels.make_wheel(project / "dist", tag=wheels.MATRIX[0])
    assert inv(project, "wheelhouse.upload", env={"WHEELHOUSE_FLAT_INDEX": "no"}).returncode == 0
    assert not (project / "wheelhouse/index.html").exists()
    with servers.static(project / "wheelhouse") as server:
        done = inv(project, "wheelhouse.fetch", "--index", f"{server.url}/simple/", "--local-folder", "got")
        assert (done.returncode, len(list((project / "got").iterdir()))) == (0, 2)


def test_page_of_another_maker_is_not_overwritten(tmp_path: Path) -> None:
    """An index.html that is not ours stops the upload before anything is sent."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    (project / "wheelhouse").mkdir()
    (project / "wheelhouse/index.html").write_text("<a href='demo-0.9-py3-none-any.whl'>")
    failed(inv(project, "wheelhouse.upload"), 1, "its index.html is not ours")
    assert [path.name for path in (project / "wheelhouse").iterdir()] == ["index.html"]


def test_gzip_page_that_is_cut_off(tmp_path: Path) -> None:
    """Half a compressed page is no shorter page."""
    project = make_project(tmp_path / "project")
    packer = zlib.compressobj(wbits=31)
    links = "".join(f"<a href='demo-1.{number}.tar.gz'>x</a>" for number in range(1000))
    body = packer.compress(links.encode()) + packer.flush()
    with scripted() as server:
        for cut, said in ((body[: len(body) // 2], "is cut off"), (b"plain", "is said to be compressed")):
            server.answers["/"] = (200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, cut)
            env = {"WHEELHOUSE_RETRIES": "1"}
            failed(inv(project, "wheelhouse.fetch", "--index", server.url, env=env), 1, said)


def test_rerun_completes_without_promised_digests(tmp_path: Path) -> None:
    """A fetch from pages without sha256 can be run again: the bytes are compared with those that are there."""
    project, shelf = make_project(tmp_path / "project"), tmp_path / "shelf"
    shelf.mkdir()
    wheel = wheels.make_wheel(shelf)
    (shelf / "index.html").write_text(f"<a href='{wheel.name}'>x</a>")
    words = ("wheelhouse.fetch", "--index", str(shelf))
    assert [inv(project, *words).returncode for _ in range(2)] == [0, 0]
    mine = wheels.make_wheel(project / "dist", payload=b"other").read_bytes()
    failed(inv(project, *words), 1, "is there with other bytes than were fetched")
    assert (project / "dist" / wheel.name).read_bytes() == mine


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
    """`1.0` and `1.0.0` are one version: two sdists, or two wheels for the same tags, stop the release (case 68)."""
    project = make_project(tmp_path / "project")
    make(project / "dist")  # type: ignore[operator]
    failed(inv(project, *RELEASE, "--no-fetch", env=index_env(pypi)), 1, said)


def test_local_version_is_refused_for_pypi(tmp_path: Path) -> None:
    """PyPI takes no local versions: that is said before anything is sent (case 68)."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", version="1.0+cu118")
    with scripted() as server:
        server.page("/demo/", "")
        words = ("wheelhouse.release", "--version", "1.0+cu118", "--no-fetch", "--check-url", server.url)
        failed(inv(project, *words, "--repository", "pypi"), 1, "PyPI takes no local version")


def test_closed_and_narrow_streams(tmp_path: Path) -> None:
    """Closed streams, a reader that goes away, and a terminal without our letters end no upload."""
    project = make_project(tmp_path / "pröject")
    wheels.make_wheel(project / "dist")
    task = f"{sys.executable} -m invoke wheelhouse.upload"
    ways = (f"{task} <&-", f"{task} >&-", f"PYTHONIOENCODING=ascii {task}", f"set -o pipefail; {task} | head -1")
    for command in ways:
        done = programs.run("bash", "-c", command, cwd=project)
        assert (done.returncode, done.stderr) == (0, ""), command
    full = programs.run("bash", "-c", f"{task} --json >/dev/full", cwd=project)
    assert (full.returncode, "Traceback" in full.stderr) == (1, False)


def test_s3_refuses_a_file_that_changed(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A published object is neither replaced nor deleted by a file that changed while it was sent."""
    store = open_store(s3_container(s3, bucket_name))
    store.create()
    store.put("x.whl", payload(b"published"))
    path = tmp_path / "x.whl"
    path.write_bytes(b"before")
    promised = payload(path)
    path.write_bytes(b"after!")
    with pytest.raises(BadArtifact):
        store.put("x.whl", promised)
    assert read_all(store, "x.whl") == b"published"


def test_s3_same_name_from_many_workers(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Of four workers with other bytes under one name one wins, and the others are refused."""
    project = make_project(tmp_path / "project")
    env = {**os.environ, **s3_env(s3, bucket_name)}
    open_store(s3_container(s3, bucket_name)).create()
    for number in range(4):
        (project / f"dist{number}").mkdir()
        wheels.make_wheel(project / f"dist{number}", payload=str(number).encode() * 100_000)
    task = [sys.executable, "-m", "invoke", "wheelhouse.upload", "--local-folder"]
    pipe = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    started = [subprocess.Popen([*task, f"dist{n}"], cwd=project, env=env, **pipe) for n in range(4)]  # type: ignore[call-overload]
    said = [process.communicate(timeout=programs.STUCK)[1].decode() for process in started]
    assert sorted(process.returncode for process in started) == [0, 1, 1, 1], said
    assert sum("published with other bytes" in text for text in said) == 3, said
    assert inv(project, "wheelhouse.fetch", "--local-folder", "got", env=s3_env(s3, bucket_name)).returncode == 0


def test_names_that_differ_in_case_are_refused(tmp_path: Path) -> None:
    """What one file system could not hold is not published."""
    project = uploaded(tmp_path)
    wheel = wheels.make_wheel(project / "dist")
    wheel.rename(wheel.with_name(wheel.name.replace("demo", "Demo", 1)))
    done = inv(project, "wheelhouse.upload")
    assert (done.returncode, "in case only" in done.stderr) == (1, True)


def test_printed_commands_heed_the_prefix(tmp_path: Path) -> None:
    """public_url is the container's address: the prefix comes behind it."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    env = {"WHEELHOUSE_PUBLIC_URL": "https://example.org/c", "WHEELHOUSE_PREFIX": "a/b"}
    said = inv(project, "wheelhouse.upload", env=env).stdout
    assert "https://example.org/c/a/b/index.html demo==1.0" in said


def test_printed_nothing_where_pages_were_left_alone(tmp_path: Path) -> None:
    """Without pages nothing can be installed yet, and that is said."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    said = inv(project, "wheelhouse.upload", "--no-update-index").stdout
    assert ("install" in said, "the next upload brings them up to date" in said) == (False, True)


def test_unverified_file_from_another_host_is_refused(tmp_path: Path) -> None:
    """A redirect to another host is not followed for a file that nothing vouches for."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path)
    with scripted() as here, scripted() as elsewhere:
        elsewhere.answers[f"/{wheel.name}"] = (200, {}, wheel.read_bytes())
        here.page("/", f"<a href='{wheel.name}'>x</a>")
        here.answers[f"/{wheel.name}"] = (302, {"Location": f"{elsewhere.url}{wheel.name}"}, b"")
        failed(inv(project, "wheelhouse.fetch", "--index", here.url), 1, "redirects to another host")
    assert not list((project / "dist").iterdir())


def test_name_of_a_json_row_counts(tmp_path: Path) -> None:
    """In JSON the file name is that of the row, whatever its URL ends in."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path)
    row = {"filename": wheel.name, "url": "/p/download/7", "hashes": {"sha256": payload(wheel).sha256}}
    page = {"meta": {"api-version": "1.0"}, "name": "demo", "files": [row]}
    with scripted() as server:
        server.answers["/"] = (200, {"Content-Type": "application/vnd.pypi.simple.v1+json"}, json.dumps(page).encode())
        server.answers["/p/download/7"] = (200, {}, wheel.read_bytes())
        assert inv(project, "wheelhouse.fetch", "--index", server.url).returncode == 0
    assert (project / "dist" / wheel.name).read_bytes() == wheel.read_bytes()


def test_paths_with_blanks(tmp_path: Path) -> None:
    """An index in a folder with a blank and other letters in its name is one index."""
    project = uploaded(tmp_path)
    (project / "wheelhouse").rename(tmp_path / "wheels & ünïcode")
    words = ("wheelhouse.fetch", "--index", str(tmp_path / "wheels & ünïcode"))
    assert inv(project, *words).returncode == 0
    assert inv(project, "wheelhouse.fetch", "--index", (tmp_path / "wheels & ünïcode").as_uri()).returncode == 0


def test_interrupted_download_leaves_nothing(tmp_path: Path) -> None:
    """After Ctrl-C in the middle of a download neither a file nor half of one is left, and the exit code is 130."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path, payload=os.urandom(200_000))
    with servers.static(tmp_path) as origin, servers.faultproxy(int(origin.url.rpartition(":")[2])) as proxy:
        (tmp_path / "index.html").write_text(f"<a href='{wheel.name}#sha256={payload(wheel).sha256}'>x</a>")
        proxy.set("hang", skip=1, after=100_000)
        task = [sys.executable, "-m", "invoke", "wheelhouse.fetch", "--index", f"{proxy.url}/index.html"]
        process = subprocess.Popen(task, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while not list((project / "dist").glob(".*.part")) and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=programs.STUCK)[1]
    assert (process.returncode, said.count("\n"), "interrupted" in said) == (130, 1, True)
    assert not list((project / "dist").iterdir())


@pytest.mark.parametrize(
    ("variable", "near"),
    [("WHEELHOUSE_PROVIDR", "WHEELHOUSE_PROVIDER"), ("INVOKE_WHEELHOUSE_CONTAINR", "WHEELHOUSE_CONTAINER")],
)
def test_mistyped_variables(variable: str, near: str, tmp_path: Path) -> None:
    """A variable that is nearly one of ours is an error: its wheels would go elsewhere on a green build."""
    project = make_project(tmp_path / "project")
    failed(inv(project, "wheelhouse.upload", env={variable: "s3"}), 2, f"did you mean '{near}'?")
    wheels.make_wheel(project / "dist")
    assert inv(project, "wheelhouse.upload", env={"WHEELHOUSE_CACHE_DIR": "x"}).returncode == 0


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("container", "s3://x/y", "expected a name, not a URL"),
        ("container", "", "expected a name"),
        ("local_folder", "wheelhouse", "is the container too"),
        ("host", "http://127.0.0.1:9", "expected a host name alone"),
        ("public_url", "w.example.org", "expected a URL"),
    ],
)
def test_values_that_would_go_astray(key: str, value: str, said: str, tmp_path: Path) -> None:
    """Values that mean something else than their writer thought are refused."""
    project = make_project(tmp_path / "project")
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'[tool.wheelhouse]\n{key} = "{value}"\n')
    failed(inv(project, "wheelhouse.upload"), 2, said)


def test_table_of_driver_options_in_invoke_yaml(tmp_path: Path) -> None:
    """driver_options is a table, and invoke takes one."""
    project = make_project(tmp_path / "project")
    (project / "invoke.yaml").write_text("wheelhouse:\n  driver_options:\n    token: x\n")
    wheels.make_wheel(project / "dist")
    assert inv(project, "wheelhouse.upload").returncode == 0


@pytest.mark.parametrize("program", [("-m", "wheelhouse_tasks"), ("-m", "invoke")], ids=["wheelhouse", "inv"])
def test_debug_log_of_the_program(program: tuple[str, ...], tmp_path: Path) -> None:
    """The secret of a flag is in no line of --debug, whichever program writes it."""
    project = make_project(tmp_path / "project")
    task = "upload" if "wheelhouse_tasks" in program else "wheelhouse.upload"
    secret = "hush-hush-5ecret"
    done = programs.run(sys.executable, *program, "--debug", task, "--secret", secret, cwd=project)
    assert (done.returncode, secret in done.stdout + done.stderr, "--secret" in done.stderr) == (1, False, True)


def test_default_container_is_ignored_by_git(tmp_path: Path) -> None:
    """The default container is a folder of the project: git, and builds that ask it, leave it out."""
    project = uploaded(tmp_path)
    assert (project / "wheelhouse/.gitignore").read_text() == "*\n"
    assert re.search("demo-1.0", (project / "wheelhouse/index.html").read_text())
