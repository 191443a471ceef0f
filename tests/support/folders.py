"""What lies in a folder."""

import hashlib
from pathlib import Path


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of a folder."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
