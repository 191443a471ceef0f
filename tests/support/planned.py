"""Files that plans are made of."""

from pathlib import Path

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.artifacts.local import LocalFile
from wheelhouse_tasks.artifacts.metadata import Metadata

A, B = "a" * 64, "b" * 64
WHEEL, OTHER_WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0-cp312-cp312-win_amd64.whl", "demo-1.0.tar.gz"


def local(filename: str, sha256: str = A) -> LocalFile:
    """Return a file on this machine."""
    named = artifact.parse(filename)
    return LocalFile(Path("dist", filename), named, Metadata(b"", None, None), 1, sha256)
