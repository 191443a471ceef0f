"""The matrix of a version: which of its cells are missing."""

import pytest

from wheelhouse_tasks.people.matrix import matrix

LINUX, OLD_LINUX, ARM, WINDOWS = "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64"


def gaps(*labels: str) -> dict[str, str]:
    """Return what is said of the cells without a wheel, by label, where *labels* have one."""
    cells = [label.split("-") for label in labels]
    table = matrix({((python, abi), platform) for python, abi, platform in cells})
    return {"-".join((*row, platform)): word for (row, platform), word in table.gaps.items()}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param([f"cp312-cp312-{LINUX}", f"cp313-cp313-{LINUX}"], {}, id="whole"),
        pytest.param(
            [f"cp312-cp312-{LINUX}", f"cp312-cp312-{WINDOWS}", f"cp313-cp313-{LINUX}"],
            {f"cp313-cp313-{WINDOWS}": "missing"},
            id="one lacks",
        ),
        pytest.param(
            [f"cp39-abi3-{WINDOWS}", f"cp312-cp312-{LINUX}"],
            {f"cp39-abi3-{LINUX}": "missing", f"cp312-cp312-{WINDOWS}": "covered"},
            id="stable ABI serves later Pythons",
        ),
        pytest.param(
            [f"cp39-abi3-{WINDOWS}", f"cp313-cp313t-{LINUX}"],
            {f"cp39-abi3-{LINUX}": "missing", f"cp313-cp313t-{WINDOWS}": "missing"},
            id="stable ABI serves no free-threaded Python",
        ),
        pytest.param(
            [f"cp312-cp312-{OLD_LINUX}", f"cp313-cp313-{LINUX}"],
            {f"cp312-cp312-{LINUX}": "covered", f"cp313-cp313-{OLD_LINUX}": "missing"},
            id="older Linux serves a newer one",
        ),
        pytest.param(
            ["py3-none-any", f"cp312-cp312-{WINDOWS}"],
            {f"py3-none-{WINDOWS}": "covered", "cp312-cp312-any": "covered"},
            id="pure wheel serves all",
        ),
        pytest.param(
            ["cp311-none-any", f"cp312-cp312-{WINDOWS}"],
            {f"cp311-none-{WINDOWS}": "covered", "cp312-cp312-any": ""},
            id="nobody wants a compiled wheel for all platforms",
        ),
        pytest.param(
            [
                "cp312-cp312-macosx_11_0_universal2",
                *(f"cp313-cp313-macosx_11_0_{machine}" for machine in ("arm64", "x86_64")),
            ],
            {
                "cp312-cp312-macosx_11_0_arm64": "covered",
                "cp312-cp312-macosx_11_0_x86_64": "covered",
                "cp313-cp313-macosx_11_0_universal2": "covered",
            },
            id="two processors together",
        ),
        pytest.param(
            ["cp312-cp312-macosx_11_0_universal2", f"cp313-cp313-{ARM}"],
            {f"cp312-cp312-{ARM}": "covered", "cp313-cp313-macosx_11_0_universal2": "missing"},
            id="one processor of two",
        ),
        pytest.param(
            [f"py2.py3-none-{WINDOWS}", f"py3-none-{LINUX}"],
            {f"py2.py3-none-{LINUX}": "missing", f"py3-none-{WINDOWS}": "covered"},
            id="set of Pythons",
        ),
    ],
)
def test_cells_without_a_wheel(labels: list[str], expected: dict[str, str]) -> None:
    """A cell is covered where whoever looks for it finds another wheel of the version, else it is missing."""
    assert gaps(*labels) == expected


def test_wheels_without_a_pattern() -> None:
    """Of three hundred wheels, each for a Python and a platform of its own, every other cell is missing."""
    table = matrix({((f"cp3{number}", f"cp3{number}"), f"os_{number}") for number in range(300)})
    assert len(table.gaps) == 300 * 299
    assert set(table.gaps.values()) == {"missing"}
