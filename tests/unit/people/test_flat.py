"""The flat page: what a person finds on it, and that installers find the same."""

import html
import re
import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from fake_store import FakeStore
from flat_pages import flat_sections, render_flat, render_section
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from page_files import FILE_LISTS, HOSTILE, QUICK, Reader, flat_html

from wheelhouse_tasks.blocks import BLOCK
from wheelhouse_tasks.container.converge import converge
from wheelhouse_tasks.container.published import Keeping
from wheelhouse_tasks.pages import html_pages, json_pages, layout, links
from wheelhouse_tasks.pages.link import Link
from wheelhouse_tasks.pages.record import File
from wheelhouse_tasks.people import flat
from wheelhouse_tasks.people.versions import Front
from wheelhouse_tasks.storage.port import Payload

A, B, C = "a" * 64, "b" * 64, "c" * 64
TIME = "2026-11-23T03:21:00.000000Z"
PLATFORM = "manylinux_2_17_x86_64.manylinux2014_x86_64"
WHEEL = File(f"demo-1.0-cp39-abi3-{PLATFORM}.whl", 1_234_567, A, "m1", ">=3.9", B, TIME)
LATER = File("demo-1.0-cp312-cp312-win32.whl", 999, B, "m2", ">=3.9", upload_time="2026-11-25T00:00:00Z")
SDIST = File("demo-1.0.tar.gz", 482, C, "m3", ">=3.9", upload_time=TIME, yanked="<b>", yank_mark="y")

#: Every byte of it is what a page keeps until its project changes.
SECTION = f"""\
<!-- wheelhouse section 3: demo m%2F1 -->
<section id="project-demo" data-versions="1" data-newest="1.0" data-time="2026-11-25T00:00:00Z" \
data-tags="abi3 covered cp312 cp39 manylinux2014_x86_64 manylinux_2_17_x86_64 missing win32">
<h2>demo</h2>
<p><small>1 version &middot; newest upload <time datetime="2026-11-25T00:00:00Z">2026-11-25 00:00 UTC</time></small></p>
<details open>
<summary><strong>1.0</strong> <em>1 missing</em> \
<span>2 wheels + source &middot; 1.2 MB &middot; 2026-11-23 to 2026-11-25</span></summary>
<pre>pip install <code>--find-links</code> <code>URL-OF-THIS-PAGE</code> <code>demo==1.0</code></pre>
<p>Requires Python &gt;=3.9</p>
<div class="box" tabindex="0" role="region" aria-label="Wheels of 1.0">
<p class="hint">The table scrolls sideways.</p>
<table>
<thead><tr><th scope="col">Python</th><th scope="col" title="{PLATFORM}">manylinux_2_17<br>x86_64</th>\
<th scope="col" title="win32">win32</th></tr></thead>
<tbody>
<tr><th scope="row">cp39 abi3</th><td>\
<a href="files/demo/{WHEEL.filename}#sha256={A}" data-requires-python="&gt;=3.9" \
data-core-metadata="sha256={B}" data-dist-info-metadata="sha256={B}" data-upload-time="{TIME}" data-size="1234567" \
title="2026-11-23">cp39-abi3-manylinux_2_17_x86_64.<wbr>manylinux2014_x86_64</a> <small>1.2 MB</small></td>\
<td><em>missing</em></td></tr>
<tr><th scope="row">cp312</th><td><small>covered</small></td><td>\
<a href="files/demo/{LATER.filename}#sha256={B}" data-requires-python="&gt;=3.9" \
data-upload-time="2026-11-25T00:00:00Z" data-size="999" title="2026-11-25">cp312-cp312-win32</a> \
<small>999 B</small></td></tr>
</tbody></table></div>
<p>Source: <a href="files/demo/{SDIST.filename}#sha256={C}" data-requires-python="&gt;=3.9" \
data-upload-time="{TIME}" data-size="482" data-yanked="&lt;b&gt;">{SDIST.filename}</a> <em>yanked</em> \
<small>482 B &middot; 2026-11-23</small></p>
<p><em>Yanked</em> (1 file): <bdi>&lt;b&gt;</bdi></p>
</details>
</section>
<!-- wheelhouse section end -->
"""
#: The part of a command that stands before its address, and the one behind.
BEFORE, BEHIND = "<pre>pip install <code>--find-links</code> <code>", "</code> <code>demo==1.0</code></pre>"
ADDRESS = "https://wheels.example/w/index.html"


def named(*names: str, **facts: Any) -> list[File]:
    """Return files that differ in nothing but their names."""
    return [File(name, 1, A, "m", **facts) for name in names]


def section(files: Iterable[File]) -> str:
    """Return a project's part of the page."""
    return render_section("demo", "m", files)


def test_section() -> None:
    """A version has its command, a table of Python and ABI by platform, its source, and why what is yanked."""
    assert render_section("demo", "m/1", [SDIST, LATER, WHEEL]) == SECTION


def test_head() -> None:
    """The page says how many links it has, and how to use its commands; it fits a phone and needs no script."""
    page = render_flat({"demo": SECTION, "zoo": render_section("zoo", "m", [])}).decode()
    assert '<meta name="wheelhouse:links" content="3">' in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert "<title>Wheelhouse</title>" in page
    assert "<p>2 projects, 3 files; newest upload " in page
    assert "project-status" not in page
    assert "<p>1 project, 3 files; newest upload " in render_flat({"demo": SECTION}).decode()
    assert "<p>No files yet.</p>" in render_flat({}).decode()


def test_address_that_is_known_is_in_every_command() -> None:
    """A command can be copied as it is where the address is known; the page explains what stands in its place else."""
    unknown = render_flat({"demo": SECTION}).decode()
    assert f"{BEFORE}URL-OF-THIS-PAGE{BEHIND}" in unknown
    assert "put the address of this page in place of URL-OF-THIS-PAGE." in unknown
    known = render_flat({"demo": SECTION}, Front(address=ADDRESS)).decode()
    assert f"{BEFORE}{ADDRESS}{BEHIND}" in known
    assert "URL-OF-THIS-PAGE" not in known


def test_no_section_is_in_memory_as_a_whole() -> None:
    """A section of any size gets the address of another page block by block."""
    files = [replace(WHEEL, filename=f"demo-1.{number}-py3-none-any.whl") for number in range(2500)]
    section = flat.render_section("demo", "m", files)
    assert section.end - section.start > 2 * BLOCK
    pieces = list(section.blocks(ADDRESS))
    assert max(map(len, pieces)) < 1.5 * BLOCK
    assert b"".join(pieces) == section.read().replace(b"URL-OF-THIS-PAGE", ADDRESS.encode())


@pytest.mark.parametrize("address", [ADDRESS, "", "file:///a%20b/index.html", "https://x/a'b&c;d$(e)/index.html"])
@pytest.mark.parametrize("title", ["", "Demo nightlies", "</title><script>&amp;", "é\u202e🎡"])
def test_front_is_read_back(title: str, address: str) -> None:
    """A page gives back its title and address as they are, and sections that hold no address."""
    page = render_flat({"demo": SECTION}, Front(title=title, address=address))
    assert flat.front_of(page) == Front(title=title or "Wheelhouse", address=address)
    assert {name: kept.text for name, kept in flat_sections(page).items()} == {"demo": SECTION}
    assert page.isascii()
    assert b"<script" not in page
    assert render_flat({"demo": SECTION}, Front().over(flat.front_of(page))) == (
        page if not address.startswith("file:") else render_flat({"demo": SECTION}, Front(title=title))
    )


def test_address_is_one_word_of_a_shell() -> None:
    """Whatever an address holds, a shell takes it for one word and the page for text."""
    page = render_flat({"demo": SECTION}, Front(address="https://x/a'b&c;$(d)/index.html")).decode()
    [command] = re.findall("<pre>(.*)</pre>", page)
    words = shlex.split(html.unescape(re.sub("<[^>]*>", "", command)))
    assert words == ["pip", "install", "--find-links", "https://x/a'b&c;$(d)/index.html", "demo==1.0"]


def test_page_of_another_maker_has_no_front() -> None:
    """The title of a page that is taken over from another maker is not kept."""
    assert flat.front_of(b"<html><title>Index of /</title>") == Front()


def test_projects_are_listed_where_there_are_several() -> None:
    """The list at the top has each project's newest version and upload time, and leads to it without a link."""
    sections = {
        "demo": SECTION,
        "zoo": render_section("zoo", "m", [File("zoo-2.0.zip", 1, A, "m"), File("zoo-10.0.zip", 1, A, "m")]),
    }
    page = render_flat(sections).decode()
    [listed] = re.findall("<nav.*</nav>", page, re.DOTALL)
    assert re.findall("<li>(.*)</li>", listed) == [
        '<button formaction="#project-demo">demo</button> <span>1.0 &middot; 1 version &middot; 2026-11-25</span>',
        '<button formaction="#project-zoo">zoo</button> <span>10.0 &middot; 2 versions</span>',
    ]
    assert '<section id="project-zoo"' in page
    assert "<nav" not in render_flat({"demo": SECTION}).decode()


def test_legend_names_what_is_shown() -> None:
    """What a tag means is said once, of the newest of its kind, and only where the page shows one."""
    files = named("demo-1.0-cp312-cp312-win32.whl", "demo-1.0-cp313-cp313t-win32.whl", "demo-1.0-cp313-cp313-win32.whl")
    [shown] = re.findall('<p class="legend">(.*)</p>', render_flat({"demo": section(files)}).decode())
    assert shown == (
        "<code>cp313</code> CPython 3.13; <code>cp313t</code> CPython 3.13 without the GIL (free-threaded)."
    )
    [shown] = re.findall('<p class="legend">(.*)</p>', render_flat({"demo": SECTION}).decode())
    assert "<code>abi3</code> for that CPython and later ones" in shown
    assert "<strong>missing</strong> no wheel of the version fits" in shown
    assert 'class="legend"' not in render_flat({"demo": section(named("demo-1.0.zip"))}).decode()


def test_many_versions_are_folded() -> None:
    """Of 200 versions twelve are listed, with the newest release; the others are in a part that opens."""
    files = named(*(f"demo-2.0.dev{number}.zip" for number in range(199)), "demo-1.9.zip")
    text = section(files)
    shown, folded = text.split("<details>\n<summary>187 earlier versions</summary>\n")
    assert re.findall("<strong>(.*?)</strong>", shown) == [f"2.0.dev{number}" for number in range(198, 186, -1)] + [
        "1.9"
    ]
    assert re.findall("<strong>(.*?)</strong>", folded) == [f"2.0.dev{number}" for number in range(186, -1, -1)]
    assert "earlier" not in section(files[:12])


def test_newest_upload_is_the_newest_time() -> None:
    """Texts that are no time do not count, whatever they sort behind."""
    files = [replace(WHEEL, upload_time=""), replace(LATER, upload_time="soon"), SDIST]
    assert f'data-time="{TIME}"' in section(files)
    assert 'data-time=""' in section(files[:2])


def scheme(page: str, *, dark: bool) -> dict[str, str]:
    """Return the colours of the page by name."""
    light, _, rest = page.partition("@media (prefers-color-scheme: dark)")
    return dict(re.findall(r"--(\w+): (#\w+)", rest.partition("body")[0] if dark else light))


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("paper", ["paper", "shade"])
@pytest.mark.parametrize("ink", ["ink", "soft", "link", "warn"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_contrast(ink: str, paper: str, dark: bool) -> None:
    """Every colour of text can be read on both papers, in both schemes (WCAG 2.2, level AA)."""
    page = render_flat({"demo": SECTION}).decode()
    colours = scheme(page, dark=dark)
    low, high = sorted((luminance(colours[ink]), luminance(colours[paper])))
    assert (high + 0.05) / (low + 0.05) >= 4.5
    style = page.partition("</style>")[0]
    assert set(re.findall(r"(?<!-)color: ([^;}]+?) ?[;}]", style)) == {
        f"var(--{ink})" for ink in ("ink", "soft", "link", "warn")
    }
    assert "opacity" not in style


def test_versions() -> None:
    """The newest version is first; it and the newest release are open."""
    files = named(*(f"demo-{version}.tar.gz" for version in ("1.9", "1.10", "1.2", "2.0rc1", "2.0.dev1")))
    shown = re.findall(r"<details( open)?>\n<summary><strong>(.*?)</strong>", section(files))
    assert shown == [(" open", "2.0rc1"), ("", "2.0.dev1"), (" open", "1.10"), ("", "1.9"), ("", "1.2")]


def test_equal_versions_are_one() -> None:
    """1.0 and 1.0.0 are one version, called as its first file calls it, in whatever order the files come."""
    files = named("demo-1.0.0-py3-none-any.whl", "demo-1.0.tar.gz")
    assert section(files) == section(files[::-1])
    assert re.findall("<strong>(.*?)</strong>", section(files)) == ["1.0.0"]


def test_table() -> None:
    """Rows and columns are ordered as people count; wheels that differ in their build number share a cell."""
    tags = ("cp312-cp312-win_amd64", "cp39-cp39-macosx_9_0_x86_64", "cp39-cp39-macosx_11_0_arm64", "py2.py3-none-any")
    files = named(*(f"demo-1.0-{tag}.whl" for tag in tags), "demo-1.0-2b-cp312-cp312-win_amd64.whl")
    text = section(files)
    rows = [re.sub("<[^>]*>", "|", row) for row in re.findall("<tr>(.*?)</tr>", text)]
    assert [re.sub(r"[| ]*\|[| ]*", "|", row) for row in rows] == [
        "|Python|any|macosx_9_0|x86_64|macosx_11_0|arm64|win|amd64|",
        "|cp39|covered|cp39-cp39-macosx_9_0_x86_64|1 B|cp39-cp39-macosx_11_0_arm64|1 B|covered|",
        "|cp312|covered|covered|covered|cp312-cp312-win_amd64|1 B &middot; build 2b|cp312-cp312-win_amd64|1 B|",
        "|py2.py3 none|py2.|py3-none-any|1 B|covered|covered|covered|",
    ]


@pytest.mark.parametrize("tag", ["a" + "1" * 190, "a" + "_1" * 90, "_" * 190, "9" * 190, "win_" * 45, "a.b_1.c"])
def test_any_platform_has_a_column(tag: str) -> None:
    """A platform that nobody has heard of takes no time to name."""
    text = section(named(f"demo-1.0-cp312-cp312-{tag}.whl"))
    column = re.findall('<th scope="col" title="(.*?)">(.*?)</th>', text)
    assert [(title, shown.replace("<br>", "_")) for title, shown in column] == [(tag, tag.partition(".")[0])]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["cp3", "cp03", "cp003", "py3", "cp31"]), unique=True), st.randoms())
def test_tags_that_count_the_same(tags: list[str], order: Any) -> None:
    """The order of rows and columns follows from the tags alone."""
    files = named(*(f"demo-1.0-{tag}-none-{tag}.whl" for tag in tags))
    text = section(files)
    order.shuffle(files)
    assert section(files) == text


@pytest.mark.parametrize(
    ("version", "command"),
    [
        ("1.0+cu.1", "demo==1.0<wbr>+cu.1"),
        ("1!2.0", "&#x27;demo==1!2.0&#x27;"),  # a shell has its own idea of !2
    ],
)
def test_command(version: str, command: str) -> None:
    """A command can be copied into a shell as it is."""
    text = section(named(f"demo-{version}-py3-none-any.whl"))
    assert f"{BEFORE}URL-OF-THIS-PAGE</code> <code>{command}</code></pre>" in text


def test_fact_that_differs_within_a_version_is_not_shown() -> None:
    """Requires-Python is shown where all files agree, and a version is yanked where all files are."""
    agreed = named("demo-1.0-py2-none-any.whl", "demo-1.0.tar.gz", requires_python=">=3", yanked="why")
    assert "<p>Requires Python &gt;=3</p>" in section(agreed)
    assert "<strong>1.0</strong> <em>yanked</em> " in section(agreed)
    assert "<em>Yanked</em> (2 files): <bdi>why</bdi>" in section(agreed)
    differing = [agreed[0], replace(agreed[1], requires_python=None, yanked=None)]
    assert "Requires Python" not in section(differing)
    assert "<strong>1.0</strong> <span>" in section(differing)
    assert "<em>Yanked</em> (1 file): <bdi>why</bdi>" in section(differing)


def test_unknown_facts_are_left_out() -> None:
    """Without a date, a reason or a Python there is none on the page."""
    text = section(named("demo-1.0.zip", yanked="", upload_time="soon"))
    assert "<span>source &middot; 1 B</span>" in text
    assert "<small>1 B</small>" in text
    assert "<p><em>Yanked</em> (1 file)</p>" in text
    assert "<table>" not in text


OURS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "p",
        "code",
        "pre",
        "small",
        "em",
        "bdi",
        "a",
        "br",
    ),
    *("form", "button", "nav", "ul", "li", "main", "section", "time", "wbr"),
    *("details", "summary", "strong", "span", "div", "table", "thead", "tbody", "tr", "th", "td"),
}


@settings(deadline=None, max_examples=60)
@given(FILE_LISTS, HOSTILE | st.text(max_size=9), HOSTILE | st.text(max_size=300))
def test_hostile_text_stays_text(files: list[File], mark: str, reason: str) -> None:
    """Whatever the facts and marks hold, both parsers find our tags and the right links, and no others."""
    files = [replace(file, yanked=reason) if number % 2 else file for number, file in enumerate(files)]
    page = render_flat({"demo": render_section("demo", mark, files)})
    assert page.isascii()
    reader = Reader()
    reader.feed(page.decode())
    reader.close()
    tree: Any = etree.fromstring(page, etree.HTMLParser(encoding="utf-8"))
    assert reader.tags <= OURS
    assert {element.tag for element in tree.iter(etree.Element)} <= OURS
    wanted = {(file.filename, f"sha256={file.sha256}") for file in files}
    for hrefs in ([anchor["href"] or "" for anchor in reader.anchors], tree.xpath("//a/@href")):
        assert len(hrefs) == len(files)
        assert {(link.filename, f"sha256={link.sha256}") for link in links_of(hrefs)} == wanted
        assert all(re.fullmatch(r"files/demo/[\w.%-]+#sha256=[0-9a-f]{64}", href) for href in hrefs)
    assert all("data-yanked" not in anchor or anchor["data-yanked"] is not None for anchor in reader.anchors)


def links_of(hrefs: Iterable[str]) -> list[Link]:
    """Return the links of a page that has nothing but these."""
    page = "".join(f"<a href='{href}'></a>" for href in hrefs)
    return links.parse(page.encode(), "https://x/", layout.HTML_TYPE)


def test_sections_of_another_form_are_made_anew() -> None:
    """A section that an earlier release wrote is not taken over, though its project did not change."""
    page = render_flat({"demo": SECTION})
    assert list(flat_sections(page)) == ["demo"]
    assert flat_sections(page.replace(b"section 3:", b"section 2:")) == {}


@pytest.mark.parametrize("folder", ['"><script>alert(1)', "..", "a\nb", "\u202edemo", "x" * 300, "Not_Normalised"])
def test_folder_of_no_project_is_on_no_page(folder: str) -> None:
    """A folder of the JSON tree that no project is called is linked by no page, whatever lies in it."""
    store = FakeStore()
    for name in ("demo", folder):
        content = json_pages.render_json(name, [SDIST])
        store.put(layout.json_page(name), Payload(content, len(content), "", "", ""))
    converge(store, [], Keeping(workers=1), sleep=lambda _: None)
    for page, count in ((layout.FLAT, 1), (layout.ROOT, 1), (layout.JSON_ROOT, 1)):
        kind = layout.JSON_TYPE if page == layout.JSON_ROOT else layout.HTML_TYPE
        assert len(links.parse(store.content(page), "https://x/", kind)) == count


@QUICK
@given(
    st.dictionaries(
        st.sampled_from(["demo", "a", "demo-2", "zoo-1"]), st.tuples(HOSTILE | st.just(""), FILE_LISTS), max_size=3
    )
)
def test_flat_page_gives_back_its_sections(parts: dict[str, tuple[str, list[File]]]) -> None:
    """A flat page gives back its sections, unchanged and current, so that it is re-made from its changed parts."""
    sections = {name: render_section(name, mark, files) for name, (mark, files) in parts.items()}
    page = render_flat(sections)
    kept = flat_sections(page)
    assert {name: section.text.encode() for name, section in kept.items()} == {
        name: text.encode("ascii", "xmlcharrefreplace") for name, text in sections.items()
    }
    assert all(flat.section_is_current(kept[name].kept, mark) for name, (mark, _) in parts.items())
    assert not any(flat.section_is_current(kept[name].kept, mark + "x") for name, (mark, _) in parts.items())
    assert render_flat({name: section.text for name, section in kept.items()}) == page


@pytest.mark.parametrize(
    ("page", "ours"),
    [
        pytest.param(render_flat({}), True, id="flat"),
        pytest.param(html_pages.render_project("demo", [WHEEL]), True, id="project"),
        pytest.param(html_pages.render_root(["demo"]), True, id="root"),
        pytest.param(b"", False, id="empty"),
        pytest.param(b"<!DOCTYPE html><title>Wheelhouse</title>", False, id="other"),
        pytest.param(b"x" * 3000 + render_flat({}), False, id="ours within another"),
    ],
)
def test_our_pages_are_known(page: bytes, ours: bool) -> None:
    """A page of ours is known from one of another maker."""
    assert flat.is_ours(page) is ours


def test_no_section_is_never_current() -> None:
    """A section that is not there is to be made."""
    assert not flat.section_is_current(None, "")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><a href=demo-1.0.zip>x</a></html>", id="page of another maker"),
        pytest.param("<html>é</html>".encode("utf-16"), id="no ASCII"),
        pytest.param(flat_html([WHEEL]).partition(b"<!-- wheelhouse section end")[0], id="cut within the section"),
        pytest.param(html_pages.render_project("demo", [WHEEL]), id="project page"),
    ],
)
def test_flat_page_without_sections(page: bytes) -> None:
    """A page that is not a flat page of ours, or was cut off, has no sections to keep."""
    assert flat_sections(page) == {}
