"""Finds what an image serves: the IDE of the nearest template in its chain, or the page of a custom template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from image_matrix.config.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from image_matrix.config.model import Variant

Ide = Literal["jupyter", "codeserver", "rstudio"]
Served = Literal[Ide, "other"]
"""An IDE that is known, or a page of which nothing more is known."""
IDES: tuple[Ide, ...] = ("jupyter", "codeserver", "rstudio")
"""Templates that bring an IDE; every other template leaves that of the ancestors as it is."""


def ide_of(variants: Mapping[str, Variant], identifier: str) -> Ide | None:
    """Return the known IDE of a variant, or ``None`` for one that has none."""
    kinds = (item.kind for item in lineage(variants, variants[identifier]))
    return next((ide for kind in kinds for ide in IDES if kind == ide), None)


def served_by(variants: Mapping[str, Variant], identifier: str, serving: Collection[str]) -> Served | None:
    """Return what a variant serves, ``None`` for nothing; ``serving`` are the templates that bring a service."""
    kinds = (item.kind for item in lineage(variants, variants[identifier]))
    return ide_of(variants, identifier) or ("other" if any(kind in serving for kind in kinds) else None)
