"""How the bytes of an object reach a provider: what it is promised of them, and how a driver sends them."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from libcloud.storage.base import StorageDriver
from requests.utils import requote_uri

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.storage.port import Promise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheelhouse_tasks.settings.provider import Provider
    from wheelhouse_tasks.storage.port import Payload
    from wheelhouse_tasks.storage.transport import Transport

#: Headers that a library adds to each request.
USUAL = {"Accept": "*/*", "Connection": "keep-alive"}


def promise_of(payload: Payload, broken: Exception, *, by_sha256: bool) -> Promise:
    """Return what is promised of a payload; raise *broken* where its file has other bytes by now."""
    if isinstance(payload.source, bytes):
        return Promise(md5=payload.md5 or hashlib.md5(payload.source, usedforsecurity=False).hexdigest())
    if by_sha256:
        return Promise(sha256=payload.sha256)
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with payload.source.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            sha256.update(block)  # of the same reading: an md5 of other bytes would promise them
            md5.update(block)
    if sha256.hexdigest() != payload.sha256:
        raise broken
    return Promise(md5=md5.hexdigest())


def headers_of(provider: Provider, payload: Payload, expect: str | None, promise: Promise) -> dict[str, str]:
    """Return the headers with which a payload is sent, beside its type and its user metadata."""
    headers = {provider.cache: payload.cache_control}
    if expect is not None:
        headers |= {"If-Match": f'"{expect}"'} if expect else provider.absent
    if promise.md5:
        headers |= provider.digest(promise.md5)
    if promise.sha256:
        headers |= provider.strong_digest(promise.sha256)
    return headers


@contextmanager
def signing(connection: Any, sha256: str) -> Iterator[None]:
    """Let a driver sign the sha256 of the file that it sends, where its signatures hold one.

    libcloud signs that it leaves the bytes open. Some servers compare what is signed, others what a header says.
    """
    signer = getattr(connection, "signer", None)
    if not (sha256 and hasattr(signer, "_get_payload_hash")):
        yield
        return
    vars(signer)["_get_payload_hash"] = lambda *_args, **_options: sha256
    try:
        yield
    finally:
        del vars(signer)["_get_payload_hash"]


@contextmanager
def handed_to(driver: Any, payload: Payload, promise: Promise, broken: Exception) -> Iterator[str]:
    """Yield the path by which a driver is told to send the payload; its digests are not made again.

    Most drivers open no path: they send what is opened here. Those with a way of their own do, and compare the md5.
    Azure's compares nothing where a file is sent in parts: raise *broken* before parts of other bytes become an object.
    """
    path = "" if isinstance(payload.source, bytes) else str(payload.source)
    if type(driver)._upload_object is StorageDriver._upload_object and not hasattr(driver, "_commit_blocks"):  # noqa: SLF001
        with io.BytesIO(payload.source) if isinstance(payload.source, bytes) else open(path, "rb", 0) as stream:  # noqa: PTH123
            driver._upload_object = _streamed(driver, stream, payload.size, promise.md5)  # noqa: SLF001
            yield path
        return
    driver._hash_buffered_stream = lambda *_args, **_options: (promise.md5, payload.size)  # noqa: SLF001
    commit = getattr(type(driver), "_commit_blocks", None)
    if commit:
        md5 = base64.b64encode(bytes.fromhex(promise.md5)).decode()

        def compared(**arguments: Any) -> Any:
            if arguments["data_hash"] != md5:
                raise broken
            return commit(driver, **arguments)

        driver._commit_blocks = compared  # noqa: SLF001
    if not isinstance(payload.source, bytes):
        yield path
        return
    # upload_object_via_stream accepts bytes, but makes three requests, and sends no conditions
    with tempfile.TemporaryDirectory(prefix="wheelhouse-") as folder:
        file = Path(folder) / "object"
        file.write_bytes(payload.source)
        yield str(file)


def _streamed(driver: Any, stream: io.BytesIO | io.FileIO, size: int, md5: str) -> Callable[..., dict[str, Any]]:
    """Return a function that stands in for that of a driver, and sends *stream*."""

    def send(
        *, content_type: str, request_path: str, headers: dict[str, str], request_method: str = "PUT", **_: Any
    ) -> dict[str, Any]:
        typed = {**headers, "Content-Type": content_type}
        response = driver.connection.request(request_path, method=request_method, data=stream, headers=typed, raw=True)
        return {"response": response, "bytes_transferred": size, "data_hash": md5}

    return send


def directly(connection: Any, transport: Transport) -> Callable[..., None]:
    """Return a function that sends an object without what requests looks at anew each time, which takes longer.

    Whatever is no object goes the usual way, and so does a request that the provider leads elsewhere.
    """
    usual = connection.prepared_request
    base = requests.Request("PUT", connection.host).prepare().url or ""

    def send(method: str, url: str, body: Any = None, headers: dict[str, Any] | None = None, **options: Any) -> None:
        if method != "PUT" or not isinstance(body, io.BytesIO | io.FileIO):
            usual(method, url, body, headers=headers, **options)
            return
        size = body.getbuffer().nbytes if isinstance(body, io.BytesIO) else os.fstat(body.fileno()).st_size
        request = requests.PreparedRequest()
        request.method, request.url = method, base.rstrip("/") + requote_uri(url)
        fields = {**USUAL, **(headers or {}), "Content-Length": size}
        request.headers = requests.structures.CaseInsensitiveDict((name, str(text)) for name, text in fields.items())
        request.body = body  # type: ignore[assignment]
        response = transport.send(request, verify=connection.verification, proxies=connection.session.proxies)
        response.content  # noqa: B018  # read to its end: the connection serves the next request
        if response.is_redirect:
            body.seek(0)
            usual(method, url, body if size else b"", headers=headers, **options)
        else:
            connection.response = response

    return send
