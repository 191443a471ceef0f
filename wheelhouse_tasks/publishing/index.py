"""The package index that a release goes to: what it shows, and what twine does with files for it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wheelhouse_tasks.artifacts.companions import ATTESTATION
from wheelhouse_tasks.errors import BlankPage, Failed, PageMissing, PublishError, UploadRefusal, UsageError
from wheelhouse_tasks.publishing import pypirc
from wheelhouse_tasks.publishing.twine_output import DOUBTED, PASSED, squeezed
from wheelhouse_tasks.publishing.twines import Twines
from wheelhouse_tasks.pypi import shown
from wheelhouse_tasks.pypi.finding import Finding
from wheelhouse_tasks.retry import retry
from wheelhouse_tasks.secret import mask_url
from wheelhouse_tasks.sources import index_page
from wheelhouse_tasks.sources.offer import is_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from wheelhouse_tasks.artifacts.local import LocalFile
    from wheelhouse_tasks.pypi.shown import Shown
    from wheelhouse_tasks.settings.resolve import Settings
    from wheelhouse_tasks.sources.web import Web

CHECK = ("check", "--strict")
#: An upload that is slower than this many bytes a second is given up.
SLOWEST = 20_000
#: Answers that say that the file was stored.
TAKEN = (200, 201, 202, 204)
CREDENTIALS = "; set TWINE_USERNAME and TWINE_PASSWORD, or use .pypirc or keyring"
CERTIFICATE = "; see the setting 'ca_bundle'"
#: Answers of a package index that does not accept the credentials: PyPI answers a wrong token with 403.
DENIED = (401, 403)
REPOSITORY_NAME = "TWINE_REPOSITORY"
TWINE_REPOSITORY_VARIABLES = ("TWINE_REPOSITORY_URL", REPOSITORY_NAME)


@dataclass(frozen=True)
class PackageIndex:
    """A package index to publish to."""

    #: How twine knows it: exactly one of the two.
    repository: str | None
    repository_url: str | None
    #: Simple URL (PEP 503 or 691) that shows what it holds.
    check_url: str
    environ: Mapping[str, str] = field(repr=False)
    #: What an answer may repeat and nobody else may see: the password of `.pypirc`.
    secrets: frozenset[str] = field(repr=False)
    #: Seconds.
    timeout: float
    retries: int
    #: File of the certificates to trust, unless the usual ones.
    ca_bundle: str | None = None
    #: Where `.pypirc` sends what goes to the repository of that name.
    pypirc_url: str = field(default="", repr=False)

    @property
    def upload_url(self) -> str:
        """Return where twine sends files to, without credentials."""
        return mask_url(pypirc.sent_to(self.repository_url or self.pypirc_url))

    @property
    def label(self) -> str:
        """Return its name, or its URL without credentials."""
        return self.repository or mask_url(self.repository_url or "")

    @property
    def is_pypi(self) -> bool:
        """Return whether files go to PyPI or TestPyPI, whatever their repository is called."""
        return pypirc.official(self.upload_url) is not None

    def shown(self, project: str, needed: Collection[str] = ()) -> dict[str, Shown]:
        """Return every file that the package index shows of *project*, by name.

        Of those that are *needed* and have no digest the bytes are read. A project that is not there has no files; any
        other failure to look is raised as WebError, or as BadPage.
        """
        web = self._web
        asked = self._page_url(web.url, project)
        try:
            content, url, kind = web.page(asked, {"Pragma": "no-cache"})
            with index_page.named_as(asked, url):
                links = index_page.read(content, url, kind)
        except (PageMissing, BlankPage):  # blank: of a project without files; one that has some is missed afterwards
            return {}
        if url != asked and not any(is_of(link.filename, project) for link in links):
            index_page.check_moved(asked, url, project)
        files = shown.of_links(links, content if "json" in kind.lower() else b"")
        for name in needed:
            if name in files and not files[name].digests:
                files[name] = replace(files[name], digests={"sha256": self._read_sha256(web, files[name].url)})
        return files

    def _read_sha256(self, web: Web, url: str) -> str:
        def read() -> str:
            digest = hashlib.sha256()
            for block in web.blocks(url):
                digest.update(block)
            return digest.hexdigest()

        return retry(read, self.retries)

    @property
    def check_url_label(self) -> str:
        """Return the simple URL without credentials."""
        return mask_url(self.check_url)

    def check_readable(self, project: str) -> None:
        """Raise UsageError where check_url has neither the project nor, before a first release, an index page."""
        web = self._web
        if not any(web.exists(self._page_url(web.url, name)) for name in (project, "")):
            raise UsageError(
                "check_url", f"nothing is at {self.check_url_label}", "use the simple URL of the package index"
            )

    @cached_property
    def _web(self) -> Web:
        from wheelhouse_tasks.sources.web import Web

        return Web(self.check_url, timeout=self.timeout, retries=self.retries, ca_bundle=self.ca_bundle)

    def _page_url(self, simple: str, project: str) -> str:
        parts = urlsplit(simple)
        folder = parts.path.rstrip("/") + "/"
        return parts._replace(path=f"{folder}{project}/" if project else folder).geturl()

    def check(self, paths: Sequence[Path]) -> list[Finding]:
        """Return the findings of `twine check --strict` on files, or one that it does not work.

        PyPI refuses what twine calls an error (`file_upload` in warehouse/forklift/legacy.py renders the description
        in the same way), and accepts what twine warns of.
        """
        folders: dict[Path, list[str]] = defaultdict(list)
        for path in paths:
            folders[path.parent].append(path.name)
        return [finding for folder, names in folders.items() for finding in self._check(folder, names)]

    def _check(self, folder: Path, names: list[str]) -> Iterator[Finding]:
        """Check files of one *folder* from within it: twine would read options, patterns and colours into its path."""
        while names:
            try:
                ended = self.twines.run([*CHECK, *names], self.timeout * 10, folder)
            except Failed as error:
                yield Finding(error.subject, error.problem, error.remedy)
                return
            verdicts = {name: verdict for name, verdict in ended.verdicts.items() if name in names}
            bad = {name: both for name, both in verdicts.items() if both[0] != PASSED}
            if ended.code and (ended.code < 0 or not bad):
                yield Finding(f"twine {' '.join(CHECK)}", f"gave no result: {ended.reason}")
                return
            for name, (verdict, findings) in bad.items():
                why = squeezed(findings) if verdict else f"stopped at it: {ended.reason_in(findings)}"
                yield Finding(name, f"twine {' '.join(CHECK)}: {why}", doubtful=verdict == DOUBTED)
            # it stops at the first file that it cannot read
            stopped = any(not verdict for verdict, _ in verdicts.values())
            names = [name for name in names if name not in verdicts] if stopped else []

    def upload(self, file: LocalFile) -> None:
        """Upload one file, and its attestation where those are accepted; raise PublishError for any refusal.

        Each file has a command line of its own, and with trusted publishing a token of its own: one lives 15 minutes.
        """
        words = ["upload", "--non-interactive", "--disable-progress-bar", "--verbose", str(file.path)]
        if file.attestation is not None and self.is_pypi:
            words += ["--attestations", f"{file.path}{ATTESTATION}"]
        ended = self.twines.run(words, self.timeout + file.size / SLOWEST)
        name, status, kind = file.artifact.filename, ended.status, ended.kind
        if ended.code:
            advice = CERTIFICATE if ended.untrusted else ""
            if kind is UploadRefusal.NO_CREDENTIALS or (kind is UploadRefusal.OTHER and status in DENIED):
                advice = CREDENTIALS
            problem = f"{self.label} did not take it: {ended.reason}{advice}"
            raise PublishError(name, problem, status=status, kind=kind)
        if status is not None and status not in TAKEN:  # twine calls whatever is no error a success, 299 and 999 too
            raise PublishError(name, f"{self.label} answered {status}, which is no success", status=status, kind=kind)

    @cached_property
    def twines(self) -> Twines:
        """Return the processes of twine, which everything secret reaches in their environment, not as words."""
        environ = {key: value for key, value in self.environ.items() if key not in TWINE_REPOSITORY_VARIABLES}
        name = "TWINE_REPOSITORY_URL" if self.repository_url else REPOSITORY_NAME
        environ[name] = self.repository_url or self.repository or ""
        if self.ca_bundle:
            environ["TWINE_CERT"] = self.ca_bundle
        environ["COLUMNS"] = "1000"  # it breaks lines, also within a path
        return Twines(environ, self.secrets)


def package_index(settings: Settings) -> PackageIndex:
    """Return the package index that the settings name; raise UsageError where it could not be read back afterwards."""
    url = settings.options.repository_url
    name = None if url else settings.options.repository
    if url and not pypirc.is_url(url):
        raise UsageError("repository_url", f"{mask_url(url)!r} is not an http(s) URL")
    where = pypirc.repository(name, settings.environ) if name else pypirc.Repository(url or "", frozenset())
    other = settings.environ.get(REPOSITORY_NAME)
    if name and other and other != name:
        named = pypirc.repository(other, settings.environ)
        if named.url == where.url:  # the same index, with credentials of its own
            name, where = other, named
    _check_variables(settings, name, where.url)
    check_url = settings.options.check_url or pypirc.CHECK_URLS.get(pypirc.official(where.url) or "")
    if not check_url:
        raise UsageError(
            "check_url",
            f"not set: what is uploaded to {mask_url(where.url)} cannot be read back",
            "use the simple URL of that package index, as for pip --index-url",
        )
    if not pypirc.is_url(check_url):
        raise UsageError("check_url", f"{mask_url(check_url)!r} is not an http(s) URL")
    return PackageIndex(
        name,
        url,
        check_url,
        settings.environ,
        where.secrets,
        settings.container.timeout,
        settings.container.retries,
        settings.container.ca_bundle,
        where.url if name else "",
    )


def _check_variables(settings: Settings, name: str | None, url: str) -> None:
    """Raise UsageError where a variable of twine's names another package index than the settings."""
    for variable in TWINE_REPOSITORY_VARIABLES:
        value = settings.environ.get(variable)
        if value and value != name and pypirc.sent_to(value) != pypirc.sent_to(url):
            problem = f"is set, but the settings name another package index: {mask_url(url)}"
            raise UsageError(variable, problem, "unset it, or set repository_url and check_url")
