"""Values that no output may hold: where they come from, and how text is cleaned of them."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HIDDEN = "<hidden>"

SECRET_FLAG = "--secret"  # noqa: S105
#: The secret variables that are no provider's; those of the providers are in the tables below.
SECRET_VARIABLES = re.compile(
    r"WHEELHOUSE_(UPLOADER_)?SECRET|TWINE_PASSWORD|INVOKE_.*(SECRET|PASSWORD|TOKEN).*|.*_API_TOKEN"
)
SHORTEST = 6
"""Shorter values are not masked one by one: they would garble every line, and are no secrets."""
KEY_FILE_LIMIT = 1 << 16
"""Characters; that of a service account has some 2,000."""

#: A password may hold what should have been quoted: up to the last @ then.
USERINFO = re.compile(r"(?<=://)(?:[^\s/?#'\"@:<>]*:[^\s'\"<>]+|[^/\s?#'\"@<>]+(?:@[^/\s?#'\"@<>]+)*)(?=@)")
#: `me:password@host` without a scheme.
BARE_USERINFO = re.compile(r"(?<![\w:/@<>.-])(?!mailto:)[\w.+-]+:[^\s@:/'\"][^\s@'\"]*(?=@)")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", re.DOTALL)
SECRET_WORDS = r"token|secret|passw|pass|pwd|signature|credential|access_?key|api_?key|auth"  # noqa: S105
#: An API token of PyPI, wherever it may be from.
API_TOKEN = re.compile(r"\bpypi-[A-Za-z0-9_-]{16,}")
QUERY_VALUE = re.compile(rf"(?i)(?<=[?&])((?:[\w.-]*(?:{SECRET_WORDS})[\w.-]*|sig|key)=)[^&#\s'\"]+")
#: How the names of secret values end in configurations, key files and connection strings.
TELLING = r"[\w.-]{0,40}(?:secret|passw(?:or)?d|token|signature|(?:access|account|api|private|secret)_?key(?:_id)?)"
SECRET_NAME = re.compile(rf"(?i){TELLING}")
#: `'token': '...'`, as in the configuration that `inv --debug` logs, and in JSON.
NAMED_VALUE = re.compile(rf"""(?i)((['"]){TELLING}\2: ?(['"]))(?:\\.|(?!\3)[^\\\n])+(?=\3)""")
#: `AccountKey=...`, as in a connection string.
CONNECTION_VALUE = re.compile(rf"(?i)(?:^|;){TELLING}=([^;]+)")


@dataclass(frozen=True)
class Credentials:
    """A key pair for one storage provider; its parts are in no repr."""

    username: str = field(repr=False)
    secret: str = field(repr=False)
    #: Session token of temporary credentials, where the provider has them.
    token: str | None = field(default=None, repr=False)


#: How the names of providers begin that speak S3.
S3 = ("s3", "minio", "ovh", "scaleway", "digitalocean_spaces")
#: Where a provider's own tools look for credentials: (user or key id, secret, session token). All but the first are
#: secret, and masked because they stand here.
NATIVE_VARIABLES: Mapping[str, tuple[str, str, str | None]] = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "azure_blobs": ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", None),
    "backblaze_b2": ("B2_APPLICATION_KEY_ID", "B2_APPLICATION_KEY", None),
    "openstack_swift": ("OS_USERNAME", "OS_PASSWORD", None),
    "cloudfiles": ("OS_USERNAME", "OS_PASSWORD", None),
}
#: Names the file that holds the credentials of a service account.
GOOGLE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
#: Secret variables that a provider's own tools read, and we do not: masked all the same.
OTHER_SECRETS: Mapping[str, tuple[str, ...]] = {
    "s3": ("AWS_SECURITY_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN"),
    "minio": ("MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY"),
    "digitalocean_spaces": ("SPACES_SECRET_ACCESS_KEY",),
    "scaleway": ("SCW_SECRET_KEY",),
    "aliyun_oss": ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
    "azure_blobs": ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_SAS_TOKEN", "AZURE_CLIENT_SECRET"),
    "openstack_swift": (
        *("OS_APPLICATION_CREDENTIAL_SECRET", "OS_TOKEN", "OS_AUTH_TOKEN", "OS_ACCESS_TOKEN", "OS_CLIENT_SECRET"),
        *("OS_PASSCODE", "ST_KEY"),
    ),
    "google_storage": ("GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"),
}
#: User and secret of the pairs that are no provider's.
OTHER_PAIRS = (
    ("WHEELHOUSE_USERNAME", "WHEELHOUSE_SECRET"),
    ("WHEELHOUSE_UPLOADER_USERNAME", "WHEELHOUSE_UPLOADER_SECRET"),
    ("TWINE_USERNAME", "TWINE_PASSWORD"),
)


def secret_variables() -> frozenset[str]:
    """Return the names of the variables that hold a secret of any provider."""
    read = {name for _, *names in NATIVE_VARIABLES.values() for name in names if name}
    return frozenset(read.union(*OTHER_SECRETS.values()))


def provider_variables() -> frozenset[str]:
    """Return the names of the variables that hold credentials of any provider, or name their file."""
    return secret_variables() | {GOOGLE_VARIABLE, *(user for user, *_ in NATIVE_VARIABLES.values())}


def variables_of(provider: str) -> str:
    """Return which variables hold the credentials of a provider, in words."""
    names = _native(provider)
    if provider == "google_storage":
        return f"WHEELHOUSE_USERNAME and WHEELHOUSE_SECRET, both, or {GOOGLE_VARIABLE}, a service account's key file"
    return "WHEELHOUSE_USERNAME and WHEELHOUSE_SECRET, both" + (f", or {names[0]} and {names[1]}" if names else "")


def _native(provider: str) -> tuple[str, str, str | None] | None:
    return NATIVE_VARIABLES.get("s3" if provider.startswith(S3) else provider)


def is_given(provider: str, environ: Mapping[str, str]) -> bool:
    """Return whether any variable of credentials for *provider* says something, be it enough or not."""
    names = ("WHEELHOUSE_USERNAME", "WHEELHOUSE_SECRET", *(_native(provider) or ()))
    names += (GOOGLE_VARIABLE,) if provider == "google_storage" else ()
    return any(environ.get(name or "", "").strip() for name in names)


def find_credentials(
    provider: str, environ: Mapping[str, str], flags: Mapping[str, str | None], *, own: bool = True
) -> Credentials | None:
    """Return the credentials for *provider*, or None.

    Order: flags, WHEELHOUSE_…, WHEELHOUSE_UPLOADER_…, the provider's own variables. With *own* false the first
    three are left out: they belong to the container of `upload` and go to no other provider.
    """
    pairs: list[tuple[str | None, str | None, str | None]] = []
    if own:
        pairs += [
            (
                flags.get("username") or environ.get(f"{prefix}_USERNAME"),
                flags.get("secret") or environ.get(f"{prefix}_SECRET"),
                None,
            )
            for prefix in ("WHEELHOUSE", "WHEELHOUSE_UPLOADER")
        ]
    names = _native(provider)
    if names:
        pairs.append((environ.get(names[0]), environ.get(names[1]), environ.get(names[2] or "")))
    for username, secret, token in pairs:
        # a line break is easily pasted along
        if username and username.strip() and secret and secret.strip():
            return Credentials(username.strip(), secret.strip(), token.strip() if token else None)
    path = environ.get(GOOGLE_VARIABLE) if provider == "google_storage" else None
    return _service_account(path) if path else None


def _service_account(path: str) -> Credentials | None:
    """Return what libcloud wants of a service account: its address, and the file of its key."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # a path from the environment, as it is
            said = json.load(file)
        # libcloud would tell all that is in a file without a key
        if str(said["private_key"]).startswith("-----BEGIN"):
            return Credentials(str(said["client_email"]), path)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def mask_url(text: str) -> str:
    """Return *text* without the secrets that show by themselves: of URLs, keys, and values with a telling name."""
    text = PRIVATE_KEY.sub(HIDDEN, text)
    text = BARE_USERINFO.sub(HIDDEN, USERINFO.sub(HIDDEN, API_TOKEN.sub(HIDDEN, text)))
    return NAMED_VALUE.sub(rf"\1{HIDDEN}", QUERY_VALUE.sub(rf"\1{HIDDEN}", text))


def found(environ: Mapping[str, str], argv: Iterable[str]) -> frozenset[str]:
    """Return the secret values that the environment, a key file that it names, and the command line hold."""
    names = secret_variables()
    values = {value for name, value in environ.items() if name in names or SECRET_VARIABLES.fullmatch(name)}
    texts = {*values, environ.get(GOOGLE_VARIABLE, "")}
    values |= {part for text in texts for part in (*_parts(text), *_parts(_file(text)))}
    for user, key in (*OTHER_PAIRS, *(row[:2] for row in NATIVE_VARIABLES.values())):
        if environ.get(user) and environ.get(key):
            values.add(_basic(f"{environ[user].strip()}:{environ[key].strip()}"))
    words = list(argv)
    values.update(following for word, following in pairwise(words) if word == SECRET_FLAG)
    values.update(word.removeprefix(SECRET_FLAG + "=") for word in words if word.startswith(SECRET_FLAG + "="))
    for text in (*words, *environ.values()):
        for match in USERINFO.finditer(text):
            user, colon, password = match[0].partition(":")
            values |= {password if colon else user, _basic(unquote(match[0]))}  # a token may stand alone
    return spelled(values)


def spelled(values: Iterable[str]) -> frozenset[str]:
    """Return secrets in every spelling that an output may hold."""
    known = {form for value in values for form in (value, unquote(value))}
    return frozenset(form for value in known if len(value) >= SHORTEST for form in _forms(value))


def values_of(table: Mapping[str, object]) -> frozenset[str]:
    """Return the values of a table that have the names of secrets, and each line of them."""
    texts = {value for name, value in table.items() if isinstance(value, str) and SECRET_NAME.fullmatch(name)}
    return frozenset(texts | {line for text in texts for line in text.splitlines() if not line.startswith("-----")})


def _parts(text: str) -> set[str]:
    """Return the secrets within a connection string, or within a key file in JSON."""
    parts = set(CONNECTION_VALUE.findall(text))
    with suppress(ValueError, RecursionError):
        table = json.loads(text)
        if isinstance(table, dict):
            parts |= values_of(table)
    return parts


def _file(path: str) -> str:
    """Return what is in the key file *path*, or an empty text where there is none."""
    with suppress(OSError, ValueError):
        if os.path.isfile(path):  # noqa: PTH113  # a path from the environment, as it is
            with open(path, encoding="utf-8") as file:  # noqa: PTH123  # as above
                return file.read(KEY_FILE_LIMIT)
    return ""


def _basic(login: str) -> str:
    """Return `user:password` as the header of basic authentication has it."""
    return base64.b64encode(login.encode(errors="surrogateescape")).decode()


def _forms(value: str) -> tuple[str, ...]:
    """Return a secret as it may stand in a URL, a repr, JSON, or a line that was cleaned."""
    cleaned = " ".join(value.split())
    quoted = quote(value, safe="", errors="surrogateescape"), quote_plus(value, errors="surrogateescape")
    return value, cleaned, *quoted, repr(value)[1:-1], json.dumps(value)[1:-1]


def mask(text: str, secrets: Iterable[str]) -> str:
    """Return *text* without any of *secrets* and without the credentials of any URL in it."""
    for value in sorted(secrets, key=len, reverse=True):
        text = text.replace(value, HIDDEN)
    return mask_url(text)


class MaskingFilter(logging.Filter):
    """Clean log records: `inv --debug` logs the command line, the configuration and every request."""

    def __init__(self, secrets: frozenset[str]) -> None:
        super().__init__()
        self.secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the record's message and traceback by their masked texts; never drop it."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  # arguments that do not fit: logging itself would tell, and go on
            message = str(record.msg)
        record.msg, record.args = mask(message, self.secrets), ()
        if record.exc_info:
            record.exc_text, record.exc_info = logging.Formatter().formatException(record.exc_info), None
        # another filter, that knew fewer secrets, may have made the text
        record.exc_text = mask(record.exc_text, self.secrets) if record.exc_text else None
        record.stack_info = mask(record.stack_info, self.secrets) if record.stack_info else None
        return True


def guard_logs(environ: Mapping[str, str], argv: Iterable[str], more: Iterable[str] = ()) -> frozenset[str]:
    """Keep secrets, and *more* of them, out of every log that is set up by now; return them."""
    secrets = found(environ, argv) | spelled(more)
    for handler in logging.getLogger().handlers:
        if not any(isinstance(each, MaskingFilter) and each.secrets >= secrets for each in handler.filters):
            handler.addFilter(MaskingFilter(secrets))
    return secrets
