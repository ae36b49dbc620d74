"""Computes the choices of a profile: its images, with the axes that users choose from, and its sizes.

The key of an image's first variant is the key of the image, so a saved choice moves on when a newer Python becomes the
first one. Other variants add their axis values: ``scipy``, ``scipy-python3-11``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.config.profiles import HUB_IMAGE, ListedChoice
from image_matrix.config.variants import by_image, label_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from image_matrix.config.catalog import Catalog
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Profile
    from image_matrix.config.sizes import Size

IMAGE_OPTION = "image"
SIZE_OPTION = "size"
FIELDS = {IMAGE_OPTION: "images", SIZE_OPTION: "sizes"}
"""Option to the field of a profile that it comes from."""
DEPRECATED = " (deprecated)"
"""The end of a deprecated profile's title."""


_NOTHING_LISTED = ListedChoice(HUB_IMAGE)


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """An image under its choice key: a variant, the image of a source, or the one that the hub itself has."""

    key: str
    display_name: str
    variant: Variant | None = None
    """``None`` for an image that the matrix does not build."""
    default: bool = False
    listed: ListedChoice = _NOTHING_LISTED
    """What the profile says about it."""

    @property
    def image_id(self) -> str | None:
        """The id of a variant or the name of a source; ``None`` for the hub's own image."""
        if self.variant is not None:
            return self.variant.id
        return None if self.listed.name == HUB_IMAGE else self.listed.name

    def reference(self, references: Mapping[str, str]) -> str | None:
        """Return the reference of its image; ``None`` for the hub's own image.

        ``references`` has those of variants and sources by their ids. Where it has no previous image, the current one
        takes its place, so that the choice is always there.
        """
        if self.image_id is None:
            return None
        current = references[self.image_id]
        return references.get(previous_id(self.image_id), current) if self.is_previous else current

    @property
    def is_previous(self) -> bool:
        """Whether it is the image that was released before the current one."""
        return self.listed.release == "previous"


def previous_id(variant_id: str) -> str:
    """Return the id under which references have the image that was released before the current one."""
    return f"{variant_id}@previous"


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """A size under its choice key; ``size`` is ``None`` if the profile leaves sizes to the hub."""

    key: str
    display_name: str
    size: Size | None
    default: bool = False
    listed: ListedChoice = _NOTHING_LISTED
    """What the profile says about it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A profile with its choices."""

    slug: str
    profile: Profile
    display_name: str
    description: str
    default: bool
    images: tuple[ImageChoice, ...]
    sizes: tuple[SizeChoice, ...]


def offers(matrix: Matrix, variants: Mapping[str, Variant]) -> tuple[Offer, ...]:
    """Return the offers of all profiles, in the order in which users see them."""
    return _offers(matrix, by_image(variants.values()))


def released_offers(
    matrix: Matrix, variants: Mapping[str, Variant], released: Collection[str]
) -> tuple[Offer, ...]:
    """Return the offers of variants that have been released, without profiles that then have no image.

    ``released`` are their ids. The key of an image belongs to the first of its variants that is released.
    """
    grouped = by_image(item for item in variants.values() if item.id in released)
    catalog = matrix.catalog
    profiles = {
        slug: profile
        for slug, profile in catalog.profiles.items()
        if image_choices(profile, grouped, matrix.sources)
    }
    catalogs = {**matrix.catalogs, catalog.site.name: replace(catalog, profiles=profiles)}
    return _offers(replace(matrix, catalogs=catalogs), grouped)


def _offers(matrix: Matrix, grouped: Mapping[str, Sequence[Variant]]) -> tuple[Offer, ...]:
    catalog = matrix.catalog
    default = default_profile(catalog)
    return tuple(
        Offer(
            slug=profile.slug,
            profile=profile,
            display_name=_title(profile),
            description=_about(catalog, profile),
            default=profile is default,
            images=image_choices(profile, grouped, matrix.sources),
            sizes=size_choices(profile, catalog.sizes),
        )
        for profile in ordered(catalog)
    )


def ordered(catalog: Catalog) -> list[Profile]:
    """Return the profiles by ``order``, then as declared; deprecated ones last."""
    return sorted(catalog.profiles.values(), key=lambda item: (item.deprecated is not None, item.order))


def default_profile(catalog: Catalog) -> Profile | None:
    """Return the preselected profile: the one with ``default``, else the first one.

    There is none where an extra profile of the site is the preselected one.
    """
    shown = ordered(catalog)
    is_other = any(entry.get("default") for entry in catalog.site.extra_profiles)
    first = shown[0] if shown and not is_other else None
    return next((item for item in shown if item.default), first)


def _title(profile: Profile) -> str:
    return f"{profile.display_name}{DEPRECATED}" if profile.deprecated else profile.display_name


def _about(catalog: Catalog, profile: Profile) -> str:
    if profile.deprecated is None:
        return profile.description
    successor = catalog.profiles.get(profile.deprecated.successor)
    instead = f"Deprecated: use {successor.display_name if successor else profile.deprecated.successor}."
    return " ".join(part for part in (instead, profile.deprecated.message, profile.description) if part)


def offered(profile: Profile, variants: Sequence[Variant]) -> list[Variant]:
    """Return the variants of an image that a profile offers, the preselected one first."""
    matches = [
        item
        for item in variants
        if all(
            not values or item.values.get(axis) in (*values, None) for axis, values in profile.axes.items()
        )
    ]

    def position(item: Variant) -> tuple[int, ...]:
        return tuple(
            values.index(item.values[axis]) if axis in item.values and values else 0
            for axis, values in profile.axes.items()
        )

    matches.sort(key=position)
    rest = [axis for axis in (matches[0].values if matches else ()) if axis not in profile.axes]
    return [item for item in matches if all(item.values[axis] == matches[0].values[axis] for axis in rest)]


def image_choices(
    profile: Profile, grouped: Mapping[str, Sequence[Variant]], sources: Collection[str]
) -> tuple[ImageChoice, ...]:
    """Return the choices of the image option, in the order in which users see them.

    The titles of variants omit the image's name if there is only one image, since the form truncates long names.
    A profile that lists no image has one choice, the hub's own image.
    """
    listed = profile.images.choices
    if not listed:
        return (ImageChoice("", "", default=True),)
    choices: list[ImageChoice] = []
    for key, choice in listed.items():
        if choice.name in grouped:
            choices += _variant_choices(profile, key, choice, offered(profile, grouped[choice.name]))
        elif choice.name in sources or choice.name == HUB_IMAGE:
            choices.append(ImageChoice(key, choice.display_name or _usual_title(choice), listed=choice))
    default = next((item for item in choices if item.listed.default), choices[0] if choices else None)
    return tuple(replace(item, default=item is default) for item in choices)


def _usual_title(choice: ListedChoice) -> str:
    return "The hub's image" if choice.name == HUB_IMAGE else choice.name


def _variant_choices(
    profile: Profile, key: str, choice: ListedChoice, several: Sequence[Variant]
) -> list[ImageChoice]:
    """Return a choice for each variant of an image that the profile offers."""
    choices: list[ImageChoice] = []
    for place, item in enumerate(several):
        opened = opened_axes(profile, item)
        choice_key = key if place == 0 else f"{key}-{label_of(opened).replace('.', '-')}"
        alone = len(profile.images.choices) == 1 and len(several) > 1
        about = choice.display_name or ("" if alone else item.description or item.image)
        title = variant_title(profile, item, about)
        if choice.release == "previous" and not choice.display_name:
            title += ", previous release"
        choices.append(ImageChoice(choice_key, title, item, listed=choice))
    return choices


def size_choices(profile: Profile, sizes: Mapping[str, Size]) -> tuple[SizeChoice, ...]:
    """Return the choices of the size option as declared; one without a size if there are no sizes."""
    choices = [
        SizeChoice(
            key, choice.display_name or sizes[choice.name].display_name, sizes[choice.name], listed=choice
        )
        for key, choice in profile.sizes.choices.items()
        if choice.name in sizes
    ]
    if not choices:
        return (SizeChoice("", "", None, default=True),)
    default = next((item for item in choices if item.listed.default), choices[0])
    return tuple(replace(item, default=item is default) for item in choices)


def variant_title(profile: Profile, item: Variant, about: str) -> str:
    """Return the title of a variant in a profile: ``about``, then its values of the axes that users choose from."""
    opened = [f"{axis.capitalize()} {value}" for axis, value in opened_axes(profile, item).items()]
    return ", ".join([about, *opened] if about else opened)


def opened_axes(profile: Profile, item: Variant) -> dict[str, str]:
    """Return the values of a variant for the axes that users choose from."""
    return {axis: value for axis, value in item.values.items() if axis in profile.axes}


def used_variants(offered_profiles: Iterable[Offer]) -> dict[str, Variant]:
    """Return the variants that users can choose, by id."""
    images = (choice.variant for offer in offered_profiles for choice in offer.images)
    return {item.id: item for item in images if item is not None}
