"""What the program prints, on whatever streams, and what it must not print."""

import json
import sys
from pathlib import Path

import programs
import pytest
import servers
import wheels
from in_process import inv_here
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
    for command in (f"{task} --json", f"TF_BUILD=True {task} --container here"):
        full = programs.run("bash", "-c", f"{command} >/dev/full", cwd=project)
        assert (full.returncode, "Traceback" in full.stderr) == (1, False), full.stderr
        assert full.stderr.endswith("error: standard output: cannot be written: No space left on device\n"), command


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


def test_quiet_is_a_setting_of_every_task(tmp_path: Path) -> None:
    """Quiet, by flag or variable, an upload prints its warnings and a status its answer; a dry run shows its plan."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0", "cp312-cp312-linux_x86_64")
    planned = inv_here(project, "wheelhouse.upload", "--dry-run", env={"WHEELHOUSE_QUIET": "yes"})
    words = [line.split()[0] for line in planned.stdout.splitlines()]
    assert words == ["Upload", "action", "upload", "warning:"]
    done = inv_here(project, "wheelhouse.upload", "--quiet")
    (line,) = done.stdout.splitlines()
    assert (done.returncode, done.stderr, line.startswith("warning: demo-1.0-cp312-cp312-linux")) == (0, "", True)
    assert inv_here(project, "wheelhouse.upload", "--quiet", "--no-stamp").stdout == ""
    assert json.loads(inv_here(project, "wheelhouse.upload", "--quiet", "--json").stdout)["uploaded"] == []
    assert inv_here(project, "wheelhouse.index", "--quiet").stdout == ""
    shown = inv_here(project, "wheelhouse.status", "--quiet")
    assert "linux_x86_64" in shown.stdout
    failed(inv_here(project, "wheelhouse.fetch", "--quiet", "--version", "2.0"), 1, "versions there: 1.0")


def test_quiet_names_what_is_off(tmp_path: Path) -> None:
    """A check that finds something prints it, however quiet it is."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv_here(project, "wheelhouse.upload", "--quiet").returncode == 0
    assert inv_here(project, "wheelhouse.check", "--quiet").stdout == ""
    (metadata,) = (project / "wheelhouse/files/demo").glob("*.metadata")
    metadata.unlink()
    found = inv_here(project, "wheelhouse.check", "--quiet")
    assert (found.returncode, "has no .metadata beside it" in found.stdout) == (1, True), found.stdout


def test_quiet_and_verbose(tmp_path: Path) -> None:
    """Both flags contradict each other; the flag of one beats a setting for the other."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    failed(inv_here(project, "wheelhouse.upload", "--quiet", "--verbose"), 2, "the opposite of --verbose")
    done = inv_here(project, "wheelhouse.upload", "--verbose", env={"WHEELHOUSE_QUIET": "1"})
    assert "uploaded demo-1.0-py3-none-any.whl" in done.stdout
