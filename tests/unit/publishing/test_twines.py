"""The processes of twine, each of which runs one command line after the other."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import wheels

from wheelhouse_tasks import parallel
from wheelhouse_tasks.errors import Failed
from wheelhouse_tasks.publishing.twines import Twines

#: A twine that prints its process, its folder and its arguments, and does what one of them demands.
PROGRAM = """
import os, sys
assert "seen" not in globals()
seen = True
print(os.getpid(), os.getcwd(), *sys.argv[1:], sep="|")
exec(sys.argv[2])
"""
SECONDS = 600.0


@pytest.fixture
def twines(tmp_path: Path) -> Iterator[Twines]:
    """Return processes whose twine is another program."""
    (tmp_path / "twine").mkdir()
    (tmp_path / "twine/__init__.py").write_text("")
    (tmp_path / "twine/__main__.py").write_text(PROGRAM)
    with Twines({**os.environ, "PYTHONPATH": str(tmp_path)}, {"hunter2"}) as twines:
        yield twines


def process(twines: Twines, word: str = "") -> int:
    """Run a command line, and return the process that ran it."""
    return int(twines.run([word], SECONDS).text.partition("|")[0])


def is_alive(process: int) -> bool:
    """Return whether a process is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_one_process_runs_every_command_line(twines: Twines, tmp_path: Path) -> None:
    """Each runs as a program of its own, in the folder that it is given, with nothing left of the one before."""
    first = twines.run(["pass", "a b"], SECONDS, tmp_path)
    second = twines.run(["pass"], SECONDS)
    number = first.text.partition("|")[0]
    assert first.text.splitlines() == [f"{number}|{tmp_path}|--no-color|pass|a b", ""]
    assert second.text.splitlines() == [f"{number}|{Path.cwd()}|--no-color|pass", ""]


@pytest.mark.parametrize(
    ("word", "code", "text"),
    [
        pytest.param("sys.exit()", 0, "", id="exit"),
        pytest.param("sys.exit(False)", 0, "", id="no error"),
        pytest.param("sys.exit(True)", 1, "", id="error"),
        pytest.param("sys.exit(2)", 2, "", id="usage"),
        pytest.param("sys.exit('why')", 1, "why", id="words"),
        pytest.param("raise KeyError('why')", 1, "KeyError: 'why'", id="traceback"),
        pytest.param("print('why', file=sys.stderr)", 0, "why", id="stderr"),
        pytest.param("print('\\udcfc \u00fc')", 0, "? \u00fc", id="characters"),
        pytest.param("print('my hunter2')", 0, "my <hidden>", id="secret"),
        pytest.param("os.system('echo noise'); print(input())", 1, "EOFError: EOF when reading a line", id="question"),
        pytest.param("os.kill(os.getpid(), 9)", -9, "", id="killed"),
        pytest.param("os.write(2, b'why'); os._exit(3)", 3, "why", id="crash"),
    ],
)
def test_end_is_that_of_a_program(word: str, code: int, text: str, twines: Twines) -> None:
    """Exit code and output are those of `python -m twine`, and the next command line is run all the same."""
    ended = twines.run([word], SECONDS)
    assert (ended.code, ended.text.strip().rpartition("\n")[2].partition("|")[0]) == (
        code,
        text or ended_by(ended.text),
    )
    assert twines.run(["pass"], SECONDS).code == 0


def ended_by(text: str) -> str:
    """Return the number of the process, where it is all that was printed."""
    return text.strip().partition("|")[0]


def test_process_that_takes_too_long_is_given_up(twines: Twines) -> None:
    """It is ended, what it did is not known, and another process runs the next command line."""
    first = process(twines)
    ended = twines.run(["import time; time.sleep(600)"], 0.2)
    assert (ended.late, ended.code, is_alive(first)) == (True, 1, False)
    assert process(twines) != first


def test_process_that_ended_meanwhile_is_replaced(twines: Twines) -> None:
    """A process that was killed while it had nothing to do fails no command line."""
    first = process(twines)
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert process(twines) != first


def test_threads_have_processes_of_their_own(twines: Twines, tmp_path: Path) -> None:
    """Two command lines that wait for each other both end, and a third finds the two processes again."""
    meet = f"import pathlib, time; p = pathlib.Path({str(tmp_path)!r}); (p / f'at-{{os.getpid()}}').touch()\n"
    meet += "while len(list(p.glob('at-*'))) < 2: time.sleep(0.01)"
    both = parallel.run(lambda word: process(twines, word), [meet, meet], 2)
    assert len(set(both)) == 2
    assert process(twines) in both


def test_processes_are_started_ahead(twines: Twines) -> None:
    """As many as were asked for are there before they have something to do, and no more are started."""
    twines.start(2)
    twines.start(2)
    assert len({process(twines), process(twines), process(twines)}) == 2


def test_nothing_is_run_after_the_end(twines: Twines) -> None:
    """What was under way is ended at once, and a thread that wants to go on is stopped."""
    number = process(twines)
    began = threading.Event()
    codes = list[int]()

    def work() -> None:
        began.set()
        with suppress(Failed):  # where it comes too late
            codes.append(twines.run(["import time; time.sleep(600)"], 600).code)

    thread = threading.Thread(target=work)
    thread.start()
    assert began.wait(SECONDS)
    twines.end()
    thread.join(SECONDS)
    assert not thread.is_alive()
    assert not is_alive(number)
    assert codes in ([-signal.SIGKILL], [])
    with pytest.raises(Failed, match="twine: was ended"):
        twines.run(["pass"], SECONDS)
    twines.start(1)


def test_process_ends_with_who_started_it(twines: Twines, tmp_path: Path) -> None:
    """A process that has nothing to do does not outlive the one that started it, however that is ended."""
    del twines
    os.mkfifo(tmp_path / "held")
    program = (
        "import os, sys; from wheelhouse_tasks.publishing.twines import Twines\n"
        "print(Twines(os.environ, ()).run([sys.argv[1]], 60).code, flush=True); os.kill(os.getpid(), 9)"
    )
    word = f"os.open({str(tmp_path / 'held')!r}, os.O_WRONLY)"
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", program, word], env=env, stdout=subprocess.PIPE) as starter:
        held = os.open(tmp_path / "held", os.O_RDONLY)  # which the process then holds open
        try:
            assert select.select([held], [], [], SECONDS)[0]
            assert os.read(held, 1) == b""  # its end
        finally:
            os.close(held)
        assert starter.communicate(timeout=SECONDS)[0] == b"0\n"
    assert starter.returncode == -signal.SIGKILL


class Taker(BaseHTTPRequestHandler):
    """Accepts every upload, on connections that stay."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Accept an upload."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing."""


def test_connection_is_kept_from_one_upload_to_the_next(tmp_path: Path) -> None:
    """Two files, each with a command line of its own, come on one connection."""
    connections = list[object]()

    class Server(ThreadingHTTPServer):
        def process_request(self, request: object, client_address: object) -> None:
            connections.append(client_address)
            super().process_request(request, client_address)  # type: ignore[arg-type]

    paths = [wheels.make_wheel(tmp_path, tag=tag) for tag in ("py3-none-any", "cp312-none-any")]
    with Server(("127.0.0.1", 0), Taker) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        env = {"TWINE_REPOSITORY_URL": url, "TWINE_USERNAME": "me", "TWINE_PASSWORD": "hunter2"}
        try:
            with Twines({**os.environ, **env}, ()) as twines:
                words = ("upload", "--non-interactive", "--disable-progress-bar")
                assert [twines.run([*words, str(path)], SECONDS).code for path in paths] == [0, 0]
        finally:
            server.shutdown()
            thread.join()
    assert len(connections) == 1
