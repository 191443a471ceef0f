"""Every kind of name and index page that a fetch must survive has its test; they are listed here in words."""

import re

import pytest
from paths import TESTS

#: What a link, an answer, an object or a folder may be called, and what an index may answer; the tests of each.
KINDS: dict[str, tuple[str, ...]] = {
    "a link that climbs out of the folder": ("test_name_that_leads_out",),
    "a link whose slashes are quoted": ("test_name_that_leads_out", "test_name_is_shown_escaped"),
    "a link that is quoted twice": ("test_name_that_leads_out",),
    "a backslash, drive letter, NUL, control character, newline or right-to-left mark": (
        "test_name_that_leads_out",
        "test_name_is_shown_escaped",
    ),
    "a path or markup in front of a valid ending": ("test_name_that_leads_out",),
    "a Content-Disposition with a path": ("test_name_of_the_answer_is_ignored",),
    "an object whose name is no plain path": ("test_objects_that_lead_out",),
    "a prefix that climbs, or begins with a slash": ("test_prefix_is_refused", "test_any_prefix_is_clean_or_refused"),
    "a name longer than file systems take": ("test_name_that_leads_out",),
    "a name that another system reserves": ("test_names_that_another_system_reserves",),
    "names that differ in case, or in how a letter is composed": ("test_twins", "test_names_in_other_letters"),
    "a link, folder, fifo or device called like a wheel": ("test_scan_passes_over_what_is_no_file",),
    "a folder that is missing or empty": ("test_scan_of_an_empty_folder", "test_scan_of_a_folder_that_is_missing"),
    "files that are no artifacts": ("test_folder_of_other_things", "test_scan"),
    "two spellings of a version": ("test_two_spellings_of_a_version",),
    "spellings of a project, and neighbours that begin like it": ("test_spellings_of_a_project",),
    "a version that is none": ("test_version_that_is_none",),
    "a local version beside the one that is asked for": ("test_local_version_is_another",),
    "a page in any charset, or none": ("test_page_in_any_charset",),
    "a page that is packed, cut, mislabelled, or a bomb": ("test_packed_page", "test_gzip_page_that_is_cut_off"),
    "a page that ends too early": ("test_page_that_ends_too_early",),
    "endless tags, text, attributes and links": (
        "test_unclosed_tags",
        "test_endless_text",
        "test_endless_attribute",
        "test_many_links",
    ),
    "links in every legal spelling, and the base of a page": ("test_anchor", "test_base", "test_every_link_is_found"),
    "links that nobody can fetch": ("test_link_that_leads_nowhere", "test_files_and_the_web_stay_apart"),
    "links and redirects to another host, or away from https": (
        "test_link_to_another_host_takes_no_credentials",
        "test_redirect_to_another_host",
        "test_redirect_away_from_https",
    ),
    "digests that are strong, weak, malformed or wrong": ("test_digest_is_verified", "test_digest_of_packed_bytes"),
    "a name that stands twice": ("test_name_twice",),
    "an answer that is no page": ("test_answer_that_is_no_page", "test_login_page_is_no_index"),
    "nothing of the version": ("test_nothing_of_the_version",),
    "two indexes that disagree, and one that is down": ("test_two_indexes",),
    "a file that is yanked": ("test_yanked_file",),
}


@pytest.fixture(scope="module")
def tests() -> set[str]:
    """Return the names of all tests."""
    texts = [path.read_text() for path in TESTS.rglob("test_*.py")]
    return {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_tests(kind: str, tests: set[str]) -> None:
    """No test of such a kind is lost when tests are moved or renamed."""
    assert set(KINDS[kind]) <= tests
