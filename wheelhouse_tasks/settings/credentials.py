"""Where credentials of a storage provider come from, and which variables hold secrets, by the providers' records."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.secret import SecretPlaces, secret_values, spelled, values_of
from wheelhouse_tasks.settings.locations import Credentials
from wheelhouse_tasks.settings.providers import PROVIDERS, provider_of
from wheelhouse_tasks.settings.table import FLAGS, ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheelhouse_tasks.settings.row import Row

OWN = "WHEELHOUSE_USERNAME", "WHEELHOUSE_SECRET"


def credential_variables() -> frozenset[str]:
    """Return the variables that hold credentials of any provider, or name their file."""
    return frozenset().union(*(record.credential_variables for record in PROVIDERS.values()))


def secret_rows() -> list[Row]:
    """Return the settings and flags that hold a secret."""
    return [row for row in (*ROWS.values(), *FLAGS.values()) if row.secret]


def secret_places() -> SecretPlaces:
    """Return where the providers and the settings keep secrets."""
    records, rows = PROVIDERS.values(), secret_rows()
    return SecretPlaces(
        variables=frozenset().union(*(record.secrets for record in records), *(row.variables for row in rows)),
        flags=frozenset(row.flag for row in rows),
        files=frozenset(record.key_file for record in records if record.key_file),
        pairs=frozenset((own.user, own.secret) for record in records if (own := record.credentials)),
    )


def secrets_of(environ: Mapping[str, str], argv: Iterable[str]) -> frozenset[str]:
    """Return the secret values that the environment, a key file that it names, and the command line hold."""
    return secret_values(environ, argv, secret_places())


def secrets_among(values: Mapping[str, Any]) -> frozenset[str]:
    """Return the secrets among the values of settings and flags; of a table, those that its keys name."""
    texts: set[str] = set()
    for row in secret_rows():
        value = values.get(row.name)
        if isinstance(value, Mapping):
            texts |= values_of(value)
        elif isinstance(value, list | tuple):
            texts.update(map(str, value))
        elif value is not None:
            texts.add(str(value))
    return spelled(texts)


def variables_of(provider: str) -> str:
    """Return which variables hold the credentials of a provider, in words."""
    record = provider_of(provider)
    words = " and ".join(OWN) + ", both"
    if record.credentials:
        words += f", or {record.credentials.user} and {record.credentials.secret}"
    if record.key_file:
        words += f", or {record.key_file}, a service account's key file"
    return words


def is_given(provider: str, environ: Mapping[str, str]) -> bool:
    """Return whether any variable of credentials for *provider* has a value, be it enough or not."""
    record = provider_of(provider)
    own = record.credentials.names if record.credentials else ()
    return any(environ.get(name or "", "").strip() for name in (*OWN, *own, record.key_file))


def find_credentials(
    provider: str, environ: Mapping[str, str], flags: Mapping[str, str | None], *, own: bool = True
) -> Credentials | None:
    """Return the credentials for *provider*, or None.

    Order: flags, WHEELHOUSE_…, WHEELHOUSE_UPLOADER_…, the provider's own variables. With *own* false the first
    three are left out: they belong to the container of `upload` and go to no other provider.
    """
    record = provider_of(provider)
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
    names = record.credentials
    if names:
        pairs.append((environ.get(names.user), environ.get(names.secret), environ.get(names.token or "")))
    for username, password, token in pairs:
        # a line break is easily pasted along
        if username and username.strip() and password and password.strip():
            return Credentials(username.strip(), password.strip(), token.strip() if token else None)
    path = environ.get(record.key_file) if record.key_file else None
    return _service_account(path) if path else None


def _service_account(path: str) -> Credentials | None:
    """Return the credentials of a service account for libcloud: its address, and the file of its key."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # a path from the environment, as it is
            account = json.load(file)
        # libcloud would print all that is in a file without a key
        if str(account["private_key"]).startswith("-----BEGIN"):
            return Credentials(str(account["client_email"]), path)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None
