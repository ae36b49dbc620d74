"""The locales of images: which of them need a package, and which image of a chain brings them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import ancestors
from image_matrix.config.model import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant

BUILT_IN = ("C.UTF-8",)
"""What every Debian and Ubuntu has without the package `locales`; musl has it, too."""


def is_new(variants: Mapping[str, Variant], kinds: Mapping[str, Kind], variant: Variant) -> bool:
    """Say whether the steps of an image must generate its locale: nothing that it is built on has done so."""
    if variant.locale is None or variant.locale in BUILT_IN:
        return False
    return not any(
        above.locale == variant.locale and "locale" not in kinds.get(above.kind, Kind()).ignores
        for above in ancestors(variants, variant)
    )
