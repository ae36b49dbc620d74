"""Adds digests to the image references of a release, and the references of images that are not built here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.catalog import offered_sources
from image_matrix.errors import CallError, Failure
from image_matrix.json_data import read_json
from image_matrix.registry.reference import DIGEST
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from image_matrix.config.model import Matrix


def read_digests(text: str, name: str) -> dict[str, str]:
    """Read a digest file: JSON, variant id to ``sha256:…``; raises :class:`CallError` for anything else."""
    try:
        data = read_json(text)
    except ValueError as error:
        raise CallError(f"{name} is not JSON: {error}", 'write {"IMAGE:LABEL": "sha256:…"}') from error
    if not isinstance(data, dict):
        raise CallError(f"{name} is not a mapping", 'write {"IMAGE:LABEL": "sha256:…"}')
    bad = [key for key, value in data.items() if not isinstance(value, str) or not DIGEST.fullmatch(value)]
    if bad:
        raise CallError(
            f"{name}: the digest of {listed(bad, 5)} is not `sha256:` and 64 digits",
            "copy it from the output of the build",
        )
    return data


def with_digests(
    tagged: Mapping[str, str], digests: Mapping[str, str], needed: Iterable[str]
) -> dict[str, str]:
    """Return ``repository:tag@sha256:…`` for the needed variants.

    Raises :class:`Failure` if there is nothing to release or a digest is missing; the last release is kept.
    """
    ids = list(needed)
    if not ids:
        raise Failure(
            "the matrix has no profile to release; deploy/ keeps the last release",
            "declare a profile under `profiles:`; without one, users have nothing to choose",
        )
    missing = [item for item in ids if item not in digests]
    if missing:
        raise Failure(
            f"no digest for {listed(missing, 5)}; deploy/ keeps the last release",
            "build and push these first, or remove them from `profiles:`",
        )
    return {item: f"{tagged[item]}@{digests[item]}" for item in ids}


def with_sources(
    matrix: Matrix, references: Mapping[str, str], pinned: Callable[[str], str]
) -> dict[str, str]:
    """Return the references of variants, and by their names those of the sources that profiles offer.

    ``pinned`` adds the lock's digest to a reference, where there is one.
    """
    return {**references, **{name: pinned(matrix.sources[name]) for name in offered_sources(matrix)}}
