"""Be `inv` in the process of the test, for tables of inputs whose rows would each start a Python."""

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from subprocess import CompletedProcess
from unittest.mock import patch

from invoke.program import Program


def inv_here(project: Path, *words: str | Path, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """Run `inv` as :func:`projects.inv` does, and return the same, without a process of its own.

    The state that a process starts with is set, and restored: environment, folder, words, streams, modules, logs.
    """
    run = Program(name="Invoke", binary="inv[oke]", binary_names=["invoke", "inv"]).run
    return _here(project, ["inv", *map(str, words)], run, env)


def wheelhouse_here(project: Path, *words: str | Path, env: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """Run `wheelhouse` in the same way."""

    def run(_: list[str]) -> None:
        import_module("wheelhouse_tasks.__main__").main()

    return _here(project, ["wheelhouse", *map(str, words)], run, env)


def _here(
    project: Path, argv: list[str], run: Callable[[list[str]], object], env: Mapping[str, str] | None
) -> CompletedProcess[str]:
    """Run a program with its words, as a process of its own would."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    code: object = 0
    with ExitStack() as stack:
        enter = stack.enter_context
        enter(patch.dict(os.environ, env or {}))
        enter(chdir(project))
        enter(patch.object(sys, "argv", argv))
        enter(patch.object(sys, "stdin", io.StringIO()))
        enter(patch.object(sys, "path", list(sys.path)))
        enter(patch.object(sys, "dont_write_bytecode", sys.dont_write_bytecode))
        enter(_anew("tasks", "wheelhouse_tasks", "wheelhouse_tasks.cli.collection", "wheelhouse_tasks.__main__"))
        enter(_no_log())
        enter(redirect_stdout(out))
        enter(redirect_stderr(err))
        try:
            run(argv)
        except SystemExit as end:
            code = end.code
    assert code is None or isinstance(code, int), code
    texts = [stream.buffer.getvalue().decode() for stream in (out, err) if isinstance(stream.buffer, io.BytesIO)]
    return CompletedProcess(argv, code or 0, *texts)


@contextmanager
def _anew(*modules: str) -> Iterator[None]:
    """Import modules anew, as a process does: what they do as they are imported is done again."""
    before = {name: sys.modules.pop(name) for name in modules if name in sys.modules}
    try:
        yield
    finally:
        for name in modules:
            sys.modules.pop(name, None)
        sys.modules.update(before)


@contextmanager
def _no_log() -> Iterator[None]:
    """Remove the log of the tests, which would keep `--debug` from setting up its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
