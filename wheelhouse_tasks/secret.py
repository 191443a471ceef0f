"""Values that no output may hold: where they come from, and how text is cleaned of them."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HIDDEN = "<hidden>"

SECRET_FLAG = "--secret"  # noqa: S105
SECRET_VARIABLES = re.compile(
    r"WHEELHOUSE_(UPLOADER_)?SECRET|(TWINE|OS)_PASSWORD|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|AZURE_STORAGE_KEY|"
    r"B2_APPLICATION_KEY|INVOKE_.*(SECRET|PASSWORD|TOKEN).*|.*_API_TOKEN"
)
SHORTEST = 6
"""Shorter values are not masked one by one: they would garble every line, and are no secrets."""

#: A password may hold what should have been quoted: up to the last @ then.
USERINFO = re.compile(r"(?<=://)(?:[^\s/?#'\"@:<>]*:[^\s'\"<>]+|[^/\s?#'\"@<>]+(?:@[^/\s?#'\"@<>]+)*)(?=@)")
#: `me:password@host` without a scheme.
BARE_USERINFO = re.compile(r"(?<![\w:/@<>.-])(?!mailto:)[\w.+-]+:[^\s@:/'\"][^\s@'\"]*(?=@)")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)", re.DOTALL)
SECRET_WORDS = r"token|secret|passw|pass|pwd|signature|credential|access_?key|api_?key|auth"  # noqa: S105
#: An API token of PyPI, wherever it may be from.
API_TOKEN = re.compile(r"\bpypi-[A-Za-z0-9_-]{16,}")
QUERY_VALUE = re.compile(rf"(?i)(?<=[?&])((?:[\w.-]*(?:{SECRET_WORDS})[\w.-]*|sig|key)=)[^&#\s'\"]+")


@dataclass(frozen=True)
class Credentials:
    """A key pair for one storage provider; its parts are in no repr."""

    username: str = field(repr=False)
    secret: str = field(repr=False)
    #: Session token of temporary credentials, where the provider has them.
    token: str | None = field(default=None, repr=False)


#: How the names of providers begin that speak S3.
S3 = ("s3", "minio", "ovh", "scaleway", "digitalocean_spaces")
#: Where a provider's own tools look for credentials: (user or key id, secret, session token).
NATIVE_VARIABLES: Mapping[str, tuple[str, str, str | None]] = {
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    "azure_blobs": ("AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", None),
    "backblaze_b2": ("B2_APPLICATION_KEY_ID", "B2_APPLICATION_KEY", None),
    "openstack_swift": ("OS_USERNAME", "OS_PASSWORD", None),
    "cloudfiles": ("OS_USERNAME", "OS_PASSWORD", None),
}
#: Names the file that holds the credentials of a service account.
GOOGLE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"


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
    """Return *text* with the user and password, and the secret query values, of every URL in it hidden."""
    text = PRIVATE_KEY.sub(HIDDEN, text)
    text = BARE_USERINFO.sub(HIDDEN, USERINFO.sub(HIDDEN, API_TOKEN.sub(HIDDEN, text)))
    return QUERY_VALUE.sub(rf"\1{HIDDEN}", text)


def found(environ: Mapping[str, str], argv: Iterable[str]) -> frozenset[str]:
    """Return the secret values that the environment and the command line hold."""
    values = {value for name, value in environ.items() if SECRET_VARIABLES.fullmatch(name)}
    words = list(argv)
    values.update(following for word, following in pairwise(words) if word == SECRET_FLAG)
    values.update(word.removeprefix(SECRET_FLAG + "=") for word in words if word.startswith(SECRET_FLAG + "="))
    for text in (*words, *environ.values()):
        for match in USERINFO.finditer(text):
            user, colon, password = match[0].partition(":")
            values.add(password if colon else user)  # a token may stand alone
    values |= {unquote(value) for value in values}
    return frozenset(form for value in values if len(value) >= SHORTEST for form in _forms(value))


def _forms(value: str) -> tuple[str, ...]:
    """Return a secret as it may stand in a URL, a repr, JSON, or a line that was cleaned."""
    cleaned = " ".join(value.split())
    return value, cleaned, quote(value, safe=""), quote_plus(value), repr(value)[1:-1], json.dumps(value)[1:-1]


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
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info), self.secrets)
            record.exc_info = None
        return True


def guard_logs(environ: Mapping[str, str], argv: Iterable[str]) -> frozenset[str]:
    """Keep secrets out of every log that is set up by now; return them."""
    secrets = found(environ, argv)
    for handler in logging.getLogger().handlers:
        if not any(isinstance(each, MaskingFilter) and each.secrets >= secrets for each in handler.filters):
            handler.addFilter(MaskingFilter(secrets))
    return secrets
