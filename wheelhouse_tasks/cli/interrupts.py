"""Let a signal end a command at once, whatever the main thread waits for.

Python runs the handler of a signal in the main thread, between two steps of the program. A signal that comes just
before a read, or to another thread, is noted and does not end that read: the handler would run when the read is over,
which a silent server delays by the whole timeout.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NAP = 0.2
"""Seconds after a signal until the main thread is woken, again and again."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end what runs in this context, and SIGTERM as well, unless it was given a meaning.

    CI services cancel a job by SIGTERM. A thread that is not the main one gets no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with _terminable(), _woken():
        yield


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does."""
    if signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _woken() -> Iterator[None]:
    """Wake the main thread after any signal, until the context ends: by a signal that does nothing else.

    Without a handler that signal is ignored, so that one which comes late does no harm. A host program that hears of
    signals itself, as asyncio does, goes on hearing of them.
    """
    if not hasattr(signal, "pthread_kill") or signal.getsignal(signal.SIGURG) != signal.SIG_DFL or _is_heard():
        yield
        return
    hearing, telling = os.pipe()
    os.set_blocking(telling, False)
    ended = threading.Event()

    def wake() -> None:
        os.read(hearing, 1)  # the number of a signal, or what says that the context ends
        while not ended.wait(NAP):
            signal.pthread_kill(main, signal.SIGURG)

    main = threading.get_ident()
    thread = threading.Thread(target=wake, daemon=True)
    thread.start()
    signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    signal.signal(signal.SIGURG, lambda *_: None)
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        ended.set()
        with suppress(BlockingIOError):
            os.write(telling, b"\0")
        thread.join()
        signal.signal(signal.SIGURG, signal.SIG_DFL)
        os.close(telling)
        os.close(hearing)


def _is_heard() -> bool:
    """Return whether somebody hears of signals already: only one can, and Python shows who by a change of it."""
    hearing = signal.set_wakeup_fd(-1)
    if hearing != -1:
        signal.set_wakeup_fd(hearing, warn_on_full_buffer=False)
    return hearing != -1
