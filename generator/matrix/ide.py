"""Which IDE an image serves: what the nearest template in its chain says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from generator.matrix.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.matrix.model import Variant

Ide = Literal["jupyter", "codeserver", "rstudio"]
IDES: tuple[Ide, ...] = ("jupyter", "codeserver", "rstudio")
"""Templates that bring an IDE; every other template leaves that of the ancestors as it is."""


def ide_of(variants: Mapping[str, Variant], identifier: str) -> Ide | None:
    """Return the IDE of a variant, or ``None`` for one that serves nothing."""
    kinds = (item.template for item in lineage(variants, variants[identifier]))
    return next((ide for kind in kinds for ide in IDES if kind == ide), None)
