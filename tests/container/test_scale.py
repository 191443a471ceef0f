"""100,000 files: every link arrives, and time and memory grow with the pages, beside the standard library's parser.

`PYTHONPATH=tests/support python tests/container/test_scale.py` prints the figures of the machine that it runs on.
"""

import hashlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from itertools import islice, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import programs
import pytest
import wheels
from flat_pages import flat_sections, render_flat, render_section
from paths import SUPPORT

from wheelhouse_tasks.pages import html_pages, json_pages, layout, links
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.people import flat

MANY, SOME, FEW = 100_000, 20_000, 5_000
#: How often a job is done to see how long it takes when nothing else is in its way.
ROUNDS = 3
SITE = "https://wheels.example/"


def files(count: int) -> Iterator[File]:
    """Return the files of so many development builds, with all that a page can say of each."""
    for number, tag in islice(product(range(count), wheels.MATRIX), count):
        name = f"demo-1.{number // 100}.{number % 100}.dev20261123030405+g{number:07x}-{tag}.whl"
        digest = hashlib.sha256(name.encode()).hexdigest()
        yield File(name, 1_000_000 + number, digest, digest, ">=3.9,<4", digest, "2026-11-23T03:21:00.000000Z")


def render(listed: Iterable[File]) -> bytes:
    """Return the flat page."""
    return render_flat({"demo": render_section("demo", "m", listed)})


class Reader(HTMLParser):
    """What the standard library offers for the same job."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what is known of a link."""
        if tag == "a":
            found = dict(attrs)
            self.anchors.append((found["href"] or "", found["data-size"] or "", found.get("data-yanked")))


def read_with_stdlib(page: bytes) -> object:
    """Read the page as the standard library does."""
    reader = Reader()
    reader.feed(page.decode())
    return reader.anchors


def parse(page: bytes) -> list[Link]:
    """Read the page as `fetch` does."""
    return links.parse(page, SITE, layout.HTML_TYPE)


def facts(found: list[Link]) -> set[tuple[str, str | None, int | None]]:
    """Return what a page says of each file."""
    return {(link.filename, link.sha256, link.size) for link in found}


def measure(what: str, path: Path, count: int) -> dict[str, float]:
    """Do one job in this process; return its seconds of CPU, and MB of memory at its peak beyond what it began with."""
    listed, page = (list(files(count)), b"") if what == "render" else ([], path.read_bytes())
    jobs: dict[str, Callable[[], Any]] = {
        "render": lambda: render(listed),
        "parse": lambda: parse(page),
        "stdlib": lambda: read_with_stdlib(page),
    }
    parse(render_flat({}))  # imports
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    result = jobs[what]()
    took, after = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if what == "render":
        path.write_bytes(result)
    return {"seconds": took, "extra": (after - before) / 1000, "page": path.stat().st_size / 1_000_000}


def in_process(what: str, path: Path, count: int) -> dict[str, float]:
    """Measure in a process of its own."""
    argv = [sys.executable, __file__, what, str(path), str(count)]
    done = programs.run(*argv, env={**os.environ, "PYTHONPATH": str(SUPPORT)}, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def least_seconds(*jobs: Callable[[], object]) -> list[float]:
    """Return the least seconds of CPU that each job takes, in rounds, so that what disturbs one disturbs all."""
    taken: list[list[float]] = [[] for _ in jobs]
    for _ in range(ROUNDS):
        for job, seconds in zip(jobs, taken, strict=True):
            began = time.process_time()
            job()
            seconds.append(time.process_time() - began)
    return list(map(min, taken))


def test_faster_than_the_standard_library() -> None:
    """The flat page is rendered faster than the standard library parses it, and parsed in less time too."""
    listed = list(files(SOME))
    page = render(listed)
    rendering, parsing, stdlib = least_seconds(
        lambda: render(listed), lambda: parse(page), lambda: read_with_stdlib(page)
    )
    assert rendering < stdlib
    assert parsing < 0.8 * stdlib


def test_time_grows_with_the_page() -> None:
    """Ten times as many files take about ten times as long, not a hundred times."""
    small, large = list(files(SOME // 10)), list(files(SOME))
    page, page_more = render(small), render(large)
    rendering, rendering_more, parsing, parsing_more = least_seconds(
        lambda: render(small), lambda: render(large), lambda: parse(page), lambda: parse(page_more)
    )
    assert rendering_more < 25 * rendering
    assert parsing_more < 25 * parsing


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_a_hundred_thousand_files(tmp_path: Path) -> None:
    """A hundred thousand files arrive, and take no more memory than a few times their page."""
    path = tmp_path / "index.html"
    figures = {what: in_process(what, path, MANY) for what in ("render", "parse")}
    assert facts(parse(path.read_bytes())) == {(file.filename, file.sha256, file.size) for file in files(MANY)}
    assert figures["render"]["extra"] < 6 * figures["render"]["page"], figures
    assert figures["parse"]["extra"] < 2 * figures["parse"]["page"], figures


def test_project_of_five_thousand_files() -> None:
    """The pages of a large project say every file, and the JSON page gives back every fact."""
    expected = list(files(FEW))
    page = html_pages.render_project("demo", reversed(expected))
    found = links.parse(page, f"{SITE}simple/demo/", layout.HTML_TYPE)
    assert facts(found) == {(file.filename, file.sha256, file.size) for file in expected}
    assert json_pages.read_json(json_pages.render_json("demo", reversed(expected))) == {
        file.filename: file for file in expected
    }


def test_many_projects() -> None:
    """A section is found among ten thousand, and a page that is made of them again is the same."""
    sections = {
        f"p{number}": render_section(f"p{number}", f"m{number}", [File(f"p{number}-1.0.zip", 1, "a" * 64, "")])
        for number in range(10_000)
    }
    page = render_flat(sections)
    found = flat_sections(page)
    assert all(flat.section_is_current(found[f"p{number}"].kept, f"m{number}") for number in range(10_000))
    assert render_flat({name: section.text for name, section in found.items()}) == page
    assert len(parse(page)) == 10_000


def main() -> None:
    """Print the figures of one job, or of all of them."""
    if sys.argv[1:]:
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201
        return
    with TemporaryDirectory() as folder:
        for count in (FEW, MANY):
            for what in ("render", "parse", "stdlib"):
                figures = in_process(what, Path(folder) / "index.html", count)
                print(f"{count:7,} files  {what:7}", *(f"{key} {value:.2f}" for key, value in figures.items()))  # noqa: T201


if __name__ == "__main__":
    main()
