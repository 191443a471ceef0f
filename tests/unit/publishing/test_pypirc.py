"""Where twine sends files: what a name means in `.pypirc`, and which URLs are those of PyPI."""

from pathlib import Path

import pytest
from twine import utils

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.publishing import pypirc
from wheelhouse_tasks.publishing.index import package_index
from wheelhouse_tasks.settings.resolve import resolve

CORP = "[corp]\nrepository = https://corp.example/legacy/\nusername = me\npassword = hunter22\n"


def home(folder: Path, text: str | None) -> dict[str, str]:
    """Return the environment of a home with a `.pypirc`."""
    if text is not None:
        (folder / ".pypirc").write_text(text)
    return {"HOME": str(folder)}


@pytest.mark.parametrize(
    ("text", "name", "url"),
    [
        (None, "pypi", "https://upload.pypi.org/legacy/"),
        (None, "testpypi", "https://test.pypi.org/legacy/"),
        ("", "pypi", "https://upload.pypi.org/legacy/"),
        ("[pypi]\nrepository = http://internal/\n", "pypi", "http://internal/"),
        ("[testpypi]\nrepository = http://internal/\n", "testpypi", "http://internal/"),
        ("[pypi]\nusername = me\n", "pypi", "https://upload.pypi.org/legacy/"),
        (f"[distutils]\nindex-servers = corp\n{CORP}", "corp", "https://corp.example/legacy/"),
        # twine looks at the sections of its index-servers only
        ("[distutils]\nindex-servers = x\n[pypi]\nrepository = http://internal/\n", "pypi", pypirc.UPLOAD_URLS["pypi"]),
        (
            "[distutils]\nindex-servers =\n  demo-token\n[demo-token]\nrepository = https://upload.pypi.org/legacy/\n",
            "demo-token",
            "https://upload.pypi.org/legacy/",
        ),
        ("[pypi]\nrepository = http://upload.pypi.org/legacy/\n", "pypi", "https://upload.pypi.org/legacy/"),
        ("[pypi]\nrepository = http://pypi.python.org/pypi\n", "pypi", "https://pypi.python.org/pypi"),
    ],
)
def test_name_leads_where_twine_sends(text: str | None, name: str, url: str, tmp_path: Path) -> None:
    """A name means what twine makes of it, be it called pypi or not."""
    assert pypirc.repository(name, home(tmp_path, text)).url == url
    if text is not None:
        assert utils.get_repository_from_config(str(tmp_path / ".pypirc"), name)["repository"] == url


@pytest.mark.parametrize("name", ["corp", "testpypi"])
def test_name_that_twine_does_not_know(name: str, tmp_path: Path) -> None:
    """A name that is none of the index-servers is refused before twine refuses it."""
    environ = home(tmp_path, f"[distutils]\nindex-servers = other\n{CORP}")
    with pytest.raises(UsageError, match=f"{name!r} is not in .*\\.pypirc, as one of the index-servers"):
        pypirc.repository(name, environ)


@pytest.mark.parametrize(
    "url", ["https://[internal/", "http://internal:port/", "https://", "ftp://internal/", "internal"]
)
def test_url_that_is_none(url: str, tmp_path: Path) -> None:
    """A URL that nothing can be sent to is refused, wherever it stands, and is no index of ours."""
    with pytest.raises(UsageError, match=r"its section 'pypi' has no repository = https://"):
        pypirc.repository("pypi", home(tmp_path, f"[pypi]\nrepository = {url}\n"))
    given = {"repository_url": url, "check_url": "https://corp/"}, {"repository_url": "https://corp/", "check_url": url}
    for flags in given:
        with pytest.raises(UsageError, match=r"is not an http\(s\) URL"):
            package_index(resolve(flags, {}, {}, tmp_path))
    with pytest.raises(UsageError, match="TWINE_REPOSITORY_URL: is set, but the settings name another package index"):
        package_index(resolve({}, {"TWINE_REPOSITORY_URL": url}, {}, tmp_path))


def test_secrets_of_a_repository(tmp_path: Path) -> None:
    """The passwords that `.pypirc` has for a repository are known, so that no output tells them."""
    text = "[server-login]\npassword = hunter23\n[pypi]\npassword = hunter22\nrepository = https://me:hunter24@corp/\n"
    assert pypirc.repository("pypi", home(tmp_path, text)).secrets == {"hunter22", "hunter23", "hunter24"}


@pytest.mark.parametrize(
    ("url", "which"),
    [
        *((url, "pypi") for url in ("https://upload.pypi.org/legacy/", "https://upload.pypi.org/legacy")),
        *((url, "pypi") for url in ("http://upload.pypi.org/legacy/", "https://upload.pypi.org:443/legacy/")),
        *((url, "pypi") for url in ("HTTPS://Upload.PyPI.org/legacy/", "https://__token__:x@upload.pypi.org/legacy/")),
        *((url, "pypi") for url in ("https://upload.pypi.org./legacy/", "https://pypi.python.org/pypi")),
        *((url, "pypi") for url in ("https://pypi.org/legacy/", "https://upload.pypi.io/legacy/")),
        *((url, "testpypi") for url in ("https://test.pypi.org/legacy/", "http://TEST.pypi.org/legacy")),
        *((url, "testpypi") for url in ("https://testpypi.python.org/pypi", "https://test.pypi.org:443/legacy/?x")),
        *((url, None) for url in ("https://upload.pypi.org.example/legacy/", "https://xupload.pypi.org/legacy/")),
        *((url, None) for url in ("https://corp.example/upload.pypi.org/legacy/", "http://127.0.0.1/legacy/")),
        *((url, None) for url in ("https://upload.pypi.org@corp.example/", "https://[::1/", "", "pypi")),
    ],
)
def test_pypi_is_known_by_its_host(url: str, which: str | None) -> None:
    """However its URL is written PyPI is PyPI, and nothing else is that has its name somewhere."""
    assert pypirc.official(url) == which
