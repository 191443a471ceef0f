"""What PyPI refuses of the core metadata: rules as data, each with its place in the source of PyPI.

PyPI reads no METADATA: it judges the fields that twine sends, which are those that `packaging.metadata` reads and finds
valid. What twine leaves out, and what PyPI drops, breaks no rule. The source is pypi/warehouse, commit 6b62157 of
2026-08-21, read on 2026-11-26.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wheelhouse_tasks.pypi import archive
from wheelhouse_tasks.pypi.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from packaging.metadata import RawMetadata

#: `SUPPORTED_METADATA_VERSIONS`; packaging may know newer ones.
VERSIONS = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
#: `_LENGTH_LIMITS`.
SUMMARY_LIMIT = 512
#: `_validate_metadata`.
LABEL_LIMIT = 32
#: `DYNAMIC_FIELDS`.
DYNAMIC = frozenset(
    [
        *("platform", "supported-platform", "summary", "description", "description-content-type", "keywords"),
        *("home-page", "download-url", "project-url", "author", "author-email", "maintainer", "maintainer-email"),
        *("license", "license-expression", "license-file", "classifier", "import-name", "import-namespace"),
        *("requires-dist", "requires-python", "requires-external", "provides-extra"),
        *("provides-dist", "obsoletes-dist", "requires", "provides", "obsoletes"),
    ]
)
#: What distutils wrote for a field that it did not know.
UNKNOWN = "UNKNOWN"
#: Headers that are not spelt as the names of their fields are.
HEADERS = {"home_page": "Home-page", "download_url": "Download-URL"} | {
    f"{who}_email": f"{who.capitalize()}-email" for who in ("author", "maintainer")
}


@dataclass(frozen=True)
class Rule:
    """What PyPI demands of some fields."""

    #: Where it stands in pypi/warehouse: path and name.
    source: str
    #: Yield how the fields, as `packaging.metadata` names them, break it.
    broken: Callable[[Mapping[str, Any]], Iterator[str]]


def problems(text: bytes) -> Iterator[Problem]:
    """Yield the problems of METADATA or PKG-INFO: fields that twine cannot send, and those that PyPI refuses."""
    from packaging.metadata import InvalidMetadata, Metadata, parse_email

    raw, unparsed = parse_email(text)
    if not archive.knows_license_files(raw.get("metadata_version", "")):
        raw.pop("license_files", None)  # as twine does, since setuptools 57 to 76 wrote them all the same
    if unparsed:
        yield Problem(f"its metadata has fields that cannot be read: {', '.join(sorted(unparsed))}")
    reported = set()
    try:
        Metadata.from_raw(raw)
    except ExceptionGroup as group:
        for error in group.exceptions:
            reported.add(error.field if isinstance(error, InvalidMetadata) else "")
            yield Problem(f"its metadata: {error}")
    kept, dropped = _sent(raw)
    if dropped:
        yield Problem(f"its metadata says {UNKNOWN} for {', '.join(dropped)}, which PyPI leaves out", doubtful=True)
    for rule in RULES:
        for problem in rule.broken(kept):
            if problem.partition(" ")[0].lower() not in reported:
                yield Problem(f"its {problem}")


def _sent(raw: RawMetadata) -> tuple[dict[str, Any], list[str]]:
    """Return the fields that arrive at PyPI, and those that it drops as unknown.

    `sanitize` in warehouse/forklift/decorators.py reads the last value of a field, `parse_form_metadata` in
    warehouse/forklift/metadata.py drops a blank one.
    """
    kept, dropped = {}, []
    for name, value in raw.items():
        values: list[Any] = value if isinstance(value, list) else [value]
        if name == "keywords":
            values = [", ".join(map(str, values))]
        if values and str(values[-1]).strip() == UNKNOWN:
            dropped.append(_header(name))
        elif values != [""]:
            kept[name] = value
    return kept, sorted(dropped)


def _known_version(sent: Mapping[str, Any]) -> Iterator[str]:
    version = sent.get("metadata_version")
    if version not in VERSIONS:
        yield f"Metadata-Version {version!r} is none that PyPI takes: {', '.join(VERSIONS)}"


def _named(sent: Mapping[str, Any]) -> Iterator[str]:
    if "name" not in sent:
        yield f"Name {UNKNOWN!r} is no name to PyPI"


def _short(sent: Mapping[str, Any]) -> Iterator[str]:
    length = len(sent.get("summary", ""))
    if length > SUMMARY_LIMIT:
        yield f"Summary has {length} characters, the limit is {SUMMARY_LIMIT}"


def _addresses(sent: Mapping[str, Any]) -> Iterator[str]:
    from email.utils import getaddresses, parseaddr

    from email_validator import EmailNotValidError, validate_email

    for field in ("author_email", "maintainer_email"):
        text = sent.get(field, "")
        if len(getaddresses([text])) != 1:  # PyPI looks at no list of addresses
            continue
        address = parseaddr(text)[1]
        try:
            if address:
                validate_email(address, check_deliverability=False)
        except EmailNotValidError as error:
            yield f"{_header(field)} {address!r} is not an e-mail address: {str(error).rstrip('.')}"


def _classifiers(sent: Mapping[str, Any]) -> Iterator[str]:
    from trove_classifiers import all_classifiers, deprecated_classifiers

    known = set(all_classifiers)
    for classifier in sorted(set(sent.get("classifiers", ()))):
        if classifier in deprecated_classifiers:
            better = ", ".join(deprecated_classifiers[classifier]) or "none"
            yield f"Classifier {classifier!r} is deprecated, in its place: {better}"
        elif classifier.startswith("Private ::"):
            yield f"Classifier {classifier!r} keeps it off PyPI"
        elif classifier not in known:
            yield f"Classifier {classifier!r} is not known (to the installed trove-classifiers)"


def _urls(sent: Mapping[str, Any]) -> Iterator[str]:
    for field in ("home_page", "download_url"):
        if field in sent and not _is_url(sent[field]):
            yield f"{_header(field)} {sent[field]!r} is not an http(s) URL"


def _labels(sent: Mapping[str, Any]) -> Iterator[str]:
    for label, url in sent.get("project_urls", {}).items():
        if not label:
            yield f"Project-URL {url!r} has no label (as in: Documentation, {url})"
        elif len(label) > LABEL_LIMIT:
            yield f"Project-URL has the label {label!r} of {len(label)} characters, the limit is {LABEL_LIMIT}"
        elif not url:
            yield f"Project-URL {label!r} has no URL, or no label (as in: Documentation, https://...)"
        elif not _is_url(url):
            yield f"Project-URL {label!r} leads to {url!r}, which is not an http(s) URL"


def _dependencies(sent: Mapping[str, Any]) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement

    for field in ("requires_dist", "provides_dist", "obsoletes_dist"):
        for text in sent.get(field, ()):
            try:
                wanted = Requirement(text)
            except InvalidRequirement:
                yield f"{_header(field)} {text!r} is not valid (PEP 508)"
                continue
            if wanted.url is not None:
                yield f"{_header(field)} has a dependency by URL, and PyPI takes no dependency by URL: {wanted.name}"


def _dynamic(sent: Mapping[str, Any]) -> Iterator[str]:
    for field in sent.get("dynamic", ()):
        if field.lower() not in DYNAMIC:
            yield f"Dynamic {field!r} is no field that may be dynamic"


def _one_license(sent: Mapping[str, Any]) -> Iterator[str]:
    if sent.get("license") and sent.get("license_expression"):
        yield "License stands beside License-Expression, which stands in its place (PEP 639)"


#: All of them are in `_validate_metadata`, but for the name.
RULES = (
    Rule("warehouse/forklift/metadata.py SUPPORTED_METADATA_VERSIONS", _known_version),
    Rule("warehouse/forklift/decorators.py sanitize, warehouse/forklift/forms.py UploadForm.name", _named),
    Rule("warehouse/forklift/metadata.py _LENGTH_LIMITS", _short),
    Rule("warehouse/forklift/metadata.py _validate_metadata: author_email, maintainer_email", _addresses),
    Rule("warehouse/forklift/metadata.py _validate_metadata: all_classifiers, deprecated_classifiers", _classifiers),
    Rule("warehouse/forklift/metadata.py _validate_metadata: home_page, download_url", _urls),
    Rule("warehouse/forklift/metadata.py _validate_metadata: project_urls", _labels),
    Rule(
        "warehouse/forklift/metadata.py _validate_metadata: requires_dist, provides_dist, obsoletes_dist", _dependencies
    ),
    Rule("warehouse/forklift/metadata.py DYNAMIC_FIELDS", _dynamic),
    Rule("warehouse/forklift/metadata.py _validate_metadata: license, license_expression", _one_license),
)


def _is_url(text: str) -> bool:
    """Return whether a text is a URL to PyPI: `is_valid_uri` in warehouse/utils/http.py."""
    from rfc3986 import exceptions, uri_reference, validators

    validator = validators.Validator().allow_schemes("http", "https").require_presence_of("scheme")
    validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(uri_reference(text).normalize())
    except exceptions.RFC3986Exception:
        return False
    return True


def _header(field: str) -> str:
    return HEADERS.get(field) or field.replace("_", "-").title()
