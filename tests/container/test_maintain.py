"""index, check, yank, unyank, remove, prune: what keeps a container."""

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import programs
import pytest
import servers
import wheels
from folders import digests
from in_process import inv_here
from outcomes import failed
from projects import inv, make_project, s3_env
from stores import payload, s3_container

from wheelhouse_tasks.storage.opening import open_store


def published(tmp_path: Path, *versions: str, env: dict[str, str] | None = None) -> Path:
    """Return a project whose wheelhouse holds a wheel and an sdist of some versions."""
    project = make_project(tmp_path / "project")
    for version in versions or ("1.0",):
        wheels.make_wheel(project / "dist", "demo", version)
        wheels.make_sdist(project / "dist", "demo", version)
    done = inv(project, "wheelhouse.upload", env=env)
    assert done.returncode == 0, done.stderr
    return project


def result(project: Path, *words: str, env: dict[str, str] | None = None) -> dict[str, object]:
    """Run a task that must succeed; return its result."""
    done = inv(project, *words, "--json", env=env)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def pages(project: Path) -> dict[str, bytes]:
    """Return the bytes of every page."""
    root = project / "wheelhouse"
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("index.html")}


def test_index_rebuilds_what_was_lost(tmp_path: Path) -> None:
    """Pages that were deleted, or damaged, come back byte by byte, and nothing else changes."""
    project = published(tmp_path, "1.0", "2.0")
    before = pages(project)
    (project / "wheelhouse/simple/demo/index.html").unlink()
    (project / "wheelhouse/index.html").unlink()
    assert len(result(project, "wheelhouse.index")["pages"]) == 2  # type: ignore[arg-type]
    assert pages(project) == before
    (project / "wheelhouse/simple-json/demo/index.html").write_text("{")
    failed(inv(project, "wheelhouse.upload"), 1, "wheelhouse.index rebuilds it")
    result(project, "wheelhouse.index")
    assert pages(project).keys() == before.keys()
    assert inv(project, "wheelhouse.check", "--deep").returncode == 0
    assert result(project, "wheelhouse.index")["pages"] == []


@pytest.mark.parametrize("place", ["local", "s3"])
def test_adopting_a_container_of_wheelhouse_uploader(
    place: str, request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path
) -> None:
    """What lies at the root of a container is moved into the layout with every link, and can be fetched."""
    project, shelf = make_project(tmp_path / "project"), tmp_path / "shelf"
    env: dict[str, str] = {}
    shelf.mkdir()
    for version in ("0.8", "0.9"):
        wheels.make_wheel(shelf, "demo", version)
    misnamed = wheels.make_wheel(shelf, "demo", "1.0.dev0")
    misnamed.rename(shelf / "demo-1.0.dev0+20260101000000-py3-none-any.whl")
    before = digests(shelf)
    (shelf / "index.html").write_text("".join(f"<li><a href='{name}'>{name}</a><li>" for name in before))
    if place == "s3":
        server: servers.S3Server = request.getfixturevalue("s3")
        env = s3_env(server, bucket_name)
        store = open_store(s3_container(server, bucket_name))
        store.create()
        for path in shelf.iterdir():
            store.put(path.name, payload(path))
    else:
        shelf.rename(project / "wheelhouse")
    wheels.make_wheel(project / "dist", "demo", "1.0")
    failed(inv(project, "wheelhouse.upload", env=env), 1, "wheelhouse.index --adopt takes its files over")
    assert sorted(result(project, "wheelhouse.index", "--adopt", env=env)["adopted"]) == sorted(before)  # type: ignore[call-overload]
    assert inv(project, "wheelhouse.upload", env=env).returncode == 0
    done = inv(project, "wheelhouse.fetch", "--local-folder", "got", env=env)
    assert done.returncode == 0, done.stderr
    assert digests(project / "got") == before | digests(project / "dist")
    assert result(project, "wheelhouse.index", "--adopt", env=env)["adopted"] == []


DAMAGE = {
    "metadata gone": (lambda files: (files / "demo-1.0-py3-none-any.whl.metadata").unlink(), "has no .metadata", True),
    "metadata wrong": (
        lambda files: (files / "demo-1.0-py3-none-any.whl.metadata").write_text("Name: evil"),
        "is not the METADATA",
        False,
    ),
    "object gone": (lambda files: (files / "demo-1.0.tar.gz").unlink(), "is on the page, and is not there", True),
    "object changed": (lambda files: (files / "demo-1.0.tar.gz").write_bytes(b"x"), "and 2d3", False),
    "object new": (
        lambda files: wheels.make_wheel(files, "demo", "3.0"),
        "demo-3.0-py3-none-any.whl: is not on the page",
        True,
    ),
    "page gone": (lambda files: (files / "../../simple/demo/index.html").unlink(), "is not there", True),
    "page cut": (
        lambda files: (files / "../../simple/demo/index.html").write_text("<a href='x.whl'>"),
        "does not link the files",
        True,
    ),
    "json broken": (
        lambda files: (files / "../../simple-json/demo/index.html").write_text("{"),
        "cannot be understood",
        True,
    ),
    "flat page gone": (lambda files: (files / "../../index.html").unlink(), "does not show the page of demo", True),
    "stranger": (lambda files: (files / "README").write_text("x"), "is no artifact of the project", False),
    "orphan": (
        lambda files: (files / "demo-9.0.tar.gz.yanked").write_text("x"),
        "belongs to an artifact that is not there",
        False,
    ),
}


@pytest.mark.parametrize(("damage", "said", "repairable"), DAMAGE.values(), ids=DAMAGE)
def test_check_finds_and_repairs(damage: object, said: str, repairable: bool, tmp_path: Path) -> None:
    """Whatever is off is named, with exit 1; what can be made again is repaired."""
    project = published(tmp_path)
    assert inv_here(project, "wheelhouse.check").returncode == 0
    damage(project / "wheelhouse/files/demo")  # type: ignore[operator]
    done = inv_here(project, "wheelhouse.check", "--json")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    if said != "and 2d3":
        assert said in " ".join(f"{each['name']}: {each['problem']}" for each in json.loads(done.stdout)["findings"])
    repaired = inv_here(project, "wheelhouse.check", "--repair")
    assert (repaired.returncode == 0) is (repairable or said == "and 2d3"), repaired.stdout
    if repairable:
        assert inv_here(project, "wheelhouse.check", "--deep").returncode == 0


def test_deep_check_reads_every_byte(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Bytes that are not those that the object itself promises are found by --deep, and only by it."""
    env = s3_env(s3, bucket_name)
    project = published(tmp_path, env=env)
    store = open_store(s3_container(s3, bucket_name))
    name = "files/demo/demo-1.0.tar.gz"
    facts = store.facts(name)[1]
    other = wheels.make_sdist(tmp_path, "demo", "1.0", payload=b"other")
    store.put(name, payload(other, facts=facts))
    assert inv(project, "wheelhouse.index", env=env).returncode == 0
    assert inv(project, "wheelhouse.check", env=env).returncode == 0
    done = inv(project, "wheelhouse.check", "--deep", env=env)
    assert (done.returncode, "its bytes have sha256" in done.stdout) == (1, True)


def installed(project: Path, target: Path, requirement: str) -> str:
    """Return the version that pip takes from the wheelhouse, or an empty text."""
    where = (project / "wheelhouse/simple").as_uri() + "/"
    done = programs.pip_install("--index-url", where, "--only-binary", ":all:", requirement, target=target)
    found = [path.name.removesuffix(".dist-info") for path in target.glob("*.dist-info")]
    assert (done.returncode == 0) is bool(found), done.stderr
    return found[0] if found else ""


def test_yank_and_unyank(tmp_path: Path) -> None:
    """A yanked version is taken only when pinned, with its reason on every page; afterwards it is as before."""
    project = published(tmp_path, "1.0", "2.0")
    before = pages(project)
    reason = 'broken "<b>" & worse'
    assert len(result(project, "wheelhouse.yank", "--version", "2.0", "--reason", reason)["files"]) == 2  # type: ignore[arg-type]
    assert installed(project, tmp_path / "newest", "demo") == "demo-1.0"
    assert installed(project, tmp_path / "pinned", "demo==2.0") == "demo-2.0"
    for name in ("index.html", "simple/demo/index.html"):
        page = pages(project)[name]
        assert page.count(b'data-yanked="broken &quot;&lt;b&gt;&quot; &amp; worse"') == 2, name
    rows = json.loads(pages(project)["simple-json/demo/index.html"])["files"]
    assert sorted({str(row.get("yanked")) for row in rows}) == ["None", reason]
    done = inv(project, "wheelhouse.fetch", "--index", "wheelhouse/index.html", "--local-folder", "got")
    assert (done.returncode, f"yanked: {reason}" in done.stdout) == (0, True)
    assert len(list((project / "got").iterdir())) == 2
    result(project, "wheelhouse.unyank", "--version", "2.0")
    assert installed(project, tmp_path / "again", "demo") == "demo-2.0"
    assert pages(project).keys() == before.keys()
    assert pages(project)["simple/demo/index.html"] == before["simple/demo/index.html"]


def test_yank_without_a_reason(tmp_path: Path) -> None:
    """A yank without a reason is one that pip heeds too."""
    project = published(tmp_path, "1.0", "2.0")
    result(project, "wheelhouse.yank", "--version", "2.0", "--only", "py3-*")
    assert installed(project, tmp_path / "newest", "demo") == "demo-1.0"
    assert pages(project)["simple/demo/index.html"].count(b'data-yanked=""') == 1


def test_what_was_removed_is_not_uploaded_again(tmp_path: Path) -> None:
    """What waits for its deletion would be deleted after all: an upload of it is refused until then."""
    project = published(tmp_path)
    result(project, "wheelhouse.remove", "--version", "1.0", "--only", "sdist")
    failed(inv(project, "wheelhouse.upload"), 1, "was removed, and waits for its deletion; nothing was sent")
    result(project, "wheelhouse.prune", env={"WHEELHOUSE_GRACE": "0"})
    assert result(project, "wheelhouse.upload")["uploaded"] == ["demo-1.0.tar.gz"]


def test_remove_is_off_the_pages_first_and_deleted_later(tmp_path: Path) -> None:
    """A removed file leaves the pages at once, and the container with the first prune after the grace period."""
    project = published(tmp_path, "1.0", "2.0")
    files = project / "wheelhouse/files/demo"
    result(project, "wheelhouse.remove", "--version", "2.0")
    assert b"demo-2.0" not in b"".join(pages(project).values())
    assert (files / "demo-2.0.tar.gz").is_file()
    assert inv(project, "wheelhouse.check").returncode == 0
    assert result(project, "wheelhouse.prune")["deleted"] == []
    assert sorted(result(project, "wheelhouse.prune", "--now")["deleted"]) == [  # type: ignore[call-overload]
        "demo-2.0-py3-none-any.whl",
        "demo-2.0.tar.gz",
    ]
    assert not [path for path in files.iterdir() if "2.0" in path.name]
    assert inv(project, "wheelhouse.check", "--deep").returncode == 0


@pytest.mark.parametrize("task", ["yank", "unyank", "remove"])
def test_marks_need_a_version_that_is_there(task: str, tmp_path: Path) -> None:
    """Without a version, or with one that is not there, nothing is marked."""
    project = published(tmp_path)
    failed(inv_here(project, f"wheelhouse.{task}"), 2, f"version: not given ({task} needs --version X.Y.Z)")
    failed(inv_here(project, f"wheelhouse.{task}", "--version", "3"), 1, "versions there: 1.0")
    before = pages(project)
    done = inv_here(project, f"wheelhouse.{task}", "--version", "1.0", "--dry-run")
    assert (done.returncode, pages(project) == before) == (0, True)


def dev(project: Path, *numbers: int, tag: str = "py3-none-any", env: dict[str, str] | None = None) -> None:
    """Upload development builds, one by one, as nightly jobs do."""
    for number in numbers:
        for path in (project / "dist").iterdir():
            path.unlink()
        wheels.make_wheel(project / "dist", "demo", f"2.0.dev{20260100 + number}", tag)
        done = inv(project, "wheelhouse.upload", env={"WHEELHOUSE_KEEP": "2", **(env or {})})
        assert done.returncode == 0, done.stderr


def test_upload_retires_older_builds_of_its_slot(tmp_path: Path) -> None:
    """After an upload the newest builds of its tags stay on the pages; releases, pins and other tags stay too."""
    project = published(tmp_path)
    dev(project, 1, tag=wheels.MATRIX[0])
    dev(project, 1, 2, 3, 4, env={"WHEELHOUSE_PIN": "2.0.dev20260101"})
    assert inv(project, "wheelhouse.fetch", "--local-folder", "got").returncode == 0
    assert sorted(path.name.split("-")[1] + path.name.split("-")[2] for path in (project / "got").glob("*.whl")) == [
        "1.0py3",
        "2.0.dev20260101cp311",
        "2.0.dev20260101py3",
        "2.0.dev20260103py3",
        "2.0.dev20260104py3",
    ]
    assert (project / "wheelhouse/files/demo/demo-2.0.dev20260102-py3-none-any.whl").is_file()
    assert inv(project, "wheelhouse.check", "--deep").returncode == 0
    dev(project, 5, env={"WHEELHOUSE_GRACE": "0", "WHEELHOUSE_PIN": "2.0.dev20260101"})
    assert not (project / "wheelhouse/files/demo/demo-2.0.dev20260102-py3-none-any.whl").exists()


def test_prune_by_rule(tmp_path: Path) -> None:
    """`prune` says what it would do, and does it, by flags that beat the settings."""
    project = published(tmp_path)
    dev(project, 1, 2, 3, 4, env={"WHEELHOUSE_KEEP": "9"})
    planned = result(project, "wheelhouse.prune", "--keep", "1", "--pin", "2.0.dev20260102", "--dry-run")
    done = result(project, "wheelhouse.prune", "--keep", "1", "--pin", "2.0.dev20260102")
    assert planned["retired"] == done["retired"] == [f"demo-2.0.dev2026010{n}-py3-none-any.whl" for n in (1, 3)]
    assert result(project, "wheelhouse.prune", "--keep", "1", "--older-than", "1")["retired"] == []
    assert inv(project, "wheelhouse.check").returncode == 0


def test_prune_does_nothing_on_a_listing_that_failed(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A listing that fails, also on a second try, ends the run with everything as it was."""
    env = s3_env(s3, bucket_name)
    project = published(tmp_path, "1.0.dev20260101", "1.0.dev20260102", env=env)
    with servers.faultproxy(s3.port) as proxy:
        proxy.set("cut", after=600)
        faulty = {**env, "WHEELHOUSE_PORT": str(proxy.port), "WHEELHOUSE_RETRIES": "1"}
        done = inv(project, "wheelhouse.prune", "--keep", "1", env=faulty)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert inv(project, "wheelhouse.check", env=env).returncode == 0
    assert len(result(project, "wheelhouse.prune", "--keep", "1", "--dry-run", env=env)["retired"]) == 2  # type: ignore[arg-type]


def test_flags_reach_another_container(tmp_path: Path) -> None:
    """`index` and `check` work on the container that their flags name."""
    project = published(tmp_path)
    os.rename(project / "wheelhouse", project / "elsewhere")  # noqa: PTH104
    assert inv(project, "wheelhouse.check", "--container", "elsewhere").returncode == 0
    failed(inv(project, "wheelhouse.check"), 1, "there is no such folder")


def test_check_counts_one_file_in_the_singular(tmp_path: Path) -> None:
    """One file is `1 file`, one finding `1 finding`, repaired or not."""
    project = make_project(tmp_path / "project")
    wheels.make_sdist(project / "dist", "demo", "1.0")
    assert inv_here(project, "wheelhouse.upload").returncode == 0
    assert inv_here(project, "wheelhouse.check").stdout == "1 file, all well\n"
    (project / "wheelhouse/index.html").unlink()
    failed(inv_here(project, "wheelhouse.check"), 1, ": 1 finding (see check --repair)")
    done = inv_here(project, "wheelhouse.check", "--repair")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 file, 1 finding repaired, nothing is off")


def nights(tmp_path: Path, *, keep: str = "9") -> Path:
    """Return a project whose wheelhouse holds a release and five nights of two platforms, each of which stays."""
    project = published(tmp_path)
    for number in range(1, 6):
        for path in (project / "dist").iterdir():
            path.unlink()
        for tag in ("py3-none-any", wheels.MATRIX[0]):
            wheels.make_wheel(project / "dist", "demo", f"2.0.dev2026010{number}", tag)
        assert inv_here(project, "wheelhouse.upload", env={"WHEELHOUSE_KEEP": keep}).returncode == 0
    return project


def night(number: int, tag: str = "py3-none-any") -> str:
    """Return the name of a night's wheel."""
    return f"demo-2.0.dev2026010{number}-{tag}.whl"


def test_prune_names_what_it_does_and_why(tmp_path: Path) -> None:
    """Each file is named with the rule that retires, deletes or spares it; a dry run foresees exactly that."""
    project = nights(tmp_path)
    result(project, "wheelhouse.remove", "--version", "1.0", "--only", "sdist")
    words = ("wheelhouse.prune", "--keep", "2", "--pin", "2.0.dev20260102")
    planned = result(project, *words, "--dry-run")
    shown = inv_here(project, *words, "--dry-run").stdout.splitlines()
    retired = [night(number, tag) for number in (1, 3) for tag in (wheels.MATRIX[0], "py3-none-any")]
    assert planned["retired"] == retired
    assert planned["reasons"] == {
        night(number, tag): f"{5 - number} newer of its tags and of 2.0, keep is 2"
        for number in (1, 3)
        for tag in (wheels.MATRIX[0], "py3-none-any")
    }
    for name in retired:
        [line] = [line for line in shown if line.startswith("retire") and name in line]
        assert line.rstrip().endswith("newer of its tags and of 2.0, keep is 2")
    assert set(planned["spared"].values()) == {"its version is pinned"}  # type: ignore[attr-defined]
    assert f"stays, because its version is pinned: 2 files ({night(2, wheels.MATRIX[0])}, {night(2)})" in shown
    assert set(planned["waiting"]) == {*retired, "demo-1.0.tar.gz"}  # type: ignore[call-overload]
    done = result(project, *words)
    assert [done[key] for key in ("retired", "deleted", "reasons", "spared")] == [
        planned[key] for key in ("retired", "deleted", "reasons", "spared")
    ]


@pytest.mark.parametrize("words", [("--now",), ()], ids=["at once", "after the grace period"])
def test_prune_names_what_it_deletes_in_a_dry_run_too(words: tuple[str, ...], tmp_path: Path) -> None:
    """What is off the pages for long enough is named with since when, what has just been retired too without grace."""
    project = nights(tmp_path)
    result(project, "wheelhouse.remove", "--version", "1.0", "--only", "sdist")
    env = {"WHEELHOUSE_KEEP": "4", "WHEELHOUSE_GRACE": "1" if words else "0"}
    planned = result(project, "wheelhouse.prune", *words, "--dry-run", env=env)
    done = result(project, "wheelhouse.prune", *words, env=env)
    gone = sorted(["demo-1.0.tar.gz", night(1), night(1, wheels.MATRIX[0])])
    assert sorted(planned["deleted"]) == sorted(done["deleted"]) == gone  # type: ignore[call-overload]
    why = str(planned["reasons"]["demo-1.0.tar.gz"])  # type: ignore[index]
    assert why.startswith("off the pages since 20")
    assert why.endswith("Z, grace 0 h")
    assert (planned["waiting"], done["waiting"]) == ({}, {})
    assert not (project / "wheelhouse/files/demo/demo-1.0.tar.gz").exists()


def test_prune_says_what_older_than_keeps(tmp_path: Path) -> None:
    """Builds that are too young for the rule stay, and the setting that keeps them is named."""
    project = nights(tmp_path)
    planned = result(project, "wheelhouse.prune", "--keep", "1", "--older-than", "7", "--dry-run")
    assert planned["retired"] == []
    reasons = set(planned["spared"].values())  # type: ignore[attr-defined]
    assert all(why.startswith("uploaded 20") and why.endswith("and older_than is 7 days") for why in reasons)
    assert len(planned["spared"]) == 8  # type: ignore[arg-type]


def test_remove_says_when_it_is_deleted_and_what_undoes_it(tmp_path: Path) -> None:
    """The time has its zone; the way back that is told is one that works."""
    project = published(tmp_path)
    done = inv(project, "wheelhouse.remove", "--version", "1.0", env={"WHEELHOUSE_GRACE": "2"})
    told = re.search(r"2 files off the pages; the first prune after (\S+Z) deletes them", done.stdout)
    assert told, done.stdout
    until = datetime.fromisoformat(told[1])
    assert timedelta(hours=1.9) < until - datetime.now(UTC) <= timedelta(hours=2)
    assert "run prune --now, which deletes them at once, then upload the files again" in done.stdout
    failed(inv(project, "wheelhouse.upload"), 1, "once `prune` has deleted it: `prune --now` does at once")
    assert inv(project, "wheelhouse.prune", "--now").returncode == 0
    assert len(result(project, "wheelhouse.upload")["uploaded"]) == 2  # type: ignore[arg-type]
