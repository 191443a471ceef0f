"""What an object of a driver says of itself, as a listing of ours has it."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any


def utc_of(modified: str) -> str:
    """Return a time as in PEP 700: S3 and Swift list times in this form, Azure in that of HTTP."""
    if modified[:1].isdigit():
        return modified
    try:
        return parsedate_to_datetime(modified).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return ""


def mark_of(item: Any) -> str:
    """Return the change mark of an object: the digest of its bytes where the driver knows it."""
    return str(item.hash or (item.extra or {}).get("etag") or (item.extra or {}).get("last_modified") or "").strip('"')
