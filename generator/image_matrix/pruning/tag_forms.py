"""Reads what the form of a tag says: which of our steps writes such tags.

docs/keys.md has the forms of images; cosign's ``.sig`` and ``.att`` are in github.com/sigstore/cosign,
specs/SIGNATURE_SPEC.md; ``sha256-…`` alone is in github.com/opencontainers/distribution-spec, "Referrers Tag Schema".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from image_matrix.planning.keys import TAG_DIGITS
from image_matrix.planning.registry_locations import CACHE, CANDIDATE

LEFT = "prune-"
"""The beginning of the tag of a manifest whose index is about to go; the next prune finds it by that."""
_DIGITS = 64
_ARCHITECTURES = "386|amd64|arm|arm64|ppc64le|riscv64|s390x"
_IMAGE = re.compile(
    rf"(?P<label>.+)-(?P<key>[0-9a-f]{{{TAG_DIGITS}}})(?:-(?P<arch>{_ARCHITECTURES}))?(?P<candidate>{CANDIDATE})?"
)
_CACHE = re.compile(rf"{CACHE}(?P<label>.+)-(?P<arch>{_ARCHITECTURES})")
_ATTACHED = re.compile(rf"sha256-(?P<digits>[0-9a-f]{{{_DIGITS}}})(?:\.(?:sig|att|sbom))?")
_LEFT = re.compile(rf"{LEFT}[0-9a-f]{{{_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class ImageTag:
    """The tag of an image: of one platform, or of the index where ``arch`` is empty."""

    label: str
    key: str
    """The first digits of the content key."""
    arch: str
    candidate: bool


@dataclass(frozen=True, slots=True)
class CacheTag:
    """The tag of the cache of a variant's builds."""

    label: str
    arch: str


@dataclass(frozen=True, slots=True)
class AttachedTag:
    """The tag of what is attached to an image: signatures, attestations, a list of referrers."""

    subject: str
    """The digest of the image."""


@dataclass(frozen=True, slots=True)
class LeftTag:
    """The tag that an earlier prune gave to a manifest, before it deleted the manifest's index."""


@dataclass(frozen=True, slots=True)
class OtherTag:
    """A tag of another form: a moving tag, or one of somebody else."""


TagForm = ImageTag | CacheTag | AttachedTag | LeftTag | OtherTag


def read_tag(tag: str) -> TagForm:
    """Return what the form of a tag says. A tag of somebody else may have the same form."""
    if _LEFT.fullmatch(tag):
        return LeftTag()
    if match := _ATTACHED.fullmatch(tag):
        return AttachedTag(f"sha256:{match['digits']}")
    if match := _CACHE.fullmatch(tag):
        return CacheTag(match["label"], match["arch"])
    if match := _IMAGE.fullmatch(tag):
        return ImageTag(match["label"], match["key"], match["arch"] or "", bool(match["candidate"]))
    return OtherTag()


def left_tag(digest: str) -> str:
    """Return the tag for a manifest whose index is about to go."""
    return f"{LEFT}{digest.removeprefix('sha256:')}"
