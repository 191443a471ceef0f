"""Read the links of a page in tests, and draw pages with links in every spelling."""

from contextlib import suppress
from urllib.parse import quote

from hypothesis import strategies as st

from wheelhouse_tasks.artifacts import artifact
from wheelhouse_tasks.errors import NotAnArtifact
from wheelhouse_tasks.pages import links
from wheelhouse_tasks.pages.link import Link

URL = "https://wheels.example/w/simple/demo/"
HTML = "text/html"
JSON = "application/vnd.pypi.simple.v1+json"
NAME = "demo-1.0-py3-none-any.whl"
A, B = "a" * 64, "b" * 64


def parse(page: str | bytes, url: str = URL, kind: str = HTML) -> list[Link]:
    """Return the links of a page."""
    return links.parse(page.encode() if isinstance(page, str) else page, url, kind)


def filenames(page: str | bytes, url: str = URL, kind: str = HTML) -> list[str]:
    """Return the file names of a page's links."""
    return [link.filename for link in parse(page, url, kind)]


def plain(url: str, filename: str = NAME) -> list[Link]:
    """Return a page's only link, which has no attributes."""
    return [Link(url, filename)]


C = "c" * 128


HREFS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [NAME, f"{NAME}#sha256={A}", "http://[bad/", "../../x-1.0.zip", "//[/", "file:///etc/", "http://h:x/"]
    ),
)


FRAGMENTS = st.one_of(
    HREFS.map('<a href="{}">'.format),
    HREFS.map("<a href={}>".format),
    st.text(max_size=10).map('<a href="x-1.zip" data-size="{}" data-yanked>'.format),
    st.sampled_from(
        ["<div>", "</div>", "<!--", "-->", "<script>", "</script>", "\0", "<base href='/x/'>", "<a", '"', ">"]
    ),
)


def harmless(page_links: list[Link]) -> None:
    """Check that each link can be fetched, and that its name is that of an artifact or known to be none."""
    for link in page_links:
        assert link.url.startswith(("http://", "https://"))
        with suppress(NotAnArtifact):
            assert "/" not in artifact.parse(link.filename).filename


def spelled(char: str, how: int) -> str:
    """Return a character of a URL as HTML may have it: as it is, or as one of its references."""
    return [char, char, char, f"&#{ord(char)};", f"&#x{ord(char):X};"][how]


@st.composite
def links_as_written(draw: st.DrawFn) -> tuple[str, tuple[str, str | None]]:
    """Return an anchor in any legal spelling, and the name and sha256 that it leads to."""
    number = draw(st.integers(0, 99))
    name = draw(st.sampled_from([f"demo-1.{number}.tar.gz", f"demo-1.{number}+local.{number}-py3-none-any.whl"]))
    sha256 = draw(st.none() | st.sampled_from([A, B]))
    quoted = "".join(quote(char, safe="") if draw(st.integers(0, 4)) == 0 else char for char in name)
    places = ["", "./", "../demo/", "/w/simple/demo/", "//wheels.example/w/simple/demo/", URL, "x/../", "../../files/"]
    query = draw(st.sampled_from(["", "", "", "?a=1&b=/x"]))
    digest = draw(st.sampled_from(["sha256={}", "SHA256={}", f"md5={A[:32]}&sha256={{}}", "sha256={}&egg=x"]))
    fragment = "#" + digest.format(draw(st.sampled_from([sha256.upper(), sha256]))) if sha256 else ""
    href = draw(st.sampled_from(places)) + quoted + query + fragment
    mark = draw(st.sampled_from(["'", '"', ""]))
    text = "".join(spelled(char, draw(st.integers(0, 4))) for char in href)
    text = text.replace("&b", "&amp;b").replace("&sha", "&amp;sha").replace("&egg", "&amp;egg")
    blanks = st.sampled_from(["", " ", "\n", "\t\r\n"])
    if mark:
        text = draw(blanks) + text + draw(blanks)
    tag = draw(st.sampled_from(["a", "A"]))
    before, behind = draw(st.sampled_from(["", ' class="x"', " rel=internal"])), draw(st.sampled_from(["", " data-x"]))
    equals = draw(st.sampled_from(["=", " = ", "=\n"]))
    attribute = draw(st.sampled_from(["href", "HREF", "Href"])) + equals + mark + text + mark
    end = draw(st.sampled_from(["</a>", "</A>", "", "<br>", "</td></tr>"]))
    return f"<{tag}{before} {attribute}{behind}>{name[:20]}..&gt;{end}", (name, sha256)
