"""Finds the released images that apt can be asked in, and what the lock can do to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.cli.printing import note
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from image_matrix.cli.project import Project
    from image_matrix.cli.session import Session
    from image_matrix.config.model import Variant
    from image_matrix.publish.images_to_ask import Effect

PROBE = "19700101T000000Z"
"""A moment that no lock has."""
MOST_NAMES = 5


def known_effects(
    session: Session, project: Project, released: Collection[str], sources: Collection[str]
) -> dict[str, Effect]:
    """Return what the lock can do to the variants that can be asked; say which other released ones cannot."""
    from image_matrix.publish.images_to_ask import below_released, dated_to_ask, images_to_ask, unasked

    variants = project.loaded.variants
    generated, dated = (choose(variants, released, sources) for choose in (images_to_ask, dated_to_ask))
    below = below_released(variants, released, sources)
    of_entries = _effects(project, [*generated, *below.values()])
    chosen = {item.id: of_entries[item.id] for item in generated if item.id in of_entries}
    effects = chosen | _effects_of_days(project, dated)
    moved = {name: base for name, base in below.items() if base.id in of_entries}
    silent = unasked(variants, released, effects, moved)
    for base in {one.id: one for one in silent.values()}.values():
        _note_unreleased(session, base, [name for name, one in silent.items() if one is base])
    return {name: effect for name, effect in effects.items() if name not in silent}


def _note_unreleased(session: Session, base: Variant, names: Collection[str]) -> None:
    remedy = "" if base.publish else f"; write `publish: true` at `images.{base.image}`"
    note(
        session,
        f"{base.id} is not released, so apt is not asked about it, nor in {listed(names, MOST_NAMES)} on it{remedy}",
    )


def _effects(project: Project, chosen: Collection[Variant]) -> dict[str, Effect]:
    """Return what entries of the lock do to variants; those that they do nothing to are left out."""
    from image_matrix.cli.project import render_builds
    from image_matrix.publish.images_to_ask import effect_of_entry

    probe = replace(project.pins, apt_moments=dict.fromkeys(project.loaded.matrix.sources, PROBE))
    rendered = render_builds(replace(project, pins=probe))
    effects = {item.id: effect_of_entry(project.loaded, item, rendered, PROBE) for item in chosen}
    return {name: one for name, one in effects.items() if one}


def _effects_of_days(project: Project, dated: Collection[Variant]) -> dict[str, Effect]:
    from image_matrix.publish.images_to_ask import effect_of_day

    variants, files = project.loaded.variants, project.loaded.context_files
    return {item.id: effect_of_day(variants, item, files[item.id].dockerfile) for item in dated}
