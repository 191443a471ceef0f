"""The storage port on Apache Libcloud: any provider it has a driver for."""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from libcloud.common.types import InvalidCredsError
from libcloud.storage.base import Object as CloudObject
from libcloud.storage.types import (
    ContainerAlreadyExistsError,
    ContainerDoesNotExistError,
    ObjectDoesNotExistError,
    ObjectHashMismatchError,
)

from wheelhouse_tasks.errors import (
    AccessDenied,
    BadArtifact,
    ContainerMissing,
    ObjectMissing,
    Overloaded,
    StoreError,
    Unreachable,
    WheelhouseError,
    one_line,
    root_cause,
)
from wheelhouse_tasks.retry import TryAgainError, retry
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.storage import BLOCK, Entry, Payload
from wheelhouse_tasks.storage.driver import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheelhouse_tasks.location import Container

T = TypeVar("T")

#: Azure's driver loses Cache-Control on small blobs, but not this header (libcloud trap 17).
CACHE_HEADERS = {"azure_blobs": "x-ms-blob-cache-control"}


class CloudStore:
    """A container at a storage provider; one driver for each thread, kept for all its requests.

    A libcloud driver shared by threads mixes up answers: it keeps the response of a request on itself.
    """

    def __init__(self, container: Container) -> None:
        self.container = container
        self._local = threading.local()
        self._worker()  # finds bad options before any thread starts

    @property
    def label(self) -> str:
        """Return ``provider://container/prefix``."""
        return self.container.label

    def create(self) -> None:
        """Create the container unless it is there."""

        def create(worker: Worker) -> None:
            try:
                worker.driver.create_container(self.container.container)
            except ContainerAlreadyExistsError:
                return

        self._call(create, self.label)

    def list(self, prefix: str) -> list[Entry]:
        """Return every object below *prefix*."""

        def listing(worker: Worker) -> list[Entry]:
            objects = worker.driver.iterate_container_objects(worker.container, prefix=self.container.prefix + prefix)
            return sorted((self._entry(item) for item in objects), key=lambda entry: entry.name)

        return self._call(listing, self.label, missing=ContainerMissing)

    def facts(self, name: str) -> tuple[Entry, dict[str, str]]:
        """Return one object's entry and user metadata."""

        def head(worker: Worker) -> tuple[Entry, dict[str, str]]:
            item = worker.driver.get_object(self.container.container, self.container.prefix + name)
            metadata = {str(key).lower(): str(value) for key, value in (item.meta_data or {}).items()}
            return self._entry(item), metadata

        return self._call(head, name)

    def read(self, name: str) -> Iterator[bytes]:
        """Yield one object's bytes."""

        def start(worker: Worker) -> Iterator[bytes]:
            item = CloudObject(
                self.container.prefix + name, 0, "", {}, {}, worker.container, worker.driver
            )  # built here: the driver's own look-up costs one or two requests
            blocks: Iterator[bytes] = iter(worker.driver.download_object_as_stream(item, chunk_size=BLOCK))
            return blocks

        blocks = self._call(start, name)
        while True:
            with self._border(self._worker(), name, ObjectMissing):
                block = next(blocks, None)
            if block is None:
                return
            yield block

    def put(self, name: str, payload: Payload, *, only_new: bool = False) -> Entry:
        """Send a file in one request. *only_new* is not asked of providers yet: not all of them honour it."""
        del only_new
        if isinstance(payload.source, bytes):
            # upload_object_via_stream would take bytes, but in three requests, and without conditions
            with tempfile.TemporaryDirectory(prefix="wheelhouse-") as folder:
                path = Path(folder) / "object"
                path.write_bytes(payload.source)
                return self._put_file(name, path, payload)
        return self._put_file(name, payload.source, payload)

    def _put_file(self, name: str, path: Path, payload: Payload) -> Entry:
        def send(worker: Worker) -> Entry:
            worker.known_digest(payload.md5, payload.size)
            try:
                item = worker.driver.upload_object(
                    str(path),
                    worker.container,
                    self.container.prefix + name,
                    extra={"content_type": payload.content_type, "meta_data": dict(payload.facts)},
                    headers={CACHE_HEADERS.get(self.container.provider, "Cache-Control"): payload.cache_control},
                )
            except ObjectHashMismatchError:
                if worker.transport.failure:  # the driver compares digests before it looks at the status
                    raise
                worker.driver.delete_object(
                    CloudObject(self.container.prefix + name, 0, "", {}, {}, worker.container, worker.driver)
                )
                raise BadArtifact(name, "the provider received other bytes than were hashed", "try again") from None
            return Entry(name, payload.size, _mark(item))

        try:
            return self._call(send, name, missing=ContainerMissing)
        except OSError as error:
            raise StoreError(str(path), f"cannot be read: {error.strerror}") from None

    def delete(self, name: str) -> None:
        """Delete one object."""

        def delete(worker: Worker) -> None:
            item = CloudObject(self.container.prefix + name, 0, "", {}, {}, worker.container, worker.driver)
            worker.driver.delete_object(item)

        try:
            self._call(delete, name)
        except ObjectMissing:
            return

    def public_url(self) -> str | None:
        """Return what the driver knows, if it does."""
        worker = self._worker()
        try:
            url = worker.driver.get_container_cdn_url(worker.container)
        except Exception:  # noqa: BLE001  # NotImplementedError, KeyError, ...: it does not know
            return None
        return f"{str(url).rstrip('/')}/{self.container.prefix}" if url else None

    def _entry(self, item: Any) -> Entry:
        name = str(item.name).removeprefix(self.container.prefix)
        modified = str((item.extra or {}).get("last_modified") or "")
        return Entry(name, int(item.size), _mark(item), modified if modified[:1].isdigit() else "")

    def _worker(self) -> Worker:
        worker: Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            worker = self._local.worker = Worker(self.container)
        return worker

    def _call(self, operation: Callable[[Worker], T], subject: str, missing: type[StoreError] = ObjectMissing) -> T:
        """Run one operation; repeat it where another try may help."""
        worker = self._worker()

        def attempt() -> T:
            with self._border(worker, subject, missing):
                return operation(worker)

        return retry(attempt, self.container.retries)

    @contextmanager
    def _border(self, worker: Worker, subject: str, missing: type[StoreError]) -> Iterator[None]:
        """Turn whatever the driver raises into our errors: it lets out errors of a dozen unrelated classes."""
        worker.transport.failure = None
        try:
            yield
        except WheelhouseError:
            raise
        except requests.RequestException as error:
            raise self._network_error(error) from None
        except ObjectDoesNotExistError:
            raise ObjectMissing(subject, f"is not in {self.label}") from None
        except ContainerDoesNotExistError:
            raise ContainerMissing(self.label, "there is no such container") from None
        except OSError as error:
            raise StoreError(subject, f"cannot be read: {error.strerror or error}") from None
        except Exception as error:  # noqa: BLE001
            raise self._refusal(error, worker.transport.failure, subject, missing) from None

    def _network_error(self, error: requests.RequestException) -> Exception:
        if isinstance(error, requests.Timeout) or "timed out" in str(error):
            return Unreachable(
                self.label, f"no answer within {self.container.timeout:g} s", "see the setting 'timeout'"
            )
        if isinstance(error, requests.exceptions.SSLError):
            return Unreachable(self.label, "its TLS certificate is not trusted", "see --no-ssl-check")
        unreachable = Unreachable(self.label, f"cannot be reached: {root_cause(error)}", "check host, port and network")
        return TryAgainError(unreachable)

    def _refusal(
        self, error: Exception, failure: tuple[int, str] | None, subject: str, missing: type[StoreError]
    ) -> Exception:
        if failure is None and not isinstance(error, InvalidCredsError):
            text = mask_url(str(error)) or type(error).__name__
            return StoreError(subject, f"{self.label}: {one_line(text)}")
        status, code = failure or (403, "")
        said = f"{status} {code}".strip()
        if status in (401, 403):
            return AccessDenied(
                self.label,
                f"the provider refused the credentials ({said})",
                "check user name, secret, region and clock",
            )
        if status == 404:
            if code == "NoSuchBucket" or missing is ContainerMissing:
                return ContainerMissing(self.label, "there is no such container")
            return missing(subject, f"is not in {self.label}")
        refused = f"{self.label}: the provider answered {said}"
        if status == 429 or status >= 500:
            return TryAgainError(Overloaded(subject, refused))
        return StoreError(subject, refused)


def _mark(item: Any) -> str:
    return str(item.hash or (item.extra or {}).get("etag") or (item.extra or {}).get("last_modified") or "").strip('"')
