"""Computes the choices of a profile: its images, with the axes that users choose from, and its sizes.

The key of an image's first variant is the key of the image, so a saved choice moves on when a newer Python becomes the
first one. Other variants add their axis values: ``scipy``, ``scipy-python3-11``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.variants import by_image, label_of
from image_matrix.profiles.helm import is_ordered, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.config.catalog import Catalog
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Listed, Profile
    from image_matrix.config.sizes import Size

IMAGE_OPTION = "image"
SIZE_OPTION = "size"
FIELDS = {IMAGE_OPTION: "images", SIZE_OPTION: "sizes"}
"""Option to the field of a profile that it comes from."""


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """A variant under its choice key."""

    key: str
    display_name: str
    variant: Variant
    default: bool = False


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """A size under its choice key; ``size`` is ``None`` if the profile leaves sizes to the hub."""

    key: str
    display_name: str
    size: Size | None
    default: bool = False


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
    catalog = matrix.catalog
    grouped = by_image(variants.values())
    default = default_profile(catalog)
    return tuple(
        Offer(
            slug=profile.slug,
            profile=profile,
            display_name=_title(profile),
            description=_about(catalog, profile),
            default=profile is default,
            images=image_choices(profile, grouped),
            sizes=size_choices(profile, catalog.sizes),
        )
        for profile in ordered(catalog)
    )


def ordered(catalog: Catalog) -> list[Profile]:
    """Return the profiles by ``order``, then as declared; deprecated ones last."""
    return sorted(catalog.profiles.values(), key=lambda item: (item.deprecated is not None, item.order))


def default_profile(catalog: Catalog) -> Profile | None:
    """Return the preselected profile: the one with ``default``, else the first one."""
    shown = ordered(catalog)
    return next((item for item in shown if item.default), shown[0] if shown else None)


def _title(profile: Profile) -> str:
    return f"{profile.display_name} (deprecated)" if profile.deprecated else profile.display_name


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


def image_choices(profile: Profile, grouped: Mapping[str, Sequence[Variant]]) -> tuple[ImageChoice, ...]:
    """Return the choices of the image option, sorted as Helm sorts them.

    The titles of variants omit the image's name if there is only one image, since the form truncates long names.
    """
    choices: list[ImageChoice] = []
    listed = keyed(profile.images)
    for key, image in listed.items():
        several = offered(profile, grouped.get(image, ()))
        for place, item in enumerate(several):
            opened = opened_axes(profile, item)
            choice_key = key if place == 0 else f"{key}-{label_of(opened).replace('.', '-')}"
            about = "" if len(listed) == 1 and len(several) > 1 else item.description or item.image
            choices.append(
                ImageChoice(choice_key, variant_title(profile, item, about), item, default=not choices)
            )
    return tuple(sorted(choices, key=lambda choice: sort_key(choice.key)))


def size_choices(profile: Profile, sizes: Mapping[str, Size]) -> tuple[SizeChoice, ...]:
    """Return the choices of the size option, sorted as Helm sorts them; one without a size if there are no sizes."""
    choices: list[SizeChoice] = []
    for key, name in keyed(profile.sizes).items():
        if name in sizes:
            choices.append(SizeChoice(key, sizes[name].display_name, sizes[name], default=not choices))
    return tuple(sorted(choices, key=lambda choice: sort_key(choice.key))) or (
        SizeChoice("", "", None, default=True),
    )


def keyed(listed: Listed) -> dict[str, str]:
    """Return key to name: the user's keys, or the names of a list, numbered if Helm would reorder them."""
    names = listed.names
    if listed.keyed or is_ordered(list(names)):
        return dict(names)
    width = len(str(len(names)))
    return {f"{place:0{width}}-{name}": name for place, name in enumerate(names.values(), start=1)}


def variant_title(profile: Profile, item: Variant, about: str) -> str:
    """Return the title of a variant in a profile: ``about``, then its values of the axes that users choose from."""
    opened = [f"{axis.capitalize()} {value}" for axis, value in opened_axes(profile, item).items()]
    return ", ".join([about, *opened] if about else opened)


def opened_axes(profile: Profile, item: Variant) -> dict[str, str]:
    """Return the values of a variant for the axes that users choose from."""
    return {axis: value for axis, value in item.values.items() if axis in profile.axes}


def used_variants(offered_profiles: Iterable[Offer]) -> dict[str, Variant]:
    """Return the variants that users can choose, by id."""
    return {choice.variant.id: choice.variant for offer in offered_profiles for choice in offer.images}
