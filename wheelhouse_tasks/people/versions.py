"""Render one project's part of the flat page for people: a table of Python and ABI by platform for each version.

Installers read the same page, so it links artifacts only: uv rejects a page with a link within the page, because its
fragment is no digest. The page needs no script: `details` opens and closes, and a click selects a command.
"""

from __future__ import annotations

import functools
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheelhouse_tasks.pages.quoting import quoted, text_of
from wheelhouse_tasks.people.legend import legend
from wheelhouse_tasks.people.matrix import COVERED, MISSING, UNWANTED, matrix
from wheelhouse_tasks.text import grouped, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from packaging.version import Version

    from wheelhouse_tasks.artifacts.artifact import Artifact
    from wheelhouse_tasks.pages.record import File
    from wheelhouse_tasks.people.matrix import Cell, Matrix

    Pair = tuple[Artifact, File]

#: Of one form, so that the order of the texts is that of the times.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", re.ASCII)
DATE = re.compile(r"\d{4}-\d\d-\d\d(?=T)", re.ASCII)
#: A platform, `manylinux_2_17_x86_64`: the system and the machine.
PLATFORM = re.compile(r"([a-z]+[0-9]*(?:_[0-9]+)*)_(.+)")

#: The command of a version as far as the address of the page, which stands between these two.
COMMAND, COMMAND_END = "<pre>pip install <code>--find-links</code> <code>", "</code> "
#: What stands in place of an address that is not known.
PLACEHOLDER = "URL-OF-THIS-PAGE"


@dataclass(frozen=True, kw_only=True)
class Front:
    """What the settings say of the page; what is empty is unknown."""

    title: str = ""
    #: The URL of the page.
    address: str = ""

    def over(self, other: Front) -> Front:
        """Return this, with what it does not know from *other*, but for the place of a folder on another machine."""
        kept = "" if other.address.startswith("file:") else other.address
        return Front(title=self.title or other.title, address=self.address or kept)


NOTHING = Front()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the beginning of the page repeats of one project's section; everything is escaped already."""

    project: str
    versions: int
    newest: str
    #: The newest upload time; empty where none is known.
    time: str
    #: The tags of its wheels, and what is said of a cell that has none.
    tags: Sequence[str]


FACTS = re.compile(
    r'<section id="project-([^"]*)" data-versions="(\d+)" data-newest="([^"]*)"'
    r' data-time="([^"]*)" data-tags="([^"]*)">'
)


def facts_of(section: str) -> Facts | None:
    """Return the facts that a section begins with."""
    match = FACTS.search(section)
    if not match:
        return None
    project, versions, newest, time, tags = match.groups()
    return Facts(project=project, versions=int(versions), newest=newest, time=time, tags=tags.split())


def skip_link() -> str:
    """Return a skip link. It is a button, because installers take every link for one to a file."""
    return '<form class="skip"><button formaction="#files">Skip to the files</button></form>\n'


def intro(sections: Sequence[Facts], files: int, *, addressed: bool) -> str:
    """Return the beginning of the page: its numbers, how to use its commands, its projects, what its words mean.

    *addressed* is whether the commands hold the address of the page.
    """
    if not files:
        return "<p>No files yet.</p>\n"
    time = max((facts.time for facts in sections), default="")
    newest = f"; newest upload {_time(time)}" if time else ""
    use = "" if addressed else f"In a command, put the address of this page in place of {PLACEHOLDER}. "
    tags = {tag for facts in sections for tag in facts.tags}
    return f"""\
<p>{grouped(len(sections), "project")}, {grouped(files, "file")}{newest}.
{use}A click selects a command; <code>uv pip install</code> takes the same options.</p>
{_projects(sections)}{_legend(tags)}"""


def _projects(sections: Sequence[Facts]) -> str:
    """Return the list of projects, where there are several, with buttons that lead to them."""
    if len(sections) < 2:
        return ""
    rows = []
    for one in sections:
        about = _facts(one.newest, grouped(one.versions, "version"), one.time[:10])
        button = f'<button formaction="#project-{one.project}">{one.project}</button>'
        rows.append(f"<li>{button} <span>{about}</span></li>\n")
    return f"""\
<nav aria-label="Projects"><form><ul>
{"".join(rows)}</ul></form></nav>
"""


def _legend(tags: Iterable[str]) -> str:
    words = [f"<code>{tag}</code> {meaning}" for tag, meaning in legend(tags)]
    words += [f"<strong>{word}</strong> {meaning}" for word, meaning in GAPS.items() if word in tags]
    return f'<p class="legend">{"; ".join(words)}.</p>\n' if words else ""


GAPS = {COVERED: "another wheel of the version fits", MISSING: "no wheel of the version fits"}


def render(project: str, versions: Mapping[Version, Sequence[Pair]], *, attributes: Callable[[File], str]) -> list[str]:
    """Return the pieces of the text: the versions, newest first. The newest one and the newest release are open.

    Of many versions, the older ones are within another part that opens. *attributes* returns the attributes of the
    link to a file.
    """
    newest = sorted(versions, reverse=True)
    opened = [*newest[:1], *[version for version in newest if not version.is_prerelease][:1]]
    tags: set[str] = set()
    shown, folded = list[str](), list[str]()
    for number, version in enumerate(newest):
        is_open = version in opened
        text = _version(project, versions[version], attributes, tags, opened=is_open)
        (shown if is_open or number < MANY_VERSIONS else folded).append(text)
    if folded:
        folded.insert(0, f"<details>\n<summary>{grouped(len(folded), 'earlier version')}</summary>\n")
        folded.append("</details>\n")
    names = {tag for part in tags for tag in part.split(".")}
    time = _latest({file.upload_time for pairs in versions.values() for _, file in pairs})
    about = _facts(grouped(len(newest), "version"), f"newest upload {_time(time)}" if time else "")
    head = f"""\
<section id="project-{quoted(project)}" data-versions="{len(newest)}" data-newest="{_newest(versions, newest)}" \
data-time="{time}" data-tags="{" ".join(sorted(names))}">
<h2>{text_of(project)}</h2>
<p><small>{about}</small></p>
"""
    return [head, *shown, *folded, "</section>\n"]


#: So many versions of a project are listed; the others are folded, but for the newest release.
MANY_VERSIONS = 12


def _newest(versions: Mapping[Version, Sequence[Pair]], newest: Sequence[Version]) -> str:
    return text_of(str(versions[newest[0]][0][0].version)) if newest else ""


def _latest(times: Collection[str]) -> str:
    """Return the newest of *times*, which may hold other texts; empty where there is none."""
    latest = max(times, default="")
    return latest if TIME.fullmatch(latest) else max(filter(TIME.fullmatch, times), default="")


def _time(time: str) -> str:
    return f'<time datetime="{time}">{time[:10]} {time[11:16]} UTC</time>'


def _version(
    project: str, pairs: Sequence[Pair], attributes: Callable[[File], str], tags: set[str], *, opened: bool
) -> str:
    """Return the text of one version. Add its tags, and what its table says of its gaps, to *tags*."""
    files = [file for _, file in pairs]
    version = str(pairs[0][0].version)
    command = shlex.quote(f"{project}=={version}")
    requires = {file.requires_python or "" for file in files}
    facts = [f"<p>Requires Python {text_of(python)}</p>\n" for python in requires if python and len(requires) == 1]
    cells: dict[Cell, list[str]] = {}
    sdists: list[str] = []
    dates = set()
    wheels = 0
    for artifact, file in pairs:
        match = DATE.match(file.upload_time)
        date = match[0] if match else ""
        dates.add(date)
        if artifact.is_wheel:
            python, abi, platform = artifact.tags
            cells.setdefault(((python, abi), platform), []).append(_link(artifact, file, attributes(file), date))
            wheels += 1
        else:
            sdists.append(_source(artifact, file, attributes(file), date))
    mark = "" if any(file.yanked is None for file in files) else " <em>yanked</em>"
    kinds = [grouped(wheels, "wheel")] * bool(wheels) + ["source"] * bool(sdists)
    span = sorted(dates - {""})
    when = " to ".join(span[:1] + span[1:][-1:])
    table = matrix(cells.keys())
    missing = sum(word == MISSING for word in table.gaps.values())
    mark += f" <em>{missing:,} missing</em>" if missing else ""
    tags.update(table.columns, table.gaps.values(), *table.rows)
    summary = _facts(" + ".join(kinds), size_text(sum(file.size for file in files)), when)
    return f"""\
<details{" open" if opened else ""}>
<summary><strong>{_breakable(version)}</strong>{mark} <span>{summary}</span></summary>
{COMMAND}{PLACEHOLDER}{COMMAND_END}<code>{_breakable(command)}</code></pre>
{"".join(facts)}{_table(version, cells, table)}{"".join(sdists)}{_yanked(files)}</details>
"""


def _breakable(text: str) -> str:
    """Return a text that breaks before the local part of a version, if it must."""
    return text_of(text).replace("+", "<wbr>+")


def _facts(*facts: str) -> str:
    return " &middot; ".join(filter(None, facts))


def _table(version: str, cells: Mapping[Cell, Sequence[str]], table: Matrix) -> str:
    """Return the table of the links to wheels: Python and ABI by platform."""
    if not cells:
        return ""
    body = []
    for row in table.rows:
        shown = [
            "<br>".join(links) if (links := cells.get((row, column))) else GAP_MARKS[table.gaps[row, column]]
            for column in table.columns
        ]
        body.append(f'<tr><th scope="row">{_row_name(*row)}</th><td>{"</td><td>".join(shown)}</td></tr>\n')
    head = "".join(map(_column_name, table.columns))
    hint = '<p class="hint">The table scrolls sideways.</p>\n' if len(table.columns) > 1 else ""
    return f"""\
<div class="box" tabindex="0" role="region" aria-label="Wheels of {text_of(version)}">
{hint}<table>
<thead><tr><th scope="col">Python</th>{head}</tr></thead>
<tbody>
{"".join(body)}</tbody></table></div>
"""


GAP_MARKS = {MISSING: "<em>missing</em>", COVERED: "<small>covered</small>", UNWANTED: ""}


@functools.lru_cache(maxsize=512)
def _row_name(python: str, abi: str) -> str:
    return text_of(python if python == abi else f"{python} {abi}")


@functools.lru_cache(maxsize=512)
def _column_name(platform: str) -> str:
    """Return the head of a column: the first of a platform's names; the title shows all of them."""
    shown = PLATFORM.sub(r"\1<br>\2", text_of(platform.partition(".")[0]), count=1)
    return f'<th scope="col" title="{text_of(platform)}">{shown}</th>'


@functools.lru_cache(maxsize=4096)
def _tags_text(tags: tuple[str, str, str]) -> str:
    """Return the tags as a file name ends with them; a long set of them may break at its dots."""
    return text_of("-".join(tags)).replace(".", ".<wbr>")


def _link(artifact: Artifact, file: File, attributes: str, date: str) -> str:
    """Return a cell's link. Dates, and names that `artifact.parse` accepts, need no escape."""
    title = f' title="{date}"' if date else ""
    build = f" &middot; build {artifact.build}" if artifact.build else ""
    text = _tags_text(artifact.tags)
    return f"<a {attributes}{title}>{text}</a>{_mark(file)} <small>{size_text(file.size)}{build}</small>"


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
    rows = [(grouped(len(yanked), "file"), text_of(reason).strip()) for reason, yanked in reasons.items()]
    return "".join(
        f"<p><em>Yanked</em> ({number}){f': <bdi>{reason}</bdi>' if reason else ''}</p>\n" for number, reason in rows
    )
