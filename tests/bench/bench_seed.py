"""Fill a bucket of the server for timings with wheelhouses: their files are names, their pages real.

python bench_seed.py PORT BUCKET FILES PROJECT...
"""

import hashlib
import http.client
import json
import sys
from base64 import b64encode
from contextlib import closing

from bench_inputs import TAGS
from bench_server import HOST
from fake_store import FakeStore

from wheelhouse_tasks.container.converge import converge
from wheelhouse_tasks.container.project import Project, to_user_metadata
from wheelhouse_tasks.container.published import Keeping
from wheelhouse_tasks.pages import layout
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.storage.port import Entry, Payload, make_payload

WHEN = "2026-01-01T00:00:00.000000Z"
SIZE = 1_000_000


class Marked(FakeStore):
    """A container in memory whose marks are md5s, as those of S3."""

    def put(self, name: str, payload: Payload, *, expect: str | None = None) -> Entry:
        """Store an object."""
        del expect
        with payload.open() as source:
            content = source.read()
        entry = Entry(name, payload.size, hashlib.md5(content).hexdigest())  # noqa: S324
        self.objects[name] = (entry, content, payload)
        return entry


def fill(store: FakeStore, project: str, count: int) -> None:
    """Put so many wheels of a project there, with what an upload stores beside them."""
    for number in range(count):
        version = f"0.{number // len(TAGS)}"
        name = f"{project}-{version}-{TAGS[number % len(TAGS)]}.whl"
        text = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n".encode()
        sha256, described = hashlib.sha256(name.encode()).hexdigest(), hashlib.sha256(text).hexdigest()
        file = File(name, SIZE, sha256, "", None, described, WHEN)
        key = layout.file_name(project, name)
        payload = Payload(b"", SIZE, sha256, "application/zip", layout.FILE_CACHE, to_user_metadata(file))
        store.objects[key] = (Entry(key, SIZE, hashlib.md5(name.encode()).hexdigest()), b"", payload)  # noqa: S324
        store.put(f"{key}.metadata", make_payload(text, "text/plain", layout.FILE_CACHE))


def rows(store: FakeStore, bucket: str) -> str:
    """Return a line of JSON for each object, as the server reads them."""
    lines = []
    for name, (entry, content, payload) in store.objects.items():
        headers = {f"x-amz-meta-{key}": text for key, text in payload.facts.items()}
        headers["content-type"] = payload.content_type
        body = b64encode(content).decode() if content else None
        row = {"key": f"{bucket}/{name}", "size": entry.size, "mark": entry.mark, "headers": headers, "body": body}
        lines.append(json.dumps(row))
    return "\n".join(lines)


def main(port: str, bucket: str, count: str, *projects: str) -> None:
    """Fill a bucket with projects of so many wheels each."""
    store, keeping = Marked(), Keeping(workers=8)
    for project in projects:
        fill(store, project, int(count))
    converge(store, [Project(store, project, keeping) for project in projects], keeping)
    with closing(http.client.HTTPConnection(HOST, int(port))) as line:
        line.request("POST", "/-/seed", rows(store, bucket).encode())
        line.getresponse().read()


if __name__ == "__main__":
    main(*sys.argv[1:])
