"""Templates: conditions and placeholders, and nothing else is changed."""

import pytest

from wheelhouse_tasks.workflows.template import fill

TEMPLATE = """\
# of <NAME>
#? a
only a
#? a !b
a without b
#? !b
without b
#.
always ${{ x }} $(y) <- <a>
  <LINES>
"""


@pytest.mark.parametrize(
    ("holds", "lines"),
    [
        ({"a"}, ["only a", "a without b", "without b"]),
        ({"a", "b"}, ["only a"]),
        ({"b"}, []),
        ((), ["without b"]),
    ],
)
def test_lines_stay_where_their_words_hold(holds: set[str], lines: list[str]) -> None:
    """A condition holds up to the next one; a word with an exclamation mark must not hold."""
    text = fill(TEMPLATE, holds, {"NAME": "it", "LINES": []})
    assert text.splitlines() == ["# of it", *lines, "always ${{ x }} $(y) <- <a>"]


def test_lines_are_indented_as_their_placeholder() -> None:
    """A placeholder for lines gives its indentation to each; what is filled in is not filled again."""
    text = fill(TEMPLATE, (), {"NAME": "<LINES>", "LINES": ["x:", "  y: <NAME>"]})
    assert text.startswith("# of <LINES>\n")
    assert text.endswith("\n  x:\n    y: <NAME>\n")


def test_placeholder_without_a_value_is_an_error() -> None:
    """A misspelt placeholder is found."""
    with pytest.raises(KeyError, match="NAME"):
        fill(TEMPLATE, (), {"LINES": []})
