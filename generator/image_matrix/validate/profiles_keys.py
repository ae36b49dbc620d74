"""Checks choice keys: order, form, repeated and former keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.profiles.helm import in_order, is_ordered, slugify
from image_matrix.profiles.offer import IMAGE_OPTION, offers
from image_matrix.validate.findings import unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Profile
    from image_matrix.diagnostics import Finding, Path, Target
    from image_matrix.profiles.offer import ImageChoice, Offer

_KEY = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
CONTAINER_NAME = 63
"""The most characters that Kubernetes allows in a container's name (RFC 1123 label)."""


def order(matrix: Matrix) -> Iterator[Finding]:
    """Keys of the user's own that are not in the order which Helm gives them."""
    for name, profile in matrix.catalog.profiles.items():
        for option, listed in (("images", profile.images), ("sizes", profile.sizes)):
            keys = list(listed.names)
            if not listed.keyed or is_ordered(keys):
                continue
            shown = in_order(keys)
            at = next((at for at, (key, seen) in enumerate(zip(keys, shown, strict=True)) if key != seen), 0)
            numbered = "start them with 1-, 2-, …"
            after, before = f"`{shown[at]}`", f"`{keys[at]}`"
            advice = f"write them in the order {', '.join(shown)}, or {numbered}"
            if not is_ordered(shown):
                at, after, before, advice = 0, f"`{keys[-1]}`", f"`{keys[0]}` or after it", numbered
            path: Path = ("profiles", name, option, keys[at])
            yield rules.HELM_ORDER.at(path, "key", after=after, before=before, advice=advice)


def choice_keys(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """Choice keys that break the pre-puller's container names, that stand twice, or that stand for nothing."""
    sound = {item.image for item in variants.values()} | set(matrix.catalog.sizes)
    for index, offer in enumerate(offers(matrix, variants)):
        yield from _written_keys(matrix, offer.profile)
        yield from _image_keys(offer, index)
        if sound.issuperset([*offer.profile.images.names.values(), *offer.profile.sizes.names.values()]):
            yield from _retired(offer)


def _retired(offer: Offer) -> Iterator[Finding]:
    """Former keys that are keys of today, and those whose heir is not there."""
    for field, choices in (("images", offer.images), ("sizes", offer.sizes)):
        known = [choice.key for choice in choices]
        for old, new in offer.profile.retired.get(field, {}).items():
            path: Path = ("profiles", offer.slug, "retired", field, old)
            if old in known:
                yield _key_finding(path, "key", offer.slug, old, "is a choice of today", "remove it here")
            if new not in known:
                yield unknown(path, "choice", new, known)


def _written_keys(matrix: Matrix, profile: Profile) -> Iterator[Finding]:
    """Keys that are no part of a container's name; a name that is not known is said elsewhere."""
    base: Path = ("profiles", profile.slug)
    options = (("images", profile.images, matrix.images), ("sizes", profile.sizes, matrix.catalog.sizes))
    for option, listed, known in options:
        for at, (key, name) in enumerate(listed.names.items()):
            if _KEY.fullmatch(key) or (not listed.keyed and name not in known):
                continue
            better = slugify(key) or "a1"
            advice = f"write `{better}`: lower-case letters, digits and hyphens"
            if not listed.keyed:
                advice = f"write `{option}: {{{better}: {name}}}`, which gives it a key"
            problem = "cannot be part of a container's name"
            path = (*base, option, key if listed.keyed else at)
            target: Target = "key" if listed.keyed else "value"
            yield _key_finding(path, target, profile.slug, key, problem, advice)


def _image_keys(offer: Offer, index: int) -> Iterator[Finding]:
    """Keys of images that are too long together with what stands before them, and those that stand twice."""
    room = CONTAINER_NAME - len(f"image-pull-profile-{index}-option-{IMAGE_OPTION}-")
    name, seen = offer.profile.slug, set[str]()
    longest: dict[tuple[Path, Target], ImageChoice] = {}
    for choice in offer.images:
        place = _key_place(offer.profile, choice)
        if choice.key in seen:
            advice = "give the images keys that do not end like an axis value"
            yield _key_finding(*place, name, choice.key, "is repeated", advice)
        seen.add(choice.key)
        if len(choice.key) > room and len(offer.images) > 1:
            longest[place] = max(choice, longest.get(place, choice), key=lambda item: len(item.key))
    for place, choice in longest.items():
        problem = f"has {len(choice.key)} characters; the pre-puller leaves {room}"
        image = choice.variant.image
        advice = f"write a key of your own: `images: {{{image.rpartition('-')[2]}: {image}}}`"
        yield _key_finding(*place, name, choice.key, problem, advice)


def _key_place(profile: Profile, choice: ImageChoice) -> tuple[Path, Target]:
    """Return where the key of an image stands, or what it is made from."""
    base: Path = ("profiles", profile.slug, "images")
    names, chosen = profile.images.names, choice.variant.image
    if not profile.images.keyed:
        return (*base, list(names).index(chosen)), "value"
    keys = (key for key, image in names.items() if image == chosen and choice.key.startswith(key))
    return (*base, next(keys)), "key"


def _key_finding(path: Path, target: Target, profile: str, key: str, problem: str, advice: str) -> Finding:
    fields = {"profile": profile, "key": key, "problem": problem, "advice": advice}
    return rules.BAD_CHOICE_KEY.at(path, target, **fields)
