"""Servers that stand in front of another one, and translate what goes through."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar

import programs


@contextmanager
def served(front: type[BaseHTTPRequestHandler], **attributes: object) -> Iterator[int]:
    """Serve with a handler of these attributes until the block ends; yield the port."""
    handler = type("Handler", (front,), attributes)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class Handing(BaseHTTPRequestHandler):
    """Answers one connection: hands each request on, and its answer back."""

    protocol_version = "HTTP/1.1"
    target: ClassVar[int]

    def answer(self) -> None:
        """Hand a request on, and its answer back."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.reply(*self.hand_on(body, dict(self.headers.items())))

    def do_GET(self) -> None:
        """Answer any request: this one and those below."""
        self.answer()

    do_HEAD = do_PUT = do_DELETE = do_POST = do_GET  # noqa: N815  # called by these names

    def hand_on(self, body: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Return the status, headers and content of the answer of the server behind."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.target, timeout=programs.STUCK)) as connection:
            connection.request(self.command, self.path, body, dict(headers))
            answer = connection.getresponse()
            content = answer.read()
        own = ("connection", "date", "server")
        return answer.status, {name: text for name, text in answer.getheaders() if name.lower() not in own}, content

    def reply(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, text in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding") or self.command == "HEAD":
                self.send_header(name, text)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


class Refusing(Handing):
    """Refuses the first request whose line has a *word*, with a *status*, and hands on all others."""

    word: ClassVar[str]
    status: ClassVar[int]
    refused: ClassVar[list[str]]

    def answer(self) -> None:
        """Refuse a request, or hand it on."""
        if self.word in self.requestline and not self.refused:
            self.refused.append(self.requestline)
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.reply(self.status, {}, b"")
        else:
            super().answer()


@contextmanager
def refusing(target: int, word: str, status: int) -> Iterator[int]:
    """Serve in front of a server, and refuse the first request whose line has a *word*; yield the port."""
    refused: list[str] = []
    with served(Refusing, target=target, word=word, status=status, refused=refused) as port:
        yield port
    assert refused, f"no request had {word}"
