"""GitLab CI: sections of the log that can be folded.

https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections
"""

from __future__ import annotations

import re
import time

from wheelhouse_tasks.services.dialect import NoDialect

#: The start of a line is erased, so that only the title is seen.
ERASE = "\x1b[0K"


class GitLab(NoDialect):
    """Sections have a name of their own, and the seconds of their begin and end."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.begun = 0

    def opening(self, title: str) -> str:
        """Return what begins a section that is shown unfolded."""
        self.begun += 1
        name = f"wheelhouse_{self.begun}_" + re.sub(r"[^a-z0-9]+", "_", title.lower())[:40].strip("_")
        self.names.append(name)
        return f"{ERASE}section_start:{int(time.time())}:{name}\r{ERASE}{title}"

    def closing(self) -> str:
        """Return what ends the section that was begun last."""
        return f"{ERASE}section_end:{int(time.time())}:{self.names.pop()}\r{ERASE}"
