"""The rules of PyPI for the core metadata: each finds what breaks it, and lets its neighbours pass."""

import pytest

from wheelhouse_tasks.pypi import core_metadata
from wheelhouse_tasks.pypi.core_metadata import RULES

HEAD = "Name: demo\nVersion: 1.0\n"
LONG, LONGER = "L" * 32, "L" * 33


def problems(fields: str, version: str = "2.4", head: str = HEAD) -> list[tuple[str, bool]]:
    """Return what is wrong with metadata, and whether it is doubtful only."""
    text = f"Metadata-Version: {version}\n{head}{fields}\n\nwords\n"
    return [(problem.text, problem.doubtful) for problem in core_metadata.problems(text.encode())]


#: Fields that break a rule, and how that is reported.
BROKEN = [
    ("Author-email: nobody", "its Author-email 'nobody' is not an e-mail address"),
    ("Author-email: Jane Doe <jane at example.org>", "its Author-email"),
    ("Author-email: jane@localhost", "its Author-email 'jane@localhost' is not an e-mail address"),
    ("Author-email: a..b@example.org", "its Author-email"),
    ("Maintainer-email: Jane Doe", "its Maintainer-email"),
    ("Home-page: example.org", "its Home-page 'example.org' is not an http(s) URL"),
    ("Home-page: TODO", "its Home-page"),
    ("Home-page: ftp://example.org/", "its Home-page"),
    ("Download-URL: git+ssh://git@example.org/x", "its Download-URL"),
    ("Project-URL: https://e.org", "its Project-URL 'https://e.org' has no URL, or no label"),
    ("Project-URL: https://example.org/a/long/way/to/go", "its Project-URL has the label 'https://example.org"),
    ("Project-URL: , https://example.org/", "its Project-URL 'https://example.org/' has no label"),
    (f"Project-URL: {LONGER}, https://example.org/", f"label '{LONGER}' of 33 characters, the limit is 32"),
    ("Project-URL: Documentation,", "its Project-URL 'Documentation' has no URL"),
    ("Project-URL: Chat, irc://example.org/x", "its Project-URL 'Chat' leads to 'irc://example.org/x'"),
    ("License: MIT\nLicense-Expression: MIT", "its License stands beside License-Expression"),
    ("License-Expression: MIT-ish", "its metadata: 'MIT-ish' is invalid for 'license-expression'"),
    ("Summary: " + "a" * 513, "its Summary has 513 characters, the limit is 512"),
    ("Summary: a\n  b", "its metadata: 'summary' must be a single line"),
    ("Dynamic: Name", "its metadata: 'name' is not allowed as a dynamic field"),
    ("Dynamic: Dynamic", "its Dynamic 'Dynamic' is no field that may be dynamic"),
    ("Dynamic: Colour", "its metadata: 'colour' is not a valid dynamic field"),
    ("Description-Content-Type: text/html", "its metadata: 'description-content-type' must be one of"),
    ("Description-Content-Type: text/markdown; variant=Pandoc", "valid Markdown variants"),
    ("Description-Content-Type: text/x-rst; charset=latin-1", "can only specify the UTF-8 charset"),
    ("Provides-Extra: -x", "its metadata: '-x' is invalid for 'provides-extra'"),
    ("Provides-Dist: x @ https://example.org/x.whl", "its Provides-Dist has a dependency by URL"),
    ("Obsoletes-Dist: (((", "its Obsoletes-Dist '(((' is not valid"),
    ("Requires-Dist: x @ git+https://example.org/x", "its Requires-Dist has a dependency by URL"),
    ("Requires-Python: three", "its metadata: 'three' is invalid for 'requires-python'"),
    ("Keywords: a\nKeywords: b", "its metadata has fields that cannot be read: keywords"),
    ("Project-URL: A, https://a.org\nProject-URL: A, https://b.org", "that cannot be read: project-url"),
    ("Classifier: Topic :: Nonsense", "its Classifier 'Topic :: Nonsense' is not known"),
    ("Classifier: Natural Language :: Ukranian", "is deprecated, in its place: Natural Language :: Ukrainian"),
    ("License-File: LICENSE\nLicense-File: ../X", "its metadata: '../X' is invalid for 'license-file'"),
]


@pytest.mark.parametrize(("fields", "problem"), BROKEN)
def test_rule_is_broken(fields: str, problem: str) -> None:
    """Exactly one problem is found, and PyPI refuses the file for it."""
    [(text, doubtful)] = problems(fields)
    assert (problem in text, doubtful) == (True, False), text


def test_each_rule_is_broken_by_some_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rule has an input that breaks it: one that is added without is missed."""
    tried = [("Summary: x", "2.6", HEAD), ("Summary: x", "2.4", "Name: UNKNOWN\nVersion: 1.0\n")]
    tried += [(text, "2.4", HEAD) for text, _ in BROKEN]
    monkeypatch.setattr(core_metadata, "RULES", ())
    without = [len(problems(*each)) for each in tried]
    for rule in RULES:
        monkeypatch.setattr(core_metadata, "RULES", (rule,))
        # an older packaging does not know the newest version of the metadata either, and refuses it by itself
        known = rule is RULES[0] and without[0] == 1
        assert known or [len(problems(*each)) for each in tried] != without, rule.source


@pytest.mark.parametrize("version", ["2.0", "2.6", "3.0", "1.3", "2", "what"])
def test_unknown_version_of_the_metadata(version: str) -> None:
    """PyPI takes the versions that it knows, whichever the installed packaging knows."""
    found = problems("Summary: x", version)
    assert [doubtful for _, doubtful in found] == [False], found
    assert "etadata version" in found[0][0] or "Metadata-Version" in found[0][0]


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"])
def test_known_version_of_the_metadata(version: str) -> None:
    """Each version that PyPI knows is taken."""
    assert problems("Summary: x", version) == []


@pytest.mark.parametrize(
    "fields",
    [
        "Author-email: Jane Doe <jane@example.org>",
        "Author-email: jane@example.org, joe@example.org",
        "Author-email: Jäne <jane@münchen.example.org>",
        "Author-email:",
        "Home-page:",
        "Home-page: https://example.org/a?b=c#d",
        "Home-page: HTTP://EXAMPLE.ORG",
        "Download-URL: http://example.org",
        f"Project-URL: {LONG}, https://example.org/a,b",
        "Project-URL: Documentation,https://example.org",
        "License: MIT",
        "License:\nLicense-Expression: MIT",
        "License: UNKNOWN\nLicense-Expression: MIT",
        "Summary: " + "a" * 512,
        "Dynamic: Home-page\nDynamic: LICENSE-FILE",
        "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
        "Provides-Dist: x (>=1.0)",
        "Keywords: a,b c",
        "Classifier: Programming Language :: Python :: 3",
        "Requires-Dist: x>=1; extra == 'y'\nProvides-Extra: y",
    ],
)
def test_what_is_taken(fields: str) -> None:
    """What stands right beside a rule breaks it not: PyPI takes the file."""
    assert [text for text, doubtful in problems(fields) if not doubtful] == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ("Home-page: UNKNOWN", "Home-page"),
        ("Home-page: UNKNOWN\nDownload-URL: UNKNOWN\nAuthor-email: UNKNOWN", "Author-email, Download-URL, Home-page"),
        ("Platform: UNKNOWN\nSummary: x", "Platforms"),
    ],
)
def test_what_distutils_did_not_know(fields: str, named: str) -> None:
    """A field that says UNKNOWN never arrives: PyPI drops it, so that it is doubtful and no more."""
    assert problems(fields) == [(f"its metadata says UNKNOWN for {named}, which PyPI leaves out", True)]


def test_project_that_has_no_name() -> None:
    """A project called UNKNOWN has no name to PyPI, which drops that word from every field."""
    found = problems("Summary: x", head="Name: UNKNOWN\nVersion: 1.0\n")
    assert ("its Name 'UNKNOWN' is no name to PyPI", False) in found


def test_several_rules_at_once() -> None:
    """Every rule that is broken is told, not only the first."""
    found = problems("Home-page: x\nAuthor-email: y\nLicense: z\nLicense-Expression: MIT\nSummary: " + "a" * 600, "2.6")
    assert len(found) == 5, found


def test_every_rule_names_its_place() -> None:
    """A rule says where in the source of PyPI it stands, and the module of which date."""
    assert all(rule.source.startswith("warehouse/") for rule in RULES)
    assert len({rule.broken for rule in RULES}) == len(RULES)
    assert "read on 2026-" in " ".join((core_metadata.__doc__ or "").split())
