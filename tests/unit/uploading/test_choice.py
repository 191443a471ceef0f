"""Which files of a folder may lie there by mistake."""

from dataclasses import replace

from packaging.version import Version

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.uploading.choice import Choice, strays

ANY = Choice(projects=frozenset(), version=None)


def test_strays_are_found_per_project() -> None:
    """A file is old where a newer version of its own project is there; builds of one version are none of each other."""
    names = ["a-2.0.tar.gz", "a-1.0.tar.gz", "b-1.0.tar.gz", "b-1.0+cpu.tar.gz", "b-1.0+cuda.tar.gz", "c-0.1.tar.gz"]
    doubtful = strays([artifact.parse(name) for name in names], "a", ANY)
    assert doubtful.others == ("b-1.0.tar.gz", "b-1.0+cpu.tar.gz", "b-1.0+cuda.tar.gz", "c-0.1.tar.gz")
    assert doubtful.older == ("a-1.0.tar.gz",)


class Counted(Version):
    """A version that counts how often one is made of text."""

    made = 0

    def __init__(self, version: str) -> None:
        Counted.made += 1
        super().__init__(version)


def test_strays_read_each_version_once() -> None:
    """Thousands of files take a time that grows with their number: no version is made anew for each other file."""
    names = [f"demo-1.{number}.tar.gz" for number in range(200)]
    artifacts = [replace(artifact.parse(name), version=Counted(f"1.{number}")) for number, name in enumerate(names)]
    Counted.made = 0
    assert len(strays(artifacts, None, ANY).older) == 199
    assert Counted.made <= 200
