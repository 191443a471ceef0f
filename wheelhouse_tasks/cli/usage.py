"""The help of the `wheelhouse` program, as text: its commands, and the options of one, with values and variables."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from wheelhouse_tasks.settings.table import ROWS, flags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from invoke.parser.argument import Argument
    from invoke.parser.context import ParserContext

    Lines = Sequence[tuple[str, str]]

#: The word that stands for `--help`.
HELP = "help"
#: The options of the program that its users need; the others are the task runner's.
PROGRAM: Mapping[str, tuple[str, str]] = {
    "--help": ("-h, --help [COMMAND]", "show this, or the options of a command"),
    "--version": ("-V, --version", "show the version"),
    "--config": ("-f, --config FILE", "read a configuration of invoke besides ./invoke.yaml"),
    "--debug": ("-d, --debug", "print what the libraries do, on stderr"),
    "--print-completion-script": ("--print-completion-script SHELL", "print what makes bash, zsh or fish complete"),
}
#: What the value of an option is called, where the last word of the option does not say it.
VALUES = {
    "username": "NAME",
    "provider": "NAME",
    "repository": "NAME",
    "max-workers": "N",
    "keep": "N",
    "older-than": "DAYS",
    "pin": "VERSION",
    "like": "VERSION",
    "expect": "PATTERN",
    "only": "PATTERN",
    "index": "URL",
    "to": "URL",
    "plan": "FILE",
    "reason": "TEXT",
}
#: The group of the options that a command has for itself, and that of those that every command has.
OWN, EVERY = "options", "every command"
EVERY_NAME = ("dry-run", "yes", "verbose", "quiet", "json")
END = """\
wheelhouse help COMMAND shows the options of one.
A flag beats a variable, which beats invoke.yaml, which beats [tool.wheelhouse] in pyproject.toml.
It ends with 0 when all is done, 1 when something failed, 2 for usage or settings, 130 when interrupted."""
#: Columns between an option and what it does, and before both.
GAP, INDENT = "  ", "  "
#: A line is as long as people read with ease, however wide the terminal.
WIDEST = 100


def of_program(commands: Mapping[str, str], width: int) -> str:
    """Return the help of the program, given what each command does."""
    lines = [
        "Usage: wheelhouse COMMAND [OPTIONS]",
        "",
        *_wrapped("Carry wheels from CI to PyPI through any object store.", width),
        *_section("commands", [*commands.items()], width),
        *_section(OWN, [*PROGRAM.values()], width),
        "",
        *(line for text in END.splitlines() for line in _wrapped(text, width)),
    ]
    return "\n".join(lines)


def of_command(name: str, text: str, options: ParserContext, width: int) -> str:
    """Return the help of a command, given what it does and its *options*, in groups."""
    groups = {row.parameter.replace("_", "-"): row.group for row in flags_of(name)}
    sections: dict[str, list[tuple[str, str]]] = {OWN: []}
    sections |= {row.group: [] for row in ROWS.values()}
    last: list[tuple[str, str]] = []
    for option in sorted(options.args.values(), key=lambda option: option.names[0]):
        line = (_spec(option), option.help or "")
        if option.names[0] in EVERY_NAME:
            last.append(line)
        else:
            sections.setdefault(groups.get(option.names[0], OWN), []).append(line)
    specs = [spec for lines in [*sections.values(), last] for spec, _ in lines]
    column = max(map(len, specs))
    needed = [value_of(option.names[0]) for option in options.positional_args]
    about = [line for part in text.split("\n") for line in _wrapped(part, width)]
    lines = [" ".join(["Usage: wheelhouse", name, *needed, "[OPTIONS]"]), "", *about]
    for title, section in [*sections.items(), (EVERY, last)]:
        lines += _section(title, section, width, column) if section else []
    return "\n".join(lines)


def value_of(option: str) -> str:
    """Return what the value of an option without its dashes is called: `N`, `VERSION`, `FOLDER`."""
    return VALUES.get(option, option.rpartition("-")[2].upper())


def _spec(option: Argument) -> str:
    name = option.names[0]
    return f"--{name} {value_of(name)}" if option.takes_value else f"--{name}"


def _section(title: str, lines: Lines, width: int, column: int = 0) -> list[str]:
    """Return a title and lines in two columns; the first is *column* wide, or as wide as it must be."""
    column = column or max(len(first) for first, _ in lines)
    return ["", f"{title.capitalize()}:", *(part for line in lines for part in _two_columns(line, column, width))]


def _two_columns(line: tuple[str, str], column: int, width: int) -> Iterable[str]:
    first, second = line
    start = INDENT + first.ljust(column) + GAP
    return textwrap.wrap(
        second,
        min(width, WIDEST),
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [start.rstrip()]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, min(width, WIDEST), break_long_words=False, break_on_hyphens=False) or [""]
