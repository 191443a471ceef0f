"""The HTML pages of a wheelhouse: exact, and safe whatever the facts hold."""

import re
from dataclasses import replace
from urllib.parse import quote

from hypothesis import given
from page_files import (
    FILE_LISTS,
    FILES,
    QUICK,
    SDIST,
    SITE,
    WHEEL,
    Reader,
    project,
)

from wheelhouse_tasks.pages import html_pages, layout, links, record
from wheelhouse_tasks.pages.record import File

A, B, C = "a" * 64, "b" * 64, "c" * 64


PROJECT_PAGE = f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="1.4">
<meta name="wheelhouse:links" content="3">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Links for demo</title>
<meta name="pypi:project-status" content="active">
</head>
<body>
<h1>Links for demo</h1>
<a href="../../files/demo/demo-1.0-py3-none-any.whl#sha256={A}" data-requires-python="&gt;=3.8,&lt;4" \
data-core-metadata="sha256={B}" data-dist-info-metadata="sha256={B}" \
data-upload-time="2026-11-23T03:21:00.000000Z" data-size="1120">demo-1.0-py3-none-any.whl</a><br>
<a href="../../files/demo/demo-1.0.tar.gz#sha256={B}" data-size="482" \
data-yanked="&lt;b&gt; &quot;broken&quot;">demo-1.0.tar.gz</a><br>
<a href="../../files/demo/demo-1%211.1%2Bcu.1-cp312-cp312-win_amd64.whl#sha256={C}" data-size="7" data-yanked="">\
demo-1!1.1+cu.1-cp312-cp312-win_amd64.whl</a><br>
</body>
</html>
"""


def test_project_page() -> None:
    """A project page is exactly what every pip and uv reads; yanked always has a value."""
    assert html_pages.render_project("demo", FILES).decode() == PROJECT_PAGE


@QUICK
@given(files=FILE_LISTS)
def test_hostile_text_stays_text(files: list[File]) -> None:
    """Whatever the facts hold, it comes out as the value of its attribute, and as no markup."""
    reader = Reader()
    reader.feed(project(files).decode())
    reader.close()
    assert reader.tags <= {"html", "head", "meta", "title", "body", "h1", "a", "br"}
    expected = []
    for file in record.in_order(files):
        anchor = {"href": f"../../files/demo/{quote(file.filename)}#sha256={file.sha256}", "data-size": str(file.size)}
        if file.requires_python:
            anchor["data-requires-python"] = file.requires_python
        if file.metadata_sha256:
            anchor["data-core-metadata"] = f"sha256={file.metadata_sha256}"
            anchor["data-dist-info-metadata"] = f"sha256={file.metadata_sha256}"
        if file.upload_time:
            anchor["data-upload-time"] = file.upload_time
        if file.yanked is not None:
            anchor["data-yanked"] = file.yanked
        expected.append(anchor)
    assert reader.anchors == expected
    assert reader.texts == [file.filename for file in record.in_order(files)]
    assert all(re.search(r"[^#]#sha256=[0-9a-f]{64}$", anchor["href"] or "") for anchor in reader.anchors)


def test_control_characters_are_blanks() -> None:
    """What HTML cannot hold, or would break a line, is a blank: parsers stop at a NUL, or take it for more."""
    file = replace(WHEEL, requires_python=">=3.8\0\n", yanked="a\r\n\x1b[31m\x9b\ud800\u2028b\tc")
    reader = Reader()
    reader.feed(html_pages.render_project("demo", [file]).decode("ascii"))
    assert reader.anchors[0]["data-yanked"] == "a   [31m  \u2028b c"
    assert reader.anchors[0]["data-requires-python"] == ">=3.8  "
    assert len(links.parse(html_pages.render_project("demo", [file, SDIST]), SITE, layout.HTML_TYPE)) == 2
