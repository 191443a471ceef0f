"""An attestation (PEP 740), and whether it is one of the artifact that it lies beside."""

from __future__ import annotations

import base64
import json

LIMIT = 1 << 20
"""Bytes of an attestation at most."""


def problem(text: bytes, sha256: str) -> str:
    """Return why *text* is no attestation of the artifact with *sha256*, or an empty text; no signature is verified.

    Its envelope holds a statement (in-toto) whose only subject is the artifact, by digest.
    """
    try:
        envelope = json.loads(text)["envelope"]
        (subject,) = json.loads(base64.b64decode(envelope["statement"], validate=True))["subject"]
        digest = subject["digest"]["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "is not an attestation (PEP 740) of one artifact"
    return "" if digest == sha256 else "is of other bytes than those of the artifact beside it"
