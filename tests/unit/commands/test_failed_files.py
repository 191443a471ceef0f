"""What a fetch reports of the files that it could not get."""

from collections.abc import Callable

import pytest

from wheelhouse_tasks.errors import (
    BadArtifact,
    BadArtifacts,
    Conflict,
    DigestMismatch,
    Failed,
    PageMissing,
    StoreError,
    WebError,
    WheelhouseError,
    of_files,
    together,
)
from wheelhouse_tasks.sources import fetch_errors

NAME = "demo-1.0+local-py3-none-any.whl"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(BadArtifact(NAME, "is damaged"), id="file"),
        pytest.param(DigestMismatch(NAME, "0" * 64, "1" * 64), id="digest"),
        pytest.param(Failed(f"/home/me/dist/{NAME}", "cannot be written"), id="path"),
        pytest.param(Failed(f"/home/me/c#/[x/dist/{NAME}", "cannot be written"), id="odd path"),
        pytest.param(PageMissing(f"https://[h/{NAME}", "cannot be requested"), id="odd URL"),
        pytest.param(Failed(rf"C:\me\dist\{NAME}", "cannot be written"), id="path of Windows"),
        pytest.param(PageMissing(f"https://h.example/files/{NAME}", "is not there (404)"), id="URL"),
        pytest.param(PageMissing(f"https://h.example/{NAME.replace('+', '%2B')}", "is not there (404)"), id="quoted"),
        pytest.param(PageMissing(f"https://h.example/{NAME}?sig=<hidden>#x", "is not there (404)"), id="query"),
        pytest.param(StoreError(f"s3://bucket/files/demo/{NAME}", "no answer"), id="object"),
        pytest.param(BadArtifact(f"{NAME}.publish.attestation", "is none"), id="attestation"),
    ],
)
def test_error_of_the_file_is_reported_as_it_is(error: WheelhouseError) -> None:
    """An error whose subject is the file, or what lies beside it, names it once."""
    assert fetch_errors.about(NAME, error) is error


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(StoreError("s3://bucket", "no answer"), id="container"),
        pytest.param(BadArtifact(f"other-{NAME}", "is damaged"), id="name that ends like it"),
        pytest.param(BadArtifact(f"{NAME}.zip", "is damaged"), id="name that begins like it"),
        pytest.param(Failed(f"/home/{NAME}/dist", "cannot be written"), id="folder of its name"),
        pytest.param(StoreError("s3://bucket", f"does not know {NAME}"), id="problem that names it"),
        pytest.param(BadArtifacts((BadArtifact("demo.whl", "is damaged"),)), id="no subject"),
    ],
)
def test_error_of_something_else_is_reported_with_the_file(error: WheelhouseError) -> None:
    """What is about something else is put behind the name of the file."""
    reported = fetch_errors.about(NAME, error)
    assert isinstance(reported, Failed)
    assert (reported.subject, reported.problem) == (NAME, str(error))


MANY = [f"demo-1.0-cp3{number}-cp3{number}-win_amd64.whl" for number in range(10, 70)]
DENIED = "access denied (403) (put user and password into the URL)"


def denied(name: str) -> WheelhouseError:
    """Return the error of a file that its server does not give."""
    return WebError(
        f"https://h.example/{name}", "access denied (403)", "put user and password into the URL", status=403
    )


#: Errors of many files, by a function of the file's name, and how they begin together.
CAUSES: dict[str, tuple[Callable[[str], WheelhouseError], str]] = {
    "one answer of a server": (denied, f"{DENIED}: "),
    "digests that differ": (
        lambda name: DigestMismatch(name, "0" * 64, f"{hash(name) % 10**9:064d}"),
        "sha256 is not the promised one (the file was not kept): ",
    ),
    "something that all of them need": (
        lambda _: StoreError("s3://bucket", "no answer", "see the setting 'timeout'"),
        "s3://bucket: no answer (see the setting 'timeout'): ",
    ),
    "damage": (lambda name: BadArtifact(name, "is damaged"), "is damaged: "),
}


@pytest.mark.parametrize("number", [4, 60])
@pytest.mark.parametrize(("make", "start"), CAUSES.values(), ids=CAUSES)
def test_many_failures_of_one_cause_are_told_once(
    make: Callable[[str], WheelhouseError], start: str, number: int
) -> None:
    """The cause comes first, and the files are counted."""
    names = MANY[:number]
    told = str(together({name: make(name) for name in names}))
    assert told == f"{start}{number} files ({', '.join(names[:3])} and {number - 3} more)"


def test_other_causes_are_told_beside_the_common_one() -> None:
    """A failure with a cause of its own is never hidden behind that of many."""
    errors = {name: denied(name) for name in MANY[:5]} | {"other.whl": PageMissing("https://h/other.whl", "is gone")}
    assert str(together(errors)) == (
        f"{DENIED}: 5 files ({', '.join(MANY[:3])} and 2 more); https://h/other.whl: is gone"
    )


@pytest.mark.parametrize("number", [1, 2, 3])
def test_few_failures_are_told_each(number: int) -> None:
    """A few files stand with an error each, as far as anybody can read them."""
    errors = {name: denied(name) for name in MANY[:number]}
    assert str(together(errors)) == "; ".join(f"https://h.example/{name}: {DENIED}" for name in errors)


def test_many_findings_of_one_cause_are_told_once() -> None:
    """Damaged files, and what an index would refuse, are counted too."""
    findings = [BadArtifact(name, "PyPI does not take the platform linux_x86_64") for name in MANY]
    told = str(BadArtifacts((*findings, BadArtifact("release", "nothing was uploaded"))))
    names = f"{', '.join(MANY[:3])} and 57 more"
    assert told == f"PyPI does not take the platform linux_x86_64: 60 files ({names}); release: nothing was uploaded"


def test_many_conflicts_are_told_once() -> None:
    """Files that a conflict is about are its subject while they are few, and counted where they are many."""
    assert str(of_files(Conflict, MANY[:2], "is there", "go")) == f"{MANY[0]}, {MANY[1]}: is there (go)"
    told = str(of_files(Conflict, MANY, "is there with other bytes", "build under a new version"))
    names = f"60 files ({', '.join(MANY[:3])} and 57 more)"
    assert told == f"is there with other bytes: {names} (build under a new version)"
