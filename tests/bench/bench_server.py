"""A server for timings: an S3 server in memory, and a package index. It does as little as it can.

    python bench_server.py [certificate.pem]

It prints its ports, that of TLS behind the other, and ends when its input does. Each answer comes `delay` later, as on
a long line. Signatures are not looked at. The digest of a body is compared where the body is small; that of a large one
is believed, since a thread that computes it takes a core from what is measured. A thread serves each connection.

SeaweedFS, the store of the tests, took 2.1 s of both cores where this took 0.08 s: for 60 x 5 MB sent by rclone, which
took 0.9 s itself and ended in 0.8 s instead of 4.1 s.
"""

import json
import re
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import parse_qsl, unquote, urlsplit

from bench_objects import COMPARED, Answer, Request, Store

HOST = "127.0.0.1"
BLOCK = 1 << 20
ZEROS = memoryview(bytes(BLOCK))
#: The types of what is read again, however large it is.
PAGES = re.compile(r"text/|application/(vnd|json|xml)")
REASONS = {200: "OK", 204: "No Content", 206: "Partial Content"}


class Connection:
    """One connection of a client."""

    def __init__(self, line: socket.socket, store: Store) -> None:
        self.line = line
        self.store = store
        self.read = bytearray()
        self.dropped = memoryview(bytearray(BLOCK))

    def serve(self) -> None:
        """Answer requests until the client leaves."""
        with suppress(OSError), self.line:
            self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while (request := self._request()) is not None:
                self._send(request.method, self._answer(request))

    def _answer(self, request: Request) -> Answer:
        store = self.store
        if request.path.startswith("/-/"):
            with store.lock:
                store.control(request.path.removeprefix("/-/"), (request.body or b"").decode())
                counted = {"objects": len(store.keys), "requests": store.requests, "released": len(store.released)}
                store.requests = 0
                return Answer(200, {}, json.dumps(counted).encode())
        if store.delay:
            time.sleep(store.delay)
        bucket, _, name = request.path[1:].partition("/")
        with store.lock:
            store.requests += 1
            if bucket == "index":
                return store.of_index(request)
            return store.of_object(f"{bucket}/{name}", request) if name else store.of_bucket(bucket, request)

    def _request(self) -> Request | None:
        while (end := self.read.find(b"\r\n\r\n")) < 0:
            if not (more := self.line.recv(1 << 16)):
                return None
            self.read += more
        first, *lines = self.read[:end].decode("latin-1").split("\r\n")
        del self.read[: end + 4]
        pairs = (line.partition(":") for line in lines)
        headers = {name.lower(): text.strip() for name, _, text in pairs}
        method, target, _ = first.split(" ")
        if headers.get("expect", "").lower() == "100-continue":
            self.line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        is_page = target.startswith("/-/") or PAGES.match(headers.get("content-type", "")) is not None
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body: bytes | None = self._chunked()
            size = len(body or b"")
        else:
            size = int(headers.get("content-length", 0))
            if is_page or size <= self.store.kept:
                body = self._kept(size)
            else:
                body = None
                self._drop(size)
        if (
            "aws-chunked" in headers.get("content-encoding", "")
            or headers.get("x-amz-content-sha256", "")[:9] == "STREAMING"
        ):
            size = int(headers.get("x-amz-decoded-content-length", size))
            body = None if body is None else unframed(body)
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Request(method, unquote(parts.path), query, headers, body, size)

    def _kept(self, size: int) -> bytes:
        """Return a body of so many bytes."""
        body = bytearray(self.read[:size])
        done = len(body)
        del self.read[:done]
        body.extend(bytes(size - done))
        while done < size:
            done += self._into(memoryview(body)[done:])
        return bytes(body)

    def _drop(self, size: int) -> None:
        """Read so many bytes, and keep none."""
        left = size - len(self.read)
        del self.read[:size]
        while left > 0:
            left -= self._into(self.dropped[:left])

    def _into(self, room: memoryview) -> int:
        got = self.line.recv_into(room)
        if not got:
            raise ConnectionResetError
        return got

    def _chunked(self) -> bytes:
        content = bytearray()
        while True:
            while (end := self.read.find(b"\r\n")) < 0:
                self._more()
            size = int(self.read[:end].split(b";")[0], 16)
            while len(self.read) < end + 2 + size + 2:
                self._more()
            content += self.read[end + 2 : end + 2 + size]
            del self.read[: end + 2 + size + 2]
            if not size:
                return bytes(content)

    def _more(self) -> None:
        if not (more := self.line.recv(1 << 16)):
            raise ConnectionResetError
        self.read += more

    def _send(self, method: str, answer: Answer) -> None:
        size = len(answer.body) or answer.size
        headers = {"Content-Length": str(size), "Accept-Ranges": "bytes", **answer.headers}
        head = f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Refused')}\r\n"
        head += "".join(f"{name}: {text}\r\n" for name, text in headers.items()) + "\r\n"
        if method == "HEAD" or not size:
            self.line.sendall(head.encode("latin-1"))
        elif size <= COMPARED and answer.body:
            self.line.sendall(head.encode("latin-1") + bytes(answer.body))
        else:
            self.line.sendall(head.encode("latin-1"))
            if answer.body:
                self.line.sendall(answer.body)
            else:
                for start in range(0, size, BLOCK):
                    self.line.sendall(ZEROS[: min(BLOCK, size - start)])


def unframed(body: bytes) -> bytes:
    """Return the content of a body in the chunks of AWS."""
    content, start = bytearray(), 0
    while start < len(body):
        end = body.index(b"\r\n", start)
        size = int(body[start:end].split(b";")[0], 16)
        if not size:
            break
        content += body[end + 2 : end + 2 + size]
        start = end + 2 + size + 2
    return bytes(content)


def listen(store: Store, context: ssl.SSLContext | None) -> int:
    """Serve on a free port from now on; return the port."""
    server = socket.create_server((HOST, 0), backlog=256)

    def connect(line: socket.socket) -> None:
        with suppress(OSError):
            Connection(context.wrap_socket(line, server_side=True) if context else line, store).serve()

    def accept() -> None:
        while True:
            line, _ = server.accept()
            threading.Thread(target=connect, args=[line], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    port: int = server.getsockname()[1]
    return port


def main(certificate: str | None = None) -> None:
    """Serve until the input ends."""
    store, ports = Store(), []
    ports.append(listen(store, None))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        ports.append(listen(store, context))
    print(*ports, flush=True)  # noqa: T201  # whoever started it reads them
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
