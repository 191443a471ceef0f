"""What the program prints, on whatever streams, and what it must not print."""

import sys
from pathlib import Path

import programs
import pytest
import servers
import wheels
from outcomes import MODES, SENTINEL, failed
from projects import NEWER_PYTHON, index_env, inv, make_project, s3_env


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


@pytest.mark.parametrize("program", [("-m", "wheelhouse_tasks"), ("-m", "invoke")], ids=["wheelhouse", "inv"])
def test_debug_log_of_the_program(program: tuple[str, ...], tmp_path: Path) -> None:
    """The secret of a flag is in no line of --debug, whichever program writes it."""
    project = make_project(tmp_path / "project")
    task = "upload" if "wheelhouse_tasks" in program else "wheelhouse.upload"
    done = programs.run(sys.executable, *program, "--debug", task, "--secret", SENTINEL, cwd=project)
    assert (done.returncode, SENTINEL in done.stdout + done.stderr, "--secret" in done.stderr) == (1, False, True)


@pytest.mark.parametrize("mode", MODES)
def test_secret_flag_is_never_told(mode: str, s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Wrong credentials are refused with the provider's reason, and no output tells the secret of a flag."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    before, after = MODES[mode]
    words = (*before, "wheelhouse.upload", "--secret", SENTINEL, *after)
    done = inv(project, *words, env=s3_env(s3, bucket_name))
    failed(done, 1, "the secret does not fit the user name (403 SignatureDoesNotMatch)", debug=mode == "debug")


@pytest.mark.parametrize("mode", MODES)
def test_refused_release_tells_no_secret(mode: str, pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """A package index that refuses the password ends the release with its reason, and no password is told."""
    project = make_project(tmp_path / "project", name="demo-refused")
    wheels.make_wheel(project / "dist", "demo-refused", "1.0")
    before, after = MODES[mode]
    env = {**index_env(pypi), "TWINE_PASSWORD": SENTINEL}
    done = inv(project, *before, "wheelhouse.release", "--version", "1.0", "--no-fetch", *after, env=env)
    failed(done, 1, "403 Forbidden", debug=mode == "debug")
    assert "uploaded before: none" in done.stderr


def test_debug_log_of_libcloud_stays_empty(
    project: Path, s3: servers.S3Server, bucket_name: str, tmp_path: Path
) -> None:
    """LIBCLOUD_DEBUG would write down each request with signature and session token: nothing goes there, nor warns."""
    log = tmp_path / "libcloud.log"
    env = s3_env(s3, bucket_name, LIBCLOUD_DEBUG=str(log), **NEWER_PYTHON)
    done = inv(project, "wheelhouse.upload", env=env)
    assert done.returncode == 0, done.stderr
    assert log.read_text() == ""
