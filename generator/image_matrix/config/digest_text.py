"""Says what is wrong with a digest as somebody wrote it behind an image reference."""

from __future__ import annotations

import re

_DIGITS = 64
"""Hexadecimal digits of a SHA-256; they are lower-case (OCI image specification, descriptor.md, "Digests")."""
_END = re.compile(r"@(sha256[:-])?([0-9a-f]+)(…|\.\.\.)?", re.IGNORECASE)


def digest_advice(value: str) -> str:
    """Return what to write instead of a reference whose digest has a wrong form; empty if that is not the fault."""
    before, _, _ = value.rpartition("@")
    match = _END.fullmatch(value, len(before))
    if match is None:
        return ""
    digits = match[2]
    if len(digits) != _DIGITS:
        size = "short" if len(digits) < _DIGITS else "long"
        return f"the digest is too {size}: write `@sha256:` and all {_DIGITS} digits behind it, not {len(digits)}"
    better = f"{before}@sha256:{digits.lower()}"
    return f"write `{better}`" if better != value else ""
