"""What a terminal gets, a log, and somebody who wants quiet; where colours are, and that words are always there."""

import io
import json
import re
import sys

import pytest

from wheelhouse_tasks.cli.console import LOG_WIDTH, Terminal
from wheelhouse_tasks.cli.log import Log, is_log
from wheelhouse_tasks.cli.streams import alarm, console_on
from wheelhouse_tasks.ui import Mark, Marked, PlanRow

PYTHONS, PLATFORMS = ("cp310", "cp311", "cp312", "cp313"), ("win32", "win_amd64", "win_arm64", "macosx_11_0_arm64")
ROWS = [
    PlanRow("upload", 1000, "ab" * 32, "", f"demo-1.0-{python}-{python}-{platform}.whl")
    for python in PYTHONS
    for platform in PLATFORMS
]
CONFLICT = PlanRow("conflict", 5, "cd" * 32, "", "demo-1.0.tar.gz", "is there with other bytes", Mark.WRONG)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
VARIABLES = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


class Stream(io.StringIO):
    """A stream that is a terminal, or is none."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return self.is_terminal


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Remove what a terminal is known by, and give it 80 columns."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm-256color")
    return monkeypatch


def terminal(streams: pytest.MonkeyPatch, *, is_terminal: bool = True, verbose: bool = False) -> Terminal:
    """Return a Ui that prints to a stream."""
    streams.setattr(sys, "stdout", Stream(is_terminal=is_terminal))
    return Terminal(verbose=verbose, as_json=False, assume_yes=False, secrets=frozenset())


def printed() -> str:
    """Return what was printed."""
    assert isinstance(sys.stdout, Stream)
    return sys.stdout.getvalue()


@pytest.mark.parametrize(
    ("is_terminal", "verbose", "in_ci", "by_name"),
    [
        pytest.param(True, False, False, False, id="terminal"),
        pytest.param(True, True, False, True, id="terminal, verbose"),
        pytest.param(True, False, True, True, id="terminal of a service"),
        pytest.param(False, False, False, True, id="pipe"),
        pytest.param(False, False, True, True, id="log of a service"),
    ],
)
def test_long_plan_by_name_or_as_matrix(
    is_terminal: bool, verbose: bool, in_ci: bool, by_name: bool, streams: pytest.MonkeyPatch
) -> None:
    """A terminal shows a matrix; a log, and who asks for more, has a row with the sha256 for each file."""
    ui = terminal(streams, is_terminal=is_terminal, verbose=verbose)
    ui.in_ci = in_ci
    ui.plan("Plan", ROWS)
    text = printed()
    assert all(row.file in text for row in ROWS) == by_name
    assert ("ab" * 6 in text) == by_name
    assert ("cp310  cp311  cp312  cp313" in text or "in kB" in text) != by_name
    assert max(map(len, ESCAPE.sub("", text).splitlines())) <= 80


@pytest.mark.parametrize(("number", "by_name"), [(1, True), (3, True), (10, True), (13, False)])
def test_short_plan_is_by_name(number: int, by_name: bool, streams: pytest.MonkeyPatch) -> None:
    """A plan of few files takes few lines by name, and is shown so on a terminal too."""
    terminal(streams).plan("Plan", ROWS[:number])
    assert all(row.file in printed() for row in ROWS[:number]) == by_name


def test_service_keeps_every_name(streams: pytest.MonkeyPatch) -> None:
    """What a service keeps of a plan has each file by name, whatever the terminal shows; of a matrix one table."""
    ui = terminal(streams)
    ui.plan("Plan", ROWS)
    ui.matrix("Files", {"cp312-cp312-win32": [1000, None]}, ["pp*"])
    (_, columns, rows), matrix = ui.report.tables
    assert columns == ["action", "size", "sha256", "file"]
    assert [row[3] for row in rows] == [row.file for row in ROWS]
    assert matrix == ("Files", ["Python", "win32"], [["cp312", "1.0 kB, there"], ["pp*", "MISSING"]])


@pytest.mark.parametrize(
    ("is_terminal", "expected"),
    [
        (True, ["Files", "in kB  win32", "cp312   1.0", "pp*   MISSING"]),
        (False, ["Files", "Python  win32", "cp312   1.0 kB", "pp*     MISSING"]),
    ],
    ids=["terminal", "log"],
)
def test_matrix(is_terminal: bool, expected: list[str], streams: pytest.MonkeyPatch) -> None:
    """The matrix of a version has sizes in one unit on a terminal, and each with its unit in a log."""
    terminal(streams, is_terminal=is_terminal).matrix("Files", {"cp312-cp312-win32": [1000]}, ["pp*"])
    assert [" ".join(line.split()) for line in ESCAPE.sub("", printed()).splitlines()] == [
        " ".join(line.split()) for line in expected
    ]


@pytest.mark.parametrize(
    ("is_terminal", "environ", "red"),
    [
        pytest.param(True, {}, True, id="terminal"),
        pytest.param(True, {"NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param(True, {"TERM": "dumb"}, False, id="TERM=dumb"),
        pytest.param(False, {}, False, id="pipe"),
        pytest.param(False, {"FORCE_COLOR": "1"}, True, id="FORCE_COLOR"),
        pytest.param(False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="FORCE_COLOR and NO_COLOR"),
    ],
)
def test_what_is_wrong_stands_out(
    is_terminal: bool, environ: dict[str, str], red: bool, streams: pytest.MonkeyPatch
) -> None:
    """What is wrong is red where colours are wanted, and said in words everywhere."""
    for name, value in environ.items():
        streams.setenv(name, value)
    ui = terminal(streams, is_terminal=is_terminal)
    ui.plan("Plan", [*ROWS, CONFLICT])
    ui.table("Findings", ("", "check"), [(Marked("off", Mark.WRONG), "clock")])
    streams.setattr(sys, "stderr", Stream(is_terminal=is_terminal))
    text = printed() + alarm("error:")
    for word in ("conflict", "off", "error:"):
        assert re.search(rf"\x1b\[1;31m{word}\x1b\[0m", text) if red else word in ESCAPE.sub("", text), word
    assert ("\x1b[1;31m" in text) == red
    assert ("\x1b[" in text) == (red or environ == {"NO_COLOR": "1"} or len(environ) == 2)  # bold is no colour
    assert "is there with other bytes" in text


@pytest.mark.parametrize("text", ["", "x " * 200, "[bold]a[/bold] :smile: 'b' 12", "  wide 全角 é", "x" * 300])
def test_log_is_what_rich_would_print(text: str) -> None:
    """Where nothing is drawn nor coloured, rich is left out and nobody sees it."""
    by_rich, by_us = Stream(is_terminal=False), Stream(is_terminal=False)
    for printer in (console_on(by_rich, LOG_WIDTH), Log(by_us, LOG_WIDTH)):
        printer.print(text, style="bold")
        printer.print(text, end="")
        printer.out(text, highlight=False)
    assert by_us.getvalue() == by_rich.getvalue() != ""


@pytest.mark.parametrize("is_terminal", [True, False])
@pytest.mark.parametrize("environ", [{}, {"FORCE_COLOR": "1"}, {"TTY_COMPATIBLE": "1"}, {"TERM": "dumb"}])
def test_log_is_no_terminal(is_terminal: bool, environ: dict[str, str], streams: pytest.MonkeyPatch) -> None:
    """What rich takes for a terminal is no log, and the other way round."""
    for name, value in environ.items():
        streams.setenv(name, value)
    stream = Stream(is_terminal=is_terminal)
    assert is_log(stream) == (not console_on(stream, LOG_WIDTH).is_terminal)


def test_quiet(streams: pytest.MonkeyPatch) -> None:
    """Quiet are the plan, notes and what was done; warnings, tables and a matrix are printed."""
    ui = terminal(streams)
    ui.quiet = True
    ui.plan("Plan", ROWS)
    ui.done("done")
    ui.note("note")
    ui.progress("progress")
    ui.detail("detail")
    assert printed() == ""
    ui.warn("careful")
    ui.table("Findings", ("what",), [("found",)])
    ui.matrix("Files", {"cp312-cp312-win32": [1000]}, [])
    text = ESCAPE.sub("", printed())
    assert text.startswith("warning: careful\nFindings\nwhat\nfound\nFiles\n")
    assert (ui.report.done, ui.report.notes, len(ui.report.tables)) == (["done"], ["note"], 3)


def test_plan_of_a_dry_run_is_what_was_asked_for(streams: pytest.MonkeyPatch) -> None:
    """A dry run shows its plan, however quiet it is."""
    ui = terminal(streams)
    ui.quiet = ui.plan_was_asked_for = True
    ui.plan("Plan", ROWS[:1])
    ui.done("dry run")
    assert (ROWS[0].file in printed(), "dry run" in printed()) == (True, False)


def test_quiet_asks_all_the_same(streams: pytest.MonkeyPatch) -> None:
    """What cannot be undone is confirmed by a person, however quiet the run is."""
    keyboard = Stream(is_terminal=True)
    keyboard.write("y\n")
    keyboard.seek(0)
    streams.setattr(sys, "stdin", keyboard)
    ui = terminal(streams)
    ui.quiet = True
    assert ui.confirm("sure?")
    assert printed() == "sure? [y/N] "


def test_quiet_result(streams: pytest.MonkeyPatch) -> None:
    """The result that a machine reads is what was asked for."""
    streams.setattr(sys, "stdout", Stream(is_terminal=False))
    ui = Terminal(verbose=False, as_json=True, assume_yes=False, secrets=frozenset())
    ui.quiet = True
    ui.result({"sent": 1})
    assert json.loads(printed()) == {"sent": 1}
