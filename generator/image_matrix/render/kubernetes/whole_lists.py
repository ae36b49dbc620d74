"""Renders profile lists with every option, also those of one choice, so that two states can be compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from image_matrix.profiles.offer import ImageChoice, SizeChoice, offers, previous_id
from image_matrix.profiles.references import with_sources
from image_matrix.render.kubernetes.kubespawner import profile_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.profiles.offer import Offer

_Choice = TypeVar("_Choice", ImageChoice, SizeChoice)
_SECOND = "~"
"""The key of a second choice that keeps an option of one choice from becoming a part of its profile."""


def whole_lists(loaded: Loaded) -> dict[str, list[dict[str, Any]]]:
    """Return the profile list of each site, with ids of variants in place of references of images."""
    return {view.catalog.site.name: _whole_list(view, loaded.variants) for view in loaded.matrix.at_sites()}


def compared(matrix: Matrix, variants: Mapping[str, Variant]) -> dict[str, str]:
    """Return what stands for references where two states are compared: they differ with every rebuild."""
    previous = {previous_id(name): f"{name} (previous release)" for name in variants}
    return with_sources(matrix, {**dict(zip(variants, variants, strict=True)), **previous}, str)


def _whole_list(matrix: Matrix, variants: Mapping[str, Variant]) -> list[dict[str, Any]]:
    opened = [_with_options(offer) for offer in offers(matrix, variants)]
    entries = profile_list(matrix, opened, compared(matrix, variants))
    for entry in entries:
        entry.pop("display_order", None)
        for option in entry.get("profile_options", {}).values():
            option["choices"].pop(_SECOND, None)
            option.pop("display_order", None)
    return entries


def _with_options(offer: Offer) -> Offer:
    return replace(
        offer, images=(*offer.images, *_second(offer.images)), sizes=(*offer.sizes, *_second(offer.sizes))
    )


def _second(choices: Sequence[_Choice]) -> list[_Choice]:
    return [replace(choices[0], key=_SECOND)] if len(choices) == 1 and choices[0].key else []
