"""Numbers and names in words."""

import pytest

from wheelhouse_tasks.text import count, listed


@pytest.mark.parametrize(
    ("things", "noun", "text"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (["a"], "finding", "1 finding"),
        ({"a", "b"}, "finding", "2 findings"),
        (1, "round", "1 round"),
        (3000, "byte", "3000 bytes"),
    ],
)
def test_one_thing_is_in_the_singular(things: list[str] | int, noun: str, text: str) -> None:
    """What is counted is named as it is said: 1 file, 2 files."""
    assert count(things, noun) == text


@pytest.mark.parametrize(
    ("names", "text"),
    [("", ""), ("a", "a"), ("abc", "a, b, c"), ("abcd", "a, b, c and 1 more"), ("abcdefg", "a, b, c and 4 more")],
)
def test_many_names_are_counted(names: str, text: str) -> None:
    """The first few names stand for all."""
    assert listed(list(names)) == text
