"""A version goes to another wheelhouse: the same bytes, and on its pages all at once."""

import json
import re
from pathlib import Path
from typing import Any

import programs
import pytest
import servers
import wheels
from folders import digests
from in_process import inv_here
from outcomes import failed
from projects import inv, make_project, s3_env
from scripted import Scripted

TAGS = wheels.MATRIX[:4]


def candidate(tmp_path: Path, version: str = "1.0") -> Path:
    """Return a project whose wheelhouse holds a version that may be promoted."""
    project = tmp_path / "project"
    if not project.exists():
        make_project(project)
    for tag in TAGS:
        wheels.make_wheel(project / "dist", "demo", version, tag)
    wheels.attest(wheels.make_sdist(project / "dist", "demo", version, payload=wheels.noise(1 << 20)))
    done = inv(project, "wheelhouse.upload")
    assert done.returncode == 0, done.stderr
    return project


def serve_again(server: Scripted, project: Path, *, promising: bool = True) -> list[str]:
    """Serve what is in dist/ from a page; return the names of the files."""
    sums = {name: digest for name, digest in digests(project / "dist").items() if not name.endswith("attestation")}
    server.page("/", "".join(f"<a href='{name}{f'#sha256={sums[name]}' * promising}'>x</a>" for name in sums))
    server.answers |= {f"/{name}": (200, {}, (project / "dist" / name).read_bytes()) for name in sums}
    return sorted(sums)


def promote(project: Path, to: str, *words: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Promote 1.0; return the result."""
    done = inv(project, "wheelhouse.promote", "--version", "1.0", "--to", to, "--json", *words, env=env)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def fetched(tmp_path: Path, index: str, env: dict[str, str] | None = None) -> dict[str, str]:
    """Fetch everything of a wheelhouse; return the digests by name."""
    other = tmp_path / f"fetched{len(list(tmp_path.iterdir()))}"
    make_project(other)
    done = inv(other, "wheelhouse.fetch", "--index", index, env=env)
    assert done.returncode == 0, done.stderr
    return {name: digest for name, digest in digests(other / "dist").items() if not name.endswith("attestation")}


@pytest.mark.parametrize("place", ["folder", "s3"])
def test_promote(place: str, s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """Another wheelhouse gets the same bytes and pages; again there is nothing to do; dist/ is left alone."""
    project = candidate(tmp_path)
    built = {name: digest for name, digest in digests(project / "dist").items() if not name.endswith("attestation")}
    (project / "dist" / "demo-1.0.tar.gz").unlink()
    env = {key: text for key, text in s3_env(s3, bucket_name).items() if not key.startswith("WHEELHOUSE_")}
    env |= {"AWS_ACCESS_KEY_ID": s3.key, "AWS_SECRET_ACCESS_KEY": s3.secret}
    where = f"?region=us-east-1&host={s3.host}&port={s3.port}&secure=no"
    to = str(tmp_path / "public") if place == "folder" else f"s3://{bucket_name}/stable{where}"
    assert promote(project, to, "--dry-run", env=env)["pages"] == []
    said = promote(project, to, env=env)
    assert (len(said["copied"]), said["sha256"]) == (5, built)
    assert fetched(tmp_path, to, env) == built
    again = promote(project, to, env=env)
    assert (again["copied"], len(again["present"]), again["pages"]) == ([], 5, [])
    assert not (project / "dist" / "demo-1.0.tar.gz").exists()


def test_promoting_again_downloads_what_is_missing_only(server: Scripted, tmp_path: Path) -> None:
    """With everything there nothing is fetched, in a dry run too; else what is missing, and nothing more."""
    project = candidate(tmp_path)
    names = serve_again(server, project)
    to = str(tmp_path / "public")
    words = ("--index", server.url)
    first = promote(project, to, *words)
    assert len(first["copied"]) == 5
    for more in ((), ("--dry-run",)):
        server.seen.clear()
        again = promote(project, to, *words, *more)
        assert (again["copied"], again["present"], again["pages"]) == ([], first["copied"], [])
        assert again["sha256"] == first["sha256"]
        assert server.requests == ["GET /"]
    lost = names[1]
    (tmp_path / "public/files/demo" / lost).unlink()
    for companion in (tmp_path / "public/files/demo").glob(f"{lost}.*"):
        companion.unlink()
    server.seen.clear()
    assert promote(project, to, *words)["copied"] == [lost]
    assert server.requests == ["GET /", f"GET /{lost}"]
    assert digests(tmp_path / "public/files/demo")[lost] == first["sha256"][lost]


@pytest.mark.parametrize("version", ["1.0", "1.0.dev1"], ids=["release", "development build"])
def test_conflict_is_known_before_anything_is_fetched(version: str, server: Scripted, tmp_path: Path) -> None:
    """A file that is there with another sha256 than the promised one ends the run without a download."""
    project = make_project(tmp_path / "project")
    other = make_project(tmp_path / "other")
    for number, made in enumerate((project, other)):
        wheels.make_wheel(made / "dist", "demo", version, payload=b"%d" % number)
    wheels.make_wheel(project / "dist", "demo", version, TAGS[0])
    to = str(tmp_path / "public")
    assert inv(other, "wheelhouse.upload", "--container", to, "--no-stamp").returncode == 0
    serve_again(server, project)
    words = ("wheelhouse.promote", "--version", version, "--to", to, "--index", server.url)
    said = f"demo-{version}-py3-none-any.whl: already published with other bytes; nothing was sent"
    failed(inv(project, *words), 1, said)
    assert server.requests == ["GET /"]


def test_file_without_a_promise_is_fetched_to_be_compared(server: Scripted, tmp_path: Path) -> None:
    """Where the page promises no sha256, only the bytes show whether a file is there."""
    project = candidate(tmp_path)
    names = serve_again(server, project, promising=False)
    to = str(tmp_path / "public")
    assert len(promote(project, to, "--index", server.url)["copied"]) == 5
    again = promote(project, to, "--index", server.url)
    assert (again["copied"], sorted(again["present"]), len(again["sha256"])) == ([], sorted(names), 5)
    server.answers[f"/{names[0]}"] = (
        200,
        {},
        wheels.make_wheel(tmp_path, "demo", "1.0", TAGS[0], payload=b"x").read_bytes(),
    )
    words = ("wheelhouse.promote", "--version", "1.0", "--to", to, "--index", server.url)
    failed(inv(project, *words), 1, "already published with other bytes; nothing was sent")


def test_promoted_is_installed(tmp_path: Path) -> None:
    """A version is installed from where it went, and `check` finds nothing off; attestations came along."""
    project = candidate(tmp_path)
    wheels.make_wheel(project / "dist", "demo", "1.0")
    assert inv(project, "wheelhouse.upload").returncode == 0
    promote(project, str(tmp_path / "public"))
    assert inv(project, "wheelhouse.check", "--container", str(tmp_path / "public")).returncode == 0
    assert (tmp_path / "public/files/demo/demo-1.0.tar.gz.publish.attestation").is_file()
    with servers.static(tmp_path / "public") as site:
        words = ("--no-index", "--only-binary", ":all:", "--find-links", f"{site.url}/index.html", "demo==1.0")
        done = programs.pip_install(*words, target=tmp_path / "target")
        assert done.returncode == 0, done.stderr


def test_all_or_nothing_is_visible(s3: servers.S3Server, bucket_name: str, tmp_path: Path) -> None:
    """A promotion that broke off is on no page, also after another upload; a rerun completes it."""
    project = candidate(tmp_path)
    env = {"AWS_ACCESS_KEY_ID": s3.key, "AWS_SECRET_ACCESS_KEY": s3.secret, "WHEELHOUSE_RETRIES": "0"}
    env["WHEELHOUSE_MAX_WORKERS"] = "1"

    def to(port: int) -> str:
        return f"s3://{bucket_name}?region=us-east-1&host={s3.host}&port={port}&secure=no"

    with servers.faultproxy(s3.port) as proxy:
        proxy.set("upreset", after=200_000)
        done = inv(project, "wheelhouse.promote", "--version", "1.0", "--to", to(proxy.port), env=env)
    failed(done, 1, "cannot be reached")
    other = make_project(tmp_path / "other")
    wheels.make_wheel(other / "dist", "demo", "0.9")
    target = s3_env(s3, bucket_name)
    assert inv(other, "wheelhouse.upload", env=target).returncode == 0
    assert set(fetched(tmp_path, to(s3.port), env)) == {"demo-0.9-py3-none-any.whl"}
    checked = inv(other, "wheelhouse.check", env=target)
    assert (checked.returncode, len(re.findall("promotion that did not end", checked.stdout))) == (1, 1)
    assert len(promote(project, to(s3.port), env=env)["copied"]) == 5
    assert len(fetched(tmp_path, to(s3.port), env)) == 6
    assert inv(other, "wheelhouse.check", "--deep", env=target).returncode == 0


def test_promote_keeps_what_is_there(tmp_path: Path) -> None:
    """A name that is taken by other bytes, or was removed, stops everything before the first file is copied."""
    project, public = candidate(tmp_path), tmp_path / "public"
    other = make_project(tmp_path / "other")
    wheels.make_sdist(other / "dist", "demo", "1.0", payload=b"other")
    assert inv(other, "wheelhouse.upload", "--container", str(public)).returncode == 0
    words = ("wheelhouse.promote", "--version", "1.0", "--to", str(public))
    failed(inv(project, *words), 1, "demo-1.0.tar.gz: already published with other bytes; nothing was sent")
    assert (
        inv(other, "wheelhouse.remove", "--version", "1.0", env={"WHEELHOUSE_CONTAINER": str(public)}).returncode == 0
    )
    failed(inv(project, *words), 1, "demo-1.0.tar.gz: was removed from")
    assert len(list((public / "files/demo").glob("*.whl"))) == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--version", "1.0"], 2, "to: not given"),
        (["--to", "x"], 2, "version: not given"),
        (["--version", "1.0", "--to", "https://wheels.example/"], 2, "can be read only"),
        (["--version", "7.0", "--to", "x"], 1, "demo 7.0: no artifact in"),
        (["--version", "banana", "--to", "x"], 2, "'banana' is not a valid version"),
    ],
)
def test_promote_of_nothing(words: list[str], code: int, said: str, tmp_path: Path) -> None:
    """What cannot be promoted is said in one line."""
    failed(inv_here(candidate(tmp_path), "wheelhouse.promote", *words), code, said)
