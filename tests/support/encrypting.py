"""A provider of S3 that stores its objects encrypted: their ETags look like md5s and are none.

An object of SSE-C or SSE-KMS has such a one (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
"""

import base64
import hashlib
import http.client
import re
from contextlib import AbstractContextManager, closing
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

import programs
from fronts import served

MD5 = re.compile(rb"[0-9a-f]{32}")


def turned(text: bytes) -> bytes:
    """Return *text* with each md5 read backwards; the other way round it is the same."""
    return MD5.sub(lambda match: match[0][::-1], text)


class Front(BaseHTTPRequestHandler):
    """Answers one connection, in front of a server that believes any signature."""

    protocol_version = "HTTP/1.1"
    target: ClassVar[int]
    #: What answers say of the encryption.
    encryption: ClassVar[dict[str, str]]
    #: Whether a Content-MD5 that does not fit is refused.
    compares: ClassVar[bool]

    def answer(self) -> None:
        """Hand a request on, and read the ETags of the answer backwards."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        given = dict(self.headers.items())
        promised = given.pop("Content-MD5", None)
        digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
        if self.compares and promised not in (None, digest):
            self.reply(400, {}, b"<Error><Code>BadDigest</Code></Error>")
            return
        if "If-Match" in given:
            given["If-Match"] = turned(given["If-Match"].encode()).decode()
        with closing(http.client.HTTPConnection("127.0.0.1", self.target, timeout=programs.STUCK)) as connection:
            connection.request(self.command, self.path, body, given)
            answer = connection.getresponse()
            content = answer.read()
        kept = {
            name: text for name, text in answer.getheaders() if name.lower() not in ("connection", "date", "server")
        }
        kept = {name: turned(text.encode()).decode() if name == "ETag" else text for name, text in kept.items()}
        listed = self.command == "GET" and answer.getheader("ETag") is None
        self.reply(answer.status, {**kept, **self.encryption}, turned(content) if listed else content)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = answer  # noqa: N815  # called by these names

    def reply(self, status: int, headers: dict[str, str], content: bytes) -> None:
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


def encrypting(target: int, encryption: dict[str, str], *, compares: bool) -> AbstractContextManager[int]:
    """Serve until the block ends; yield the port."""
    return served(Front, target=target, encryption=encryption, compares=compares)
