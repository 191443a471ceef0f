"""Servers that stand in front of another one, and translate what goes through."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


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
