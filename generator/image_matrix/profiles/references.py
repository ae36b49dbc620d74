"""Image references of a release: every one with its digest, or a clear word about what is missing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.errors import CallError, Failure
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def read_digests(text: str, name: str) -> dict[str, str]:
    """Read a digest file: JSON, variant id to ``sha256:…``; raises :class:`CallError` for anything else."""
    import json

    try:
        data = json.loads(text)
    except ValueError as error:
        raise CallError(f"{name} is not JSON: {error}", 'it holds {"IMAGE:LABEL": "sha256:…"}') from error
    if not isinstance(data, dict):
        raise CallError(f"{name} holds no mapping", 'it holds {"IMAGE:LABEL": "sha256:…"}')
    bad = [key for key, value in data.items() if not isinstance(value, str) or not _DIGEST.fullmatch(value)]
    if bad:
        raise CallError(
            f"{name}: the digest of {listed(bad, 5)} is not `sha256:` and 64 digits",
            "take it from what the build printed",
        )
    return data


def with_digests(
    tagged: Mapping[str, str], digests: Mapping[str, str], wanted: Iterable[str]
) -> dict[str, str]:
    """Return ``repository:tag@sha256:…`` for the wanted variants.

    Raises :class:`Failure` where there is nothing to release or a digest is missing; what was released last stays.
    """
    ids = list(wanted)
    if not ids:
        raise Failure(
            "there is no profile to release; the last deploy/ stays as it is",
            "users would get no list at all: declare a profile under `profiles:`",
        )
    missing = [item for item in ids if item not in digests]
    if missing:
        raise Failure(
            f"no digest for {listed(missing, 5)}; the last deploy/ stays as it is",
            "build and push these first, or take them out of `profiles:`",
        )
    return {item: f"{tagged[item]}@{digests[item]}" for item in ids}
