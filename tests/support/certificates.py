"""Certificates that nobody but a test trusts."""

from pathlib import Path

import programs


def make(pem: Path, *names: str) -> Path:
    """Write a certificate of names such as `DNS:host`, and its key, to *pem*; return the file without the key."""
    alone = Path(f"{pem}.crt")
    programs.run(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={','.join(names)}"),
        *("-keyout", pem, "-out", alone),
        check=True,
    )
    with pem.open("a") as file:
        file.write(alone.read_text())
    return alone
