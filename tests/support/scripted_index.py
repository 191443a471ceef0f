"""A package index on this machine that keeps the rules of PyPI, and breaks them where its script demands it.

    scripted_index.py PORT FOLDER

It takes uploads at `/legacy/`, shows them below `/simple/`, and mints upload tokens for trusted publishing. A file
that is there with the same bytes is accepted without a change; other bytes, a name that was deleted, and new files of a
closed release are refused. In its folder, `stored.log` has a line for every file that was stored, `requests.log` for
every request; neither is ever rewritten. As an HTTPS proxy it is every host, for clients that trust its certificate.
"""

import base64
import hashlib
import html
import json
import re
import secrets
import socket
import ssl
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from urllib.parse import unquote, urlsplit

import programs
import servers
from packaging.utils import canonicalize_name

USERNAME, PASSWORD = servers.INDEX_USERNAME, servers.INDEX_PASSWORD
JSON, HTML, TEXT = "application/vnd.pypi.simple.v1+json", "text/html; charset=utf-8", "text/plain; charset=utf-8"
UPLOAD, SIMPLE = "/legacy/", "/simple/"
#: What the index is called where it is reached as a proxy.
HOSTS = ("pypi.org", "upload.pypi.org", "test.pypi.org")
BLOCK = 4096
#: As PyPI words them.
BAD_TOKEN = "Invalid or non-existent authentication information."
EXPIRED = "Invalid API Token: token is expired"
EXISTS = "File already exists ({name!r}, with sha256 hash {sha256!r})."
USED = "This filename has already been used, use a different version."
CLOSED = "Release {version} of {project} is older than 14 days, new files can not be uploaded to it."


@dataclass
class Fault:
    """How uploads go wrong."""

    #: The answer; 0 for none, until the client goes away.
    status: int = 0
    reason: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Pattern of the names of files that it strikes.
    name: str = "*"
    #: So many of them pass before, and so many are struck; -1 for all.
    skip: int = 0
    times: int = -1
    #: The file is taken all the same.
    stores: bool = False
    #: The connection is reset in the middle of the file.
    cuts: bool = False
    #: The answer comes when this is set.
    until: Event | None = None

    def strikes(self, name: str) -> bool:
        """Return whether it strikes the next upload, and count it."""
        if not fnmatchcase(name, self.name) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Script:
    """How a package index deviates from PyPI on a good day."""

    faults: list[Fault] = field(default_factory=list)
    #: So many times a project's page is shown without a new file, as from a cache.
    lag: int = 0
    #: The status of every simple page.
    page_status: int = 200
    #: Releases that take no new files, as project and version.
    closed: set[tuple[str, str]] = field(default_factory=set)
    #: How many uploads a minted token is good for; -1 for any number.
    token_uploads: int = -1
    #: The digest that pages show; "" for none.
    algorithm: str = "sha256"


@dataclass
class Stored:
    """A file that the package index has."""

    project: str
    sha256: str
    size: int
    #: So many times the page is still shown without it.
    lag: int
    #: When it came, as JSON pages tell it (PEP 700); "" where they do not.
    uploaded: str = ""


@dataclass
class Upload:
    """What a client sends."""

    form: Mapping[str, str]
    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Return the digest of the bytes that came."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass
class Index:
    """A running package index; its script may be changed at any time."""

    folder: Path
    port: int
    script: Script = field(default_factory=Script)
    #: How many uploads each token is still good for; -1 for any number.
    tokens: dict[str, int] = field(default_factory=lambda: {PASSWORD: -1})
    files: dict[str, Stored] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    @property
    def url(self) -> str:
        """Return the address of the package index, without a slash at its end."""
        return f"http://{servers.HOST}:{self.port}"

    @property
    def access(self) -> servers.PackageIndex:
        """Where and as whom one uploads."""
        return servers.PackageIndex(self.url + UPLOAD, self.url + SIMPLE, USERNAME, PASSWORD)

    @property
    def shown(self) -> dict[str, str]:
        """The digests of the files that it has, by name."""
        return {name: file.sha256 for name, file in self.files.items()}

    @property
    def stored(self) -> list[tuple[str, str]]:
        """Name and sha256 of every file that was ever stored, in order."""
        return read_log(self.folder)

    @property
    def posts(self) -> list[str]:
        """The uploads that came so far, lines like `demo-1.0.tar.gz 200`; 0 for no answer."""
        lines = (self.folder / "requests.log").read_text().splitlines()
        return [line.removeprefix("POST ") for line in lines if line.startswith("POST ")]

    def delete(self, name: str) -> None:
        """Delete a file, whose name will never come back."""
        del self.files[name]
        self.gone.add(name)

    def note(self, log: str, line: str) -> None:
        """Write a line of a log."""
        with self.lock, (self.folder / log).open("a") as file:
            file.write(f"{line}\n")

    def authorize(self, header: str) -> tuple[int, str]:
        """Return whether somebody may upload, and count the uses of the token."""
        scheme, _, encoded = header.partition(" ")
        username, _, token = base64.b64decode(encoded).decode().partition(":") if scheme == "Basic" else ("", "", "")
        with self.lock:
            left = self.tokens.get(token)
            if username != USERNAME or left is None:
                return 403, BAD_TOKEN
            if left == 0:
                return 403, EXPIRED
            self.tokens[token] = left - 1
        return 200, "OK"

    def take(self, upload: Upload) -> tuple[int, str]:
        """Store a file by the rules of PyPI; return status and reason."""
        form, name, sha256 = upload.form, upload.name, upload.sha256
        project = canonicalize_name(form.get("name", ""))
        if form.get(":action") != "file_upload" or not re.fullmatch(r"[\w.+!-]+", name) or not project:
            return 400, "Invalid upload."
        if form.get("sha256_digest") != sha256:
            return 400, "The digest supplied does not match a digest calculated from the uploaded file."
        with self.lock:
            there = self.files.get(name)
            if there:
                same = there.sha256 == sha256
                return (200, "OK") if same else (400, EXISTS.format(name=name, sha256=there.sha256))
            if name in self.gone:
                return 400, USED
            if (project, form["version"]) in self.script.closed:
                return 400, CLOSED.format(project=project, version=form["version"])
            (self.folder / name).write_bytes(upload.content)
            self.files[name] = Stored(project, sha256, len(upload.content), self.script.lag)
        self.note("stored.log", f"{name} {sha256}")
        return 200, "OK"

    def fault(self, name: str) -> Fault | None:
        """Return what goes wrong with the next upload."""
        with self.lock:
            return next((fault for fault in self.script.faults if fault.strikes(name)), None)

    def page(self, project: str) -> list[tuple[str, Stored]] | None:
        """Return what the project's page shows now, None where there is no page."""
        with self.lock:
            mine = [(name, file) for name, file in self.files.items() if file.project == project]
            seen = [(name, file) for name, file in mine if not file.lag]
            for _, file in mine:
                file.lag = max(0, file.lag - 1)
        return sorted(seen) or None

    def digests(self, name: str, file: Stored) -> dict[str, str]:
        """Return what the page shows of a file's bytes."""
        algorithm = self.script.algorithm
        if algorithm in ("", "sha256"):
            return {"sha256": file.sha256} if algorithm else {}
        return {algorithm: hashlib.new(algorithm, (self.folder / name).read_bytes()).hexdigest()}

    def mint(self) -> str:
        """Return a new upload token."""
        token = f"pypi-minted-{secrets.token_hex(16)}"
        self.tokens[token] = self.script.token_uploads
        return token


def read_log(folder: Path) -> list[tuple[str, str]]:
    """Return name and sha256 of every file that the package index of a folder ever stored, in order."""
    log = folder / "stored.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [(name, sha256) for name, sha256 in map(str.split, lines)]


def parse_form(kind: str, body: bytes) -> Upload:
    """Read a form as twine sends it; the file's bytes stay as they are."""
    boundary = b"\r\n--" + kind.partition("boundary=")[2].strip('"').encode()
    form, name, file = dict[str, str](), "", b""
    for part in (b"\r\n" + body).split(boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        attributes = dict(re.findall(r'\b(name|filename)="([^"]*)"', head.decode()))
        if attributes["name"] == "content":
            name, file = attributes["filename"], content
        else:
            form[attributes["name"]] = content.decode()
    return Upload(form, name, file)


class Handler(BaseHTTPRequestHandler):
    """Answers for a package index."""

    protocol_version = "HTTP/1.1"

    def __init__(self, index: Index, *args: object) -> None:
        self.index = index
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer a page, a file, or a question of trusted publishing."""
        parts = urlsplit(self.path)
        folder, _, rest = parts.path.strip("/").partition("/")
        if parts.path == "/_/oidc/audience":
            self.answer(200, json.dumps({"audience": "pypi"}), "application/json")
        elif parts.path == "/oidc-token":
            claims = base64.urlsafe_b64encode(b'{"aud": "pypi"}').decode().rstrip("=")
            self.answer(200, json.dumps({"value": f"e30.{claims}.x"}), "application/json")
        elif folder == "simple" and self.index.script.page_status != 200:
            self.answer(self.index.script.page_status, "No page today", TEXT)
        elif folder == "simple" and rest:
            self.answer_page(rest)
        elif folder == "simple":
            projects = sorted({file.project for file in self.index.files.values()})
            self.answer_simple([(f"{name}/", {"name": name}) for name in projects], {"projects": "name"})
        elif folder == "files" and rest in self.index.files:
            self.answer(200, (self.index.folder / unquote(rest)).read_bytes(), "application/octet-stream")
        else:
            self.answer(404, "Not Found", TEXT)

    def answer_page(self, project: str) -> None:
        """Answer a project's page."""
        files = self.index.page(project)
        if files is None:
            self.answer(404, "Not Found", TEXT)
            return
        rows = []
        for name, file in files:
            url = f"../../files/{name}"
            hashes = self.index.digests(name, file)
            row = {"filename": name, "url": url, "hashes": hashes, "size": file.size}
            if file.uploaded:
                row["upload-time"] = file.uploaded
            rows.append((f"{url}#{'&'.join(map('='.join, hashes.items()))}", row))
        self.answer_simple(rows, {"files": "filename"}, name=project)

    def answer_simple(self, rows: list[tuple[str, dict[str, object]]], kind: dict[str, str], **more: str) -> None:
        """Answer links as JSON to those who ask for it (PEP 691), else as HTML (PEP 503)."""
        ((key, label),) = kind.items()
        if JSON in self.headers.get("Accept", ""):
            page = {"meta": {"api-version": "1.1"}, **more, key: [row for _, row in rows]}
            self.answer(200, json.dumps(page), JSON)
            return
        links = "".join(f'<a href="{html.escape(url)}">{html.escape(str(row[label]))}</a><br>\n' for url, row in rows)
        self.answer(200, f"<!DOCTYPE html><html><body>\n{links}</body></html>", HTML)

    def do_POST(self) -> None:
        """Accept an upload, or exchange an identity for a token."""
        if self.path == "/_/oidc/mint-token":
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(200, json.dumps({"success": True, "token": self.index.mint()}), "application/json")
            return
        if self.path != UPLOAD:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(404, "Not Found", TEXT)
            return
        left, body = int(self.headers["Content-Length"]), b""
        fault: Fault | None = None
        name = ""
        while left:
            block = self.rfile.read(min(BLOCK, left))
            if not block:  # the client has gone
                self.close_connection = True
                return
            body, left = body + block, left - len(block)
            if not name and (match := re.search(rb'filename="([^"]+)"', body)):
                name = match[1].decode()
                fault = self.index.fault(name)
                if fault and fault.cuts:
                    self.index.note("requests.log", f"POST {name} 0")
                    self.reset()
                    return
        self.answer_upload(parse_form(self.headers["Content-Type"], body), fault)

    def answer_upload(self, upload: Upload, fault: Fault | None) -> None:
        """Store an upload, and answer so unless a fault is due."""
        status, reason = self.index.authorize(self.headers.get("Authorization", ""))
        if status == 200 and (fault is None or fault.stores):
            status, reason = self.index.take(upload)
        if fault:
            status, reason = fault.status, fault.reason
        self.index.note("requests.log", f"POST {upload.name} {status}")
        if fault and fault.until:
            fault.until.wait(programs.STUCK)
        if status:
            body = fault.body if fault and fault.body else f"<html><title>{status} {reason}</title></html>"
            self.answer(status, body, HTML, reason, fault.headers if fault else {})
        else:
            with suppress(OSError):
                self.rfile.read(1)  # until the client goes away
            self.close_connection = True

    def do_CONNECT(self) -> None:
        """Be the host that the client asks the proxy for."""
        self.send_response(200)
        self.end_headers()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.index.folder / "ca.pem")
        self.request = context.wrap_socket(self.connection, server_side=True)
        self.setup()
        self.close_connection = False

    def finish(self) -> None:
        """Close what `do_CONNECT` has opened."""
        super().finish()
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.close()

    def answer(
        self, status: int, body: str | bytes, kind: str, reason: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send an answer."""
        if self.command == "GET":
            self.index.note("requests.log", f"GET {self.path} {status}")
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status, reason or None)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def reset(self) -> None:
        """Close the connection with RST: linger on, for no time."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""


class Server(ThreadingHTTPServer):
    """Serves until the last connection is closed."""

    daemon_threads = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing about clients that went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def running(folder: Path) -> Iterator[Index]:
    """Run a package index in a thread, with its files and logs in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requests.log").touch()
    index = Index(folder, 0)
    with Server((servers.HOST, 0), partial(Handler, index)) as server:
        index.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()


def main(port: int, folder: Path) -> None:
    """Serve until the process is ended."""
    with Server((servers.HOST, port), partial(Handler, Index(folder, port))) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
