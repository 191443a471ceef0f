"""Files as pages may have to show them, and a parser that is not the package's."""

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

from flat_pages import render_flat, render_section
from hypothesis import settings
from hypothesis import strategies as st

from wheelhouse_tasks.pages import html_pages, json_pages
from wheelhouse_tasks.pages.record import File

A, B, C = "a" * 64, "b" * 64, "c" * 64

VERSIONS = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}(rc[0-9]|\.dev[0-9]{1,9})?(\+[a-z0-9]{1,4})?", fullmatch=True)
TAILS = st.sampled_from(["-py3-none-any.whl", "-1b-cp312-abi3-win_amd64.whl", ".tar.gz", ".zip"])
DIGESTS = st.integers(0, (1 << 256) - 1).map("{:064x}".format)
#: What a page must not take for markup, and what no ASCII holds.
HOSTILE = st.text("<>\"'&;=`/\\-! aé\u202e🎡", min_size=1, max_size=20)
FILE = st.builds(
    File,
    filename=st.builds("demo-{}{}".format, VERSIONS, TAILS),
    size=st.integers(0, 1 << 40),
    sha256=DIGESTS,
    mark=HOSTILE | st.just(""),
    requires_python=st.none() | HOSTILE,
    metadata_sha256=st.none() | DIGESTS,
    upload_time=st.just("") | HOSTILE,
)
FILE = st.builds(replace, FILE, yanked=st.just("") | HOSTILE, yank_mark=HOSTILE) | FILE
FILE_LISTS = st.lists(FILE, max_size=5, unique_by=lambda file: file.filename)


class Reader(HTMLParser):
    """An HTML parser that is not the one that the package uses."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.anchors: list[dict[str, str | None]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag."""
        self.tags.add(tag)
        if tag == "a":
            self.anchors.append(dict(attrs))
            self.texts.append("")

    def handle_data(self, data: str) -> None:
        """Keep the text of a link."""
        if self.lasttag == "a" and self.texts:
            self.texts[-1] += data.strip()


WHEEL = File("demo-1.0-py3-none-any.whl", 1120, A, "m1", ">=3.8,<4", B, "2026-11-23T03:21:00.000000Z")
SDIST = File("demo-1.0.tar.gz", 482, B, "m2", yanked='<b> "broken"', yank_mark="y2")
LOCAL = File("demo-1!1.1+cu.1-cp312-cp312-win_amd64.whl", 7, C, "m3", yanked="", yank_mark="y3")
FILES = [WHEEL, SDIST, LOCAL]
SITE = "https://wheels.example/w/"
QUICK = settings(deadline=None, max_examples=40)
Render = Callable[[list[File]], bytes]


def project(files: list[File]) -> bytes:
    """Return the HTML page."""
    return html_pages.render_project("demo", files)


def project_json(files: list[File]) -> bytes:
    """Return the JSON page."""
    return json_pages.render_json("demo", files)


def flat_html(files: list[File]) -> bytes:
    """Return the flat page of one project."""
    return render_flat({"demo": render_section("demo", "--> mark <!--", files)})
