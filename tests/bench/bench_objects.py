"""What the server for timings holds: the objects of buckets, and the files of a package index."""

import hashlib
import json
import re
import threading
import time
from base64 import b64decode, b64encode
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import count
from typing import NamedTuple
from urllib.parse import unquote
from xml.sax.saxutils import escape

#: Bytes up to which the digests of a body are compared.
COMPARED = 1 << 18
PAGE = 1000


class Item(NamedTuple):
    """One object."""

    size: int
    #: Without quotes.
    mark: str
    #: Headers that are answered as they came.
    headers: Mapping[str, str]
    #: None for a large one: its bytes were dropped.
    body: bytes | None
    modified: float


class Request(NamedTuple):
    """One request, with its body."""

    method: str
    path: str
    query: Mapping[str, str]
    #: By name in lower case.
    headers: Mapping[str, str]
    #: None where it was dropped.
    body: bytes | None
    size: int


class Answer(NamedTuple):
    """One answer; *size* is that of zeros, where a body was dropped."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes | memoryview = b""
    size: int = 0


def refusal(status: int, code: str) -> Answer:
    """Return an error as S3 words it."""
    return Answer(status, {}, f"<Error><Code>{code}</Code></Error>".encode())


@dataclass(kw_only=True)
class Store:
    """What the server holds. Whoever uses it holds the lock."""

    items: dict[str, Item] = field(default_factory=dict)
    #: The keys of the items, in order.
    keys: list[str] = field(default_factory=list)
    saved: dict[str, tuple[dict[str, Item], list[str]]] = field(default_factory=dict)
    #: The parts of uploads in parts: their sizes.
    parts: dict[str, dict[int, int]] = field(default_factory=dict)
    #: The digests of the files that were sent to the package index, by name.
    released: dict[str, str] = field(default_factory=dict)
    #: Since the benchmark last asked.
    requests: int = 0
    #: Seconds.
    delay: float = 0.0
    #: Bytes up to which the body of a file is kept; pages are kept whatever their size.
    kept: int = 1 << 20
    lock: threading.Lock = field(default_factory=threading.Lock)
    serial: Iterator[int] = field(default_factory=count)

    def put(self, key: str, item: Item) -> None:
        """Store an object."""
        if key not in self.items:
            insort(self.keys, key)
        self.items[key] = item

    def remove(self, key: str) -> None:
        """Remove an object, if it is there."""
        if self.items.pop(key, None):
            del self.keys[bisect_left(self.keys, key)]

    def control(self, word: str, text: str) -> None:
        """Do what the benchmark asks for."""
        match word:
            case "delay":
                self.delay = float(text)
            case "keep":
                self.kept = int(text)
            case "clear":
                self.items, self.keys, self.parts, self.released = {}, [], {}, {}
            case "seed":  # a line of JSON for each object
                now = time.time()
                for row in map(json.loads, text.splitlines()):
                    body = None if row["body"] is None else b64decode(row["body"])
                    size = row["size"] if body is None else len(body)
                    self.items[row["key"]] = Item(size, row["mark"], row["headers"], body, now)
                self.keys = sorted(self.items)
            case "save":
                self.saved[text] = (dict(self.items), list(self.keys))
            case "restore":
                items, keys = self.saved[text]
                self.items, self.keys, self.released = dict(items), list(keys), {}

    def of_index(self, request: Request) -> Answer:
        """Be a package index: take an upload, or show what was taken."""
        if request.method == "POST":
            fields = request.body or b""
            name = re.search(rb'name="content"; filename="([^"]+)"', fields)
            digest = re.search(rb'name="sha256_digest"\r\n(?:[^\r\n]+\r\n)*\r\n([0-9a-f]{64})', fields)
            if not (name and digest):
                return refusal(400, "NoFile")
            self.released[name[1].decode()] = digest[1].decode()
            return Answer(200)
        links = "".join(f'<a href="/files/{name}#sha256={sha}">{name}</a>\n' for name, sha in self.released.items())
        is_there = links or request.path.endswith("/simple/")
        return Answer(200 if is_there else 404, {"Content-Type": "text/html"}, f"<!DOCTYPE html>\n{links}".encode())

    def of_bucket(self, bucket: str, request: Request) -> Answer:
        """Answer what concerns a bucket: listings, and that it is there."""
        query = request.query
        if request.method == "POST" and "delete" in query:
            for key in re.findall(r"<Key>([^<]+)</Key>", (request.body or b"").decode()):
                self.remove(f"{bucket}/{key}")
            return Answer(200, {}, b"<DeleteResult/>")
        if request.method != "GET":
            return Answer(200)
        if "location" in query:
            return Answer(200, {}, b"<LocationConstraint/>")
        if "versioning" in query or "uploads" in query:
            return Answer(200, {}, b"<Result/>")
        prefix, limit = f"{bucket}/{query.get('prefix', '')}", min(int(query.get("max-keys", PAGE)), PAGE)
        after = query.get("continuation-token") or query.get("start-after") or query.get("marker") or ""
        return Answer(200, {"Content-Type": "application/xml"}, self._listing(bucket, prefix, after, limit, query))

    def _listing(self, bucket: str, prefix: str, after: str, limit: int, query: Mapping[str, str]) -> bytes:
        rows, folders, cut = list[str](), dict[str, None](), len(bucket) + 1
        position = max(bisect_left(self.keys, prefix), bisect_right(self.keys, f"{bucket}/{after}") if after else 0)
        last, delimiter, more = "", query.get("delimiter", ""), False
        while position < len(self.keys) and (key := self.keys[position]).startswith(prefix):
            if len(rows) + len(folders) >= limit:
                more = True
                break
            end = key.find(delimiter, len(prefix)) if delimiter else -1
            if end >= 0:
                folder = key[: end + len(delimiter)]
                position = bisect_left(self.keys, f"{folder}\U0010ffff")
                last = f"{folder[cut:]}\U0010ffff"
                folders[folder[cut:]] = None
                continue
            item = self.items[key]
            when = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(item.modified))
            rows.append(
                f"<Contents><Key>{escape(key[cut:])}</Key><LastModified>{when}</LastModified><ETag>&quot;{item.mark}"
                f"&quot;</ETag><Size>{item.size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
            )
            last = key[cut:]
            position += 1
        shown = f"<CommonPrefixes><Prefix>{'</Prefix></CommonPrefixes><CommonPrefixes><Prefix>'.join(folders)}"
        nexts = f"<NextMarker>{last}</NextMarker><NextContinuationToken>{last}</NextContinuationToken>" if more else ""
        return (
            '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{bucket}</Name><Prefix>{escape(prefix[cut:])}</Prefix><MaxKeys>{limit}</MaxKeys>"
            f"<KeyCount>{len(rows) + len(folders)}</KeyCount><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{nexts}{''.join(rows)}{f'{shown}</Prefix></CommonPrefixes>' if folders else ''}</ListBucketResult>"
        ).encode()

    def of_object(self, key: str, request: Request) -> Answer:
        """Answer what concerns an object."""
        query = request.query
        match request.method:
            case "PUT" if "partNumber" in query:
                self.parts.setdefault(query["uploadId"], {})[int(query["partNumber"])] = request.size
                return Answer(200, {"ETag": f'"{self._mark(request)}"', **_sums(request)})
            case "PUT":
                return self._stored(key, request)
            case "POST":
                return self._in_parts(key, query)
            case "DELETE":
                self.remove(key)
                return Answer(204)
        return self._shown(self.items.get(key), request)

    def _in_parts(self, key: str, query: Mapping[str, str]) -> Answer:
        """Begin an upload in parts, or end it."""
        serial = f"{next(self.serial):032x}"
        if "uploads" in query:
            self.parts[serial] = {}
            kind, text = "Initiate", f"<UploadId>{serial}</UploadId>"
        else:
            size = sum(self.parts.pop(query["uploadId"], {}).values())
            self.put(key, Item(size, f"{serial}-2", {}, None, time.time()))
            kind, text = "Complete", f'<ETag>"{serial}-2"</ETag>'
        return Answer(200, {}, f"<{kind}MultipartUploadResult>{text}</{kind}MultipartUploadResult>".encode())

    def _stored(self, key: str, request: Request) -> Answer:
        there, headers, body = self.items.get(key), request.headers, request.body
        if source := headers.get("x-amz-copy-source"):
            item = self.items.get(unquote(source).lstrip("/"))
            if item is None:
                return refusal(404, "NoSuchKey")
            self.put(key, item)
            return Answer(200, {}, f"<CopyObjectResult><ETag>{item.mark}</ETag></CopyObjectResult>".encode())
        wanted = headers.get("if-match", "").strip('"')
        if ("if-none-match" in headers and there) or (wanted and (there is None or there.mark != wanted)):
            return refusal(412, "PreconditionFailed")
        if body is not None and len(body) <= COMPARED and not _fits(headers, body):
            return refusal(400, "BadDigest")
        kept = {name: text for name, text in headers.items() if name.startswith("x-amz-meta-")}
        kept |= {name: headers[name] for name in ("content-type", "cache-control") if name in headers}
        mark = self._mark(request)
        self.put(key, Item(request.size, mark, kept, body, time.time()))
        return Answer(200, {"ETag": f'"{mark}"', **_sums(request)})

    def _mark(self, request: Request) -> str:
        """Return the md5 of a body, as S3 does, as long as it costs nothing."""
        if known := request.headers.get("content-md5"):
            return b64decode(known).hex()
        if request.body is not None:
            return hashlib.md5(request.body, usedforsecurity=False).hexdigest()
        return f"{next(self.serial):032x}"

    def _shown(self, item: Item | None, request: Request) -> Answer:
        if item is None:
            return refusal(404, "NoSuchKey")
        headers = {**item.headers, "ETag": f'"{item.mark}"', "Last-Modified": formatdate(item.modified, usegmt=True)}
        if request.method == "HEAD":
            return Answer(200, headers, size=item.size)
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if not part:
            return Answer(200, headers, item.body or b"", item.size)
        start, end = int(part[1]), min(int(part[2] or item.size - 1), item.size - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{item.size}"
        return Answer(206, headers, memoryview(item.body or b"")[start : end + 1], end + 1 - start)


def _sums(request: Request) -> dict[str, str]:
    return {name: text for name, text in request.headers.items() if name.startswith("x-amz-checksum-")}


def _fits(headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether the digests that came along are those of the body."""
    md5, sha256 = headers.get("content-md5"), headers.get("x-amz-checksum-sha256")
    digest, signed = hashlib.sha256(body), headers.get("x-amz-content-sha256", "")
    return (
        md5 in (None, b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode())
        and sha256 in (None, b64encode(digest.digest()).decode())
        and (not re.fullmatch("[0-9a-f]{64}", signed) or signed == digest.hexdigest())
    )
