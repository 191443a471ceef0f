"""A web server on this machine whose answers are a table that the test writes, also while it runs."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Handler(BaseHTTPRequestHandler):
    """What answers one request; each connection carries one."""

    def begin(self, status: int, headers: Mapping[str, str], protocol: str = "HTTP/1.0") -> None:
        """Send the head of an answer."""
        self.protocol_version, self.close_connection = protocol, True
        self.send_response(status)
        for name, value in {**headers, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer."""
        self.begin(status, {"Content-Length": str(len(body)), **headers})
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""


Answer = tuple[int, Mapping[str, str], bytes] | Callable[[Handler], None]


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: Message
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Scripted:
    """A server that answers each path, with its query, by a table of answers, or of functions that make one."""

    port: int = 0
    scheme: str = "http"
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    #: Set when the server is to end: what an answer waits for.
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Return its URL, ending in "/"."""
        return f"{self.scheme}://127.0.0.1:{self.port}/"

    @property
    def requests(self) -> list[str]:
        """Return what was asked, in order: method and path."""
        return list(map(str, self.seen))

    def asked(self, path: str, header: str) -> list[str | None]:
        """Return a header of each request for a path."""
        return [request.headers[header] for request in self.seen if request.path == path]

    def page(self, path: str, body: str, **headers: str) -> None:
        """Answer a path with an HTML page."""
        self.answers[path] = (200, {"Content-Type": "text/html", **headers}, body.encode())

    def in_turn(self, path: str, *answers: Answer) -> None:
        """Send one answer after the other to the requests for a path; the last again and again."""
        left = list(answers)

        def answer(handler: Handler) -> None:
            give(left.pop(0) if len(left) > 1 else left[0], handler)

        self.answers[path] = answer


def give(answer: Answer, handler: Handler) -> None:
    """Send an answer."""
    if callable(answer):
        answer(handler)
    else:
        handler.send(*answer)


@contextmanager
def scripted(certificate: Path | None = None) -> Iterator[Scripted]:
    """Run a scripted server; with a certificate and its key, over TLS."""
    script = Scripted(scheme="https" if certificate else "http")

    class Scribe(Handler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            script.seen.append(Request(self.command, self.path, self.headers, body))
            with suppress(ConnectionError):  # a client may go away
                give(script.answers.get(self.path, (404, {}, b"")), self)

        do_POST = do_GET  # noqa: N815

    with ThreadingHTTPServer(("127.0.0.1", 0), Scribe) as server:
        server.daemon_threads = False  # so that closing waits for them
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        script.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield script
        finally:
            script.ended.set()
            server.shutdown()
            thread.join()
