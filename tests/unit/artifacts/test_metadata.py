"""What wheels and sdists say of themselves, and how damaged, lying or hostile ones are refused."""

import gzip
import hashlib
import io
import struct
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import programs
import pytest
import wheels
from hypothesis import given, settings
from hypothesis import strategies as st

from wheelhouse_tasks.artifacts import artifact, metadata
from wheelhouse_tasks.artifacts.metadata import Metadata
from wheelhouse_tasks.errors import BadArtifact

INFO = "demo-1.0.dist-info"
CORE = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = "demo-1.0.tar.gz"
ZIP_SDIST = "demo-1.0.zip"
#: The smallest wheel that is whole.
PARTS = {f"{INFO}/METADATA": CORE, f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n", f"{INFO}/RECORD": b""}

SIZE_IN_LOCAL_HEADER, SIZE_IN_DIRECTORY = 22, 24
DIRECTORY_ENTRY = b"PK\x01\x02"


def read(path: Path) -> Metadata:
    """Return what a file says, which is called as it should be."""
    return metadata.read(path, artifact.parse(path.name))


def refusal(path: Path) -> str:
    """Return why a file is refused, after its name; it must be one printable line."""
    with pytest.raises(BadArtifact) as refused:
        read(path)
    message = str(refused.value)
    assert message.isprintable()
    assert message.startswith(f"{path.name}: ")
    return message.removeprefix(f"{path.name}: ")


def zipped(path: Path, members: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip; a name may come twice."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return path


def tarred(path: Path, members: Iterable[tuple[str, bytes]], kind: bytes = tarfile.REGTYPE) -> Path:
    """Write a tar.gz whose members are all of one kind."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "" if kind == tarfile.REGTYPE else "/etc/passwd"
            entry.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(entry, io.BytesIO(content))
    return path


def wheel_of(folder: Path, members: Mapping[str, bytes]) -> Path:
    """Write the smallest wheel, with some members added or replaced."""
    return zipped(folder / WHEEL, {**PARTS, **members}.items())


def lie(path: Path, member: str, size: int) -> None:
    """Let a zip's directory promise another unpacked size of a member."""
    data = bytearray(path.read_bytes())
    at = data.rindex(DIRECTORY_ENTRY, 0, data.rindex(member.encode()))
    struct.pack_into("<L", data, at + SIZE_IN_DIRECTORY, size)
    path.write_bytes(data)


def test_wheel(tmp_path: Path) -> None:
    """A wheel gives its METADATA byte for byte, with the digest that PEP 658 wants."""
    path = wheels.make_wheel(tmp_path, requires_python=">=3.8,  <4")
    with zipfile.ZipFile(path) as archive:
        text = archive.read(f"{INFO}/METADATA")
    assert read(path) == Metadata(text, ">=3.8, <4", hashlib.sha256(text).hexdigest())


def test_sdist(tmp_path: Path) -> None:
    """An sdist gives its PKG-INFO, without a digest: nothing is served beside it."""
    path = wheels.make_sdist(tmp_path)
    with tarfile.open(path) as archive:
        member = archive.extractfile("demo-1.0/PKG-INFO")
        assert member
        text = member.read()
    assert read(path) == Metadata(text, ">=3.8", None)


def test_zip_sdist(tmp_path: Path) -> None:
    """A zip of an sdist is read too."""
    path = zipped(tmp_path / ZIP_SDIST, [("demo-1.0/PKG-INFO", CORE), ("demo-1.0/setup.py", b"")])
    assert read(path) == Metadata(CORE, None, None)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param(
            [("demo-1.0/PKG-INFO", CORE), ("demo-1.0/demo.egg-info/PKG-INFO", b"Name: other\n")], id="egg-info"
        ),
        pytest.param([("demo-1.0/PKG-INFO", CORE), ("demo-1.0/vendor/PKG-INFO", b"Name: other\n")], id="vendored"),
        pytest.param([("./demo-1.0/PKG-INFO", CORE)], id="dot before the folder"),
        pytest.param([("Demo-1.0.0/PKG-INFO", CORE)], id="folder spelt otherwise"),
    ],
)
@pytest.mark.parametrize("make", [tarred, zipped])
def test_pkg_info_is_the_one_at_the_top(
    make: Callable[[Path, Iterable[tuple[str, bytes]]], Path], members: list[tuple[str, bytes]], tmp_path: Path
) -> None:
    """Only the PKG-INFO in the sdist's own folder counts."""
    path = tmp_path / (SDIST if make is tarred else ZIP_SDIST)
    assert read(make(path, members)).text == CORE


@pytest.mark.parametrize(
    ("name", "version", "filename"),
    [
        ("Demo.Pkg", "1.0", "demo_pkg-1.0-py3-none-any.whl"),
        ("demo_pkg", "1.0.0", "demo_pkg-1.0-py3-none-any.whl"),
        ("demo-pkg", "v1.0", "demo_pkg-1.0-py3-none-any.whl"),
        ("demo-pkg", "1.0+Local-1", "demo_pkg-1.0+local.1-py3-none-any.whl"),
    ],
)
def test_name_and_version_may_be_spelt_otherwise(name: str, version: str, filename: str, tmp_path: Path) -> None:
    """Project and version are compared by PEP 503 and PEP 440, not as text."""
    info = filename.removesuffix("-py3-none-any.whl") + ".dist-info"
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    members = {f"{info}/METADATA": text, f"{info}/WHEEL": b"", f"{info}/RECORD": b""}
    assert read(zipped(tmp_path / filename, members.items())).text == text


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(b">=3.8,<4", ">=3.8,<4", id="specifiers"),
        pytest.param(b"  >=3.8 ,\n   <4  ", ">=3.8 , <4", id="folded"),
        pytest.param(b"", None, id="empty"),
        pytest.param(b">=3.8 or so", None, id="no specifier"),
        pytest.param(b'>=3"><script>', None, id="markup"),
        pytest.param(">=3.8é".encode(), None, id="beyond ASCII"),
    ],
)
def test_requires_python(said: bytes, expected: str | None, tmp_path: Path) -> None:
    """Requires-Python is on one line; one that is no valid specifier is left out of the pages."""
    path = wheel_of(tmp_path, {f"{INFO}/METADATA": CORE + b"Requires-Python: " + said + b"\n"})
    found = read(path)
    assert found.requires_python == expected
    assert found.bad_requires == ("" if expected else said.decode())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(b"\xff\xfe\x00", "its metadata is not UTF-8", id="23 not UTF-8"),
        pytest.param(b"", "its metadata has no Name or no Version", id="23 empty"),
        pytest.param(b"<html>oops</html>", "its metadata has no Name or no Version", id="23 malformed"),
        pytest.param(b"Name: demo\n", "its metadata has no Name or no Version", id="23 no version"),
        pytest.param(b"Version: 1.0\n", "its metadata has no Name or no Version", id="23 no name"),
        pytest.param(b"Name:  \nVersion: 1.0\n", "its metadata has no Name or no Version", id="23 blank name"),
        pytest.param(b"\nName: demo\nVersion: 1.0\n", "its metadata has no Name or no Version", id="23 in the body"),
        pytest.param(
            b"Name: other\nVersion: 1.0\n",
            "its metadata says project 'other', its file name 'demo'",
            id="22 other project",
        ),
        pytest.param(
            b"Name: demo\nVersion: 2.0\n", "its metadata says version '2.0', its file name '1.0'", id="22 other version"
        ),
        pytest.param(
            b"Name: demo\nVersion: 1.0+local\n",
            "its metadata says version '1.0+local', its file name '1.0'",
            id="22 local version",
        ),
        pytest.param(
            b"Name: demo\nVersion: banana\n",
            "its metadata says version 'banana', which is not valid (PEP 440)",
            id="23 no version number",
        ),
        pytest.param(
            b"Name: de\x1b[31mmo\nVersion: 1.0\n",
            "its metadata says project 'de\\x1b[31mmo', its file name 'demo'",
            id="22 escape sequence",
        ),
        pytest.param(
            "Name: démo\nVersion: 1.0\n".encode(),
            "its metadata says project 'démo', its file name 'demo'",
            id="22 name beyond ASCII",
        ),
        pytest.param(
            "Name: demo\nVersion: 1.0é\n".encode(),
            "its metadata says version '1.0é', which is not valid (PEP 440)",
            id="23 version beyond ASCII",
        ),
    ],
)
def test_metadata_is_refused(text: bytes, problem: str, tmp_path: Path) -> None:
    """Metadata that is malformed, or of another project or version, is refused with both values."""
    assert refusal(wheel_of(tmp_path, {f"{INFO}/METADATA": text})) == problem
    assert refusal(tarred(tmp_path / SDIST, [("demo-1.0/PKG-INFO", text)])) == problem


def test_endless_version_is_refused(tmp_path: Path) -> None:
    """A version of more digits than Python converts is refused as any other."""
    text = b"Name: demo\nVersion: " + b"1" * 5000 + b"\n"
    assert refusal(wheel_of(tmp_path, {f"{INFO}/METADATA": text})).startswith("its metadata says version '111")


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        pytest.param([], "has 0 .dist-info folders, expected one", id="empty zip"),
        pytest.param([("demo/METADATA", CORE)], "has 0 .dist-info folders, expected one", id="METADATA elsewhere"),
        pytest.param(
            [*PARTS.items(), ("other-1.0.dist-info/METADATA", CORE)],
            "has 2 .dist-info folders, expected one",
            id="two folders",
        ),
        pytest.param(
            [*PARTS.items(), ("Demo-1.0.dist-info/METADATA", CORE)],
            "has 2 .dist-info folders, expected one",
            id="two spellings",
        ),
        pytest.param(
            [(name.replace("demo", "other"), content) for name, content in PARTS.items()],
            "its 'other-1.0.dist-info' belongs to another project or version",
            id="folder of another project",
        ),
        pytest.param(
            [(name.replace("1.0", "1.0+stamp"), content) for name, content in PARTS.items()],
            "its 'demo-1.0+stamp.dist-info' belongs to another project or version",
            id="folder of another version",
        ),
        pytest.param(
            [(name.replace("demo-1.0.", "demo."), content) for name, content in PARTS.items()],
            "its 'demo.dist-info' belongs to another project or version",
            id="folder without a version",
        ),
        pytest.param(
            [*PARTS.items(), (f"{INFO}/METADATA", b"Name: other\n")],
            f"has 2 of {INFO}/METADATA, expected one",
            id="METADATA twice",
        ),
        pytest.param(
            [item for item in PARTS.items() if "METADATA" not in item[0]],
            f"has 0 of {INFO}/METADATA, expected one",
            id="no METADATA",
        ),
        pytest.param(
            [item for item in PARTS.items() if "WHEEL" not in item[0]],
            f"has 0 of {INFO}/WHEEL, expected one",
            id="no WHEEL",
        ),
        pytest.param(
            [item for item in PARTS.items() if "RECORD" not in item[0]],
            f"has 0 of {INFO}/RECORD, expected one",
            id="no RECORD",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_wheel_is_built_wrong(members: list[tuple[str, bytes]], problem: str, tmp_path: Path) -> None:
    """A wheel has exactly one .dist-info folder, of its own name, with exactly one METADATA."""
    assert refusal(zipped(tmp_path / WHEEL, members)) == problem


@pytest.mark.parametrize(
    "decoy",
    ["demo/METADATA", "METADATA", "demo/other-1.0.dist-info/METADATA", f"{INFO}/METADATA.old", f"{INFO}/sub/METADATA"],
)
@pytest.mark.parametrize("first", [True, False], ids=["decoy first", "decoy last"])
def test_decoys_are_not_read(decoy: str, first: bool, tmp_path: Path) -> None:
    """A METADATA anywhere else is a file like any other."""
    lure = [(decoy, b"Name: other\nVersion: 6.6.6\n")]
    members = [*lure, *PARTS.items()] if first else [*PARTS.items(), *lure]
    assert read(zipped(tmp_path / WHEEL, members)).text == CORE


@pytest.mark.parametrize(
    ("members", "count"),
    [
        pytest.param([("demo-1.0/setup.py", b"")], 0, id="none"),
        pytest.param([("PKG-INFO", CORE)], 0, id="outside of its folder"),
        pytest.param([("demo-2.0/PKG-INFO", CORE)], 0, id="folder of another version"),
        pytest.param([("other-1.0/PKG-INFO", CORE)], 0, id="folder of another project"),
        pytest.param([("../demo-1.0/PKG-INFO", CORE)], 0, id="folder above"),
        pytest.param([("demo-1.0/PKG-INFO", CORE)] * 2, 2, id="two"),
        pytest.param([("demo-1.0/PKG-INFO", CORE), ("./demo-1.0/PKG-INFO", CORE)], 2, id="two spellings"),
    ],
)
@pytest.mark.parametrize("make", [tarred, zipped])
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_sdist_is_built_wrong(
    make: Callable[[Path, Iterable[tuple[str, bytes]]], Path],
    members: list[tuple[str, bytes]],
    count: int,
    tmp_path: Path,
) -> None:
    """An sdist has exactly one PKG-INFO in its folder."""
    path = make(tmp_path / (SDIST if make is tarred else ZIP_SDIST), members)
    assert refusal(path) == f"has {count} of PKG-INFO at its top, expected one"


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE],
    ids=["symlink", "link", "fifo", "folder"],
)
def test_pkg_info_that_is_no_file(kind: bytes, tmp_path: Path) -> None:
    """A link, fifo or folder called PKG-INFO is not followed."""
    path = tarred(tmp_path / SDIST, [("demo-1.0/PKG-INFO", b"")], kind)
    assert refusal(path) == "has 0 of PKG-INFO at its top, expected one"


@pytest.mark.parametrize("filename", [WHEEL, SDIST, ZIP_SDIST])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<!DOCTYPE html><title>404</title>", id="HTML"),
        pytest.param(b"PK\x03\x04", id="zip's first bytes"),
        pytest.param(b"\x1f\x8b\x08\x00", id="gzip's first bytes"),
        pytest.param(gzip.compress(b"no tar in here" * 100), id="gzip of something else"),
        pytest.param(bytes(1024), id="zeros"),
    ],
)
def test_not_an_archive(filename: str, content: bytes, tmp_path: Path) -> None:
    """A file that is no archive at all is refused by name."""
    (tmp_path / filename).write_bytes(content)
    assert refusal(tmp_path / filename)


@pytest.mark.parametrize(
    ("filename", "other"), [(WHEEL, SDIST), (SDIST, ZIP_SDIST), (ZIP_SDIST, SDIST)], ids=["whl", "tar.gz", "zip"]
)
def test_archive_of_another_kind(filename: str, other: str, tmp_path: Path) -> None:
    """The suffix says how a file is read: a tar.gz called .whl is refused."""
    make = tarred if other == SDIST else zipped
    make(tmp_path / other, [("demo-1.0/PKG-INFO", CORE)]).rename(tmp_path / filename)
    assert "damaged" in refusal(tmp_path / filename)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the bytes of a good artifact of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    payload = hashlib.sha256(b"payload").digest() * 20  # hard to compress
    zip_sdist = zipped(folder / ZIP_SDIST, [("demo-1.0/PKG-INFO", CORE), ("demo-1.0/payload.bin", payload)])
    made = [wheels.make_wheel(folder, payload=payload), wheels.make_sdist(folder, payload=payload), zip_sdist]
    return {path.name: path.read_bytes() for path in made}


def read_bytes(filename: str, content: bytes) -> Metadata:
    """Return what a file of these bytes says."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, filename)
        path.write_bytes(content)
        return read(path)


@pytest.mark.parametrize("filename", [WHEEL, SDIST, ZIP_SDIST])
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_truncated_file_is_refused(filename: str, whole: dict[str, bytes], data: st.DataObject) -> None:
    """Wherever an archive is cut, it is refused."""
    content = whole[filename]
    cut = data.draw(st.integers(0, len(content) - 1), "length")
    with pytest.raises(BadArtifact):
        read_bytes(filename, content[:cut])


@pytest.mark.parametrize("filename", [WHEEL, SDIST, ZIP_SDIST])
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_flipped_bytes_never_change_what_is_read(filename: str, whole: dict[str, bytes], data: st.DataObject) -> None:
    """Whichever bytes are damaged, the file is refused, or says the same as before."""
    content = bytearray(whole[filename])
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4, unique=True), "positions"):
        content[at] ^= data.draw(st.integers(1, 255), "flip")
    try:
        said = read_bytes(filename, bytes(content))
    except BadArtifact:
        return
    assert said == read_bytes(filename, whole[filename])


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_damaged_member_is_found(compression: int, tmp_path: Path) -> None:
    """A damaged member is found though METADATA is whole: everything is read before anything is sent."""
    mark, payload = b"demo/payload.bin", hashlib.sha512(b"payload").digest() * 4
    path = zipped(tmp_path / WHEEL, [(mark.decode(), payload), *PARTS.items()], compression)
    data = bytearray(path.read_bytes())
    data[data.index(mark) + len(mark) + 30] ^= 0xFF
    path.write_bytes(data)
    assert refusal(path)


def test_damaged_lzma_member_is_found(tmp_path: Path) -> None:
    """A damaged member is found under the rare compression too."""
    path = zipped(tmp_path / WHEEL, [*PARTS.items(), ("demo/x", b"hello" * 1000)], zipfile.ZIP_LZMA)
    data = bytearray(path.read_bytes())
    start = data.index(b"demo/x") + len(b"demo/x") + 9
    data[start : start + 20] = b"\xff" * 20
    path.write_bytes(data)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        pytest.param(8, 0x01, id="encrypted"),
        pytest.param(10, 99, id="unknown compression"),
        pytest.param(6, 200, id="unknown zip version"),
    ],
)
def test_zip_beyond_our_means(offset: int, value: int, tmp_path: Path) -> None:
    """A zip that needs a password or an unknown method is refused."""
    path = wheel_of(tmp_path, {})
    data = bytearray(path.read_bytes())
    data[data.index(DIRECTORY_ENTRY) + offset] = value
    path.write_bytes(data)
    assert refusal(path).startswith("the archive ")


@pytest.mark.parametrize("wrong", range(1, 9), ids=lambda place: f"byte {place} from the end")
def test_wrong_gzip_trailer(wrong: int, tmp_path: Path) -> None:
    """The checksum and length that end a gzip file are compared, though the tar ends before them."""
    path = wheels.make_sdist(tmp_path)
    data = bytearray(path.read_bytes())
    data[-wrong] ^= 0xFF
    path.write_bytes(data)
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("filename", [WHEEL, SDIST, ZIP_SDIST])
def test_metadata_beyond_the_limit(filename: str, tmp_path: Path) -> None:
    """A small archive with a METADATA or PKG-INFO of many megabytes is refused."""
    bomb = CORE + b"\n" + bytes(metadata.METADATA_LIMIT)
    if filename == WHEEL:
        path, name = wheel_of(tmp_path, {f"{INFO}/METADATA": bomb}), f"{INFO}/METADATA"
    else:
        make, name = (tarred if filename == SDIST else zipped), "demo-1.0/PKG-INFO"
        path = make(tmp_path / filename, [(name, bomb)])
    assert path.stat().st_size < 20_000
    assert refusal(path) == f"its {name} is larger than 8 MiB"


def test_metadata_of_the_largest_size(tmp_path: Path) -> None:
    """Metadata up to the limit is read."""
    text = CORE + b"\n" + b"x" * (metadata.METADATA_LIMIT - len(CORE) - 1)
    assert read(wheel_of(tmp_path, {f"{INFO}/METADATA": text})).text == text


def test_zip_that_promises_a_bomb(tmp_path: Path) -> None:
    """An archive that is to unpack to gigabytes is refused before it is read."""
    path = wheel_of(tmp_path, {"demo/big.bin": b"x"})
    lie(path, "demo/big.bin", (1 << 32) - 2)
    assert refusal(path) == "unpacks to more than 100 times its size"


@pytest.mark.parametrize("member", [f"{INFO}/METADATA", f"{INFO}/WHEEL"])
@pytest.mark.parametrize(
    "size",
    [
        pytest.param(1, id="smaller"),
        pytest.param(
            5000,
            id="larger",
        ),
    ],
)
def test_zip_that_lies_about_a_size(member: str, size: int, tmp_path: Path) -> None:
    """A member that is not as large as the directory says is refused, METADATA or not."""
    path = wheel_of(tmp_path, {f"{INFO}/METADATA": CORE + b"Summary: x\n" * 100})
    lie(path, member, size)
    assert "damaged" in refusal(path)


def test_tar_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tar that unpacks to far more than its size is refused, wherever in it the bomb is."""
    monkeypatch.setattr(metadata, "BOMB_SIZE", 4 << 20)
    path = tarred(tmp_path / SDIST, [("demo-1.0/PKG-INFO", CORE), ("demo-1.0/big.bin", bytes(5 << 20))])
    assert refusal(path) == "unpacks to more than 100 times its size"


def test_bomb_behind_the_tar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is unpacked without bounds behind the end of the tar either."""
    monkeypatch.setattr(metadata, "BOMB_SIZE", 4 << 20)
    path = wheels.make_sdist(tmp_path)
    with path.open("ab") as file:
        file.write(gzip.compress(bytes(5 << 20)))
    assert refusal(path) == "unpacks to more than 100 times its size"


def test_well_compressed_archive_is_no_bomb(tmp_path: Path) -> None:
    """An archive of zeros that is not huge is as good as any other."""
    path = wheels.make_wheel(tmp_path, payload=bytes(3 << 20))
    assert read(path).requires_python == ">=3.8"
    assert read(wheels.make_sdist(tmp_path, payload=bytes(3 << 20))).requires_python == ">=3.8"


ENDLESS = """
import sys
from pathlib import Path
from wheelhouse_tasks import errors
from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.artifacts import metadata
path = Path(sys.argv[1])
try:
    metadata.read(path, artifact.parse(path.name))
except errors.BadArtifact:
    print("refused")
"""


def test_tar_that_promises_an_endless_member(tmp_path: Path) -> None:
    """A tar whose header promises more than there can be is refused at once."""
    entry = tarfile.TarInfo("demo-1.0/big.bin")
    entry.size = 1 << 60
    path = tmp_path / SDIST
    path.write_bytes(gzip.compress(entry.tobuf(tarfile.GNU_FORMAT) + bytes(2048)))
    done = programs.run(sys.executable, "-c", ENDLESS, path)
    assert (done.returncode, done.stdout) == (0, "refused\n"), done.stderr


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(lambda path: path, "cannot be read: No such file or directory", id="gone"),
        pytest.param(lambda path: path.mkdir(), "cannot be read: Is a directory", id="folder"),
    ],
)
@pytest.mark.parametrize("filename", [WHEEL, SDIST, ZIP_SDIST])
def test_file_that_cannot_be_opened(
    filename: str, make: Callable[[Path], object], problem: str, tmp_path: Path
) -> None:
    """What cannot be opened is a bad artifact, with the system's reason."""
    make(tmp_path / filename)
    assert refusal(tmp_path / filename) == problem
