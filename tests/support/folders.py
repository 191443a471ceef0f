"""What lies in a folder."""

import hashlib
from pathlib import Path


def digest(path: Path) -> str:
    """Return the sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file of a folder."""
    return {path.name: digest(path) for path in folder.iterdir() if path.is_file()}
