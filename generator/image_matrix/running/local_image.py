"""Takes from the matrix what matters when one of its images is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.layer_order import NO_KIND
from image_matrix.config.lineage import lineage
from image_matrix.config.served_app import served_by
from image_matrix.running.model import LocalImage

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded


def local_image(loaded: Loaded, identifier: str, reference: str) -> LocalImage:
    """Return a variant's image, which ``reference`` names; only the engine knows how it starts."""
    item = loaded.variants[identifier]
    accelerator = loaded.matrix.accelerators[item.accelerator] if item.accelerator else None
    return LocalImage(
        identifier,
        reference,
        item.contract,
        served_by(loaded.variants, identifier, loaded.serving),
        any(one.kind != NO_KIND for one in lineage(loaded.variants, item)),
        ((accelerator.device if accelerator else None) or "").partition("/")[0],
    )
