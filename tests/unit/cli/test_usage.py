"""The help of the program: what its users need at 80 columns, with values and variables, and nothing of the runner."""

from pathlib import Path

import pytest
from in_process import wheelhouse_here
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext

import wheelhouse_tasks
from wheelhouse_tasks.cli import usage
from wheelhouse_tasks.cli.completion import candidates
from wheelhouse_tasks.settings.providers import PROVIDERS
from wheelhouse_tasks.settings.table import ROWS

TASKS = [*wheelhouse_tasks.ns.tasks]
CONTEXTS = {str(context.name): context for context in wheelhouse_tasks.ns.to_contexts()}
#: Flags of the task runner that mean nothing to somebody who uploads wheels.
RUNNER = ("--complete", "--hide", "--prompt-for-sudo-password", "--write-pyc", "--pty", "--list-format", "--echo")


def shown(folder: Path, words: str, code: int) -> tuple[str, str]:
    """Return what the program prints on both streams at 80 columns."""
    done = wheelhouse_here(folder, *words.split(), env={"COLUMNS": "80"})
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize("words", ["--help", "help", "-h", ""])
def test_help_of_the_program(words: str, tmp_path: Path) -> None:
    """Every command is there with what it does, and the options that people need."""
    out, err = shown(tmp_path, words, 0)
    commands = out.partition("Commands:\n")[2].partition("\n\n")[0]
    named = [line.split()[0] for line in commands.splitlines() if line.startswith("  ") and line[2] != " "]
    assert (named, err) == (TASKS, "")
    assert not [flag for flag in RUNNER if flag in out]
    assert max(map(len, out.splitlines())) <= 80
    assert all(f"{option.lstrip()}" in out for option in ("-V, --version", "-f, --config FILE", "help COMMAND"))


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("form", ["help {}", "{} --help", "--help {}"])
def test_help_of_a_command(form: str, name: str, tmp_path: Path) -> None:
    """Each option is there once, with what its value is called and the variable that does the same."""
    out, err = shown(tmp_path, form.format(name), 0)
    needed = [usage.value_of(argument.names[0]) for argument in CONTEXTS[name].positional_args]
    assert out.splitlines()[0].split() == ["Usage:", "wheelhouse", name, *needed, "[OPTIONS]"]
    lines = [line.split() for line in out.splitlines() if line.startswith("  --")]
    options = {argument.names[0]: argument for argument in CONTEXTS[name].args.values()}
    assert sorted(line[0] for line in lines) == sorted(f"--{option}" for option in options)
    assert all(line[1].isupper() == options[line[0][2:]].takes_value for line in lines)
    assert all(row.variables[1] in out for row in ROWS.values() if name in row.tasks)
    assert (err, "[WHEELHOUSE_QUIET]" in out) == ("", True)
    assert max(map(len, out.splitlines())) <= 80
    assert not [flag for flag in RUNNER if flag in out]


@pytest.mark.parametrize(
    ("option", "expected"),
    [("version", "VERSION"), ("keep", "N"), ("local-folder", "FOLDER"), ("check-url", "URL"), ("older-than", "DAYS")],
)
def test_value_of(option: str, expected: str) -> None:
    """What a value is called says what it looks like."""
    assert usage.value_of(option) == expected


def test_value_without_an_option_is_in_the_usage() -> None:
    """What a command cannot do without stands behind its name."""
    options = ParserContext(name="print", args=[Argument(name="service", positional=True, help="which one")])
    text = usage.of_command("print", "Print.\n\nAll of it.", options, 80)
    assert text.splitlines() == [
        "Usage: wheelhouse print SERVICE [OPTIONS]",
        "",
        "Print.",
        "",
        "All of it.",
        "",
        "Options:",
        "  --service SERVICE  which one",
    ]


def test_values_are_of_options_that_there_are() -> None:
    """No option is described that no command has."""
    options = {argument.names[0] for context in CONTEXTS.values() for argument in context.args.values()}
    assert {*usage.VALUES, *usage.EVERY_NAME} <= options


@pytest.mark.parametrize(
    ("words", "expected"), [("help uplaod", "did you mean upload?"), ("--help nothing", "see wheelhouse --help")]
)
def test_help_with_what_is_no_command(words: str, expected: str, tmp_path: Path) -> None:
    """A word that is no command is a usage error, which names the one that may be meant."""
    out, err = shown(tmp_path, words, 2)
    assert (out, err.count("\n"), expected in err, err.startswith("error: ")) == ("", 1, True, True)


PROGRAM = [*TASKS, "help", "--help", "--version", "--config", "--debug", "--print-completion-script"]
UPLOAD = sorted(CONTEXTS["upload"].flags)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("", PROGRAM, id="nothing yet"),
        pytest.param("upl", PROGRAM, id="a command that was begun"),
        pytest.param("--", PROGRAM, id="an option of the program"),
        pytest.param("upload", UPLOAD, id="a command"),
        pytest.param("upload --con", UPLOAD, id="an option that was begun"),
        pytest.param("upload --prefix x --con", UPLOAD, id="an option behind a value"),
        pytest.param("upload --provider", [*PROVIDERS], id="values that are known"),
        pytest.param("upload --provider s", [*PROVIDERS], id="a value that was begun"),
        pytest.param("upload --provider = s", [*PROVIDERS], id="as bash splits it"),
        pytest.param("workflow", ["github", "gitlab", "azure"], id="values that need no option"),
        pytest.param("workflow git", ["github", "gitlab", "azure"], id="a value without an option that was begun"),
        pytest.param("workflow --k", sorted(CONTEXTS["workflow"].flags), id="an option in place of a value"),
        pytest.param("workflow github --kind n", ["nightly", "release"], id="kinds of workflows"),
        pytest.param("upload --local-folder", [], id="files"),
        pytest.param("upload --local-folder d", [], id="a file that was begun"),
        pytest.param("--debug upload --v", UPLOAD, id="behind an option of the program"),
        pytest.param("help", TASKS, id="help"),
        pytest.param("help re", TASKS, id="help with a command that was begun"),
        pytest.param("--help", TASKS, id="help by its option"),
        pytest.param("--print-completion-script z", ["bash", "fish", "zsh"], id="shells"),
        pytest.param("--config", [], id="a file of the program"),
    ],
)
def test_candidates(words: str, expected: list[str]) -> None:
    """What may come next depends on the command and on the option before, and knows nothing of the runner."""
    assert candidates(words.split(), CONTEXTS) == expected
