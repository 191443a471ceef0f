"""Stand between a client and a server on this machine, and break connections on request.

    faultproxy.py CONTROL_PORT LISTEN_PORT TARGET_PORT

A GET of `/set?mode=reset&after=1000&count=1` on the control port rules all new connections:

    ok         forward unchanged
    refuse     accept, then reset at once
    blackhole  accept and read, never answer; the target is not contacted
    hang       forward `after` bytes of the answer, then stay silent with the connection open
    cut        forward `after` bytes of the answer, then close: a truncated body
    reset      forward `after` bytes of the answer, then reset
    upreset    forward `after` bytes of the request, then reset
    slow       forward the answer at `rate` bytes per second
    delay      wait `ms` milliseconds before the first byte of the answer
    status     answer `code` without asking the target, with Retry-After if `retry` is given

`count=N` limits the fault to N connections, `skip=N` lets N connections through before.
A GET of `/stats` answers the counts since the last `/set`; `/closeall` resets what is open.
"""

import asyncio
import contextlib
import json
import socket
import struct
import sys
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

MODES = {"ok", "refuse", "blackhole", "hang", "cut", "reset", "upreset", "slow", "delay", "status"}
BLOCK = 65536


@dataclass
class Fault:
    """What happens to new connections."""

    mode: str = "ok"
    after: int = 0
    count: int = -1
    skip: int = 0
    ms: int = 0
    rate: int = 1000
    code: int = 503
    retry: int = 0

    @classmethod
    def from_query(cls, query: str) -> "Fault":
        """Read the fault from the query of a `/set` request."""
        values = dict(parse_qsl(query))
        mode = values.pop("mode", "ok")
        if mode not in MODES:
            raise ValueError(f"mode {mode!r}: expected one of {sorted(MODES)}")
        return cls(mode, **{key: int(value) for key, value in values.items()})

    def take(self) -> bool:
        """Return whether the next connection is to break, and count it."""
        if self.mode == "ok" or self.count == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.count -= 1
        return True


@dataclass
class Proxy:
    """The state that the listening and the control port share."""

    target: int
    fault: Fault = field(default_factory=Fault)
    connections: int = 0
    faulted: int = 0
    clients: set[StreamWriter] = field(default_factory=set)

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Treat one connection as the fault demands."""
        fault = self.fault
        broken = fault.take()
        self.connections += 1
        self.faulted += broken
        self.clients.add(writer)
        try:
            await treat(reader, writer, fault if broken else Fault(), self.target)
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two went away, which ends the connection
        finally:
            self.clients.discard(writer)
            writer.close()

    async def control(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer one request of the test; a senseless one gets no answer."""
        try:
            request = urlsplit((await reader.readuntil(b"\r\n\r\n")).split()[1].decode())
            if request.path == "/set":
                self.fault = Fault.from_query(request.query)
                self.connections = self.faulted = 0
            elif request.path == "/closeall":
                for client in self.clients:
                    reset(client)
            stats = {"connections": self.connections, "faulted": self.faulted, "open": len(self.clients)}
            writer.write(b"HTTP/1.0 200 OK\r\n\r\n" + json.dumps(stats).encode())
            await writer.drain()
        finally:
            writer.close()


async def treat(reader: StreamReader, writer: StreamWriter, fault: Fault, target: int) -> None:
    """Break or forward one connection."""
    if fault.mode == "refuse":
        reset(writer)
    elif fault.mode == "blackhole":
        await swallow(reader)
    elif fault.mode == "status":
        await reader.readuntil(b"\r\n\r\n")
        retry = f"Retry-After: {fault.retry}\r\n" if fault.retry else ""
        head = f"HTTP/1.1 {fault.code} Fault\r\nContent-Length: 0\r\n{retry}Connection: close\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        await swallow(reader)  # closing on unread bytes would send a reset
    else:
        await forward(reader, writer, fault, target)


async def forward(reader: StreamReader, writer: StreamWriter, fault: Fault, target: int) -> None:
    """Carry the request to the target and its answer back, as far as the fault lets them."""
    answer, upstream = await asyncio.open_connection("127.0.0.1", target)

    async def carry_request() -> None:
        limit = fault.after if fault.mode == "upreset" else None
        if await copy(reader, upstream, limit=limit):
            reset(writer)
            upstream.close()

    request = asyncio.create_task(carry_request())
    try:
        cut_off = await copy(
            answer,
            writer,
            limit=fault.after if fault.mode in {"hang", "cut", "reset"} else None,
            delay=fault.ms / 1000 if fault.mode == "delay" else 0,
            rate=fault.rate if fault.mode == "slow" else 0,
        )
        if cut_off and fault.mode == "reset":
            reset(writer)
        elif cut_off and fault.mode == "hang":
            await request  # until the client gives up
    finally:
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        upstream.close()


async def copy(
    source: StreamReader, sink: StreamWriter, *, limit: int | None = None, delay: float = 0, rate: int = 0
) -> bool:
    """Copy a stream to its end, or up to a limit; tell whether the limit ended it."""
    left = limit
    while data := await source.read(max(1, rate // 10) if rate else BLOCK):
        await asyncio.sleep(delay + len(data) / rate if rate else delay)
        delay = 0
        sink.write(data[:left])
        await sink.drain()
        if left is not None:
            left -= len(data)
            if left <= 0:
                return True
    with contextlib.suppress(OSError):
        sink.write_eof()
    return False


async def swallow(reader: StreamReader) -> None:
    """Read until the other side closes."""
    while await reader.read(BLOCK):
        pass


def reset(writer: StreamWriter) -> None:
    """Close a connection with RST: linger on, for no time."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def main(control: int, listen: int, target: int) -> None:
    """Serve until the process is ended."""
    proxy = Proxy(target)
    async with (
        await asyncio.start_server(proxy.serve, "127.0.0.1", listen),
        await asyncio.start_server(proxy.control, "127.0.0.1", control) as controller,
    ):
        await controller.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:4])))
