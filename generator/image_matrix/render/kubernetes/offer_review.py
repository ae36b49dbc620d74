"""Compares what two states of a matrix offer to users: profiles, packages of their images, sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.inventory.changes import content_changes
from image_matrix.inventory.contents import inventories
from image_matrix.inventory.source_changes import source_changes
from image_matrix.profiles.list_changes import site_changes
from image_matrix.render.kubernetes.outputs import needed
from image_matrix.render.kubernetes.whole_lists import whole_lists

if TYPE_CHECKING:
    from collections.abc import Collection

    from image_matrix.config.loaded import Loaded
    from image_matrix.inventory.changes import ContentChange
    from image_matrix.inventory.model import Inventory
    from image_matrix.inventory.source_changes import SourceChange
    from image_matrix.lock.pins import Pins
    from image_matrix.profiles.offer_change import OfferChange


@dataclass(frozen=True, slots=True)
class PinnedMatrix:
    """A matrix with what its lock pins."""

    loaded: Loaded
    pins: Pins


@dataclass(frozen=True, slots=True)
class OfferReview:
    """Everything that users of the spawner notice."""

    offers: tuple[OfferChange, ...]
    packages: tuple[ContentChange, ...]
    sources: tuple[SourceChange, ...]


def offer_review(old: PinnedMatrix, new: PinnedMatrix) -> OfferReview:
    """Return what changes for users from one state to another."""
    states = (old.loaded, old.pins, new.loaded, new.pins)
    names = needed(new.loaded.matrix, new.loaded.variants)
    return OfferReview(
        site_changes(whole_lists(old.loaded), whole_lists(new.loaded)),
        content_changes(*(_inventories(one, names) for one in (old, new))),
        source_changes(*states, names),
    )


def _inventories(state: PinnedMatrix, names: Collection[str]) -> dict[str, Inventory]:
    """Return what is in the variants with these ids, as far as a state has them."""
    variants = state.loaded.variants
    known = [name for name in names if name in variants]
    return inventories(state.loaded.matrix, variants, state.pins, known)
