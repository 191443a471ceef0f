"""Where a wheelhouse is, as a person writes it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_tasks.errors import UsageError
from wheelhouse_tasks.settings import locations
from wheelhouse_tasks.settings.locations import Container, Credentials, FolderIndex, Location, WebIndex

ROOT = Path("/project")
ME = Credentials("me", "hunter2hunter2")
#: The container of `upload`, with everything set.
BASE = Container(
    provider="s3",
    container="wheels",
    prefix="nightly/",
    region="eu-west-1",
    host="s3.example",
    port=9000,
    secure=False,
    driver_options={"api_version": "2"},
    credentials=ME,
    timeout=5.0,
    retries=1,
    verify_tls=False,
)
#: The same without what belongs to that container and its provider.
ELSEWHERE = Container("other", "x", timeout=5.0, retries=1, verify_tls=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://h.example/simple/", WebIndex("https://h.example/simple/"), id="https"),
        pytest.param("http://h.example:8080/x?y=1", WebIndex("http://h.example:8080/x?y=1"), id="http"),
        pytest.param("HTTPS://h.example/", WebIndex("HTTPS://h.example/"), id="capitals"),
        pytest.param("https://me:pw@h.example/", WebIndex("https://me:pw@h.example/"), id="credentials"),
        pytest.param("file:///srv/wheels", FolderIndex(Path("/srv/wheels")), id="file URL"),
        pytest.param("file://localhost/srv/a%20b", FolderIndex(Path("/srv/a b")), id="file URL with a host"),
        pytest.param("/srv/wheels", FolderIndex(Path("/srv/wheels")), id="path"),
        pytest.param("wheels/old", FolderIndex(ROOT / "wheels/old"), id="relative path"),
        pytest.param(".", FolderIndex(ROOT), id="the folder of tasks.py"),
        pytest.param("a%20b", FolderIndex(ROOT / "a%20b"), id="path is no URL"),
        pytest.param("with:colon", FolderIndex(ROOT / "with:colon"), id="path with a colon"),
        pytest.param("local://wheels", replace(BASE, provider="local", container="/project/wheels"), id="local"),
        pytest.param("local://a/b", replace(BASE, provider="local", container="/project/a/b"), id="local folders"),
        pytest.param("local:///srv/w", replace(BASE, provider="local", container="/srv/w"), id="local from the root"),
        pytest.param("s3://other", replace(BASE, container="other", prefix=""), id="same provider"),
        pytest.param("S3://Other/A/b/", replace(BASE, container="Other", prefix="A/b/"), id="capitals count in names"),
        pytest.param("s3://other/a%20b", replace(BASE, container="other", prefix="a b/"), id="quoted prefix"),
        pytest.param(
            "s3://other?region=us&host=h&port=80&secure=yes",
            replace(BASE, container="other", prefix="", region="us", host="h", port=80, secure=True),
            id="options",
        ),
        pytest.param("s3://other?secure=off", replace(BASE, container="other", prefix="", secure=False), id="insecure"),
        pytest.param("minio://x", replace(ELSEWHERE, provider="minio"), id="another provider"),
        pytest.param(
            "minio://x/y?port=9000&host=h&secure=0",
            replace(ELSEWHERE, provider="minio", prefix="y/", host="h", port=9000, secure=False),
            id="another provider with options",
        ),
        pytest.param("azure_blobs://x/y", replace(ELSEWHERE, provider="azure_blobs", prefix="y/")),
        pytest.param("google_storage://x", replace(ELSEWHERE, provider="google_storage")),
        pytest.param("s3_eu_west://x", replace(ELSEWHERE, provider="s3_eu_west")),
        pytest.param("backblaze_b2://x?region=us", replace(ELSEWHERE, provider="backblaze_b2", region="us")),
    ],
)
def test_parse(text: str, expected: Location) -> None:
    """A URL or path names a page, a folder or a container; the own container's access goes to no other provider."""
    found = locations.parse(text, ROOT, BASE)
    if isinstance(expected, Container) and expected.provider == "local":
        # nothing of these is ever used for a folder
        assert isinstance(found, Container)
        assert (found.provider, found.container, found.prefix) == ("local", expected.container, "")
        assert found.credentials is None
    else:
        assert found == expected


def test_home_is_known() -> None:
    """A path may start at the home of the user."""
    assert locations.parse("~/wheels", ROOT, BASE) == FolderIndex(Path.home() / "wheels")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("http:///simple", "'http:///simple' ", id="no host"),
        pytest.param("https:/h/simple/", "'https:/h/simple/'", id="one slash"),
        pytest.param("s3:/stable", "'s3:/stable' is not a URL (two slashes: s3://...)", id="one slash of storage"),
        pytest.param("ftp:/me:hunter2@h/x", "'ftp:/<hidden>@h/x' is not a URL", id="one slash and a password"),
        pytest.param("https:/me:hunter2@h/x", "'https:/<hidden>@h/x' has no host", id="no host and a password"),
        pytest.param("http://[bad/", "'http://[bad/' is not a URL", id="bad host"),
        pytest.param("http://h:99999/", "'http://h:99999/' is not a URL", id="port out of range"),
        pytest.param("http://h:port/", "'http://h:port/' is not a URL", id="port is no number"),
        pytest.param("file://server/x", "'file://server/x' names another machine", id="file of another machine"),
        pytest.param("s3://", "s3:// needs a container", id="no container"),
        pytest.param("s3:///x", "s3:// needs a container", id="prefix only"),
        pytest.param("s3://b/a/../c", "'a/../c' is not a relative path", id="8 prefix goes up"),
        pytest.param("s3://b/%2e%2e/c", "'../c' is not a relative path", id="8 quoted prefix goes up"),
        pytest.param("s3://b/a//c", "'a//c' is not a relative path", id="8 empty part"),
        pytest.param("s3://b?regoin=eu", "s3://b: unknown option 'regoin' (region, host, port, secure)", id="option"),
        pytest.param("s3://b?port=http", "s3://b: port 'http' is not a number", id="option port is no number"),
        pytest.param(
            "s3://me:hunter2@b/x",
            "'s3://<hidden>@b/x': credentials and ports do not go into a storage URL (use ?port=)",
            id="credentials",
        ),
        pytest.param("s3://b:9000/x", "'s3://b:9000/x': credentials and ports do not go", id="port"),
        pytest.param("s3://b?port=99999", "port", id="option port out of range"),
        pytest.param("s3://b?secure=maybe", "secure", id="option secure"),
        pytest.param("local://x?region=eu", "region", id="local option"),
        pytest.param("~nobody-of-this-name/x", "~nobody", id="home of nobody"),
        pytest.param("a\0b", "a\\x00b", id="NUL"),
    ],
)
def test_parse_refuses(text: str, problem: str) -> None:
    """A location that cannot be used is one line that quotes it, without its credentials."""
    with pytest.raises(UsageError) as refused:
        locations.parse(text, ROOT, BASE)
    message = str(refused.value)
    assert problem in message
    assert message.isprintable()
    assert "hunter2" not in message


@pytest.mark.parametrize("text", ["a:b/c", "./s3:/x", "c:/wheels", "v1:2:/x"])
def test_path_with_a_colon_is_a_path(text: str) -> None:
    """Only what begins as a URL does is taken for one that lacks a slash."""
    assert locations.parse(text, ROOT, BASE) == FolderIndex(ROOT / text)


def test_relative_file_url() -> None:
    """A relative file: URL is taken from the folder of tasks.py, as any other relative path, or refused."""
    try:
        found = locations.parse("file:wheels", ROOT, BASE)
    except UsageError:
        return
    assert found == FolderIndex(ROOT / "wheels")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])).filter(lambda text: not text.startswith("~")))
def test_any_text_is_a_location_or_refused(text: str) -> None:
    """Whatever the text, it is a location or a usage error."""
    try:
        found = locations.parse(text, ROOT, BASE)
    except UsageError as refused:
        message = str(refused)
    else:
        message = found.label
    assert isinstance(message, str)


@pytest.mark.parametrize(
    ("place", "label"),
    [
        (WebIndex("https://me:hunter2@h/simple/?token=abc"), "https://<hidden>@h/simple/?token=<hidden>"),
        (FolderIndex(Path("/srv/wheels")), "/srv/wheels"),
        (BASE, "s3://wheels/nightly"),
        (replace(BASE, prefix=""), "s3://wheels"),
        (Container("local", "/srv/wheels"), "/srv/wheels"),
        (Container("local", "/srv/wheels", "nightly/"), "/srv/wheels/nightly"),
    ],
)
def test_label(place: Location, label: str) -> None:
    """A location is called by what a person would write, without credentials."""
    assert place.label == label


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(BASE, id="container"),
        pytest.param(replace(BASE, driver_options={"key": "hunter2hunter2"}), id="driver options"),
        pytest.param(WebIndex("https://me:hunter2hunter2@h/"), id="URL"),
    ],
)
def test_repr_holds_no_secret(place: Location) -> None:
    """A repr, as in a traceback, shows no credentials."""
    assert "hunter2hunter2" not in repr(place)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ""), ("a", "a/"), ("a/", "a/"), ("a/b", "a/b/"), ("a/b//", "a/b/"), ("A b.c", "A b.c/"), ("dé", "dé/")],
)
def test_prefix(text: str, expected: str) -> None:
    """A prefix ends in a slash, or is empty."""
    assert locations.clean_prefix(text) == expected


@pytest.mark.parametrize(
    "text", ["/", "/a", "..", "a/..", "../a", "a/../b", ".", "./a", "a//b", "a/\n/b", "\0", "a\u202e"]
)
def test_prefix_is_refused(text: str) -> None:
    """A prefix that could leave the container, or make names that nobody can type, is a usage error."""
    with pytest.raises(UsageError) as refused:
        locations.clean_prefix(text)
    assert str(refused.value).startswith("prefix: ")
    assert str(refused.value).isprintable()


@given(st.text())
def test_any_prefix_is_clean_or_refused(text: str) -> None:
    """Whatever the text, its prefix stays within the container, or it is a usage error."""
    try:
        prefix = locations.clean_prefix(text)
    except UsageError:
        return
    assert prefix == locations.clean_prefix(prefix)
    assert not prefix or prefix.endswith("/")
    assert not {"", ".", ".."} & set(prefix.split("/")[:-1])
