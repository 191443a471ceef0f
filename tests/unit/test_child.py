"""Programs of others that the package runs."""

import os
import sys
from pathlib import Path

import pytest

from wheelhouse_tasks import child


@pytest.mark.parametrize("kind", ["DeprecationWarning", "UserWarning", "ResourceWarning"])
def test_warning_in_a_program_of_others_is_no_error(kind: str, tmp_path: Path) -> None:
    """Where each warning is an error, twine, pip and the like run all the same, whatever they warn of."""
    (tmp_path / "other.py").write_text(f"import warnings\nwarnings.warn('old', {kind})\nprint('done')\n")
    done = child.run([sys.executable, "other.py"], {**os.environ, "PYTHONWARNINGS": "error"}, 60, tmp_path)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
