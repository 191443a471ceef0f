"""What a person sees, and the result that a machine reads. Nothing else of this package writes to a terminal."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from wheelhouse_tasks.cli.display import Display, Progress
from wheelhouse_tasks.cli.streams import Deaf, mute, unheard
from wheelhouse_tasks.errors import Failed, one_line
from wheelhouse_tasks.secret import mask
from wheelhouse_tasks.services import ci
from wheelhouse_tasks.services.choice import dialect_of
from wheelhouse_tasks.services.dialect import NoDialect, Report
from wheelhouse_tasks.settings.credentials import secrets_among, secrets_of
from wheelhouse_tasks.text import size_text
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from rich.console import Console
    from rich.table import Table

    from wheelhouse_tasks.services.dialect import Dialect
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import PlanRow, Work

#: Columns where the width of a terminal is not known: logs scroll sideways, and file names are long.
LOG_WIDTH = 240
#: As many digits of a sha256 as a person compares.
DIGITS = 12
#: Between the columns of a table.
GAP = "  "


class Terminal:
    """The Ui of a task. With *as_json* everything goes to stderr, and stdout is left to the result."""

    def __init__(
        self,
        *,
        verbose: bool,
        as_json: bool,
        assume_yes: bool,
        secrets: frozenset[str],
        argv: Sequence[str] = (),
        dialect: Dialect | None = None,
        progress: Progress = Progress.LINES,
    ) -> None:
        self.argv = argv
        self.verbose = verbose
        self.as_json = as_json
        self.assume_yes = assume_yes
        self.secrets = secrets
        #: How the service that runs this build reads its log.
        self.dialect = dialect or NoDialect()
        self.report = Report()
        self._console: Console | None = None
        #: Held by the thread that prints: lines of several never mix.
        self._lock = threading.RLock()
        self._progress = progress
        self._display = Display(self, self._lock, live=progress is Progress.DRAWN and self._stream.isatty())

    @classmethod
    def of(
        cls,
        settings: Settings | None,
        argv: Sequence[str],
        environ: Mapping[str, str],
        flags: Mapping[str, Any],
        *,
        verbose: bool,
        as_json: bool,
        assume_yes: bool,
    ) -> Terminal:
        """Return the Ui of a run; *settings* are None before they are read, which may fail.

        It hides the secrets of the environment, of the command line (*argv*, and *flags* as they were parsed), and of
        the settings.
        """
        secrets = secrets_of(environ, argv) | secrets_among(flags)
        if settings:
            # those of the container have what the variables of its provider add
            secrets |= secrets_among(vars(settings.options)) | secrets_among(vars(settings.container))
        return cls(
            verbose=verbose,
            as_json=as_json,
            assume_yes=assume_yes,
            secrets=secrets,
            argv=argv,
            dialect=dialect_of(environ),
            progress=Progress.LINES if ci.service(environ) else Progress.DRAWN,
        )

    @property
    def _stream(self) -> TextIO:
        """Return the stream that everything is printed on; one that was closed is None."""
        return (sys.stderr if self.as_json else sys.stdout) or Deaf()

    @property
    def console(self) -> Console:
        """Return rich's console, made when it is first needed."""
        with self._lock:
            return self._made()

    def _made(self) -> Console:
        if self._console is None:
            from rich.console import Console

            class Plain(Console):
                def on_broken_pipe(self) -> None:
                    raise BrokenPipeError  # rich would end the program

            stream = self._stream
            width = None if stream.isatty() else LOG_WIDTH
            self._console = Plain(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=True)
        return self._console

    def clean(self, text: str) -> str:
        """Return *text* on one line, without secrets, in characters that the terminal has."""
        cleaned = mask(one_line(mask(text, self.secrets)), self.secrets)
        encoding = self.console.encoding or "utf-8"
        return cleaned.encode(encoding, "backslashreplace").decode(encoding)

    def plan(self, title: str, rows: Iterable[PlanRow]) -> None:
        """Print a table; the columns of sources and of reasons are left out where no row has one."""
        rows = list(rows)
        sourced, reasoned = any(row.source for row in rows), any(row.why for row in rows)
        self.table(
            title,
            ("action", "size", "sha256", *(["source"] if sourced else []), "file", *(["why"] if reasoned else [])),
            [
                (
                    row.action,
                    "" if row.size is None else size_text(row.size),
                    (row.sha256 or "none")[:DIGITS],
                    *([row.source] if sourced else []),
                    row.file,
                    *([row.why] if reasoned else []),
                )
                for row in rows
            ],
        )

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table without borders, which copies well from a log."""
        title, head, *cleaned = self.clean(title), *([self.clean(cell) for cell in row] for row in (columns, *rows))
        harmless = [[self.dialect.harmless(cell) for cell in row] for row in cleaned]
        lines = aligned([head, *harmless], right=[column == "size" for column in columns], width=self.console.width)
        with self._lock:
            self.report.tables.append((title, head, cleaned))
            # a title of the table's own would be folded to its width
            if not self._command(self.dialect.opening(title)):
                self._print(self.dialect.harmless(title), style="bold")
            if lines:
                self._print(lines[0], style="table.header")
                self._print_as_it_is(lines[1:])
            else:
                self._print(folded(head, harmless, right="size"), soft_wrap=False)
            self._command(self.dialect.closing())

    def work(self, title: str, *, files: int | None = None, size: int | None = None) -> AbstractContextManager[Work]:
        """Show how far work has come: on a terminal by lines that change in place, elsewhere by a line now and then."""
        if self._progress is Progress.NONE:
            return nullcontext(UNSEEN)
        return self._display.work(self.clean(title), files, size)

    def note_progress(self, text: str) -> None:
        """Print a line that no report keeps."""
        self._line(text)

    def progress(self, text: str) -> None:
        """Print a line with --verbose."""
        self.detail(text)

    def done(self, text: str) -> None:
        """Print a line."""
        self.report.done.append(self.clean(text))
        self._line(text)

    def note(self, text: str) -> None:
        """Print a line; its leading blanks are kept."""
        self.report.notes.append(self.clean(text))
        self._line(text)

    def detail(self, text: str) -> None:
        """Print a line with --verbose."""
        if self.verbose:
            self._line(text, style="dim")

    def warn(self, text: str) -> None:
        """Print a line that stands out."""
        line = self.clean(text)
        with self._lock:
            self.report.warnings.append(line)
            if not self._command(self.dialect.warning(line)):
                self._print(f"warning: {line}", style="yellow")

    def confirm(self, question: str) -> bool:
        """Ask on a terminal; where there is none, or --yes was given, go on."""
        if self.assume_yes or sys.stdin is None or not sys.stdin.isatty():
            return True
        with self._display.aside():
            self._print(f"{self.clean(question)} [y/N] ", end="")
            try:
                return sys.stdin.readline().strip().lower() in ("y", "yes")
            except UnicodeDecodeError:
                return False

    @property
    def again(self) -> str:
        """Return the command that is running."""
        program, *words = self.argv or [""]
        path = Path(program)
        name = f"python -m {path.parent.name}" if path.name == "__main__.py" else path.name
        return self.clean(shlex.join([*name.split(), *words]))

    def result(self, value: dict[str, Any]) -> None:
        """Print the machine-readable result, if asked for; raise Failed where it cannot be printed."""
        if not self.as_json:
            return
        try:
            sys.stdout.write(mask(json.dumps(value, indent=1), self.secrets) + "\n")
            sys.stdout.flush()
        except (OSError, AttributeError) as error:  # full, gone, or closed from the start
            mute(sys.stdout)
            raise Failed(
                "standard output", f"cannot be written: {getattr(error, 'strerror', 'it is closed')}"
            ) from None

    def finish(self, command: str, result: Mapping[str, Any], error: str = "") -> None:
        """Leave with the service what the *command* did: its result, and an error that it ended with."""
        self._command(self.dialect.error(error) if error else "")
        hidden = json.loads(mask(json.dumps(result), self.secrets))
        self.dialect.finish(command, self.report, hidden, error)

    def _line(self, text: str, **options: Any) -> None:
        indent = len(text) - len(text.lstrip(" "))
        self._print(self.dialect.harmless(" " * indent + self.clean(text)), **options)

    def _command(self, line: str) -> bool:
        """Print a line of the dialect as it is, if there is one; return whether there is."""
        if line:
            with self._display.aside():
                try:
                    self.console.file.write(line + "\n")
                    self.console.file.flush()
                except BrokenPipeError:
                    mute(self.console.file)
        return bool(line)

    def _print(self, *shown: object, **options: Any) -> None:
        """Print; where nobody reads any more (`... | head`), go on in silence: work is not left half done for that."""
        with self._display.aside(), unheard(self.console):
            self.console.print(*shown, **options)

    def _print_as_it_is(self, lines: Sequence[str]) -> None:
        """Print lines as `_print` does, thousands of them at little cost."""
        with self._display.aside(), unheard(self.console):
            self.console.out("\n".join(lines), highlight=False, end="\n" * bool(lines))


def aligned(rows: Sequence[Sequence[str]], *, right: Sequence[bool], width: int) -> list[str]:
    """Return the lines of a table, as rich would print it; none where it is wider than *width*, and has to be folded.

    Rich measures and splits each cell several times, which for thousands of rows takes longer than to fetch them.
    """
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + len(GAP) * (len(widths) - 1) > width:
        return []

    def padded(cell: str, width: int, is_right: bool) -> str:
        blanks = " " * (width - cell_len(cell))
        return blanks + cell if is_right else cell + blanks

    return [GAP.join(map(padded, row, widths, right)) for row in rows]


def folded(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: str) -> Table:
    """Return a table whose cells are folded to the width of a terminal; the column called *right* is aligned there."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column == right else "left")
    for row in rows:
        table.add_row(*row)
    return table
