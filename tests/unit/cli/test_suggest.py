"""What the program answers to words that it does not understand: one line, and what may have been meant."""

from pathlib import Path

import pytest

from wheelhouse_tasks.__main__ import main

#: Command lines, and what was meant; an empty text where nobody can know.
MEANT = {
    # a value without its option
    "release 1.0": "--version 1.0",
    "yank 1.0": "--version 1.0",
    "unyank v2.0rc1": "--version v2.0rc1",
    "fetch --only sdist 1.0+cu118 --force": "--version 1.0+cu118",
    "promote --version 1.0 s3://stable": "--to s3://stable",
    "fetch https://wheels.example/": "--index https://wheels.example/",
    "upload out/wheels": "--local-folder out/wheels",
    "status demo": "--project demo",
    "upload one": "--project one",
    "prune 5": "",
    "workflow github nightly": "",
    # a misspelt option
    "workflow github --kid nightly": "--kind",
    "workflow --kid nightly github": "--kind",
    "workflow --kid": "--kind",
    "workflow --debug github": "",
    "release --versoin 1.0": "--version",
    "release --versoin=1.0": "--version",
    "fetch --local_folder x": "--local-folder",
    "upload --dryrun": "--dry-run",
    "yank -version 1.0": "--version",
    "upload --no-update-idnex": "--no-update-index",
    "release --version 1.0 --repo test": "--repository",
    "--hlp": "--help",
    "fetch --frob": "",
    # a misspelt task
    "relase": "release",
    "relase --version 1.0": "release",
    "Upload": "upload",
    "wheelhouse.fetch": "fetch",
    "upload --dry-run prmote": "promote",
    "frobnicate": "",
}


@pytest.mark.parametrize("words", MEANT)
def test_word_that_is_not_understood_gets_what_may_be_meant(
    words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The line names the word, and the nearest thing that there is, or else where to look; exit 2, nothing is done."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(words.split())
    out, err = capsys.readouterr()
    assert (end.value.code, out, err.count("\n")) == (2, "", 1)
    remedy = f"(did you mean {MEANT[words]}?)" if MEANT[words] else "(see wheelhouse --help"
    assert remedy in err
    assert list(tmp_path.iterdir()) == []


def test_password_in_a_word_is_not_repeated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A URL with a password is hidden in the line, as everywhere."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["fetch", "https://me:hunter2@wheels.example/"])
    err = capsys.readouterr().err
    assert ("hunter2" in err, "did you mean --index https://" in err) == (False, True)


def test_options_of_the_task_runner_are_not_suggested(capsys: pytest.CaptureFixture[str]) -> None:
    """What the help does not show is not what was meant."""
    with pytest.raises(SystemExit):
        main(["check", "--dry-run"])
    expected = "error: --dry-run: check has no such option (see wheelhouse --help check)\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize("option", ["--dry-run", "--no-stamp", "--recursive"])
def test_option_that_takes_no_value(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that is on or off is named where it got a value, whatever stands behind it."""
    with pytest.raises(SystemExit) as end:
        main(["upload", f"{option}=yes", "--container", "x"])
    assert capsys.readouterr().err == f"error: {option}: takes no value (see wheelhouse --help upload)\n"
    assert end.value.code == 2


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["upload", "--version", ""], "--version"),
        (["upload", "--project", ""], "--project"),
        (["fetch", "--version="], "--version"),
        (["fetch", "--only", "sdist", "--only", " "], "--only"),
        (["release", "--version", "1.0", "--like", ""], "--like"),
        (["release", "--version", "1.0", "--plan", ""], "--plan"),
        (["remove", "--version", "1.0", "--only", ""], "--only"),
        (["promote", "--version", "1.0", "--to", ""], "--to"),
        (["workflow", "github", "--kind", ""], "--kind"),
    ],
)
def test_option_whose_value_is_empty(
    words: list[str], option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A variable of a shell that is not set does not take a condition away: the option is named, nothing is done."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        main(words)
    expected = f"error: {option}: its value is empty (give one, or leave the option out)\n"
    assert (end.value.code, capsys.readouterr().err) == (2, expected)


@pytest.mark.parametrize("words", ["workflow", "workflow --kind nightly"])
def test_value_without_an_option_is_missing(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The line says which value the task must have, and what it may be."""
    with pytest.raises(SystemExit) as end:
        main(words.split())
    err = capsys.readouterr().err
    assert end.value.code == 2
    assert err.startswith("error: workflow: service is missing (")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "option", "command"),
    [
        ("release --version", "--version", "release"),
        ("yank --version 1.0 --reason", "--reason", "yank"),
        ("upload --container --dry-run", "--container", "upload"),
        ("remove --version 1.0 --only", "--only", "remove"),
        ("remove --only --version 1.0", "--only", "remove"),
        ("prune --pin", "--pin", "prune"),
        ("release --version 1.0 --expect --yes", "--expect", "release"),
        ("upload --config", "--config", "upload"),
        ("--config", "--config", ""),
        ("-f", "-f", ""),
    ],
)
def test_option_without_its_value(words: str, option: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option that lacks its value is named, also one that may be given several times: no file is taken for it."""
    with pytest.raises(SystemExit) as end:
        main(words.split())
    see = f"see wheelhouse --help {command}".rstrip()
    assert capsys.readouterr().err == f"error: {option}: needs a value behind it ({see})\n"
    assert end.value.code == 2
