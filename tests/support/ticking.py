"""Stand in front of a server of this machine, and count how many requests of a client wait for each other.

A request is held until no other one has come for a moment; then all that were held are carried out: one tick. So what a
client asks for at once takes one tick, whatever the machine is doing, and what waits for an answer takes the next one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from time import monotonic

HOST = "127.0.0.1"
#: Seconds without another request after which the ones that are held are carried out.
MOMENT = 0.12
#: What belongs to one connection, and is made anew for the other one.
OF_A_CONNECTION = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass
class Ticking:
    """The proxy, and what it was asked for in each tick."""

    port: int = 0
    ticks: list[list[str]] = field(default_factory=list)
    _held: list[str] = field(default_factory=list)
    _last: float = 0.0
    _changed: Condition = field(default_factory=Condition)

    def wait(self, request: str) -> None:
        """Hold a request until its tick."""
        with self._changed:
            self._held.append(request)
            self._last = monotonic()
            tick = len(self.ticks)
            while len(self.ticks) == tick:
                left = self._last + MOMENT - monotonic()
                if left <= 0:
                    self.ticks.append(self._held)
                    self._held = []
                    self._changed.notify_all()
                else:
                    self._changed.wait(left)

    def clear(self) -> list[list[str]]:
        """Return the ticks until now, and begin anew."""
        with self._changed:
            ticks, self.ticks = self.ticks, []
        return ticks


@contextmanager
def ticking(target: int) -> Iterator[Ticking]:
    """Run the proxy in front of a server that listens at the port *target*; signatures stay valid."""
    proxy = Ticking()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            proxy.wait(f"{self.command} {self.path}")
            upstream = HTTPConnection(HOST, target, timeout=60)
            try:
                upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in OF_A_CONNECTION - {"content-length"}:
                        upstream.putheader(name, value)
                upstream.endheaders(body)
                answer = upstream.getresponse()
                content = answer.read()
            finally:
                upstream.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OF_A_CONNECTION | {"server", "date"}:
                    self.send_header(name, value)
            length = answer.getheader("Content-Length") or "0" if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _forward  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        proxy.port = server.server_port
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
