"""What may stand where somebody presses the tab key; the shell keeps what fits the word that was begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.cli.usage import HELP, PROGRAM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from invoke.parser.context import ParserContext

SHELLS = ("bash", "fish", "zsh")

#: What follows invoke's script for fish, which never completes the name of a file.
FISH = r"""
function __complete_wheelhouse
    set --local candidates (wheelhouse --complete -- (commandline --tokenize) | string match --regex '.+')
    if set --query candidates[1]
        printf '%s\n' $candidates
    else
        __fish_complete_path (commandline --current-token)
    end
end"""


def candidates(words: Sequence[str], tasks: Mapping[str, ParserContext]) -> list[str]:
    """Return the words that may be last in the command *words*, the program's name left out; none for a file.

    Whether the last word is finished is not known, because shells leave out an empty one behind it.
    """
    words = [word for word in words if word != "="]  # which bash takes for a word
    task = next((tasks[word] for word in words if word in tasks), None)
    values = _values(task, tasks)
    for option in reversed(words[-2:]):
        if option in values and (option == words[-1] or not words[-1].startswith("-")):
            return values[option]
    if task is None:
        return [*tasks, HELP, *PROGRAM]
    return [*sorted(task.flags), *task.inverse_flags]


def _values(task: ParserContext | None, tasks: Mapping[str, ParserContext]) -> dict[str, list[str]]:
    """Return what may follow each option that takes a value, and the word `help`."""
    if task is None:
        names = [*tasks]
        return {HELP: names, "--help": names, "-h": names, "--print-completion-script": [*SHELLS], "--config": []}
    values: dict[str, list[str]] = {flag: [] for flag, option in task.flags.items() if option.takes_value}
    if "--provider" in values:
        from wheelhouse_tasks.settings.providers import PROVIDERS

        values["--provider"] = [*PROVIDERS]
    if "--service" in values:
        from wheelhouse_tasks.workflows.service import SERVICES
        from wheelhouse_tasks.workflows.workflow import KINDS

        # the name of a service needs no option
        values |= {task.name or "": [*SERVICES], "--service": [*SERVICES], "--kind": [*KINDS]}
    return values
