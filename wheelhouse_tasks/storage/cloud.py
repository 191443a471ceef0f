"""The storage port on Apache Libcloud, for any provider that libcloud has a driver for."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from libcloud.common.types import LibcloudError
from libcloud.storage.base import Object as CloudObject
from libcloud.storage.types import (
    ContainerAlreadyExistsError,
    InvalidContainerNameError,
    ObjectHashMismatchError,
)

from wheelhouse_tasks import parallel
from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.errors import BadArtifact, ContainerMissing, ObjectMissing, StoreError, Unsupported
from wheelhouse_tasks.retry import retry
from wheelhouse_tasks.settings.providers import provider_of
from wheelhouse_tasks.storage import s3_listing, trial
from wheelhouse_tasks.storage.border import border
from wheelhouse_tasks.storage.driver import Worker
from wheelhouse_tasks.storage.honoured import Honoured
from wheelhouse_tasks.storage.items import mark_of, utc_of
from wheelhouse_tasks.storage.port import ABSENT, Conditions, Entry, Payload, Promise
from wheelhouse_tasks.storage.sending import handed_to, headers_of, promise_of
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheelhouse_tasks.settings.locations import Container

T = TypeVar("T")
#: The class has a method that is named `list`.
Entries = list[Entry]

#: How providers refuse a request whose digest is not that of its bytes: S3 has a code for each of two, the emulator of
#: Azure one of its own, Swift a status.
BAD_DIGEST = {"BadDigest", "XAmzContentSHA256Mismatch", "Md5Mismatch", "InvalidOperation", "422"}
CHANGED = "the provider received other bytes than were hashed"


class CloudStore:
    """A container at a storage provider, with one driver for each request that is under way.

    A libcloud driver keeps the response of a request as its own attribute, so threads that share it mix up answers
    (https://libcloud.readthedocs.io/en/stable/other/using-libcloud-in-multithreaded-and-async-environments.html).
    """

    def __init__(self, container: Container) -> None:
        self.container = container
        self.provider = provider_of(container.provider)
        #: Drivers that nobody uses. The one that was used last is used next: its connection is the youngest.
        self._idle: list[Worker] = []
        self._parts = s3_listing.Parts(container.label)
        self._lock = threading.Lock()
        self._honoured = Honoured(self, self._server, self._put)
        self._compares: bool | None = None
        self._refuses: Callable[[], bool] | None = None
        with self._worker():  # rejects bad options before any thread starts
            pass

    @property
    def label(self) -> str:
        """Return ``provider://container/prefix``."""
        return self.container.label

    @property
    def _server(self) -> str:
        """Return what the container's record calls its server."""
        return self.container.host or self.container.provider

    def create(self) -> bool:
        """Create the container; return whether it was not there, as far as the provider shows."""

        def create(worker: Worker) -> bool:
            try:
                worker.driver.create_container(self.container.container)
            except (ContainerAlreadyExistsError, InvalidContainerNameError):
                refusal = worker.transport.refusal
                if refusal and refusal.status != 409:
                    raise
                return False
            self._honoured.begin_anew()
            return True

        return self._call(create, self.label, missing=ContainerMissing)

    @property
    def lists_in_pieces(self) -> bool:
        """Return whether the provider begins a listing behind any key."""
        return self.provider.api == "s3"

    def list(self, prefix: str, *, after: str = "", until: str | None = None) -> list[Entry]:
        """Return the objects below *prefix* whose names are behind *after*, and not behind *until*."""
        if self.lists_in_pieces:
            entries = self._list_s3(prefix, after, until)
        else:
            listing = partial(self._list_by_driver, self.container.prefix + prefix)
            entries = self._call(listing, self.label, missing=ContainerMissing)
            entries = [entry for entry in entries if after < entry.name and (until is None or entry.name <= until)]
        return sorted(entries, key=lambda entry: entry.name)

    def _list_s3(self, prefix: str, after: str, until: str | None) -> Entries:
        below = self.container.prefix
        whole = below + prefix

        def request(marker: str) -> bytes:
            return self._call(lambda worker: s3_listing.ask(worker, whole, marker), self.label, ContainerMissing)

        first = below + after if after else ""
        return s3_listing.read_all(request, self._parts, whole, len(below), after=first, until=until)

    def _list_by_driver(self, prefix: str, worker: Worker) -> Entries:
        return [self._entry(item) for item in worker.driver.iterate_container_objects(worker.container, prefix=prefix)]

    def facts(self, name: str) -> tuple[Entry, dict[str, str]]:
        """Return one object's entry and user metadata."""

        def head(worker: Worker) -> tuple[Entry, dict[str, str]]:
            item = worker.driver.get_object(self.container.container, self.container.prefix + name)
            metadata = {str(key).lower(): str(value) for key, value in (item.meta_data or {}).items()}
            return self._entry(item), metadata

        return self._call(head, name)

    def read(self, name: str, start: int = 0) -> Iterator[bytes]:
        """Yield one object's bytes."""

        def begin(worker: Worker) -> Iterator[bytes]:
            item = self._object(worker, name)
            if self.provider.reads_unquoted:
                item.name = quote(item.name)
            if start:
                return iter(worker.driver.download_object_range_as_stream(item, start, chunk_size=BLOCK))
            return iter(worker.driver.download_object_as_stream(item, chunk_size=BLOCK))

        with self._worker() as worker:
            blocks = self._call_by(worker, begin, name)
            while True:
                with border(self.container, worker, name, ObjectMissing):
                    block = next(blocks, None)
                if block is None:
                    return
                yield block

    def put(self, name: str, payload: Payload, *, expect: str | None = None) -> Entry:
        """Store an object in one request; its condition is sent only where the provider honours it."""
        if expect is not None:
            honoured = self._honoured.tried()
            if not (honoured.absent if expect == ABSENT else honoured.mark):
                expect = None
        return self._put(name, payload, expect)

    def _put(self, name: str, payload: Payload, expect: str | None, promise: Promise | None = None) -> Entry:
        """Send an object; where the ETag is no md5, what counts is whether the provider compares what it receives."""
        known = self._honoured.known
        promise = promise or promise_of(payload, _changed(name), by_sha256=known is not None and known.sha256)
        doubtful = promise.sha256 and known and not self._honoured.is_of_this_run
        refused = self._refuses_other_sha256() if doubtful else None
        entry, is_md5 = self._send(name, payload, expect, promise)
        if refused and not refused():
            self._honoured.takes_no_sha256()
            promise = promise_of(payload, _changed(name), by_sha256=False)
            entry, is_md5 = self._send(name, payload, None, promise)
        if not (promise.sha256 or is_md5 or self._compares_digests()):
            self.delete(name)
            raise BadArtifact(name, CHANGED, "try again")
        return entry

    def _compares_digests(self) -> bool:
        """Return whether the provider refuses bytes that do not fit the digest sent along: tried once for each run."""
        with self._lock:
            if self._compares is None:
                sends_digest, other = bool(self.provider.digest("00")), Promise(md5=trial.OTHER.md5)
                self._compares = sends_digest and trial.compares_digests(self, self._send_plainly, other)
            return self._compares

    def _refuses_other_sha256(self) -> Callable[[], bool]:
        """Return what waits for a trial beside the files, once for each run: the record may not be true any more."""
        with self._lock:
            if self._refuses is None:
                other = Promise(sha256=trial.OTHER.sha256)
                self._refuses = parallel.begin(lambda: trial.compares_digests(self, self._send_plainly, other))
            return self._refuses

    def _send_plainly(self, name: str, payload: Payload, promise: Promise) -> None:
        self._send(name, payload, None, promise)

    def _send(self, name: str, payload: Payload, expect: str | None, promise: Promise) -> tuple[Entry, bool]:
        """Send an object in one request; return its entry, and whether the driver found the ETag to be the md5.

        ETags are md5s where an object is stored as it came; encrypted by a key service, for one, it has another.
        """
        if promise.sha256 and not self.provider.strong_digest(promise.sha256):
            raise Unsupported(name, f"{self.label}: its provider is told no sha256")
        headers = headers_of(self.provider, payload, expect, promise)
        options = {
            "extra": {"content_type": payload.content_type, "meta_data": dict(payload.facts)},
            "verify_hash": bool(promise.md5),
        }

        def send(worker: Worker) -> tuple[Entry, bool]:
            changed = _changed(name)
            target = (worker.container, self.container.prefix + name)
            payload.transfer.restart()
            worker.transport.transfer = payload.transfer
            try:
                with worker.signing(promise.sha256), handed_to(worker.driver, payload, promise, changed) as path:
                    # a fresh dict of headers each time: the driver adds to it
                    item = worker.driver.upload_object(path, *target, headers=dict(headers), **options)
            except LibcloudError as error:
                refusal = worker.transport.refusal
                if refusal is None and isinstance(error, ObjectHashMismatchError):
                    return Entry(name, payload.size, worker.transport.etag), False
                if refusal and (refusal.code or str(refusal.status)) in BAD_DIGEST:
                    raise changed from None
                raise
            finally:
                worker.transport.transfer = UNSEEN
            return Entry(name, payload.size, mark_of(item)), bool(promise.md5)

        return self._call(send, name, missing=ContainerMissing)

    def recorded_conditions(self) -> Conditions | None:
        """Return the conditions in the container's record: read once for each run."""
        return self._honoured.recorded()

    def conditions(self) -> Conditions:
        """Return the conditions in the container's record, or try them: once for each run."""
        return self._honoured.tried()

    def delete(self, name: str) -> None:
        """Delete one object."""

        def delete(worker: Worker) -> None:
            item = self._object(worker, name)
            worker.driver.delete_object(item)

        try:
            self._call(delete, name)
        except ObjectMissing:
            return

    def public_url(self) -> str | None:
        """Return the URL that the driver knows, or None."""
        with self._worker() as worker:
            try:
                url = worker.driver.get_container_cdn_url(worker.container)
            except Exception:  # noqa: BLE001  # NotImplementedError, KeyError, ...: the driver knows none
                return None
        return f"{str(url).rstrip('/')}/{self.container.prefix}" if url else None

    def _entry(self, item: Any) -> Entry:
        name = str(item.name).removeprefix(self.container.prefix)
        return Entry(name, int(item.size), mark_of(item), utc_of(str((item.extra or {}).get("last_modified") or "")))

    def _object(self, worker: Worker, name: str) -> CloudObject:
        """Return an object for the driver, without the one or two requests of its own look-up."""
        return CloudObject(self.container.prefix + name, 0, "", {}, {}, worker.container, worker.driver)

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        """Lend a driver for as long as its answer is read."""
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = Worker(self.container)
        try:
            yield worker
        finally:
            self._idle.append(worker)

    def _call(self, operation: Callable[[Worker], T], subject: str, missing: type[StoreError] = ObjectMissing) -> T:
        """Run one operation, and repeat it where another try may help."""
        with self._worker() as worker:
            return self._call_by(worker, operation, subject, missing)

    def _call_by(
        self, worker: Worker, operation: Callable[[Worker], T], subject: str, missing: type[StoreError] = ObjectMissing
    ) -> T:
        def attempt() -> T:
            with border(self.container, worker, subject, missing):
                return operation(worker)

        return retry(attempt, self.container.retries)


def _changed(name: str) -> BadArtifact:
    return BadArtifact(name, CHANGED, "nothing was stored, try again")
