"""Compares image references with the patterns of a policy: registries, repositories and tags, with ``*``."""

from __future__ import annotations

from image_matrix.policy.wildcards import matches
from image_matrix.registry.reference import DEFAULT_TAG, Reference, has_tag, parse_reference

MOVING = frozenset(
    {"latest", "stable", "edge", "nightly", "rolling", "current", "lts", "main", "master", "dev", "devel", "next"}
)  # fmt: skip
"""Tags that projects move on to another release or to every commit."""


def fits_reference(reference: str, pattern: str) -> bool:
    """Say whether a pattern means an image.

    Without a slash it is a registry, or a tag behind ``*:``; else a repository, with its registry, and perhaps a tag.
    """
    image = parse_reference(reference)
    repository, tag = _parts(pattern)
    return (tag is None or (has_tag(reference) and matches(tag, image.tag))) and _fits_name(repository, image)


def without_digest(reference: str) -> str:
    """Return the full name of an image, with its tag if it has one."""
    image = parse_reference(reference)
    return f"{image.name}:{image.tag}" if has_tag(reference) else image.name


def has_moving_tag(reference: str) -> bool:
    """Say whether a reference without a digest names a tag that is known to move, or none."""
    image = parse_reference(reference)
    return image.digest is None and (image.tag == DEFAULT_TAG or image.tag in MOVING)


def _parts(pattern: str) -> tuple[str, str | None]:
    """Return the name and the tag of a pattern; what is behind the colon of a registry is its port."""
    last = pattern.rpartition("/")[2]
    name, colon, tag = last.partition(":")
    if not colon or (last == pattern and name != "*"):
        return pattern, None
    return pattern[: len(pattern) - len(last)] + name, tag


def _fits_name(pattern: str, image: Reference) -> bool:
    return matches(pattern, image.name if "/" in pattern or pattern == "*" else image.host)
