"""The output of twine, read once: no other module looks at its words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wheelhouse_tasks.errors import UploadRefusal, one_line
from wheelhouse_tasks.secret import mask_url

#: The exit code of twine, as of argparse, for arguments that it does not know.
USAGE = 2
TOO_MANY_REQUESTS, NAME_TAKEN = 429, 409
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
#: The line of `--verbose`, and the error for an answer to any other request than the upload.
STATUS = (re.compile(r"Response from .*?:\s+(\d{3})\b", re.DOTALL), re.compile(r"\bHTTPError: (\d{3})\b"))
#: The answers of PyPI and others that have no status of their own for it; twine looks for the same words.
EXISTS = re.compile(r"already exist")
NO_CREDENTIALS = re.compile(r"\bNonInteractive: ")
#: The last line of a traceback: twine catches nothing that goes wrong with a connection.
NETWORK = re.compile(
    r"^(?:requests\.exceptions\.(?:\w*Connection\w*|\w*Timeout|SSLError|ProxyError|ChunkedEncodingError)"
    r"|(?:Connection\w*|BrokenPipe|Timeout)Error)\b",
    re.MULTILINE,
)
#: What requests says of a certificate that it does not trust, in the same line.
UNTRUSTED = re.compile(r"^requests\.exceptions\.SSLError\b.*\bCERTIFICATE_VERIFY_FAILED\b", re.MULTILINE)
#: The verdicts of `twine check --strict` that are no errors.
PASSED, DOUBTED = "PASSED", "FAILED due to warnings"
VERDICT = re.compile(rf"(?ms)^Checking ([^\n]*?): ({PASSED}|{DOUBTED}|FAILED|)(.*?)(?=^Checking |\Z)")


@dataclass(frozen=True)
class TwineOutput:
    """How a run of twine ended, and its output without colours."""

    text: str
    #: Exit code, or the negative number of the signal that ended it.
    code: int
    #: Whether it was ended by us, because it took longer than the timeout.
    late: bool = False

    @property
    def status(self) -> int | None:
        """Return the HTTP status of the package index's answer, where one came."""
        if self._broken:
            return None
        return next((int(match[1]) for pattern in STATUS if (match := pattern.search(self.text))), None)

    @property
    def kind(self) -> UploadRefusal:
        """Return the kind of refusal of an upload that failed."""
        if self.late:
            return UploadRefusal.NO_ANSWER
        if self._broken:
            return UploadRefusal.OTHER
        if self.status is not None:
            return kind_of(self.status, exists=EXISTS.search(self.text) is not None)
        if NO_CREDENTIALS.search(self.text):
            return UploadRefusal.NO_CREDENTIALS
        if self.untrusted:  # nothing was sent
            return UploadRefusal.OTHER
        return UploadRefusal.NO_ANSWER if NETWORK.search(self.text) else UploadRefusal.OTHER

    @property
    def untrusted(self) -> bool:
        """Return whether the certificate of the package index is not trusted."""
        return not self._broken and UNTRUSTED.search(self.text) is not None

    @property
    def reason(self) -> str:
        """Return the reason of a failure, from the end of the output, which may be a traceback."""
        return self.reason_in(self.text)

    def reason_in(self, text: str) -> str:
        """Return the reason that a part of the output ends with."""
        if self.code < 0:
            return f"twine was ended by signal {-self.code}"
        if self.code == USAGE:
            return "twine does not know its arguments (is it 7.0 or newer?)"
        errors = re.split(r"\bERROR\b:?", text)
        last = errors[-1] if len(errors) > 1 else text.strip().rpartition("\n")[2]
        return squeezed(last) or "twine gave no reason"

    @property
    def verdicts(self) -> dict[str, tuple[str, str]]:
        """Return the verdict of `twine check` on each file, and its findings.

        The file that twine stopped at has no verdict, and those after it are missing.
        """
        return {name: (verdict, rest) for name, verdict, rest in VERDICT.findall(self.text)}

    @property
    def _broken(self) -> bool:
        """Return whether twine itself does not work, so that its output has no meaning."""
        return self.code < 0 or self.code == USAGE


def without_colours(text: str) -> str:
    """Return *text* without the codes of colours."""
    return COLOUR.sub("", text)


def squeezed(text: str) -> str:
    """Return *text* on one line of bounded length, without secrets."""
    return one_line(mask_url(" ".join(text.split())))[:600]


def kind_of(status: int, *, exists: bool) -> UploadRefusal:
    """Return the kind of refusal of an HTTP *status*, given whether the answer calls the file one that *exists*."""
    if status == TOO_MANY_REQUESTS:
        return UploadRefusal.BUSY
    if 500 <= status < 600:
        return UploadRefusal.BROKEN
    if status == NAME_TAKEN or (400 <= status < 500 and exists):
        return UploadRefusal.EXISTS
    return UploadRefusal.OTHER
