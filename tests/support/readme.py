"""The parts of the README that are written from the code, between two comments each, and the blocks that tests run."""

from __future__ import annotations

import re
import textwrap
from inspect import getdoc
from typing import TYPE_CHECKING

from paths import ROOT

import wheelhouse_tasks
from wheelhouse_tasks.cli.task import CONFIRMS, DRY_RUN, EVERY_TASK
from wheelhouse_tasks.services.passing import patterns
from wheelhouse_tasks.settings.providers import credential_rows, provider_rows
from wheelhouse_tasks.settings.table import ROWS, flags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wheelhouse_tasks.settings.row import Row

README = (ROOT / "README.md").read_text(encoding="utf-8")
PART = re.compile(r"(?P<begin><!-- (?P<name>\w+): written by `inv readme` -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def written(text: str) -> str:
    """Return the *text* of a README with each of its written parts made anew; raise KeyError for an unknown one."""
    parts = {
        "contents": lambda: contents(text),
        "commands": commands,
        "settings": settings,
        "credentials": lambda: rows(("provider", "user name and secret", "variables"), credential_rows()),
        "providers": lambda: rows(("provider", "settings beside `container`", "proven on"), provider_rows()),
        "tox": tox,
    }
    return PART.sub(lambda match: f"{match['begin']}\n{parts[match['name']]()}\n\n{match['end']}", text)


def contents(text: str) -> str:
    """Return a list of links to the headings of *text*: chapters, and the sections of each."""
    lines: list[str] = []
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for marks, heading in re.findall(r"^(##|###) (.+)$", prose, re.MULTILINE):
        if heading == "Contents":
            continue
        indent = "  " if marks == "###" else ""
        lines.append(f"{indent}- [{heading}](#{anchor(heading)})")
    return "\n".join(lines)


def anchor(heading: str) -> str:
    """Return the anchor that GitHub and GitLab give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def rows(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [columns, ["---"] * len(columns), *cells]
    return "\n".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) for line in lines)


def commands() -> str:
    """Return a table of the tasks with the options that are no settings of theirs."""
    cells = []
    for name, task in wheelhouse_tasks.ns.tasks.items():
        shared = {*EVERY_TASK, *DRY_RUN, *CONFIRMS, *(row.parameter for row in flags_of(name))}
        names = [argument.name for argument in task.get_arguments() if argument.name not in shared]
        flags = " ".join(f"`--{name.replace('_', '-')}`" for name in names)
        cells.append((f"`{name}`", (getdoc(task) or "").partition("\n")[0].rstrip("."), flags))
    return rows(("command", "does", "options that are no settings"), cells)


def settings() -> str:
    """Return a table of the settings of each group."""
    groups = dict.fromkeys(row.group for row in ROWS.values())
    return "\n\n".join(f"**{group.capitalize()}**\n\n{_group(group)}" for group in groups)


def _group(name: str) -> str:
    return rows(
        ("setting", "flag", "variable", "default", "what it is"),
        [_setting(row) for row in ROWS.values() if row.group == name],
    )


def _setting(row: Row) -> tuple[str, ...]:
    flag = f"`{row.flag}`" if row.tasks else ""
    variable = "" if row.default == {} else f"`{row.variables[1]}`"  # a table stands in files only
    return f"`{row.name}`", flag, variable, shown_default(row), row.help


def shown_default(row: Row) -> str:
    """Return how the README shows the default of a setting."""
    if row.shown or row.default in (None, "", (), {}):
        return row.shown
    if isinstance(row.default, bool):
        return "`yes`" if row.default else "`no`"
    return f"`{row.default:g}`" if isinstance(row.default, float) else f"`{row.default}`"


def tox() -> str:
    """Return the environment of a tox.ini that passes every variable that is read."""
    lines = textwrap.wrap(", ".join(patterns()), 94, initial_indent="    ", subsequent_indent="    ")
    passed = (" " + chr(92) + "\n").join(lines)
    return f"""```ini
[testenv:wheelhouse]
skip_install = true
deps = -r requirements-wheelhouse.txt
commands = wheelhouse {{posargs:upload}}
pass_env = \\
{passed}
```"""


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def section(heading: str) -> str:
    """Return what stands under a heading, up to the next one."""
    after = README.partition(f"# {heading}\n")[2]
    # in a block of code a line may begin as a heading does
    parts = re.split(r"(^```.*?^```)", after, flags=re.DOTALL | re.MULTILINE)
    text = ""
    for part in parts:
        before, mark, _ = (part, "", "") if part.startswith("```") else part.partition("\n#")
        text += before
        if mark:
            break
    return text
