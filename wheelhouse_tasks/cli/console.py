"""What a person sees, and the result that a machine reads. Nothing else of this package writes to a terminal."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO

from wheelhouse_tasks.cli import plans
from wheelhouse_tasks.cli.colours import painted
from wheelhouse_tasks.cli.display import Display, Progress
from wheelhouse_tasks.cli.log import Log, is_log
from wheelhouse_tasks.cli.streams import Deaf, alarm, console_on, mute, unheard
from wheelhouse_tasks.cli.suggest import as_typed
from wheelhouse_tasks.cli.tables import Table, drawn
from wheelhouse_tasks.errors import Failed, one_line
from wheelhouse_tasks.secret import mask
from wheelhouse_tasks.services import ci
from wheelhouse_tasks.services.choice import dialect_of
from wheelhouse_tasks.services.dialect import NoDialect, Report
from wheelhouse_tasks.settings.credentials import secrets_among, secrets_of
from wheelhouse_tasks.ui import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from rich.console import Console

    from wheelhouse_tasks.services.dialect import Dialect
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.ui import PlanRow, Work

#: Columns where the width of a terminal is not known: logs scroll sideways, and file names are long.
LOG_WIDTH = 240


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
        #: Whether a service runs this build, and keeps the log.
        self.in_ci = False
        #: Whether nothing is printed but warnings, errors and what was asked for.
        self.quiet = False
        #: Whether the plan is what was asked for, in a dry run.
        self.plan_was_asked_for = False
        self._console: Console | None = None
        self._printer: Console | Log | None = None
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
        in_ci = ci.service(environ) is not None
        # a flag beats a setting
        quiet = settings is not None and settings.options.quiet and not verbose
        terminal = cls(
            verbose=verbose,
            as_json=as_json,
            assume_yes=assume_yes,
            secrets=secrets,
            argv=argv,
            dialect=dialect_of(environ),
            progress=Progress.NONE if quiet else Progress.LINES if in_ci else Progress.DRAWN,
        )
        terminal.in_ci, terminal.quiet = in_ci, quiet
        return terminal

    @property
    def _stream(self) -> TextIO:
        """Return the stream that everything is printed on; one that was closed is None."""
        return (sys.stderr if self.as_json else sys.stdout) or Deaf()

    @property
    def console(self) -> Console:
        """Return rich's console, made when it is first needed: to draw, and to print on a terminal."""
        with self._lock:
            if self._console is None:
                self._console = console_on(self._stream, None if self._stream.isatty() else LOG_WIDTH)
            return self._console

    @property
    def _out(self) -> Console | Log:
        """Return what everything is printed with, made when it is first needed."""
        with self._lock:
            if self._printer is None:
                self._printer = Log(self._stream, LOG_WIDTH) if is_log(self._stream) else self.console
            return self._printer

    def clean(self, text: str) -> str:
        """Return *text* on one line, without secrets, in characters that the terminal has."""
        cleaned = mask(one_line(mask(text, self.secrets)), self.secrets)
        encoding = self._out.encoding or "utf-8"
        return cleaned.encode(encoding, "backslashreplace").decode(encoding)

    def plan(self, title: str, rows: Iterable[PlanRow], *, whole: bool = False) -> None:
        """Print a plan: as a matrix on a terminal that it would fill, otherwise file by file."""
        rows = [*rows]
        listing = plans.file_by_file(rows)
        if self.quiet and not self.plan_was_asked_for:
            self._keep(self.clean(title), listing.mapped(self.clean))
            return
        shown = [listing] if self._is_log else plans.on_a_terminal(rows, self._out.width, whole=whole)
        self._sheets(title, shown, listing)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table without borders, which copies well from a log."""
        listing = Table(columns, [*rows], [column == "size" for column in columns])
        self._sheets(title, [listing], listing)

    def matrix(self, title: str, sizes: Mapping[str, Sequence[int | None]], lacks: Sequence[str]) -> None:
        """Print the matrix of a version: in one table, or on a terminal in as many as it takes."""
        listing = plans.one_matrix(sizes, lacks)
        shown = [listing] if self._is_log else plans.matrix(sizes, lacks, self._out.width)
        self._sheets(title, shown, listing)

    def _sheets(self, title: str, tables: Sequence[Table], listing: Table) -> None:
        """Print tables below a title; a service keeps the *listing*, in which every file has its name."""
        title = self.clean(title)
        kept = listing.mapped(self.clean)
        tables = [kept if table is listing else table.mapped(self.clean) for table in tables]
        self._keep(title, kept)
        with self._lock:
            # a title of the table's own would be folded to its width
            if not self._command(self.dialect.opening(title)):
                self._print(self.dialect.harmless(title), style="bold")
            for table in tables:
                lines = drawn(table.mapped(self.dialect.harmless), self._out.width, partial(painted, self._out))
                for line in lines.head:
                    self._print(line, style="table.header")
                self._print_as_it_is(lines.body)
            self._command(self.dialect.closing())

    def work(self, title: str, *, files: int | None = None, size: int | None = None) -> AbstractContextManager[Work]:
        """Show how far work has come: on a terminal by lines that change in place, elsewhere by a line now and then."""
        if self._progress is Progress.NONE:
            return nullcontext(UNSEEN)
        return self._display.work(self.clean(title), files, size)

    def note_progress(self, text: str) -> None:
        """Print a line that no report keeps."""
        self._line(text)

    def _keep(self, title: str, table: Table) -> None:
        self.report.tables.append((title, [*table.head], [[*row] for row in table.rows]))

    @property
    def _is_log(self) -> bool:
        """Return whether everything is shown in full: in a log that somebody reads later, and to who asked for it."""
        return self.verbose or self.in_ci or not self._out.file.isatty()

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

    def document(self, text: str) -> None:
        """Print the lines of a file on stdout; with --json the result has them."""
        if not self.as_json:
            self._print_as_it_is([self.dialect.harmless(mask(line, self.secrets)) for line in text.splitlines()])

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
        return self.clean(as_typed(self.argv))

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

    def last(self, error: str) -> str:
        """Return the line on stderr that an *error* ends the program with."""
        return self.dialect.last(error) or f"{alarm('error:')} {error}"

    def finish(self, command: str, result: Mapping[str, Any], error: str = "") -> None:
        """Leave with the service what the *command* did: its result, and an error that it ended with."""
        self._command(self.dialect.error(error) if error else "")
        hidden = json.loads(mask(json.dumps(result), self.secrets))
        self.dialect.finish(command, self.report, hidden, error)

    def _line(self, text: str, **options: Any) -> None:
        """Print a line that nobody misses who asked for warnings and errors only."""
        if self.quiet:
            return
        indent = len(text) - len(text.lstrip(" "))
        self._print(self.dialect.harmless(" " * indent + self.clean(text)), **options)

    def _command(self, line: str) -> bool:
        """Print a line of the dialect as it is, if there is one; return whether there is."""
        if line:
            with self._display.aside(), unheard(self._out):
                self._out.file.write(line + "\n")
                self._out.file.flush()
        return bool(line)

    def _print(self, text: str, **options: Any) -> None:
        """Print; where nobody reads any more (`... | head`), go on in silence: work is not left half done for that."""
        with self._display.aside(), unheard(self._out):
            self._out.print(text, **options)

    def _print_as_it_is(self, lines: Sequence[str]) -> None:
        """Print lines as `_print` does, thousands of them at little cost."""
        with self._display.aside(), unheard(self._out):
            self._out.out("\n".join(lines), highlight=False, end="\n" * bool(lines))
