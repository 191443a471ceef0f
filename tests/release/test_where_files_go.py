"""The index is where twine sends: rules, attestations and page follow from the URL, and the plan shows it."""

import json
import os
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from subprocess import CompletedProcess

import fence
import programs
import pytest
import scripted_index
import servers
import wheels
from folders import digests
from outcomes import failed
from projects import index_env, inv, make_project
from scripted_index import BAD_TOKEN, EXISTS, Fault, Index, Script, Stored

RELEASE = ("wheelhouse.release", "--version", "1.0", "--no-fetch")
UPLOAD = "https://upload.pypi.org/legacy/"
#: A wheel that every index takes but PyPI.
LINUX = "cp312-cp312-linux_x86_64"
DEMO_TOKEN = f"[distutils]\nindex-servers = demo-token\n[demo-token]\nrepository = {UPLOAD}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that has built a wheel and an sdist."""
    made = make_project(tmp_path / "project")
    wheels.make_wheel(made / "dist")
    wheels.make_sdist(made / "dist")
    return made


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Run an index."""
    with scripted_index.running(tmp_path / "index") as running:
        yield running


@dataclass
class PyPI:
    """An index that is PyPI to its clients: an HTTPS proxy that is every host, whose certificate is trusted."""

    index: Index
    env: dict[str, str]

    def release(self, project: Path, *words: str) -> CompletedProcess[str]:
        """Release what is in dist/ of a project."""
        return inv(project, *RELEASE, *words, env=self.env)


@pytest.fixture
def pypi_itself(index: Index) -> PyPI:
    """Make the index be PyPI."""
    names = ",".join(f"DNS:{host}" for host in scripted_index.HOSTS)
    pem, cert = index.folder / "ca.pem", index.folder / "cert.pem"
    programs.run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=an index for tests", "-addext", f"subjectAltName={names}"),
        *("-keyout", pem, "-out", cert),
        check=True,
    )
    pem.write_text(pem.read_text() + cert.read_text())
    access = index.access
    return PyPI(
        index,
        {
            **dict.fromkeys(fence.both_cases("https_proxy"), index.url),
            "REQUESTS_CA_BUNDLE": str(cert),
            "TWINE_USERNAME": access.username,
            "TWINE_PASSWORD": access.password,
        },
    )


def write_pypirc(text: str) -> None:
    """Write the .pypirc of the test's home."""
    Path(os.environ["HOME"], ".pypirc").write_text(text)


def title(done: CompletedProcess[str]) -> str:
    """Return the title of the plan."""
    return str(re.findall(r"^Release .* to (.*)$", done.stdout, re.MULTILINE)[0])


def test_name_pypi_may_mean_another_index(project: Path, index: Index) -> None:
    """What `.pypirc` calls pypi is no PyPI where it leads elsewhere: no rules, no attestations, no page of PyPI."""
    access = index.access
    write_pypirc(
        f"[pypi]\nrepository = {access.upload_url}\nusername = {access.username}\npassword = {access.password}\n"
    )
    wheel = wheels.make_wheel(project / "dist", tag=LINUX)
    wheels.attest(wheel)
    failed(inv(project, *RELEASE), 2, f"check_url: not set: what is uploaded to {access.upload_url} cannot be read")
    done = inv(project, *RELEASE, "--check-url", access.simple_url)
    assert done.returncode == 0, done.stderr
    assert title(done) == f"pypi ({access.upload_url})"
    assert "takes no attestations: those of 1 file stay here" in done.stdout
    assert {name for name, _ in index.stored} == {path.name for path in (project / "dist").iterdir()} - {
        f"{wheel.name}.publish.attestation"
    }


@pytest.mark.parametrize(
    ("words", "pypirc", "shown"),
    [
        pytest.param((), None, f"pypi ({UPLOAD})", id="default"),
        pytest.param(("--repository", "demo-token"), DEMO_TOKEN, f"demo-token ({UPLOAD})", id="another name"),
        pytest.param(("--repository-url", UPLOAD), None, UPLOAD, id="URL"),
        pytest.param(("--repository-url", "https://Upload.PyPI.org:443/legacy"), None, None, id="spelt otherwise"),
        pytest.param(
            ("--repository", "testpypi"), None, "testpypi (https://test.pypi.org/legacy/)", id="the other one"
        ),
    ],
)
def test_pypi_by_any_name(
    words: tuple[str, ...], pypirc: str | None, shown: str | None, project: Path, pypi_itself: PyPI
) -> None:
    """Where files go to PyPI its rules hold and its page is read, whatever it is called."""
    if pypirc:
        write_pypirc(pypirc)
    done = pypi_itself.release(project, *words, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert title(done) == (shown or words[-1])
    wheels.make_wheel(project / "dist", tag=LINUX)
    failed(pypi_itself.release(project, *words), 1, "PyPI does not take the platform linux_x86_64")
    assert pypi_itself.index.posts == []


def test_variable_of_twine_that_means_the_same_place(project: Path, pypi_itself: PyPI) -> None:
    """Twine's variable is no contradiction where it leads to the same place, and is one where it does not."""
    pypi_itself.env["TWINE_REPOSITORY_URL"] = "http://upload.pypi.org/legacy/"
    assert pypi_itself.release(project, "--dry-run").returncode == 0
    pypi_itself.env["TWINE_REPOSITORY_URL"] = "https://test.pypi.org/legacy/"
    failed(
        pypi_itself.release(project),
        2,
        f"TWINE_REPOSITORY_URL: is set, but the settings name another package index: {UPLOAD}",
    )


@pytest.mark.parametrize("there", [True, False])
def test_repository_that_twine_is_told_of(project: Path, index: Index, *, there: bool) -> None:
    """Twine's variable chooses the credentials of an index under another name, and never another index."""
    access = index.access
    url = access.upload_url if there else "http://127.0.0.1:9/"
    section = f"repository = {access.upload_url}\nusername = nobody\npassword = wrong-one\n"
    mine = f"repository = {url}\nusername = {access.username}\npassword = {access.password}\n"
    write_pypirc(f"[distutils]\nindex-servers = corp mine\n[corp]\n{section}[mine]\n{mine}")
    words = ("--repository", "corp", "--check-url", access.simple_url)
    done = inv(project, *RELEASE, *words, env={"TWINE_REPOSITORY": "mine"})
    if there:
        assert (done.returncode, title(done)) == (0, f"mine ({access.upload_url})"), done.stderr
    else:
        failed(done, 2, f"TWINE_REPOSITORY: is set, but the settings name another package index: {access.upload_url}")
    assert len(index.stored) == (2 if there else 0)


def test_release_that_pypi_closed(project: Path, pypi_itself: PyPI) -> None:
    """New files for a release that is older than 14 days are refused before the first byte; a finished one is fine."""
    index = pypi_itself.index
    wheel = next((project / "dist").glob("*.whl"))
    sha256 = digests(project / "dist")[wheel.name]
    index.files[wheel.name] = Stored("demo", sha256, 1000, 0, "2026-01-31T12:00:00Z")
    failed(
        pypi_itself.release(project), 1, "demo 1.0: its first file is of 2026-01-31, and PyPI takes new files for 14"
    )
    assert index.posts == []
    next((project / "dist").glob("*.gz")).unlink()
    done = pypi_itself.release(project)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("size", [(10 << 30) - 10, 10 << 30, 12 << 30])
def test_project_at_its_total_size(size: int, project: Path, pypi_itself: PyPI) -> None:
    """Files that do not fit into what PyPI gives a project are refused; a project that has more is warned."""
    pypi_itself.index.files["demo-0.1.tar.gz"] = Stored("demo", "0" * 64, size, 0)
    done = pypi_itself.release(project, "--dry-run")
    if size > 10 << 30:
        assert (done.returncode, "warning: demo: PyPI holds 12.00 GiB" in done.stdout) == (0, True), done.stderr
    else:
        failed(done, 1, "demo: PyPI holds 10.00 GiB of the project, with these files it is 10.00 GiB, and the usual")


def test_other_index_is_held_to_no_rule_of_pypi(project: Path, index: Index) -> None:
    """A project of any size and age is released to another index."""
    index.files["demo-0.1.tar.gz"] = Stored("demo", "0" * 64, 12 << 30, 0)
    index.files["demo-1.0-cp312-cp312-win_amd64.whl"] = Stored("demo", "0" * 64, 1, 0, "2020-01-31T12:00:00Z")
    done = inv(project, *RELEASE, env=index_env(index.access))
    assert (done.returncode, "warning" in done.stdout) == (0, False), done.stderr


@pytest.mark.parametrize("planned", ["URL", "name"])
def test_plan_for_another_index(planned: str, project: Path, index: Index, tmp_path: Path) -> None:
    """A plan for another index than that of the settings is refused before either is asked for anything."""
    access = index.access
    env = index_env(access)
    words = ["--plan", "plan.json"]
    if planned == "name":
        write_pypirc(f"[distutils]\nindex-servers = corp\n[corp]\nrepository = {access.upload_url}\n")
        env = {"WHEELHOUSE_REPOSITORY": "corp", "WHEELHOUSE_CHECK_URL": access.simple_url}
    done = inv(project, *RELEASE, *words, env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads((project / "plan.json").read_text())["upload_url"] == access.upload_url
    asked = (index.folder / "requests.log").read_text()
    failed(
        inv(project, "wheelhouse.release", "--no-fetch", *words),
        2,
        f"plan.json: the package index is pypi ({UPLOAD}), "
        f"planned was {'corp (' * (planned == 'name')}{access.upload_url}",
    )
    with scripted_index.running(tmp_path / "other") as other:
        failed(inv(project, "wheelhouse.release", "--no-fetch", *words, env=index_env(other.access)), 2, "planned was")
        assert (other.folder / "requests.log").read_text() == ""
    assert (index.folder / "requests.log").read_text() == asked
    done = inv(project, "wheelhouse.release", "--no-fetch", *words, env={**index_env(access)})
    assert done.returncode == 0, done.stderr  # the same place, by its URL
    assert len(index.stored) == 2


@pytest.mark.parametrize(
    ("fault", "hinted"),
    [
        pytest.param(None, True, id="wrong password"),
        pytest.param(Fault(401, "Unauthorized"), True, id="401"),
        pytest.param(Fault(403, "You shall not pass"), True, id="403"),
        pytest.param(Fault(403, EXISTS.format(name="x", sha256="0")), False, id="403 for a name"),
        pytest.param(Fault(400, BAD_TOKEN), False, id="400"),
    ],
)
def test_wrong_password_is_hinted_at_like_a_missing_one(
    fault: Fault | None, project: Path, index: Index, *, hinted: bool
) -> None:
    """Who is not let in is told where twine looks for user and password, by the status of the answer."""
    env = index_env(index.access)
    if fault is None:
        env["TWINE_PASSWORD"] = "wrong-password"
    else:
        index.script = Script([fault])
    done = inv(project, *RELEASE, env={**env, "WHEELHOUSE_TIMEOUT": "2"})
    failed(done, 1, "did not take it: ")
    assert ("set TWINE_USERNAME and TWINE_PASSWORD, or use .pypirc or keyring" in done.stderr) is hinted


class Silent(BaseHTTPRequestHandler):
    """Is asked for nothing, because nobody trusts its certificate."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class Untrusted(HTTPServer):
    """Has a certificate of its own."""

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that went away."""


@pytest.fixture
def untrusted(certificate: Path) -> Iterator[str]:
    """Run a server whose certificate nobody trusts; return its URL."""
    with Untrusted((servers.HOST, 0), Silent) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"https://{servers.HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("place", ["page", "upload"])
def test_private_authority_of_an_index(place: str, untrusted: str, project: Path, index: Index) -> None:
    """A certificate that is not trusted is named, with the setting for it, be it that of the page or of the upload."""
    env = index_env(index.access)
    if place == "page":
        env["WHEELHOUSE_CHECK_URL"] = f"{untrusted}/simple/"
    else:
        env["WHEELHOUSE_REPOSITORY_URL"] = f"{untrusted}/legacy/"
    failed(inv(project, *RELEASE, env=env), 1, "see the setting 'ca_bundle'")
