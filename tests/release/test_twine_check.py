"""What `twine check` finds is told in full, and where it finds nothing out, in a line of our own."""

import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import servers
import wheels
from in_process import inv_here
from projects import index_env, inv, make_project

from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.errors import PublishError, UploadRefusal
from wheelhouse_tasks.publishing.index import PackageIndex

HEAD = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"
MADE = "Description-Content-Type: text/markdown\n\nwords\n"
CHECK = "twine check --strict"
#: What twine prints of itself, and we never repeat.
USAGE = ("usage:", "arguments are required", "Traceback", 'File "')


def local_file(folder: Path) -> LocalFile:
    """Make a wheel, and return what is known of it."""
    path = wheels.make_wheel(folder)
    [file] = dist.read([(path, artifact.parse(path.name))], 1)
    return file


def wrong_checksum(folder: Path) -> None:
    """Make a wheel of which one byte is another."""
    path = wheels.make_wheel(folder)
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("demo/payload.bin")
    content = bytearray(path.read_bytes())
    content[info.header_offset + 14] ^= 1  # the checksum
    directory = content.rindex(b"PK\x01\x02", 0, content.rindex(info.filename.encode()))
    content[directory + 16] ^= 1  # its copy
    path.write_bytes(content)


def wrong_checksums(folder: Path) -> None:
    """Make a wheel of which one byte is another, and an sdist that is cut off."""
    wrong_checksum(folder)
    cut_off(folder)


def cut_off(folder: Path) -> None:
    """Make an sdist that is cut off."""
    path = wheels.make_sdist(folder)
    path.write_bytes(path.read_bytes()[:-200])


def login_page(folder: Path) -> None:
    """Make a page that is called like a wheel."""
    (folder / "demo-1.0-py3-none-any.whl").write_text("<html>")


def other_project(folder: Path) -> None:
    """Make a wheel that says it is of another project."""
    wheels.make_wheel(folder, metadata=f"{HEAD}{MADE}".replace("demo", "other"))


@pytest.mark.parametrize("make", [wrong_checksum, wrong_checksums, cut_off, login_page, other_project])
def test_nothing_left_to_check(make: Callable[[Path], None], pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A release of which every file is damaged tells the damage of each, and no word of twine's."""
    project = make_project(tmp_path / "project")
    make(project / "dist")
    names = sorted(path.name for path in (project / "dist").iterdir())
    words = ("wheelhouse.release", "--version", "1.0", "--no-fetch", "--json")
    done = inv_here(project, *words, env=index_env(pypi))
    message = done.stderr.rpartition("error: ")[2]
    assert (done.returncode, message.count("\n")) == (1, 1), done.stderr
    assert sorted(name for name, _ in json.loads(done.stdout)["findings"]) == names
    assert not [part for part in ("twine", *USAGE) if part in message], message
    assert message.endswith("; release: nothing was uploaded\n")


@pytest.fixture(autouse=True)
def _processes_end() -> Iterator[None]:
    """End the processes of twine that a test started."""
    yield
    while INDEXES:
        INDEXES.pop().twines.end()


INDEXES: list[PackageIndex] = []


def index(timeout: float = 30, **environ: str) -> PackageIndex:
    """Return an index that twine is not asked to reach."""
    env = {**os.environ, **environ}
    there = PackageIndex(None, "http://127.0.0.1:9/", "http://127.0.0.1:9/simple/", env, frozenset(), timeout, 0)
    INDEXES.append(there)
    return there


def fake_twine(folder: Path, program: str, name: str = "__main__", timeout: float = 30) -> PackageIndex:
    """Return an index whose twine is another program."""
    (folder / "twine").mkdir()
    (folder / "twine/__init__.py").write_text("")
    (folder / f"twine/{name}.py").write_text(program)
    return index(timeout, PYTHONPATH=str(folder))


def test_twine_is_not_called_for_nothing(tmp_path: Path) -> None:
    """Where no file is left, twine is not started."""
    there = fake_twine(tmp_path, f"open({str(tmp_path / 'started')!r}, 'w')")
    assert there.check([]) == []
    assert not (tmp_path / "started").exists()
    assert there.check([wheels.make_wheel(tmp_path)]) == []
    assert (tmp_path / "started").exists()


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        pytest.param("import os; os.kill(os.getpid(), 9)", "twine was ended by signal 9", id="killed"),
        pytest.param("import os; os.abort()", "twine was ended by signal 6", id="crashed"),
        pytest.param(
            "import os, sys; print('Checking demo-1.0-py3-none-any.whl: ', flush=True); os.kill(os.getpid(), 9)",
            "twine was ended by signal 9",
            id="killed at a file",
        ),
        pytest.param("import not_there", "ModuleNotFoundError: No module named 'not_there'", id="traceback"),
        pytest.param("raise SystemExit(1)", "twine gave no reason", id="no word"),
        pytest.param(
            "import argparse; argparse.ArgumentParser('twine check').parse_args()",
            "twine does not know its arguments (is it 7.0 or newer?)",
            id="usage",
        ),
        pytest.param("print('Checking x: FAILED\\nwhat'); raise SystemExit(1)", "what", id="another file"),
    ],
)
def test_twine_that_does_not_work(program: str, problem: str, tmp_path: Path) -> None:
    """Where twine comes to no result, that is one finding of its own, and no file is blamed."""
    [finding] = fake_twine(tmp_path, program).check([wheels.make_wheel(tmp_path)])
    assert str(finding) == f"{CHECK}: gave no result: {problem}"


def test_twine_that_cannot_be_run_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A twine that is incomplete, or not installed, is one finding of its own."""
    there = fake_twine(tmp_path, "", name="other")
    wheel = wheels.make_wheel(tmp_path)
    [finding] = there.check([wheel])
    assert str(finding).startswith(f"{CHECK}: gave no result: ")
    assert "No module named twine.__main__" in str(finding)
    monkeypatch.setitem(sys.modules, "twine", None)
    assert list(map(str, there.check([wheel]))) == ["twine: is not installed for this Python (run: pip install twine)"]


def test_twine_that_is_silent(tmp_path: Path) -> None:
    """A twine that does not end is given up, in one line."""
    hasty = fake_twine(tmp_path, "import time; time.sleep(600)", timeout=0.1)
    assert list(map(str, hasty.check([wheels.make_wheel(tmp_path)]))) == [
        f"{CHECK}: gave no result: no answer within 1 s (see the setting 'timeout')"
    ]


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("import os; os.kill(os.getpid(), 9)", "twine was ended by signal 9"),
        ("raise SystemExit(2)", "twine does not know its arguments (is it 7.0 or newer?)"),
    ],
)
def test_upload_by_a_twine_that_does_not_work(program: str, problem: str, tmp_path: Path) -> None:
    """An upload that twine does not carry out is told in the same words."""
    file = local_file(tmp_path)
    with pytest.raises(PublishError) as refused:
        fake_twine(tmp_path, program).upload(file)
    assert refused.value.problem == f"http://127.0.0.1:9/ did not take it: {problem}"


ANSWER = "INFO     Response from https://503.example:5000/legacy/:\n         {} {}\n"
CAUGHT = "ERROR    HTTPError: {0} {1} from https://503.example:5000/legacy/\n         {1}\n"


def answered(status: int, reason: str, body: str = "") -> str:
    """Return what twine prints of an answer."""
    return ANSWER.format(status, reason) + body + "\n" + CAUGHT.format(status, reason)


def network(error: str) -> str:
    """Return what twine prints where a connection fails."""
    return f'Traceback (most recent call last):\n  File "x.py", line 503, in upload\n{error}\n'


@pytest.mark.parametrize(
    ("printed", "status", "kind"),
    [
        pytest.param(answered(503, "Service Unavailable"), 503, UploadRefusal.BROKEN, id="503"),
        pytest.param(answered(500, "Oops"), 500, UploadRefusal.BROKEN, id="500"),
        pytest.param(answered(429, "Slow"), 429, UploadRefusal.BUSY, id="429"),
        pytest.param(CAUGHT.format(502, "Bad Gateway"), 502, UploadRefusal.BROKEN, id="502 for a token"),
        pytest.param(answered(409, "Conflict"), 409, UploadRefusal.EXISTS, id="409"),
        pytest.param(
            answered(400, "Bad", "File already exists ('x', with"), 400, UploadRefusal.EXISTS, id="PyPI has it"
        ),
        pytest.param(answered(403, "Forbidden", "Package already exists"), 403, UploadRefusal.EXISTS, id="403 has it"),
        pytest.param(answered(400, "No HTTP 503 here"), 400, UploadRefusal.OTHER, id="400 with 503 in its words"),
        pytest.param(answered(403, "Invalid or non-existent token"), 403, UploadRefusal.OTHER, id="403 with exist"),
        pytest.param(answered(403, "Connection not allowed"), 403, UploadRefusal.OTHER, id="403 with connection"),
        pytest.param(answered(400, "no answer"), 400, UploadRefusal.OTHER, id="400 with no answer"),
        pytest.param(answered(999, "Denied"), 999, UploadRefusal.OTHER, id="999"),
        pytest.param(answered(404, "No user NonInteractive: x"), 404, UploadRefusal.OTHER, id="404 of NonInteractive"),
        pytest.param(
            "ERROR    NonInteractive: Credential not found for password.",
            None,
            UploadRefusal.NO_CREDENTIALS,
            id="no password",
        ),
        pytest.param(
            network("requests.exceptions.ConnectionError: ('Connection aborted.', RemoteDisconnected('x'))"),
            *(None, UploadRefusal.NO_ANSWER),
            id="aborted",
        ),
        pytest.param(
            network("requests.exceptions.ReadTimeout: read timed out"), None, UploadRefusal.NO_ANSWER, id="slow"
        ),
        pytest.param(network("ConnectionResetError: [Errno 104]"), None, UploadRefusal.NO_ANSWER, id="reset"),
        pytest.param(
            network(
                "requests.exceptions.SSLError: x (SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))"
            ),
            *(None, UploadRefusal.OTHER),
            id="certificate",
        ),
        pytest.param(network("requests.exceptions.InvalidURL: 503"), None, UploadRefusal.OTHER, id="no URL"),
        pytest.param(
            "ERROR    InvalidDistribution: 503 files, no Connection exists", None, UploadRefusal.OTHER, id="words"
        ),
        pytest.param("", None, UploadRefusal.OTHER, id="nothing"),
    ],
)
def test_refusal_is_read_from_the_answer(printed: str, status: int | None, kind: UploadRefusal, tmp_path: Path) -> None:
    """The status of the answer decides what an upload that fails means, whatever numbers and words stand around it."""
    file = local_file(tmp_path)
    with pytest.raises(PublishError) as refused:
        fake_twine(tmp_path, f"print({printed!r}); raise SystemExit(1)").upload(file)
    assert (refused.value.status, refused.value.kind) == (status, kind)


@pytest.mark.parametrize("code", ["2", "-9"])
def test_refusal_by_a_twine_that_does_not_work(code: str, tmp_path: Path) -> None:
    """What a twine printed that was killed, or does not know its arguments, is no answer of the index."""
    end = "raise SystemExit(2)" if code == "2" else "import os; os.kill(os.getpid(), 9)"
    program = f"print({answered(503, 'Service Unavailable')!r}, flush=True); {end}"
    file = local_file(tmp_path)
    with pytest.raises(PublishError) as refused:
        fake_twine(tmp_path, program).upload(file)
    assert (refused.value.status, refused.value.kind) == (None, UploadRefusal.OTHER)


def test_upload_without_an_answer_in_time(tmp_path: Path) -> None:
    """An upload that is given up may have arrived, and is not busy, whatever number of seconds the timeout has."""
    hasty, file = fake_twine(tmp_path, "import time; time.sleep(600)", timeout=1), local_file(tmp_path)
    with pytest.raises(PublishError, match="no answer within 1 s") as refused:
        hasty.upload(file)
    assert (refused.value.status, refused.value.kind) == (None, UploadRefusal.NO_ANSWER)


def test_files_at_which_twine_stops_hide_no_others(tmp_path: Path) -> None:
    """Each file gets its own finding, although twine ends at the first one whose metadata it cannot read."""
    bad = {
        "cp310": f"{HEAD}Requires-Dist: (((\n{MADE}",  # twine ends with an error
        "cp311": f"Metadata-Version: what\nName: demo\nVersion: 1.0\n{MADE}",  # twine ends with a traceback
        "cp312": f"{HEAD}\nwords\n",  # a warning
        "cp313": f"{HEAD}License-Expression: nonsense\n{MADE}",
        "py3": f"{HEAD}{MADE}",
    }
    paths = [wheels.make_wheel(tmp_path, tag=f"{tag}-none-any", metadata=text) for tag, text in bad.items()]
    other = tmp_path / "other"
    other.mkdir()
    paths += [wheels.make_sdist(other, metadata=f"{HEAD}Bogus: 1\n{MADE}"), wheels.make_sdist(tmp_path)]
    told = {finding.subject: finding.problem for finding in index().check(paths)}
    assert sorted(told) == sorted(path.name for path in (*paths[:4], paths[5]))
    reason = "InvalidDistribution: Invalid distribution metadata: '(((' is invalid for 'requires-dist'"
    assert told[paths[0].name] == f"{CHECK}: stopped at it: {reason}"
    assert told[paths[1].name].endswith("InvalidVersion: Invalid version: 'what'")
    assert "`long_description_content_type` missing" in told[paths[2].name]
    assert not [part for text in told.values() for part in USAGE if part in text]


@pytest.mark.parametrize("name", ["-x", "--strict", "[/red]", "[bold]", "a b", "*", "[abc]", "Checking x: FAILED"])
def test_folder_of_any_name(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a folder is no option, no pattern and no colour."""
    monkeypatch.chdir(tmp_path)
    folder = Path(name)
    folder.mkdir(parents=True)
    good = wheels.make_wheel(folder)
    bad = wheels.make_wheel(folder, tag="cp312-cp312-win_amd64", metadata=f"{HEAD}\nwords\n")
    assert index().check([good]) == []
    assert [finding.subject for finding in index().check([good, bad])] == [bad.name]


def test_findings_outlive_a_twine_that_does_not_work(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """What our own rules found is told beside a twine that was killed."""
    fake_twine(tmp_path, "import os; os.kill(os.getpid(), 9)")
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    wheels.make_wheel(project / "dist", tag="cp312-cp312-win_amd64", requires_python=">=3.12")
    env = {**index_env(pypi), "PYTHONPATH": str(tmp_path)}
    done = inv(project, "wheelhouse.release", "--version", "1.0", "--no-fetch", "--strict", "--json", env=env)
    subjects = [name for name, _ in json.loads(done.stdout)["findings"]]
    assert subjects in (["demo-1.0-py3-none-any.whl", CHECK], ["demo-1.0-cp312-cp312-win_amd64.whl", CHECK])
    assert done.returncode == 1
