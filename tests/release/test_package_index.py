"""Which package index a release goes to, and what is asked of it before anything is sent."""

import os
from pathlib import Path

import wheels
from outcomes import LOGIN, failed
from projects import inv, make_project, uploaded
from scripted import scripted

RELEASE = ("wheelhouse.release", "--version", "1.0")


def test_repository_of_a_stronger_level_is_another_index(tmp_path: Path) -> None:
    """A repository by flag does away with the repository_url and check_url of weaker levels."""
    project = make_project(tmp_path / "project")
    wheels.make_wheel(project / "dist")
    with scripted() as configured, scripted() as corp:
        text = f'[tool.wheelhouse]\nrepository_url = "{configured.url}"\ncheck_url = "{configured.url}"\n'
        with (project / "pyproject.toml").open("a") as file:
            file.write(text)
        pypirc = f"[distutils]\nindex-servers = corp\n[corp]\nrepository = {corp.url}\nusername = u\npassword = p\n"
        Path(os.environ["HOME"], ".pypirc").write_text(pypirc)
        words = (*RELEASE, "--no-fetch", "--repository", "corp")
        failed(inv(project, *words), 2, "check_url: not set")
        corp.page("/demo/", "")
        done = inv(project, *words, "--check-url", corp.url)
        assert (done.returncode, "POST /" in corp.requests, configured.requests) == (1, True, []), done.stderr


def test_both_names_of_an_index_are_refused(tmp_path: Path) -> None:
    """A repository and a repository_url at one level contradict each other."""
    project = make_project(tmp_path / "project")
    words = (*RELEASE, "--repository", "testpypi", "--repository-url", "https://example.org/")
    failed(inv(project, *words), 2, "sets both repository and repository_url")


def test_login_page_is_no_index(tmp_path: Path) -> None:
    """A login page in place of an index stops a fetch, and a release before it uploads."""
    project = uploaded(tmp_path)
    with scripted() as server:
        server.page("/", LOGIN)
        server.page("/demo/", LOGIN)
        words = ("wheelhouse.fetch", "--index", "wheelhouse", "--index", server.url)
        failed(inv(project, *words), 1, "is a login page")
        env = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": server.url}
        failed(inv(project, *RELEASE, env=env), 1, "is a login page")
        assert not [request for request in server.requests if request.startswith("POST")]


def test_check_url_that_leads_nowhere_is_found_before(tmp_path: Path) -> None:
    """A simple URL at which nothing is stops the release before anything is uploaded."""
    project = uploaded(tmp_path)
    with scripted() as server:
        env = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": f"{server.url}simpel/"}
        failed(inv(project, *RELEASE, env=env), 2, "check_url: nothing is at")
        assert server.requests == ["GET /simpel/demo/", "GET /simpel/"]


def test_query_of_the_check_url_stays_behind(tmp_path: Path) -> None:
    """The project's page is asked for with the query of the simple URL behind it."""
    project = uploaded(tmp_path)
    with scripted() as server:
        server.page("/simple/demo/?token=tokentoken", "")
        env = {"WHEELHOUSE_REPOSITORY_URL": server.url, "WHEELHOUSE_CHECK_URL": f"{server.url}simple/?token=tokentoken"}
        done = inv(project, *RELEASE, "--dry-run", env=env)
        assert done.returncode == 0, done.stderr
        assert "tokentoken" not in done.stdout + done.stderr
