"""Says what the catalog shows of profiles: their choices, and which image each choice starts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from image_matrix.profiles.offer import released_offers, variant_title

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.profiles.offer import ImageChoice, Offer, SizeChoice


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of users in a profile."""

    name: str
    default: bool
    image: str = ""
    """The image that it starts, if the matrix declares it."""
    variant: str = ""
    """Id of the variant that it starts; empty for an image of the release before, too."""


@dataclass(frozen=True, slots=True)
class ProfileCard:
    """A profile of the spawner."""

    slug: str
    name: str
    description: str
    chips: tuple[str, ...]
    images: tuple[Choice, ...]
    sizes: tuple[Choice, ...]


def profile_cards(
    matrix: Matrix, variants: Mapping[str, Variant], available: Collection[str]
) -> list[ProfileCard]:
    """Return the profiles of all sites; one that is not the same everywhere says where it is so.

    ``available`` are the ids of the variants that there are for users.
    """
    sites: dict[ProfileCard, list[str]] = {}
    for view in matrix.at_sites():
        for offer in released_offers(view, variants, available):
            sites.setdefault(_profile(offer), []).append(view.catalog.site.name)
    names = [card.slug for card in sites]
    return [
        card if len(at) == len(matrix.catalogs) else _of_sites(card, at, several=names.count(card.slug) > 1)
        for card, at in sites.items()
    ]


def _of_sites(card: ProfileCard, sites: Sequence[str], *, several: bool) -> ProfileCard:
    slug = f"{card.slug}-{sites[0]}" if several else card.slug
    return replace(card, slug=slug, chips=(*card.chips, f"at {', '.join(sites)}"))


def _profile(offer: Offer) -> ProfileCard:
    chips = ("preselected",) if offer.default else ()
    sizes = tuple(Choice(_for(choice.display_name, choice), choice.default) for choice in offer.sizes)
    return ProfileCard(
        slug=offer.slug,
        name=offer.display_name,
        description=offer.description,
        chips=(*chips, *(f"for {name}" for name in offer.profile.groups)),
        images=tuple(_choice(offer, choice) for choice in offer.images),
        sizes=sizes if any(choice.size for choice in offer.sizes) else (),
    )


def _choice(offer: Offer, choice: ImageChoice) -> Choice:
    item = choice.variant
    if item is None or choice.listed.display_name:
        name = choice.display_name or "The hub's own image"
    else:
        name = variant_title(offer.profile, item, item.description or item.image)
        name += ", previous release" if choice.is_previous else ""
    started = item.id if item and not choice.is_previous else ""
    return Choice(_for(name, choice), choice.default, item.image if item else "", started)


def _for(name: str, choice: ImageChoice | SizeChoice) -> str:
    """Return a name with the groups that a choice is for."""
    groups = ", ".join(choice.listed.groups)
    return f"{name} (for {groups})" if groups else name


def profiles_of(cards: Iterable[ProfileCard]) -> dict[str, list[tuple[str, str]]]:
    """Return the slugs and names of the profiles that offer each variant, by its id."""
    offered: dict[str, list[tuple[str, str]]] = {}
    for card in cards:
        for name in dict.fromkeys(choice.variant for choice in card.images if choice.variant):
            offered.setdefault(name, []).append((card.slug, card.name))
    return offered
