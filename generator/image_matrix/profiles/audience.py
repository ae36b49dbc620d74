"""Finds for whom an image or a size is in a list that has no profiles, such as Kubeflow's.

An image of several profiles is for everybody who may use one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from image_matrix.profiles.offer import ImageChoice, SizeChoice
from image_matrix.profiles.template_fields import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from image_matrix.config.profiles import Profile
    from image_matrix.config.sites import Site
    from image_matrix.profiles.offer import Offer

_Choice = TypeVar("_Choice", ImageChoice, SizeChoice)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is shown an image or a size."""

    groups: tuple[str, ...] = ()
    """Groups of users; none: everybody."""
    hidden: bool = False
    """Whether nobody can choose it anew, because only deprecated profiles have it."""


def audience(offers: Iterable[Offer]) -> Audience:
    """Return for whom something is that all of these profiles offer."""
    profiles = [offer.profile for offer in offers]
    current = [profile for profile in profiles if profile.deprecated is None] or profiles
    open_to_all = any(not profile.groups for profile in current)
    groups = () if open_to_all else dict.fromkeys(group for profile in current for group in profile.groups)
    return Audience(tuple(groups), hidden=all(profile.deprecated for profile in profiles))


def built_for_everybody(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Return the profiles with the choices that a list without profiles can have.

    These are images of the matrix at the current release, and images and sizes that are not for some groups only.
    """
    return tuple(
        replace(offer, images=images, sizes=sizes)
        for offer in offers
        if (images := _with_default([item for item in offer.images if _is_listed(item)])) or not offer.images
        if (sizes := _with_default([item for item in offer.sizes if not item.listed.groups]))
        or not offer.sizes
    )


def _is_listed(choice: ImageChoice) -> bool:
    return choice.variant is not None and not choice.is_previous and not choice.listed.groups


def _with_default(choices: Sequence[_Choice]) -> tuple[_Choice, ...]:
    """Return the choices with one that is preselected."""
    first = next((item for item in choices if item.default), choices[0] if choices else None)
    return tuple(replace(item, default=item is first) for item in choices)


def in_form(site: Site, offers: Sequence[Offer]) -> tuple[Offer, ...]:
    """Return the profiles that the form of Kubeflow Notebooks 1 can list: it is the same for everybody."""
    usable = built_for_everybody(offers)
    listed = tuple(offer for offer in usable if not offer.profile.groups and offer.profile.deprecated is None)
    return listed if 1 in site.notebooks else ()


def in_kinds(site: Site, offers: Sequence[Offer]) -> tuple[Offer, ...]:
    """Return the profiles that WorkspaceKinds of Kubeflow Notebooks 2 can list.

    Rules tell groups apart by a label of the namespace, if the site names one.
    """
    usable = built_for_everybody(offers)
    listed = tuple(offer for offer in usable if site.group_label or not offer.profile.groups)
    return listed if 2 in site.notebooks else ()


def shared_environment(offers: Sequence[Offer]) -> dict[str, str]:
    """Return the variables that all of these profiles set alike.

    The pods of a WorkspaceKind have the same variables, whatever their image.
    """
    first = plain_environment(offers[0].profile)
    others = [plain_environment(offer.profile) for offer in offers[1:]]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def plain_environment(profile: Profile) -> dict[str, str]:
    """Return the variables of a profile in which KubeSpawner replaces nothing, as it would set them."""
    plain = {name: text_of(value) for name, value in profile.env.items()}
    return {name: value for name, value in plain.items() if value is not None}
