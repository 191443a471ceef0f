"""How tasks end, and what they must not show."""

from subprocess import CompletedProcess

#: A secret that no output may hold.
SENTINEL = "hush-hush-5ecret"
#: What a server shows in place of a page that it keeps for its users.
LOGIN = "<html><body><form><input name=user><input name=password type=password></form></body></html>"
#: How much output is asked for: the words in front of the task, and those behind.
MODES = {
    "plain": ((), ()),
    "verbose": ((), ("--verbose",)),
    "echo": (("--echo",), ()),
    "debug": (("--debug",), ()),
}


def failed(done: CompletedProcess[str], code: int, message: str, *, debug: bool = False) -> None:
    """Assert how a task ended: its code, one line on stderr, no traceback, no secret anywhere."""
    everything = done.stdout + done.stderr
    assert SENTINEL not in everything
    assert done.returncode == code, everything
    assert "Traceback" not in everything
    assert message in done.stderr, done.stderr[-600:]
    if not debug:
        assert (done.stderr.count("\n"), done.stderr[:7]) == (1, "error: ")
