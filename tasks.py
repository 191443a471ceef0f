"""Tasks of this project: our own collection, mounted as any project mounts it, and what we develop with."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.tasks import task

import wheelhouse_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from invoke.context import Context

ROOT = Path(__file__).parent
BIN = Path(sys.executable).parent

#: The demo's real input: a small compiled package without dependencies, for the platforms of a usual CI matrix.
#: Its wheels are py3-none: they fit every Python, also those that are newer than they are.
PACKAGE, VERSION = "ninja", "1.13.0"
PLATFORMS = (
    "manylinux2014_x86_64",
    "manylinux2014_aarch64",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "macosx_10_9_universal2",
    "win_amd64",
    "win_arm64",
)

HOST_PROJECT = """\
import wheelhouse_tasks
from invoke import Collection

ns = Collection(wheelhouse_tasks)
"""


@task(help={"keep": "leave the container and all else to look at, and print where"})
def demo(context: Context, keep: bool = False) -> None:
    """Show a person's path on real wheels: install, upload, install from it, fetch, release."""
    del context
    steps = Steps()
    with scratch_folder(keep=keep) as scratch, package_index(scratch) as index:
        project = scratch / "project"
        project.mkdir()
        (project / "tasks.py").write_text(HOST_PROJECT)
        (project / "pyproject.toml").write_text(f'[project]\nname = "{PACKAGE}"\nversion = "{VERSION}"\n')
        here = environment(TWINE_USERNAME="demo", TWINE_PASSWORD="demo-password")
        here["WHEELHOUSE_CONTAINER"] = "wheelhouse"  # CI runs the demo too, and wants a container that somebody named

        steps.begin("Build this project's own wheel and sdist, as one CI worker would")
        run(sys.executable, "-m", "build", "--outdir", project / "dist-own", ROOT, quiet=True)
        steps.begin("Install that wheel into a fresh environment")
        person = scratch / "person"
        run(sys.executable, "-m", "venv", person)
        pip = (python_of(person), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        run(*pip, *(project / "dist-own").glob("*.whl"))
        inv = Path("..", person.name, BIN.name, "inv")  # of which all that follows is run

        steps.begin(f"Take the wheels of {PACKAGE} {VERSION} for {len(PLATFORMS)} platforms")
        together([download(project, platform) for platform in PLATFORMS])

        steps.begin(
            f"Upload from {len(PLATFORMS) + 1} CI workers at once: one process for each platform, and one for our own"
        )
        folders = sorted(path.name for path in project.glob("dist-*"))
        uploads: list[tuple[object, ...]] = [(inv, "wheelhouse.upload", "--local-folder", name) for name in folders]
        together(uploads, cwd=project, env=here)

        steps.begin("Install from it, with pip and with uv")
        for words in installs(project):
            run(*words, env=here)

        steps.begin("Fetch the version, as a maintainer would")
        run(inv, "wheelhouse.fetch", "--version", VERSION, "--local-folder", "fetched", cwd=project, env=here)

        steps.begin("See what a release would do")
        release = (inv, "wheelhouse.release", "--version", VERSION)
        where = ("--repository-url", index, "--check-url", f"{index}simple/")
        run(*release, *where, "--dry-run", cwd=project, env=here)

        steps.begin("Release it to a package index on this machine")
        run(*release, *where, "--yes", cwd=project, env=here)

        steps.begin("What came of it")
        for name in ("with-pip", "with-uv"):
            installed = output(python_of(project / name), "-c", SHOW_INSTALLED)
            print(f"installed {name}: {installed}")
            expect(f"{VERSION} on Python {python_version()} ", installed[: installed.index("/")])
        released = output(sys.executable, "-c", COUNT_LINKS, f"{index}simple/{PACKAGE}/")
        print(f"released: {index}simple/{PACKAGE}/ shows {released} files of {PACKAGE} {VERSION}")
        expect(str(len(PLATFORMS)), released)
        steps.end()


#: What the demo leaves with --keep.
KEPT = {
    "project/wheelhouse/index.html": "the page for people, for a browser",
    "project/wheelhouse": "the container, which `pip install --index-url` takes as file: URL with /simple/",
    "project": "a project with its tasks.py, in which `inv wheelhouse.status` and the others work",
    "project/fetched": "what was fetched and released",
    "index": "what the package index got",
}
SHOW_INSTALLED = f"""\
import importlib.metadata, platform, {PACKAGE}
print(importlib.metadata.version("{PACKAGE}"), "on Python", platform.python_version(), {PACKAGE}.__file__)
"""
COUNT_LINKS = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().count(b'<a href='))"


@task
def check(context: Context) -> None:
    """Lint, format and types."""
    del context
    run("ruff", "check")
    run("ruff", "format", "--check")
    run("mypy")


@task
def fix(context: Context) -> None:
    """Mend what the linter can, and format."""
    del context
    run("ruff", "check", "--fix")
    run("ruff", "format")


@task
def readme(context: Context) -> None:
    """Write the parts of the README that follow from the code anew: contents, tables, and what tox must pass."""
    del context
    path = ROOT / "README.md"
    sys.path.insert(0, str(ROOT / "tests/support"))
    from readme import written

    path.write_text(written(path.read_text(encoding="utf-8")), encoding="utf-8")


@task(help={"unit": "those alone that start no server"})
def test(context: Context, unit: bool = False) -> None:  # noqa: PT028  # a task, not a test
    """Run all tests, against real servers."""
    del context
    # more than there are cores: many tests wait for a server or a process
    words = ("--numprocesses", "3", "--dist", "worksteal", "--durations", "20")
    run(sys.executable, "-m", "pytest", *words, *(["tests/unit"] if unit else []))


@task
def ci(context: Context) -> None:
    """Run check and test: what a change must pass."""
    check(context)
    test(context)


@task(
    iterable=["only"],
    help={
        "only": "rows with this in their kind or name; give it once for each",
        "rounds": "runs of each command (3 of most)",
        "quick": "tiny files, one round: whether it works",
        "full": "also what takes long to prepare",
        "json": "write the figures to this file; - is the standard output",
    },
)
def bench(
    context: Context,
    only: list[str],
    rounds: int = 0,
    quick: bool = False,
    full: bool = False,
    json: str = "",
) -> None:
    """Compare our commands with those of other tools that are installed, in alternating runs."""
    del context
    words = [f"--only={word}" for word in only] + ["--quick"] * quick + ["--full"] * full
    words += [f"--rounds={rounds}"] * bool(rounds) + [f"--json={json}"] * bool(json)
    ended = subprocess.run([sys.executable, ROOT / "tests/bench/bench.py", *words], check=False)
    if ended.returncode:
        raise Exit(code=ended.returncode)


def download(project: Path, platform: str) -> tuple[object, ...]:
    """Return the command that takes one wheel from the package registry."""
    folder = project / f"dist-{platform}"
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")
    return (*pip, "--only-binary", ":all:", "--platform", platform, "--dest", folder, f"{PACKAGE}=={VERSION}")


def installs(project: Path) -> list[tuple[object, ...]]:
    """Return the commands that make two environments and install from the wheelhouse into them.

    Each names its Python: by itself uv takes another one of the machine.
    """
    wheelhouse = project / "wheelhouse"
    with_pip, with_uv = project / "with-pip", project / "with-uv"
    venv = ("uv", "venv", "--quiet", "--python", sys.executable)
    pip = (sys.executable, "-m", "pip", "--python", python_of(with_pip), "install", "--quiet", "--no-cache-dir")
    uv = ("uv", "pip", "install", "--quiet", "--python", python_of(with_uv), "--no-cache", "--no-index")
    return [
        (*venv, with_pip),
        (*pip, "--index-url", f"{(wheelhouse / 'simple').as_uri()}/", PACKAGE),
        (*venv, with_uv),
        (*uv, "--find-links", (wheelhouse / "index.html").as_uri(), PACKAGE),
    ]


def python_of(folder: Path) -> Path:
    """Return the Python of a virtual environment."""
    return folder / BIN.name / "python"


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which installers ask nobody but whom they are told to ask."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "UV_", "WHEELHOUSE_", "TWINE_"))
    }
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1", "NO_PROXY": "127.0.0.1", **more}


def command(words: tuple[object, ...]) -> list[str]:
    """Return a command line; programs of our own environment are found whatever PATH says."""
    first = str(words[0])
    return [str(BIN / first) if (BIN / first).exists() else first, *map(str, words[1:])]


def run(*words: object, quiet: bool = False, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Show a command and run it; end with its code if it fails."""
    show(words)
    ended = subprocess.run(command(words), cwd=cwd, env=env, check=False, capture_output=quiet, text=True)
    if ended.returncode:
        raise Exit(f"{ended.stdout or ''}{ended.stderr or ''}", ended.returncode)


def show(words: tuple[object, ...]) -> None:
    """Print a command line as one would type it."""
    print("$", shlex.join([str(words[0]).replace(sys.executable, "python"), *map(str, words[1:])]), flush=True)


def together(commands: list[tuple[object, ...]], cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run commands at once, then show those that said something; end if one failed."""

    def start(words: tuple[object, ...]) -> subprocess.Popen[str]:
        pipe, both = subprocess.PIPE, subprocess.STDOUT
        return subprocess.Popen(command(words), cwd=cwd, env=env, stdout=pipe, stderr=both, text=True)

    started = [(words, start(words)) for words in commands]
    failed = 0
    for words, process in started:
        said, _ = process.communicate()
        if said.strip() or process.returncode:
            show(words)
            print("".join(f"  {line}\n" for line in said.splitlines()), end="", flush=True)
        failed = failed or process.returncode
    if failed:
        raise Exit("a worker failed", failed)


def output(*words: object) -> str:
    """Return what a command prints."""
    return subprocess.run(command(words), check=True, capture_output=True, text=True).stdout.strip()


def expect(expected: str, shown: str) -> None:
    """End the demo where it did not come to what it should."""
    if shown != expected:
        raise Exit(f"expected {expected!r}, got {shown!r}", 1)


class Steps:
    """The steps of the demo, with the seconds that each takes."""

    def __init__(self) -> None:
        self.begun: list[tuple[float, str]] = []

    def begin(self, text: str) -> None:
        """Print the heading of a step."""
        say(text)
        self.begun.append((time.monotonic(), text))

    def end(self) -> None:
        """Print how long each step took."""
        times = [when for when, _ in self.begun] + [time.monotonic()]
        say(f"Done in {times[-1] - times[0]:.0f} s")
        for (when, text), after in zip(self.begun, times[1:], strict=True):
            print(f"{after - when:6.1f} s  {text}")


def say(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


@contextmanager
def scratch_folder(*, keep: bool) -> Iterator[Path]:
    """Yield a folder for the demo; with *keep* leave it, however the demo ends, and print what is in it."""
    folder = Path(tempfile.mkdtemp(prefix="wheelhouse-demo-"))
    try:
        yield folder
    finally:
        if keep:
            say(f"Left to look at, until you remove it: {folder}")
            for name, text in KEPT.items():
                print(f"{folder / name}: {text}")
        else:
            shutil.rmtree(folder)


@contextmanager
def package_index(scratch: Path) -> Iterator[str]:
    """Run a package index on a free port of this machine; yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    packages = scratch / "index"
    packages.mkdir()
    words = ("pypi-server", "run", "-i", "127.0.0.1", "-p", port, "-P", ".", "-a", ".", "--disable-fallback", packages)
    with (scratch / "index.log").open("w") as log:
        server = subprocess.Popen(command(words), stdout=log, stderr=log)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if server.poll() is not None:
                raise Exit(f"the package index did not start: {(scratch / 'index.log').read_text()[-2000:]}", 1)
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait()


ns = Collection(wheelhouse_tasks, demo, check, fix, readme, test, ci, bench)
