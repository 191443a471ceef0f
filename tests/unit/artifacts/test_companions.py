"""What lies beside an artifact is known by its suffix."""

from pathlib import Path

import pytest

from wheelhouse_tasks.artifacts import companions

WHEEL = "demo-1.0-py3-none-any.whl"


@pytest.mark.parametrize("name", [WHEEL, f"files/demo/{WHEEL}"])
@pytest.mark.parametrize("suffix", [".metadata", ".yanked", ".removed", ".publish.attestation", ""])
def test_companion_names_its_artifact(name: str, suffix: str) -> None:
    """A suffix that is ours is split off, and no more than one."""
    assert companions.split(name + suffix) == (name, suffix)
    assert companions.split(f"{name}.yanked{suffix}") == ((name + ".yanked", suffix) if suffix else (name, ".yanked"))


@pytest.mark.parametrize("name", ["", "demo.attestation", f"{WHEEL}.asc", f"{WHEEL}.metadata.json", "1.0.promoting"])
def test_other_names_are_no_companions(name: str) -> None:
    """Other suffixes belong to the name."""
    assert companions.split(name) == (name, "")


def test_mark_of_removal_goes_last() -> None:
    """A worker that dies while it deletes must not bring the artifact back to the pages."""
    assert companions.SUFFIXES[-1] == companions.REMOVED


def test_attestation_of_a_file() -> None:
    """An attestation lies in the folder of its artifact."""
    assert companions.attestation_of(Path("dist") / WHEEL) == Path("dist") / f"{WHEEL}.publish.attestation"


@pytest.mark.parametrize(("name", "expected"), [("files/demo/1.0.promoting", True), (f"files/demo/{WHEEL}", False)])
def test_promotion(name: str, expected: bool) -> None:
    """What holds artifacts back is no companion of one of them."""
    assert companions.is_promotion(name) is expected
