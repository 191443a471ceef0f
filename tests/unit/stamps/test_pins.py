"""Requirements of one build on another one follow its version."""

import pytest
from packaging.version import Version

from wheelhouse_tasks.stamps import pins

OLD, NEW = "1.3.dev4+gabc1234", "1.3.dev4+20260101000000.gabc1234"
FRESH = {("demo-core", Version(OLD)): Version(NEW), ("other", Version("2.dev0")): Version("2.dev0+20260101000000")}


@pytest.mark.parametrize(
    "requirement",
    [
        "demo-core=={}",
        "demo-core=== {}",
        "demo_core == {}",
        "Demo.Core (=={})",
        "demo-core[fast, slow]=={}",
        "demo-core ( =={} ) ; python_version >= '3.8'",
        "demo-core=={}; extra == 'all'",
        "demo-core>=1.0,=={},<2",
        "demo-core!={}",
        "demo-core=={} \n ; extra == 'all'",
    ],
)
def test_pin_follows(requirement: str) -> None:
    """A pin is put on the new version in every way to write it, and the rest of the line stays."""
    head = "Name: demo\nRequires-Dist: six>=1\nRequires-Dist: {}\nSummary: x"
    expected = head.format(requirement.format(NEW))
    assert pins.follow(head.format(requirement.format(OLD)), FRESH) == expected


def test_pin_on_the_public_version_follows() -> None:
    """A pin without a local part means the build beside it, not the one of another night."""
    assert pins.follow("Requires-Dist: other==2.dev0", FRESH) == "Requires-Dist: other==2.dev0+20260101000000"


@pytest.mark.parametrize(
    "line",
    [
        "Requires-Dist: demo-core>=1.3.dev4",
        "Requires-Dist: demo-core~=1.3.dev4",
        "Requires-Dist: demo-core==1.3.*",
        "Requires-Dist: demo-core==1.3.dev5+gabc1234",
        "Requires-Dist: demo-corex==1.3.dev4+gabc1234",
        "Requires-Dist: demo-core @ https://example.org/demo_core-1.3.dev4+gabc1234-py3-none-any.whl",
        "Requires-Dist: demo-core",
        "Requires-Dist: demo-core===anything",
        "Requires-Dist: six; python_version == '1.3.dev4+gabc1234'",
        "Summary: demo-core==1.3.dev4+gabc1234",
    ],
)
def test_what_is_no_pin_on_a_stamped_build_stays(line: str) -> None:
    """Ranges, other versions and projects, addresses, markers and other fields stay as they are."""
    assert pins.follow(line, FRESH) == line
    assert list(pins.left_behind(line, FRESH)) == []


def test_pin_that_is_left_behind() -> None:
    """A pin that only the old version meets is returned; one that the new version meets as well is not."""
    head = f"Requires-Dist: demo-core ==\n {OLD}\nRequires-Dist: other==2.dev0\nRequires-Dist: other===2.dev0"
    assert list(pins.left_behind(head, FRESH)) == [f"demo-core == {OLD}", "other===2.dev0"]


def test_pin_on_a_build_of_another_upload() -> None:
    """A pin on a build that is not here, and that gets a stamp elsewhere, is returned; no other pin is."""
    lines = [
        "far==1.dev0+gabc1234 ; extra == 'x'",
        "far==1.dev0",
        "far!=1.dev0+gabc1234",
        "far==1.dev0+20260101",
        "far==1.0+gabc1234",
        f"demo-core=={OLD}",
    ]
    head = "\n".join(f"Requires-Dist: {line}" for line in lines)
    assert list(pins.elsewhere(head, FRESH)) == [lines[0]]
