"""One link of a page: where it leads, and the digest by which the page promises the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

SHA256 = re.compile(r"[0-9a-f]{64}")
#: What a page may promise a file's digest by, strongest first: how many hexadecimal digits each has.
ALGORITHMS: dict[str, tuple[int, ...]] = {
    "sha512": (128,),
    "sha3_512": (128,),
    "blake2b": (128, 64),
    "sha384": (96,),
    "sha3_384": (96,),
    "sha256": (64,),
    "sha3_256": (64,),
    "blake2s": (64,),
    "sha224": (56,),
    "sha3_224": (56,),
    "sha1": (40,),
    "md5": (32,),
}
HEX = re.compile(r"[0-9a-f]+")


class Link(NamedTuple):
    """One link of a page."""

    #: Absolute, without its fragment.
    url: str
    #: Last part of the URL's path, decoded once; empty for the link to a folder.
    filename: str
    #: None where the page promises none.
    sha256: str | None = None
    #: Reason, maybe empty; None where the file is not yanked (PEP 592).
    yanked: str | None = None
    #: Bytes, where the page tells.
    size: int | None = None
    #: Why a link cannot be used for a download.
    problem: str = ""
    #: Whether the page says that an attestation (PEP 740) lies beside the file.
    attested: bool = False
    #: Algorithm and digest of the strongest other promise, where there is no sha256.
    digest: tuple[str, str] | None = None

    @property
    def last_folder(self) -> str:
        """Return the last part of the path of a link to a folder, decoded."""
        return unquote(urlsplit(self.url).path.rstrip("/").rpartition("/")[2])


def link_to(
    href: str,
    base: str,
    page: str,
    *,
    yanked: str | None = None,
    size: int | None = None,
    hashes: object = None,
    attested: bool = False,
) -> Link | None:
    """Return the link, or None where it leads to nothing that could be fetched."""
    parts = resolve(base, href, page)
    if parts is None:
        return None
    promise = _promise(hashes.items()) if isinstance(hashes, dict) else NO_PROMISE
    if promise == NO_PROMISE and parts.fragment:
        promise = _promise(part.partition("=")[::2] for part in unquote(parts.fragment).split("&"))
    sha256, digest, problem = promise
    if hashes is not None and not isinstance(hashes, dict):
        problem = "its hashes are malformed"
    filename = unquote(parts.path.rpartition("/")[2])
    return Link(parts._replace(fragment="").geturl(), filename, sha256, yanked, size, problem, attested, digest)


def resolve(base: str, href: str, page: str) -> SplitResult | None:
    """Return where a link leads, if that is something that could be fetched."""
    try:
        parts = urlsplit(urljoin(base, href))
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        return None
    if parts.scheme not in ("http", "https", "file") or (parts.scheme == "file") != page.startswith("file:"):
        return None
    return parts


Promise = tuple[str | None, tuple[str, str] | None, str]
NO_PROMISE: Promise = (None, None, "")


def _promise(hashes: Iterable[tuple[object, object]]) -> Promise:
    """Return the sha256, else the strongest other digest, or what is wrong: a malformed digest is not "no digest"."""
    found: dict[str, str] = {}
    for given, value in hashes:
        name = str(given).lower()
        if name not in ALGORITHMS or value is None:
            continue
        digest = value.lower() if isinstance(value, str) else ""
        if len(digest) not in ALGORITHMS[name] or not HEX.fullmatch(digest):
            return None, None, f"its {name} is malformed"
        if found.setdefault(name, digest) != digest:
            return None, None, f"it has two different {name}"
    if "sha256" in found:
        return found["sha256"], None, ""
    return next(((None, (name, found[name]), "") for name in ALGORITHMS if name in found), NO_PROMISE)
