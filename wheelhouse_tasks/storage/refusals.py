"""The meaning of a provider's refusal, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_tasks.errors import AccessDenied, Changed, ContainerMissing, Overloaded, StoreError, Unsupported
from wheelhouse_tasks.retry import TryAgainError

if TYPE_CHECKING:
    from wheelhouse_tasks.storage.transport import Refusal

#: Any of several variables may hold it; which does, only the settings know.
SOURCE = "wheelhouse.doctor names its variable"
CLOCK = ("the clock of this machine is further off than the provider allows", "set the clock")
KEY = ("the provider does not know this user name", f"check the user name ({SOURCE}), and whether the key was revoked")
SECRET = (
    "the secret does not fit the user name",
    f"check the secret ({SOURCE}), and that the region is the container's",
)
AZURE_KEY = (
    "the account's key or the clock of this machine is wrong, or the account lets nobody in from here",
    f"check the key ({SOURCE}), the clock, and the network rules of the account",
)
TOKEN = ("the session token has expired or does not fit the key", "get new temporary credentials, all three parts")
REGION = ("the container is in another region", "set the region to that of the container")
RIGHTS = (
    "the credentials are good, but may not do this",
    "grant list, read, write and delete on the container to this user",
)
REFUSED = (
    "the provider refused the credentials",
    "check user name, secret, region and clock, and that the user may do this",
)
#: Meaning and remedy of the codes of S3 and its like, and of Azure.
MEANING = {
    "RequestTimeTooSkewed": CLOCK,
    "RequestExpired": CLOCK,
    "InvalidAccessKeyId": KEY,
    "InvalidAccessKey": KEY,
    "SignatureDoesNotMatch": SECRET,
    "AuthenticationFailed": AZURE_KEY,
    "ExpiredToken": TOKEN,
    "InvalidToken": TOKEN,
    "TokenRefreshRequired": TOKEN,
    "AuthorizationHeaderMalformed": REGION,
    "IllegalLocationConstraintException": REGION,
    "PermanentRedirect": REGION,
    "TemporaryRedirect": REGION,
    "AccessDenied": RIGHTS,
    "AllAccessDisabled": RIGHTS,
    "AccountProblem": ("the account cannot be used at present", "ask the provider"),
    "AccountIsDisabled": ("the account cannot be used at present", "ask the provider"),
    "AuthorizationFailure": AZURE_KEY,
    "AuthorizationPermissionMismatch": RIGHTS,
}
#: Meaning and remedy of a status without such a code.
BY_STATUS = {301: REGION, 401: REFUSED, 403: REFUSED}
NO_CONTAINER = {"NoSuchBucket", "ContainerNotFound"}
CONFLICTS = {409, 412}
#: The error for a status that is no matter of rights and no missing object; for any other see `understand`.
KINDS: dict[int, type[StoreError]] = {429: Overloaded, 501: Unsupported}


def understand(refusal: Refusal, label: str, subject: str, missing: type[StoreError]) -> Exception:
    """Return the error for a request about *subject* to the container *label*; *missing* is what a 404 means.

    It is a TryAgainError where the same request may succeed later.
    """
    status, code = refusal.status, refusal.code
    answer = f"{status} {code}".strip()
    meaning = MEANING.get(code) or BY_STATUS.get(status)
    if status == 403 and refusal.by_token:
        meaning = RIGHTS
    if meaning:
        denied = AccessDenied(label, f"{meaning[0]} ({answer})", meaning[1], status=status)
        return TryAgainError(denied) if status == 401 and refusal.by_token else denied
    if status == 404 and (code in NO_CONTAINER or missing is ContainerMissing):
        return ContainerMissing(label, "there is no such container", status=status)
    if status == 404:
        return missing(subject, f"is not in {label}", status=status)
    answered = f"the provider answered {answer}" if subject == label else f"{label}: the provider answered {answer}"
    if status in CONFLICTS:
        return Changed(subject, answered)
    kind = KINDS.get(status, Overloaded if status >= 500 else Unsupported)
    error = kind(subject, answered, status=status)
    return TryAgainError(error) if kind is Overloaded else error
