"""Wheels that are quickly made, whatever their size."""

import hashlib
import os
import zipfile
from base64 import urlsafe_b64encode
from itertools import product
from pathlib import Path

import wheels
from packaging.tags import parse_tag

BLOCK = 1 << 20
#: The tags of one version; there are more versions where there are more wheels.
TAGS = tuple(
    f"{python}-{python}-{platform}"
    for python, platform in product((f"cp3{minor}" for minor in range(7, 15)), wheels.PLATFORMS)
)
PROJECT = "bench"


def make_wheels(folder: Path, count: int, size: int, version: str = "1") -> list[Path]:
    """Write so many wheels of about *size* bytes each, of as many versions as it takes; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        make_wheel(folder, f"{version}.{number // len(TAGS)}", TAGS[number % len(TAGS)], size)
        for number in range(count)
    ]


def make_wheel(folder: Path, version: str, tag: str, size: int) -> Path:
    """Write a wheel with a file of *size* bytes that do not compress, without compressing them."""
    path, info = folder / f"{PROJECT}-{version}-{tag}.whl", f"{PROJECT}-{version}.dist-info"
    tags = "".join(f"Tag: {parsed}\n" for parsed in sorted(map(str, parse_tag(tag))))
    texts = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PROJECT}\nVersion: {version}\nSummary: Made to be sent.\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: false\n{tags}",
    }
    rows = [f"{name},sha256={_digest(hashlib.sha256(text.encode()))},{len(text)}" for name, text in texts.items()]
    with zipfile.ZipFile(path, "w") as archive:
        inside, digest = f"{PROJECT}/payload.bin", hashlib.sha256()
        with archive.open(zipfile.ZipInfo(inside), "w", force_zip64=size >= 1 << 31) as file:
            for start in range(0, size, BLOCK):
                block = os.urandom(min(BLOCK, size - start))
                digest.update(block)
                file.write(block)
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name), text)
        rows += [f"{inside},sha256={_digest(digest)},{size}", f"{info}/RECORD,,", ""]
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "\n".join(rows))
    return path


def _digest(digest: "hashlib._Hash") -> str:
    return urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
