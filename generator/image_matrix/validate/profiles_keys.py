"""Checks choice keys: form, repeated and former keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.profiles import HUB_IMAGE
from image_matrix.diagnostics import catalogue as rules
from image_matrix.profiles.offer import offers
from image_matrix.profiles.slugs import slugify
from image_matrix.validate.findings import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Profile
    from image_matrix.diagnostics import Finding, Path, Target
    from image_matrix.profiles.offer import ImageChoice, Offer

_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._+-]*[A-Za-z0-9])?")
"""What KubeSpawner's form posts unchanged; the chart's puller, which needs less, is off in our values."""
_RESERVED = "unlisted-choice"
"""The name of the field for what users type in."""


def choice_keys(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """Choice keys that the form cannot carry, that are repeated, and former keys that stand for nothing."""
    sound = (
        {item.image for item in variants.values()} | set(matrix.catalog.sizes) | {*matrix.sources, HUB_IMAGE}
    )
    for offer in offers(matrix, variants):
        yield from _written_keys(offer.profile)
        yield from _image_keys(offer)
        if sound.issuperset([*offer.profile.images.names.values(), *offer.profile.sizes.names.values()]):
            yield from _retired(offer)


def _retired(offer: Offer) -> Iterator[Finding]:
    """Former keys that are keys of today, and those whose successor is not there."""
    for field, choices in (("images", offer.images), ("sizes", offer.sizes)):
        known = [choice.key for choice in choices]
        for old, new in offer.profile.retired.get(field, {}).items():
            path: Path = ("profiles", offer.slug, "retired", field, old)
            if old in known:
                yield _key_finding(path, "key", offer.slug, old, "is a choice of today", "remove it here")
            if new not in known:
                yield unknown(path, "choice", new, known)


def _written_keys(profile: Profile) -> Iterator[Finding]:
    """Keys that the form cannot carry; names of images and sizes, which are keys in a list, always can be."""
    for option, listed in profile.listed.items():
        for key in listed.names if listed.keyed else ():
            path: Path = ("profiles", profile.slug, option, key)
            if key == _RESERVED:
                problem, advice = "is a field of KubeSpawner's form", "write another key"
                yield _key_finding(path, "key", profile.slug, key, problem, advice)
            elif not _KEY.fullmatch(key):
                advice = (
                    f"write `{slugify(key) or 'a1'}`: letters, digits, and `.`, `_`, `+` or `-` between them"
                )
                yield _key_finding(path, "key", profile.slug, key, "cannot be a value of a form", advice)


def _image_keys(offer: Offer) -> Iterator[Finding]:
    """Keys of images that are repeated."""
    seen = set[str]()
    for choice in offer.images:
        if choice.key in seen:
            advice = "give the images keys that do not end like an axis value"
            place = _key_place(offer.profile, choice)
            yield _key_finding(*place, offer.profile.slug, choice.key, "is repeated", advice)
        seen.add(choice.key)


def _key_place(profile: Profile, choice: ImageChoice) -> tuple[Path, Target]:
    """Return where the key of an image is, or what it is made from."""
    images = profile.images
    key = next(key for key, listed in images.choices.items() if listed is choice.listed)
    place = ("profiles", profile.slug, "images")
    return ((*place, key), "key") if images.keyed else ((*place, *images.place(key)), "value")


def _key_finding(path: Path, target: Target, profile: str, key: str, problem: str, advice: str) -> Finding:
    fields = {"profile": profile, "key": key, "problem": problem, "advice": advice}
    return rules.BAD_CHOICE_KEY.at(path, target, **fields)
