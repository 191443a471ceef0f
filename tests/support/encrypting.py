"""A provider of S3 that stores its objects encrypted: their ETags look like md5s and are none.

An object of SSE-C or SSE-KMS has such a one (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
"""

import base64
import hashlib
import re
from contextlib import AbstractContextManager
from typing import ClassVar

from fronts import Handing, served

MD5 = re.compile(rb"[0-9a-f]{32}")


def turned(text: bytes) -> bytes:
    """Return *text* with each md5 read backwards; the other way round it is the same."""
    return MD5.sub(lambda match: match[0][::-1], text)


class Front(Handing):
    """Answers one connection, in front of a server that believes any signature."""

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
        status, headers, content = self.hand_on(body, given)
        listed = self.command == "GET" and "ETag" not in headers
        headers = {name: turned(text.encode()).decode() if name == "ETag" else text for name, text in headers.items()}
        self.reply(status, {**headers, **self.encryption}, turned(content) if listed else content)


def encrypting(target: int, encryption: dict[str, str], *, compares: bool) -> AbstractContextManager[int]:
    """Serve until the block ends; yield the port."""
    return served(Front, target=target, encryption=encryption, compares=compares)
