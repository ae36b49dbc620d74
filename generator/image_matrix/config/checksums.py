"""The checksums of files: hexadecimal digits, whose number says how they are computed."""

from __future__ import annotations

ALGORITHMS = {64: "sha256", 128: "sha512"}
"""Digits to the algorithm, by the name that hashlib, the fields of a download and the programs `…sum` share."""
TITLES = {"sha256": "SHA-256", "sha512": "SHA-512"}


def algorithm(checksum: str | None) -> str:
    """Return the algorithm of a checksum, or the one that the lock computes where there is none."""
    return ALGORITHMS[len(checksum)] if checksum else "sha256"
