"""What a person sees of a fetch that takes its time: in front of a terminal, resized, and interrupted."""

import hashlib
import json
import os
import re
import sys
from pathlib import Path

import programs
import pytest
import wheels
from projects import make_project
from screens import Screen
from scripted import Handler, Scripted, scripted

SIZE = 4_000_000


def serve_half(server: Scripted, wheel: Path) -> None:
    """Have the server send half of a wheel, and then nothing until it ends."""
    body = wheel.read_bytes()

    def half(handler: Handler) -> None:
        handler.begin(200, {"Content-Length": str(len(body))})
        handler.wfile.write(body[: len(body) // 2])
        server.ended.wait(programs.STUCK)
        handler.wfile.write(body[len(body) // 2 :])

    file = {"filename": wheel.name, "url": f"/{wheel.name}", "size": len(body)}
    file |= {"hashes": {"sha256": hashlib.sha256(body).hexdigest()}}
    page = json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "files": [file]})
    server.answers["/"] = (200, {"Content-Type": "application/vnd.pypi.simple.v1+json"}, page.encode())
    server.answers[f"/{wheel.name}"] = half


@pytest.mark.parametrize("as_json", [False, True], ids=["", "--json"])
def test_fetch_in_front_of_a_terminal(as_json: bool, tmp_path: Path) -> None:
    """Bytes and share are shown in place, also when the width changes; Ctrl-C leaves the reason and what is kept."""
    project = make_project(tmp_path / "project")
    wheel = wheels.make_wheel(tmp_path, payload=os.urandom(SIZE))
    env = {**os.environ, "TERM": "xterm-256color"}
    del env["COLUMNS"]
    output = tmp_path / "output.json" if as_json else None
    task = [sys.executable, "-m", "invoke", "wheelhouse.fetch", *(["--json"] if as_json else [])]
    with scripted() as server, Screen(120) as screen:
        serve_half(server, wheel)
        with screen.program(*task, "--index", server.url, cwd=project, env=env, stdout=output) as process:
            above = screen.wait(
                lambda lines: re.match(r"fetch: 0 of 1 file, (1\.[5-9]|2\.0) of 4\.0 MB", lines[-1]) is not None
            )[:-2]
            name, bar, *numbers = screen.lines[-2].split()
            assert (name, bar[:1], numbers[1:4]) == (wheel.name, "━", ["of", "4.0", "MB"])
            screen.resize(60, 24)
            narrow = rf"  {re.escape(wheel.name)} +━+[╸ ]* +[345]\d%"
            screen.wait(lambda lines: re.fullmatch(narrow, lines[-2]) is not None)
            screen.type("\x03")
            assert process.wait(programs.STUCK) == 130
            lines = screen.settled()
        assert lines[: len(above)] == [line[:60].rstrip() for line in above]
        kept, _, reason = "".join(lines[len(above) :]).removeprefix("^C").partition("error: ")
        assert kept.endswith(f" MB of {wheel.name} kept: the next fetch goes on from there")
        assert reason.startswith("interrupted: what was finished until then is kept")
        assert ("fetch:" in kept + reason, "━" in kept + reason) == (False, False)
        assert screen.cursor == (len(lines), 0, False)
        if output:
            assert json.loads(output.read_bytes())["exit_code"] == 130
