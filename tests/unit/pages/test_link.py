"""One link: where it leads, its name, and its digest."""

import json
from contextlib import suppress

import pytest
from page_links import JSON, NAME, URL, A, B, C, parse, plain

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import NotAnArtifact
from wheelhouse_tasks.pages.link import Link


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "mailto:me@wheels.example",
        f"ftp://wheels.example/{NAME}",
        f"file:///etc/{NAME}",
        f"data:text/plain,{NAME}",
        f"C:\\{NAME}",
        "demo:1.whl",
        f"http://[bad/{NAME}",
        f"http://wheels.example:port/{NAME}",
        f"http://wheels.example:99999/{NAME}",
    ],
)
def test_link_that_leads_nowhere(href: str) -> None:
    """A link that cannot be fetched is left out, and the rest of the page is used."""
    assert parse(f'<a href="{href}">x</a> <a href="{NAME}">y</a>') == plain(URL + NAME)
    rows = {"meta": {"api-version": "1.0"}, "files": [{"url": href}, {"url": NAME}]}
    assert parse(json.dumps(rows), kind=JSON) == plain(URL + NAME)


@pytest.mark.parametrize(
    ("url", "page", "expected"),
    [
        pytest.param("file:///w/index.html", f'<a href="{NAME}">', plain(f"file:///w/{NAME}"), id="within"),
        pytest.param("file:///w/index.html", f'<a href="../x/{NAME}">', plain(f"file:///x/{NAME}"), id="above"),
        pytest.param("file:///w/index.html", f'<a href="https://h.example/{NAME}">', [], id="to the web"),
        pytest.param(
            "file:///w/index.html",
            f'<base href="https://h.example/"><a href="{NAME}">',
            [],
            id="base on the web",
        ),
        pytest.param(URL, f'<base href="file:///etc/"><a href="{NAME}">', [], id="base on this machine"),
    ],
)
def test_files_and_the_web_stay_apart(url: str, page: str, expected: list[Link]) -> None:
    """A page on this machine leads to files of this machine only, one on the web never does."""
    assert parse(page, url) == expected


@pytest.mark.parametrize(
    "href",
    [
        "../../etc/x-1.0-py3-none-any.whl",
        f"..%2f..%2f{NAME}",
        f"%252e%252e%252f{NAME}",
        f"..\\{NAME}",
        f"%00{NAME}",
        "demo%0A-1.0-py3-none-any.whl",
        f"%E2%80%AE{NAME}",
        "%ff-1.0.tar.gz",
    ],
)
def test_names_hold_no_path(href: str) -> None:
    """The name is the last part of the path, decoded once; what still holds a path is no artifact."""
    [link] = parse(f'<a href="{href}">')
    with suppress(NotAnArtifact):
        assert artifact.parse(link.filename).filename == "x-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    ("fragment", "sha256", "digest"),
    [
        pytest.param("", None, None, id="none"),
        pytest.param("#", None, None, id="empty fragment"),
        pytest.param(f"#sha256={A}", A, None, id="sha256"),
        pytest.param(f"#sha256={A.upper()}", A, None, id="capital digits"),
        pytest.param(f"#SHA256={A}", A, None, id="capital name"),
        pytest.param(f"#sha256={A}&amp;md5={'0' * 32}", A, None, id="with md5"),
        pytest.param(f"#md5={'0' * 32}&amp;sha256={A}", A, None, id="behind md5"),
        pytest.param(f"#sha512={C}&amp;sha256={A}", A, None, id="behind sha512"),
        pytest.param(f"#egg=demo&amp;sha256={A}", A, None, id="behind an egg"),
        pytest.param(f"#sha256={A}&amp;sha256={A.upper()}", A, None, id="said twice"),
        pytest.param(f"#sha256%3D{A}", A, None, id="quoted"),
        pytest.param(f"#sha256={A} ", A, None, id="blank behind"),
        pytest.param(f"#sha1={'0' * 40}", None, ("sha1", "0" * 40), id="sha1 only"),
        pytest.param(f"#MD5={A[:32].upper()}", None, ("md5", A[:32]), id="md5 only"),
        pytest.param(f"#md5={A[:32]}&amp;sha512={C}", None, ("sha512", C), id="strongest of two"),
        pytest.param(f"#sha384={C[:96]}&amp;sha1={A[:40]}", None, ("sha384", C[:96]), id="strongest first"),
        pytest.param(f"#blake2b={C}", None, ("blake2b", C), id="blake2b"),
        pytest.param(f"#blake2b={A}", None, ("blake2b", A), id="blake2b of 256 bits"),
        pytest.param("#rot13=abc", None, None, id="unknown"),
    ],
)
def test_digest_of_a_link(fragment: str, sha256: str | None, digest: tuple[str, str] | None) -> None:
    """The sha256 is found wherever it stands, and where there is none the strongest other digest."""
    assert parse(f'<a href="{NAME}{fragment}">') == [Link(URL + NAME, NAME, sha256, digest=digest)]


@pytest.mark.parametrize(
    ("fragment", "problem"),
    [
        pytest.param("sha256=", "its sha256 is malformed", id="empty"),
        pytest.param("sha256", "its sha256 is malformed", id="name alone"),
        pytest.param(f"sha256={A[1:]}", "its sha256 is malformed", id="cut"),
        pytest.param(f"sha256={A}a", "its sha256 is malformed", id="long"),
        pytest.param(f"sha256={A[1:]}g", "its sha256 is malformed", id="no hex"),
        pytest.param(f"sha256={A[1:]}\u0661", "its sha256 is malformed", id="digit beyond ASCII"),
        pytest.param(f"sha512={A}", "its sha512 is malformed", id="sha256 called sha512"),
        pytest.param("md5=", "its md5 is malformed", id="empty md5"),
        pytest.param(f"blake2b={A[:40]}", "its blake2b is malformed", id="cut blake2b"),
        pytest.param(f"sha256={A}&amp;md5=xyz", "its md5 is malformed", id="one of two"),
        pytest.param(f"sha256={A}&amp;sha256={B}", "it has two different sha256", id="two that differ"),
    ],
)
def test_malformed_digest_is_not_no_digest(fragment: str, problem: str) -> None:
    """A link with a malformed digest has a problem, and none of its digests is taken."""
    assert parse(f'<a href="{NAME}#{fragment}">') == [Link(URL + NAME, NAME, None, problem=problem)]
