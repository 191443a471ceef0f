"""What git knows of a checkout, whatever its configuration says."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from wheelhouse_tasks.stamps.checkout import Checkout

WHEN = 1_767_225_600  # 2026-01-01T00:00:00Z
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}


def git(folder: Path, *words: str, when: int = WHEN, content: bytes | None = None) -> str:
    """Run git in a folder, heeding no configuration of the machine."""
    date = f"@{when} +0000"
    env = {**ENVIRON, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org", *words]
    return subprocess.run(command, check=True, env=env, input=content, capture_output=True).stdout.decode().strip()


def repository(folder: Path, when: int = WHEN) -> Path:
    """Make a repository with one commit of one file."""
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "code.py").write_text("1\n")
    git(folder, "add", "code.py")
    git(folder, "commit", "-q", "-m", "x", when=when)
    return folder


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Return a repository."""
    return repository(tmp_path / "top")


def time(folder: Path, **environ: str) -> int | str:
    """Return the time of the commit as a checkout tells it."""
    checkout = Checkout.around(folder, {**ENVIRON, **environ})
    assert checkout is not None
    return checkout.time()


def test_folder_below_and_linked(top: Path, tmp_path: Path) -> None:
    """The checkout is found from a folder below it, by a link, and in a work tree of it; elsewhere there is none."""
    (top / "below").mkdir()
    (tmp_path / "link").symlink_to(top / "below")
    git(top, "worktree", "add", "-q", str(tmp_path / "tree"))
    assert [time(folder) for folder in (top, top / "below", tmp_path / "link", tmp_path / "tree")] == [WHEN] * 4
    assert Checkout.around(tmp_path, ENVIRON) is None


def test_shallow_clone(top: Path, tmp_path: Path) -> None:
    """A clone of one commit knows its time."""
    git(top, "commit", "-q", "--allow-empty", "-m", "y", when=WHEN + 5)
    git(tmp_path, "clone", "-q", "--depth", "1", top.as_uri(), "shallow")
    assert time(tmp_path / "shallow") == WHEN + 5


def test_checkout_of_another_user(top: Path) -> None:
    """The time is read there too, where `git log` refuses."""
    assert time(top, GIT_TEST_ASSUME_DIFFERENT_OWNER="1") == WHEN


def test_signature_is_neither_shown_nor_verified(top: Path, tmp_path: Path) -> None:
    """A signed commit gives its time with log.showSignature too, and no program of the configuration runs."""
    program, ran = tmp_path / "gpg", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch {ran}\necho 'gpg: Good signature'\n")
    program.chmod(stat.S_IRWXU)
    for name, text in {"log.showSignature": "true", "gpg.program": str(program), "core.pager": str(program)}.items():
        git(top, "config", name, text)
    plain = git(top, "cat-file", "commit", "HEAD")
    head, _, message = plain.partition("\n\n")
    signed = f"{head}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n committer z <z> 5 +0000\n\n{message}\n"
    git(top, "update-ref", "HEAD", git(top, "hash-object", "-t", "commit", "-w", "--stdin", content=signed.encode()))
    assert time(top) == WHEN
    assert not ran.exists()


def test_replaced_commit(top: Path) -> None:
    """A commit that this clone alone has replaced keeps its time."""
    head = git(top, "rev-parse", "HEAD")
    git(top, "commit", "-q", "--allow-empty", "-m", "y", when=5)
    other = git(top, "rev-parse", "HEAD")
    git(top, "reset", "-q", "--hard", head)
    git(top, "replace", head, other)
    assert time(top) == WHEN


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"])
def test_variable_that_points_elsewhere(variable: str, top: Path, tmp_path: Path) -> None:
    """The commit is the one of the folder, not that of a repository which the environment names."""
    other = repository(tmp_path / "other", 5) / ".git"
    assert time(top, **{variable: str(other / "objects" if variable == "GIT_OBJECT_DIRECTORY" else other)}) == WHEN


def test_author_of_any_name(top: Path) -> None:
    """A name in another encoding, and one like a field, do not hide the time."""
    plain = git(top, "cat-file", "commit", "HEAD").replace("x <x@example.org>", "J\xfcrgen > 5 +0000 <x@example.org>")
    commit = git(top, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", content=plain.encode("latin-1"))
    git(top, "update-ref", "HEAD", commit)
    assert time(top) == WHEN


def test_why_there_is_no_time(top: Path, tmp_path: Path) -> None:
    """Without commit, repository or git the reason is returned in its place."""
    empty = tmp_path / "empty"
    git(tmp_path, "init", "-q", str(empty))
    lost = tmp_path / "lost"
    lost.mkdir()
    (lost / ".git").write_text("gitdir: /nowhere\n")
    assert "HEAD" in str(time(empty))
    assert "not a git repository" in str(time(lost))
    assert time(top, PATH="/nowhere") == "there is no program git"
    late = git(top, "cat-file", "commit", "HEAD").replace(str(WHEN), "999999999999")
    commit = git(top, "hash-object", "-t", "commit", "-w", "--stdin", "--literally", content=late.encode())
    git(top, "update-ref", "HEAD", commit)
    assert time(top) == "the time of its commit is none"


def test_changes(top: Path) -> None:
    """Files that differ and files that are unknown are told apart; folders that a build fills do not count."""
    checkout = Checkout.around(top, ENVIRON)
    assert checkout
    for name in ("dist/x.whl", "wheelhouse/index.html", "below/kept"):
        (top / name).parent.mkdir()
        (top / name).write_text("1\n")
    git(top, "add", "wheelhouse", "below")
    git(top, "commit", "-q", "-m", "y")
    apart = [top / "dist", top / "wheelhouse", top.parent / "elsewhere"]
    assert checkout.changes(apart) == ([], [])
    (top / "wheelhouse/index.html").write_text("2\n")
    assert checkout.changes(apart) == ([], [])
    (top / "code.py").write_text("2\n")
    (top / "below/kept").unlink()
    (top / "ünew [x].py").touch()
    assert checkout.changes(apart) == (["below/kept", "code.py"], ["ünew [x].py"])
    assert checkout.changes([]) == (["below/kept", "code.py", "wheelhouse/index.html"], ["dist/", "ünew [x].py"])


def test_changes_of_another_users_checkout_stay_unknown(top: Path) -> None:
    """Where git refuses to look, its reason is returned, and no program of that checkout runs."""
    checkout = Checkout.around(top, {**ENVIRON, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert checkout
    (top / "code.py").write_text("2\n")
    assert "dubious ownership" in checkout.changes([])
