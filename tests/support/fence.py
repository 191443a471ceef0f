"""A fence around the tests: they, and all that they start, reach loopback and nothing else.

On Linux it is a network namespace that has loopback only: the kernel itself knows no other way, whatever program asks.
Where the system gives none, this process refuses for itself, and programs are pointed to a proxy that is not there.

    python tests/support/fence.py

ends with an error where the system gives no namespace.
"""

import ctypes
import errno
import ipaddress
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Names the namespace that a process made for itself and its children, as xdist's workers are.
MARK = "TESTS_NETWORK_NAMESPACE"
#: Events of the audit hook that go out with an address, and those that ask for one.
SENDINGS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOKUPS = ("socket.getaddrinfo", "socket.getnameinfo", "socket.gethostbyname", "socket.gethostbyaddr")
LOOPBACK_NAMES = ("", "localhost")
#: Nobody listens there.
NOWHERE = "http://127.0.0.1:9"
DIRECT = "127.0.0.1,localhost,::1"
# of linux/sched.h, linux/sockios.h, linux/if.h and linux/capability.h
CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
CAPABILITY_VERSION = 0x20080522


@dataclass(frozen=True)
class Fence:
    """What keeps the tests on loopback."""

    #: What pytest's header says of it.
    text: str
    #: The kernel keeps every process.
    namespace: bool
    #: What the environment of a program must hold.
    environment: Mapping[str, str] = field(default_factory=dict)


class NoNamespace(Exception):
    """The system gives no network namespace."""


def put_up(*, needed: bool, enter: Callable[[], None] | None = None) -> Fence:
    """Shut this process and its children in.

    Raises NoNamespace where only the kernel's own fence will do, and there is none.
    """
    try:
        (enter or enter_namespace)()
    except NoNamespace as error:
        if needed:
            raise
        sys.addaudithook(refuse)
        proxies = {name: NOWHERE for word in ("http", "https", "all") for name in both_cases(f"{word}_proxy")}
        environment = {**proxies, **dict.fromkeys(both_cases("no_proxy"), DIRECT)}
        return Fence(f"fenced by a hook and by proxies, not by the kernel: {error}", False, environment)
    return Fence("fenced by a network namespace that has loopback only", True)


def both_cases(name: str) -> tuple[str, str]:
    """Return a variable's name as some programs spell it, and as others do."""
    return name, name.upper()


def enter_namespace() -> None:
    """Enter a network namespace that has loopback only, unless the process that started this one did.

    Raises NoNamespace.
    """
    if sys.platform != "linux":
        raise NoNamespace(f"{sys.platform} has no network namespaces")
    try:
        if os.environ.get(MARK) == _namespace():
            return
        # some systems refuse half-way: a process that nobody needs tries first
        tried = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=False)
        if tried.returncode:
            reason = (tried.stderr.strip().splitlines() or [f"it ended with {tried.returncode}"])[-1]
            raise NoNamespace(f"the system gives no network namespace: {reason}")
        unshare()
        os.environ[MARK] = _namespace()
    except OSError as error:  # no /proc, or threads
        raise NoNamespace(f"this process may not enter a network namespace: {error}") from error


def _namespace() -> str:
    """Return what identifies the network namespace of this thread."""
    return Path("/proc/thread-self/ns/net").readlink().name


def unshare() -> None:
    """Move this thread, and all that it will start, into a network namespace of its own; set its loopback up.

    Whoever is not root gets it in a user namespace, as the same user, with no more rights than before.
    """
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(CLONE_NEWNET | (CLONE_NEWUSER if user else 0)))
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/thread-self", name).write_text(text)
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    if user:
        _check(libc.capset(struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24)))


def _check(result: int) -> None:
    """Raise what a function of the C library has left in errno."""
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def refuse(event: str, args: tuple[Any, ...]) -> None:
    """Audit hook: raise, as the kernel would, on any address but loopback."""
    if event in SENDINGS:
        address = args[1]
        if isinstance(address, tuple) and not is_loopback(address[0]):
            raise OSError(errno.ENETUNREACH, f"{os.strerror(errno.ENETUNREACH)} (fence of the tests)")
    elif event in LOOKUPS and not is_loopback(args[0][0] if isinstance(args[0], tuple) else args[0]):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution (fence of the tests)")


def is_loopback(host: str | bytes | None) -> bool:
    """Return whether a host is this one, by an address or a name that needs no server."""
    name = host.decode(errors="replace") if isinstance(host, bytes | bytearray) else host or ""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name.lower() in LOOPBACK_NAMES
    return address.is_loopback or address.is_unspecified


if __name__ == "__main__":
    try:
        unshare()
    except OSError as problem:
        sys.exit(str(problem))
