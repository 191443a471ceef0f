"""Render one project's part of the flat page for people: a table of Python and ABI by platform for each version.

Installers read the same page, so it links artifacts only: uv rejects a page with a link within the page, because its
fragment is no digest. The page needs no script: `details` opens and closes, and a click selects a command.
"""

from __future__ import annotations

import functools
import re
import shlex
from typing import TYPE_CHECKING

from wheelhouse_tasks.artifacts.artifact import natural
from wheelhouse_tasks.pages.quoting import text_of
from wheelhouse_tasks.text import size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.pages.record import File

    Pair = tuple[Artifact, File]

DATE = re.compile(r"\d{4}-\d\d-\d\d(?=T)", re.ASCII)
#: A platform, `manylinux_2_17_x86_64`: the system and the machine.
PLATFORM = re.compile(r"([a-z]+[0-9]*(?:_[0-9]+)*)_(.+)")

STYLE = """\
<style>
:root { color-scheme: light dark; --line: #8885; --shade: #8882 }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
h1, h2 { line-height: 1.2 }
h2 { margin: 2.5rem 0 .75rem }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: 0 .75rem }
summary { cursor: pointer; padding: .5rem 0 }
summary span, small { display: inline-block; opacity: .75; font-size: .875rem; margin-left: .5rem }
pre { margin: .25rem 0 .75rem; padding: .5rem .75rem; background: var(--shade); border-radius: .375rem }
pre { white-space: pre-wrap; user-select: all; -webkit-user-select: all }
p { margin: .25rem 0 .75rem }
.box { overflow-x: auto; margin-bottom: .75rem }
table { border-collapse: collapse; font-size: .875rem }
th, td { padding: .5rem .625rem; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--line) }
th { font-weight: 600 }
tr > :first-child { position: sticky; left: 0; padding-left: 0; background: Canvas }
em { color: #c33; color: light-dark(#b00020, #ff8a80) }
</style>
"""


def intro(projects: int, files: int) -> str:
    """Return the beginning of the page: its numbers, and how to use its commands."""
    if not files:
        return "<p>No files yet.</p>\n"
    return f"""\
<p>{_number(projects, "project")}, {_number(files, "file")}.
In a command, put the address of this page in place of URL-OF-THIS-PAGE; <code>uv pip install</code> takes the same
options.</p>
"""


def render(project: str, versions: Mapping[Version, Sequence[Pair]], *, attributes: Callable[[File], str]) -> list[str]:
    """Return the pieces of the text: the versions, newest first. The newest one and the newest release are open.

    *attributes* returns the attributes of the link to a file.
    """
    newest = sorted(versions, reverse=True)
    opened = [*newest[:1], *[version for version in newest if not version.is_prerelease][:1]]
    parts = [_version(project, versions[version], attributes, opened=version in opened) for version in newest]
    return [f"<h2>{text_of(project)}</h2>\n", *parts]


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _version(project: str, pairs: Sequence[Pair], attributes: Callable[[File], str], *, opened: bool) -> str:
    files = [file for _, file in pairs]
    version = str(pairs[0][0].version)
    command = shlex.quote(f"{project}=={version}")
    requires = {file.requires_python or "" for file in files}
    facts = [f"<p>Requires Python {text_of(python)}</p>\n" for python in requires if python and len(requires) == 1]
    wheels: list[tuple[Artifact, str]] = []
    sdists: list[str] = []
    dates = set()
    for artifact, file in pairs:
        match = DATE.match(file.upload_time)
        date = match[0] if match else ""
        dates.add(date)
        if artifact.is_wheel:
            wheels.append((artifact, _link(artifact, file, attributes(file), date)))
        else:
            sdists.append(_source(artifact, file, attributes(file), date))
    mark = "" if any(file.yanked is None for file in files) else " <em>yanked</em>"
    kinds = [_number(len(wheels), "wheel")] * bool(wheels) + ["source"] * bool(sdists)
    span = sorted(dates - {""})
    when = " to ".join(span[:1] + span[1:][-1:])
    summary = _facts(" + ".join(kinds), size_text(sum(file.size for file in files)), when)
    return f"""\
<details{" open" if opened else ""}>
<summary><strong>{text_of(version)}</strong>{mark} <span>{summary}</span></summary>
<pre>pip install --find-links URL-OF-THIS-PAGE {text_of(command)}</pre>
{"".join(facts)}{_table(wheels)}{"".join(sdists)}{_yanked(files)}</details>
"""


def _facts(*facts: str) -> str:
    return " &middot; ".join(filter(None, facts))


def _table(wheels: Iterable[tuple[Artifact, str]]) -> str:
    """Return the table of the links to wheels: Python and ABI by platform."""
    cells: dict[tuple[tuple[str, str], str], list[str]] = {}
    for artifact, link in wheels:
        python, abi, platform = artifact.tags
        cells.setdefault(((python, abi), platform), []).append(link)
    if not cells:
        return ""
    rows = sorted({row for row, _ in cells}, key=lambda row: [*map(natural, row)])
    columns = sorted({column for _, column in cells}, key=natural)
    body = [
        f"<tr><th>{_row_name(*row)}</th>"
        + "".join(f"<td>{'<br>'.join(cells.get((row, column), ()))}</td>" for column in columns)
        + "</tr>\n"
        for row in rows
    ]
    head = "".join(map(_column_name, columns))
    return f"""\
<div class="box"><table>
<thead><tr><th>Python</th>{head}</tr></thead>
<tbody>
{"".join(body)}</tbody></table></div>
"""


def _row_name(python: str, abi: str) -> str:
    return text_of(python if python == abi else f"{python} {abi}")


@functools.lru_cache(maxsize=512)
def _column_name(platform: str) -> str:
    """Return the head of a column: the first of a platform's names; the title shows all of them."""
    shown = PLATFORM.sub(r"\1<br>\2", text_of(platform.partition(".")[0]), count=1)
    return f'<th title="{text_of(platform)}">{shown}</th>'


def _link(artifact: Artifact, file: File, attributes: str, date: str) -> str:
    """Return a cell's link. Dates, and names that `artifact.parse` accepts, need no escape."""
    title = f"{file.filename} ({date})" if date else file.filename
    build = f" <small>build {artifact.build}</small>" if artifact.build else ""
    return f'<a {attributes} title="{title}">{size_text(file.size)}</a>{build}{_mark(file)}'


def _source(artifact: Artifact, file: File, attributes: str, date: str) -> str:
    facts = _facts(size_text(file.size), date)
    return f"<p>Source: <a {attributes}>{artifact.filename}</a>{_mark(file)} <small>{facts}</small></p>\n"


def _mark(file: File) -> str:
    return "" if file.yanked is None else " <em>yanked</em>"


def _yanked(files: Sequence[File]) -> str:
    """Return each reason once; `bdi` confines the marks of right-to-left scripts to it."""
    reasons: dict[str, list[File]] = {}
    for file in files:
        if file.yanked is not None:
            reasons.setdefault(file.yanked, []).append(file)
    rows = [(_number(len(yanked), "file"), text_of(reason).strip()) for reason, yanked in reasons.items()]
    return "".join(
        f"<p><em>Yanked</em> ({number}){f': <bdi>{reason}</bdi>' if reason else ''}</p>\n" for number, reason in rows
    )
