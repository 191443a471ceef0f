"""Real servers for the tests: each on free ports of 127.0.0.1, ended with the block that started it."""

import getpass
import http.client
import itertools
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlencode

import programs
import pytest

HOST = "127.0.0.1"
READY_SECONDS = programs.STUCK
STARTS = 3
#: Read before the tests hide it from what they run.
CI = os.environ.get("CI", "")
#: Where .ci/install puts what comes from no package of the system.
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wheelhouse-tasks"
AZURITE = CACHE / "azurite-3.35.0/node_modules/azurite/dist/src/blob/main.js"
SWIFT = CACHE / "swift-2.38.3/bin"
#: The newest setuptools, and the last that still knows `setup.py --dry-run`.
SETUPTOOLS, OLD_SETUPTOOLS = "setuptools-84.2.1", "setuptools-80.9.0"
OLD_PIPS = ("pip-20.2.4", "pip-22.2", "pip-24.3")
#: Every Azurite has this account.
AZURE_ACCOUNT = "devstoreaccount1"
AZURE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
#: Who uploads to the index of scripted_index.py.
INDEX_USERNAME, INDEX_PASSWORD = "__token__", "hush-hush-5ecret-of-the-index"

T = TypeVar("T")


@dataclass(frozen=True)
class S3Server:
    """An S3 server, and a user who may do everything."""

    host: str
    port: int
    key: str
    secret: str

    @property
    def url(self) -> str:
        """The address below which the buckets are."""
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class SeaweedFS(S3Server):
    """An S3 server that anybody may read from, with a user who may do no more than that."""

    filer_port: int
    read_key: str
    read_secret: str


@dataclass(frozen=True)
class Ceph(S3Server):
    """An S3 server that speaks Swift too, with the same secret."""

    swift_user: str


@dataclass(frozen=True)
class SwiftServer(S3Server):
    """A server of OpenStack's Swift API, version 1 of whose authentication is at `/auth/v1.0`, and of S3."""

    folder: Path
    #: A user who may nothing.
    other_key: str
    other_secret: str


@dataclass(frozen=True)
class AzureServer:
    """A server of Azure blobs, and its one account."""

    host: str
    port: int
    account: str
    key: str

    @property
    def url(self) -> str:
        """The address below which the containers are."""
        return f"http://{self.host}:{self.port}/{self.account}"


@dataclass(frozen=True)
class PackageIndex:
    """A package index that accepts uploads."""

    upload_url: str
    simple_url: str
    username: str
    password: str


@dataclass(frozen=True)
class WebServer:
    """A web server over a folder; neither the address nor a path of it ends in a slash."""

    url: str
    root: Path


@dataclass(frozen=True)
class Nginx(WebServer):
    """A web server that logs lines like `GET /path 200`."""

    access_log: Path


@dataclass(frozen=True)
class StaticServer(WebServer):
    """A web server that records requests like `GET /path`."""

    requests: list[str]


@dataclass(frozen=True)
class FaultProxy:
    """A proxy in front of a server that breaks connections, as faultproxy.py describes."""

    port: int
    control: int

    @property
    def url(self) -> str:
        """The address that stands for the server's."""
        return f"http://{HOST}:{self.port}"

    def set(self, mode: str = "ok", **numbers: int) -> None:
        """Rule all new connections and count from zero."""
        self._ask("/set?" + urlencode({"mode": mode, **numbers}))

    def stats(self) -> dict[str, int]:
        """Return how many connections came, how many of them broke and how many are open."""
        return self._ask("/stats")

    def close_all(self) -> None:
        """Reset all open connections."""
        self._ask("/closeall")

    def _ask(self, path: str) -> dict[str, int]:
        status, body = _ask(self.control, "GET", path)
        assert status == 200, body
        stats: dict[str, int] = json.loads(body)
        return stats


@dataclass(frozen=True)
class CountingProxy:
    """A proxy in front of a server that notes every request."""

    port: int
    access_log: Path

    @contextmanager
    def requests(self) -> Iterator[list[str]]:
        """Yield a list that holds, once the block has ended, what it asked for: lines like `GET /path?query 200`."""
        lines: list[str] = []
        start = self._mark()
        yield lines
        end = self._mark()
        log = self.access_log.read_text()
        lines += log.partition(start)[2].partition(end)[0].splitlines()

    def _mark(self) -> str:
        """Return a line of the log that comes after all that was asked until now."""
        path = f"/-/ready/{uuid.uuid4()}"
        _ask(self.port, "GET", path)
        line = f"GET {path} 204\n"
        while line not in self.access_log.read_text():
            time.sleep(0.01)
        return line


@dataclass(frozen=True)
class _Launch:
    """How a server starts in its folder: on so many free ports, the first of which answers as it is asked."""

    name: str
    folder: Path
    command: Callable[[list[int]], list[str]]
    ports: int = 1
    path: str = "/"
    env: Mapping[str, str] = field(default_factory=dict)
    grace: float = 5
    #: Takes the ports and tells whether the server is ready, in place of a request for the path.
    ready: Callable[[list[int]], bool] | None = None

    @property
    def log(self) -> Path:
        """Return the file of all that the server prints."""
        return self.folder / f"{self.name}.log"

    def error(self, reason: str) -> "ServerError":
        """Word a failure, with the end of the log."""
        return ServerError(self.name, reason, "\n".join(self.log.read_text(errors="replace").splitlines()[-20:]))


class ServerError(Exception):
    """A server that cannot start."""

    def __init__(self, name: str, reason: str, log: str = "") -> None:
        super().__init__(name, reason, log)
        self.name = name
        self.reason = reason
        self.log = log

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}\n{self.log}".rstrip()


def in_ci() -> bool:
    """Return whether a program that the machine lacks is a failure."""
    return CI.lower() not in {"", "0", "false", "no"}


@contextmanager
def or_skip(server: AbstractContextManager[T]) -> Iterator[T]:
    """Enter a server; where it cannot start, fail in CI, unless TESTS_WITHOUT names it, and skip the test elsewhere."""
    with ExitStack() as stack:
        try:
            started = stack.enter_context(server)
        except ServerError as error:
            without = error.name in os.environ.get("TESTS_WITHOUT", "").split()
            if in_ci() and not without:
                raise
            pytest.skip(f"{error.name}: {error.reason}{', left out by TESTS_WITHOUT' * without}")
        yield started


@contextmanager
def cached(name: str) -> Iterator[Path]:
    """Yield the folder of a Python package that .ci/install has put into the cache, ready for sys.path."""
    folder = CACHE / "installers" / name
    if not folder.is_dir():
        raise ServerError(name, f"no such folder: {folder} (see .ci/install)")
    yield folder


@contextmanager
def seaweedfs(folder: Path) -> Iterator[SeaweedFS]:
    """Run SeaweedFS as an S3 server as strict as the big ones: no bucket comes or goes by itself."""
    key, secret, read_key, read_secret = "fullkey", "full-secret", "readkey", "read-secret"
    identities = [
        _identity("full", key, secret, ["Admin", "Read", "Write", "List", "Tagging"]),
        _identity("reader", read_key, read_secret, ["Read", "List"]),
        {"name": "anonymous", "actions": ["Read"]},
    ]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    (folder / "volumes").mkdir(exist_ok=True)

    tried: list[int] = []

    def command(ports: list[int]) -> list[str]:
        tried.extend(ports)
        services = ["s3", "filer", "master", "volume"]
        names = [f"{service}.port{kind}" for kind in ("", ".grpc") for service in services]
        return [
            *(_program("weed"), "-logtostderr=true", "server", "-filer", "-s3"),
            *(f"-{name}={port}" for name, port in zip(names, ports, strict=True)),
            *(f"-ip={HOST}", f"-ip.bind={HOST}", "-dir=volumes", "-s3.config=s3.json"),
            *("-filer.localSocket=filer.sock", "-s3.localSocket=s3.sock"),
            # its own defaults: statistics go out, buckets come by being used and go though full
            *(
                "-master.peers=none",
                "-master.telemetry=false",
                "-s3.autoCreateBucket=false",
                "-s3.allowDeleteBucketNotEmpty=false",
            ),
            *("-s3.iam=false", "-s3.port.iceberg=0", "-volume.preStopSeconds=0"),
            # each bucket takes volumes of its own: small ones, as many as wanted
            *("-master.volumeSizeLimitMB=64", "-volume.max=0"),
        ]

    def stores(ports: list[int]) -> bool:
        # its parts find each other one after the other: a file is kept when all have
        answers = _ask(ports[0], "GET", "/status")[0] < 500
        return answers and _ask(ports[1], "PUT", "/ready", b"ready")[0] == 201

    env = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
    try:
        # asked to end, it takes ten seconds
        with _serving(_Launch("weed", folder, command, 8, env=env, grace=1, ready=stores)) as ports:
            yield SeaweedFS(HOST, ports[0], key, secret, ports[1], read_key, read_secret)
    finally:
        for port in tried:  # it puts these there whatever it is told
            for left in _sockets(port):
                left.unlink()


@contextmanager
def moto(folder: Path) -> Iterator[S3Server]:
    """Run moto, which keeps S3 buckets in memory and believes any key."""

    def command(ports: list[int]) -> list[str]:
        return [_program("moto_server"), "-H", HOST, "-p", str(ports[0])]

    with _serving(_Launch("moto_server", folder, command, path="/moto-api/")) as ports:
        yield S3Server(HOST, ports[0], "any-key", "any-secret")


def _identity(name: str, key: str, secret: str, actions: list[str]) -> dict[str, Any]:
    """Make one user of the S3 server."""
    return {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}


CEPH_CONF = """
[global]
fsid = {fsid}
monmap = {folder}/monmap
ms_bind_msgr2 = false
public_addr = {host}
cluster_addr = {host}
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_allow_insecure_global_id_reclaim = true
run_dir = {folder}/run
crash_dir = {folder}/run
log_file = {folder}/$name.log
err_to_stderr = true
admin_socket = {folder}/run/$name.$pid.asok
pid_file =
mon_data = {folder}/mon
mon_data_avail_crit = 1
mon_data_avail_warn = 1
mon_osd_full_ratio = .99
mon_max_pg_per_osd = 1000
mon_allow_pool_size_one = true
osd_data = {folder}/osd
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_crush_chooseleaf_type = 0
osd_failsafe_full_ratio = .995
osd_op_queue = wpq
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
rgw_thread_pool_size = 32
"""


@contextmanager
def ceph(folder: Path) -> Iterator[Ceph]:
    """Run a Ceph Object Gateway, with a monitor and with one disk that is memory: nobody may read without a key."""
    key, secret, fsid = "cephkey", "ceph-secret", str(uuid.uuid4())
    conf = folder / "ceph.conf"
    (folder / "run").mkdir()
    # who asks the monitor for configuration forgets the fsid, and now and then is refused for it ("wrong fsid")
    common = ["-c", str(conf), "--no-mon-config"]

    def administer(program: str, *words: str | Path, timeout: float = READY_SECONDS) -> str:
        argv: list[str | Path] = [_program(program), *common, *words]
        for _ in range(STARTS):
            try:
                done = programs.run(*argv, env=_environment(folder), timeout=timeout)
            except subprocess.TimeoutExpired:
                raise ServerError(program, f"no answer within {timeout} s") from None
            if done.returncode == 0:
                return done.stdout
            if "EPERM" not in done.stderr:  # the same refusal, from which nothing saves `ceph`
                break
        raise ServerError(program, f"ended with {done.returncode} while Ceph was set up", done.stderr)

    def monitor(ports: list[int]) -> list[str]:
        shutil.rmtree(folder / "mon", ignore_errors=True)
        (folder / "mon").mkdir()
        conf.write_text(CEPH_CONF.format(fsid=fsid, host=HOST, folder=folder))
        fresh: list[str | Path] = ["--create", "--clobber", "--fsid", fsid, folder / "monmap"]
        programs.run(_program("monmaptool"), "--addv", "a", f"[v1:{HOST}:{ports[0]}]", *fresh, check=True)
        administer("ceph-mon", "-i", "a", "--mkfs", "--monmap", folder / "monmap")
        return [_program("ceph-mon"), *common, "-i", "a", "-f"]

    def disk(ports: list[int]) -> list[str]:
        assert not ports, "it takes the first free ones of its own range"
        osd = str(uuid.uuid4())
        (folder / "osd").mkdir()
        administer("ceph", "osd", "new", osd)
        administer("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        return [_program("ceph-osd"), *common, "-i", "0", "-f"]

    def gateway(ports: list[int]) -> list[str]:
        listen = f"--rgw_frontends=beast endpoint={HOST}:{ports[0]}"
        return [_program("radosgw"), *common, "-n", "client.rgw", "-f", listen]

    with ExitStack() as stack:
        stack.enter_context(_serving(_Launch("ceph-mon", folder, monitor, grace=1, ready=_speaks_ceph)))
        up = partial(_says, "1 up", partial(administer, "ceph", "osd", "stat"))
        stack.enter_context(_serving(_Launch("ceph-osd", folder, disk, 0, grace=1, ready=up)))
        user = ["--uid=full", "--display-name=full", f"--access-key={key}", f"--secret-key={secret}"]
        administer("radosgw-admin", "user", "create", *user)
        swift = ["--uid=full", "--subuser=full:swift", "--access=full", "--key-type=swift", f"--secret={secret}"]
        administer("radosgw-admin", "subuser", "create", *swift)
        ports = stack.enter_context(_serving(_Launch("radosgw", folder, gateway, grace=1)))
        yield Ceph(HOST, ports[0], key, secret, "full:swift")


def _speaks_ceph(ports: list[int]) -> bool:
    """Return whether a server greets as those of Ceph do."""
    with socket.create_connection((HOST, ports[0]), timeout=1) as connection:
        return connection.recv(4) == b"ceph"


def _says(text: str, ask: Callable[[], str], ports: list[int]) -> bool:
    """Return whether an answer about a server without ports contains a text."""
    assert not ports
    return text in ask()


@contextmanager
def azurite(folder: Path) -> Iterator[AzureServer]:
    """Run Azurite, the blobs alone: nobody may read without the key, but from containers that are made public."""
    node = _program("node")
    if not AZURITE.is_file():
        raise ServerError("azurite", f"no such file: {AZURITE} (see .ci/install)")

    def command(ports: list[int]) -> list[str]:
        return [
            *(node, str(AZURITE), f"--blobHost={HOST}", f"--blobPort={ports[0]}", f"--location={folder}"),
            # its own default: statistics go out
            *("--silent", "--disableTelemetry", "--skipApiVersionCheck", "--disableProductStyleUrl"),
        ]

    with _serving(_Launch("azurite", folder, command, grace=1)) as ports:
        yield AzureServer(HOST, ports[0], AZURE_ACCOUNT, AZURE_KEY)


SWIFT_CONF = """
[swift-hash]
swift_hash_path_prefix = test
swift_hash_path_suffix = test
[storage-policy:0]
name = Policy-0
default = yes
[swift-constraints]
container_listing_limit = 1000
"""
SWIFT_SERVER = """
[DEFAULT]
bind_ip = {host}
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
log_address = {folder}/no-syslog
recon_cache_path = {folder}/cache
[pipeline:main]
pipeline = {pipeline}
"""
SWIFT_STORAGE = """
[app:{name}-server]
use = egg:swift#{name}
"""
SWIFT_RING = """
import sys
from swift.common.ring import RingBuilder
path, host, port = sys.argv[1:]
builder = RingBuilder(1, 1, 1)
builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": host, "port": int(port), "device": "d1", "weight": 1})
builder.rebalance()
builder.get_ring().save(path)
"""
SWIFT_FILTERS = (
    *("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk", "tempurl", "s3api", "tempauth"),
    # answers a folder with its index.html
    "staticweb",
)
# with a key of its own tempauth gives tokens without memcached
SWIFT_PROXY = """
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
user_test_other = {other}
fernet_key_1 = MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
active_fernet_key_id = 1
"""


@contextmanager
def swift(folder: Path) -> Iterator[SwiftServer]:
    """Run OpenStack Swift: a proxy that knows its users and S3, and one server for each kind of thing."""
    if not SWIFT.is_dir():
        raise ServerError("swift", f"no such folder: {SWIFT} (see .ci/install)")
    secret, other, kinds = "testing-secret", "other-secret", ("account", "container", "object")
    for name in ("devices/d1", "cache"):
        (folder / name).mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT_CONF)

    def program(name: str) -> list[str]:
        return [str(SWIFT / "python"), str(SWIFT / name)]

    def configure(name: str, port: int, pipeline: str, rest: str) -> list[str]:
        conf = folder / f"{name}-server.conf"
        head = SWIFT_SERVER.format(host=HOST, port=port, folder=folder, user=getpass.getuser(), pipeline=pipeline)
        conf.write_text(head + rest)
        return [*program(f"swift-{name}-server"), str(conf)]

    def storage(name: str, ports: list[int]) -> list[str]:
        build = [str(SWIFT / "python"), "-c", SWIFT_RING, str(folder / f"{name}.ring.gz"), HOST, str(ports[0])]
        programs.run(*build, env=_environment(folder), check=True)
        return configure(name, ports[0], f"{name}-server", SWIFT_STORAGE.format(name=name))

    def proxy(ports: list[int]) -> list[str]:
        filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n" for name in SWIFT_FILTERS if name != "tempauth")
        rest = SWIFT_PROXY.format(secret=secret, other=other) + filters
        return configure("proxy", ports[0], " ".join((*SWIFT_FILTERS, "proxy-server")), rest)

    with ExitStack() as stack:
        for kind in kinds:
            launch = _Launch(f"swift-{kind}", folder, partial(storage, kind), grace=1, path="/recon/version")
            stack.enter_context(_serving(launch))
        ports = stack.enter_context(_serving(_Launch("swift-proxy", folder, proxy, grace=1, path="/healthcheck")))
        yield SwiftServer(HOST, ports[0], "test:tester", secret, folder, "test:other", other)


FILL_SWIFT = """
import sys, time
from pathlib import Path
from swift.common.utils import Timestamp
from swift.container.backend import ContainerBroker
folder, container = sys.argv[1:]
for path in Path(folder).glob("devices/d1/containers/**/*.db"):
    broker = ContainerBroker(str(path))
    if broker.get_info()["container"] == container:
        for name in sys.stdin.read().split():
            broker.put_object(name, Timestamp.now().internal, 1, "text/plain", "0" * 32)
        broker.get_info()
"""


def list_in_swift(server: SwiftServer, container: str, names: list[str]) -> None:
    """Let the listing of a container name objects that nobody stored, as if they had been."""
    argv = [str(SWIFT / "python"), "-c", FILL_SWIFT, str(server.folder), container]
    subprocess.run(argv, input="\n".join(names).encode(), check=True, timeout=READY_SECONDS)


@contextmanager
def pypiserver(folder: Path, *options: str) -> Iterator[PackageIndex]:
    """Run pypiserver: it answers 400 to a file it has, like the public index."""
    username, password = "uploader", "upload-password"
    packages = folder / "packages"
    packages.mkdir(exist_ok=True)
    (folder / "htpasswd").write_text(f"{username}:{password}\n")

    def command(ports: list[int]) -> list[str]:
        return [
            *(_program("pypi-server"), "run", f"--interface={HOST}", f"--port={ports[0]}"),
            *("--passwords=htpasswd", "--authenticate=update", "--disable-fallback", "--server=wsgiref", *options),
            str(packages),
        ]

    with _serving(_Launch("pypi-server", folder, command, path="/simple/")) as ports:
        url = f"http://{HOST}:{ports[0]}"
        yield PackageIndex(f"{url}/", f"{url}/simple/", username, password)


@contextmanager
def devpi(folder: Path) -> Iterator[PackageIndex]:
    """Run devpi with one index: it answers 409 to another content of a file it has."""
    username, password = "uploader", "upload-password"
    state = folder / "state"
    if not state.exists():
        init: list[str | Path] = [
            _program("devpi-init"),
            "--serverdir",
            state,
            "--no-root-pypi",
            "--root-passwd=root-password",
        ]
        programs.run(*init, env=_environment(folder), check=True)

    def command(ports: list[int]) -> list[str]:
        return [
            *(_program("devpi-server"), f"--serverdir={state}", f"--host={HOST}", f"--port={ports[0]}"),
            *("--offline-mode", "--request-timeout=5"),
            # cheap hashing of passwords, else each login takes a second
            *("--argon2-memory=64", "--argon2-time-cost=1", "--argon2-parallelism=1"),
        ]

    with _serving(_Launch("devpi-server", folder, command, path="/+api")) as ports:
        url = f"http://{HOST}:{ports[0]}/{username}"
        _create_devpi_index(ports[0], username, password)
        yield PackageIndex(f"{url}/dev/", f"{url}/dev/+simple/", username, password)


def _create_devpi_index(port: int, username: str, password: str) -> None:
    """Create the user and the index `dev`, unless they are there."""

    def call(method: str, path: str, body: dict[str, Any], headers: Mapping[str, str]) -> Any:
        send = json.dumps(body).encode()
        status, answer = _ask(port, method, path, send, {"Content-Type": "application/json", **headers})
        assert status in {200, 201, 409}, answer
        return json.loads(answer)

    call("PUT", f"/{username}", {"password": password, "email": "uploader@example.invalid"}, {})
    login = call("POST", "/+login", {"user": username, "password": password}, {})
    token = b64encode(f"{username}:{login['result']['password']}".encode()).decode()
    index = {"type": "stage", "bases": [], "volatile": False, "acl_upload": [username]}
    call("PUT", f"/{username}/dev", index, {"X-Devpi-Auth": token})


NGINX_CONF = """
daemon off; master_process off; pid nginx.pid;
events {{ worker_connections 256; }}
http {{
  types {{ text/html html; application/json json; text/css css; }}
  default_type application/octet-stream;
  log_format short '$request_method $request_uri $status';
  access_log access.log short;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen {host}:{port};
    absolute_redirect off;
    root "{root}";
    index index.html;
    add_header Cache-Control no-cache;
    location = /-/ready {{ access_log off; return 204; }}
    location ^~ /auto/ {{ alias "{root}/"; autoindex on; }}
    location ~ ^/(.*/)?simple-json/ {{ types {{ }} default_type application/vnd.pypi.simple.v1+json; }}
    {s3}
  }}
}}
"""
NGINX_S3 = """
    location ^~ /s3/ {{
      rewrite ^/s3/(.*/)$ /$1index.html break;
      rewrite ^/s3/(.*)$ /$1 break;
      proxy_pass http://{host}:{port};
      proxy_intercept_errors on;
      error_page 403 =404 @missing;
    }}
    location @missing {{ return 404; }}
"""


@contextmanager
def nginx(root: Path, s3_port: int | None = None, more: str = "") -> Iterator[Nginx]:
    """Run nginx: `root` at `/`, listed below `/auto/`; buckets below `/s3/` with pages for folders; *more* lines."""
    s3 = (NGINX_S3.format(host=HOST, port=s3_port) if s3_port else "") + more
    with TemporaryDirectory(prefix="nginx-") as temporary:
        folder = Path(temporary)

        def command(ports: list[int]) -> list[str]:
            conf = NGINX_CONF.format(host=HOST, port=ports[0], root=root, s3=s3)
            (folder / "nginx.conf").write_text(conf)
            return [_program("nginx"), "-p", str(folder), "-e", "stderr", "-c", "nginx.conf"]

        with _serving(_Launch("nginx", folder, command, path="/-/ready")) as ports:
            yield Nginx(f"http://{HOST}:{ports[0]}", root, folder / "access.log")


COUNTING_CONF = """
daemon off; master_process off; pid nginx.pid;
events {{ worker_connections 256; }}
http {{
  log_format short '$request_method $request_uri $status';
  access_log access.log short;
  client_body_temp_path body; proxy_temp_path proxy;
  fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  client_max_body_size 0;
  upstream server {{ server {host}:{target}; keepalive 16; }}
  server {{
    listen {host}:{port};
    location /-/ready {{ return 204; }}
    location / {{
      proxy_pass http://server;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }}
  }}
}}
"""


@contextmanager
def counting(target: int) -> Iterator[CountingProxy]:
    """Run nginx in front of a server of this machine, whose every request it notes; signatures stay valid."""
    with TemporaryDirectory(prefix="counting-") as temporary:
        folder = Path(temporary)

        def command(ports: list[int]) -> list[str]:
            (folder / "nginx.conf").write_text(COUNTING_CONF.format(host=HOST, port=ports[0], target=target))
            return [_program("nginx"), "-p", str(folder), "-e", "stderr", "-c", "nginx.conf"]

        with _serving(_Launch("nginx", folder, command, path="/-/ready")) as ports:
            yield CountingProxy(ports[0], folder / "access.log")


@contextmanager
def static(root: Path) -> Iterator[StaticServer]:
    """Serve a folder from a thread of the test."""
    requests: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def send_head(self) -> Any:
            requests.append(f"{self.command} {self.path}")
            return super().send_head()

        def log_message(self, *args: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer((HOST, 0), partial(Handler, directory=str(root))) as server:
        thread = Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield StaticServer(f"http://{HOST}:{server.server_port}", root, requests)
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def scripted_index(folder: Path) -> Iterator[PackageIndex]:
    """Run a package index with the rules of PyPI (scripted_index.py) in a process of its own."""
    script = Path(__file__).with_name("scripted_index.py")

    def command(ports: list[int]) -> list[str]:
        return [sys.executable, str(script), str(ports[0]), str(folder)]

    with _serving(_Launch("scripted-index", folder, command, path="/simple/")) as ports:
        url = f"http://{HOST}:{ports[0]}"
        yield PackageIndex(f"{url}/legacy/", f"{url}/simple/", INDEX_USERNAME, INDEX_PASSWORD)


@contextmanager
def faultproxy(target_port: int) -> Iterator[FaultProxy]:
    """Run a proxy in front of a server of this machine that breaks connections on request."""
    script = Path(__file__).with_name("faultproxy.py")
    with TemporaryDirectory(prefix="faultproxy-") as folder:

        def command(ports: list[int]) -> list[str]:
            return [sys.executable, str(script), *map(str, ports), str(target_port)]

        with _serving(_Launch("faultproxy", Path(folder), command, 2, "/stats")) as ports:
            yield FaultProxy(port=ports[1], control=ports[0])


@contextmanager
def silent() -> Iterator[int]:
    """Listen on a port and never answer: the system accepts, nobody reads."""
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        yield port


def closed_port() -> int:
    """Return a port on which nobody listens."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return so many different ports that were free a moment ago.

    They are of this worker alone, and below those that the system gives away by itself: a server that finds its port
    taken may leave us with another worker's server, which is ready too. Another run, which may have a network of its
    own, still has the sockets of its SeaweedFS in the same folder, called by their ports.
    """
    ports: list[int] = []
    for port in itertools.islice(PORTS, len(OF_THIS_WORKER) if count else 0):
        with suppress(OSError), socket.create_server((HOST, port)):
            if not _sockets(port):
                ports.append(port)
        if len(ports) == count:
            break
    return ports


def _sockets(port: int) -> list[Path]:
    """Return the files that SeaweedFS makes for a port, in whatever folder."""
    return list(Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock"))  # noqa: S108


#: The system gives away ports from 32768 on, where nobody changed that.
LOWEST_PORT, HIGHEST_PORT, WORKERS = 12000, 32000, 20
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
OF_THIS_WORKER = range(LOWEST_PORT + WORKER, HIGHEST_PORT, WORKERS)
PORTS = itertools.cycle(OF_THIS_WORKER)
for _ in range(secrets.randbelow(len(OF_THIS_WORKER))):
    next(PORTS)


@contextmanager
def _serving(launch: _Launch) -> Iterator[list[int]]:
    """Run a server until the block ends; start it on other ports if one was taken meanwhile."""
    for start in range(1, STARTS + 1):
        ports = free_ports(launch.ports)
        with ExitStack() as stack:
            try:
                stack.enter_context(_process(launch, ports))
            except ServerError as error:
                if start < STARTS and "in use" in error.log:
                    continue
                raise
            yield ports
            return


@contextmanager
def _process(launch: _Launch, ports: list[int]) -> Iterator[None]:
    """Run one process in a session of its own, from when it is ready until the block ends."""
    setpriv = programs.find("setpriv")  # on Linux, ends it even if the tests are killed
    guard = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    argv = [*guard, *launch.command(ports)]
    with launch.log.open("wb") as log:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=launch.folder,
            env=_environment(launch.folder) | dict(launch.env),
            start_new_session=True,
        )
    try:
        _wait_until_ready(launch, process, ports)
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(launch.grace)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(launch: _Launch, process: subprocess.Popen[bytes], ports: list[int]) -> None:
    """Return when the server is ready: by its own word, or when it answers HTTP with anything but a server error."""
    ready = launch.ready or (lambda ports: _ask(ports[0], "GET", launch.path)[0] < 500)
    end = time.monotonic() + READY_SECONDS
    while process.poll() is None:
        if time.monotonic() > end:
            raise launch.error(f"not ready after {READY_SECONDS} s")
        with suppress(OSError, http.client.HTTPException):
            if ready(ports) and process.poll() is None:
                return
        time.sleep(0.05)
    raise launch.error(f"ended with {process.returncode} before it was ready")


@contextmanager
def program(name: str) -> Iterator[str]:
    """Find a program that a test starts itself; its path is the value."""
    yield _program(name)


def _program(name: str) -> str:
    """Return the path of a server's program."""
    path = programs.find(name)
    if path is None:
        raise ServerError(name, "no such program (see .ci/install and the extra `dev`)")
    return path


def _environment(folder: Path) -> dict[str, str]:
    """Return all that a server gets to see of this machine."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}


def _ask(
    port: int, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Send one HTTP request, past any proxy of the machine."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=programs.STUCK)) as connection:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
