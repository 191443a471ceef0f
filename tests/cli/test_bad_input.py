"""Bad input: one clear line, the documented exit code, no traceback, nothing half-written, no secret told."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import programs
import pytest
import scripted_index
import servers
import wheels
from outcomes import SENTINEL, failed
from projects import index_env, inv, make_project, s3_env

from wheelhouse_tasks.commands.upload import upload
from wheelhouse_tasks.errors import BadArtifact
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.ui import PlanRow, Silent


@dataclass
class Case:
    """What is wrong, and how it must end."""

    code: int
    said: str
    words: tuple[str, ...] = ("wheelhouse.upload",)
    env: dict[str, str] = field(default_factory=dict)
    prepare: Callable[[Path], object] = lambda project: wheels.make_wheel(project / "dist", "demo", "1.0")


def nothing(project: Path) -> None:
    """Leave the project as it is: an empty dist/."""


def remove_dist(project: Path) -> None:
    """Take dist/ away."""
    (project / "dist").rmdir()


def corrupt(project: Path) -> None:
    """Make a good wheel and a truncated one."""
    wheels.make_wheel(project / "dist", "demo", "1.0")
    wheel = wheels.make_wheel(project / "dist", "demo", "2.0")
    wheel.write_bytes(wheel.read_bytes()[:-40])


def disagree(project: Path) -> None:
    """Make a wheel whose METADATA says another version."""
    wheels.make_wheel(project / "dist", "demo", "1.0")
    wheels.make_wheel(project / "dist", "demo", "2.0", metadata="Metadata-Version: 2.1\nName: demo\nVersion: 2.1\n")


def configure(text: str) -> Callable[[Path], object]:
    """Return a preparation that writes invoke.yaml."""
    return lambda project: (project / "invoke.yaml").write_text(text)


def tool_table(text: str) -> Callable[[Path], object]:
    """Return a preparation that writes a [tool.wheelhouse] table."""
    return lambda project: (project / "pyproject.toml").write_text(f"[tool.wheelhouse]\n{text}\n")


REMOTE = {"WHEELHOUSE_PROVIDER": "s3", "WHEELHOUSE_USERNAME": "user", "WHEELHOUSE_SECRET": SENTINEL}
FETCH, RELEASE = ("wheelhouse.fetch",), ("wheelhouse.release",)
RELEASE_1 = (*RELEASE, "--version", "1.0", "--no-fetch")

CASES = {
    "missing folder": Case(1, "dist: there is no such folder", prepare=remove_dist),
    "empty folder": Case(1, "dist: holds no wheel or sdist", prepare=nothing),
    "corrupt wheel": Case(1, "demo-2.0-py3-none-any.whl: the archive is damaged", prepare=corrupt),
    "metadata disagrees": Case(1, "its metadata says version '2.1', its file name '2.0'", prepare=disagree),
    "unknown provider": Case(
        2, "unknown storage provider 's33' (did you mean 's3'?)", env={"WHEELHOUSE_PROVIDER": "S33"}
    ),
    "no credentials": Case(2, "set WHEELHOUSE_USERNAME and WHEELHOUSE_SECRET, both", env={"WHEELHOUSE_PROVIDER": "s3"}),
    "wrong region": Case(2, "unsupported region: mars", env={**REMOTE, "WHEELHOUSE_REGION": "mars"}),
    "server down": Case(
        1,
        "cannot be reached: Connection refused",
        env={**REMOTE, "WHEELHOUSE_HOST": "127.0.0.1", "WHEELHOUSE_PORT": "DOWN", "WHEELHOUSE_SECURE": "no"},
    ),
    "unknown setting": Case(
        2, "unknown setting 'containr' (did you mean 'container'?)", prepare=tool_table("containr='x'")
    ),
    "unknown setting, invoke": Case(
        2,
        "unknown setting 'max-workers' (did you mean 'max_workers'?)",
        prepare=configure("wheelhouse: {max-workers: 3}"),
    ),
    "secret in a file": Case(2, "'secret' is not a setting", prepare=tool_table(f"secret='{SENTINEL}'")),
    "wrong number": Case(2, "expected a whole number from 1 to 64, got 'many'", env={"WHEELHOUSE_MAX_WORKERS": "many"}),
    "wrong boolean": Case(2, "expected yes or no, got 'maybe'", env={"WHEELHOUSE_FLAT_INDEX": "maybe"}),
    "page named like its folder": Case(2, "slash_pages: a folder cannot", env={"WHEELHOUSE_SLASH_PAGES": "yes"}),
    "climbing prefix": Case(2, "prefix: '../x' is not a relative path", env={"WHEELHOUSE_PREFIX": "../x"}),
    "broken pyproject": Case(
        2, "pyproject.toml: cannot be read", prepare=lambda p: (p / "pyproject.toml").write_text("[")
    ),
    "missing container": Case(1, "wheelhouse: there is no such folder", FETCH),
    "invalid version": Case(2, "version: 'banana' is not a valid version", (*FETCH, "--version", "banana")),
    "invalid project": Case(2, "project: '../demo' is not a valid project name", (*FETCH, "--project", "../demo")),
    "missing index": Case(1, "nowhere: there is no such file or folder", (*FETCH, "--index", "nowhere")),
    "index down": Case(
        1, "could not be read: Connection refused", (*FETCH, "--index", f"http://u:{SENTINEL}@127.0.0.1:DOWN/")
    ),
    "index provider": Case(2, "unknown storage provider 'gopher'", (*FETCH, "--index", "gopher://x/")),
    "index option": Case(2, "unknown option 'token'", (*FETCH, "--index", f"s3://x/?token={SENTINEL}")),
    "no version": Case(2, "version: not given (release needs --version X.Y.Z, or --plan FILE)", RELEASE),
    "no check url": Case(
        2, "check_url: not set", (*RELEASE_1, "--repository-url", f"https://u:{SENTINEL}@example.org/")
    ),
    "unknown repository": Case(2, "repository: 'inhouse' is not in ", (*RELEASE_1, "--repository", "inhouse")),
    "other index in twine's variables": Case(
        2,
        "TWINE_REPOSITORY_URL: is set, but",
        RELEASE_1,
        {"TWINE_REPOSITORY_URL": f"https://u:{SENTINEL}@example.org/"},
    ),
    "nothing of that version": Case(
        1,
        "demo 2.0: no artifact",
        (*RELEASE, "--version", "2.0", "--no-fetch"),
        {
            "WHEELHOUSE_REPOSITORY_URL": "http://127.0.0.1:INDEX/legacy/",
            "WHEELHOUSE_CHECK_URL": "http://127.0.0.1:INDEX/simple/",
        },
    ),
    "package index down": Case(
        1,
        "could not be read: Connection refused",
        RELEASE_1,
        {
            "WHEELHOUSE_REPOSITORY_URL": f"http://u:{SENTINEL}@127.0.0.1:DOWN/",
            "WHEELHOUSE_CHECK_URL": "http://127.0.0.1:DOWN/",
        },
    ),
}

MODES = {
    "plain": ((), ()),
    "verbose": ((), ("--verbose",)),
    "echo": (("--echo",), ()),
    "debug": (("--debug",), ()),
}


def with_ports(text: str, ports: dict[str, str]) -> str:
    """Return a text in which the name of each server gives way to its port."""
    return re.sub("|".join(ports), lambda name: ports[name[0]], text)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_one_line_and_the_code(case: Case, mode: str, tmp_path: Path) -> None:
    """Each kind of bad input ends as documented, however much output is asked for."""
    project = make_project(tmp_path / "project")
    case.prepare(project)
    before, after = MODES[mode]
    with scripted_index.running(tmp_path / "index") as index:
        ports = {"DOWN": str(servers.closed_port()), "INDEX": str(index.port)}
        words = [with_ports(word, ports) for word in case.words]
        env = {key: with_ports(value, ports) for key, value in case.env.items()}
        done = inv(project, *before, *words, *after, env={"WHEELHOUSE_RETRIES": "1", **env})
    failed(done, case.code, case.said, debug=mode == "debug")
    assert not (project / "wheelhouse").exists()


def written(text: bytes) -> Callable[[Path], object]:
    """Return a preparation that writes these bytes where a wheel should be."""
    return lambda dist: (dist / "demo-2.0-py3-none-any.whl").write_bytes(text)


def made(metadata: str, **extra_files: bytes) -> Callable[[Path], object]:
    """Return a preparation that makes a wheel with this METADATA."""
    return lambda dist: wheels.make_wheel(dist, "demo", "2.0", metadata=metadata, extra_files=extra_files)


GOOD = "Metadata-Version: 2.1\nName: demo\nVersion: 2.0\n"
ARCHIVES = {
    "Case 19: HTML": (written(b"<html>"), "the archive is damaged: File is not a zip file"),
    "Case 19: empty": (written(b""), "the archive is damaged: File is not a zip file"),
    "Case 20: large METADATA": (made(GOOD + "x" * (9 << 20)), "METADATA is larger than 8 MiB"),
    "Case 21: two .dist-info": (
        made(GOOD, **{"x-1.dist-info/METADATA": b""}),
        "has 2 .dist-info folders, expected one",
    ),
    "Case 22: other project": (made(GOOD.replace("demo", "x")), "its metadata says project 'x', its file name 'demo'"),
    "Case 22: other version": (made(GOOD.replace("2.0", "3")), "its metadata says version '3', its file name '2.0'"),
    "Case 23: no Version": (made("Name: demo\n"), "its metadata has no Name or no Version"),
}


@pytest.mark.parametrize(("make", "said"), ARCHIVES.values(), ids=ARCHIVES)
def test_bad_archive_stops_the_upload(make: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    """Cases 19 to 23: a wheel that is none is named with what is wrong, before the good one beside it is sent."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    make(project / "dist")
    done = inv(project, "wheelhouse.upload")
    failed(done, 1, said)
    assert "error: demo-2.0-py3-none-any.whl: " in done.stderr
    assert not (project / "wheelhouse").exists()


class Meddler(Silent):
    """Rewrites a wheel once it has been read, when the plan is shown."""

    def __init__(self, wheel: Path) -> None:
        self.wheel = wheel

    def plan(self, title: str, rows: Iterable[PlanRow]) -> None:  # noqa: ARG002
        """Add a byte."""
        self.wheel.write_bytes(self.wheel.read_bytes() + b"x")


def test_wheel_that_changes_under_way(tmp_path: Path) -> None:
    """Case 24: a wheel that is rewritten after it was read is not stored, and is on no page."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist", "demo", "1.0")
    found = resolve({}, {}, {}, project)
    with pytest.raises(BadArtifact, match=f"{wheel.name}: changed while it was uploaded"):
        upload(found, Meddler(wheel))
    assert not [path for path in (project / "wheelhouse").rglob("*") if wheel.name in path.name]
    assert upload(found).uploaded == (wheel.name,)


def test_requires_python_on_the_pages(tmp_path: Path) -> None:
    """Case 25: Requires-Python is escaped on the pages; one that is no specifier is left off, with a warning."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0", requires_python=">=3.8,<4")
    bad = wheels.make_wheel(project / "dist", "demo", "2.0", requires_python=">=3.8'\"<b>")
    done = inv(project, "wheelhouse.upload")
    assert done.returncode == 0, done.stderr
    told = f"{bad.name}: its Requires-Python '>=3.8\\'\"<b>' is not valid, and is left off the pages"
    assert [line for line in done.stdout.splitlines() if line.startswith("warning: ")] == [f"warning: {told}"]
    for page in ("index.html", "simple/demo/index.html"):
        text = (project / "wheelhouse" / page).read_text()
        assert (text.count("data-requires-python="), "&gt;=3.8,&lt;4" in text, "<b>" in text) == (1, True, False)


@pytest.mark.parametrize("mode", MODES)
def test_secret_flag_is_never_told(mode: str, s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Wrong credentials are refused with the provider's reason, and no output tells the secret of a flag (case 73)."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    before, after = MODES[mode]
    words = (*before, "wheelhouse.upload", "--secret", SENTINEL, *after)
    done = inv(project, *words, env=s3_env(s3, bucket_name))
    failed(done, 1, "the secret does not fit the user name (403 SignatureDoesNotMatch)", debug=mode == "debug")


@pytest.mark.parametrize("mode", MODES)
def test_refused_release_tells_no_secret(mode: str, pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A package index that refuses the password ends the release with its reason, and no password is told (case 73)."""
    project = make_project(tmp_path / "project", name="demo-refused")
    wheels.make_wheel(project / "dist", "demo-refused", "1.0")
    before, after = MODES[mode]
    env = {**index_env(pypi), "TWINE_PASSWORD": SENTINEL}
    done = inv(project, *before, *RELEASE_1, *after, env=env)
    failed(done, 1, "403 Forbidden", debug=mode == "debug")
    assert "uploaded before: none" in done.stderr


def test_missing_bucket_on_fetch(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A container that is not there is an error of `fetch`, which creates none."""
    project = make_project(tmp_path / "project")
    for _ in range(2):
        failed(inv(project, *FETCH, env=s3_env(s3, bucket_name)), 1, f"s3://{bucket_name}: there is no such container")
    assert not list((project / "dist").iterdir())


@contextmanager
def stalled_s3(s3: servers.S3Server, after: int) -> Iterator[servers.FaultProxy]:
    """Put a proxy before the server whose answers stop after some bytes."""
    with servers.faultproxy(s3.port) as proxy:
        proxy.set("hang", after=after)
        yield proxy


@pytest.mark.parametrize("words", [("wheelhouse.upload",), FETCH], ids=["upload", "fetch"])
@pytest.mark.parametrize("after", [0, 20], ids=["silent", "mid-answer"])
def test_silent_storage_is_given_up(
    words: tuple[str, ...], after: int, s3: servers.S3Server, bucket_name: str, tmp_path: Path
) -> None:
    """A storage server that stops talking is given up after `timeout`, not waited for."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    with stalled_s3(s3, after) as proxy:
        env = {**s3_env(s3, bucket_name), "WHEELHOUSE_PORT": str(proxy.port), "WHEELHOUSE_TIMEOUT": "1"}
        done = inv(project, *words, env=env)
    failed(done, 1, "no answer within 1 s")


def test_silence_in_mid_upload_is_given_up(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """An upload whose answer never comes is given up too: libcloud itself would wait for ever."""
    project = make_project(tmp_path / "project")
    env = s3_env(s3, bucket_name)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    wheels.make_wheel(project / "dist", "demo", "2.0")
    with servers.faultproxy(s3.port) as proxy:
        proxy.set("blackhole", skip=1)  # the listing comes through, the workers' own connections do not
        env |= {"WHEELHOUSE_PORT": str(proxy.port), "WHEELHOUSE_TIMEOUT": str(programs.SILENCE)}
        done = inv(project, "wheelhouse.upload", env=env)
        assert proxy.stats()["faulted"] == 1
    failed(done, 1, f"no answer within {programs.SILENCE} s")


@pytest.mark.parametrize("task", ["fetch", "release"])
def test_silent_web_server_is_given_up(task: str, tmp_path: Path) -> None:
    """A web server that accepts and never answers is given up after `timeout` (cases 45 and 69)."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    with servers.silent() as port:
        url = f"http://127.0.0.1:{port}/"
        env = {"WHEELHOUSE_TIMEOUT": "1", "WHEELHOUSE_REPOSITORY_URL": url, "WHEELHOUSE_CHECK_URL": url}
        words = (*FETCH, "--index", url) if task == "fetch" else RELEASE_1
        failed(inv(project, *words, env=env), 1, "no answer within 1 s")


def test_interrupted_transfer_leaves_no_file(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A download that is cut off leaves neither a file under its name nor half of one."""
    project = make_project(tmp_path / "project")
    env = s3_env(s3, bucket_name)
    wheels.make_wheel(project / "dist", "demo", "1.0", payload=bytes(range(256)) * 4000, tag=wheels.MATRIX[0])
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    with servers.faultproxy(s3.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}/{bucket_name}/index.html"
        proxy.set("cut", skip=1, after=3000)
        words = (*FETCH, "--index", url, "--local-folder", "got")
        done = inv(project, *words, env={"WHEELHOUSE_RETRIES": "1"})
        failed(done, 1, "could not be read")
        assert not list((project / "got").iterdir())
        proxy.set("cut", skip=1, after=3000, count=1)
        assert inv(project, *words).returncode == 0
    assert len(list((project / "got").iterdir())) == 1


def test_wrong_bytes_are_not_kept(tmp_path: Path) -> None:
    """A file with another sha256 than its page promises is refused, and not kept."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload").returncode == 0
    wheel = project / "wheelhouse/files/demo/demo-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")
    page = str(project / "wheelhouse/index.html")
    done = inv(project, *FETCH, "--index", page, "--local-folder", "got")
    failed(done, 1, "demo-1.0-py3-none-any.whl: sha256 is ")
    assert not list((project / "got").iterdir())


def test_other_bytes_in_dist_are_kept(tmp_path: Path) -> None:
    """A file in dist/ with other bytes than the wheelhouse's is left alone without --force."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload").returncode == 0
    published = wheel.read_bytes()
    wheels.make_wheel(project / "dist", "demo", "1.0", payload=b"other")
    mine = wheel.read_bytes()
    failed(inv(project, *FETCH), 1, "pass --force to replace it")
    assert wheel.read_bytes() == mine
    assert inv(project, *FETCH, "--force").returncode == 0
    assert wheel.read_bytes() == published


def test_unreadable_page_stops_the_upload(tmp_path: Path) -> None:
    """A page that cannot be understood is no empty page: the upload ends, and the page is left as it was."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload").returncode == 0
    page = project / "wheelhouse/simple-json/demo/index.html"
    page.write_text('{"files": [')
    wheels.make_wheel(project / "dist", "demo", "2.0")
    failed(inv(project, "wheelhouse.upload"), 1, "simple-json/demo/index.html: cannot be understood")
    assert page.read_text() == '{"files": ['
    assert not (project / "wheelhouse/files/demo/demo-2.0-py3-none-any.whl").exists()
