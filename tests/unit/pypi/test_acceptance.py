"""What an index would refuse is told before the first upload, all of it, in one report."""

import csv
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import programs
import pytest
import servers
import wheels
from projects import index_env, inv, make_project

from wheelhouse_tasks.artifacts import artifact, dist
from wheelhouse_tasks.pypi import acceptance
from wheelhouse_tasks.pypi.acceptance import Rules

PYPI, OTHER = Rules(pypi=True, file_limit=1 << 20), Rules(pypi=False, file_limit=1 << 20)
HEAD = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"
ANY = "demo-1.0-py3-none-any.whl"
Make = Callable[[Path], Path]


def found(folder: Path, rules: Rules = PYPI) -> list[str]:
    """Return what is wrong with the artifacts of a folder."""
    paths = sorted(folder.iterdir())
    files = dist.read([(path, artifact.parse(path.name)) for path in paths], 1)
    return list(map(str, acceptance.findings(files, rules, 1)))


def says(text: str) -> Make:
    """Return what makes a wheel with more metadata."""
    return lambda folder: wheels.make_wheel(folder, metadata=f"{HEAD}{text}\n\nwords\n")


def tagged(tag: str) -> Make:
    """Return what makes a wheel with a tag."""
    return lambda folder: wheels.make_wheel(folder, tag=tag)


def holds(name: str, content: bytes) -> Make:
    """Return what makes a wheel with one more file in its dist-info."""
    return lambda folder: wheels.make_wheel(folder, extra_files={f"demo-1.0.dist-info/{name}": content})


def zipped(change: Callable[[zipfile.ZipFile], object]) -> Make:
    """Return what makes a wheel and then does something to its archive."""

    def make(folder: Path) -> Path:
        path = wheels.make_wheel(folder)
        with zipfile.ZipFile(path, "a") as archive:
            change(archive)
        return path

    return make


def twice(archive: zipfile.ZipFile) -> None:
    """Write a member that is there already."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("demo/payload.bin", b"payload\n")


def comment(archive: zipfile.ZipFile) -> None:
    """Add a comment."""
    archive.comment = b"hello"


def trailing(folder: Path) -> Path:
    """Make a wheel with bytes behind its end, which zipfile does not mind."""
    path = wheels.make_wheel(folder)
    path.write_bytes(path.read_bytes() + b"\0" * 30)
    return path


class Stream(io.BytesIO):
    """A file that goes on only."""

    def seek(self, *_: int) -> int:
        """Refuse."""
        raise OSError


def streamed(folder: Path) -> Path:
    """Make a wheel that was written to a stream."""
    path, stream = wheels.make_wheel(folder), Stream()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stream, "w") as new:
        for info in old.infolist():
            new.writestr(info, old.read(info))
    path.write_bytes(stream.getvalue())
    return path


def misnamed(folder: Path) -> Path:
    """Make a wheel whose dist-info folder is spelt otherwise."""
    return wheels.make_wheel(folder, version="1.0.0").rename(folder / ANY)


def capitals(folder: Path) -> Path:
    """Make a wheel whose name is not normal."""
    return wheels.make_wheel(folder, "demo").rename(folder / "Demo-1.0-py3-none-any.whl")


def zip_sdist(folder: Path) -> Path:
    """Make an sdist of the old kind."""
    path = folder / "demo-1.0.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo-1.0/PKG-INFO", HEAD)
    return path


def sdist_without_license(folder: Path) -> Path:
    """Make an sdist that lacks the license that it promises."""
    return wheels.make_sdist(folder, metadata=f"{HEAD}License-File: LICENSE\n\nwords\n")


def other_folder(folder: Path) -> Path:
    """Make an sdist whose folder is spelt otherwise."""
    return wheels.make_sdist(folder, version="1.0.0").rename(folder / "demo-1.0.tar.gz")


def dependent(folder: Path) -> Path:
    """Make a wheel for Windows with a dependency that the others do not have."""
    metadata = f"{HEAD}Summary: A project made for a test.\nRequires-Python: >=3.8\nRequires-Dist: x\n\nwords\n"
    return wheels.make_wheel(folder, tag="cp312-cp312-win_amd64", metadata=metadata)


def local(folder: Path) -> Path:
    """Make a wheel with a local version."""
    return wheels.make_wheel(folder, version="1.0+cu1")


def large(folder: Path) -> Path:
    """Make a wheel of 2 MiB."""
    return wheels.make_wheel(folder, payload=wheels.noise(2 << 20))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(tagged("py3-none-linux_x86_64"), "PyPI does not take the platform linux_x86_64", id="linux"),
        pytest.param(tagged("cp312-cp312-macosx_11_7_arm64"), "take the platform macosx_11_7_arm64", id="macOS"),
        pytest.param(tagged("py3-none-win_mips"), "PyPI does not take the platform win_mips", id="Windows"),
        pytest.param(local, "takes no local version (+cu1)", id="local version"),
        pytest.param(zip_sdist, "takes an sdist under the name demo-1.0.tar.gz only", id="zip sdist"),
        pytest.param(capitals, "its name must begin with demo- on PyPI", id="name"),
        pytest.param(large, "has 2.0 MiB, the limit is 1 MiB", id="size"),
        pytest.param(says("Summary: " + "a" * 600), "its Summary has 600 characters, the limit is 512", id="summary"),
        pytest.param(says("Requires-Dist: x @ https://e.example/x.whl"), "no dependency by URL: x", id="URL"),
        pytest.param(says("Requires-Dist: ((("), "its metadata: ", id="requirement"),
        pytest.param(says("Bogus: 1"), "fields that cannot be read: bogus", id="field"),
        pytest.param(says("Classifier: Topic :: Nonsense"), "'Topic :: Nonsense' is not known", id="classifier"),
        pytest.param(says("Classifier: Private :: Do Not Upload"), "keeps it off PyPI", id="private"),
        pytest.param(
            says("Classifier: Natural Language :: Ukranian"),
            "is deprecated, in its place: Natural Language :: Ukrainian",
            id="old classifier",
        ),
        pytest.param(says("License-File: LICENSE"), "its License-File 'LICENSE' is not in it", id="license"),
        pytest.param(sdist_without_license, "its License-File 'LICENSE' is not in it", id="license of an sdist"),
        pytest.param(other_folder, "its folder is not called 'demo-1.0'", id="folder of an sdist"),
        pytest.param(holds("entry_points.txt", b"[g]\nx = not valid!"), "its entry point 'x' of 'g'", id="entry point"),
        pytest.param(holds("entry_points.txt", b"x = y"), "its entry_points.txt cannot be read", id="entry points"),
        pytest.param(misnamed, "its .dist-info folder is not called 'demo-1.0.dist-info'", id="dist-info"),
        pytest.param(zipped(comment), "has a comment", id="comment"),
        pytest.param(trailing, "has bytes behind its end", id="trailing bytes"),
        pytest.param(streamed, "was written with a data descriptor", id="streamed"),
        pytest.param(zipped(twice), "holds 'demo/payload.bin' twice", id="twice"),
        pytest.param(holds("x", b"\0" * (70 << 20)), "unpacks to more than 50 times its size", id="bomb"),
    ],
)
def test_pypi_refuses(make: Make, problem: str, tmp_path: Path) -> None:
    """Each rule of PyPI finds its file, and says why; another index is not held to it."""
    make(tmp_path)
    assert [text for text in found(tmp_path) if problem in text], found(tmp_path)
    assert not [text for text in found(tmp_path, OTHER) if problem in text]


def listed(record: bytes) -> Make:
    """Return what makes a wheel with another RECORD."""

    def make(folder: Path) -> Path:
        path = wheels.make_wheel(folder)
        with zipfile.ZipFile(path) as old:
            members = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(path, "w") as new:
            for name, content in members.items():
                new.writestr(name, record if name.endswith("RECORD") else content)
        return path

    return make


def both(*makes: Make) -> Make:
    """Return what makes several artifacts."""
    return lambda folder: [make(folder) for make in makes][0]  # noqa: RUF015  # all of them


def requires(python: str) -> Make:
    """Return what makes a wheel for Windows with a Requires-Python."""
    return lambda folder: wheels.make_wheel(folder, tag="cp312-cp312-win_amd64", requires_python=python)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        pytest.param(listed(b""), "its RECORD does not list 'demo", id="RECORD is empty"),
        pytest.param(listed(b"gone.py,sha256=x,1\n"), "its RECORD lists 'gone.py', which it does not hold", id="gone"),
        pytest.param(listed(b"demo/__init__.py,sha256=x,1\n"), "or none, for 'demo/__init__.py'", id="digest"),
        pytest.param(listed(b"\xff"), "its RECORD cannot be read", id="not UTF-8"),
        pytest.param(both(wheels.make_wheel, requires(">=3.12")), "its metadata says Requires-Python '", id="Python"),
        pytest.param(both(wheels.make_sdist, zip_sdist), "two sdists of one version", id="two sdists"),
        pytest.param(
            both(wheels.make_wheel, lambda f: wheels.make_wheel(f, version="1.0.0")),
            "two wheels for the same tags of one version",
            id="two wheels",
        ),
        pytest.param(both(wheels.make_wheel, dependent), "its metadata says Requires-Dist '", id="dependencies"),
    ],
)
@pytest.mark.parametrize("rules", [PYPI, OTHER], ids=["PyPI", "other"])
def test_every_index_refuses(make: Make, problem: str, rules: Rules, tmp_path: Path) -> None:
    """Archives that do not tell the truth, and files that disagree, are wrong wherever they go."""
    make(tmp_path)
    assert [text for text in found(tmp_path, rules) if problem in text], found(tmp_path, rules)


def test_nothing_is_wrong_with_good_files(tmp_path: Path) -> None:
    """A release as a CI matrix builds it is fine, also where its backends spell alike things otherwise."""
    for tag in wheels.MATRIX:
        wheels.make_wheel(tmp_path, tag=tag, requires_python=">=3.8,<4")
    wheels.make_wheel(tmp_path, tag="py3-none-any", build="1", requires_python="<4, >=3.8")
    wheels.make_sdist(tmp_path, requires_python=">=3.8,<4")
    assert found(tmp_path) == []


def aged(version: str, *fields: str) -> str:
    """Return metadata of an older version that is good but for some more fields."""
    head = f"Metadata-Version: {version}\nName: demo\nVersion: 1.0\nSummary: A project made for a test.\n"
    return "\n".join([f"{head}Requires-Python: >=3.8", *fields]) + "\n\nwords\n"


@pytest.mark.parametrize("version", ["1.2", "2.1", "2.2", "2.3"])
@pytest.mark.parametrize("name", ["LICENSE", "gone/LICENSE", "LICENSES\\MIT.txt", "../LICENSE", "LICENCE*", "/LICENSE"])
def test_old_license_files_are_taken(version: str, name: str, tmp_path: Path) -> None:
    """A License-File in metadata before 2.4 means nothing: setuptools 57 to 76 wrote it, and PyPI takes it."""
    wheels.make_wheel(tmp_path, metadata=aged(version, f"License-File: {name}", "License-File: AUTHORS"))
    wheels.make_sdist(tmp_path, metadata=aged(version, f"License-File: {name}"))
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("version", "field"),
    [
        ("2.1", "License-Expression: MIT"),
        ("2.3", "License-Expression: MIT"),
        ("2.1", "Dynamic: Classifier"),
        ("1.2", "Provides-Extra: dev"),
        ("1.2", "Description-Content-Type: text/markdown"),
        ("2.4", "Import-Name: demo"),
        ("2.4", "Import-Namespace: demo"),
        ("2.4", "License-File: ../LICENSE"),
        ("2.4", "License-File: LICENSES\\MIT.txt"),
    ],
)
def test_fields_ahead_of_their_version(version: str, field: str, tmp_path: Path) -> None:
    """Every other field that the version of the metadata does not know is refused, as twine and PyPI refuse it."""
    wheels.make_wheel(tmp_path, metadata=aged(version, field))
    [text] = [text for text in found(tmp_path) if "License-File" not in text]
    assert text.startswith(f"{ANY}: its metadata: "), text
    words = [sys.executable, "-m", "twine", "check", str(tmp_path / ANY)]
    assert programs.run(*words).returncode == 1


@pytest.mark.parametrize("rules", [PYPI, OTHER], ids=["PyPI", "other"])
def test_other_letters_than_ascii(rules: Rules, tmp_path: Path) -> None:
    """Fields may hold every letter, also those that are compared and those that name a file."""
    for tag in ("py3-none-any", "cp312-cp312-win_amd64"):
        files = {"demo-1.0.dist-info/licenses/LIZENZ-für-alle": b"frei\n"}
        says = HEAD + "Summary: Größe zählt\nLicense-File: LIZENZ-für-alle\n\nwörter\n"
        wheels.make_wheel(tmp_path, tag=tag, metadata=says, extra_files=files)
    assert found(tmp_path, rules) == []
    says = says.replace("Größe", "Kürze").replace("LIZENZ-für-alle", "LIZENZ-für-mich")
    wheels.make_wheel(tmp_path, tag="cp313-cp313-win_amd64", metadata=says)
    [problem, *more] = found(tmp_path, rules)
    assert "Kürze" in " ".join([problem, *more])
    assert ("LIZENZ-für-mich" in problem) is rules.pypi


SPELT = (
    (
        "Requires-Dist: sphinx_rtd_theme (>=1.0,<3)",
        "Requires-Dist: foo==1.0; python_version < '3.9' and extra == 'dev_x'",
        "Provides-Extra: dev_x",
        "Requires-Dist: bar",
    ),
    (
        "Provides-Extra: dev-x",
        "Requires-Dist: bar",
        "Requires-Dist: Bar",
        'Requires-Dist: foo == 1.0.0 ; ("dev-x" == extra) and ("3.9" > python_version)',
        "Requires-Dist: sphinx-rtd-theme<3,>=1",
    ),
)


@pytest.mark.parametrize("rules", [PYPI, OTHER], ids=["PyPI", "other"])
def test_wheels_may_spell_alike_things_otherwise(rules: Rules, tmp_path: Path) -> None:
    """Wheels of several build backends ask for the same under other spellings, and are one release."""
    for tag, fields in zip(("cp312-cp312-win_amd64", "py3-none-any"), SPELT, strict=True):
        wheels.make_wheel(tmp_path, tag=tag, metadata=aged("2.1", *fields))
    assert found(tmp_path, rules) == []


def test_only_what_differs_is_shown(tmp_path: Path) -> None:
    """A disagreement names the values that mean something else, not those that are spelt otherwise."""
    for number, tag in enumerate(("cp311-cp311-win_amd64", "cp312-cp312-win_amd64", "py3-none-any")):
        more = ["Requires-Dist: new"] if number == 2 else []
        wheels.make_wheel(tmp_path, tag=tag, metadata=aged("2.1", *SPELT[number % 2], *more))
    model = "demo-1.0-cp311-cp311-win_amd64.whl"
    assert found(tmp_path) == [f"{ANY}: its metadata says Requires-Dist 'new', that of {model} 'none'"]


def rerecorded(folder: Path, change: Callable[[str], str]) -> Path:
    """Make a wheel with files in folders, the names of which its RECORD holds as *change* returns them."""
    files = {"demo/a, b/c.py": b"", "demo-1.0.data/scripts/tool": b"#!python\n", "demo-1.0.dist-info/licenses/X": b"x"}
    path = wheels.make_wheel(folder, extra_files=files)
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    record = "demo-1.0.dist-info/RECORD"
    rows = [[change(row[0]), *row[1:]] for row in csv.reader(io.StringIO(members[record].decode()))]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    members[record] = text.getvalue().encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
    return path


def backslashes(name: str) -> str:
    """Return a path as Windows spells it."""
    return name.replace("/", "\\")


@pytest.mark.parametrize("rules", [PYPI, OTHER], ids=["PyPI", "other"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(backslashes, id="all"),
        pytest.param(lambda name: backslashes(name) if name.startswith("demo/") else name, id="some"),
        pytest.param(lambda name: name.replace("/", "\\", 1), id="mixed"),
        pytest.param(lambda name: backslashes(name) if name.endswith("RECORD") else name, id="its own"),
    ],
)
def test_record_with_backslashes(change: Callable[[str], str], rules: Rules, tmp_path: Path) -> None:
    """A RECORD that was written on Windows names its files with backslashes, and is taken."""
    path = rerecorded(tmp_path, change)
    assert found(tmp_path, rules) == []
    assert programs.pip_install("--no-index", path, target=tmp_path / "target").returncode == 0


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param(lambda name: f"{backslashes(name)}x", "its RECORD lists 'demo-1.0.data/scripts/toolx'", id="gone"),
        pytest.param(lambda name: backslashes(name).lower(), "does not list 'demo-1.0.dist-info/METADATA'", id="case"),
        pytest.param(lambda name: f"\\{backslashes(name)}", "its RECORD lists '/demo", id="from the root"),
        pytest.param(lambda name: f"C:\\{backslashes(name)}", "its RECORD lists 'C:/demo", id="of a drive"),
        pytest.param(lambda name: f"..\\{backslashes(name)}", "its RECORD lists '../demo", id="from above"),
    ],
)
def test_record_with_wrong_backslashes(change: Callable[[str], str], problem: str, tmp_path: Path) -> None:
    """Backslashes hide neither a file that is not there nor one that is not listed."""
    rerecorded(tmp_path, change)
    assert [text for text in found(tmp_path) if problem in text], found(tmp_path)


def test_record_with_backslashes_and_a_wrong_digest(tmp_path: Path) -> None:
    """Files that RECORD names with backslashes are compared with their digests too."""
    path = rerecorded(tmp_path, backslashes)
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, b"other" if name == "demo/payload.bin" else content)
    assert found(tmp_path) == [f"{ANY}: its RECORD has another digest, or none, for 'demo/payload.bin'"]


def test_sparse_sdist(tmp_path: Path) -> None:
    """An sdist with a sparse member is refused."""
    content = b"1\n0\n1\n".ljust(512, b"\0") + b"x"
    hole, head = tarfile.TarInfo("demo-1.0/hole"), tarfile.TarInfo("demo-1.0/PKG-INFO")
    hole.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "10"}
    hole.size, head.size = len(content), len(HEAD)
    with tarfile.open(tmp_path / "demo-1.0.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(head, io.BytesIO(HEAD.encode()))
        archive.addfile(hole, io.BytesIO(content))
    assert found(tmp_path) == ["demo-1.0.tar.gz: 'demo-1.0/hole' is sparse"]


def test_one_report(pypi: servers.PackageIndex, tmp_path: Path) -> None:
    """Every finding of every file is told at once, with the damaged ones, and nothing is uploaded."""
    project = make_project(tmp_path / "project", name="demo")
    wheels.make_wheel(project / "dist", metadata=f"{HEAD}Requires-Dist: x\n")  # no description
    wheels.make_wheel(project / "dist", tag="cp312-cp312-win_amd64")
    (project / "dist/demo-1.0-cp313-cp313-win_amd64.whl").write_text("<html>")
    wheels.make_sdist(project / "dist", requires_python=">=3.12")
    zip_sdist(project / "dist")
    words = ("wheelhouse.release", "--version", "1.0", "--no-fetch", "--strict", "--json")
    done = inv(project, *words, env=index_env(pypi))
    assert (done.returncode, done.stderr.count("error: ")) == (1, 1), done.stderr
    told = {name for name, _ in json.loads(done.stdout)["findings"]}
    assert told >= {ANY, "demo-1.0-cp313-cp313-win_amd64.whl", "demo-1.0.tar.gz", "demo-1.0.tar.gz, demo-1.0.zip"}
    for part in ("twine check --strict: ", "the archive is damaged", "two sdists", "Requires-Python", "Requires-Dist"):
        assert part in done.stderr.rpartition("error: ")[2], part
    assert "nothing was uploaded" in done.stderr
    fine = make_project(tmp_path / "fine", name="demo")
    wheels.make_wheel(fine / "dist")
    again = inv(fine, *words, "--dry-run", env=index_env(pypi))
    assert json.loads(again.stdout)["uploaded"] == [ANY]  # the index holds nothing of it
