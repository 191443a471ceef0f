"""Google Cloud Storage's XML API as its documentation describes it, in front of a server that speaks S3.

What differs is checked and translated: signatures, `x-goog-` headers, conditions, digests, and the names in XML.
https://cloud.google.com/storage/docs/xml-api/reference-headers and .../authentication/signatures (version 2)
"""

import base64
import hashlib
import hmac
import http.client
from contextlib import AbstractContextManager, closing
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

import programs
from fronts import served

#: What Google and Amazon call the same.
NAMESPACES = (b"http://s3.amazonaws.com/doc/2006-03-01/", b"http://doc.s3.amazonaws.com/2006-03-01")
META = ("x-amz-meta-", "x-goog-meta-")
#: What Google's XML API does not heed.
UNHEEDED = {"if-match", "if-none-match"}
#: By this moto finds its S3 among all that it stands for.
AMAZON = "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=any"
#: Queries that are signed; others, as of a listing, are not.
SIGNED_QUERIES = {"acl", "uploads", "uploadId", "partNumber"}


class Front(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    #: Port of the S3 server, and who may come.
    target: ClassVar[int]
    key: ClassVar[str]
    secret: ClassVar[str]

    def answer(self) -> None:
        """Check a request, hand it on, and translate what comes back."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        given = self.headers.get("Authorization")
        # every bucket lets all users view its objects
        if not hmac.compare_digest(given, self.signature()) if given else self.path.count("/") == 1:
            self.refuse(403, "SignatureDoesNotMatch")
            return
        headers = {name.lower(): text for name, text in self.headers.items()}
        promised = headers.get("x-goog-hash", "").removeprefix("md5=")
        if promised and promised != base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode():
            self.refuse(400, "BadDigest")
            return
        kept = {name: text for name, text in headers.items() if name not in UNHEEDED and not name.startswith("x-goog-")}
        kept |= {
            META[0] + name.removeprefix(META[1]): text for name, text in headers.items() if name.startswith(META[1])
        }
        kept["authorization"] = AMAZON
        if headers.get("x-goog-if-generation-match") == "0":
            kept["if-none-match"] = "*"
        with closing(http.client.HTTPConnection("127.0.0.1", self.target, timeout=programs.STUCK)) as connection:
            connection.request(self.command, self.path, body, kept)
            answer = connection.getresponse()
            content = answer.read().replace(*NAMESPACES)
        self.send_response(answer.status)
        for name, text in answer.getheaders():
            lower = name.lower()
            if lower not in {"connection", "content-length", "date", "server", "transfer-encoding"}:
                self.send_header(lower.replace(*META), text)
        size = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", size)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = answer  # noqa: N815  # called by these names

    def signature(self) -> str:
        """Return what the request must be authorized with."""
        headers = {name.lower(): text.strip() for name, text in self.headers.items()}
        path, _, query = self.path.partition("?")
        signed = sorted(part for part in query.split("&") if part.partition("=")[0] in SIGNED_QUERIES)
        resource = path + ("?" + "&".join(signed) if signed else "")
        extension = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-goog-"))
        usual = [self.command, *(headers.get(name, "") for name in ("content-md5", "content-type", "date"))]
        text = "\n".join(usual) + "\n" + extension + resource
        digest = hmac.new(self.secret.encode(), text.encode(), hashlib.sha1).digest()
        return f"GOOG1 {self.key}:{base64.b64encode(digest).decode()}"

    def refuse(self, status: int, code: str) -> None:
        """Refuse a request as Google does."""
        content = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml; charset=UTF-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def google_front(target: int, key: str, secret: str) -> AbstractContextManager[int]:
    """Serve until the block ends; yield the port."""
    return served(Front, target=target, key=key, secret=secret)
