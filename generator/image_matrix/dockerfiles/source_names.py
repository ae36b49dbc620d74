"""Names the sources that images from outside become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.free_names import free_name, plain_name
from image_matrix.config.profiles import HUB_IMAGE
from image_matrix.registry.reference import has_tag, parse_reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

SHORT = 8
"""Digits of a digest in names and messages."""


def new_sources(
    references: Iterable[str], sources: Mapping[str, str], images: Collection[str]
) -> dict[str, str]:
    """Return new sources by their names, one for each image that references name and no source has.

    ``sources`` and ``images`` are those of the matrix, whose names no new one takes.
    """
    every = dict(sources)
    for reference in references:
        every.setdefault(source_name(reference, every, images), whole_reference(reference))
    return {name: reference for name, reference in every.items() if name not in sources}


def source_name(reference: str, sources: Mapping[str, str], images: Collection[str]) -> str:
    """Return the name of the source for an image from outside: one that is there, or a new one."""
    if (equal := equal_source(reference, sources)) is not None:
        return equal
    parsed = parse_reference(reference)
    last = image_name(parsed.repository.rpartition("/")[2])
    version = parsed.tag if has_tag(reference) else str(parsed.digest).partition(":")[2][:SHORT]
    taken = {*sources, *images, HUB_IMAGE}
    return last if last not in taken else free_name(image_name(f"{last}-{version}"), taken)


def image_name(path: str) -> str:
    """Return the name of an image for a folder: ``tensorflow-notebook/cuda`` is ``tensorflow-notebook-cuda``.

    One of digits alone is ``image-2024``, so that two of them differ.
    """
    return plain_name(path) or plain_name(f"image-{path}")


def equal_source(reference: str, sources: Mapping[str, str]) -> str | None:
    """Return the first source that stays the same image as a reference."""
    return next((name for name, other in sources.items() if _is_equal(reference, other)), None)


def _is_equal(one: str, other: str) -> bool:
    """Say whether two references stay the same image: by their digest, which only one of them may not have."""
    first, second = parse_reference(one), parse_reference(other)
    return (first.name, first.version) == (second.name, second.version)


def whole_reference(name: str) -> str:
    """Return a reference as a source has it: with host and tag, also where only the digest counts."""
    return str(parse_reference(name))
