"""What a terminal shows while work goes on, seen through an emulator; and what a log gets."""

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import TextIO

import programs
import pytest
import screens
from screens import Screen

from wheelhouse_tasks.cli import display, picture
from wheelhouse_tasks.cli.console import Terminal
from wheelhouse_tasks.cli.display import Progress
from wheelhouse_tasks.ui import Work

MB = 10**6
NAME = "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
NEVER = 3600.0


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    """Return a terminal that nothing draws on by itself, for work in which no time passes: then it shows no rate."""
    monkeypatch.setattr(display.Display.__init__, "__kwdefaults__", {"clock": lambda: 0.0})
    monkeypatch.setattr(display, "FIRST", NEVER)
    monkeypatch.setattr(display, "EVERY_LINE", NEVER)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR")
    with Screen() as screen:
        yield screen


def terminal(out: TextIO, progress: Progress = Progress.DRAWN, *, as_json: bool = False) -> Terminal:
    """Return the Ui of a task that prints on *out*."""
    with redirect_stderr(out) if as_json else redirect_stdout(out):
        ui = Terminal(
            verbose=True, as_json=as_json, assume_yes=False, secrets=frozenset(["hunter2"]), progress=progress
        )
        assert ui._out.file is out  # noqa: SLF001
    return ui


def show(ui: Terminal) -> None:
    """Draw now, as the thread does that watches the work."""
    ui._display.show()  # noqa: SLF001


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            80,
            [
                "before",
                "  demo-1.0-cp312-cp312-man...manylinux2014_x86_64.whl ━━━━━━━━━╺━━━━━━━━━━  45%",
                "upload: 1 of 3 files, 185.0 of 450.0 MB",
            ],
        ),
        (
            120,
            [
                "before",
                f"  {NAME}      ━━━━━━━━━╺━━━━━━━━━━ 135.0 of 300.0 MB   45%",
                "upload: 1 of 3 files, 185.0 of 450.0 MB",
            ],
        ),
        (30, ["before", "demo-1.0-cp...x86_64.whl  45%", "upload: 185.0 of 450.0 MB"]),
        (20, ["before", "demo-1...4.whl  45%", "185.0 of 450.0 MB"]),
    ],
)
def test_picture(columns: int, expected: list[str], screen: Screen) -> None:
    """A line for each file under way and one for the sum; each fits, whatever the width."""
    screen.resize(columns, 24)
    ui = terminal(screen.tty)
    ui.note("before")
    with ui.work("upload", files=3, size=450 * MB) as work:
        with work.transfer("small.whl", 50 * MB):
            pass
        with work.transfer(NAME, 300 * MB) as transfer:
            transfer.advance(135 * MB)
            show(ui)
            assert screen.settled() == expected
            assert screen.cursor == (1, 0, False)
    assert screen.settled() == ["before"]
    assert screen.cursor == (1, 0, False)


def test_it_is_drawn_in_place(screen: Screen) -> None:
    """Each picture takes the place of the last one, also where there are fewer lines."""
    ui = terminal(screen.tty)
    with ui.work("upload", files=2) as work:
        with work.transfer("a.whl"), work.transfer("b.whl"):
            show(ui)
            assert screen.settled() == ["  a.whl", "  b.whl", "upload: 0 of 2 files"]
        show(ui)
        assert screen.settled() == ["upload: 2 of 2 files"]
    assert screen.settled() == [""]


def everything(ui: Terminal) -> None:
    """Print in every way that may happen while work goes on."""
    ui.warn("odd\nhunter2")
    ui.progress("sent a.whl")
    ui.done("done")
    ui.table("Title", ["a", "b"], [["1", "2"]])


def test_what_is_printed_stands_above(screen: Screen) -> None:
    """Warnings, lines and tables come out whole, above the lines that change."""
    ui = terminal(screen.tty)
    with ui.work("upload", files=2) as work, work.transfer("a.whl"):
        show(ui)
        everything(ui)
        printed = ["warning: odd <hidden>", "sent a.whl", "done", "Title", "a  b", "1  2"]
        assert screen.settled() == [*printed, "  a.whl", "upload: 0 of 2 files"]
        show(ui)
        assert screen.settled() == [*printed, "  a.whl", "upload: 0 of 2 files"]
    assert screen.settled() == printed


def test_threads_print_while_it_is_drawn(screen: Screen) -> None:
    """Lines of several threads are whole and in no picture, however often it is drawn."""
    screen.resize(80, 40)
    ui = terminal(screen.tty)

    def work_on(work: Work, number: int) -> None:
        for turn in range(5):
            with work.transfer(f"{number}-{turn}.whl", 10) as transfer:
                transfer.advance(5)
                ui.warn(f"{number}-{turn}")

    with ui.work("upload", files=20, size=200) as work:
        threads = [threading.Thread(target=work_on, args=(work, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            show(ui)
        for thread in threads:
            thread.join()
        show(ui)
        *lines, last = screen.settled()
        assert last == "upload: 20 of 20 files, 200 of 200 B"
    assert sorted(lines) == sorted(f"warning: {number}-{turn}" for number in range(4) for turn in range(5))


def test_question(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody is asked, the question stands alone; the lines come back below the answer."""
    monkeypatch.setattr(sys, "stdin", open(os.ttyname(screen.tty.fileno()), encoding="utf-8"))  # noqa: SIM115, PTH123
    ui = terminal(screen.tty)
    with ui.work("upload", files=2), sys.stdin:
        show(ui)
        answers: list[bool] = []
        asking = threading.Thread(target=lambda: answers.append(ui.confirm("sure?")))
        asking.start()
        assert screen.wait(lambda lines: lines == ["sure? [y/N]"])
        drawing = threading.Thread(target=show, args=(ui,))  # waits for the answer
        drawing.start()
        screen.type("y\n")
        asking.join()
        drawing.join()
        assert answers == [True]
        assert screen.settled() == ["sure? [y/N] y", "upload: 0 of 2 files"]
    assert screen.settled() == ["sure? [y/N] y"]


@pytest.mark.parametrize("columns", [[40, 100], [30, 20, 80], [120]])
def test_resized(columns: list[int], screen: Screen) -> None:
    """A terminal that changes its width while lines are drawn keeps what is above, and shows one picture."""
    ui = terminal(screen.tty)
    ui.note("before")
    with ui.work("upload", files=3, size=450 * MB) as work, work.transfer(NAME, 300 * MB):
        show(ui)
        for width in columns:
            screen.resize(width, 24)
            show(ui)
            before, transfer, total = screen.settled()
            assert (before, transfer.strip()[:4], total[-8:]) == ("before", "demo", "450.0 MB")
            assert max(map(len, (transfer, total))) < width
    assert screen.settled() == ["before"]


@pytest.mark.parametrize("columns", [60, 30, 3])
def test_narrower_than_it_was_found(columns: int, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that becomes narrower between the look at its width and the lines is left as it was."""
    monkeypatch.setattr(picture, "size_of", lambda _: (120, 24))
    screen.resize(columns, 24)
    ui = terminal(screen.tty)
    ui.note("1")
    with ui.work("upload", files=3, size=450 * MB) as work, work.transfer(NAME, 300 * MB):
        for _ in range(3):
            show(ui)
            assert (len(screen.settled()), screen.cursor) == (3, (1, 0, False))
    assert screen.settled() == ["1"]
    screen.tty.write("x" * (2 * columns))
    assert screen.settled() == ["1", *["x" * columns] * 2]


def test_the_size_of_the_terminal_itself_counts(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS of a shell that was resized since would have lines folded, and drawn again elsewhere."""
    monkeypatch.setenv("COLUMNS", "200")
    ui = terminal(screen.tty)
    with ui.work("upload") as work, work.transfer(NAME * 3, 7):
        show(ui)
        assert max(map(len, screen.settled())) < 80


@pytest.mark.parametrize(("lines", "shown"), [(24, 8), (6, 4), (4, 2), (3, 0), (2, 0), (1, 0)])
def test_more_files_than_lines(lines: int, shown: int, screen: Screen) -> None:
    """A low terminal shows some of the files under way, counts the others, and never scrolls."""
    screen.resize(80, lines)
    ui = terminal(screen.tty)
    with ui.work("upload", files=20) as work:
        ways = [work.transfer(f"{number}.whl") for number in range(20)]
        for way in ways:
            way.__enter__()
        for _ in range(3):
            show(ui)
        names = [line for line in screen.settled() if line.endswith(".whl")]
        hidden = [f"  and {20 - len(names)} more"] if shown > 1 else []
        assert screen.lines == [
            *(f"  {number}.whl" for number in range(shown - bool(hidden))),
            *hidden,
            "upload: 0 of 20 files",
        ]
        for way in ways:
            way.__exit__(None, None, None)


def test_without_colours(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR nothing has a colour, and the bar still shows the share."""
    monkeypatch.setenv("NO_COLOR", "1")
    ui = terminal(screen.tty)
    with ui.work("upload", files=1, size=4) as work, work.transfer("a.whl", 4) as transfer:
        transfer.advance(2)
        show(ui)
        assert screen.settled()[0].rstrip().endswith("━━━━━━━━━━            50%")
    assert b"\x1b[3" not in screen.raw


def test_letters_of_the_terminal(screen: Screen) -> None:
    """A terminal that has ASCII only gets a bar that it can show."""
    with open(os.ttyname(screen.tty.fileno()), "w", encoding="ascii") as tty:  # noqa: PTH123
        ui = terminal(tty)
        with ui.work("upload", size=4) as work, work.transfer("é.whl", 4) as transfer:
            transfer.advance(4)
            show(ui)
            assert screen.settled()[0].split() == ["\\xe9.whl", "-" * 20, "100%"]


class Leaving(io.StringIO):
    """A terminal that is closed on the other side at some time."""

    encoding = "utf-8"
    is_gone = False

    def isatty(self) -> bool:
        """Say yes."""
        return True

    def write(self, text: str) -> int:
        """Fail as the system does, once the other side is gone."""
        if self.is_gone:
            raise OSError(5, "Input/output error")
        return super().write(text)


def test_a_terminal_that_is_gone() -> None:
    """The work goes on, and ends, where its terminal was closed meanwhile."""
    out = Leaving()
    ui = terminal(out)
    with ui.work("upload"):
        show(ui)
        assert "upload" in out.getvalue()
        out.is_gone = True
    with ui.work("upload"):
        show(ui)
        show(ui)


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everything shown at once."""
    for name in ("FIRST", "EVERY", "EVERY_LINE"):
        monkeypatch.setattr(display, name, 0.01)


@pytest.mark.parametrize("kind", ["dumb", "unknown"])
def test_a_terminal_that_cannot_be_drawn_on(kind: str, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """With TERM=dumb there are plain lines."""
    monkeypatch.setenv("TERM", kind)
    quick(monkeypatch)
    ui = terminal(screen.tty)
    with ui.work("upload", files=2):
        screen.wait(lambda lines: lines[:2] == ["upload: 0 of 2 files"] * 2)
    assert b"\x1b" not in screen.raw


def test_an_old_console_of_windows(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A console that knows no escape codes gets plain lines."""
    quick(monkeypatch)
    ui = terminal(screen.tty)
    ui.console.legacy_windows = True
    with ui.work("upload", files=2):
        screen.wait(lambda lines: lines[:2] == ["upload: 0 of 2 files"] * 2)
    assert b"\x1b" not in screen.raw


def test_it_is_drawn_by_itself(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that takes a while is drawn, and what was drawn is gone when it ends with whatever error."""
    quick(monkeypatch)

    def interrupted() -> None:
        with terminal(screen.tty).work("upload", files=2):
            screen.wait(lambda lines: lines == ["upload: 0 of 2 files"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (screen.settled(), screen.cursor) == ([""], (0, 0, False))


def test_short_work_is_not_drawn(screen: Screen) -> None:
    """Work that ends at once writes nothing, and no thread outlives it for long."""
    with terminal(screen.tty).work("upload", files=2) as work, work.transfer("a"):
        pass
    assert (screen.settled(), screen.raw) == ([""], b"")


class Log(io.StringIO):
    """A log whose readers wait for lines."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def write(self, text: str) -> int:
        """Keep *text*."""
        size = super().write(text)
        if "\n" in text:
            self.written.set()
        return size


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("progress", [Progress.LINES, Progress.DRAWN])
def test_a_log_gets_plain_lines(progress: Progress, as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe, also with colours forced, there is a plain line now and then; with --json on stderr."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    quick(monkeypatch)
    log = Log()
    with terminal(log, progress, as_json=as_json).work("upload", files=2):
        assert log.written.wait(programs.STUCK)
    assert set(log.getvalue().splitlines()) == {"upload: 0 of 2 files"}


def test_none_at_all(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wants none gets none, on a terminal neither."""
    quick(monkeypatch)
    before = set(threading.enumerate())
    with terminal(screen.tty, Progress.NONE).work("upload", files=2) as work, work.transfer("a"):
        assert set(threading.enumerate()) <= before
    assert (screen.settled(), screen.raw) == ([""], b"")


@pytest.mark.parametrize(
    ("environ", "expected"), [({}, Progress.DRAWN), ({"CI": "true"}, Progress.LINES), ({"CI": "false"}, Progress.DRAWN)]
)
def test_a_build_gets_lines(environ: dict[str, str], expected: Progress) -> None:
    """Services that run builds on a terminal of their own get lines all the same."""
    ui = Terminal.of(None, (), environ, {}, verbose=False, as_json=False, assume_yes=False)
    assert ui._progress is expected  # noqa: SLF001


def test_screens_are_closed() -> None:
    """A screen ends with its terminal."""
    with screens.Screen() as screen:
        screen.tty.write("x")
    assert screen.lines == ["x"]
