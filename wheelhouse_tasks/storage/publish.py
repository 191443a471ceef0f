"""Make a container readable for everybody, where its provider has a request for that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from wheelhouse_tasks.errors import StoreError, WheelhouseError
from wheelhouse_tasks.retry import TryAgainError, retry
from wheelhouse_tasks.settings.providers import partition_of, provider_of
from wheelhouse_tasks.settings.table import LOCAL

if TYPE_CHECKING:
    from wheelhouse_tasks.settings.locations import Container
    from wheelhouse_tasks.storage.driver import Worker


def advice(container: Container) -> str:
    """Return the steps by which a person lets everybody read the objects of *container*."""
    return provider_of(container.provider).advice.format(name=container.container)


def make_public(container: Container) -> str | None:
    """Let everybody read the objects of a new container, replacing the rules of access that it has; return its URL.

    Raises StoreError with what to do where the provider has no such request, or refuses it. The website mode of S3 is
    left alone: its addresses are http only, which pip refuses to read.
    """
    if container.provider == LOCAL:
        return None
    worker = _worker(container)

    def attempt() -> None:
        try:
            _open(worker, container)
        except Exception as error:  # noqa: BLE001  # whatever a driver raises; its text may hold what was sent
            refusal = worker.transport.refusal
            status = refusal.status if refusal else None
            reason = f"{status} {refusal.code}".strip() if refusal else type(error).__name__
            no_way = isinstance(error, NotImplementedError)
            problem = "not made readable for everybody: " + ("nothing of it is known here" if no_way else reason)
            failed = StoreError(
                container.label, problem, f"{advice(container)}; or set enable_cdn to no", status=status
            )
            again = not no_way and (status is None or status == 429 or status >= 500)
            raise (TryAgainError(failed) if again else failed) from None

    retry(attempt, container.retries)
    return _address(worker, container)


def address(container: Container) -> str | None:
    """Return the URL below which the objects are, ending in "/", for whoever may read them; None where nobody knows."""
    try:
        return None if container.provider == LOCAL else _address(_worker(container), container)
    except WheelhouseError:
        return None


def _worker(container: Container) -> Worker:
    from wheelhouse_tasks.storage.driver import Worker

    return Worker(container)


def _open(worker: Worker, container: Container) -> None:
    name, connection, api = container.container, worker.driver.connection, worker.provider.api
    if api == "s3":
        if any(sign in container.prefix for sign in "*?$"):  # would stand for other prefixes too
            raise NotImplementedError
        what = f"arn:{partition_of(container)[0]}:s3:::{name}/{container.prefix}*"
        allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": what}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        connection.request(f"/{quote(name)}", params={"policy": ""}, data=policy, method="PUT")
    elif api == "azure":
        access = {"x-ms-blob-public-access": "blob"}  # each blob, but no listing
        connection.request(
            f"/{quote(name)}", params={"restype": "container", "comp": "acl"}, headers=access, method="PUT"
        )
    elif api == "swift":
        access = {"X-Container-Read": ".r:*,.rlistings", "X-Container-Meta-Web-Index": "index.html"}
        connection.request(f"/{quote(name)}", headers=access, method="POST")
    elif not worker.driver.enable_container_cdn(worker.container):
        raise NotImplementedError


def _address(worker: Worker, container: Container) -> str | None:
    """Return the URL that the requests of the driver begin with."""
    api = worker.provider.api
    if not api:
        return None
    connection: Any = worker.driver.connection
    if api == "swift":
        try:
            connection._populate_hosts_and_request_paths()  # noqa: SLF001  # asks for a token, unless it has one
        except Exception:  # noqa: BLE001
            return None
    scheme, usual = ("https", 443) if connection.secure else ("http", 80)
    port = "" if connection.port in (None, usual) else f":{connection.port}"
    account = getattr(connection, "account_prefix", None)
    folders = [connection.request_path.strip("/"), account or "", quote(container.container), quote(container.prefix)]
    return f"{scheme}://{connection.host}{port}/" + "".join(f"{folder.rstrip('/')}/" for folder in folders if folder)
