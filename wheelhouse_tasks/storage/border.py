"""The border behind which no error of libcloud, requests or the network is seen."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from libcloud.common.types import InvalidCredsError
from libcloud.storage.types import ContainerDoesNotExistError, ObjectDoesNotExistError

from wheelhouse_tasks.errors import (
    ContainerMissing,
    ObjectMissing,
    StoreError,
    Unreachable,
    Unsupported,
    WheelhouseError,
    one_line,
)
from wheelhouse_tasks.network import explained, root_cause
from wheelhouse_tasks.retry import TryAgainError
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.storage.driver import Worker, words
from wheelhouse_tasks.storage.refusals import understand
from wheelhouse_tasks.storage.transport import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheelhouse_tasks.settings.locations import Container

#: Stands for a refusal where a driver rejects the credentials and no answer was seen.
NO_CREDENTIALS = Refusal(401, "", by_token=False)


@contextmanager
def border(container: Container, worker: Worker, subject: str, missing: type[StoreError]) -> Iterator[None]:
    """Turn whatever a driver raises into our errors: drivers raise errors of a dozen unrelated classes.

    *subject* is what the request is about, *missing* the error that a 404 means.
    """
    worker.transport.refusal = None
    try:
        yield
    except WheelhouseError:
        raise
    except requests.RequestException as error:
        raise _network_error(container, error) from None
    except ObjectDoesNotExistError:
        raise ObjectMissing(subject, f"is not in {container.label}") from None
    except ContainerDoesNotExistError:
        raise ContainerMissing(container.label, "there is no such container") from None
    except OSError as error:
        raise StoreError(subject, f"cannot be read: {error.strerror or error}") from None
    except Exception as error:  # noqa: BLE001
        refusal = worker.transport.refusal or (NO_CREDENTIALS if isinstance(error, InvalidCredsError) else None)
        if refusal is None:
            text = one_line(mask_url(words(error)) or type(error).__name__)
            problem = text if subject == container.label else f"{container.label}: {text}"
            raise Unsupported(subject, problem) from None
        raise understand(refusal, container.label, subject, missing) from None


def _network_error(container: Container, error: requests.RequestException) -> Exception:
    known = explained(error, container.timeout)
    if known:
        return Unreachable(container.label, *known)
    problem = f"cannot be reached: {root_cause(error)}"
    return TryAgainError(Unreachable(container.label, problem, "check region, host, port and network"))
