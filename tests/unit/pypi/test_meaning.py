"""Metadata of one release may be spelt in many ways, and is compared by what it means."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from wheelhouse_tasks.pypi import meaning

DEPENDENCIES, EXTRAS, PYTHON = "Requires-Dist", "Provides-Extra", "Requires-Python"
LICENSE = "License-Expression"


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        pytest.param(DEPENDENCIES, ["sphinx_rtd_theme"], ["sphinx-rtd-theme"], id="name"),
        pytest.param(DEPENDENCIES, ["Zope.Interface>=5"], ["zope-interface >= 5.0"], id="dots and capitals"),
        pytest.param(DEPENDENCIES, ["foo==1.0"], ["foo==1.0.0"], id="trailing zero"),
        pytest.param(DEPENDENCIES, ["foo (<2,>=1)"], ["foo>=1.0, <2.0"], id="parentheses and order"),
        pytest.param(DEPENDENCIES, ["foo>=1.0RC1"], ["foo >= 1.0rc1"], id="spelling of a version"),
        pytest.param(DEPENDENCIES, ["foo~=1.4.2"], ["foo>=1.4.2,==1.4.*"], id="compatible release"),
        pytest.param(DEPENDENCIES, ["foo~=1!1.4"], ["foo==1!1.*,>=1!1.4"], id="compatible release of an epoch"),
        pytest.param(DEPENDENCIES, ["foo[B_c, a]"], ["foo[a,b-C]"], id="extras"),
        pytest.param(DEPENDENCIES, ["foo @ https://e.example/f.zip"], ["Foo@https://e.example/f.zip"], id="URL"),
        pytest.param(DEPENDENCIES, ["a", "b", "a"], ["b", "a"], id="twice and order"),
        pytest.param(DEPENDENCIES, ["foo\n  >=1"], ["foo>=1"], id="folded line"),
        pytest.param(DEPENDENCIES, ["x; os_name == 'nt'"], ['x;os_name=="nt"'], id="quotes"),
        pytest.param(DEPENDENCIES, ["x; os.name == 'nt'"], ["x; os_name == 'nt'"], id="old name of a variable"),
        pytest.param(DEPENDENCIES, ["x; extra == 'dev_x'"], ['x; "Dev-X" == extra'], id="extra of a marker"),
        pytest.param(DEPENDENCIES, ["x; '3.8' <= python_version"], ["x; python_version >= '3.8'"], id="sides"),
        pytest.param(DEPENDENCIES, ["x; '4' > python_version"], ["x; python_version < '4.0'"], id="sides and zero"),
        pytest.param(
            DEPENDENCIES,
            ["x; python_version ~= '3.8'"],
            ["x; python_version == '3.*' and python_version >= '3.8'"],
            id="compatible release of a marker",
        ),
        pytest.param(
            DEPENDENCIES,
            ["x; os_name == 'nt' and python_version < '3.9' and extra == 'a'"],
            ["x; (extra == 'a') and ((python_version < '3.9') and os_name == 'nt')"],
            id="order and parentheses",
        ),
        pytest.param(
            DEPENDENCIES,
            ["x; (os_name == 'a' or os_name == 'b') and extra == 'c'"],
            ["x; extra == 'c' and os_name == 'b' or extra == 'c' and os_name == 'a'"],
            id="alternatives multiplied out",
        ),
        pytest.param(
            DEPENDENCIES,
            ["x; os_name == 'a' or os_name == 'a' and extra == 'c'"],
            ["x; os_name == 'a'"],
            id="alternative that another one covers",
        ),
        pytest.param(
            DEPENDENCIES,
            ["x; extra == 'a'", "x; extra == 'b'"],
            ["x; extra == 'b' or extra == 'a'"],
            id="alternatives in lines of their own",
        ),
        pytest.param(DEPENDENCIES, ["x", "x; extra == 'all'"], ["X"], id="line that another one covers"),
        pytest.param(EXTRAS, ["dev_x", "test"], ["test", "Dev.X", "dev-x"], id="extras of the project"),
        pytest.param(PYTHON, [">=3.8,<4"], ["<4.0, >=3.8.0"], id="Python"),
        pytest.param(PYTHON, [">=3.8,"], [">=3.8"], id="comma at the end"),
        pytest.param(PYTHON, [""], [], id="no Python"),
        pytest.param(PYTHON, ["what  you have"], ["what you have"], id="unreadable Python"),
        pytest.param("Summary", ["One\n        project"], ["One project"], id="folded summary"),
        pytest.param(LICENSE, ["mit or apache-2.0"], ["MIT OR Apache-2.0"], id="capitals of a license"),
    ],
)
def test_spelling_is_no_difference(field: str, one: Sequence[str], other: Sequence[str]) -> None:
    """What differs in its spelling only means the same."""
    assert meaning.of(field, one) == meaning.of(field, other)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        pytest.param(DEPENDENCIES, ["foo"], ["foo2"], id="name"),
        pytest.param(DEPENDENCIES, ["foo"], [], id="nothing"),
        pytest.param(DEPENDENCIES, ["foo==1.0"], ["foo==1.0.1"], id="version"),
        pytest.param(DEPENDENCIES, ["foo==1.0"], ["foo>=1.0"], id="operator"),
        pytest.param(DEPENDENCIES, ["foo~=1.4"], ["foo~=1.4.0"], id="compatible release"),
        pytest.param(DEPENDENCIES, ["foo==1.*"], ["foo==1.0.*"], id="series"),
        pytest.param(DEPENDENCIES, ["foo===1.0"], ["foo===1.0.0"], id="the very same"),
        pytest.param(DEPENDENCIES, ["foo===1.0"], ["foo==1.0"], id="equal and the very same"),
        pytest.param(DEPENDENCIES, ["foo[a]"], ["foo[b]"], id="extras"),
        pytest.param(DEPENDENCIES, ["foo @ https://e.example/f"], ["foo @ https://e.example/g"], id="URL"),
        pytest.param(DEPENDENCIES, ["foo; os_name == 'nt'"], ["foo"], id="marker"),
        pytest.param(DEPENDENCIES, ["foo; os_name == 'nt'"], ["foo; os_name == 'NT'"], id="capitals of a value"),
        pytest.param(DEPENDENCIES, ["x; '3.8' <= python_version"], ["x; python_version <= '3.8'"], id="sides"),
        pytest.param(DEPENDENCIES, ["x; 'win' in sys_platform"], ["x; sys_platform in 'win'"], id="sides of in"),
        pytest.param(DEPENDENCIES, ["x; os_name in 'a'"], ["x; os_name not in 'a'"], id="not in"),
        pytest.param(DEPENDENCIES, ["x; sys_platform == '1.0'"], ["x; sys_platform == '1'"], id="text is no version"),
        pytest.param(
            DEPENDENCIES,
            ["x; os_name == 'a' or os_name == 'b' and extra == 'c'"],
            ["x; (os_name == 'a' or os_name == 'b') and extra == 'c'"],
            id="parentheses",
        ),
        pytest.param(DEPENDENCIES, ["x; extra == 'a'"], ["y; extra == 'a'", "x"], id="extra"),
        pytest.param(DEPENDENCIES, ["((( a"], ["((( b"], id="unreadable"),
        pytest.param(EXTRAS, ["dev"], ["dev", "test"], id="extras of the project"),
        pytest.param(PYTHON, [">=3.8"], [">=3.9"], id="Python"),
        pytest.param("Summary", ["A project"], ["Another"], id="summary"),
        pytest.param(LICENSE, ["MIT"], ["MIT OR Apache-2.0"], id="license"),
    ],
)
def test_difference_is_no_spelling(field: str, one: Sequence[str], other: Sequence[str]) -> None:
    """What asks for something else never counts as another spelling."""
    assert meaning.of(field, one) != meaning.of(field, other)


def test_marker_of_a_billion_alternatives() -> None:
    """A marker that has too many alternatives to multiply out means what it says."""
    pairs = [f"(os_name == 'a{number}' or os_name == 'b{number}')" for number in range(30)]
    one, other = (f"x; {' and '.join(some)}" for some in (pairs, pairs[:-1]))
    assert meaning.of(DEPENDENCIES, [one]) == meaning.of(DEPENDENCIES, [one])
    assert meaning.of(DEPENDENCIES, [one]) != meaning.of(DEPENDENCIES, [other])


#: Variables of which each is true or false whatever the others are.
VARIABLES = ("os_name", "sys_platform", "platform_machine")
TREES = st.recursive(
    st.sampled_from([f"{name} == 'yes'" for name in VARIABLES]),
    lambda inner: st.builds(lambda a, word, b: f"({a} {word} {b})", inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=6,
)


def truth(marker: str) -> list[bool]:
    """Return where packaging finds a marker true, over all values of the variables."""
    worlds = ({name: "yes" if bits >> at & 1 else "no" for at, name in enumerate(VARIABLES)} for bits in range(8))
    return [Marker(marker).evaluate(dict(world)) for world in worlds]


@settings(max_examples=100, deadline=None)
@given(TREES, TREES)
def test_markers_mean_the_same_where_they_hold_alike(one: str, other: str) -> None:
    """Two markers have one meaning exactly if packaging finds them true in the same environments."""
    same = meaning.of(DEPENDENCIES, [f"x; {one}"]) == meaning.of(DEPENDENCIES, [f"x; {other}"])
    assert same == (truth(one) == truth(other))
