"""Finds for whom an image or a size is in a list that has no profiles, such as Kubeflow's.

An image of several profiles is for everybody who may use one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from image_matrix.profiles.offer import ImageChoice, SizeChoice
from image_matrix.profiles.template_fields import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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


def groups_of(offer: Offer, choice: ImageChoice | SizeChoice) -> tuple[str, ...] | None:
    """Return the groups that may use a choice: those of its profile and of itself; ``None`` if no group is both."""
    of_profile, of_choice = offer.profile.groups, choice.listed.groups
    if not of_profile or not of_choice:
        return of_profile or of_choice
    return tuple(group for group in of_profile if group in of_choice) or None


def audience(choices: Iterable[tuple[Offer, ImageChoice | SizeChoice]]) -> Audience:
    """Return for whom something is that all of these choices offer."""
    every = [(offer.profile.deprecated is not None, groups_of(offer, choice)) for offer, choice in choices]
    hidden = all(deprecated for deprecated, _ in every)
    current = [groups for deprecated, groups in every if hidden or not deprecated]
    groups = () if () in current else dict.fromkeys(group for one in current for group in one or ())
    return Audience(tuple(groups), hidden)


def built_for_everybody(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """Return the profiles with the choices that a list without profiles can have.

    These are images of the matrix at the current release, and images and sizes that are not for some groups only.
    """
    return _reduced(offers, lambda _, item: not item.listed.groups and _is_current(item))


def _reduced(
    offers: Iterable[Offer], is_listed: Callable[[Offer, ImageChoice | SizeChoice], bool]
) -> tuple[Offer, ...]:
    """Return the profiles with some of their choices; a profile without an image or a size is not there."""
    return tuple(
        replace(offer, images=images, sizes=sizes)
        for offer in offers
        if (images := _with_default([item for item in offer.images if is_listed(offer, item)]))
        if (sizes := _with_default([item for item in offer.sizes if is_listed(offer, item)]))
    )


def _is_current(choice: ImageChoice | SizeChoice) -> bool:
    """Say whether a choice is a size, or an image of the matrix as it is released now."""
    return isinstance(choice, SizeChoice) or (choice.variant is not None and not choice.is_previous)


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
    if 2 not in site.notebooks:
        return ()
    if not site.group_label:
        return tuple(offer for offer in built_for_everybody(offers) if not offer.profile.groups)
    return _reduced(offers, lambda offer, item: groups_of(offer, item) is not None and _is_current(item))


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
