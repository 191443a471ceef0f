"""What stands in a workflow: values as YAML reads them, and no condition left over."""

from pathlib import Path

import jobs
import pytest

from wheelhouse_tasks.workflows import service
from wheelhouse_tasks.workflows.workflow import scalar


@pytest.mark.parametrize(
    "text",
    ["eu-west-1", "no", "Null", "9000", "1e3", "a #b", "a: b", "x:", "*", "- x", "[a]", 'say "x"', "ä", "~", "a b"],
)
def test_value_is_read_as_it_was(text: str) -> None:
    """YAML reads a text, whatever it looks like."""
    assert jobs.load(f"value: {scalar(text)}\n") == {"value": text}


@pytest.mark.parametrize("text", ["s3", "my-wheelhouse", "https://example.org/wheels/", "cp31*-manylinux*"])
def test_plain_value_has_no_quotes(text: str) -> None:
    """What a person would write without quotes has none."""
    assert scalar(text) == text


def test_every_service_has_a_template() -> None:
    """A record and a file for each."""
    folder = Path(service.__file__).parent
    assert {path.stem for path in folder.glob("*.yml")} == service.SERVICES.keys()
