"""What a profile offers: its images with the axis values that it opens, and its sizes, each under a choice key.

The first variant of an image has the image's own key, so that a saved choice follows when the newest Python becomes
the first one; further variants add their axis values: ``scipy``, ``scipy-python3-11``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.variants import by_image, label_of
from image_matrix.profiles.helm import is_ordered, sort_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Catalog, Listed, Profile, Size

IMAGE_OPTION = "image"
SIZE_OPTION = "size"
FIELDS = {IMAGE_OPTION: "images", SIZE_OPTION: "sizes"}
"""Option to the field of a profile that it is made from."""


@dataclass(frozen=True, slots=True)
class ImageChoice:
    """A variant under its choice key."""

    key: str
    display_name: str
    variant: Variant
    default: bool = False


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """A size under its choice key; ``size`` is ``None`` where the profile leaves sizes to the hub."""

    key: str
    display_name: str
    size: Size | None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """A profile as it is offered."""

    slug: str
    profile: Profile
    display_name: str
    description: str
    default: bool
    images: tuple[ImageChoice, ...]
    sizes: tuple[SizeChoice, ...]


def offers(matrix: Matrix, variants: Mapping[str, Variant]) -> tuple[Offer, ...]:
    """Return what users are offered, in the order in which they see it."""
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
    """Return the profile that is preselected: the one that says so, else the first one."""
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
    """Return those of an image's variants that a profile opens, the preselected one first."""
    wanted = [
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

    wanted.sort(key=position)
    rest = [axis for axis in (wanted[0].values if wanted else ()) if axis not in profile.axes]
    return [item for item in wanted if all(item.values[axis] == wanted[0].values[axis] for axis in rest)]


def image_choices(profile: Profile, grouped: Mapping[str, Sequence[Variant]]) -> tuple[ImageChoice, ...]:
    """Return the choices of the image option, sorted as Helm sorts them.

    Where there is one image, its variants are told apart by their axes alone: the form cuts long names off.
    """
    found: list[ImageChoice] = []
    listed = keyed(profile.images)
    for key, image in listed.items():
        several = offered(profile, grouped.get(image, ()))
        for place, item in enumerate(several):
            opened = opened_axes(profile, item)
            own = key if place == 0 else f"{key}-{label_of(opened).replace('.', '-')}"
            about = "" if len(listed) == 1 and len(several) > 1 else item.description or item.image
            found.append(ImageChoice(own, variant_title(profile, item, about), item, default=not found))
    return tuple(sorted(found, key=lambda choice: sort_key(choice.key)))


def size_choices(profile: Profile, sizes: Mapping[str, Size]) -> tuple[SizeChoice, ...]:
    """Return the choices of the size option, sorted as Helm sorts them; one without a size where none is offered."""
    found: list[SizeChoice] = []
    for key, name in keyed(profile.sizes).items():
        if name in sizes:
            found.append(SizeChoice(key, sizes[name].display_name, sizes[name], default=not found))
    return tuple(sorted(found, key=lambda choice: sort_key(choice.key))) or (
        SizeChoice("", "", None, default=True),
    )


def keyed(listed: Listed) -> dict[str, str]:
    """Return key to name: the user's keys, or for a list the names, numbered where Helm would change their order."""
    names = listed.names
    if listed.keyed or is_ordered(list(names)):
        return dict(names)
    width = len(str(len(names)))
    return {f"{place:0{width}}-{name}": name for place, name in enumerate(names.values(), start=1)}


def variant_title(profile: Profile, item: Variant, about: str) -> str:
    """Return what a variant is called in a profile: ``about`` it, and the values of the axes that the profile opens."""
    opened = [f"{axis.capitalize()} {value}" for axis, value in opened_axes(profile, item).items()]
    return ", ".join([about, *opened] if about else opened)


def opened_axes(profile: Profile, item: Variant) -> dict[str, str]:
    """Return the values of a variant that users of a profile choose between."""
    return {axis: value for axis, value in item.values.items() if axis in profile.axes}


def used_variants(found: Iterable[Offer]) -> dict[str, Variant]:
    """Return every variant that users can pick, by id."""
    return {choice.variant.id: choice.variant for offer in found for choice in offer.images}
