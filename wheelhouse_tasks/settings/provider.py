"""The record of a storage provider; the records themselves are in `providers`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wheelhouse_tasks.settings.locations import Container


@dataclass(frozen=True, kw_only=True)
class Variables:
    """The variables in which the tools of a provider look for credentials; all but the user are secret."""

    user: str
    secret: str
    #: Holds the session token of temporary credentials.
    token: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all variables: one that has a field here is read, hidden and shown in the README."""
        return tuple(name for attribute in fields(self) if (name := getattr(self, attribute.name)))


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider; the defaults are those of an unknown one."""

    #: libcloud's id of it.
    name: str
    #: What user name and secret are.
    keys: str = "user name and secret"
    #: Where credentials are looked for, after our own variables.
    credentials: Variables | None = None
    #: The variable that names the key file of a service account.
    key_file: str | None = None
    #: Secret variables that the provider's tools read, and we do not: masked all the same.
    other_secrets: tuple[str, ...] = ()
    #: Other variables that are read, and the driver's argument that each is for (`region`: the setting). Of several
    #: for one the first that is set counts.
    arguments: Mapping[str, str] = field(default_factory=dict)
    #: The API that it speaks, where we know more than the driver does: `s3`, `azure`, `swift` or `google`.
    api: str = ""
    #: What a person does to let everybody read the objects of the container *name*.
    advice: str = "let everybody read the objects of {name} in the provider's console"

    #: The driver's arguments: `driver_options`, and what follows from the settings.
    options: Callable[[Container], dict[str, Any]] = lambda container: dict(container.driver_options)
    #: Headers made of a file's md5, with which the provider compares: a file that changed is refused, not stored.
    digest: Callable[[str], dict[str, str]] = lambda md5: {}  # noqa: ARG005
    #: The same made of its sha256; a trial shows which servers compare it.
    strong_digest: Callable[[str], dict[str, str]] = lambda sha256: {}  # noqa: ARG005
    #: Headers of a write that expects no object.
    absent: Mapping[str, str] = field(default_factory=lambda: {"If-None-Match": "*"})
    #: The header that limits how long an object may be cached.
    cache: str = "Cache-Control"
    #: Options that the driver accepts, but keeps from its connection.
    of_connection: tuple[str, ...] = ()
    #: Settings that the driver has no argument for; *finish* sets them once it is made.
    takes_no: tuple[str, ...] = ()
    finish: Callable[[Any, Container], None] = lambda driver, container: None  # noqa: ARG005
    #: Whether the driver puts the name of an object into the URL of a download as it is: it must be quoted before.
    reads_unquoted: bool = False
    #: Whether the driver needs more of a container than its name, and so a request for it.
    container_needed: bool = False

    #: The README's cells: settings beside `container`, and the servers that the tests prove it on.
    settings: str = ""
    proven: str = "unproven"

    @property
    def secrets(self) -> frozenset[str]:
        """Return the variables that hold a secret."""
        own = self.credentials
        return frozenset(self.other_secrets) | ({*own.names} - {own.user} if own else set())

    @property
    def credential_variables(self) -> frozenset[str]:
        """Return the variables that hold credentials, or name their file."""
        user = {self.credentials.user} if self.credentials else set()
        return self.secrets | user | ({self.key_file} if self.key_file else set())

    @property
    def read(self) -> tuple[str, ...]:
        """Return the variables that we read, in the order of the README."""
        own = self.credentials.names if self.credentials else ()
        return (*own, *([self.key_file] if self.key_file else []), *self.arguments)
