"""How what is to be looked at stands out on a terminal that has colours.

Rich knows which do: it heeds NO_COLOR, FORCE_COLOR and TERM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.cli.log import Log
from wheelhouse_tasks.ui import Mark

if TYPE_CHECKING:
    from rich.console import Console

#: How each mark looks; there are words for it without colours too.
STYLES = {
    Mark.PLAIN: "",
    Mark.SETTLED: "dim",
    Mark.DOUBTFUL: "yellow",
    Mark.DIFFERENT: "bold yellow",
    Mark.WRONG: "bold red",
}


def painted(console: Console | Log, text: str, mark: Mark) -> str:
    """Return a text in the colour of a mark, where the console has colours."""
    if isinstance(console, Log) or console.color_system is None or not STYLES[mark]:
        return text
    from rich.color import ColorSystem

    style = console.get_style(STYLES[mark])
    style = style.without_color if console.no_color else style
    return style.render(text, color_system=ColorSystem.STANDARD, legacy_windows=console.legacy_windows)
