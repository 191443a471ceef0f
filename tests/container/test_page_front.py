"""The title of the flat page and the address in its commands: where they come from, and what no page may show."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import wheels
from projects import make_project

from wheelhouse_tasks.commands.upload import upload
from wheelhouse_tasks.container.objects import page_address
from wheelhouse_tasks.settings.resolve import resolve
from wheelhouse_tasks.storage.opening import open_store


def uploaded(project: Path, flags: dict[str, Any] | None = None, **environ: str) -> str:
    """Upload a wheel of a project; return its flat page."""
    wheels.make_wheel(project / "dist")
    upload(resolve(flags or {}, {f"WHEELHOUSE_{name.upper()}": value for name, value in environ.items()}, {}, project))
    return (project / "wheelhouse/index.html").read_text()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a project."""
    return make_project(tmp_path / "a project")


def commands(page: str) -> list[str]:
    """Return the commands of a page, as a person copies them."""
    return [re.sub("<[^>]*>", "", command) for command in re.findall("<pre>(.*)</pre>", page)]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("https://wheels.example/w", "https://wheels.example/w/index.html", id="as it is"),
        pytest.param("https://me:pass/word1@wheels.example/w/", "https://wheels.example/w/index.html", id="password"),
        pytest.param("https://glpat-123456@wheels.example/w", "https://wheels.example/w/index.html", id="token"),
        pytest.param("https://x.example/w?sig=abcdef123456", "URL-OF-THIS-PAGE", id="signature"),
        pytest.param("https://x.example/a b", "URL-OF-THIS-PAGE", id="blank"),
        pytest.param("https://x.example/é", "URL-OF-THIS-PAGE", id="no ASCII"),
        pytest.param('https://x.example/"><script>', "URL-OF-THIS-PAGE", id="markup"),
    ],
)
def test_address_is_public_url_without_credentials(url: str, shown: str, project: Path) -> None:
    """Commands hold public_url, and the page nothing secret of it; what is no plain address counts as unknown."""
    page = uploaded(project, container="wheelhouse", public_url=url)
    assert commands(page) == [f"pip install --find-links {shown} demo==1.0"]
    assert not re.search("me:pass|word1|glpat|sig=|script", page)


def test_folder_that_is_named_does_not_show_its_place(project: Path) -> None:
    """A folder that somebody named may be published: its page does not hold where it lay."""
    page = uploaded(project, container="wheelhouse")
    assert commands(page) == ["pip install --find-links URL-OF-THIS-PAGE demo==1.0"]
    assert "a%20project" not in page


def test_folder_that_nobody_named_is_read_here(project: Path, tmp_path: Path) -> None:
    """The command of the default folder, which is for this machine, works as it is, blanks in its path and all."""
    [command] = commands(uploaded(project))
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "download",
        "--no-deps",
        "--no-index",
        "-d",
        str(tmp_path / "got"),
    ]
    done = subprocess.run([*pip, *command.split()[2:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "got/demo-1.0-py3-none-any.whl").is_file()
    assert "a%20project" in command
    # and is gone from the page once the folder is named
    assert "a%20project" not in uploaded(project, container="wheelhouse")


def test_title_of_the_settings(project: Path) -> None:
    """The title is the title and the heading; whoever sets none keeps it."""
    page = uploaded(project, container="wheelhouse", title="Demo <nightlies>")
    assert "<title>Demo &lt;nightlies&gt;</title>" in page
    assert "<h1>Demo &lt;nightlies&gt;</h1>" in page
    wheels.make_wheel(project / "dist", version="2.0")
    later = uploaded(project, container="wheelhouse")
    assert "<h1>Demo &lt;nightlies&gt;</h1>" in later
    assert len(commands(later)) == 2


def test_address_of_a_provider(tmp_path: Path) -> None:
    """Where a provider serves a container at an address that is known, the page holds that address."""
    environ = {
        "WHEELHOUSE_PROVIDER": "s3",
        "WHEELHOUSE_CONTAINER": "wheels",
        "WHEELHOUSE_PREFIX": "nightly",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example-secret-key",
    }
    settings = resolve({}, environ, {}, tmp_path)
    address = page_address(settings, open_store(settings.container))
    assert address == "https://s3.amazonaws.com/wheels/nightly/index.html"
