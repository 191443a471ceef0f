"""An upload tells of the wheels that PyPI will refuse for their platform, while the build can still be mended."""

from pathlib import Path

import pytest
import wheels
from projects import inv, make_project

FINE = ("py3-none-any", "cp312-cp312-win_amd64", "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64")


@pytest.mark.parametrize("platform", ["linux_x86_64", "linux_aarch64", "macosx_11_7_arm64", "manylinux2014_riscv64"])
def test_platform_that_pypi_refuses_is_warned_of(platform: str, tmp_path: Path) -> None:
    """Several wheels of a platform are one line; they are sent all the same, and once they are there it is not told."""
    project = make_project(tmp_path / "project")
    wheels.make_sdist(project / "dist")
    for tag in (*FINE, f"cp311-cp311-{platform}", f"cp312-cp312-{platform}"):
        wheels.make_wheel(project / "dist", tag=tag)
    warning = f"warning: demo-1.0-cp311-cp311-{platform}.whl and 1 more: PyPI does not take the platform {platform}"
    for words in (("--dry-run",), ()):
        done = inv(project, "wheelhouse.upload", *words)
        assert done.returncode == 0, done.stderr
        assert [line for line in done.stdout.splitlines() if line.startswith("warning: ")] == [warning]
    assert "6 files uploaded" in done.stdout
    assert "warning" not in inv(project, "wheelhouse.upload").stdout
