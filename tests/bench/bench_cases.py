"""What is run for a row: our command and that of each peer, with what lies ready before."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from bench_inputs import PROJECT, make_wheels
from bench_lab import BIN, Lab, program, python_with
from bench_place import BUCKET, Place, run, seed
from bench_report import OURS
from bench_rows import CHECKED, PLAIN, Row
from bench_runner import Command, RunFailed

BOTO3 = """\
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import boto3
client, workers = boto3.client("s3"), int(sys.argv[2])
with ThreadPoolExecutor(workers) as pool:
    list(pool.map(lambda path: client.upload_file(str(path), "bench", path.name), Path(sys.argv[1]).iterdir()))
"""
OWN = "from invoke import Collection, task\n\n@task\ndef build(c):\n    '''Build.'''\n\n"
MOUNTED = f"{OWN}import wheelhouse_tasks\nns = Collection(build, wheelhouse_tasks)\n"


@dataclass(frozen=True, kw_only=True)
class Case:
    """The commands of a row, by name; ours is the first."""

    commands: Mapping[str, Command]
    missing: tuple[str, ...] = ()


Maker = Callable[[str], Command]


def case_of(lab: Lab, row: Row, folder: Path) -> Case:
    """Return the commands of a row; what they need is made here."""
    lab.control("delay", "0")
    lab.control("clear")
    place = Place(lab, row, folder)
    ours, makers = KINDS[row.kind](place)
    commands, missing = {OURS: ours}, []
    for peer in row.peers:
        if peer in makers:
            found = python_with("boto3") if peer == "boto3" else program(PROGRAMS.get(peer, peer))
            if found:
                commands[peer] = makers[peer](found)
            else:
                missing.append(peer)
    lab.control("delay", str(row.delay / 1000))
    lab.control("count")
    return Case(commands=commands, missing=tuple(missing))


#: The programs of those peers that are called otherwise.
PROGRAMS = {CHECKED: "aria2c", "uv publish": "uv", PLAIN: "inv"}


def _checked(
    ours: Command, makers: Mapping[str, Maker], before: Callable[[], object], after: Callable[[], object]
) -> tuple[Command, dict[str, Maker]]:
    """Return commands that all begin and end alike."""

    def alike(make: Maker) -> Maker:
        return lambda found: replace(make(found), before=before, after=after)

    return replace(ours, before=before, after=after), {name: alike(make) for name, make in makers.items()}


def _upload(place: Place) -> tuple[Command, dict[str, Maker]]:
    """Wheels into an empty bucket."""
    row, lab = place.row, place.lab
    make_wheels(place.dist, row.count, row.size)
    keys = lab.keys(tls=row.tls)
    makers: dict[str, Maker] = {
        "rclone": lambda found: place.rclone(found, place.dist, f"bench:{BUCKET}"),
        "boto3": lambda found: place.command(found, "-c", BOTO3, place.dist, str(row.workers), env=keys),
        "s5cmd": lambda found: place.command(
            found, f"--numworkers={row.workers}", "--log=error", "cp", f"{place.dist}/", f"s3://{BUCKET}/", env=keys
        ),
    }
    return _checked(place.ours("upload"), makers, partial(lab.control, "clear"), partial(place.stored, row.count))


def _web(place: Place) -> tuple[Command, dict[str, Maker]]:
    """Wheels from a page of links with digests."""
    row, lab = place.row, place.lab
    lab.control("keep", str(1 << 30))
    base = f"{lab.url(tls=row.tls)}/web"
    links, plain, checked = "", "", ""
    for path in make_wheels(place.dist, row.count, row.size):
        content = path.read_bytes()
        digest = sha256(content).hexdigest()
        lab.put(f"/web/{path.name}", content)
        links += f'<a href="{path.name}#sha256={digest}">{path.name}</a><br>\n'
        plain += f"{base}/{path.name}\n"
        checked += f"{base}/{path.name}\n checksum=sha-256={digest}\n"
    lab.put("/web/index.html", f"<!DOCTYPE html>\n{links}".encode(), "text/html")
    lab.control("keep", str(1 << 20))
    trust = [f"--ca-certificate={lab.certificate}"] if row.tls else []

    def aria2c(name: str, text: str, found: str) -> Command:
        urls = place.folder / name
        urls.write_text(text)
        words = (f"-j{row.workers}", "-x1", "-q", "--file-allocation=none", f"-d{place.got}", f"-i{urls}", *trust)
        return place.command(found, *words, env=lab.env)

    ours = place.ours("fetch", "--index", f"{base}/index.html", "--local-folder", "got")
    makers: dict[str, Maker] = {CHECKED: partial(aria2c, "checked", checked), "aria2c": partial(aria2c, "plain", plain)}
    return _checked(ours, makers, place.empty, place.arrived)


def _s3(place: Place) -> tuple[Command, dict[str, Maker]]:
    """Wheels from a bucket."""
    row, lab = place.row, place.lab
    make_wheels(place.dist, row.count, row.size)
    lab.control("keep", str(1 << 30))
    run(place.ours("upload"))
    lab.control("keep", str(1 << 20))
    files = f"{BUCKET}/files/{PROJECT}"
    makers: dict[str, Maker] = {
        "rclone": lambda found: place.rclone(found, f"bench:{files}", place.got, "--include=*.whl"),
        "s5cmd": lambda found: place.command(
            found,
            f"--numworkers={row.workers}",
            "--log=error",
            "cp",
            f"s3://{files}/*.whl",
            f"{place.got}/",
            env=lab.keys(tls=row.tls),
        ),
    }
    return _checked(place.ours("fetch", "--local-folder", "got"), makers, place.empty, place.arrived)


def _check(place: Place) -> tuple[Command, dict[str, Maker]]:
    """Whether pages and files fit, in a wheelhouse of many files."""
    seed(place, BUCKET)
    return place.ours("check"), {}


def _add(place: Place) -> tuple[Command, dict[str, Maker]]:
    """Wheels into a project of many."""
    row, lab = place.row, place.lab
    seed(place, BUCKET)
    make_wheels(place.dist, 1, row.size, "2")
    run(place.ours("upload"))  # what the first upload to a container tries is known from now on
    shutil.rmtree(place.dist)
    files = make_wheels(place.dist, row.count, row.size, "3")
    blank = {"size": row.size, "mark": "0" * 32, "headers": {}, "body": None}
    keys = [f"pypi/{PROJECT}/{PROJECT}-0.{number}-py3-none-any.whl" for number in range(row.there)]
    simple = [json.dumps({"key": key, **blank}) for key in keys]
    lab.control("seed", "\n".join(simple))
    lab.control("save", row.name)
    there = lab.control("count")["objects"]
    makers: dict[str, Maker] = {
        "rclone": lambda found: place.rclone(found, place.dist, f"bench:{BUCKET}/files/{PROJECT}"),
        "s3pypi": lambda found: place.command(found, "upload", "--bucket=pypi", *files, env=lab.keys(tls=False)),
    }
    restore = partial(lab.control, "restore", row.name)
    return _checked(place.ours("upload"), makers, restore, partial(place.stored, there + row.count))


def _again(place: Place) -> tuple[Command, dict[str, Maker]]:
    """Nothing new."""
    make_wheels(place.dist, place.row.count, place.row.size)
    run(place.ours("upload"))

    def rclone(found: str) -> Command:
        command = place.rclone(found, place.dist, "bench:rclone")
        run(command)
        return command

    return place.ours("upload"), {"rclone": rclone}


def _release(place: Place) -> tuple[Command, dict[str, Maker]]:
    """Wheels to a package index."""
    row, lab = place.row, place.lab
    files = make_wheels(place.dist, row.count, row.size, "1")
    url, login = f"{lab.url()}/index/legacy/", ("bench", "secret")
    twine = {**lab.env, "TWINE_USERNAME": login[0], "TWINE_PASSWORD": login[1], "TWINE_NON_INTERACTIVE": "1"}
    uv = {**lab.env, "UV_PUBLISH_USERNAME": login[0], "UV_PUBLISH_PASSWORD": login[1], "UV_NO_CONFIG": "1"}
    where = {"REPOSITORY_URL": url, "CHECK_URL": f"{lab.url()}/index/simple/"}
    ours = place.ours("release", "--version", "1.0", "--no-fetch", "--yes", **where)
    ours = replace(ours, env={**ours.env, **twine})
    makers: dict[str, Maker] = {
        "twine": lambda found: place.command(
            found, "upload", "--disable-progress-bar", "--repository-url", url, *files, env=twine
        ),
        "uv publish": lambda found: place.command(found, "publish", "-q", "--publish-url", url, *files, env=uv),
    }

    def taken() -> None:
        there = lab.control("released")["released"]
        if there != row.count:
            raise RunFailed(f"the index took {there} files, expected {row.count}")

    return _checked(ours, makers, partial(lab.control, "clear"), taken)


def _list(place: Place) -> tuple[Command, dict[str, Maker]]:
    """All tasks of a project, with ours among them and without."""
    folders = {name: place.folder / name for name in ("without", "with")}
    for name, folder in folders.items():
        folder.mkdir()
        (folder / "tasks.py").write_text(MOUNTED if name == "with" else f"{OWN}ns = Collection(build)\n")
    env = place.lab.env
    # as pip does; invoke itself keeps nothing that Python compiles
    subprocess.run([sys.executable, "-c", "import wheelhouse_tasks"], env=env, check=True)
    made = {name: Command(words=(BIN / "inv", "--list"), cwd=folder, env=env) for name, folder in folders.items()}
    return made["with"], {PLAIN: lambda _: made["without"]}


KINDS: Mapping[str, Callable[[Place], tuple[Command, dict[str, Maker]]]] = {
    "upload": _upload,
    "web": _web,
    "s3": _s3,
    "check": _check,
    "add": _add,
    "again": _again,
    "release": _release,
    "list": _list,
}
