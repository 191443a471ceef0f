"""Secrets: where they come from, and that no text holds them."""

import base64
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import make_dataclass, replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import programs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit

from wheelhouse_tasks import secret
from wheelhouse_tasks.cli import run
from wheelhouse_tasks.commands.doctor import shown_settings
from wheelhouse_tasks.diagnosis import checks
from wheelhouse_tasks.errors import StoreError, UsageError
from wheelhouse_tasks.secret import HIDDEN, mask, mask_url
from wheelhouse_tasks.settings import credentials
from wheelhouse_tasks.settings.credentials import find_credentials, is_given, secrets_of
from wheelhouse_tasks.settings.locations import Credentials
from wheelhouse_tasks.settings.provider import Variables
from wheelhouse_tasks.settings.providers import PROVIDERS, provider_of
from wheelhouse_tasks.settings.resolve import Settings, resolve
from wheelhouse_tasks.settings.table import ROWS
from wheelhouse_tasks.ui import Ui

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
    """Credentials and signatures of every URL in a text are hidden, the rest is kept."""
    assert mask_url(text) == expected
    assert mask_url(expected) == expected


PIECES = ("https://", "me:pw1234", "@h/", "?token=abc", "&sig=1", "'password': 'x'", "pypi-AgEIcHlwaS5vcmc", " ", "k")
KEY = ("-----BEGIN PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", "\n")


@given(st.lists(st.sampled_from([*PIECES, *KEY])))
def test_every_match_of_a_rule_has_its_sign(pieces: list[str]) -> None:
    """A rule that is left out, because its sign is not in the text, would have changed nothing."""
    text = everything = "".join(pieces)
    for _, pattern, shown in secret.RULES:
        everything = pattern.sub(shown, everything)
    assert mask_url(text) == everything


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
    """Secrets are found wherever they are handed to us, in every spelling that may be logged."""
    assert expected in secrets_of(environ, argv)


#: Every variable that the tables call a secret, and those that are no provider's.
SECRETS_OF_PROVIDERS = sorted(frozenset().union(*(record.secrets for record in PROVIDERS.values())))
OTHERS = ["WHEELHOUSE_SECRET", "WHEELHOUSE_UPLOADER_SECRET", "TWINE_PASSWORD", "INVOKE_WHEELHOUSE_SECRET"]


def test_table_holds_what_is_known() -> None:
    """The table names the secret of every pair that is read, and those that only a provider's own tools read."""
    known = {key for _, _, key in NATIVE} | {"AWS_SESSION_TOKEN", "AZURE_STORAGE_CONNECTION_STRING"}
    known |= {"OS_TOKEN", "OS_APPLICATION_CREDENTIAL_SECRET", "AWS_SECURITY_TOKEN", "GOOGLE_CREDENTIALS"}
    assert known <= set(SECRETS_OF_PROVIDERS)
    assert not {user for _, user, _ in NATIVE} & set(SECRETS_OF_PROVIDERS)
    assert {user for _, user, _ in NATIVE} | {"GOOGLE_APPLICATION_CREDENTIALS"} <= credentials.credential_variables()


def spellings(value: str) -> dict[str, str]:
    """Return a secret as it may stand in an output."""
    return {"raw": value, "quoted": quote(value, safe=""), "in a form": quote_plus(value), "in JSON": json.dumps(value)}


def leaked(text: str, values: Iterable[str]) -> list[str]:
    """Return the spellings of secrets that a text holds."""
    return [form for value in values for form in spellings(value).values() if form.strip('"') in text]


@pytest.mark.parametrize("variable", [*SECRETS_OF_PROVIDERS, *OTHERS])
def test_every_secret_of_every_provider_is_masked(variable: str) -> None:
    """What any secret variable holds is in no text, in whichever spelling."""
    value = f'of {variable}/a+b=c"d'
    secrets = secrets_of({variable: value}, ())
    for spelling, form in spellings(value).items():
        assert leaked(mask(f"the provider said {form}, ...", secrets), [value]) == [], spelling


@pytest.mark.parametrize(
    ("provider", "row"),
    [
        pytest.param("acme", ("ACME_ID", "ACME_WORD", None), id="pair"),
        pytest.param("acme", ("ACME_ID", "ACME_PIN", "ACME_TICKET"), id="pair and token"),
        pytest.param("aliyun_oss", ("OSS_ID", "OSS_ANYTHING", None), id="provider that had none"),
        pytest.param("backblaze_b2", ("B2_ID", "B2_OTHER", None), id="another pair for a provider"),
    ],
)
def test_pair_added_to_the_table_is_masked(
    provider: str,
    row: tuple[str, str, str | None],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    log: io.StringIO,
) -> None:
    """Who adds a pair of variables to the table adds nothing else: logs, errors and results hide its secrets."""
    user, key, token = row
    pair = Variables(user=user, secret=key, token=token)
    monkeypatch.setitem(PROVIDERS, provider, replace(provider_of(provider), credentials=pair))
    values = [f"hush-{name}" for name in row[1:] if name]
    environ = dict(zip(filter(None, row), ["me", *values], strict=True))
    found = find_credentials(provider, environ, {})
    assert found == Credentials("me", *values)
    assert set(environ) <= credentials.credential_variables()
    assert checks.origin_of(found, environ) == ", ".join(sorted(environ))
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert run_failing(project, " ".join(values)) == 1
    out, err = capfd.readouterr()
    assert HIDDEN in out
    assert HIDDEN in err
    assert HIDDEN in log.getvalue()
    assert leaked(out + err + log.getvalue(), values) == []


@pytest.mark.parametrize("names", [("ACME_PASSPHRASE",), ("ACME_PASSPHRASE", "ACME_TICKET"), (None, "ACME_TICKET")])
def test_variable_of_a_new_kind_is_secret(names: tuple[str | None, ...]) -> None:
    """Who gives credentials one more field hides its variable with it, and the README names it."""
    made = make_dataclass(
        "Made", [("first", str | None), ("second", str | None, None)], bases=(Variables,), kw_only=True, frozen=True
    )
    more = dict(zip(("first", "second"), names, strict=False))
    record = replace(provider_of("acme"), credentials=made(user="ACME_ID", secret="ACME_WORD", **more))
    added = {name for name in names if name}
    assert record.secrets == {"ACME_WORD", *added}
    assert record.credential_variables == {"ACME_ID", "ACME_WORD", *added}
    assert added <= set(record.read)


def by_flag(project: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> dict[str, object]:
    """Put the value of `host` after its flag."""
    del project
    monkeypatch.setattr(sys, "argv", ["inv", "--debug", "wheelhouse.upload", "--host", value])
    return {"host": value}


def by_joined_flag(project: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> dict[str, object]:
    """Put the value of `host` into the word of its flag; the parser has not come to it yet."""
    del project
    monkeypatch.setattr(sys, "argv", ["inv", "--debug", "wheelhouse.upload", f"--host={value}"])
    return {}


def by_python(project: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> dict[str, object]:
    """Hand the value of `host` to the task, as a call from Python does."""
    del project, monkeypatch
    return {"host": value}


def by_variable(project: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> dict[str, object]:
    """Put the value of `host` into the environment."""
    del project
    monkeypatch.setenv("WHEELHOUSE_HOST", value)
    return {}


def by_weak_variable(project: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> dict[str, object]:
    """Put the value of `host` into invoke's own variable."""
    del project
    monkeypatch.setenv("INVOKE_WHEELHOUSE_HOST", value)
    return {}


def by_file(project: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> dict[str, object]:
    """Put the value of `host` into pyproject.toml."""
    del monkeypatch
    with (project / "pyproject.toml").open("a") as file:
        file.write(f'[tool.wheelhouse]\nhost = "{value}"\n')
    return {}


@pytest.mark.parametrize("is_secret", [True, False], ids=["secret", "no secret"])
@pytest.mark.parametrize("give", [by_flag, by_joined_flag, by_python, by_variable, by_weak_variable, by_file])
def test_setting_that_is_called_secret_is_masked(
    give: Callable[[Path, pytest.MonkeyPatch, str], dict[str, object]],
    is_secret: bool,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    log: io.StringIO,
) -> None:
    """Who calls a setting secret in its row does nothing else: its value is hidden, wherever it was set."""
    monkeypatch.setattr(ROWS["host"], "secret", is_secret)
    flags = give(project, monkeypatch, "hush.example")
    assert run_failing(project, "hush.example", flags) == 1
    out, err = capfd.readouterr()
    for text in (out, err, log.getvalue()):
        assert ("hush.example" in text) is not is_secret
        assert (HIDDEN in text) is is_secret


@pytest.mark.parametrize(
    ("name", "value"), [("port", "123456"), ("indexes", ["https://hush.example/x"]), ("region", "hush-region")]
)
def test_value_of_a_secret_setting_is_in_no_text(
    name: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its type, a secret is in no message of a wrong value, and not among the settings that `doctor` shows."""
    monkeypatch.setattr(ROWS[name], "secret", True)
    if name == "port":
        with pytest.raises(UsageError) as refused:
            resolve({}, {}, {name: value}, tmp_path)
        assert str(value) not in str(refused.value)
    else:
        settings = resolve({}, {}, {name: value}, tmp_path)
        assert shown_settings(settings)[name] == HIDDEN
        [text] = value if isinstance(value, list) else [value]
        assert mask(f"see {text}.", credentials.secrets_among({name: value})) == f"see {HIDDEN}."


def run_failing(project: Path, text: str, flags: dict[str, object] | None = None) -> object:
    """Run an upload in this process that logs, notes and warns *text*, and fails with it; return its exit code."""

    def command(_: Settings, ui: Ui, __: bool) -> object:
        logging.getLogger("urllib3").debug("sent %r", text)
        ui.note(text)
        ui.warn(text)
        ui.table(text, (text,), [(text,)])
        raise ValueError(text)

    context = Context(Config(project_location=project))
    with pytest.raises(Exit) as ended:
        run.run(context, command, flags or {}, run.Call("upload", dry_run=False, verbose=True, as_json=True))
    sys.stderr.write(str(ended.value.message))
    return ended.value.code


@pytest.mark.parametrize("error", [ValueError, OSError, UsageError, StoreError])
def test_errors_hold_no_secret_of_any_provider(
    error: type[Exception],
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    log: io.StringIO,
) -> None:
    """An error of ours or of a library, its traceback in the log, and its JSON hide every secret of the table."""
    values = {name: f"hush-{name}-{number}" for number, name in enumerate([*SECRETS_OF_PROVIDERS, *OTHERS])}
    for name, value in values.items():
        monkeypatch.setenv(name, value)

    def command(_: Settings, __: Ui, ___: bool) -> object:
        # the last one is where a message is cut
        text = f"{' '.join(values.values())} ".ljust(3985, ".") + values["OS_PASSWORD"]
        raise error(text) if error in (ValueError, OSError) else error(text, text)

    context = Context(Config(project_location=project))
    with pytest.raises(Exit) as ended:
        run.run(context, command, {}, run.Call("upload", dry_run=False, verbose=True, as_json=True))
    out, err = capfd.readouterr()
    assert HIDDEN in str(ended.value.message)
    assert ("internal error" in log.getvalue()) == (error in (ValueError, OSError))
    text = f"{ended.value.message} {out} {err} {log.getvalue()}"
    assert leaked(text, values.values()) == []
    assert "hush-OS_P" not in text


#: No key: it only looks like one.
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEhushhushhush/one+one\nMIIEhushhushhush/two=\n-----END PRIVATE KEY-----\n"
PROGRAMS = [("-m", "wheelhouse_tasks", "--debug", "upload"), ("-m", "invoke", "--debug", "wheelhouse.upload")]


@pytest.mark.parametrize("provider", ["s3", "azure_blobs", "google_storage", "openstack_swift", "backblaze_b2"])
@pytest.mark.parametrize("program", PROGRAMS, ids=["wheelhouse", "inv"])
def test_debug_log_of_a_run_holds_no_secret(provider: str, program: tuple[str, ...], project: Path) -> None:
    """A real upload that fails, with --debug and --json, every secret set, and a configuration that holds some."""
    values = {name: f"hush/{name}/{number}==" for number, name in enumerate([*SECRETS_OF_PROVIDERS, *OTHERS])}
    values |= {user: f"user-{user}" for user in credentials.credential_variables() - values.keys()}
    key = {"client_email": "me@e.example", "private_key": PEM, "private_key_id": "hush-key-id"}
    (project / "key.json").write_text(json.dumps(key))
    values["GOOGLE_APPLICATION_CREDENTIALS"] = str(project / "key.json")
    config = 'wheelhouse:\n  driver_options:\n    token: hush-option\n  retries: 0\nmine:\n  password: "hush-it\'s"\n'
    (project / "invoke.yaml").write_text(config)
    place = {"WHEELHOUSE_PROVIDER": provider, "WHEELHOUSE_HOST": "127.0.0.1", "WHEELHOUSE_PORT": "1"}
    for name in OTHERS:  # so that those of the provider are used
        values.pop(name)
    env = {**os.environ, **values, **place, "INVOKE_MINE_PASSWORD": "hush-variable", "INVOKE_DEBUG": "1"}
    done = programs.run(sys.executable, *program, "--json", cwd=project, env=env)
    assert done.returncode in (1, 2), done.stderr
    text = done.stdout + done.stderr
    assert "'driver_options': {'token': '" + HIDDEN + "'}" in text
    secrets = [value for name, value in values.items() if name in SECRETS_OF_PROVIDERS]
    secrets += ["hush-option", "hush-it", "hush-variable", "hush-key-id", *PEM.splitlines()[1:-1]]
    assert leaked(text, secrets) == []


KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"


@pytest.mark.parametrize(
    ("variable", "by_path"),
    [
        pytest.param(KEY_FILE, True, id="file"),
        pytest.param(KEY_FILE, False, id="text in place of a file"),
        pytest.param("GOOGLE_CREDENTIALS", False, id="variable of other tools"),
        pytest.param("WHEELHOUSE_SECRET", True, id="file by our own variable"),
        pytest.param("WHEELHOUSE_SECRET", False, id="text in our own variable"),
    ],
)
def test_service_account_is_masked_line_by_line(variable: str, by_path: bool, tmp_path: Path) -> None:
    """The key of a service account is hidden whole and in parts, wherever it was put."""
    others = {"private_key_id": "hush-key-id", "refresh_token": "hush-refresh"}
    text = json.dumps({"private_key": PEM, **others, "type": "service"})
    path = tmp_path / "key.json"
    path.write_text(text)
    secrets = secrets_of({variable: str(path) if by_path else text}, ())
    shown = mask(f"{text} | {PEM} | {PEM[40:]} | hush-key-id | hush-refresh | service", secrets)
    assert [part for part in (*others.values(), *PEM.splitlines()[1:-1]) if part in shown] == []
    assert shown.endswith("| service")


def test_key_file_that_cannot_be_read_is_no_failure(tmp_path: Path) -> None:
    """A key file that is missing, a folder, no text, or no table holds no secret that we know of."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "list").write_text("[1]")
    (tmp_path / "deep").write_text("[" * 60000)
    for name in ("missing", ".", "bytes", "list", "deep", "x" * 5000):
        assert secrets_of({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / name)}, ()) == frozenset()


def test_bytes_that_are_no_text_are_a_secret_too() -> None:
    """A variable may hold any bytes: they are hidden, and are no reason to fail."""
    value = b"hush\xffhush".decode(errors="surrogateescape")
    secrets = secrets_of({"B2_APPLICATION_KEY_ID": value, "B2_APPLICATION_KEY": value}, ())
    assert mask(f"a {value} b hush%FFhush", secrets) == f"a {HIDDEN} b {HIDDEN}"


def test_connection_string_is_masked_in_parts() -> None:
    """The key within a connection string is hidden where it stands alone, and nothing else of it."""
    environ = {
        "AZURE_STORAGE_CONNECTION_STRING": "DefaultEndpointsProtocol=https;AccountName=example;AccountKey=a2V5a2V5=="
    }
    assert mask("a2V5a2V5== of example by https", secrets_of(environ, ())) == f"{HIDDEN} of example by https"


@pytest.mark.parametrize(
    "environ",
    [
        {"B2_APPLICATION_KEY_ID": "me", "B2_APPLICATION_KEY": f"{PASSWORD}\n"},
        {"TWINE_USERNAME": "me", "TWINE_PASSWORD": PASSWORD},
        {"INDEX": f"https://me:{PASSWORD}@e.example/"},
    ],
    ids=lambda environ: next(iter(environ)),
)
def test_basic_authentication_is_masked(environ: dict[str, str]) -> None:
    """A pair is hidden as the header of a request has it."""
    header = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
    assert mask(f"Authorization: Basic {header}", secrets_of(environ, ())) == f"Authorization: Basic {HIDDEN}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{'token': 'x'}", f"{{'token': '{HIDDEN}'}}"),
        ("{'ex_auth_token': \"it's\", 'region': 'r'}", f"{{'ex_auth_token': \"{HIDDEN}\", 'region': 'r'}}"),
        ('{"client_secret": "a\\"b", "type": "c"}', f'{{"client_secret": "{HIDDEN}", "type": "c"}}'),
        ("{'sas_token':'?sv=1'}", f"{{'sas_token':'{HIDDEN}'}}"),
        ("{'missing_credentials': 'skip', 'token': None}", "{'missing_credentials': 'skip', 'token': None}"),
        ("{'secret_santa': 'ruprecht'}", "{'secret_santa': 'ruprecht'}"),
    ],
)
def test_values_with_telling_names_are_masked(text: str, expected: str) -> None:
    """A secret of a configuration is hidden by its name, before anybody has read the settings."""
    assert mask_url(text) == expected
    assert mask_url(expected) == expected


def test_driver_options_are_in_no_error(tmp_path: Path) -> None:
    """A value that is no table of driver options is not shown: it may hold a token."""
    for value in ("hush-hush-token", ["hush-hush-token"], {1: "hush-hush-token"}):
        with pytest.raises(UsageError) as refused:
            resolve({}, {}, {"driver_options": value}, tmp_path)
        assert "hush" not in str(refused.value)


def test_secret_driver_options_are_masked(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], log: io.StringIO
) -> None:
    """A secret of driver_options in pyproject.toml, which nobody knows before it is read, is hidden from then on."""
    monkeypatch.chdir(project)
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.wheelhouse.driver_options]\nex_force_auth_token = "hush-option"\nex_tenant_name = "tenant"\n')
    assert run_failing(project, "tenant hush-option") == 1
    text = log.getvalue() + "".join(capfd.readouterr())
    assert (f"tenant {HIDDEN}" in text, "hush-option" in text) == (True, False)


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
    assert secrets_of(environ, argv) == frozenset()


#: No characters of the replacement, so that it cannot hold a secret itself.
SECRETS = st.text("abcABC019+/=%&?:@ \t\né", min_size=secret.SHORTEST, max_size=12)


@given(st.sets(SECRETS, max_size=3), st.data())
def test_mask_leaves_no_secret(values: set[str], data: st.DataObject) -> None:
    """Wherever secrets stand in a text, none is left, in any spelling."""
    secrets = secrets_of({f"X{number}_API_TOKEN": value for number, value in enumerate(values)}, ())
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
    """What belongs to the container of `upload` is not shown to another provider."""
    environ = {"WHEELHOUSE_USERNAME": "me", "WHEELHOUSE_SECRET": PASSWORD}
    assert find_credentials("s3", environ, {}, own=False) is None
    environ |= {"AWS_ACCESS_KEY_ID": "aws", "AWS_SECRET_ACCESS_KEY": "aws secret"}
    assert find_credentials("s3", environ, {}, own=False) == Credentials("aws", "aws secret")


def test_credentials_are_in_no_repr() -> None:
    """A repr, as in a traceback, shows no part of the credentials."""
    assert repr(Credentials("me", PASSWORD, "temporary")) == "Credentials()"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return what a handler of the root logger writes; handlers are left as they were."""
    root, stream = logging.getLogger(), io.StringIO()
    before = {handler: list(handler.filters) for handler in root.handlers}
    for each in before:
        each.filters[:] = []  # what a command left that ran in this process
    handler, level = logging.StreamHandler(stream), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(level)
    root.removeHandler(handler)
    for each, filters in before.items():
        each.filters[:] = filters


def test_logs_hold_no_secret(log: io.StringIO) -> None:
    """What any library logs from now on is cleaned, message and arguments."""
    secrets = secrets_of({"WHEELHOUSE_SECRET": PASSWORD}, ["inv", "--index=https://me:other-pw@h/"])
    secret.guard_logs(secrets)
    assert secrets == {PASSWORD, "other-pw", "bWU6b3RoZXItcHc=", "bWU6b3RoZXItcHc%3D"}
    logging.getLogger("invoke").debug("argv: %r", ["--secret", PASSWORD])
    logging.getLogger("urllib3").info("GET https://me:other-pw@h/?sig=abc")
    assert log.getvalue() == f"argv: ['--secret', '{HIDDEN}']\nGET https://me:{HIDDEN}@h/?sig={HIDDEN}\n"


def test_guarding_twice_adds_secrets(log: io.StringIO) -> None:
    """A secret that becomes known later is hidden too, and nothing is guarded twice in vain."""
    secret.guard_logs(secrets_of({"WHEELHOUSE_SECRET": PASSWORD}, ()))
    secret.guard_logs(secrets_of({"WHEELHOUSE_SECRET": PASSWORD}, ()))
    assert len(logging.getLogger().handlers[-1].filters) == 1
    secret.guard_logs(secrets_of({"WHEELHOUSE_SECRET": "something else"}, ()))
    logging.getLogger("x").warning("%s and something else", PASSWORD)
    assert log.getvalue() == f"{HIDDEN} and {HIDDEN}\n"


def test_tracebacks_in_logs_hold_no_secret(log: io.StringIO) -> None:
    """A traceback that is logged is cleaned too."""
    secret.guard_logs(secrets_of({"WHEELHOUSE_SECRET": PASSWORD}, ()))
    try:
        raise ValueError(f"bad key {PASSWORD}")
    except ValueError:
        logging.getLogger("x").debug("internal error", exc_info=True)
    assert "ValueError: bad key" in log.getvalue()
    assert PASSWORD not in log.getvalue()


def test_every_part_of_a_log_record_is_cleaned_of_secrets_known_later(log: io.StringIO) -> None:
    """A traceback and a stack that an earlier filter made into texts are cleaned of what became known since."""
    secret.guard_logs(secrets_of({"WHEELHOUSE_SECRET": PASSWORD}, ()))
    secret.guard_logs(frozenset({"another-secret"}))
    try:
        raise ValueError(f"bad keys {PASSWORD} another-secret")
    except ValueError:
        logging.getLogger("x").debug("internal error", exc_info=True)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "m", (), None, sinfo=f"in {PASSWORD} another-secret")
    logging.getLogger("x").handle(record)
    assert leaked(log.getvalue(), [PASSWORD, "another-secret"]) == []
    assert f"ValueError: bad keys {HIDDEN} {HIDDEN}" in log.getvalue()
    assert f"in {HIDDEN} {HIDDEN}" in log.getvalue()


def test_bad_log_records_do_no_harm(log: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    """A record with wrong arguments is logging's problem, as it was before, not that of the library that logs."""
    secret.guard_logs(secrets_of({"WHEELHOUSE_SECRET": PASSWORD}, ()))
    logging.getLogger("x").warning("%d files", "many")
    assert PASSWORD not in log.getvalue() + capsys.readouterr().err
