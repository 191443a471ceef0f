"""What a person may have meant by a word of the command line that is no task, no option and no value."""

from __future__ import annotations

import difflib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from invoke.parser.context import ParserContext

#: How alike two words are, at least: that of a task behind another task may be a value, too.
ALIKE, ALIKE_TO_A_TASK = 0.7, 0.8
#: The options that a URL, or a path, may be meant for; the first that the task has.
URL_OPTIONS = ("--to", "--index")
PATH_OPTIONS = (*URL_OPTIONS, "--local-folder", "--container")


class Stray(NamedTuple):
    """The first word that nothing can be made of, and the task that it follows, if any."""

    word: str
    task: ParserContext | None
    #: Whether the word is an option that is known, and lacks its value.
    lacks_value: bool = False
    #: Whether the word is an option that takes no value, and got one.
    has_value: bool = False


def find_stray(words: Sequence[str], tasks: Mapping[str, ParserContext], core: ParserContext) -> Stray | None:
    """Return the first word that invoke's parser has no use for, as it reads *words* behind the *core* options."""
    task: ParserContext | None = None
    #: the option that waits for its value
    waiting, values = "", 0
    for word in words[: words.index("--")] if "--" in words else words:
        name, equals, _ = word.partition("=") if word.startswith("-") else (word, "", "")
        own = {**task.flags, **task.inverse_flags} if task else {}
        if name in own:
            if waiting:
                return Stray(waiting, task, lacks_value=True)
            takes = name in task.flags and task.flags[name].takes_value  # type: ignore[union-attr]
            if equals and not takes:
                return Stray(name, task, has_value=True)
            waiting = name if takes and not equals else ""
        elif waiting:
            waiting = ""
        elif word in tasks:
            task, values = tasks[word], 0
        elif task and not word.startswith("-") and values < len(task.positional_args):
            values += 1
        elif name in core.flags:
            waiting = name if not equals and core.flags[name].takes_value else ""
        else:
            return Stray(name, task)
    return Stray(waiting, task, lacks_value=True) if waiting else None


def lacking(task: ParserContext | None) -> str:
    """Return which values without an option *task* lacks, and what they are; an empty text for none."""
    missing = task.missing_positional_args if task and task.name else []
    # invoke forgets the help of a task once it has parsed it
    return "; ".join(
        f"{task.name}: {value.name} is missing ({value.help or f'see wheelhouse --help {task.name}'})"
        for value in missing
        if task
    )


def explain(stray: Stray, tasks: Iterable[str]) -> str:
    """Return what is wrong with a word, and what may have been meant, in one line."""
    from wheelhouse_tasks.cli.usage import PROGRAM
    from wheelhouse_tasks.errors import one_line
    from wheelhouse_tasks.secret import mask_url

    word, task = mask_url(stray.word), stray.task
    name = task.name if task else ""
    options = {*PROGRAM, *(task.flags if task else ()), *(task.inverse_flags if task else ())}
    if stray.lacks_value:
        problem, meant = "needs a value behind it", ""
    elif stray.has_value:
        problem, meant = "takes no value", ""
    elif word.startswith("-"):
        problem = f"{name} has no such option" if task else "there is no such option"
        meant = _near(f"--{word.strip('-').lower()}", options)
    elif task:
        problem = f"{name} takes no value without an option"
        meant = _option_of(word, task.flags) or _near(word, tasks, ALIKE_TO_A_TASK)
        is_project = "--project" in options and word[0].isalpha() and not task.positional_args
        meant = meant or (f"--project {word}" if is_project else "")
    else:
        problem = "there is no such command"
        meant = _near(word.lower().rpartition(".")[2], tasks)
    remedy = f"did you mean {meant}?" if meant else f"see wheelhouse --help {name}".rstrip()
    return one_line(f"{word}: {problem} ({remedy})")


def _option_of(word: str, options: Iterable[str]) -> str:
    """Return the option that a value is evidently for, with the value."""
    from packaging.version import InvalidVersion, Version

    try:
        Version(word)
    except InvalidVersion:
        is_path = "/" in word or Path(word).is_dir()
        fitting: tuple[str, ...] = URL_OPTIONS if "://" in word else PATH_OPTIONS if is_path else ()
    else:
        fitting = ("--version",)
    return next((f"{option} {word}" for option in fitting if option in options), "")


def _near(word: str, names: Iterable[str], alike: float = ALIKE) -> str:
    """Return the name that is like *word*, or begins like it, or an empty text."""
    names = sorted(names)
    near = difflib.get_close_matches(word, names, n=1, cutoff=alike)
    begun = [name for name in names if len(word) > len("--x") and name.startswith(word)]
    return (near or begun or [""])[0]


def as_typed(argv: Sequence[str]) -> str:
    """Return a command line, as a person would type it who runs the program by its name."""
    program, *words = argv or [""]
    path = Path(program)
    name = f"python -m {path.parent.name}" if path.name == "__main__.py" else path.name
    return shlex.join([*name.split(), *words])
