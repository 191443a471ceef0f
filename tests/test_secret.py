"""Secrets: where they come from, and that no text holds them."""

import io
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_tasks import secret
from wheelhouse_tasks.secret import HIDDEN, Credentials, find_credentials, is_given, mask, mask_url

PASSWORD = "hunter2hunter2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://me:pw@h/x", f"https://{HIDDEN}@h/x", id="user and password"),
        pytest.param("https://token@h/x", f"https://{HIDDEN}@h/x", id="token"),
        pytest.param("https://me:p@w@h/x", f"https://{HIDDEN}@h/x", id="at sign in the password"),
        pytest.param("https://me:p%40w@h", f"https://{HIDDEN}@h", id="quoted password"),
        pytest.param("HTTPS://me:pw@h", f"HTTPS://{HIDDEN}@h", id="capitals"),
        pytest.param("s3://me:pw@bucket/x", f"s3://{HIDDEN}@bucket/x", id="storage URL"),
        pytest.param("see http://a:b@h and ftp://c:d@i!", f"see http://{HIDDEN}@h and ftp://{HIDDEN}@i!", id="in text"),
        pytest.param("('http://a:b@h/', 1)", f"('http://{HIDDEN}@h/', 1)", id="in a repr"),
        pytest.param("https://h/x?token=abc&x=1", f"https://h/x?token={HIDDEN}&x=1", id="token in the query"),
        pytest.param("https://h/x?x=1&sig=abc#f", f"https://h/x?x=1&sig={HIDDEN}#f", id="Azure"),
        pytest.param(
            "https://h/?X-Amz-Signature=ab&X-Amz-Credential=AK%2F1&X-Amz-Date=1",
            f"https://h/?X-Amz-Signature={HIDDEN}&X-Amz-Credential={HIDDEN}&X-Amz-Date=1",
            id="AWS",
        ),
        pytest.param("https://h/?AWSAccessKeyId=AK", f"https://h/?AWSAccessKeyId={HIDDEN}", id="AWS of old"),
        pytest.param("https://h/?PASSWORD=abc", f"https://h/?PASSWORD={HIDDEN}", id="capitals in the query"),
        pytest.param("https://h/x?page=2", "https://h/x?page=2", id="harmless query"),
        pytest.param("https://me:pa/ss@h/", f"https://{HIDDEN}@h/", id="slash in the password"),
        pytest.param("https://me:p?#s@h/", f"https://{HIDDEN}@h/", id="query in the password"),
        pytest.param("me:hunter2@h/x", f"{HIDDEN}@h/x", id="no scheme"),
        pytest.param("https://h/@scope/x", "https://h/@scope/x", id="at sign in the path"),
        pytest.param("https://h/?to=me@h", "https://h/?to=me@h", id="at sign in the query"),
        pytest.param("mail me@example.org", "mail me@example.org", id="mail address"),
        pytest.param("nothing at all", "nothing at all", id="no URL"),
    ],
)
def test_mask_url(text: str, expected: str) -> None:
    """Credentials and signatures of every URL in a text are hidden, the rest is kept (case 73)."""
    assert mask_url(text) == expected
    assert mask_url(expected) == expected


@pytest.mark.parametrize(
    ("environ", "argv", "expected"),
    [
        pytest.param({"WHEELHOUSE_SECRET": PASSWORD}, [], PASSWORD, id="own"),
        pytest.param({"WHEELHOUSE_UPLOADER_SECRET": PASSWORD}, [], PASSWORD, id="of the uploader"),
        pytest.param({"TWINE_PASSWORD": PASSWORD}, [], PASSWORD, id="twine"),
        pytest.param({"AWS_SECRET_ACCESS_KEY": PASSWORD}, [], PASSWORD, id="AWS"),
        pytest.param({"AWS_SESSION_TOKEN": PASSWORD}, [], PASSWORD, id="AWS session"),
        pytest.param({"AZURE_STORAGE_KEY": PASSWORD}, [], PASSWORD, id="Azure"),
        pytest.param({"OS_PASSWORD": PASSWORD}, [], PASSWORD, id="OpenStack"),
        pytest.param({"B2_APPLICATION_KEY": PASSWORD}, [], PASSWORD, id="Backblaze"),
        pytest.param({"INVOKE_WHEELHOUSE_SECRET": PASSWORD}, [], PASSWORD, id="invoke"),
        pytest.param({"https_proxy": f"http://me:{PASSWORD}@proxy"}, [], PASSWORD, id="proxy"),
        pytest.param({}, ["inv", "--secret", PASSWORD], PASSWORD, id="flag"),
        pytest.param({}, ["inv", f"--secret={PASSWORD}"], PASSWORD, id="flag with an equals sign"),
        pytest.param({}, ["inv", f"--index=https://me:{PASSWORD}@h/"], PASSWORD, id="URL in a flag"),
        pytest.param({"TWINE_PASSWORD": "a+b/c=d e"}, [], "a%2Bb%2Fc%3Dd%20e", id="quoted"),
        pytest.param({"TWINE_PASSWORD": "a+b/c=d e"}, [], "a%2Bb%2Fc%3Dd+e", id="quoted as in a form"),
        pytest.param({"X": "https://me:p%40ssw%2Ford@h/"}, [], "p@ssw/ord", id="decoded from a URL"),
        pytest.param({"X": f"https://{PASSWORD}@h/"}, [], PASSWORD, id="token for a user name"),
    ],
)
def test_found(environ: Mapping[str, str], argv: list[str], expected: str) -> None:
    """Secrets are found wherever they are handed to us, in every spelling that may be logged (case 73)."""
    assert expected in secret.found(environ, argv)


@pytest.mark.parametrize(
    ("environ", "argv"),
    [
        pytest.param({"WHEELHOUSE_USERNAME": PASSWORD, "PATH": "/usr/bin", "AWS_REGION": "eu-west-1"}, [], id="others"),
        pytest.param({"WHEELHOUSE_SECRET": "short"}, [], id="too short"),
        pytest.param({"WHEELHOUSE_SECRET": ""}, [], id="empty"),
        pytest.param({}, ["inv", "--secret"], id="flag without a value"),
        pytest.param({}, ["inv", "--container", PASSWORD], id="other flag"),
        pytest.param({}, ["inv", "--index", "https://h/simple/"], id="URL without credentials"),
        pytest.param({"X": "https://registry.example/@scope/x"}, [], id="at sign in the path"),
    ],
)
def test_found_nothing(environ: Mapping[str, str], argv: list[str]) -> None:
    """What is no secret is not hidden, or every line would be garbled."""
    assert secret.found(environ, argv) == frozenset()


#: No characters of the replacement, so that it cannot hold a secret itself.
SECRETS = st.text("abcABC019+/=%&?:@ \t\né", min_size=secret.SHORTEST, max_size=12)


@given(st.sets(SECRETS, max_size=3), st.data())
def test_mask_leaves_no_secret(values: set[str], data: st.DataObject) -> None:
    """Wherever secrets stand in a text, none is left, in any spelling (case 73)."""
    secrets = secret.found({f"X{number}_API_TOKEN": value for number, value in enumerate(values)}, ())
    pieces = [st.text(max_size=5), st.just("https://me:pw@h/")]
    for value in values:
        pieces += [st.just(value), st.just(quote(value, safe="")), st.just(quote_plus(value))]
    masked = mask("".join(data.draw(st.lists(st.one_of(pieces), max_size=8))), secrets)
    assert not [value for value in secrets if value in masked]
    assert mask(masked, secrets) == masked


def test_mask_takes_the_longest_first() -> None:
    """A secret that is part of another leaves no rest of it."""
    assert mask("abcdefgh abcdef", {"abcdef", "abcdefgh"}) == f"{HIDDEN} {HIDDEN}"


NATIVE = [
    ("s3", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("s3_eu_west", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("minio", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("azure_blobs", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"),
    ("backblaze_b2", "B2_APPLICATION_KEY_ID", "B2_APPLICATION_KEY"),
    ("openstack_swift", "OS_USERNAME", "OS_PASSWORD"),
]


@pytest.mark.parametrize(("provider", "user", "key"), NATIVE)
def test_native_credentials(provider: str, user: str, key: str) -> None:
    """A provider's own variables are found, and those of other providers are not used for it."""
    everything = {name: f"other {name}" for row in NATIVE for name in row[1:]}
    environ = {**everything, user: "me", key: PASSWORD}
    assert find_credentials(provider, environ, {}) == Credentials("me", PASSWORD)
    assert find_credentials("nimbus", environ, {}) is None


def test_service_account(tmp_path: Path) -> None:
    """Google's variable names a file, whose account and path libcloud wants; another file is none."""
    path = tmp_path / "account.json"
    path.write_text('{"client_email": "me@e.example", "private_key": "-----BEGIN PRIVATE KEY-----"}')
    environ = {"GOOGLE_APPLICATION_CREDENTIALS": str(path)}
    assert find_credentials("google_storage", environ, {}) == Credentials("me@e.example", str(path))
    assert find_credentials("s3", environ, {}) is None
    for text in ("{", "[]", '{"client_email": "me@e.example"}', '{"client_email": "x", "private_key": "x"}'):
        path.write_text(text)
        assert find_credentials("google_storage", environ, {}) is None
        assert is_given("google_storage", environ)


def test_private_key_is_masked() -> None:
    """A private key in what somebody says is hidden, cut off or not."""
    key = "-----BEGIN PRIVATE KEY-----\\nTOPSECRET\nMORE"
    assert mask_url(f"a {key}-----END PRIVATE KEY----- b") == f"a {HIDDEN} b"
    assert "TOPSECRET" not in mask_url(f"a {key}") + mask_url(f"a {key}".replace("PRIVATE", "RSA PRIVATE"))


def test_line_break_that_was_pasted_along() -> None:
    """Blanks around a credential belong to nobody; a value of blanks is none."""
    environ = {"WHEELHOUSE_USERNAME": "me\n", "WHEELHOUSE_SECRET": f" {PASSWORD}\n"}
    assert find_credentials("s3", environ, {}) == Credentials("me", PASSWORD)
    assert find_credentials("s3", {**environ, "WHEELHOUSE_SECRET": " \n"}, {}) is None


def test_session_token() -> None:
    """Temporary credentials of AWS come with their token, and own credentials never do."""
    environ = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": PASSWORD, "AWS_SESSION_TOKEN": "temporary"}
    assert find_credentials("s3", environ, {}) == Credentials("me", PASSWORD, "temporary")
    own = {**environ, "WHEELHOUSE_USERNAME": "own", "WHEELHOUSE_SECRET": "own secret"}
    assert find_credentials("s3", own, {}) == Credentials("own", "own secret")


LEVELS = [
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("WHEELHOUSE_UPLOADER_USERNAME", "WHEELHOUSE_UPLOADER_SECRET"),
    ("WHEELHOUSE_USERNAME", "WHEELHOUSE_SECRET"),
    ("username", "secret"),
]


@pytest.mark.parametrize("level", range(len(LEVELS)), ids=[row[0] for row in LEVELS])
def test_order_of_credentials(level: int) -> None:
    """Flags beat WHEELHOUSE_, which beats WHEELHOUSE_UPLOADER_, which beats the provider's own variables."""
    said = {name: f"{name} of level {at}" for at, row in enumerate(LEVELS[: level + 1]) for name in row}
    user, key = LEVELS[level]
    flags = {name: said.pop(name, None) for name in ("username", "secret")}
    expected = Credentials(f"{user} of level {level}", f"{key} of level {level}")
    assert find_credentials("s3", said, flags) == expected


@pytest.mark.parametrize(
    ("environ", "flags", "expected"),
    [
        pytest.param({}, {}, None, id="nothing"),
        pytest.param({"WHEELHOUSE_USERNAME": "me"}, {}, None, id="user only"),
        pytest.param({"WHEELHOUSE_USERNAME": "me", "WHEELHOUSE_SECRET": ""}, {}, None, id="empty secret"),
        pytest.param(
            {"WHEELHOUSE_USERNAME": "me", "WHEELHOUSE_SECRET": PASSWORD},
            {"username": "you", "secret": None},
            Credentials("you", PASSWORD),
            id="user by flag",
        ),
        pytest.param(
            {
                "WHEELHOUSE_USERNAME": "me",
                "WHEELHOUSE_UPLOADER_USERNAME": "old",
                "WHEELHOUSE_UPLOADER_SECRET": PASSWORD,
            },
            {},
            Credentials("old", PASSWORD),
            id="half a pair is passed over",
        ),
    ],
)
def test_pairs_of_credentials(
    environ: Mapping[str, str], flags: Mapping[str, str | None], expected: Credentials | None
) -> None:
    """Only a whole pair counts."""
    assert find_credentials("s3", environ, flags) == expected


def test_own_credentials_go_to_no_other_provider() -> None:
    """What belongs to the container of `upload` is not shown to another provider (case 46)."""
    environ = {"WHEELHOUSE_USERNAME": "me", "WHEELHOUSE_SECRET": PASSWORD}
    assert find_credentials("s3", environ, {}, own=False) is None
    environ |= {"AWS_ACCESS_KEY_ID": "aws", "AWS_SECRET_ACCESS_KEY": "aws secret"}
    assert find_credentials("s3", environ, {}, own=False) == Credentials("aws", "aws secret")


def test_credentials_are_in_no_repr() -> None:
    """A repr, as in a traceback, shows no part of the credentials (case 73)."""
    assert repr(Credentials("me", PASSWORD, "temporary")) == "Credentials()"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return what a handler of the root logger writes; handlers are left as they were."""
    root, stream = logging.getLogger(), io.StringIO()
    before = {handler: list(handler.filters) for handler in root.handlers}
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)
    for each, filters in before.items():
        each.filters[:] = filters


def test_logs_hold_no_secret(log: io.StringIO) -> None:
    """What any library logs from now on is cleaned, message and arguments (case 73)."""
    secrets = secret.guard_logs({"WHEELHOUSE_SECRET": PASSWORD}, ["inv", "--index=https://me:other-pw@h/"])
    assert secrets == {PASSWORD, "other-pw"}
    logging.getLogger("invoke").debug("argv: %r", ["--secret", PASSWORD])
    logging.getLogger("urllib3").info("GET https://me:other-pw@h/?sig=abc")
    assert log.getvalue() == f"argv: ['--secret', '{HIDDEN}']\nGET https://me:{HIDDEN}@h/?sig={HIDDEN}\n"


def test_guarding_twice_adds_secrets(log: io.StringIO) -> None:
    """A secret that becomes known later is hidden too, and nothing is guarded twice in vain."""
    secret.guard_logs({"WHEELHOUSE_SECRET": PASSWORD}, ())
    secret.guard_logs({"WHEELHOUSE_SECRET": PASSWORD}, ())
    assert len(logging.getLogger().handlers[-1].filters) == 1
    secret.guard_logs({"WHEELHOUSE_SECRET": "something else"}, ())
    logging.getLogger("x").warning("%s and something else", PASSWORD)
    assert log.getvalue() == f"{HIDDEN} and {HIDDEN}\n"


def test_tracebacks_in_logs_hold_no_secret(log: io.StringIO) -> None:
    """A traceback that is logged is cleaned too (case 73)."""
    secret.guard_logs({"WHEELHOUSE_SECRET": PASSWORD}, ())
    try:
        raise ValueError(f"bad key {PASSWORD}")
    except ValueError:
        logging.getLogger("x").debug("internal error", exc_info=True)
    assert "ValueError: bad key" in log.getvalue()
    assert PASSWORD not in log.getvalue()


def test_bad_log_records_do_no_harm(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """A record with wrong arguments is logging's problem, as it was before, not that of the library that logs."""
    secret.guard_logs({"WHEELHOUSE_SECRET": PASSWORD}, ())
    logging.getLogger("x").warning("%d files", "many")
    assert PASSWORD not in log.getvalue() + capsys.readouterr().err
