"""Values that no output may hold: where they come from, and how text is cleaned of them."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HIDDEN = "<hidden>"

#: The secret variables that are no provider's and no setting's.
SECRET_VARIABLES = re.compile(
    r"WHEELHOUSE_(UPLOADER_)?SECRET|TWINE_PASSWORD|INVOKE_.*(SECRET|PASSWORD|TOKEN).*|.*_API_TOKEN"
)
SHORTEST = 6
"""Shorter values are not masked one by one: they would garble every line, and are no secrets."""
KEY_FILE_LIMIT = 1 << 16
"""Characters; that of a service account has some 2,000."""

#: A password may hold what should have been quoted: up to the last @ then. Of a URL that lacks a slash only a pair is
#: meant, as a folder may have an @ in its name.
USERINFO = re.compile(
    r"(?:(?<=://)(?:[^\s/?#'\"@:<>]*:[^\s'\"<>]+|[^/\s?#'\"@<>]+(?:@[^/\s?#'\"@<>]+)*)"
    r"|(?<=\w\w:/)[^\s/?#'\"@:<>]+:[^\s'\"<>]+)(?=@)"
)
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
#: What is hidden, in this order, and what stands for it. A text without the sign of a pattern, as most are, has no
#: match of it: thousands of texts are masked for a large plan.
RULES = (
    ("PRIVATE KEY-----", PRIVATE_KEY, HIDDEN),
    ("pypi-", API_TOKEN, HIDDEN),
    ("@", USERINFO, HIDDEN),
    ("@", BARE_USERINFO, HIDDEN),
    ("=", QUERY_VALUE, rf"\1{HIDDEN}"),
    (":", NAMED_VALUE, rf"\1{HIDDEN}"),
)

#: User and secret of the pairs that are no provider's.
OTHER_PAIRS = (
    ("WHEELHOUSE_USERNAME", "WHEELHOUSE_SECRET"),
    ("WHEELHOUSE_UPLOADER_USERNAME", "WHEELHOUSE_UPLOADER_SECRET"),
    ("TWINE_USERNAME", "TWINE_PASSWORD"),
)


@dataclass(frozen=True, kw_only=True)
class SecretPlaces:
    """The places where secrets come from, as the records of the providers and the table of settings name them."""

    #: Variables that hold a secret.
    variables: frozenset[str]
    #: Variables that name a key file.
    files: frozenset[str]
    #: Variables of a user and its secret.
    pairs: frozenset[tuple[str, str]]
    #: Flags whose value is a secret, with their dashes.
    flags: frozenset[str]


def mask_url(text: str) -> str:
    """Return *text* without the secrets that show by themselves: of URLs, keys, and values with a telling name."""
    for sign, pattern, shown in RULES:
        if sign in text:
            text = pattern.sub(shown, text)
    return text


def secret_values(environ: Mapping[str, str], argv: Iterable[str], places: SecretPlaces) -> frozenset[str]:
    """Return the secret values that the environment, a key file that it names, and the command line hold."""
    known = places.variables
    values = {value for name, value in environ.items() if name in known or SECRET_VARIABLES.fullmatch(name)}
    texts = values | {environ.get(name, "") for name in places.files}
    values |= {part for text in texts for part in (*_parts(text), *_parts(_file(text)))}
    for user, key in (*OTHER_PAIRS, *places.pairs):
        if environ.get(user) and environ.get(key):
            values.add(_basic(f"{environ[user].strip()}:{environ[key].strip()}"))
    words = list(argv)
    values |= {following for word, following in pairwise(words) if word in places.flags}
    values |= {value for word in words for flag, _, value in [word.partition("=")] if flag in places.flags}
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
    """Return the content of the key file *path*, or an empty text where there is none."""
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
        except Exception:  # noqa: BLE001  # arguments that do not fit: logging itself would report it, and go on
            message = str(record.msg)
        record.msg, record.args = mask(message, self.secrets), ()
        if record.exc_info:
            record.exc_text, record.exc_info = logging.Formatter().formatException(record.exc_info), None
        # another filter, that knew fewer secrets, may have made the text
        record.exc_text = mask(record.exc_text, self.secrets) if record.exc_text else None
        record.stack_info = mask(record.stack_info, self.secrets) if record.stack_info else None
        return True


def guard_logs(secrets: frozenset[str]) -> None:
    """Add a filter that hides secrets to every log handler that there is."""
    for handler in logging.getLogger().handlers:
        if not any(isinstance(known, MaskingFilter) and known.secrets >= secrets for known in handler.filters):
            handler.addFilter(MaskingFilter(secrets))
