"""Releases to an index that misbehaves: how each ends, what is told, what is up, and that one rerun completes it."""

import hashlib
import json
import os
import random
import re
import shlex
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

import certificates
import fence
import programs
import pytest
import scripted_index
import servers
import wheels
from folders import digests
from in_process import inv_here
from outcomes import LOGIN
from projects import index_env, inv, make_project, s3_env
from scripted_index import BAD_TOKEN, CLOSED, EXISTS, EXPIRED, USED, Fault, Index, Script
from stores import s3_container

from wheelhouse_tasks.settings.locations import Container
from wheelhouse_tasks.storage.opening import open_store

RELEASE = ("wheelhouse.release", "--version", "1.0", "--no-fetch", "--yes")
TAGS = ("cp311-cp311-win_amd64", "cp312-cp312-macosx_11_0_arm64", "py3-none-any")
WHEELS = [f"demo-1.0-{tag}.whl" for tag in TAGS]
SDIST = "demo-1.0.tar.gz"
#: What goes wrong goes wrong with this one: one is up by then, one is under way beside it, one is not tried.
SECOND = WHEELS[1]
#: Seconds that an index has for an answer, where a test waits until they are over.
SHORT = "10"


@dataclass
class Rig:
    """A project with three wheels and an sdist, and the index that it is released to."""

    project: Path
    index: Index
    planned: dict[str, str]
    env: dict[str, str] = field(default_factory=dict)

    def release(self, *words: str, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
        """Release 1.0; no output tells the password."""
        done = inv(self.project, *(words or RELEASE), env={**index_env(self.index.access), **self.env, **(env or {})})
        assert_no_secret(done)
        return done

    def again(self, line: str) -> CompletedProcess[str]:
        """Run the very command that an error tells to continue with."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, **index_env(self.index.access), **self.env, "PATH": path}
        done = programs.run(*shlex.split(continuation(line)), cwd=self.project, env=env)
        assert_no_secret(done)
        return done

    def assert_stopped(self, done: CompletedProcess[str]) -> None:
        """Check that the release stopped at the second wheel, and that its error names how far each file came."""
        up, untried = names_after("uploaded before", done.stderr), names_after("not tried", done.stderr)
        assert up == set(self.index.shown)
        assert WHEELS[0] in up
        assert SDIST in untried
        assert up.isdisjoint(untried)
        failed = set(self.planned) - up - untried
        assert SECOND in failed
        assert all(f"{name}: " in done.stderr for name in failed)
        assert {post.split()[0] for post in self.index.posts} == up | failed

    def assert_complete(self) -> None:
        """Check that the index has exactly the planned files, each of which it stored once, the sdist last."""
        names = [name for name, _ in self.index.stored]
        assert self.index.shown == self.planned
        assert dict(self.index.stored) == self.planned
        assert (len(names), names[-1]) == (len(self.planned), SDIST)


def continuation(line: str) -> str:
    """Return the command that an error tells to continue with."""
    told = re.search(r"continue with: (.*)\)\n", line)
    assert told, line
    return told[1]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Make a project whose dist/ holds a release, and run an index."""
    project = make_project(tmp_path / "project")
    fill(project / "dist")
    with scripted_index.running(tmp_path / "index") as index:
        yield Rig(project, index, digests(project / "dist"))


def fill(dist: Path, name: str = "demo") -> None:
    """Make three wheels, larger than what is read of a file at once, and an sdist."""
    payload = random.Random(0).randbytes(1 << 14)  # noqa: S311
    for tag in TAGS:
        wheels.make_wheel(dist, name, "1.0", tag, payload=payload)
    wheels.make_sdist(dist, name, "1.0")


def assert_no_secret(done: CompletedProcess[str], *more: str) -> None:
    """Check that no output tells the password, as it is or as it is sent."""
    login = f"{servers.INDEX_USERNAME}:{servers.INDEX_PASSWORD}"
    for secret in (servers.INDEX_PASSWORD, b64encode(login.encode()).decode(), *more):
        assert secret not in done.stdout + done.stderr


def assert_failed(done: CompletedProcess[str], *said: str, code: int = 1) -> None:
    """Check the exit code, and one line that tells all of *said*, with no traceback."""
    assert done.returncode == code, done.stdout + done.stderr
    assert (done.stderr.count("\n"), done.stderr[:7]) == (1, "error: "), done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    missing = [text for text in said if text.lower() not in done.stderr.lower()]
    assert not missing, f"{missing} not in {done.stderr}"


def names_after(words: str, line: str) -> set[str]:
    """Return the file names that an error lists after some words."""
    found = re.search(f"{words}: ([^;)]*)", line)
    assert found, f"{words!r} not in {line}"
    return set() if found[1] == "none" else set(found[1].split(", "))


@dataclass
class Trouble:
    """How an index goes wrong with the second file, and what the error must tell of its answer."""

    said: str
    fault: Fault
    #: Whether the release is run again: most faults leave the same behind.
    completes: bool = False


ELSEWHERE = {"Location": "http://127.0.0.1:1/legacy/"}
STOPS = {
    "exists": Trouble(
        "File already exists",
        Fault(400, EXISTS.format(name=SECOND, sha256=hashlib.sha256(b"").hexdigest())),
        completes=True,
    ),
    "used before": Trouble("already been used", Fault(400, USED)),
    "bad token": Trouble(f"403 Forbidden from URL {BAD_TOKEN}", Fault(403, BAD_TOKEN)),
    "too many": Trouble("429", Fault(429, "Too Many Requests", headers={"Retry-After": "1"})),
    "broken": Trouble("500", Fault(500, "Internal Server Error")),
    "unavailable": Trouble("503", Fault(503, "Service Unavailable", headers={"Retry-After": "1"})),
    "silent": Trouble("no answer within", Fault(), completes=True),
    "cut": Trouble("connection", Fault(cuts=True), completes=True),
    "moved 301": Trouble("redirect", Fault(301, "Moved Permanently", headers=ELSEWHERE)),
    "moved 302": Trouble("redirect", Fault(302, "Found", headers=ELSEWHERE)),
    "status 299": Trouble("299", Fault(299, "Miscellaneous")),
    "status 999": Trouble("999", Fault(999, "Request denied")),
}


@pytest.mark.parametrize("trouble", STOPS.values(), ids=STOPS)
def test_stops_and_completes(trouble: Trouble, rig: Rig) -> None:
    """The second of four files fails; the line tells all, and the command that it names completes the release.

    A redirect, or a status that twine takes for success, is none.
    """
    trouble.fault.name = SECOND
    rig.index.script = Script([trouble.fault])
    rig.env = {"WHEELHOUSE_RETRIES": "1", **patience(rig.index.script)}
    done = rig.release()
    assert_failed(done, f"error: {SECOND}: ", trouble.said.replace("URL", rig.index.access.upload_url))
    rig.assert_stopped(done)
    assert continuation(done.stderr).endswith(f" {' '.join(RELEASE)}")
    if trouble.completes:
        rig.index.script, rig.env = Script(), {}
        done = rig.again(done.stderr)
        assert done.returncode == 0, done.stderr
        rig.assert_complete()


def patience(script: Script) -> dict[str, str]:
    """Return the setting with which a release bears an index that does not answer."""
    return {"WHEELHOUSE_TIMEOUT": SHORT} if any(not (fault.status or fault.cuts) for fault in script.faults) else {}


@dataclass
class Hiccup:
    """What an index does, and how often the second file is sent until the release is complete."""

    script: Script
    posts: int = 1


HICCUPS = {
    "none": Hiccup(Script()),
    "500 three times": Hiccup(Script([Fault(500, "Internal Server Error", name=SECOND, times=3)]), 4),
    "500 seven times": Hiccup(Script([Fault(500, "Internal Server Error", name=SECOND, times=7)]), 8),
    "429 once": Hiccup(Script([Fault(429, "Slow", headers={"Retry-After": "1"}, name=SECOND, times=1)]), 2),
    "taken, no answer, shown late": Hiccup(Script([Fault(name=SECOND, times=1, stores=True)], lag=2)),
    "taken, bad answer": Hiccup(Script([Fault(502, "Bad Gateway", name=SECOND, times=1, stores=True)]), 2),
    "taken, bad answers": Hiccup(Script([Fault(502, "Bad Gateway", name=SECOND, times=5, stores=True)]), 5),
    "shown late": Hiccup(Script(lag=3)),
}


@pytest.mark.parametrize("hiccup", HICCUPS.values(), ids=HICCUPS)
def test_gets_over_it(hiccup: Hiccup, rig: Rig) -> None:
    """What passes, or what the index took without telling, ends no release; a rerun has nothing to do."""
    rig.index.script = hiccup.script
    done = rig.release(env=patience(hiccup.script))
    assert (done.returncode, done.stderr) == (0, "")
    rig.assert_complete()
    assert [post.split()[0] for post in rig.index.posts].count(SECOND) == hiccup.posts
    posts = rig.index.posts
    done = rig.release()
    assert (done.returncode, rig.index.posts) == (0, posts), done.stderr


def test_login_page_is_no_success(rig: Rig) -> None:
    """A login page with status 200 from the second file on fails the release, and a rerun completes it."""
    rig.index.script = Script([Fault(200, "OK", body=LOGIN, skip=1)])
    rig.env = {"WHEELHOUSE_TIMEOUT": SHORT}
    done = rig.release()
    assert_failed(done, SECOND)
    assert set(rig.index.shown) == set(WHEELS[:1])
    rig.index.script = Script()
    done = rig.again(done.stderr)
    assert done.returncode == 0, done.stderr
    rig.assert_complete()


def test_index_that_never_shows_them(rig: Rig) -> None:
    """An index that takes everything and shows nothing in time fails the release; later a rerun ends well."""
    rig.index.script = Script(lag=1000)
    done = rig.release(env={"WHEELHOUSE_TIMEOUT": SHORT})
    *three, _ = sorted(rig.planned)
    assert_failed(done, "not shown", *three, "and 1 more")
    for file in rig.index.files.values():
        file.lag = 0
    done = rig.again(done.stderr)
    assert done.returncode == 0, done.stderr
    rig.assert_complete()


@pytest.mark.parametrize("status", [500, 503, 403])
def test_unreadable_index_is_not_an_empty_one(status: int, rig: Rig) -> None:
    """An index whose page cannot be read stops the release before anything is sent."""
    rig.index.script = Script(page_status=status)
    done = rig.release(env={"WHEELHOUSE_RETRIES": "1"})
    assert_failed(done, rig.index.access.simple_url, str(status))
    assert rig.index.posts == []
    rig.index.script = Script()
    assert rig.release().returncode == 0
    rig.assert_complete()


def test_file_with_other_bytes_stops_everything(rig: Rig) -> None:
    """One file is there with its bytes, one with others: nothing is sent, by a dry run neither."""
    original = (rig.project / "dist" / SDIST).read_bytes()
    assert rig.release().returncode == 0
    posts = rig.index.posts
    wheels.make_sdist(rig.project / "dist", payload=b"other")
    wheels.make_wheel(rig.project / "dist", tag="cp313-cp313-win_amd64")
    for words in (RELEASE, (*RELEASE, "--dry-run")):
        assert_failed(rig.release(*words), SDIST, rig.planned[SDIST], "nothing was uploaded")
        assert (rig.index.posts, rig.index.shown) == (posts, rig.planned)
    (rig.project / "dist" / SDIST).write_bytes(original)
    assert rig.release().returncode == 0
    assert [name for name, _ in rig.index.stored][-1] == "demo-1.0-cp313-cp313-win_amd64.whl"


def test_raced_by_other_bytes(rig: Rig) -> None:
    """A name that another took with other bytes after the comparison is a conflict, not taken for uploaded."""
    other = hashlib.sha256(b"other").hexdigest()
    rig.index.files[SECOND] = scripted_index.Stored("demo", other, 5, lag=2)
    done = rig.release()
    assert_failed(done, SECOND)
    assert rig.index.shown[SECOND] == other
    assert_failed(rig.release(), SECOND, other, "nothing was uploaded")


def test_deleted_name_never_comes_back(rig: Rig) -> None:
    """The index's sentence about a name that was used before is shown; no rerun gets around it."""
    assert rig.release().returncode == 0
    rig.index.delete(SECOND)
    for _ in range(2):
        assert_failed(rig.release(), SECOND, USED)
    assert rig.index.shown == {name: digest for name, digest in rig.planned.items() if name != SECOND}


def test_closed_release(rig: Rig) -> None:
    """The sentence about a release that is older than 14 days is shown; a complete one still is no failure."""
    extra = wheels.make_wheel(rig.project / "dist", tag="cp313-cp313-win_amd64")
    extra.rename(rig.project / extra.name)
    assert rig.release().returncode == 0
    rig.index.script = Script(closed={("demo", "1.0")})
    assert rig.release().returncode == 0
    (rig.project / extra.name).rename(extra)
    assert_failed(rig.release(), extra.name, CLOSED.format(project="demo", version="1.0"))
    rig.assert_complete()


def test_token_expires_between_files(rig: Rig) -> None:
    """A token that expires half-way ends the release with the index's words; a rerun completes it."""
    rig.index.tokens[servers.INDEX_PASSWORD] = 1
    done = rig.release()
    assert_failed(done, f"error: {SECOND}: ", "403", EXPIRED)
    assert set(rig.index.shown) == set(WHEELS[:1])
    rig.assert_stopped(done)
    rig.index.tokens[servers.INDEX_PASSWORD] = -1
    assert rig.again(done.stderr).returncode == 0
    rig.assert_complete()


@pytest.fixture
def pypi_env(rig: Rig) -> dict[str, str]:
    """Make the index be PyPI: an HTTPS proxy that is every host, whose certificate is trusted."""
    trusted = certificates.make(rig.index.folder / "ca.pem", *(f"DNS:{host}" for host in scripted_index.HOSTS))
    return {
        **dict.fromkeys(fence.both_cases("https_proxy"), rig.index.url),
        "REQUESTS_CA_BUNDLE": str(trusted),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def test_each_file_has_a_token_of_its_own(rig: Rig, pypi_env: dict[str, str]) -> None:
    """With trusted publishing to `pypi` every file gets a new token, so that none expires on the way."""
    rig.index.script = Script(token_uploads=1)
    identity = "identity-of-the-job"
    ci = {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{rig.index.url}/oidc-token?api-version=1",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": identity,
    }
    done = inv(rig.project, *RELEASE, "--verbose", env={**pypi_env, **ci})
    minted = [token for token in rig.index.tokens if token != servers.INDEX_PASSWORD]
    assert_no_secret(done, identity, *minted)
    assert done.returncode == 0, done.stderr
    rig.assert_complete()
    assert len(minted) >= len(rig.planned)


@pytest.mark.parametrize("index", ["pypi", "url", "half"])
def test_no_credentials(index: str, rig: Rig, request: pytest.FixtureRequest) -> None:
    """Without credentials and without a terminal nobody is asked; the variables are named, nothing is sent."""
    env = request.getfixturevalue("pypi_env") if index == "pypi" else index_env(rig.index.access)
    env = {name: value for name, value in env.items() if not name.startswith("TWINE_")}
    if index == "half":
        env["TWINE_USERNAME"] = servers.INDEX_USERNAME
    env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    done = inv(rig.project, *RELEASE, env=env)
    assert_failed(done, "TWINE_PASSWORD", *(["TWINE_USERNAME"] if index == "url" else []))
    assert (rig.index.posts, "Enter your" in done.stdout) == ([], False)


PLAIN: Mapping[str, str] = {}
LOUD = {
    "plain": ("variables", RELEASE, PLAIN),
    "verbose": ("variables", (*RELEASE, "--verbose"), PLAIN),
    "json": ("variables", (*RELEASE, "--json"), PLAIN),
    "echo": ("variables", ("--echo", *RELEASE), PLAIN),
    "debug": ("variables", ("--debug", *RELEASE, "--verbose"), PLAIN),
    "INVOKE_DEBUG": ("variables", RELEASE, {"INVOKE_DEBUG": "1"}),
    "LIBCLOUD_DEBUG": ("variables", RELEASE, {"LIBCLOUD_DEBUG": "/dev/stderr"}),
    "pypirc": ("pypirc", (*RELEASE, "--verbose"), PLAIN),
    "url": ("url", RELEASE, PLAIN),
    "url, debug": ("url", ("--debug", *RELEASE, "--verbose"), PLAIN),
}


@pytest.mark.parametrize(("place", "words", "loud"), LOUD.values(), ids=LOUD)
def test_no_output_tells_the_password(place: str, words: tuple[str, ...], loud: Mapping[str, str], rig: Rig) -> None:
    """However much output is asked for, and though the index repeats the password, none tells it."""
    access, secret = rig.index.access, servers.INDEX_PASSWORD
    answer = f"No such token: {secret}"
    rig.index.script = Script([Fault(403, answer, body=f"<p>{answer}</p>", name=SECOND)])
    env = {**index_env(access), **loud}
    if place == "pypirc":
        write_pypirc(
            f"{DISTUTILS}[corp]\nrepository = {access.upload_url}\nusername = __token__\npassword = {secret}\n"
        )
        env = {name: value for name, value in env.items() if not name.startswith(("TWINE_", "WHEELHOUSE_REPOSITORY"))}
        env["WHEELHOUSE_REPOSITORY"] = "corp"
    elif place == "url":
        login = f"http://{access.username}:{secret}@"
        env["WHEELHOUSE_REPOSITORY_URL"] = access.upload_url.replace("http://", login)
        env["WHEELHOUSE_CHECK_URL"] = access.simple_url.replace("http://", login)
    done = inv(rig.project, *words, env=env)
    assert_no_secret(done)
    assert (done.returncode, "403 Forbidden" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc here")
def test_no_command_line_holds_the_password(rig: Rig) -> None:
    """While twine waits for the index's answer, no process of the machine shows the password to everybody."""
    looked = threading.Event()
    rig.index.script = Script([Fault(200, "OK", times=1, stores=True, until=looked)])
    env = {**os.environ, **index_env(rig.index.access)}
    command = [sys.executable, "-m", "invoke", *RELEASE]
    with subprocess.Popen(
        command, cwd=rig.project, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            while not rig.index.posts and process.poll() is None:
                time.sleep(0.01)
            seen = list[bytes]()
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.append(path.read_bytes())
        finally:
            looked.set()
            process.communicate()
    assert any(b"twine" in line and b"upload" in line for line in seen)
    assert not [line for line in seen if servers.INDEX_PASSWORD.encode() in line]
    assert process.returncode == 0


DISTUTILS = "[distutils]\nindex-servers = corp\n"


def write_pypirc(text: str | bytes) -> Path:
    """Write the .pypirc of the test's home; return its path."""
    path = Path(os.environ["HOME"], ".pypirc")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def unreadable(rig: Rig) -> None:
    """Make a .pypirc that even root cannot read."""
    del rig
    Path(os.environ["HOME"], ".pypirc").mkdir()


SECRET = servers.INDEX_PASSWORD
PYPIRC: dict[str, str | bytes | Callable[[Rig], None]] = {
    "missing": lambda _: None,
    "no section": f"password = {SECRET}\n{DISTUTILS}[corp]\n",
    "broken line": f"{DISTUTILS}[corp]\n{SECRET}\n",
    "twice": f"{DISTUTILS}[corp]\npassword = {SECRET}\n[corp]\npassword = {SECRET}\n",
    "wrong section": f"{DISTUTILS}[crop]\nusername = __token__\npassword = {SECRET}\n",
    "not listed": f"[distutils]\nindex-servers =\n[corp]\nusername = __token__\npassword = {SECRET}\n",
    "no repository": f"{DISTUTILS}[corp]\nusername = __token__\npassword = {SECRET}\n",
    "repository is no URL": f"{DISTUTILS}[corp]\nrepository = {SECRET}\nusername = __token__\npassword = {SECRET}\n",
    "not UTF-8": f"{DISTUTILS}[corp]\npassword = {SECRET}\xe9\n".encode("latin-1"),
    "binary": b"\x00\xff" * 100,
    "unreadable": unreadable,
}


@pytest.mark.parametrize("text", PYPIRC.values(), ids=PYPIRC)
def test_bad_pypirc(text: str | bytes | Callable[[Rig], None], rig: Rig) -> None:
    """A .pypirc that does not name the repository is a usage error that tells nothing of what is in it."""
    if callable(text):
        text(rig)
    else:
        write_pypirc(text)
    env = {"WHEELHOUSE_REPOSITORY": "corp", "WHEELHOUSE_CHECK_URL": rig.index.access.simple_url}
    done = inv_here(rig.project, *RELEASE, env=env)
    assert_no_secret(done)
    assert_failed(done, ".pypirc", code=2)
    assert rig.index.posts == []


def test_good_pypirc(rig: Rig) -> None:
    """A repository of .pypirc is released to with the credentials of its section."""
    access = rig.index.access
    text = f"[corp]\nrepository = {access.upload_url}\nusername = {access.username}\npassword = {access.password}\n"
    write_pypirc(DISTUTILS + text)
    done = inv(rig.project, *RELEASE, "--repository", "corp", "--check-url", access.simple_url)
    assert_no_secret(done)
    assert done.returncode == 0, done.stderr
    rig.assert_complete()


def test_dry_release_sends_nothing(rig: Rig) -> None:
    """A dry run of a release shows every file, looks at the index, writes nothing, and checks all the same."""
    before = snapshot(rig.project)
    done = rig.release(*RELEASE, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in rig.planned)
    log = (rig.index.folder / "requests.log").read_text().splitlines()
    assert log
    assert not [line for line in log if not line.startswith("GET ")]
    assert snapshot(rig.project) == before
    wheel = rig.project / "dist" / SECOND
    wheel.write_bytes(wheel.read_bytes()[:-40])
    assert_failed(rig.release(*RELEASE, "--dry-run"), SECOND)
    assert rig.index.posts == []


#: Every task that writes.
WRITING = {
    "upload": (),
    "fetch": ("--version", "1.0", "--local-folder", "fetched"),
    "index": (),
    "check": ("--repair",),
    "yank": ("--version", "1.0"),
    "unyank": ("--version", "0.9"),
    "remove": ("--version", "1.0"),
    "promote": ("--version", "1.0", "--to", "other"),
    "prune": ("--keep", "1", "--now"),
}


@pytest.mark.parametrize("place", ["folder", "s3"])
def test_dry_runs_write_nothing(place: str, s3: servers.SeaweedFS, bucket_name: str, tmp_path: Path) -> None:
    """A dry run of every task that writes leaves dist/ and the container as they are, though there is work."""
    project = make_project(tmp_path / "project")
    for version in ("0.9", "1.0", "1.1.dev1", "1.1.dev2"):
        wheels.make_wheel(project / "dist", version=version)
    with servers.or_skip(servers.counting(s3.port)) as proxy:
        env = {**s3_env(s3, bucket_name), "WHEELHOUSE_PORT": str(proxy.port)} if place == "s3" else {}
        env["WHEELHOUSE_KEEP"] = "10"
        for words in (("upload", "--no-stamp"), ("yank", "--version", "0.9")):
            done = inv(project, f"wheelhouse.{words[0]}", *words[1:], env=env)
            assert done.returncode == 0, done.stderr
        wheels.make_wheel(project / "dist", version="2.0")
        container = s3_container(s3, bucket_name) if place == "s3" else Container("local", str(project / "wheelhouse"))
        open_store(container).delete("simple/demo/index.html")  # work for `index` and `check`
        before = snapshot(project)
        with proxy.requests() as asked:
            for task, more in WRITING.items():
                # `check` has no flag for it: without --repair it is one
                dry = "--dry" if task == "check" else "--dry-run"
                done = inv(project, f"wheelhouse.{task}", *more, dry, env=env)
                assert done.returncode == (1 if task == "check" else 0), f"{task}: {done.stdout}{done.stderr}"
        assert snapshot(project) == before
        assert bool(asked) == (place == "s3")
        assert {line.split()[0] for line in asked} <= {"GET", "HEAD"}


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return time and content of every file below a folder; what Python keeps of tasks.py does not count."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.mark.parametrize("index", ["pypi", "devpi_index"])
def test_real_indexes_agree(index: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """On pypiserver and devpi too, the same file is skipped, and another of its name is found before all."""
    server: servers.PackageIndex = request.getfixturevalue(index)
    name = f"demo-faults-{index.replace('_', '-')}"
    project = make_project(tmp_path / "project", name=name)
    fill(project / "dist", name)
    everything = digests(project / "dist")
    sdist = next(file for file in everything if file.endswith(".tar.gz"))
    held = project / sdist
    (project / "dist" / sdist).rename(held)
    words, env = (*RELEASE, "--json"), index_env(server)
    first = json.loads(inv(project, *words, env=env).stdout)
    held.rename(project / "dist" / sdist)
    second = json.loads(inv(project, *words, env=env).stdout)
    assert (len(first["uploaded"]), second["uploaded"]) == (3, [sdist])
    assert (sorted(second["present"]), second["sha256"]) == (sorted(first["uploaded"]), everything)

    wheels.make_sdist(project / "dist", name, payload=b"other")
    extra = wheels.make_wheel(project / "dist", name, tag="cp313-cp313-win_amd64").name
    done = inv(project, *RELEASE, env=env)
    assert_failed(done, sdist, everything[sdist], "nothing was uploaded")
    back = inv(project, "wheelhouse.fetch", "--index", server.simple_url, "--local-folder", "back")
    assert back.returncode == 0, back.stderr
    assert digests(project / "back") == everything
    assert extra not in everything
