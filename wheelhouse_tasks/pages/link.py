"""One link of a page: where it leads, and the digest that the page promises."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from wheelhouse_tasks.pages.quoting import path_quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

SHA256 = re.compile(r"[0-9a-f]{64}")
#: The algorithms of the digests that a page may promise, the strongest first, with the lengths in hexadecimal digits.
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
    """One link of a page; a tuple, because a page may have a hundred thousand of them."""

    #: Absolute, without its fragment, and quoted as pip quotes it.
    url: str
    #: Last part of the URL's path, decoded once; empty for the link to a folder.
    filename: str
    #: The digest that the page promises; None where it promises none.
    sha256: str | None = None
    #: The reason, which may be empty; None where the file is not yanked (PEP 592).
    yanked: str | None = None
    #: In bytes; None where the page states no size.
    size: int | None = None
    #: Why the link cannot be used for a download; empty where it can be.
    problem: str = ""
    #: Whether the page states that an attestation (PEP 740) lies beside the file.
    attested: bool = False
    #: Algorithm and digest of the strongest other promise; None where there is a sha256, or no promise.
    digest: tuple[str, str] | None = None

    @property
    def last_folder(self) -> str:
        """Return the last part of the path of a link to a folder, decoded."""
        return unquote(urlsplit(self.url).path.rstrip("/").rpartition("/")[2])


class Promise(NamedTuple):
    """What a page promises of a file's bytes; the fields are those of a `Link`."""

    sha256: str | None = None
    digest: tuple[str, str] | None = None
    problem: str = ""


NO_PROMISE = Promise()


def link_to(
    href: str,
    base: str,
    *,
    page: str,
    yanked: str | None = None,
    size: int | None = None,
    hashes: object = None,
    attested: bool = False,
) -> Link | None:
    """Return the link, or None where nothing can be fetched from its URL.

    *base* is the URL that *href* is relative to, *page* the URL of the page.
    """
    parts = resolve(href, base, page=page)
    if parts is None:
        return None
    promise = _promise(hashes.items()) if isinstance(hashes, dict) else NO_PROMISE
    if promise == NO_PROMISE and parts.fragment:
        promise = _promise(part.partition("=")[::2] for part in unquote(parts.fragment).split("&"))
    problem = promise.problem if hashes is None or isinstance(hashes, dict) else "its hashes are malformed"
    filename = unquote(parts.path.rpartition("/")[2])
    url = parts._replace(fragment="").geturl()
    return Link(url, filename, promise.sha256, yanked, size, problem, attested, promise.digest)


def resolve(href: str, base: str, *, page: str) -> SplitResult | None:
    """Return the URL that a link leads to, or None where nothing can be fetched from it."""
    try:
        parts = urlsplit(urljoin(base, href))
        parts.port  # noqa: B018  # raises for a port that is no number
    except ValueError:
        return None
    if parts.scheme not in ("http", "https", "file") or (parts.scheme == "file") != page.startswith("file:"):
        return None
    return parts._replace(path=path_quoted(parts.path))


def _promise(hashes: Iterable[tuple[object, object]]) -> Promise:
    """Return the sha256, else the strongest other digest. A malformed digest is a problem, not a missing digest."""
    digests: dict[str, str] = {}
    for key, value in hashes:
        algorithm = str(key).lower()
        if algorithm not in ALGORITHMS or value is None:
            continue
        digest = value.lower() if isinstance(value, str) else ""
        if len(digest) not in ALGORITHMS[algorithm] or not HEX.fullmatch(digest):
            return Promise(problem=f"its {algorithm} is malformed")
        if digests.setdefault(algorithm, digest) != digest:
            return Promise(problem=f"it has two different {algorithm}")
    if "sha256" in digests:
        return Promise(digests["sha256"])
    return next((Promise(digest=(name, digests[name])) for name in ALGORITHMS if name in digests), NO_PROMISE)
