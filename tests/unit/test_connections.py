"""Answers that are cut off: wherever it happens, no client of ours takes the rest for the whole."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
from programs import STUCK
from requests.adapters import BaseAdapter

from wheelhouse_tasks.connections import Adapter
from wheelhouse_tasks.sources.session import Session
from wheelhouse_tasks.storage.transport import Transport

Ours = Callable[[], BaseAdapter]

BODY = b"all of it"
ANSWER = b"HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 9\r\nConnection: keep-alive\r\n\r\n" + BODY
UNTIL_THE_END = b"HTTP/1.1 200 OK\r\nDate: today\r\n\r\n" + BODY
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nall of it\r\n0\r\n\r\n"
BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
CONTINUED = b"HTTP/1.1 100 Continue\r\nDate: today\r\n\r\n" + ANSWER


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Answer every connection with some bytes, and close it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    while not connection.recv(65536).endswith(b"\r\n\r\n"):
                        pass
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def ask(url: str, *, proxy: bool = False, method: str = "GET", ours: Ours = Adapter) -> requests.Response:
    """Send a request as our transports do, to the server or to what is named as a proxy."""
    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", ours())
        if proxy:
            session.proxies = {"http": url}
        return session.request(method, "http://wheelhouse.invalid/" if proxy else url, timeout=STUCK)


@pytest.mark.parametrize(
    "ours", [lambda: Transport(STUCK), lambda: Session().get_adapter("http://")], ids=["container", "source"]
)
@pytest.mark.parametrize("proxy", [False, True], ids=["", "through a proxy"])
@pytest.mark.parametrize("answer", [ANSWER, CHUNKED, CONTINUED], ids=["length", "chunked", "after a 100"])
def test_no_part_of_an_answer_passes_for_all_of_it(answer: bytes, proxy: bool, ours: Ours) -> None:
    """An answer that is cut off anywhere is an error of the connection, as long as anything of its body is missing."""
    end = answer.index(BODY) + len(BODY) + (len(b"\r\n0") if answer is CHUNKED else 0)
    for length in range(end):
        with answering(answer[:length]) as url, pytest.raises(BROKEN):
            ask(url, proxy=proxy, ours=ours)
    for length in range(end, len(answer) + 1):
        with answering(answer[:length]) as url:
            assert ask(url, proxy=proxy, ours=ours).content == BODY


def test_headers_of_an_answer_without_a_body() -> None:
    """An answer to HEAD is cut off, too, where its headers do not end."""
    headers = ANSWER.removesuffix(BODY)
    with answering(headers) as url:
        assert ask(url, method="HEAD").headers["Content-Length"] == "9"
    for length in range(len(headers)):
        with answering(headers[:length]) as url, pytest.raises(requests.ConnectionError):
            ask(url, method="HEAD")


def test_answer_that_ends_with_its_connection() -> None:
    """A server of old that gives no length is understood, once its headers are whole."""
    with answering(UNTIL_THE_END) as url:
        assert ask(url).content == BODY
    for length in range(UNTIL_THE_END.index(BODY)):
        with answering(UNTIL_THE_END[:length]) as url, pytest.raises(requests.ConnectionError):
            ask(url)
