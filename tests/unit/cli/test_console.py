"""What a person sees, and a machine reads: on one line, clean of secrets and of tricks."""

import io
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_tasks import parallel, text
from wheelhouse_tasks.cli import console
from wheelhouse_tasks.cli.console import Terminal
from wheelhouse_tasks.settings.credentials import secrets_of
from wheelhouse_tasks.text import size_text
from wheelhouse_tasks.ui import PlanRow, Silent, Ui

PASSWORD = "hunter2hunter2"


def terminal(
    *, verbose: bool = False, as_json: bool = False, assume_yes: bool = False, hide: str = PASSWORD
) -> Terminal:
    """Return a terminal that knows a secret."""
    secrets = secrets_of({"WHEELHOUSE_SECRET": hide}, ())
    return Terminal(verbose=verbose, as_json=as_json, assume_yes=assume_yes, secrets=secrets)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("3 files sent", "3 files sent", id="plain"),
        pytest.param("  indented", "  indented", id="leading blanks are kept"),
        pytest.param("two\nlines\tand a tab", "two lines and a tab", id="one line"),
        pytest.param("[red]x[/red] [/nope] [link=x]", "[red]x[/red] [/nope] [link=x]", id="no markup"),
        pytest.param(":smile: 1.0 'x' None", ":smile: 1.0 'x' None", id="no emoji, no highlighting"),
        pytest.param("\x1b[31mred\x07\u202e", "\\x1b[31mred\\x07\\u202e", id="no control of the terminal"),
        pytest.param("dé 🎡", "dé 🎡", id="letters beyond ASCII"),
        pytest.param(f"key {PASSWORD}!", "key <hidden>!", id="secret"),
        pytest.param("https://me:pw@h/?sig=abc", "https://<hidden>@h/?sig=<hidden>", id="credentials of a URL"),
        pytest.param("long " * 200 + "line", "long " * 200 + "line", id="not wrapped"),
        pytest.param("", "", id="empty"),
    ],
)
def test_note(text: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A note is one line, printed as it is, without secrets, tricks and markup."""
    terminal().note(text)
    assert capsys.readouterr() == (expected + "\n", "")


def test_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning says that it is one, also where there are no colours."""
    terminal().warn(f"odd [b]\n{PASSWORD}")
    assert capsys.readouterr() == ("warning: odd [b] <hidden>\n", "")


@pytest.mark.parametrize(("verbose", "expected"), [(False, ""), (True, "x.whl <hidden>\n")])
def test_detail(verbose: bool, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Details are for those who asked for them."""
    terminal(verbose=verbose).detail(f"x.whl {PASSWORD}")
    assert capsys.readouterr() == (expected, "")


def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A table has aligned columns, sizes to the right, and cells as clean as notes."""
    rows = [("a.whl", "1.0 kB", "[b]sent[/b]"), ("longer-name.whl", "12 B", f"\x1b[31m{PASSWORD}")]
    terminal().table("Plan [x] [/x]", ("file", "size", "[red]what"), rows)
    out, err = capsys.readouterr()
    assert [line.rstrip() for line in out.splitlines()] == [
        "Plan [x] [/x]",
        "file               size  [red]what",
        "a.whl            1.0 kB  [b]sent[/b]",
        "longer-name.whl    12 B  \\x1b[31m<hidden>",
    ]
    assert err == ""


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines that were printed, without the blanks that pad them."""
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_plan(capsys: pytest.CaptureFixture[str]) -> None:
    """A plan is a table of files; an unknown size is left empty, and a sha256 is cut to what people compare."""
    terminal().plan("Plan", [PlanRow("send", 1234, "ab" * 32, "", "a.whl"), PlanRow("keep", None, None, "", "b.whl")])
    assert shown(capsys) == [
        "Plan",
        "action    size  sha256        file",
        "send    1.2 kB  abababababab  a.whl",
        "keep            none          b.whl",
    ]


def test_plan_names_sources_where_they_differ(capsys: pytest.CaptureFixture[str]) -> None:
    """Where one row names its source, there is a column of sources, and the rows may be made while they are read."""
    rows = [PlanRow("get", 1, None, "one", "a.whl"), PlanRow("get", 1, None, "", "b.whl")]
    terminal().plan("Plan", iter(rows))
    assert shown(capsys) == [
        "Plan",
        "action  size  sha256  source  file",
        "get      1 B  none    one     a.whl",
        "get      1 B  none            b.whl",
    ]


@pytest.mark.parametrize(("verbose", "expected"), [(False, ""), (True, "uploaded x.whl <hidden>\n")])
def test_progress(verbose: bool, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Progress in a log is a line for those who asked for more."""
    terminal(verbose=verbose).progress(f"uploaded x.whl {PASSWORD}")
    assert capsys.readouterr() == (expected, "")


def test_done(capsys: pytest.CaptureFixture[str]) -> None:
    """The result in words is one clean line, also without --verbose."""
    terminal().done(f"3 files\nsent {PASSWORD}")
    assert capsys.readouterr() == ("3 files sent <hidden>\n", "")


@pytest.mark.parametrize("way", ["progress", "detail", "warn"])
def test_lines_of_several_threads_do_not_mix(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers may print at once: there is one console, and each of their lines is whole."""
    inside, most = 0, 0

    class Slow(io.StringIO):
        def isatty(self) -> bool:  # asked while the console is made
            time.sleep(0.01)
            return False

        def write(self, text: str) -> int:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            time.sleep(0.001)
            inside -= 1
            return super().write(text)

    stream = Slow()
    monkeypatch.setattr(sys, "stdout", stream)
    ui = terminal(verbose=True)
    start = threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        for turn in range(5):
            getattr(ui, way)(f"{number} {turn} {'x' * 40}")

    parallel.run(work, range(8), 8)
    lines = [line.removeprefix("warning: ") for line in stream.getvalue().splitlines()]
    assert sorted(lines) == sorted(f"{number} {turn} {'x' * 40}" for number in range(8) for turn in range(5))
    assert most == 1


def test_table_of_long_names(capsys: pytest.CaptureFixture[str]) -> None:
    """The longest file name that a release has fits on one line of a log."""
    name = "demo_of_a_long_name-1.0.dev20261123-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    terminal().table("Plan", ("file", "size", "what"), [(name, "1.0 kB", "sent to s3://bucket/prefix/")])
    [line] = [line for line in capsys.readouterr().out.splitlines() if name in line]
    assert line.split() == [name, "1.0", "kB", "sent", "to", "s3://bucket/prefix/"]


def test_table_without_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """A table without rows is its heading."""
    terminal().table("Plan", ("file", "size"), [])
    assert "file" in capsys.readouterr().out


def test_table_too_wide_for_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not fit has a line of its own, and is not broken."""
    monkeypatch.setattr(console, "LOG_WIDTH", 20)
    terminal().table("Plan", ("action", "file"), [("send", "x" * 30), ("keep", "y")])
    assert shown(capsys) == ["Plan", "action  file", "send", f"    {'x' * 30}", "keep    y"]


def test_long_table_asks_rich_nothing_for_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """Hundreds of rows that fit are printed by few calls of rich; it takes ten times as many to lay out one."""

    def calls(rows: int) -> int:
        count = 0

        def trace(frame: FrameType, event: str, _: object) -> None:
            nonlocal count
            count += event == "call" and "/rich/" in Path(frame.f_code.co_filename).as_posix()

        ui = terminal()
        ui.table("Warm", ("file", "size"), [("x", "1 B")])
        sys.setprofile(trace)
        try:
            ui.table("Plan", ("file", "size"), [(f"{number}.whl", "1 B") for number in range(rows)])
        finally:
            sys.setprofile(None)
        return count

    assert calls(400) - calls(100) < 300 * 50
    assert "399.whl" in capsys.readouterr().out


def everything(ui: Ui) -> None:
    """Print something in every way."""
    ui.plan("plan", [PlanRow("send", 1, None, "", "file")])
    ui.progress("progress")
    ui.done("done")
    ui.note("note")
    ui.detail("detail")
    ui.warn("warning")
    ui.table("title", ["column"], [["cell"]])


def test_json_has_stdout_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json, stdout is the result and nothing else; people read stderr."""
    ui = terminal(verbose=True, as_json=True)
    everything(ui)
    ui.result({"sent": ["a.whl"], "bytes": 12, "why": f"said {PASSWORD} to https://me:pw@h/", "é": None})
    out, err = capsys.readouterr()
    assert json.loads(out) == {
        "sent": ["a.whl"],
        "bytes": 12,
        "why": "said <hidden> to https://<hidden>@h/",
        "é": None,
    }
    assert out.endswith("}\n")
    assert all(
        word in err
        for word in ("plan", "send", "file", "progress", "done", "note", "detail", "warning", "title", "column", "cell")
    )


def test_no_result_unless_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Without --json no result is printed."""
    terminal().result({"sent": []})
    assert capsys.readouterr() == ("", "")


def test_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """Who calls a command as a function hears nothing, and is asked nothing."""
    ui = Silent()
    everything(ui)
    assert ui.confirm("sure?")
    assert capsys.readouterr() == ("", "")


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a repr": repr,
    "in JSON": json.dumps,
    "in a list": lambda text: repr([text]),
}


@pytest.mark.parametrize(
    ("value", "form"),
    [
        *(pytest.param(PASSWORD, form, id=f"plain {form}") for form in FORMS),
        pytest.param("two  blanks here", "as it is", id="blanks as it is"),
        pytest.param("first line\nsecond line", "as it is", id="lines as it is"),
        pytest.param("bell\x07bell", "as it is", id="control character as it is"),
        pytest.param("back\\slash\\key", "as it is", id="backslash as it is"),
        pytest.param("back\\slash\\key", "in a repr", id="backslash in a repr"),
        pytest.param("quo\"te'quote", "in a repr", id="quotes in a repr"),
        pytest.param("pässwörd", "in JSON", id="letters in JSON"),
    ],
)
def test_notes_hold_no_secret(value: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A secret of whatever characters is hidden in whatever form libraries quote it."""
    terminal(hide=value).note(f"refused: {FORMS[form](value)} is wrong")
    out, _ = capsys.readouterr()
    assert "<hidden>" in out
    assert " ".join(value.split()) not in out


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(PASSWORD, id="plain"),
        pytest.param("pässwörd", id="letters"),
        pytest.param('quo"te"quote', id="quotes"),
        pytest.param("back\\slash\\key", id="backslash"),
        pytest.param("first line\nsecond line", id="lines"),
    ],
)
def test_json_holds_no_secret(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The result is as clean, though JSON escapes what it holds, and stays JSON."""
    terminal(as_json=True, hide=value).result({"error": f"refused {value}", "rows": [{"why": value}]})
    assert json.loads(capsys.readouterr().out) == {"error": "refused <hidden>", "rows": [{"why": "<hidden>"}]}


def test_terminal_of_few_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a terminal has no letters for is shown escaped, and ends nothing."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", newline="\n", write_through=True))
    ui = terminal()
    ui.note("dé 🎡")
    ui.table("été", ["column"], [["ü"]])
    assert raw.getvalue().startswith(b"d\\xe9 \\U0001f3a1\n")


@pytest.mark.parametrize("as_json", [False, True])
def test_closed_streams(as_json: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where stdout, stderr and stdin are closed, nobody is told anything, and the work goes on."""
    for name in ("stderr" if as_json else "stdout", "stdin"):
        monkeypatch.setattr(sys, name, None)
    ui = terminal(as_json=as_json)
    everything(ui)
    assert ui.confirm("sure?")


class Keyboard(io.StringIO):
    """A terminal at which somebody types."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("y\n", True), ("yes\n", True), (" YES \n", True), ("n\n", False), ("\n", False), ("", False), ("yep\n", False)],
)
def test_confirm(
    typed: str, expected: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person is asked, and only a clear yes counts."""
    monkeypatch.setattr(sys, "stdin", Keyboard(typed))
    assert terminal().confirm("release [b] 1.0?") is expected
    assert capsys.readouterr() == ("release [b] 1.0? [y/N] ", "")


def test_confirm_reads_no_garbage(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is typed in another charset is no yes."""

    class Garbage(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Garbage(io.BytesIO(b"\xff\n"), encoding="utf-8"))
    assert not terminal().confirm("sure?")


@pytest.mark.parametrize(
    ("assume_yes", "stdin"), [(True, Keyboard("n\n")), (False, io.StringIO("n\n"))], ids=["--yes", "no terminal"]
)
def test_confirm_without_asking(
    assume_yes: bool, stdin: io.StringIO, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --yes, and where nobody can answer, nobody is asked."""
    monkeypatch.setattr(sys, "stdin", stdin)
    assert terminal(assume_yes=assume_yes).confirm("sure?")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (999_949, "999.9 kB"),
        pytest.param(999_999, "1.0 MB"),
        (1_000_000, "1.0 MB"),
        (123_456_789, "123.5 MB"),
        pytest.param(999_999_999, "1.0 GB"),
        (5_000_000_000, "5.0 GB"),
        (1_234_000_000_000, "1234.0 GB"),
    ],
)
def test_size_text(size: int, expected: str) -> None:
    """Sizes are for people."""
    assert size_text(size) == expected


@pytest.mark.parametrize(("files", "expected"), [([], "0 files"), (["a"], "1 file"), (["a", "b"], "2 files")])
def test_count(files: list[str], expected: str) -> None:
    """Files are counted in words."""
    assert text.count(files) == expected


@given(st.text(max_size=60))
def test_clean_is_one_printable_line(text: str) -> None:
    """Whatever the text, what is shown is one printable line without the secret."""
    shown = terminal().clean(text + PASSWORD + text)
    assert shown.isprintable()
    assert PASSWORD not in shown


def test_width_of_a_log() -> None:
    """Where no terminal tells its width, long names still fit."""
    assert terminal().console.width == console.LOG_WIDTH
