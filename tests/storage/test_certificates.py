"""Servers with certificates of one's own: storage, and index pages."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import servers
import wheels
from outcomes import failed
from projects import MOUNT, inv, s3_env
from scripted import scripted
from stores import s3_container

from wheelhouse_tasks.storage.opening import open_store

REQUEST_OF_THE_PROJECT = """
from invoke import task

@task
def ask(context, port):
    import requests

    requests.get(f"https://127.0.0.1:{port}/", verify=False)

ns.add_task(ask)
"""


@contextmanager
def over_tls(port: int, certificate: Path) -> Iterator[int]:
    """Pass on to a server of this machine what comes over TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(65536):
                target.sendall(block)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve(raw: socket.socket) -> None:
        with (
            suppress(OSError),
            raw,
            context.wrap_socket(raw, server_side=True) as secure,
            socket.create_connection(("127.0.0.1", port)) as plain,
        ):
            back = threading.Thread(target=copy, args=(plain, secure))
            back.start()
            copy(secure, plain)
            back.join()

    def accept() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                raw, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(raw,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        main = threading.Thread(target=accept)
        main.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            main.join()  # which starts no other then
            for thread in threads:
                thread.join()


def test_storage_with_a_certificate_of_ones_own(
    project: Path, s3: servers.S3Server, bucket_name: str, certificate: Path
) -> None:
    """With ca_bundle a provider with such a certificate is trusted; else only --no-ssl-check goes on, and warns."""
    open_store(s3_container(s3, bucket_name)).create()
    with over_tls(s3.port, certificate) as port:
        env = s3_env(s3, bucket_name, WHEELHOUSE_PORT=str(port), WHEELHOUSE_SECURE="yes", WHEELHOUSE_RETRIES="0")
        failed(inv(project, "wheelhouse.upload", env=env), 1, "its TLS certificate is not trusted")
        done = inv(project, "wheelhouse.upload", "--no-ssl-check", env=env)
        assert done.returncode == 0, done.stderr
        assert "warning: TLS certificates are not checked in this run" in done.stdout
        assert "Warning" not in done.stderr
        done = inv(project, "wheelhouse.check", env={**env, "WHEELHOUSE_CA_BUNDLE": str(certificate)})
        assert done.returncode == 0, done.stderr
        failed(inv(project, "wheelhouse.check", env={**env, "WHEELHOUSE_CA_BUNDLE": "gone.pem"}), 2, "there is no file")


def test_warnings_stay_the_host_projects(
    project: Path, s3: servers.S3Server, bucket_name: str, certificate: Path
) -> None:
    """After an upload that checks no certificate and warns of none, the project is warned of its own as before."""
    open_store(s3_container(s3, bucket_name)).create()
    (project / "tasks.py").write_text(MOUNT + REQUEST_OF_THE_PROJECT)
    with over_tls(s3.port, certificate) as port:
        env = s3_env(s3, bucket_name, WHEELHOUSE_PORT=str(port), WHEELHOUSE_SECURE="yes", WHEELHOUSE_RETRIES="0")
        done = inv(project, "wheelhouse.upload", "--no-ssl-check", "ask", "--port", str(port), env=env)
    assert "1 file uploaded" in done.stdout
    assert done.returncode == 1
    assert "InsecureRequestWarning: Unverified HTTPS request is being made" in done.stderr


def test_index_with_a_certificate_of_ones_own(project: Path, certificate: Path) -> None:
    """The ca_bundle holds for index pages too, and is stronger than the variable of requests."""
    with scripted(certificate) as secure:
        content = wheels.make_wheel(project / "dist").read_bytes()
        (project / "dist/demo-1.0-py3-none-any.whl").unlink()
        secure.page("/", '<a href="demo-1.0-py3-none-any.whl">demo</a>')
        secure.answers["/demo-1.0-py3-none-any.whl"] = (200, {}, content)
        words = ("wheelhouse.fetch", "--index", secure.url)
        env = {"REQUESTS_CA_BUNDLE": "gone.pem", "WHEELHOUSE_CA_BUNDLE": str(certificate), "WHEELHOUSE_RETRIES": "0"}
        done = inv(project, *words, env=env)
        assert done.returncode == 0, done.stderr
        assert (project / "dist/demo-1.0-py3-none-any.whl").read_bytes() == content
