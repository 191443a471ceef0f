"""Real, valid, reproducible wheels and sdists for the tests."""

import csv
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path

from packaging.tags import parse_tag
from packaging.utils import canonicalize_name

PYTHONS = ("cp311", "cp312", "cp313")
PLATFORMS = (
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "manylinux_2_17_i686.manylinux2014_i686",
    "musllinux_1_2_x86_64",
    "musllinux_1_2_aarch64",
    "macosx_10_13_x86_64",
    "macosx_11_0_arm64",
    "win_amd64",
)
#: The tags of a release as a CI matrix builds it: 24 wheels.
MATRIX = tuple(f"{python}-{python}-{platform}" for python in PYTHONS for platform in PLATFORMS)


def make_wheel(  # noqa: PLR0913 - a factory with a default for everything
    folder: Path,
    name: str = "demo",
    version: str = "1.0",
    tag: str = "py3-none-any",
    *,
    requires_python: str | None = ">=3.8",
    build: str | None = None,
    metadata: str | None = None,
    payload: bytes = b"payload\n",
    extra_files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write a wheel with a package named after the project; `payload` is a data file of it."""
    module = _module(name)
    info = f"{module}-{version}.dist-info"
    files = {
        f"{module}/__init__.py": f'__version__ = "{version}"\n'.encode(),
        f"{module}/payload.bin": payload,
        **(extra_files or {}),
        f"{info}/METADATA": (metadata or _metadata(name, version, requires_python)).encode(),
        f"{info}/WHEEL": _wheel(tag, build).encode(),
    }
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD").encode()
    path = folder / "-".join([module, version, *([build] if build else []), f"{tag}.whl"])
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in files.items():
            entry = zipfile.ZipInfo(inside)  # made in 1980
            entry.create_system = 3  # Unix, wherever this runs
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return path


def make_sdist(
    folder: Path,
    name: str = "demo",
    version: str = "1.0",
    *,
    requires_python: str | None = ">=3.8",
    metadata: str | None = None,
    payload: bytes = b"payload\n",
    extra_files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write an sdist of the same project, which hatchling can build."""
    module = _module(name)
    files = {
        "PKG-INFO": (metadata or _metadata(name, version, requires_python)).encode(),
        "README.md": _readme(name).encode(),
        "pyproject.toml": _pyproject(name, version, requires_python).encode(),
        f"{module}/__init__.py": f'__version__ = "{version}"\n'.encode(),
        f"{module}/payload.bin": payload,
        **(extra_files or {}),
    }
    path = folder / f"{module}-{version}.tar.gz"
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for inside, content in files.items():
            entry = tarfile.TarInfo(f"{module}-{version}/{inside}")  # made in 1970 by root
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


def attest(path: Path, sha256: str | None = None) -> Path:
    """Write an attestation beside an artifact, as PEP 740 has it, with a signature of nobody; return its path."""
    digest = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": path.name, "digest": {"sha256": digest}}],
    }
    envelope = {"statement": b64encode(json.dumps(statement).encode()).decode(), "signature": "bm9ib2R5"}
    attested = path.with_name(f"{path.name}.publish.attestation")
    attested.write_text(json.dumps({"version": 1, "verification_material": {}, "envelope": envelope}))
    return attested


def noise(size: int) -> bytes:
    """Return so many bytes that do not compress, always the same."""
    return b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(size // 32))


def _module(name: str) -> str:
    """Return the project's name as a file name and a module name carry it."""
    return canonicalize_name(name).replace("-", "_")


def _readme(name: str) -> str:
    """Return the long description."""
    return f"# {name}\n\nA project made for a test.\n"


def _metadata(name: str, version: str, requires_python: str | None) -> str:
    """Return METADATA, which PKG-INFO is too."""
    requires = [f"Requires-Python: {requires_python}"] if requires_python else []
    fields = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        "Summary: A project made for a test.",
        *requires,
        "Description-Content-Type: text/markdown",
    ]
    return "\n".join(fields) + f"\n\n{_readme(name)}"


def _wheel(tag: str, build: str | None) -> str:
    """Return WHEEL, with a line for each tag that the file's name stands for."""
    lines = [
        "Wheel-Version: 1.0",
        "Generator: wheelhouse-tasks tests",
        f"Root-Is-Purelib: {str(tag.endswith('-none-any')).lower()}",
        *sorted(f"Tag: {parsed}" for parsed in parse_tag(tag)),
        *([f"Build: {build}"] if build else []),
    ]
    return "\n".join(lines) + "\n"


def _record(files: Mapping[str, bytes], record: str) -> str:
    """Return RECORD, which lists itself without a digest."""
    rows = [(path, f"sha256={_digest(content)}", len(content)) for path, content in files.items()]
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([*rows, (record, "", "")])
    return table.getvalue()


def _digest(content: bytes) -> str:
    """Return a digest as RECORD writes it."""
    return urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def _pyproject(name: str, version: str, requires_python: str | None) -> str:
    """Return pyproject.toml."""
    requires = [f'requires-python = "{requires_python}"'] if requires_python else []
    lines = [
        "[build-system]",
        'requires = ["hatchling"]',
        'build-backend = "hatchling.build"',
        "[project]",
        f'name = "{name}"',
        f'version = "{version}"',
        'description = "A project made for a test."',
        'readme = "README.md"',
        *requires,
        "[tool.hatch.build.targets.wheel]",
        f'packages = ["{_module(name)}"]',
    ]
    return "\n".join(lines) + "\n"
