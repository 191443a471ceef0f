"""The tasks as a project mounts them, and as the program: every level of configuration, light to import."""

import json
import os
import sys
from pathlib import Path

import programs
import pytest
import wheels
from in_process import inv_here
from invoke.context import Context
from projects import MOUNT, inv, make_project

import wheelhouse_tasks
from wheelhouse_tasks.services import ci

FROM_MODULE = """\
import wheelhouse_tasks
from invoke import Collection

ns = Collection()
ns.add_collection(Collection.from_module(wheelhouse_tasks, config={"wheelhouse": {"container": "here"}}))
"""
ROOT_CONFIGURE = MOUNT + 'ns.configure({"wheelhouse": {"container": "here"}})\n'
BARE_TASKS = "from wheelhouse_tasks import fetch, release, upload\n"


def uploaded_to(project: Path, *words: str, env: dict[str, str] | None = None) -> str:
    """Upload a wheel, and return the container's path within the project."""
    wheels.make_wheel(project / "dist", "demo", "1.0")
    done = inv(project, *words, "--json", env=env)
    assert done.returncode == 0, done.stderr
    where = json.loads(done.stdout)["container"]
    assert (Path(where) / "simple/demo/index.html").is_file()
    return str(Path(where).relative_to(project))


@pytest.mark.parametrize("tasks", [FROM_MODULE, ROOT_CONFIGURE], ids=["from_module", "root"])
def test_project_configuration(tasks: str, tmp_path: Path) -> None:
    """Both ways in which a project configures the collection reach it, and the environment beats them."""
    project = make_project(tmp_path / "project", tasks)
    assert uploaded_to(project, "wheelhouse.upload") == "here"
    assert uploaded_to(project, "wheelhouse.upload", env={"INVOKE_WHEELHOUSE_CONTAINER": "there"}) == "there"
    assert uploaded_to(project, "wheelhouse.upload", env={"WHEELHOUSE_CONTAINER": "yonder"}) == "yonder"


def test_tasks_imported_one_by_one(tmp_path: Path) -> None:
    """Tasks imported into tasks.py without the collection work with the defaults."""
    project = make_project(tmp_path / "project", BARE_TASKS)
    assert uploaded_to(project, "upload") == "wheelhouse"


def test_every_level_beats_the_one_below(tmp_path: Path) -> None:
    """Flag > environment > invoke.yaml > [tool.wheelhouse] > default."""
    project = make_project(tmp_path / "project")
    assert uploaded_to(project, "wheelhouse.upload") == "wheelhouse"
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.wheelhouse]\ncontainer = "tool"\n')
    assert uploaded_to(project, "wheelhouse.upload") == "tool"
    (project / "invoke.yaml").write_text("wheelhouse:\n  container: yaml\n")
    assert uploaded_to(project, "wheelhouse.upload") == "yaml"
    env = {"WHEELHOUSE_CONTAINER": "env"}
    assert uploaded_to(project, "wheelhouse.upload", env=env) == "env"
    assert uploaded_to(project, "wheelhouse.upload", "--container", "flag", env=env) == "flag"


def test_setup_cfg_names_indexes(tmp_path: Path) -> None:
    """The artifact_indexes of wheelhouse-uploader are read from setup.cfg, and weaker than [tool.wheelhouse]."""
    project = make_project(tmp_path / "project")
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        wheels.make_wheel(tmp_path / name, "demo", f"1.{len(name)}")
    (project / "setup.cfg").write_text(
        f"[wheelhouse_uploader]\nartifact_indexes=\n    {(tmp_path / 'one').as_uri()}\n    {tmp_path / 'three'}\n"
    )
    assert inv(project, "wheelhouse.fetch").returncode == 0
    assert len(list((project / "dist").iterdir())) == 2
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.wheelhouse]\nindexes = ["../two"]\nlocal_folder = "other"\n')
    assert inv(project, "wheelhouse.fetch").returncode == 0
    assert len(list((project / "other").iterdir())) == 1


def test_paths_start_at_tasks_py(tmp_path: Path) -> None:
    """From a folder below the project, `inv` works on the project's dist/ and wheelhouse/."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    (project / "src").mkdir()
    done = programs.run(sys.executable, "-m", "invoke", "wheelhouse.upload", cwd=project / "src")
    assert done.returncode == 0, done.stderr
    assert (project / "wheelhouse/index.html").is_file()


@pytest.mark.parametrize("program", [("-m", "wheelhouse_tasks"), ("wheelhouse",)], ids=["module", "program"])
def test_program_without_tasks_py(program: tuple[str, ...], tmp_path: Path) -> None:
    """`wheelhouse` and `python -m wheelhouse_tasks` are the same tasks, with ./invoke.yaml and ./pyproject.toml."""
    project = make_project(tmp_path / "project")
    (project / "tasks.py").unlink()
    wheels.make_wheel(project / "dist", "demo", "1.0")
    (project / "invoke.yaml").write_text("wheelhouse:\n  container: yaml\n")
    command = [sys.executable, *program] if program[0] == "-m" else [Path(sys.executable).with_name(program[0])]
    done = programs.run(*command, "upload", cwd=project)
    assert done.returncode == 0, done.stderr
    done = programs.run(*command, "fetch", "--version", "1.0", "--local-folder", "got", cwd=project)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (project / "got").iterdir()] == ["demo-1.0-py3-none-any.whl"]
    done = programs.run(*command, "fetch", "--frob", cwd=project)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


#: What the system does with a signal: it gives it to the main thread, or to another one, where it ends no read. The
#: same comes of one that the main thread gets just before it reads.
TO_MAIN, ELSEWHERE = "os.kill(os.getpid(), signal.{})", "signal.pthread_kill(threading.get_ident(), signal.{})"


@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("press", [TO_MAIN, ELSEWHERE], ids=["in a read", "beside it"])
def test_interrupt_ends_with_130(press: str, kind: str, tmp_path: Path) -> None:
    """Ctrl-C and SIGTERM end a task with one line and 130, however long the server is silent."""
    project = make_project(tmp_path / "project")
    code = (
        "import signal, threading, os, sys, socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "def press():\n"
        "    connection, _ = server.accept()\n"
        "    connection.recv(1 << 16)\n"
        f"    {press.format(kind)}\n"
        "    threading.Event().wait()\n"
        "threading.Thread(target=press, daemon=True).start()\n"
        "from wheelhouse_tasks.__main__ import main\n"
        "with server:\n"
        "    main(['fetch', '--index', f'http://127.0.0.1:{server.getsockname()[1]}/'])\n"
    )
    patient = {**os.environ, "WHEELHOUSE_TIMEOUT": "86400"}
    done = programs.run(sys.executable, "-c", code, cwd=project, env=patient)
    assert (done.returncode, done.stderr.count("\n")) == (130, 1)
    assert "interrupted" in done.stderr


def test_every_task_parses_and_explains_itself(tmp_path: Path) -> None:
    """Each task shows its help, in which every option is explained."""
    project = make_project(tmp_path / "project")
    tasks = wheelhouse_tasks.ns.task_names
    assert len(tasks) == 13
    for name in tasks:
        done = inv_here(project, "--help", f"wheelhouse.{name}")
        assert done.returncode == 0, done.stderr
        options = [line.split() for line in done.stdout.split("Options:")[1].splitlines() if line.startswith("  --")]
        assert len(options) >= 6
        assert all(len(words) > 1 for words in options), done.stdout


def test_call_with_an_unknown_option() -> None:
    """A task that is called from Python refuses an option that it does not have."""
    with pytest.raises(TypeError, match="contanier"):
        wheelhouse_tasks.upload(Context(), contanier="wheelhouse")


def test_call_from_another_task(tmp_path: Path) -> None:
    """A task of the project calls ours with options by name."""
    text = MOUNT + (
        "from invoke import task\n\n@task\ndef nightly(c):\n    wheelhouse_tasks.upload(c, container='other')\n\n"
        "ns.add_task(nightly)\n"
    )
    project = make_project(tmp_path / "project", text)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    done = inv(project, "nightly")
    assert done.returncode == 0, done.stderr
    assert (project / "other/simple/demo/index.html").is_file()


#: Mounts the tasks, and writes down at the end what was imported since they were.
LISTS_MODULES = (
    "import atexit, sys\nfrom pathlib import Path\nbefore = set(sys.modules)\n"
    "def listed():\n    Path('modules').write_text('\\n'.join(set(sys.modules) - before))\n"
    "atexit.register(listed)\n" + MOUNT
)


def imported(project: Path, *words: str) -> set[str]:
    """Return the modules that a run of `inv` imports on top of the task runner's."""
    done = inv(project, *words)
    assert done.returncode == 0, done.stderr
    return set((project / "modules").read_text().splitlines())


def others(modules: set[str]) -> set[str]:
    """Return the packages of modules that are neither Python's nor ours."""
    packages = {name.partition(".")[0] for name in modules if not name.startswith("_")}
    return packages - sys.stdlib_module_names - {"wheelhouse_tasks", "tasks"}


def test_list_imports_our_flags_alone(tmp_path: Path) -> None:
    """`inv --list` of a host project pays for nothing that only a running task needs, be it Python's or another's."""
    modules = imported(make_project(tmp_path / "project", LISTS_MODULES), "--list")
    assert "wheelhouse_tasks.cli.task" in modules
    assert {name for name in modules if not name.startswith("wheelhouse_tasks")} <= {"__future__"}


def test_short_runs_import_what_they_use(tmp_path: Path) -> None:
    """An upload with nothing new, a fetch and a status of a folder print into a log without any library for more."""
    project = make_project(tmp_path / "project", LISTS_MODULES)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    inv(project, "wheelhouse.upload")
    unused = {"configparser", "packaging.requirements", "wheelhouse_tasks.pypi.meaning"}
    if sys.version_info < (3, 14):  # where Path.as_uri needs them
        unused |= {"urllib.request", "http.client"}
    where_nothing_is_checked = unused | {"packaging.specifiers", "tarfile", "wheelhouse_tasks.publishing.pypirc"}
    for words, absent in (
        (("upload",), unused),
        (("status",), where_nothing_is_checked),
        (("fetch", "--local-folder", "got"), where_nothing_is_checked),
    ):
        modules = imported(project, f"wheelhouse.{words[0]}", *words[1:])
        assert (others(modules), modules & absent) == ({"ci_info", "packaging"}, set()), words


def test_collector_rests_while_a_command_ends(tmp_path: Path) -> None:
    """What was imported is not looked through once more when nothing is left to do."""
    code = (
        "import atexit, gc; atexit.register(lambda: print('frozen', gc.get_freeze_count() > 1000)); "
        "from wheelhouse_tasks.__main__ import main; main(['upload', '--dry-run'])"
    )
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1.0"\n')
    ended = programs.run(sys.executable, "-c", code, cwd=tmp_path)
    assert ended.stdout.endswith("frozen True\n")


def test_an_upload_opens_its_store_beside_the_hashing() -> None:
    """The libraries that talk to a provider are not there yet when an upload begins: a thread fetches them."""
    code = (
        "import sys, wheelhouse_tasks.commands.upload; print([n for n in ('libcloud', 'requests') if n in sys.modules])"
    )
    assert programs.run(sys.executable, "-c", code, check=True).stdout.strip() == "[]"


#: A task made as ours are; it ends with 3 where Python keeps no bytecode, and with 4 where it does.
KEEPS_BYTECODE = """\
import sys
from wheelhouse_tasks.cli.task import command
from wheelhouse_tasks.errors import Failed

class Seen(Failed):
    pass

@command()
def look(run):
    Seen.exit_code = 3 if sys.dont_write_bytecode else 4
    raise Seen("bytecode", "was looked at")
"""


@pytest.mark.parametrize(("forbidden", "code"), [("", 4), ("1", 3)], ids=["allowed", "forbidden"])
def test_a_command_keeps_the_bytecode_of_libraries(forbidden: str, code: int, tmp_path: Path) -> None:
    """What an installer did not compile is compiled once, not by every command; tasks.py leaves nothing behind."""
    project = make_project(tmp_path / "project", KEEPS_BYTECODE)
    done = inv(project, "look", env={"PYTHONDONTWRITEBYTECODE": forbidden})
    assert (done.returncode, "was looked at" in done.stderr) == (code, True)
    assert not (project / "__pycache__").exists()


def test_home_of_the_machine_is_out_of_reach() -> None:
    """The tests do not see the developer's own configuration."""
    assert "pytest" in os.environ["HOME"]


def test_tests_see_no_build_service() -> None:
    """What a test runs is a person's command, wherever the tests run."""
    assert (ci.service(os.environ), ci.in_tox(os.environ)) == (None, False)


#: Loads the completion as README says, and presses the tab key at the end of each line.
PRESS_TAB = """\
eval "$(wheelhouse --print-completion-script bash)"
complete -p wheelhouse
press() { COMP_WORDS=("$@"); COMPREPLY=(); _complete_wheelhouse wheelhouse "${@: -1}"; echo "${COMPREPLY[*]}"; }
press wheelhouse upl
press wheelhouse upload --conta
press wheelhouse upload --provider mini
press wheelhouse upload --local-folder di
press wheelhouse --hid
"""


def test_completion_in_bash(tmp_path: Path) -> None:
    """One line makes bash complete commands, options and known values of the program; a file name is left to bash."""
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = programs.run("bash", "-c", PRESS_TAB, cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    how, *completed = done.stdout.splitlines()
    assert how == "complete -o default -F _complete_wheelhouse wheelhouse"
    assert completed == ["upload", "--container", "minio", "", ""]


def test_help_of_a_task_names_the_variable(tmp_path: Path) -> None:
    """The help of `inv` has, for each setting, the variable that does the same."""
    project = make_project(tmp_path / "project")
    shown = " ".join(inv_here(project, "--help", "wheelhouse.upload", env={"COLUMNS": "80"}).stdout.split())
    assert "[WHEELHOUSE_MAX_WORKERS]" in shown
    assert "leave the index pages alone [WHEELHOUSE_UPDATE_INDEX=no]" in shown
    assert "[WHEELHOUSE_VERIFY_TLS" not in shown


@pytest.mark.parametrize("words", ["--help", "-h", "--kind nightly --help", "github --help"])
def test_help_behind_a_task_that_wants_a_value(words: str, tmp_path: Path) -> None:
    """The help that `inv TASK --help` shows is that of `inv --help TASK`, also where the task wants a value first."""
    project = make_project(tmp_path / "project")
    expected = inv_here(project, "--help", "wheelhouse.workflow")
    done = inv_here(project, "wheelhouse.upload", "wheelhouse.workflow", *words.split())
    assert (done.returncode, done.stdout, done.stderr) == (0, expected.stdout, "")
    assert "--kind" in done.stdout


def test_option_where_a_task_wants_a_value(tmp_path: Path) -> None:
    """An option that the task does not have is never its value; the line repeats none of the option's own."""
    done = inv_here(make_project(tmp_path / "project"), "wheelhouse.workflow", "--frob=hunter2")
    expected = "--frob: stands where service is expected (CI service that the workflow is for: github, gitlab or azure)"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{expected}\n")
